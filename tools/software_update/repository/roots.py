"""The roots after the first: a later expiry, or other keys. People sign them one after another.

root = next_root_of(parse_root(before, ...), keys, expires)     # to sign
file = add_signatures(unsigned_file(root), [signer])            # each person, in turn
publish_root(publisher, current, file, "2.root.json")
"""

import copy
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from tuf.api.exceptions import RepositoryError
from tuf.api.metadata import Metadata, Root

from software_update.base.errors import Advice, InputError, SignatureError
from software_update.repository.create import RoleKeys, build_root
from software_update.repository.current import Current, next_root
from software_update.repository.keys import public_key, short_key_id, sign, tuf_key
from software_update.repository.names import (
    ARCHIVE,
    ROOT,
    SNAPSHOT,
    TARGETS,
    Kind,
    kind_of,
    metadata_name,
)
from software_update.repository.publication import Change, Published, Publisher, check, publish
from software_update.signing.signers import Signer


class Missing(NamedTuple):
    """The signatures that a root lacks: by keys of which root, how many, and the ids of these keys."""

    root_version: int
    number: int
    key_ids: tuple[str, ...]


def keys_of(root: Any) -> dict[Kind, RoleKeys]:
    """Returns the keys and thresholds of a root."""
    found = {}
    for kind in (Kind.ROOT, Kind.TARGETS, Kind.SNAPSHOT):
        role = root.roles[kind]
        named = [(f"key {short_key_id(each)}", public_key(root.keys[each])) for each in role.keyids]
        found[kind] = RoleKeys(named, role.threshold)
    return found


def next_root_of(before: Any, changed: Mapping[Kind, RoleKeys], expires: int) -> Any:
    """Returns the root after `before`, to sign: with the keys of `changed`, and otherwise the same keys.

    `expires` is in seconds since 1970.
    """
    return build_root({**keys_of(before), **changed}, expires, before.version + 1)


def unsigned_file(root: Any) -> bytes:
    """Returns the file of a root without signatures."""
    content: bytes = Metadata(root).to_bytes()
    return content


def parse_unsigned(content: bytes, path: str) -> Any:
    """Returns the metadata of a root that may lack signatures. Raises InputError for anything else."""
    try:
        metadata = Metadata.from_bytes(content)
        if isinstance(metadata.signed, Root):
            return metadata
        problem = f"it is {metadata.signed.type} metadata"
    except (RepositoryError, ValueError) as error:
        problem = " ".join(str(error).split())
    raise InputError(f"{path}: is not a root ({problem})", Advice.MAKE_REPOSITORY_ROOT)


def check_order(content: bytes, path: str, before: Any) -> None:
    """Raises InputError unless `before` is the root before the one in the file; None before the first one."""
    version = parse_unsigned(content, path).signed.version
    named = 0 if before is None else before.version
    if version != named + 1:
        what = f"version {named} is given" if named else "none is given"
        raise InputError(
            f"{path}: has version {version}, and its --previous must have version {version - 1}: {what}"
            if version > 1
            else f"{path}: is the first root; remove --previous"
        )


def add_signatures(
    content: bytes, path: str, signers: Sequence[Signer], before: Any = None
) -> bytes:
    """Returns the file with a signature by each signer. `before` is the previous root, if it is known.

    Raises SignatureError if neither root lists a signer's key.
    """
    metadata = parse_unsigned(content, path)
    listed = {*metadata.signed.roles[ROOT].keyids}
    if before is not None:
        listed |= {*before.roles[ROOT].keyids}
    for signer in signers:
        key_id = tuf_key(signer.name, signer.public).keyid
        if key_id not in listed:
            where = "this root lists" if before is None else "this root and the previous one list"
            raise SignatureError(
                f"{signer.name}: key {short_key_id(key_id)} is not a root key that {where}; sign with "
                "another one, or name the previous root with --previous"
            )
    sign(metadata, ROOT, signers)
    signed: bytes = metadata.to_bytes()
    return signed


def missing_signatures(content: bytes, path: str, before: Any = None) -> list[Missing]:
    """Returns the signatures that a root file lacks: of its own keys, and of those of the previous root."""
    metadata = parse_unsigned(content, path)
    found = []
    for root in (metadata.signed, *([before] if before else [])):
        result = root.get_verification_result(ROOT, metadata.signed_bytes, metadata.signatures)
        if not result.verified:
            found.append(Missing(root.version, result.missing, tuple(sorted(result.unsigned))))
    return found


def publish_root(
    publisher: Publisher, current: Current, content: bytes, path: str
) -> Published | None:
    """Publishes a signed root, and signs again what its keys must sign. None if that is nothing.

    The caller is in the storage's `publishing`. If the signers have enough keys of both roots, clients accept
    the repository at each moment. Otherwise the root comes first, because the old keys may be lost; clients
    then report a missing signature until the timestamp follows. Raises InputError if the root is not the next
    one, and SignatureError if keys are missing.
    """
    try:
        root = next_root(content, current.root)
    except (RepositoryError, ValueError) as error:
        text = " ".join(str(error).split())
        raise InputError(
            f"{path}: is not the root after version {current.root.version} ({text}); keys of both roots must "
            "sign it",
            Advice.SIGN_REPOSITORY_ROOT,
        ) from None
    after = Current(publisher.storage, root, current.timestamp, current.tag, current)
    change = Change(roles=_roles_of_new_keys(current, root))
    name = metadata_name(ROOT, root.version)
    if not change.roles and not _differs(current.root, root, SNAPSHOT):
        publisher.storage.put_new(name, content)
        return None
    kinds = {Kind.SNAPSHOT, *map(kind_of, change.roles)}
    is_smooth = all(_has_enough(current.root, kind, publisher) for kind in kinds)
    check(publisher, after, change)
    if not is_smooth:
        publisher.storage.put_new(name, content)
    published = publish(publisher, after, change)
    if is_smooth:
        publisher.storage.put_new(name, content)
    return published


def _differs(one: Any, other: Any, role: str) -> bool:
    return bool(
        one.roles[role].keyids != other.roles[role].keyids
        or one.roles[role].threshold != other.roles[role].threshold
    )


def _roles_of_new_keys(current: Current, root: Any) -> dict[str, Any]:
    """Returns the roles to sign again if the targets keys are other ones: all lists that these keys sign."""
    if not _differs(current.root, root, TARGETS):
        return {}
    ids, threshold = list(root.roles[TARGETS].keyids), root.roles[TARGETS].threshold
    keys = {each: root.keys[each] for each in ids}
    old = {*current.root.roles[TARGETS].keyids} - {*ids}
    targets, archive = copy.deepcopy(current.targets), copy.deepcopy(current.role(ARCHIVE))
    delegations = targets.delegations
    delegations.keys = {
        **{key_id: key for key_id, key in delegations.keys.items() if key_id not in old},
        **keys,
    }
    for name, role in delegations.roles.items():
        if kind_of(name) == Kind.TARGETS:
            role.keyids, role.threshold = list(ids), threshold
    archive.delegations.keys = keys
    bins = archive.delegations.succinct_roles
    bins.keyids, bins.threshold = list(ids), threshold
    lists = {
        name: copy.deepcopy(current.role(name))
        for name in current.role_names()
        if kind_of(name) == Kind.TARGETS
    }
    return {**lists, TARGETS: targets, ARCHIVE: archive}


def _has_enough(root: Any, kind: Kind, publisher: Publisher) -> bool:
    role = root.roles[kind]
    have = {tuf_key(each.name, each.public).keyid for each in publisher.signers.get(kind, ())}
    return len(have & {*role.keyids}) >= int(role.threshold)
