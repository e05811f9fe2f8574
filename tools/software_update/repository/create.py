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

from software_update.base.errors import InputError, UsageError, shown
from software_update.keys.public_key import PublicKey
from software_update.repository.current import Current, parse_root
from software_update.repository.keys import sign, tuf_key
from software_update.repository.names import (
    ARCHIVE,
    ARCHIVE_BITS,
    ARCHIVE_PATHS,
    METADATA_FOLDER,
    ROOT,
    SNAPSHOT,
    TARGETS,
    TARGETS_FOLDER,
    TIMESTAMP,
    Kind,
    kind_of,
    metadata_name,
    most_bytes,
)
from software_update.repository.publication import Change, Published, Publisher, publish, time_of
from software_update.repository.storage import Conflict, Storage
from software_update.signing.signers import Signer

Named = tuple[str, PublicKey]


class RoleKeys(NamedTuple):
    """Public keys with the names that the user gave them, and how many of them must sign."""

    keys: Sequence[Named]
    threshold: int = 1


def build_root(given: Mapping[Kind, RoleKeys], expires: int, version: int = 1) -> Any:
    """Returns root metadata to sign, from the keys of root, targets and snapshot.

    `expires` is in seconds since 1970. Raises UsageError if a key appears twice, or is of two kinds, or for a
    bad threshold.
    """
    keys: dict[str, Any] = {}
    kinds: dict[str, Kind] = {}
    roles = {}
    for role in (ROOT, TARGETS, SNAPSHOT, TIMESTAMP):
        of_role = given[kind_of(role)]
        ids = []
        for name, public in of_role.keys:
            key = tuf_key(name, public)
            if key.keyid in ids:
                raise UsageError(f"{name}: appears twice among the {role} keys; name each key once")
            if (other := kinds.setdefault(key.keyid, kind_of(role))) != kind_of(role):
                raise UsageError(_two_kinds(name, other, role))
            ids.append(key.keyid)
            keys[key.keyid] = key
        if not 1 <= of_role.threshold <= len(ids):
            raise UsageError(
                f"--{role}-threshold: {of_role.threshold} of {len(ids)} keys; write 1 to {len(ids)}, or name "
                "more keys"
            )
        roles[role] = Role(sorted(ids), of_role.threshold)
    return Root(version, expires=time_of(expires), keys=keys, roles=roles, consistent_snapshot=True)


def _two_kinds(name: str, kind: str, role: str) -> str:
    return f"{name}: is a {kind} key, too; make a key of its own for {role}"


def sign_root(root: Any, signers: Sequence[Signer]) -> bytes:
    """Returns the file of a root with a signature by each signer."""
    metadata = Metadata(root)
    sign(metadata, ROOT, signers)
    content: bytes = metadata.to_bytes()
    return content


def check_place(storage: Storage) -> None:
    """Checks that a storage has nothing but the objects of a repository that is not complete yet.

    A web server serves all that is there, so it must be nothing private. Raises Conflict if it has a
    repository, and InputError if it has anything else.
    """
    if storage.read(metadata_name(TIMESTAMP, 0), most_bytes(TIMESTAMP)) is not None:
        raise Conflict(f"{storage.describe()}: has a repository already; name an empty place")
    for each in storage.list(""):
        if not each.name.startswith((METADATA_FOLDER, TARGETS_FOLDER)):
            raise InputError(
                f"{storage.describe()}: contains {shown(each.name)}, which a web server would serve, too; "
                "name an empty place"
            )


def left_root(storage: Storage, built: Any) -> bytes | None:
    """Returns the file of the first root that a creation which was killed has left; None if there is none.

    Raises InputError if its keys or thresholds are not those of `built`.
    """
    name = metadata_name(ROOT, 1)
    found = storage.read(name, most_bytes(ROOT))
    if found is None:
        return None
    where = f"{storage.describe()}: {name}"
    root = parse_root(found.content, where)
    if (root.keys, root.roles) != (built.keys, built.roles):
        raise InputError(f"{where}: is left over, with other keys; remove it, and run this again")
    return found.content


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
        check_place(storage)
        storage.put_new(metadata_name(ROOT, 1), root)
        current = Current(storage, trusted, None, None)
        return publish(publisher, current, Change(roles=_empty_roles(publisher, trusted, rollout)))


def _empty_roles(publisher: Publisher, root: Any, rollout: Sequence[Named]) -> dict[str, Any]:
    ids = list(root.roles[TARGETS].keyids)
    threshold = root.roles[TARGETS].threshold
    keys = {each: root.keys[each] for each in ids}
    rollout_keys = {key.keyid: key for key in (tuf_key(*each) for each in rollout)}
    for (name, _), key_id in zip(rollout, rollout_keys, strict=True):
        kind = next((each for each in Kind if key_id in _ids(root, each)), None)
        if kind is not None:
            raise UsageError(_two_kinds(name, kind, Kind.ROLLOUT))
    archive = DelegatedRole(ARCHIVE, ids, threshold, terminating=False, paths=[ARCHIVE_PATHS])
    bins = SuccinctRoles(list(ids), threshold, ARCHIVE_BITS, ARCHIVE)
    targets = Targets(delegations=Delegations({**keys, **rollout_keys}, roles={ARCHIVE: archive}))
    roles = {
        TARGETS: targets,
        ARCHIVE: Targets(delegations=Delegations(keys, succinct_roles=bins)),
    }
    return {**roles, **{name: Targets() for name in bins.get_roles()}}


def _ids(root: Any, kind: Kind) -> Sequence[str]:
    return root.roles[kind].keyids if kind in root.roles else ()


def rollout_keys(targets: Any, root: Any) -> dict[str, Any]:
    """Returns the keys of rollouts that the repository knows: those of targets that are not its own."""
    own = set(root.roles[TARGETS].keyids)
    return {key_id: key for key_id, key in targets.delegations.keys.items() if key_id not in own}
