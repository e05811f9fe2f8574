"""A bundle's payloads as files, each checked against the metadata. No signature is."""

import errno
import functools
import hashlib
import os
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import BinaryIO

from software_update.base import files
from software_update.base.errors import Advice, InputError, shown
from software_update.base.hashing import CHUNK_BYTES, sha256_range
from software_update.base.progress import Progress
from software_update.bundle.decompress import original_chunks
from software_update.bundle.envelope import Envelope, Payload
from software_update.format import limits, metadata
from software_update.format.claims import check_claimed_targets, check_vocabulary, read_claims
from software_update.format.compression import check_compression
from software_update.format.messages import Compression, Target
from software_update.format.names import USER_MANIFEST, name_problem
from software_update.format.refusals import NotDisclosed
from software_update.format.release_manifest import parse_release
from software_update.format.verdicts import Refused, Verdict


def listed_targets(envelope: Envelope) -> dict[str, Target]:
    """Returns the targets of the bundle's targets metadata, by name."""
    if envelope.targets is None:
        raise Refused(Verdict.MISSING_ROLE_METADATA, "has no targets metadata")
    _, targets = metadata.parse_signed_targets(envelope.targets)
    return {each.name: each for each in targets.targets}


def check_user_manifest(
    path: str | None, names: Collection[str], warn: Callable[[str], None]
) -> bytes | None:
    """Raises InputError if a device would reject the user_manifest in `path`, or if its claims are wrong.

    `names` are the targets of the release. Claims are wrong if they are malformed, have a word that this
    version does not know, or are about other targets. Calls `warn` with a line if it is not a release
    manifest. Returns the raw SHA-256 of the content that was checked, for `check_same_user_manifest`; None
    without a path.
    """
    if path is None:
        return None
    content = files.read_input(path, limits.MAX_USER_MANIFEST_BYTES)
    try:
        manifest = parse_release(content)
    except Refused as refused:
        raise InputError(
            f"{path}: a device rejects it ({refused})", Advice.MAKE_RELEASE_MANIFEST
        ) from None
    try:
        claims = read_claims(content)
        check_vocabulary(claims)
        check_claimed_targets(claims, names)
    except NotDisclosed as refused:
        raise InputError(f"{path}: {refused.detail}", Advice.MAKE_RELEASE_MANIFEST) from None
    if manifest is None:
        warn(
            f"{path}: this user_manifest is not a release manifest, so its counter and hardware are not "
            "checked; replace it with one"
        )
    return hashlib.sha256(content).digest()


def check_same_user_manifest(path: str, checked: bytes | None, targets: Iterable[Target]) -> None:
    """Raises InputError if the user_manifest among the targets of a bundle is not the checked one."""
    for target in targets:
        if target.name == USER_MANIFEST and target.sha256 != checked:
            raise InputError(
                f"{path}: changed while it was read; let its writer finish, and try again"
            )


def check_names(entries: Iterable[Payload], listed: dict[str, Target]) -> None:
    """Raises Refused for names that are not paths, and for payloads that no target lists."""
    for entry in entries:
        subject = f"payload '{shown(entry.name)}'"
        problem = name_problem(entry.name)
        if problem:
            raise Refused(Verdict.UNSAFE_NAME, f"the name {problem}", subject=subject)
        if entry.name not in listed:
            raise Refused(Verdict.UNLISTED_PAYLOAD, "not in the metadata", subject=subject)


def write_payloads(
    fd: int,
    entries: Sequence[Payload],
    listed: dict[str, Target],
    folder: str,
    what: str,
    *,
    decompress: bool,
) -> None:
    """Writes entries that check_names passed into `folder`, a real path. Follows no link in it.

    `what` names the work in the progress report. `decompress` says whether to write the originals of
    compressed payloads instead of the payloads.
    """
    progress = Progress(what, sum(each.length for each in entries))
    try:
        for entry in entries:
            target = listed[entry.name]
            if decompress and target.compression:
                _write_original(fd, entry, target, target.compression, folder, progress)
            else:
                _write_payload(fd, entry, target, folder, progress)
    finally:
        progress.close()


def _write_payload(
    fd: int, entry: Payload, target: Target, folder: str, progress: Progress
) -> None:
    _check_length(entry, target)
    hasher = hashlib.sha256()
    with _new_file(folder, entry.name) as out:
        for chunk in files.read_range(fd, entry.offset, entry.length, CHUNK_BYTES):
            hasher.update(chunk)
            out.write(chunk)
            progress.add(len(chunk))
    _check_digest(hasher.digest(), target)


def _write_original(
    fd: int,
    entry: Payload,
    target: Target,
    compression: Compression,
    folder: str,
    progress: Progress,
) -> None:
    _check_length(entry, target)
    # Only bytes that the metadata lists reach the decompressor.
    _check_digest(sha256_range(fd, entry.offset, entry.length, progress.add), target)
    try:
        check_compression(target)
        with _new_file(folder, entry.name) as out:
            for chunk in original_chunks(fd, entry, compression):
                out.write(chunk)
    except Refused as refused:
        raise refused.about("", _subject(entry.name)) from None


def _check_length(entry: Payload, target: Target) -> None:
    if entry.length != target.length:
        detail = f"{entry.length} bytes, the metadata lists {target.length}"
        raise Refused(Verdict.LENGTH_MISMATCH, detail, subject=_subject(entry.name))


def _check_digest(digest: bytes, target: Target) -> None:
    if digest != target.sha256:
        raise Refused(
            Verdict.HASH_MISMATCH, "not what the metadata lists", subject=_subject(target.name)
        )


def _subject(name: str) -> str:
    return f"target '{shown(name)}'"


def _new_file(folder: str, name: str) -> BinaryIO:
    *folders, last = name.split("/")
    try:
        with files.folder_below(folder, folders) as fd:
            return open(last, "xb", opener=functools.partial(os.open, mode=0o666, dir_fd=fd))
    except OSError as error:
        if error.errno not in (errno.EEXIST, *files.NOT_A_FOLDER):
            raise
        raise InputError(
            f"target '{shown(name)}': another target's name is a folder or file of this name; "
            "extract each into a folder of its own",
            Advice.EXTRACT_SINGLE_TARGETS,
        ) from None
