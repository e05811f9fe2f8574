"""Checks a folder of attachments: each file is one that the release manifest lists, or a signed statement."""

import os
from collections.abc import Collection, Iterator
from typing import NamedTuple

from software_update.attachments.envelope import (
    MAX_ENVELOPE_BYTES,
    parse_envelope,
    signed_by,
    statement_of,
)
from software_update.attachments.listed import check_listed, missing
from software_update.attachments.release import Release
from software_update.attachments.statement import Statement, check_release, malformed
from software_update.base import files
from software_update.base.hashing import sha256_range
from software_update.format.refusals import NotDisclosed, Refusal
from software_update.keys.public_key import PublicKey


class Checked(NamedTuple):
    """A good attachment. `statement` is None for a listed file; `signers` are the given keys that signed."""

    name: str
    statement: Statement | None
    signers: tuple[PublicKey, ...]


def check_folder(
    folder: str, release: Release, keys: Collection[PublicKey]
) -> tuple[list[Checked], list[tuple[str, bytes]]]:
    """Returns the attachments in a folder, sorted by name, and the contents of the envelopes among them.

    With `keys`, one of them must have signed each statement. Raises NotDisclosed for the first attachment
    that is missing or wrong.
    """
    names = list(_names(folder))
    for each in release.listed():
        if each.name not in names:
            raise missing(each)
    checked, envelopes = [], []
    for name in names:
        path = os.path.join(folder, name)
        if not os.path.isfile(path):
            raise _neither(name)
        with files.open_input(path) as fd:
            found, content = check_file(fd, name, release, keys)
        checked.append(found)
        if content is not None:
            envelopes.append((name, content))
    return checked, envelopes


def check_file(
    fd: int, name: str, release: Release, keys: Collection[PublicKey]
) -> tuple[Checked, bytes | None]:
    """Checks one attachment, an open file. Returns its content if it is an envelope.

    Raises NotDisclosed if it is neither the listed file of this name nor a good statement.
    """
    length = os.fstat(fd).st_size
    for listed in release.listed():
        if listed.name == name:
            # A file of another length is not read.
            same = length == listed.length
            check_listed(listed, length, sha256_range(fd, 0, length, _ignore) if same else b"")
            return Checked(name, None, ()), None
    if length > MAX_ENVELOPE_BYTES:
        raise _neither(name)
    content = b"".join(files.read_range(fd, 0, length, MAX_ENVELOPE_BYTES))
    return check_statement(name, content, release.digest, keys), content


def check_statement(
    name: str, content: bytes, release_digest: bytes, keys: Collection[PublicKey]
) -> Checked:
    """Checks one envelope: it is about this release, and one of `keys`, if there are any, has signed it."""
    envelope = parse_envelope(content, name)
    statement = statement_of(envelope, name)
    check_release(statement, release_digest, name)
    signers = signed_by(envelope, keys)
    if keys and not signers:
        raise NotDisclosed(
            Refusal.ATTACHMENT_NOT_SIGNED, "none of the given keys has signed it", subject=name
        )
    return Checked(name, statement, tuple(signers))


def _names(folder: str) -> Iterator[str]:
    """Yields the names of the files below a folder, with / between parts, sorted."""
    found = []
    for parent, _, names in os.walk(folder, onerror=_raise):
        below = os.path.relpath(parent, folder)
        found += [os.path.normpath(os.path.join(below, each)) for each in names]
    yield from sorted(each.replace(os.sep, "/") for each in found)


def _ignore(_: int) -> None:
    pass


def _raise(error: OSError) -> None:
    raise error


def _neither(name: str) -> NotDisclosed:
    return malformed(
        name, "is not listed in the release manifest, and cannot be a signed statement"
    )
