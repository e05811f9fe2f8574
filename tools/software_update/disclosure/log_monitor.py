"""Compares the releases that a vendor announced with a log and with a repository.

A thief of keys, or an insider, can sign a release that the vendor did not announce. Devices that demand a
proof install it only if it is in the log, and there the monitor finds it.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from software_update.base import files
from software_update.base.errors import InputError, printable, shown
from software_update.disclosure.log_folder import (
    CHECKPOINT,
    SignedCheckpoint,
    parse_signed,
    tiles_of,
)
from software_update.disclosure.log_tiles import Tiles
from software_update.format.refusals import NotDisclosed, Refusal
from software_update.steps import release_list
from software_update.transparency.check import check_fork, check_log, check_witnesses
from software_update.transparency.checkpoint import Checkpoint
from software_update.transparency.log_policy import LogPolicy
from software_update.transparency.merkle import leaf_hash, node_hash
from software_update.transparency.note import MAX_NOTE_BYTES
from software_update.transparency.record import ReleaseRecord, parse_record

if TYPE_CHECKING:
    from software_update.repository.current import Readable

_MAX_LIST_BYTES = 64 * 1024 * 1024
_DIGEST = re.compile(r"[0-9a-f]{64}")


class Logged(NamedTuple):
    """A record of the log: its index, and the release; None if it is not the record of a release."""

    record_index: int
    record: ReleaseRecord | None


class Difference(NamedTuple):
    """A difference: where it is (log or repository), the release digest, and the fault in words.

    `release` is empty for a record of the log that is not one of a release.
    """

    place: str
    release: str
    text: str


class Watched(NamedTuple):
    """The log's checkpoint, its records, and the differences."""

    signed: SignedCheckpoint
    records: tuple[Logged, ...]
    differences: tuple[Difference, ...]


def read_checkpoint(storage: "Readable", policy: LogPolicy) -> SignedCheckpoint:
    """Returns the checkpoint of a log that the policy trusts. Raises NotDisclosed for another one."""
    place = f"{storage.describe()}/{CHECKPOINT}"
    found = storage.read(CHECKPOINT, MAX_NOTE_BYTES)
    if found is None:
        raise InputError(f"{place}: there is no such file; check the address of the log")
    signed = parse_signed(found.content, place)
    check_log(signed.note, signed.checkpoint, policy)
    check_witnesses(signed.note, policy)
    return signed


def watch(
    storage: "Readable",
    policy: LogPolicy,
    announced: Iterable[str],
    seen: Checkpoint | None = None,
    published: Mapping[str, str] | None = None,
) -> Watched:
    """Reads the whole log and compares it.

    `announced` are the release digests of the vendor's list, `seen` the checkpoint of the last run, and
    `published` the releases of a repository: a name for each release digest. Raises NotDisclosed with
    LOG_FORKED if the log does not continue `seen`, or has other records than its checkpoint says.
    """
    signed = read_checkpoint(storage, policy)
    checkpoint = signed.checkpoint
    check_fork(checkpoint, seen)
    if seen is not None and seen.origin != checkpoint.origin:
        raise InputError(
            f"the last run saw the log {shown(seen.origin)}, and this is {shown(checkpoint.origin)}; "
            "keep a state file for each log"
        )
    if seen is not None and seen.size > checkpoint.size:
        raise _forked(f"the log shows {checkpoint.size} records, and has shown {seen.size} before")
    entries = list(tiles_of(storage, checkpoint.size).records())
    leaves = [leaf_hash(each) for each in entries]
    if seen is not None and root_of(leaves[: seen.size]) != seen.root:
        raise _forked(f"the log has replaced some of the {seen.size} records that it showed before")
    if root_of(leaves) != checkpoint.root:
        raise _forked("the records of the log are not those of its checkpoint")
    records = tuple(Logged(index, parse_record(each)) for index, each in enumerate(entries))
    found = _differences(records, set(announced), published)
    return Watched(signed, records, tuple(found))


def root_of(leaves: Sequence[bytes]) -> bytes:
    """Returns the root of a tree with these leaf hashes."""
    if not leaves:
        return Tiles(lambda *_: None, 0).root()
    # Complete subtrees from left to right, with their heights.
    stack: list[tuple[int, bytes]] = []
    for leaf in leaves:
        height, root = 0, leaf
        while stack and stack[-1][0] == height:
            root = node_hash(stack.pop()[1], root)
            height += 1
        stack.append((height, root))
    root = stack.pop()[1]
    while stack:
        root = node_hash(stack.pop()[1], root)
    return root


def read_announced(path: str) -> list[str]:
    """Returns the release digests in a vendor's list: a text or JSON, or the release list of a build."""
    content = files.read_input(path, _MAX_LIST_BYTES)
    if not content.lstrip().startswith(b"{"):
        return parse_announced(content, path)
    digests = []
    for each in release_list.read(path).bundles:
        if each.release is None:
            raise InputError(
                f"{printable(path)}: names no release digest of {printable(each.path)}; build the list again"
            )
        digests.append(each.release)
    return digests


def parse_announced(content: bytes, path: str) -> list[str]:
    """Returns the release digests in a list: JSON strings in an array, or a digest a line.

    After the digest, a line may have other words; a line that begins with # is a comment. Raises InputError.
    """
    try:
        text = content.decode()
    except UnicodeDecodeError:
        raise InputError(f"{path}: is not UTF-8 text; write a release digest a line") from None
    if text.lstrip().startswith("["):
        try:
            values = json.loads(text)
        except ValueError:
            raise InputError(f"{path}: is not valid JSON") from None
        lines = [str(each) for each in values]
    else:
        lines = [each for each in text.splitlines() if each.strip() and not each.startswith("#")]
    digests = [(each.split() or [""])[0] for each in lines]
    for each in digests:
        if not _DIGEST.fullmatch(each):
            raise InputError(
                f"{printable(path)}: '{shown(each)}' is not a release digest, which is 64 hexadecimal digits"
            )
    return digests


def _differences(
    records: Sequence[Logged], announced: set[str], published: Mapping[str, str] | None
) -> Iterable[Difference]:
    logged = {each.record.release_digest: each for each in records if each.record}
    for each in records:
        if each.record is None:
            yield Difference(
                "log", "", f"record {each.record_index} is not the record of a release"
            )
        elif each.record.release_digest not in announced:
            name = f"{shown(each.record.product)} {each.record.release_counter}"
            yield Difference(
                "log",
                each.record.release_digest,
                f"record {each.record_index}, {name}, was not announced",
            )
    for digest in sorted(announced - set(logged)):
        yield Difference("log", digest, "was announced, and is not in the log")
    for digest, name in (published or {}).items():
        if digest not in announced:
            yield Difference(
                "repository", digest, f"{shown(name)} is published, and was not announced"
            )
        if digest not in logged:
            yield Difference(
                "repository", digest, f"{shown(name)} is published, and is not in the log"
            )


def _forked(detail: str) -> NotDisclosed:
    return NotDisclosed(Refusal.LOG_FORKED, f"{detail}; report it, and keep both checkpoints")
