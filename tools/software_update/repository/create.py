"""Makes a repository: its first root, the empty roles of the publisher, and the archive of older releases."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from tuf.api.metadata import (
    DelegatedRole,
    Delegations,
    Metadata,
    Role,
    Root,
    SuccinctRoles,
    Targets,
)

from software_update.base.errors import InputError, UsageError
from software_update.keys.public_key import PublicKey
from software_update.repository.current import Current, parse_root
from software_update.repository.keys import sign, tuf_key
from software_update.repository.names import (
    ARCHIVE,
    ARCHIVE_BITS,
    ARCHIVE_PATHS,
    ROOT,
    SNAPSHOT,
    TARGETS,
    TIMESTAMP,
    Kind,
    kind_of,
    metadata_name,
)
from software_update.repository.publication import Change, Published, Publisher, publish, time_of
from software_update.repository.storage import Conflict
from software_update.signing.signers import Signer

Named = tuple[str, PublicKey]


class RoleKeys(NamedTuple):
    """Public keys with the names that the user gave them, and how many of them must sign."""

    keys: Sequence[Named]
    threshold: int = 1


def build_root(given: Mapping[Kind, RoleKeys], expires: int, version: int = 1) -> Any:
    """Returns root metadata to sign, from the keys of root, targets and snapshot.

    `expires` is in seconds since 1970. Raises UsageError if a key appears twice, or for a bad threshold.
    """
    keys: dict[str, Any] = {}
    roles = {}
    for role in (ROOT, TARGETS, SNAPSHOT, TIMESTAMP):
        of_role = given[kind_of(role)]
        ids = []
        for name, public in of_role.keys:
            key = tuf_key(name, public)
            if key.keyid in ids:
                raise UsageError(f"{name}: appears twice among the {role} keys; name each key once")
            ids.append(key.keyid)
            keys[key.keyid] = key
        if not 1 <= of_role.threshold <= len(ids):
            raise UsageError(
                f"--{role}-threshold: {of_role.threshold} of {len(ids)} keys; write 1 to {len(ids)}"
            )
        roles[role] = Role(sorted(ids), of_role.threshold)
    return Root(version, expires=time_of(expires), keys=keys, roles=roles, consistent_snapshot=True)


def sign_root(root: Any, signers: Sequence[Signer]) -> bytes:
    """Returns the file of a root with a signature by each signer."""
    metadata = Metadata(root)
    sign(metadata, ROOT, signers)
    content: bytes = metadata.to_bytes()
    return content


def create_repository(
    publisher: Publisher, root: bytes, path: str, rollout: Sequence[Named]
) -> Published:
    """Puts a root and the empty roles into an empty storage. `path` names the root in errors.

    `rollout` are the keys of rollouts. If it was killed before its end, it can run again.
    """
    trusted = parse_root(root, path)
    if trusted.version != 1:
        raise InputError(
            f"{path}: has version {trusted.version}; a new repository begins with version 1"
        )
    storage = publisher.storage
    with storage.publishing():
        if storage.read(metadata_name(TIMESTAMP, 0), 2**20) is not None:
            raise Conflict(f"{storage.describe()}: has a repository already; name an empty place")
        storage.put_new(metadata_name(ROOT, 1), root)
        current = Current(storage, trusted, None, None)
        return publish(publisher, current, Change(roles=_empty_roles(publisher, trusted, rollout)))


def _empty_roles(publisher: Publisher, root: Any, rollout: Sequence[Named]) -> dict[str, Any]:
    ids = list(root.roles[TARGETS].keyids)
    threshold = root.roles[TARGETS].threshold
    keys = {each: root.keys[each] for each in ids}
    rollout_keys = {key.keyid: key for key in (tuf_key(*each) for each in rollout)}
    for (name, _), key_id in zip(rollout, rollout_keys, strict=True):
        if key_id in keys:
            raise UsageError(f"{name}: is a targets key, too; make a key of its own for rollouts")
    archive = DelegatedRole(ARCHIVE, ids, threshold, terminating=False, paths=[ARCHIVE_PATHS])
    bins = SuccinctRoles(list(ids), threshold, ARCHIVE_BITS, ARCHIVE)
    targets = Targets(delegations=Delegations({**keys, **rollout_keys}, roles={ARCHIVE: archive}))
    roles = {
        TARGETS: targets,
        ARCHIVE: Targets(delegations=Delegations(keys, succinct_roles=bins)),
    }
    return {**roles, **{name: Targets() for name in bins.get_roles()}}


def rollout_keys(targets: Any, root: Any) -> dict[str, Any]:
    """Returns the keys of rollouts that the repository knows: those of targets that are not its own."""
    own = set(root.roles[TARGETS].keyids)
    return {key_id: key for key_id, key in targets.delegations.keys.items() if key_id not in own}
