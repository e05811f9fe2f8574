"""Compares a release with the bundle that was tested. Pure: contents in, differences out."""

import dataclasses
import hashlib
from collections.abc import Iterator, Mapping, Sequence

from software_update.base.dates import format_date
from software_update.base.errors import shown
from software_update.bundle.envelope import Payload
from software_update.format.metadata import Targets

_Value = str | int | bool | None
# Length and raw SHA-256, by name.
_Files = Mapping[str, tuple[int, bytes]]


@dataclasses.dataclass(frozen=True)
class Contents:
    """The contents of a bundle: its targets metadata, and the payloads as they are in the file.

    That the payloads are those which the metadata lists has been checked.
    """

    targets: Targets
    payloads: Sequence[Payload]


@dataclasses.dataclass(frozen=True)
class Difference:
    """A field that two bundles have different values of. `expires` is None where it is never."""

    subject: str
    field: str
    tested: _Value
    release: _Value

    def __str__(self) -> str:
        if self.field == "present":
            return f"{self.subject}: {'was not tested' if self.release else 'is missing'}"
        new, old = ("never" if each is None else each for each in (self.release, self.tested))
        return f"{self.subject}: {self.field} {new}, tested was {old}"


def differences(tested: Contents, release: Contents) -> list[Difference]:
    """Every field in which `release` is not what was tested; none where it carries exactly that."""
    if tested.targets.serialized != release.targets.serialized:
        return list(_metadata(tested.targets, release.targets))
    return list(_files("payload", _present(tested), _present(release)))


def _metadata(tested: Targets, release: Targets) -> Iterator[Difference]:
    old, new = _fields(tested), _fields(release)
    found = [
        Difference("targets metadata", field, old[field], new[field])
        for field in old
        if old[field] != new[field]
    ]
    found += _files("target", _listed(tested), _listed(release))
    # An unread field, or another order: only the bytes show it.
    yield from found or [
        Difference(
            "targets metadata", "sha256", _sha256(tested.serialized), _sha256(release.serialized)
        )
    ]


def _fields(targets: Targets) -> dict[str, _Value]:
    expires = targets.common.expires
    return {
        "spec_version": targets.common.spec_version,
        "version": targets.common.version,
        "expires": format_date(expires[0]) if expires else None,
    }


def _files(kind: str, tested: _Files, release: _Files) -> Iterator[Difference]:
    for name in sorted(tested.keys() | release.keys()):
        subject = f"{kind} '{shown(name)}'"
        old, new = tested.get(name), release.get(name)
        if old is None or new is None:
            yield Difference(subject, "present", old is not None, new is not None)
            continue
        if old[0] != new[0]:
            yield Difference(subject, "length", old[0], new[0])
        if old[1] != new[1]:
            yield Difference(subject, "sha256", old[1].hex(), new[1].hex())


def _listed(targets: Targets) -> _Files:
    return {each.name: (each.length, each.sha256) for each in targets.targets}


def _present(contents: Contents) -> _Files:
    return {each.name: (each.length, each.sha256) for each in contents.payloads}


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
