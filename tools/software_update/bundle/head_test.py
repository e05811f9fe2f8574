"""Tests of head.py."""

import itertools
import tempfile

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from software_update.bundle.envelope import Envelope, Payload
from software_update.bundle.head import Head, MetadataAfterPayloads, Rest, read_head, read_whole
from software_update.bundle.reader import read_envelope
from software_update.format import limits, metadata
from software_update.format.messages import Target
from software_update.format.verdicts import Refused, Verdict
from software_update.testing import encode as e

METADATA = e.chain(b"1" * 300) + e.root_entry(b"r" * 600) + e.targets_entry(b"t" * 900)
MANIFEST = e.payload("user_manifest", b"m" * 500)
NAMES = ["a", "user_manifesu", "user_manifest2", "n" * 127, "n" * 128, "n" * 4096]
LENGTHS = [0, 1, 2, 3, 100, 122, 123, 124, 125, 126, 127, 128, 129, 16_000, 20_000]


class Recorded:
    """Bytes, and the ranges of them that have been read."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.reads: list[tuple[int, int]] = []

    def size(self) -> int:
        return len(self.data)

    def read(self, offset: int, length: int) -> bytes:
        assert length > 0
        self.reads.append((offset, offset + length))
        return self.data[offset : offset + length]

    def has_read(self, start: int, end: int) -> bool:
        return any(first < end and start < last for first, last in self.reads)


def whole(data: bytes) -> Envelope | Verdict:
    with tempfile.TemporaryFile() as file:
        file.write(data)
        file.flush()
        try:
            return read_envelope(file.fileno())
        except Refused as refused:
            return refused.verdict


def in_parts(data: bytes) -> Envelope | Verdict | None:
    """Reads a head, and what comes after it. Checks that no byte of a payload is read too early."""
    source = Recorded(data)
    try:
        head = read_head(source)
        found = head.envelope.payloads
        rest = Rest(source, head)
        for payload in rest.payloads():
            assert not source.has_read(payload.offset, payload.offset + payload.length)
            found = (*found, payload)
        assert found == rest.envelope().payloads
        return rest.envelope()
    except Refused as refused:
        return refused.verdict
    except MetadataAfterPayloads:
        return None


def test_head_has_metadata_and_the_release_manifest() -> None:
    head_bytes = METADATA + MANIFEST
    data = head_bytes + e.payload("app", b"a" * 1000)
    manifest = Payload("user_manifest", len(head_bytes) - 500, 500)
    assert read_head(Recorded(data)) == Head(
        Envelope(len(data), b"r" * 600, (b"1" * 300,), b"t" * 900, (manifest,)),
        b"m" * 500,
        len(head_bytes),
    )


@pytest.mark.parametrize("name", NAMES)
def test_head_reads_no_byte_of_another_payload(name: str) -> None:
    for length in LENGTHS:
        for before in (b"", METADATA, METADATA + MANIFEST):
            data = before + e.payload(name, b"x" * length) + e.payload("z", b"z" * 30)
            source = Recorded(data)
            head = read_head(source)
            for payload in Rest(Recorded(data), head).payloads():
                assert not source.has_read(payload.offset, payload.offset + payload.length)
            assert in_parts(data) == whole(data)


def test_head_does_not_read_a_payload_that_comes_before_its_name() -> None:
    for length in LENGTHS:
        entry = e.blob(4, e.blob(2, b"x" * length) + e.text(1, "user_manifest"))
        data = METADATA + entry
        source = Recorded(data)
        head = read_head(source)
        assert (head.end, head.envelope.payloads) == (len(METADATA), ())
        start = len(data) - len(e.text(1, "user_manifest")) - length
        assert not source.has_read(start, start + length)
        assert rest_names(data, head) == ["user_manifest"]


def rest_names(data: bytes, head: Head) -> list[str]:
    return [each.name for each in Rest(Recorded(data), head).payloads()]


def test_head_takes_few_reads() -> None:
    """A read may be a round trip to a server."""
    source = Recorded(METADATA + MANIFEST + e.payload("app", b"a" * 100_000))
    read_head(source)
    assert len(source.reads) <= 9
    assert all(first[1] == second[0] for first, second in itertools.pairwise(source.reads))


def test_metadata_larger_than_one_read() -> None:
    large = e.targets_entry(b"t" * 200_000) + e.root_entry(b"r" * 500_000)
    source = Recorded(large + e.payload("app", b"a" * 1000))
    head = read_head(source)
    assert (head.envelope.targets, head.envelope.root) == (b"t" * 200_000, b"r" * 500_000)
    assert not source.has_read(source.size() - 1000, source.size())


@pytest.mark.parametrize(
    ("before", "after", "lacks"),
    [
        (b"", b"", False),
        (METADATA, b"", False),
        (METADATA, e.payload("app", b"a"), False),
        (b"", e.payload("app", b"a") + METADATA, True),
        (e.root_entry(b"root"), e.payload("app", b"a"), True),
    ],
)
def test_metadata_that_comes_later_is_lacking(before: bytes, after: bytes, lacks: bool) -> None:
    assert read_head(Recorded(before + after)).lacks() == lacks


def test_release_manifest_that_comes_later_is_lacking() -> None:
    common = metadata.parse_signed("targets", e.signed(e.targets({"app": b"a"}))).serialized
    listed = metadata.parse_targets(common)
    with_manifest = listed._replace(targets=(Target.of("user_manifest", 1, bytes(32)),))
    app = e.payload("app", b"a")
    first = read_head(Recorded(METADATA + MANIFEST + app))
    later = read_head(Recorded(METADATA + app + MANIFEST))
    left_out = read_head(Recorded(METADATA))
    assert not first.lacks(with_manifest)
    assert later.lacks(with_manifest)
    assert not later.lacks(listed)
    assert not left_out.lacks(with_manifest)


@pytest.mark.parametrize("late", [e.chain(b"1"), e.root_entry(b"r"), e.targets_entry(b"t")])
def test_metadata_after_a_payload_is_an_error_of_the_rest(late: bytes) -> None:
    data = e.payload("app", b"a") + late
    rest = Rest(Recorded(data), read_head(Recorded(data))).payloads()
    assert next(rest).name == "app"
    with pytest.raises(MetadataAfterPayloads, match="has metadata after the first payload"):
        next(rest)


def test_whole_reads_a_bundle_in_any_order() -> None:
    data = e.payload("app", b"a") + MANIFEST + METADATA
    head = read_whole(Recorded(data))
    assert head == Head(whole(data), b"m" * 500, len(data))  # type: ignore[arg-type]
    assert not head.lacks()
    assert rest_names(data, head) == []


def test_release_manifest_that_is_too_large_is_not_read() -> None:
    large = e.payload("user_manifest", bytes(limits.MAX_USER_MANIFEST_BYTES + 1))
    source = Recorded(large)
    head = read_head(source)
    assert head.user_manifest is None
    assert [each.name for each in head.envelope.payloads] == ["user_manifest"]
    assert not source.has_read(100_000, source.size())
    assert read_whole(Recorded(large)).user_manifest is None


def test_names_of_the_head_and_the_rest_are_the_same_names() -> None:
    data = MANIFEST + e.payload("app", b"") + MANIFEST
    assert in_parts(data) == whole(data) == Verdict.DUPLICATE_FIELD


def test_names_of_the_head_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_ENVELOPE_NAMES_BYTES", 15)
    data = MANIFEST + e.payload("abc", b"")
    assert in_parts(data) == whole(data) == Verdict.TOO_LARGE


def test_source_may_return_less_than_it_is_asked_for() -> None:
    class Slow(Recorded):
        def read(self, offset: int, length: int) -> bytes:
            return super().read(offset, min(length, 7))

    data = METADATA + MANIFEST + e.payload("app", b"a" * 200)
    assert read_head(Slow(data)) == read_head(Recorded(data))
    assert read_whole(Slow(data)) == read_whole(Recorded(data))


def test_name_that_is_too_large_is_not_read() -> None:
    data = e.payload("n" * 5000, b"")
    source = Recorded(data)
    with pytest.raises(Refused, match="a name of 5000 bytes; at most 4096"):
        read_head(source)
    assert not source.has_read(20, source.size())


def fields() -> st.SearchStrategy[bytes]:
    names = st.sampled_from([b"targets", b"a", b"user_manifest", b"\xff"]) | st.binary(max_size=2)
    key = st.builds(e.blob, st.sampled_from([1, 1, 1, 2, 3]), names)
    value = st.builds(e.blob, st.sampled_from([2, 2, 2, 1]), st.binary(max_size=200))
    parts = st.tuples(key, value) | st.tuples(value, key) | st.tuples(key) | st.just(())
    entries = st.builds(
        lambda number, parts: e.blob(number, b"".join(parts)), st.sampled_from([3, 4, 4, 4]), parts
    )
    metadata = st.builds(e.blob, st.sampled_from([1, 5, 65]), st.binary(max_size=200))
    return entries | metadata | st.binary(max_size=3)


@given(st.lists(fields(), max_size=6).map(b"".join) | st.binary(max_size=30))
@example(b"")
@example(b"\x22\x00\x22\x02\x12\x00")
@example(b"\x22\x01\x12\x22\x02\x12\x00")
def test_head_and_rest_are_the_whole(data: bytes) -> None:
    expected, found = whole(data), in_parts(data)
    assert found == expected or found is None
    if isinstance(expected, Envelope):
        assert read_whole(Recorded(data)).envelope == expected


@given(st.data())
def test_truncated_bundle_has_the_same_verdict(data: st.DataObject) -> None:
    good = METADATA + MANIFEST + e.payload("app", b"a" * 200) + e.payload("b" * 130, b"")
    cut = good[: data.draw(st.integers(0, len(good)))]
    assert in_parts(cut) == whole(cut)


# A first part of known length.


def test_known_first_part_is_all_that_is_read() -> None:
    head_bytes = METADATA + MANIFEST
    source = Recorded(head_bytes + e.payload("app", b"a" * 1000))
    head = read_head(source, len(head_bytes))
    assert head == read_head(Recorded(source.data))
    assert max(end for _, end in source.reads) == len(head_bytes)
    assert [each.name for each in Rest(source, head).payloads()] == ["app"]


@pytest.mark.parametrize("first_part", [0, len(METADATA)])
def test_first_part_that_is_too_short_lacks_metadata(first_part: int) -> None:
    source = Recorded(METADATA + MANIFEST + e.payload("app", b"a" * 1000))
    head = read_head(source, first_part)
    assert (head.end, head.user_manifest, head.lacks()) == (first_part, None, first_part == 0)


@pytest.mark.parametrize("first_part", [len(METADATA) - 1, len(METADATA + MANIFEST) + 100])
def test_first_part_that_cuts_a_part_is_refused(first_part: int) -> None:
    source = Recorded(METADATA + MANIFEST + e.payload("app", b"a" * 1000))
    with pytest.raises(Refused) as caught:
        read_head(source, first_part)
    assert caught.value.verdict == Verdict.MALFORMED
    assert not source.has_read(first_part, len(source.data))


def test_first_part_with_a_payload_ends_where_that_begins() -> None:
    head_bytes = METADATA + MANIFEST
    app = e.payload("app", b"a" * 1000)
    source = Recorded(head_bytes + app + e.payload("boot", b"b"))
    for first_part in (len(head_bytes + app), 10**9):
        head = read_head(source, first_part)
        assert (head.end, head.envelope.size) == (len(head_bytes), len(source.data))
