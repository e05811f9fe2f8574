"""bundle extract: write a bundle's payloads to a folder."""

import hashlib
import os
import shutil
import sys
from collections.abc import Sequence

from software_update import files, metadata
from software_update.bundle.envelope import Envelope, PayloadEntry
from software_update.bundle.reader import read_envelope
from software_update.cli.arguments import Parser
from software_update.digest import CHUNK_BYTES
from software_update.errors import InputError, Refused, UsageError, Verdict, printable
from software_update.metadata import ListedTarget
from software_update.names import name_problem
from software_update.progress import Progress


def run(argv: Sequence[str]) -> int:
    parser = Parser(
        "bundle extract",
        "Writes payloads to DIR. Each must be what the metadata lists; no signature is checked.",
    )
    parser.add_argument("bundle", metavar="BUNDLE")
    parser.add_argument(
        "-o", "--output", metavar="DIR", required=True, help="a folder, new or empty"
    )
    parser.add_argument(
        "--target", metavar="NAME", nargs="+", action="extend", help="default: all of them"
    )
    args = parser.parse_args(argv)
    with files.open_input(args.bundle) as fd:
        try:
            envelope = read_envelope(fd)
            listed = _listed(envelope)
            entries = _wanted(args.bundle, envelope, listed, args.target)
            _extract(fd, entries, listed, args.output)
        except Refused as refused:
            raise refused.about("", printable(args.bundle)) from None
    print("signatures not checked; see: software-update bundle verify", file=sys.stderr)
    return 0


def _listed(envelope: Envelope) -> dict[str, ListedTarget]:
    if envelope.targets is None:
        raise Refused(Verdict.MISSING_ROLE_METADATA, "has no targets metadata")
    signed = metadata.parse_signed(metadata.TARGETS, envelope.targets)
    return {each.name: each for each in metadata.parse_targets(signed.serialized).targets}


def _wanted(
    path: str, envelope: Envelope, listed: dict[str, ListedTarget], names: list[str] | None
) -> list[PayloadEntry]:
    present = {entry.name: entry for entry in envelope.payloads}
    for name in names if names is not None else ():
        if name not in present:
            raise UsageError(f"{path}: no payload {name!r}; see: software-update bundle inspect")
    entries = [present[name] for name in dict.fromkeys(names or present)]
    for entry in entries:
        subject = f"payload '{printable(entry.name)}'"
        problem = name_problem(entry.name)
        if problem:
            raise Refused(Verdict.UNSAFE_NAME, f"the name {problem}", subject=subject)
        if entry.name not in listed:
            raise Refused(Verdict.UNLISTED_PAYLOAD, "not in the metadata", subject=subject)
    return entries


def _extract(
    fd: int, entries: Sequence[PayloadEntry], listed: dict[str, ListedTarget], output: str
) -> None:
    """Writes all files beside their place, inside DIR, and moves them there when all are good."""
    made = not os.path.isdir(output)
    if made:
        os.mkdir(output)
    elif os.listdir(output):
        raise UsageError(f"{output}: not empty; name a new folder, so that no file is lost")
    progress = Progress("extract", sum(each.length for each in entries))
    beside = files.beside_name(output)
    try:
        os.mkdir(beside, 0o700)
        for entry in entries:
            _write_payload(fd, entry, listed[entry.name], beside, progress)
        for name in os.listdir(beside):
            os.rename(os.path.join(beside, name), os.path.join(output, name))
    except BaseException:
        shutil.rmtree(output if made else beside, ignore_errors=True)
        raise
    finally:
        progress.close()
    os.rmdir(beside)


def _write_payload(
    fd: int, entry: PayloadEntry, target: ListedTarget, folder: str, progress: Progress
) -> None:
    path = os.path.join(folder, *entry.name.split("/"))
    try:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        out = open(path, "xb")  # noqa: SIM115 - closed below, out of the reach of this except
    except (FileExistsError, NotADirectoryError):
        raise InputError(
            f"target '{entry.name}': another target's name is a folder or file of this name; "
            "extract them apart with --target"
        ) from None
    hasher = hashlib.sha256()
    with out:
        done = 0
        while done < entry.length:
            chunk = os.pread(fd, min(CHUNK_BYTES, entry.length - done), entry.offset + done)
            if not chunk:
                raise InputError("the bundle became shorter while it was read")
            hasher.update(chunk)
            out.write(chunk)
            done += len(chunk)
            progress.add(len(chunk))
    subject = f"target '{entry.name}'"
    if entry.length != target.length:
        raise Refused(Verdict.LENGTH_MISMATCH, "not as long as listed", subject=subject)
    if hasher.digest() != metadata.sha256_of(target):
        raise Refused(Verdict.HASH_MISMATCH, "not what the metadata lists", subject=subject)
