"""A publication: a transaction that writes payloads, roles and snapshot, and the timestamp last.

All objects but the timestamp are new ones, and no client reads them before the timestamp names them. If
the publisher is killed after any object, clients see the old content or the new one, never a mix.
"""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from tuf.api.metadata import Metadata, MetaFile, Snapshot, Timestamp

from software_update.base.errors import Advice, InputError
from software_update.repository.current import Current
from software_update.repository.keys import Signers, check_signers, sign
from software_update.repository.names import (
    ROOT,
    SNAPSHOT,
    TIMESTAMP,
    Lifetimes,
    delegator_of,
    is_bin,
    kind_of,
    metadata_name,
    most_bytes,
)
from software_update.repository.storage import Conflict, Spool, Storage, UploadFile

# The numbers of versions to try that a publication which was killed has used.
_MAX_LEFT_OVER = 1000


class Publisher(NamedTuple):
    """The storage and the signers of a publication, and its time in seconds since 1970."""

    storage: Storage
    signers: Signers
    now: int
    lifetimes: Lifetimes = Lifetimes()


@dataclass(frozen=True)
class Change:
    """The new content: objects by name, and the signed parts of roles that change, by role."""

    payloads: list[tuple[str, bytes | UploadFile | Spool]] = field(default_factory=list)
    roles: dict[str, Any] = field(default_factory=dict)


class Published(NamedTuple):
    """The versions of a publication: of each role that changed, of the snapshot and of the timestamp."""

    roles: Mapping[str, int]
    snapshot: int
    timestamp: int


def publish(publisher: Publisher, current: Current, change: Change) -> Published:
    """Writes a change. Raises Conflict if another publisher was faster; nothing is visible then.

    Raises SignatureError before the first write if a key is missing or is not the repository's.
    """
    check(publisher, current, change)
    for name, payload in change.payloads:
        put_payload(publisher.storage, name, payload)
    versions, meta = {}, dict(current.snapshot_meta)
    for role, signed in change.roles.items():
        before = meta.get(f"{role}.json")
        signed.version = before.version + 1 if before else 1
        content = _put_role(publisher, role, signed, _delegator(current, change, role))
        meta[f"{role}.json"] = _described(role, signed.version, content)
        versions[role] = signed.version
    snapshot = Snapshot(current.snapshot_version + 1, meta=dict(sorted(meta.items())))
    content = _put_role(publisher, SNAPSHOT, snapshot, current.root)
    described = MetaFile.from_data(snapshot.version, content, ["sha256"])
    return Published(versions, snapshot.version, put_timestamp(publisher, current, described))


def refresh(publisher: Publisher, current: Current) -> Published:
    """Signs a new timestamp, and the snapshot if less than half of its lifetime is left."""
    check(publisher, current, Change())
    left = current.snapshot.expires.timestamp() - publisher.now
    if left * 2 < publisher.lifetimes.snapshot:
        return publish(publisher, current, Change())
    meta = current.timestamp.snapshot_meta
    return Published({}, meta.version, put_timestamp(publisher, current, meta))


def put_timestamp(publisher: Publisher, current: Current, snapshot: MetaFile) -> int:
    """Replaces the timestamp: the one step that makes a publication visible. Returns its version."""
    timestamp = Timestamp(current.timestamp_version + 1, snapshot_meta=snapshot)
    content = _signed(publisher, TIMESTAMP, timestamp, current.root)
    try:
        publisher.storage.replace(metadata_name(TIMESTAMP, 0), content, current.tag)
    except Conflict:
        raise Conflict(
            f"{publisher.storage.describe()}: another publisher has published meanwhile, and nothing of this "
            "publication is visible; run the command again"
        ) from None
    return int(timestamp.version)


def check(publisher: Publisher, current: Current, change: Change) -> None:
    """Raises SignatureError if a key that the change needs is missing, or is not the repository's."""
    for role in [*change.roles, SNAPSHOT, TIMESTAMP]:
        former = current.before and current.before.root.roles[kind_of(role)].keyids
        check_signers(_delegator(current, change, role), role, publisher.signers, former or ())


def _delegator(current: Current, change: Change, role: str) -> Any:
    above = delegator_of(role)
    if above == ROOT:
        return current.root
    return change.roles.get(above) or current.role(above)


def put_payload(storage: Storage, name: str, payload: bytes | UploadFile | Spool) -> None:
    """Writes an object, or gives a spool its name."""
    if isinstance(payload, bytes | UploadFile):
        storage.put_new(name, payload)
    else:
        payload.commit(name)


def _put_role(publisher: Publisher, role: str, signed: Any, delegator: Any) -> bytes:
    """Writes a role under its version, or the next one that no publication which was killed has left."""
    for _ in range(_MAX_LEFT_OVER):
        content = _signed(publisher, role, signed, delegator)
        try:
            publisher.storage.put_new(metadata_name(role, signed.version), content)
        except Conflict:
            signed.version += 1
            continue
        return content
    raise InputError(
        f"{publisher.storage.describe()}: {metadata_name(role, signed.version)} and the {_MAX_LEFT_OVER} "
        "versions before it are left over",
        Advice.PRUNE_REPOSITORY,
    )


def _described(role: str, version: int, content: bytes) -> MetaFile:
    """Returns the description of a role in the snapshot.

    The key of targets also signs channels and the archive, and no role states its name. With its SHA-256, a
    server cannot serve one in the place of another. Of bins, only the version is listed, so that the snapshot
    stays small for each check: a target in another bin is just not found.
    """
    if is_bin(role):
        return MetaFile(version)
    return MetaFile.from_data(version, content, ["sha256"])


def _signed(publisher: Publisher, role: str, signed: Any, delegator: Any) -> bytes:
    """Returns a role's file, signed, with an expiry; and verified, as a client will do it."""
    signed.expires = time_of(publisher.now + publisher.lifetimes.of(role))
    metadata = Metadata(signed)
    sign(metadata, role, publisher.signers[kind_of(role)])
    delegator.verify_delegate(role, metadata.signed_bytes, metadata.signatures)
    content: bytes = metadata.to_bytes()
    if len(content) > most_bytes(role):
        raise InputError(
            f"{role}: {len(content)} bytes; clients read at most {most_bytes(role)}: withdraw releases"
        )
    return content


def time_of(seconds: int) -> datetime.datetime:
    """Returns a time as TUF's library has it."""
    return datetime.datetime.fromtimestamp(seconds, datetime.UTC)


def seconds_of(time: datetime.datetime) -> int:
    """Returns the seconds since 1970 of such a time."""
    return int(time.timestamp())
