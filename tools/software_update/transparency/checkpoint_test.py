"""Tests of checkpoint.py. The cosignature is the example of c2sp.org/tlog-cosignature's form."""

import pytest

from software_update.format.refusals import NotDisclosed, Refusal
from software_update.testing.memory_log import COSIGNED, MemoryLog, MemoryWitness
from software_update.transparency.checkpoint import (
    Checkpoint,
    cosignature,
    cosigned,
    parse_checkpoint,
    time_of_cosignature,
)
from software_update.transparency.note import parse_note, parse_vkey

LOG = MemoryLog([b"a", b"b", b"c"])
WITNESS = MemoryWitness()
KEY = parse_vkey(WITNESS.vkey)


def test_a_checkpoint_is_read_and_written() -> None:
    checkpoint = parse_checkpoint(LOG.text())
    assert checkpoint == Checkpoint("log.example/firmware", 3, LOG.root(3))
    assert checkpoint.text() == LOG.text()
    extended = parse_checkpoint(LOG.text() + b"more\n")
    assert extended.extensions == ("more",)
    assert extended.text() == LOG.text() + b"more\n"


def test_the_largest_log_has_a_checkpoint() -> None:
    text = LOG.text().replace(b"\n3\n", b"\n9223372036854775807\n")
    assert parse_checkpoint(text).size == 2**63 - 1


def test_an_empty_log_has_a_checkpoint() -> None:
    assert parse_checkpoint(MemoryLog().text()).size == 0


@pytest.mark.parametrize(
    "old, new, detail",
    [
        ("\n3\n", "\n03\n", "'03'"),
        ("\n3\n", "\n-3\n", "'-3'"),
        ("\n3\n", "\n\u0663\n", "the size"),
        ("\n3\n", "\n9223372036854775808\n", "not a number up to 9223372036854775807"),
        ("\n3\n", "\n10000000000000000000\n", "not a number"),
        ("\n3\n", "\n\n", "without an origin"),
        ("log.example/firmware\n", "", "without an origin"),
        ("log.example/firmware\n", "\n", "without an origin"),
        ("=\n", "\n", "not 32 bytes"),
        ("=\n", "AAA=\n", "not 32 bytes"),
    ],
)
def test_other_texts_are_refused(old: str, new: str, detail: str) -> None:
    text = LOG.text().decode().replace(old, new)
    with pytest.raises(NotDisclosed, match=detail) as error:
        parse_checkpoint(text.encode())
    assert error.value.refusal == Refusal.MALFORMED_PROOF


def test_the_time_of_a_cosignature() -> None:
    text = LOG.text()
    (line,) = parse_note(text + b"\n" + WITNESS.cosign(text)).signatures
    assert KEY.signs(line)
    assert time_of_cosignature(KEY, line.signature, text) == COSIGNED
    assert line.signature == cosignature(COSIGNED, WITNESS.sign(cosigned(text, COSIGNED)))


def test_other_bytes_are_not_a_cosignature() -> None:
    text = LOG.text()
    (line,) = parse_note(text + b"\n" + WITNESS.cosign(text)).signatures
    good = line.signature
    far = 253_402_300_800
    for value, key, cosigned_text in [
        (good, KEY, LOG.text(2)),
        (good[:-1], KEY, text),
        (good + b"\0", KEY, text),
        (bytes(8) + good[8:], KEY, text),
        (good, KEY._replace(kind=1), text),
        (cosignature(far, WITNESS.sign(cosigned(text, far))), KEY, text),
    ]:
        assert time_of_cosignature(key, value, cosigned_text) is None
