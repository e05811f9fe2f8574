"""Finds when the metadata in a file expires, without verifying any signature.

A bundle has its last root and its targets metadata; devices ignore the expiry of the roots before that one
(TUF specification 5.3.10).
"""

from typing import NamedTuple

from software_update.base import files
from software_update.base.errors import InputError
from software_update.bundle.reader import begins_as_bundle, read_envelope
from software_update.format import limits, metadata
from software_update.format.messages import CommonMetadata
from software_update.format.verdicts import Refused

SECONDS_PER_DAY = 86_400

_OTHER_FILE = "not a bundle, signed metadata or an installed manifest"
_NAME_ONE = "name one of these files"

NEVER, VALID, SOON, EXPIRED = "never_expires", "valid", "expires_soon", "expired"


class Dated(NamedTuple):
    """The role and version of metadata, and when it expires, in seconds since 1970; None if never."""

    role: str
    version: int
    expires: int | None

    def state(self, at: int, within_days: int) -> str:
        """Returns the state at `at`, in seconds since 1970. Soon means at most `within_days` later."""
        if self.expires is None:
            return NEVER
        if self.expires <= at:
            return EXPIRED
        return SOON if self.expires - at <= within_days * SECONDS_PER_DAY else VALID


class DatedFile(NamedTuple):
    """A file, its kind (bundle, root, targets or installed), and the metadata that it contains."""

    path: str
    kind: str
    metadata: tuple[Dated, ...]


def read_dated_file(path: str) -> DatedFile:
    """Reads a bundle, signed metadata or an installed manifest. Raises InputError for any other file."""
    with files.open_input(path) as fd:
        try:
            if begins_as_bundle(fd):
                return DatedFile(path, "bundle", _in_bundle(fd))
        except Refused as refused:
            raise InputError(f"{path}: {_OTHER_FILE} ({refused}); {_NAME_ONE}") from None
        with open(fd, "rb", closefd=False) as file:
            content = file.read(limits.MAX_MANIFEST_BYTES + 1)
    if len(content) <= limits.MAX_MANIFEST_BYTES:
        for kind, read in _READERS.items():
            try:
                return DatedFile(path, kind, (read(content),))
            except Refused:
                continue
    raise InputError(f"{path}: {_OTHER_FILE}; {_NAME_ONE}")


def _in_bundle(fd: int) -> tuple[Dated, ...]:
    envelope = read_envelope(fd)
    found = []
    if envelope.root is not None:
        found.append(_read_root(envelope.root))
    if envelope.targets is not None:
        found.append(_read_targets(envelope.targets))
    return tuple(found)


def _read_root(signed: bytes) -> Dated:
    return _dated(metadata.ROOT, metadata.parse_signed_root(signed)[1].common)


def _read_targets(signed: bytes) -> Dated:
    return _dated(metadata.TARGETS, metadata.parse_signed_targets(signed)[1].common)


def _read_installed(manifest: bytes) -> Dated:
    return _dated(metadata.TARGETS, metadata.parse_manifest(manifest).targets.common)


# In this order: no file is two of them, because each states its role in another place.
_READERS = {"root": _read_root, "targets": _read_targets, "installed": _read_installed}


def _dated(role: str, common: CommonMetadata) -> Dated:
    return Dated(role, common.version, common.expires[0] if common.expires else None)
