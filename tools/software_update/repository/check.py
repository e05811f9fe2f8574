"""Checks a repository from outside: that it is fresh, and that every object is there and correct."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from software_update.base.errors import SoftwareUpdateError, shown
from software_update.bundle.head import read_head
from software_update.format import metadata
from software_update.format.catalog import CatalogEntry, difference, parse_entry
from software_update.format.release_manifest import parse_release
from software_update.format.verdicts import Refused
from software_update.repository.current import Current, Readable, read_current
from software_update.repository.first_part import FirstPart
from software_update.repository.names import (
    ROOT,
    SNAPSHOT,
    TIMESTAMP,
    Kind,
    kind_of,
    target_name,
)
from software_update.repository.publication import seconds_of
from software_update.repository.rollout_file import rollouts_of

_CHUNK_BYTES = 1024 * 1024
_MAX_FIRST_PART = 16 * 1024 * 1024


class Expiry(NamedTuple):
    """A role, its version, and its expiry in seconds since 1970."""

    role: str
    version: int
    expires: int


class Problem(NamedTuple):
    """An object or a role that is not as it must be."""

    place: str
    text: str


@dataclass
class Report:
    """The result of a check. `objects` and `bytes` count the payloads that were read."""

    expiries: list[Expiry] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    objects: int = 0
    bytes: int = 0

    def expiring(self, now: int, within: int) -> list[Expiry]:
        """Returns the roles that expire in at most `within` seconds, the first one first."""
        found = [each for each in self.expiries if each.expires - now <= within]
        return sorted(found, key=lambda each: (each.expires, each.role))

    def expired(self, now: int) -> list[Expiry]:
        """Returns the roles that have expired."""
        return self.expiring(now, 0)


def check(storage: Readable, trusted: bytes, path: str, *, payloads: bool = True) -> Report:
    """Reads everything that the metadata names. `payloads` says whether to read the target files, too.

    Raises InputError or OSError if the root or the timestamp cannot be read: nothing else can be then.
    """
    current = read_current(storage, trusted, path)
    report = Report()
    for name, signed in ((ROOT, current.root), (TIMESTAMP, current.timestamp)):
        report.expiries.append(Expiry(name, signed.version, seconds_of(signed.expires)))
    names: list[str] = []
    with _Noting(report, SNAPSHOT):
        snapshot = current.snapshot
        report.expiries.append(Expiry(SNAPSHOT, snapshot.version, seconds_of(snapshot.expires)))
        names = current.role_names()
    for name in names:
        with _Noting(report, name):
            role = current.role(name)
            report.expiries.append(Expiry(name, role.version, seconds_of(role.expires)))
            _check_lists(current, name, role, report)
            if payloads:
                _check_targets(storage, role, report)
    return report


class _Noting:
    """Makes a problem of an error in its context."""

    def __init__(self, report: Report, place: str) -> None:
        self._report, self._place = report, place

    def __enter__(self) -> None:
        pass

    def __exit__(self, _kind: object, error: BaseException | None, _traceback: object) -> bool:
        if not isinstance(error, SoftwareUpdateError | OSError):
            return False
        self._report.problems.append(Problem(self._place, " ".join(str(error).split())))
        return True


def _check_lists(current: Current, name: str, role: Any, report: Report) -> None:
    """Notes delegated roles that the snapshot lacks, and catalog entries and rules that are not valid."""
    delegations = role.delegations
    if delegations is not None:
        bins = delegations.succinct_roles
        for each in delegations.roles or (bins.get_roles() if bins else ()):
            if not current.has(each):
                report.problems.append(
                    Problem(name, f"delegates to {each}, which the snapshot lacks")
                )
    if kind_of(name) == Kind.ROLLOUT:
        with _Noting(report, name):
            rollouts_of(role)


def _check_targets(storage: Readable, role: Any, report: Report) -> None:
    for path, target in sorted(role.targets.items()):
        name = target_name(path, target.hashes["sha256"])
        report.objects += 1
        try:
            for problem in _target_problems(storage, name, path, target, report):
                report.problems.append(Problem(name, problem))
        except FileNotFoundError:
            report.problems.append(Problem(name, "is missing; restore it, or withdraw the release"))
        except (SoftwareUpdateError, OSError) as error:
            report.problems.append(Problem(name, " ".join(str(error).split())))


def _target_problems(
    storage: Readable, name: str, path: str, target: Any, report: Report
) -> Iterator[str]:
    hasher, length, first = hashlib.sha256(), 0, bytearray()
    is_bundle = path.endswith(".bundle") and target.custom is not None
    entry = parse_entry(target.custom, path) if is_bundle else None
    wanted = min(entry.first_part, _MAX_FIRST_PART) if entry else 0
    with storage.open(name) as stream:
        while chunk := stream.read(_CHUNK_BYTES):
            hasher.update(chunk)
            length += len(chunk)
            first += chunk[: max(0, wanted - len(first))]
            if length > target.length:
                break
    report.bytes += length
    if length != target.length:
        more = "more than " if length > target.length else ""
        yield f"has {more}{min(length, target.length)} bytes, and the list says {target.length}; restore it"
    elif hasher.hexdigest() != target.hashes["sha256"]:
        yield "has other bytes than the list says; restore it"
    elif entry is not None:
        problem = _entry_problem(entry, bytes(first), length)
        if problem:
            yield problem


def _entry_problem(entry: CatalogEntry, first: bytes, size: int) -> str | None:
    """Returns the difference between a catalog entry and the bundle; None if there is none."""
    try:
        head = read_head(FirstPart(first, size), entry.first_part)
        _, targets = metadata.parse_signed_targets(head.envelope.targets or b"")
        manifest = parse_release(head.user_manifest or b"")
    except Refused as refused:
        return f"its first part of {entry.first_part} bytes is not valid ({shown(str(refused))})"
    if head.end != entry.first_part:
        return f"its first part has {head.end} bytes, and the catalog says {entry.first_part}"
    if manifest is None:
        return "has no release manifest"
    found = difference(entry, manifest, hashlib.sha256(targets.serialized).hexdigest())
    return found and f"the catalog differs from the release: {found}"
