"""protobuf and the strict reader agree: on the corpus of this repository, and on all mutants.

Each value of a message that the strict reader accepts equals protobuf's, and the strict reader rejects
everything that protobuf rejects. It also rejects more, so nothing is claimed about that.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from software_update.format import messages, wire
from software_update.format.verdicts import Refused
from software_update.format.wire import Message
from software_update.testing.oracle import comparable, read_by_protobuf

from tests.mutation import mutants, subjects

TESTS = Path(__file__).absolute().parents[1]
FOLDERS = [TESTS / "vectors/attacks", TESTS / "vectors/independent", TESTS / "fuzz/corpus"]
ALL = (
    messages.SIGNED_ROOT_METADATA,
    messages.SIGNED_TARGETS_METADATA,
    messages.ROOT_METADATA,
    messages.TARGETS_METADATA,
    messages.MANIFEST,
)
# A message, and bytes that may be one.
Part = tuple[Message[Any], bytes]
# The fields of a bundle that hold metadata.
TARGETS, ROOTS = 3, (5, 65)


def fields(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yields the number and content of each length-delimited field, up to the first that is bad."""
    try:
        for each in wire.fields(data, 0, len(data)):
            if each.wire_type == wire.LENGTH_DELIMITED:
                yield each.number, data[each.start : each.end]
    except Refused:
        return


def parts(bundle: bytes) -> Iterator[Part]:
    """Yields the metadata in a bundle, with signatures and without."""
    for number, content in fields(bundle):
        if number in ROOTS:
            yield messages.SIGNED_ROOT_METADATA, content
            yield from ((messages.ROOT_METADATA, each) for n, each in fields(content) if n == 1)
        elif number == TARGETS:
            for signed in (each for n, each in fields(content) if n == 2):
                yield messages.SIGNED_TARGETS_METADATA, signed
                yield from (
                    (messages.TARGETS_METADATA, each) for n, each in fields(signed) if n == 1
                )


def compare(found: Iterable[Part], max_unknown: int) -> Counter[str]:
    """Reads each part with both readers. Returns how many the strict reader accepts and rejects."""
    counts = Counter[str]()
    for message, data in found:
        theirs = read_by_protobuf(data, message)
        try:
            ours = wire.read(data, 0, len(data), message, max_unknown=max_unknown)
        except Refused:
            counts["rejected"] += 1
            continue
        counts["accepted"] += 1
        assert comparable(data, ours) == theirs, (message.name, data.hex())
    return counts


@pytest.mark.parametrize("max_unknown", [0, 100])
def test_corpus(max_unknown: int) -> None:
    found: set[Part] = set()
    for path in (path for folder in FOLDERS for path in folder.iterdir()):
        data = path.read_bytes()
        found |= {(message, data) for message in ALL} | set(parts(data))
    counts = compare(found, max_unknown)
    print(dict(counts))
    assert min(counts["accepted"], counts["rejected"]) > 100


@pytest.mark.parametrize("name", subjects.ALL)
def test_mutants(name: str) -> None:
    subject = subjects.ALL[name]()
    kinds = mutants.QUICK
    found = {
        each
        for kind in kinds
        for _, bundle in mutants.of(subject.bundle, kind)
        for each in parts(bundle)
    }
    counts = compare(found, max_unknown=100)
    print(dict(counts))
    assert min(counts["accepted"], counts["rejected"]) > 100


def test_mutants_of_a_manifest() -> None:
    manifest = subjects.installed().installed
    assert manifest is not None
    found = {
        (messages.MANIFEST, manifest[:at] + bytes([value]) + manifest[at + 1 :])
        for at in range(len(manifest))
        for value in {manifest[at] ^ 1 << bit for bit in range(8)}
    }
    counts = compare(found, max_unknown=100)
    print(dict(counts))
    assert min(counts["accepted"], counts["rejected"]) > 100
