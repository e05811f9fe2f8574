"""Tests of reader.py."""

import os
import tempfile

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from software_update.bundle.envelope import Envelope, Payload
from software_update.bundle.reader import read_envelope, read_fields
from software_update.format import limits
from software_update.format.verdicts import Refused, Verdict
from software_update.testing import encode as e


def read(data: bytes) -> Envelope:
    with tempfile.TemporaryFile() as file:
        file.write(data)
        file.flush()
        return read_envelope(file.fileno())


def refused(data: bytes) -> Refused:
    with pytest.raises(Refused) as caught:
        read(data)
    return caught.value


def test_an_empty_file() -> None:
    assert read(b"") == Envelope(0, None, (), None, ())


def test_envelope_has_the_place_of_each_payload() -> None:
    head = e.chain(b"one", b"two") + e.root_entry(b"root") + e.targets_entry(b"targets!")
    data = head + e.payload("b", b"xyz") + e.payload("a/b", b"")
    b = data.index(b"xyz")
    assert read(data) == Envelope(
        len(data),
        b"root",
        (b"one", b"two"),
        b"targets!",
        (Payload("b", b, 3), Payload("a/b", len(data), 0)),
    )


@pytest.mark.parametrize("size", [0, 1, 100, 4050, 4096, 4097, 8192, 100_000])
def test_headers_anywhere_in_the_window(size: int) -> None:
    for shift in range(0, 45, 3):
        contents = {
            "a": bytes(size + shift),
            "b": b"b" * shift,
            "c": bytes(4096 - shift),
            "d": b"d",
        }
        data = e.bundle(contents)
        found = {
            each.name: data[each.offset : each.offset + each.length] for each in read(data).payloads
        }
        assert found == contents


def test_metadata_larger_than_the_window() -> None:
    for size in (4000, 4096, 10_000, limits.MAX_ROOT_METADATA_BYTES):
        assert read(e.root_entry(b"r" * size)).root == b"r" * size


def test_truncated_bundles_are_rejected() -> None:
    data = e.bundle({"a": b"12345", "b": b"6"})
    # Cut between two fields, it is a bundle with less in it.
    root = len(e.root_entry(read(data).root or b""))
    targets = root + len(e.targets_entry(read(data).targets or b""))
    ends = [0, root, targets, targets + len(e.payload("a", b"12345"))]
    for end in range(len(data)):
        if end in ends:
            read(data[:end])
        else:
            assert refused(data[:end]).verdict == Verdict.MALFORMED


@pytest.mark.parametrize(
    ("data", "verdict", "detail"),
    [
        (b"\0", Verdict.MALFORMED, "field number 0 is out of range"),
        (b"\x80", Verdict.MALFORMED, "ends in the middle of a number"),
        (b"\x2a", Verdict.MALFORMED, "ends in the middle of a number"),
        (b"\x2a\x80\x00", Verdict.MALFORMED, "a number is not in its shortest form"),
        (b"\xaa\x00\x01a", Verdict.MALFORMED, "a number is not in its shortest form"),
        (b"\x2b", Verdict.MALFORMED, "field 5 has the unknown wire type 3"),
        (b"\x2a\x02a", Verdict.MALFORMED, "field 5 claims 2 bytes, 1 are left"),
        (
            e.varint(5 << 3 | 2) + e.varint(2**64 - 1),
            Verdict.MALFORMED,
            f"field 5 claims {2**64 - 1} bytes, 0 are left",
        ),
        (e.number(5, 1), Verdict.UNEXPECTED_FIELD, "field 5 of wire type 0"),
        (e.blob(6, b""), Verdict.UNEXPECTED_FIELD, "no signature covers field 6"),
        (
            e.blob(3, e.text(1, "x\x1b") + e.blob(2, b"")),
            Verdict.UNEXPECTED_FIELD,
            "targets metadata under the name 'x\\x1b'",
        ),
        (e.blob(4, b""), Verdict.MALFORMED, "an entry lacks its name or its value"),
        (e.blob(4, e.text(1, "a")), Verdict.MALFORMED, "an entry lacks its name or its value"),
        (e.blob(4, e.blob(2, b"x")), Verdict.MALFORMED, "an entry lacks its name or its value"),
        (
            e.blob(4, e.text(1, "a") + e.blob(2, b"") + e.text(1, "b")),
            Verdict.DUPLICATE_FIELD,
            "an entry has two names or two values",
        ),
        (
            e.blob(4, e.text(1, "a") + e.blob(2, b"") + e.blob(2, b"")),
            Verdict.DUPLICATE_FIELD,
            "an entry has two names or two values",
        ),
        (
            e.blob(4, e.text(1, "a") + e.blob(2, b"") + e.blob(3, b"")),
            Verdict.UNEXPECTED_FIELD,
            "field 3 in an entry",
        ),
        (
            e.blob(4, e.text(1, "a") + b"\x12\x05x") + bytes(9),
            Verdict.MALFORMED,
            "field 2 claims 5 bytes, 1 are left",
        ),
        (e.blob(4, b"\x0a") + b"\x01a", Verdict.MALFORMED, "ends in the middle of a number"),
        (e.blob(4, e.blob(1, b"\xff") + e.blob(2, b"")), Verdict.MALFORMED, "a name is not UTF-8"),
        (
            e.payload("a" * 4097, b""),
            Verdict.TOO_LARGE,
            "a name of 4097 bytes; at most 4096",
        ),
        (e.payload("a", b"") * 2, Verdict.DUPLICATE_FIELD, "the payload 'a' appears twice"),
        (e.root_entry(b"") * 2, Verdict.DUPLICATE_FIELD, "root metadata appears twice"),
        (e.targets_entry(b"") * 2, Verdict.DUPLICATE_FIELD, "targets metadata appears twice"),
        (
            e.chain(bytes(limits.MAX_ROOT_METADATA_BYTES + 1)),
            Verdict.TOO_LARGE,
            f"a root of the chain of {2**19 + 1} bytes; at most {2**19}",
        ),
        (e.chain(b"") * 257, Verdict.TOO_LARGE, "the chain has more than 256 roots"),
    ],
)
def test_bad_envelopes_are_rejected(data: bytes, verdict: Verdict, detail: str) -> None:
    found = refused(data)
    assert (found.verdict, found.detail) == (verdict, detail)


def test_large_targets_metadata_is_refused_before_it_is_read() -> None:
    length = limits.MAX_TARGETS_METADATA_BYTES + 1
    entry = e.text(1, "targets") + e.varint(2 << 3 | 2) + e.varint(length)
    head = e.varint(3 << 3 | 2) + e.varint(len(entry) + length) + entry
    with tempfile.TemporaryFile() as file:
        file.write(head)
        file.flush()
        os.truncate(file.fileno(), len(head) + length)
        with pytest.raises(Refused) as caught:
            read_envelope(file.fileno())
    assert caught.value.verdict == Verdict.TOO_LARGE


def test_too_many_payloads() -> None:
    many = b"".join(e.payload(str(index), b"") for index in range(limits.MAX_TARGETS))
    assert len(read(many).payloads) == limits.MAX_TARGETS
    assert refused(many + e.payload("more", b"")).verdict == Verdict.TOO_LARGE


@pytest.mark.parametrize(
    ("letter", "most"), [("n", 4096), ("\N{LATIN SMALL LETTER E WITH ACUTE}", 1024)]
)
def test_too_many_bytes_of_names(letter: str, most: int) -> None:
    """In memory, a name that is not ASCII takes up to four bytes a character."""
    names = [f"{index:04}" + letter * ((4096 - 4) // len(letter.encode())) for index in range(most)]
    many = b"".join(e.payload(name, b"") for name in names[: most - 16])
    assert len(read(many).payloads) == most - 16
    more = many + b"".join(e.payload(name, b"") for name in names[most - 16 :])
    assert refused(more).detail == "names of over 16711680 bytes in all"


def test_the_position_of_the_file_does_not_matter() -> None:
    with tempfile.TemporaryFile() as file:
        file.write(e.root_entry(b"root"))
        file.flush()
        assert read_envelope(file.fileno()).root == b"root"
        file.seek(3)
        assert read_envelope(file.fileno()).root == b"root"
        assert file.tell() == 3


def test_a_file_that_becomes_shorter(monkeypatch: pytest.MonkeyPatch) -> None:
    data = e.root_entry(bytes(10_000))
    monkeypatch.setattr(os, "fstat", lambda _: os.stat_result((0,) * 6 + (len(data), 0, 0, 0)))
    for length in (0, 100, 5000):
        assert refused(data[:length]).detail == "the file became shorter while it was read"


def test_fields() -> None:
    parts = [e.payload("a", b"x"), e.root_entry(b"root"), e.payload("b", b""), e.chain(b"1")]
    with tempfile.TemporaryFile() as file:
        file.write(b"".join(parts))
        file.flush()
        found = list(read_fields(file.fileno()))
    starts = [sum(map(len, parts[:index])) for index in range(5)]
    assert found == list(zip([4, 5, 4, 65], starts, starts[1:], strict=False))


def fields() -> st.SearchStrategy[bytes]:
    entries = st.builds(
        lambda number, name, value: e.blob(number, e.blob(1, name) + e.blob(2, value)),
        st.sampled_from([3, 4]),
        st.sampled_from([b"targets", b"a", b"b", b"\xff"]),
        st.binary(max_size=3),
    )
    return entries | st.builds(e.blob, st.sampled_from([1, 5, 65]), st.binary(max_size=3))


@given(st.lists(fields(), max_size=5).map(b"".join) | st.binary(max_size=30))
@example(b"")
def test_reading_is_total(data: bytes) -> None:
    try:
        envelope = read(data)
    except Refused:
        return
    # All that was read, and nothing else, is in the file.
    again = b"".join(e.chain(each) for each in envelope.root_chain)
    again += e.root_entry(envelope.root) if envelope.root is not None else b""
    again += e.targets_entry(envelope.targets) if envelope.targets is not None else b""
    for each in envelope.payloads:
        again += e.payload(each.name, data[each.offset : each.offset + each.length])
    assert len(again) == len(data)
    assert read(again).root == envelope.root


def test_names_are_bounded_in_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_ENVELOPE_NAMES_BYTES", 10)
    ten = e.payload("a" * 5, b"") + e.payload("b" * 5, b"")
    assert len(read(ten).payloads) == 2
    assert refused(ten + e.payload("c", b"")).verdict == Verdict.TOO_LARGE
