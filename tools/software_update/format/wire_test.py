"""Tests of wire.py."""

from typing import Any

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from hypothesis import given
from hypothesis import strategies as st

from software_update.format import messages, wire
from software_update.format.messages import ROOT_METADATA
from software_update.format.proto import tuf_pb2
from software_update.format.verdicts import Refused, Verdict
from software_update.testing.encode import blob, number, text, varint
from software_update.testing.oracle import comparable, read_by_protobuf


def read(data: bytes, message: wire.Message[Any] = ROOT_METADATA, max_unknown: int = 0) -> Any:
    return wire.read(data, 0, len(data), message, max_unknown=max_unknown)


def verdict_of(
    data: bytes, message: wire.Message[Any] = ROOT_METADATA, max_unknown: int = 10
) -> Refused:
    found = []
    for keep_lists in (True, False):
        with pytest.raises(Refused) as caught:
            wire.read(data, 0, len(data), message, max_unknown=max_unknown, keep_lists=keep_lists)
        found.append(caught.value)
    assert str(found[0]) == str(found[1])
    return found[0]


@pytest.mark.parametrize(
    ("value", "encoded"),
    [(0, "00"), (1, "01"), (127, "7f"), (128, "8001"), (300, "ac02"), (2**64 - 1, "ff" * 9 + "01")],
)
def test_varint_vectors(value: int, encoded: str) -> None:
    data = bytes.fromhex(encoded)
    assert wire.encode_varint(value) == data
    assert wire.decode_varint(data, 0, len(data)) == (value, len(data))


@given(st.integers(0, 2**64 - 1), st.binary(max_size=3), st.binary(max_size=3))
def test_varint_round_trips_at_any_place(value: int, before: bytes, after: bytes) -> None:
    data = before + wire.encode_varint(value) + after
    end = len(data) - len(after)
    assert wire.decode_varint(data, len(before), len(data)) == (value, end)


@pytest.mark.parametrize(
    ("encoded", "detail"),
    [
        ("", "ends in the middle of a number"),
        ("80", "ends in the middle of a number"),
        ("ffffff", "ends in the middle of a number"),
        ("8000", "a number is not in its shortest form"),
        ("ff00", "a number is not in its shortest form"),
        ("ff" * 9 + "00", "a number is not in its shortest form"),
        ("ff" * 9 + "02", "a number has more than 64 bits"),
        ("80" * 9 + "02", "a number has more than 64 bits"),
        ("ff" * 9 + "7f", "a number has more than 64 bits"),
        ("ff" * 10, "a number has more than 64 bits"),
        ("80" * 10 + "01", "a number has more than 64 bits"),
    ],
)
def test_bad_varints(encoded: str, detail: str) -> None:
    data = bytes.fromhex(encoded)
    with pytest.raises(Refused) as caught:
        wire.decode_varint(data, 0, len(data))
    assert (caught.value.verdict, caught.value.detail) == (Verdict.MALFORMED, detail)


def test_a_varint_does_not_reach_over_its_end() -> None:
    with pytest.raises(Refused, match="in the middle"):
        wire.decode_varint(b"\xff\x01", 0, 1)


@pytest.mark.parametrize("tag", [0 << 3 | 2, 2**29 << 3 | 2])
def test_field_numbers_out_of_range(tag: int) -> None:
    with pytest.raises(Refused, match="out of range"):
        wire.split_tag(tag)


@pytest.mark.parametrize("wire_type", [3, 4, 6, 7])
def test_unknown_wire_types(wire_type: int) -> None:
    with pytest.raises(Refused, match=f"unknown wire type {wire_type}"):
        wire.split_tag(1 << 3 | wire_type)


def test_fields_say_where_their_content_is() -> None:
    data = number(1, 300) + text(2, "ab") + b"\x19" + bytes(8) + b"\x25" + bytes(4)
    assert [tuple(each) for each in wire.fields(data, 0, len(data))] == [
        (1, wire.VARINT, 300, 1, 3),
        (2, wire.LENGTH_DELIMITED, 2, 5, 7),
        (3, wire.FIXED64, 0, 8, 16),
        (4, wire.FIXED32, 0, 17, 21),
    ]


@pytest.mark.parametrize(
    "data", [b"\x0a\x02a", b"\x09" + bytes(7), b"\x0d" + bytes(3), b"\x0a" + varint(2**64 - 1)]
)
def test_a_field_that_ends_after_its_message(data: bytes) -> None:
    with pytest.raises(Refused, match="field 1 ends after its message"):
        list(wire.fields(data, 0, len(data)))


def test_encode_field_writes_the_bytes_of_protobuf() -> None:
    content = b"x" * 300
    assert wire.encode_field(1, content) == tuf_pb2.Signature(key_id=content).SerializeToString()
    assert wire.encode_field(65, b"") == blob(65, b"")


def test_parse_gives_the_message() -> None:
    data = blob(1, text(1, "1.0.0") + number(2, 7)) + number(2, 1)
    parsed = read(data)
    assert (parsed.common_metadata.spec_version, parsed.common_metadata.version) == ("1.0.0", 7)
    assert parsed.consistent_snapshot


@pytest.mark.parametrize(
    "data",
    [
        blob(1, b"") + blob(1, b""),
        number(2, 1) + blob(3, b"") + number(2, 1),
        blob(1, number(2, 1) + number(2, 2)),
        blob(1, blob(3, number(1, 1) + number(1, 2))),
        blob(3, blob(2, number(1, 3) + number(1, 1))),
    ],
    ids=["message", "bool", "nested", "nested twice", "in a repeated one"],
)
def test_singular_field_appears_at_most_once(data: bytes) -> None:
    assert verdict_of(data).verdict == Verdict.DUPLICATE_FIELD


def test_repeated_field_may_appear_often() -> None:
    parsed = read(blob(1, b"a") + blob(2, b"") + blob(2, b""), messages.SIGNED_ROOT_METADATA, 0)
    assert len(parsed.signatures) == 2


@pytest.mark.parametrize(
    "extra",
    [number(99, 1), blob(99, b"x"), b"\xa1\x06" + bytes(8), b"\xa5\x06" + bytes(4)],
    ids=["varint", "bytes", "fixed64", "fixed32"],
)
def test_unknown_fields_are_skipped_or_refused(extra: bytes) -> None:
    plain, nested = number(2, 1) + extra, blob(1, number(2, 1) + extra)
    for data in (plain, nested):
        read(data, messages.ROOT_METADATA, 10)
        assert verdict_of(data, max_unknown=0).verdict == Verdict.UNEXPECTED_FIELD


def test_an_unknown_field_twice_is_skipped() -> None:
    read(number(99, 1) + number(99, 1), messages.ROOT_METADATA, 10)


@pytest.mark.parametrize(
    "data",
    [
        number(1, 1),
        blob(2, b"\x01"),
        blob(1, blob(2, b"\x01")),
        b"\x09" + bytes(8),
        blob(3, number(1, 1)),
        blob(3, blob(2, blob(1, b"\x03"))),
    ],
    ids=["message", "bool", "uint32", "fixed64", "bytes", "enum"],
)
def test_wrong_wire_types(data: bytes) -> None:
    # protobuf itself takes these for unknown fields and skips them.
    refused = verdict_of(data)
    assert refused.verdict == Verdict.MALFORMED
    assert "has the wrong wire type" in refused.detail


@pytest.mark.parametrize(
    ("data", "fits"),
    [
        (blob(1, number(2, 2**32 - 1)), True),
        (blob(1, number(2, 2**32)), False),
        (blob(1, number(2, 2**64 - 1)), False),
        (number(2, 1), True),
        (number(2, 2), False),
        (blob(3, blob(2, number(1, 2**31 - 1))), True),
        (blob(3, blob(2, number(1, 2**31))), False),
        (blob(1, blob(3, number(1, 2**64 - 1))), True),  # int64, -1
        (blob(1, blob(3, number(2, 2**31))), False),
    ],
)
def test_numbers_that_protobuf_would_truncate(data: bytes, fits: bool) -> None:
    if fits:
        read(data)
    else:
        refused = verdict_of(data)
        assert (refused.verdict, "out of range" in refused.detail) == (Verdict.MALFORMED, True)


@pytest.mark.parametrize("content", [b"\xff", b"\xc0\xaf", b"\xed\xa0\x80", b"\xf4\x90\x80\x80"])
def test_text_that_is_not_utf_8(content: bytes) -> None:
    refused = verdict_of(blob(1, blob(1, content)))
    assert (refused.verdict, refused.detail) == (
        Verdict.MALFORMED,
        "CommonMetadata.spec_version is not UTF-8",
    )


def test_map_entries_are_messages_too() -> None:
    entry = text(1, "a") + blob(2, b"")
    read(blob(1, entry), messages.MANIFEST, 0)
    doubled = blob(1, entry + text(1, "b"))
    refused = verdict_of(doubled, messages.MANIFEST, max_unknown=0)
    assert refused.verdict == Verdict.DUPLICATE_FIELD


KEY_ID = blob(1, bytes(32))


@pytest.mark.parametrize(
    ("message", "part", "most", "name"),
    [
        (messages.SIGNED_ROOT_METADATA, blob(2, b""), 64, "SignedRootMetadata.signatures"),
        (messages.SIGNED_TARGETS_METADATA, blob(2, b""), 64, "SignedTargetsMetadata.signatures"),
        (messages.ROOT_METADATA, blob(3, b""), 64, "RootMetadata.keys"),
        (messages.SIGNATURE_REQUIREMENT, KEY_ID, 64, "SignatureRequirement.key_ids"),
        (messages.TARGETS_METADATA, blob(2, b""), 65_536, "TargetsMetadata.target_files"),
        (messages.TARGET_FILE, blob(3, b""), 2, "TargetFile.hashes"),
        (messages.MANIFEST, blob(1, b""), 16, "Manifest.targets_metadata"),
    ],
)
def test_limits_of_repeated_fields(
    message: wire.Message[Any], part: bytes, most: int, name: str
) -> None:
    read(part * most, message)
    refused = verdict_of(part * (most + 1), message)
    assert (refused.verdict, refused.detail) == (
        Verdict.TOO_LARGE,
        f"{name} appears more than {most} times",
    )


def test_a_limit_is_of_one_message() -> None:
    file = blob(2, blob(3, b"") * 2)
    read(file * 3, messages.TARGETS_METADATA, 0)


@pytest.mark.parametrize(
    ("message", "field", "most", "name"),
    [
        (messages.SIGNATURE, 1, 255, "Signature.key_id"),
        (messages.SIGNATURE, 2, 4096, "Signature.sig"),
        (messages.SIGNATURE_REQUIREMENT, 1, 255, "SignatureRequirement.key_ids"),
        (messages.TARGET_FILE, 1, 4096, "TargetFile.file_name"),
        (messages.COMMON_METADATA, 4, 255, "CommonMetadata.role"),
    ],
)
def test_limits_of_lengths(message: wire.Message[Any], field: int, most: int, name: str) -> None:
    read(blob(field, b"a" * most), message, max_unknown=0)
    refused = verdict_of(blob(field, b"a" * (most + 1)), message)
    assert (refused.verdict, refused.detail) == (
        Verdict.TOO_LARGE,
        f"{name} has {most + 1} bytes; at most {most} are allowed",
    )


def test_limit_of_unknown_fields_counts_every_depth() -> None:
    data = number(99, 1) + blob(1, number(99, 1)) + blob(3, blob(2, number(99, 1)))
    read(data, messages.ROOT_METADATA, 3)
    with pytest.raises(Refused) as caught:
        read(data, messages.ROOT_METADATA, 2)
    assert caught.value.verdict == Verdict.TOO_LARGE
    assert caught.value.detail == "more than 2 unknown fields"


def test_check_of_a_part_ignores_bytes_outside_it() -> None:
    data = b"\xff" + number(2, 1) + b"\xff"
    assert wire.read(data, 1, 3, ROOT_METADATA, max_unknown=0).consistent_snapshot


def test_deep_nesting_in_unknown_fields_is_not_looked_into() -> None:
    data = b""
    for _ in range(2000):
        data = blob(99, data)
    read(data, messages.ROOT_METADATA, 10)


def test_a_list_that_is_not_kept_is_checked() -> None:
    data = blob(2, blob(1, b"a")) * 3
    found = wire.read(
        data, 0, len(data), messages.TARGETS_METADATA, max_unknown=0, keep_lists=False
    )
    assert list(found.target_files) == [None, None, None]
    bad = data + blob(2, blob(1, b"\xff"))
    assert verdict_of(bad, messages.TARGETS_METADATA).detail == "TargetFile.file_name is not UTF-8"


def test_values_of_absent_fields() -> None:
    common = messages.CommonMetadata("", 0, None, None)
    none = messages.Role((), 0)
    assert read(b"") == (common, False, (), none, None, None, none, (), False)
    target = read(blob(2, blob(3, b"")), messages.TARGETS_METADATA).target_files[0]
    assert target == ("", 0, ((0, b""),), None)
    file = blob(2, blob(254, b""))
    compressed = read(file, messages.TARGETS_METADATA).target_files[0].compression
    assert compressed == (0, 0, b"")
    assert read(b"", messages.MANIFEST) == ((), None, None, None)
    assert read(b"", messages.SIGNED_ROOT_METADATA) == ((None, 0, 0), ())


def test_places() -> None:
    data = blob(2, blob(1, b"id")) + blob(1, b"signed")
    signed = read(data, messages.SIGNED_TARGETS_METADATA)
    assert signed.serialized == (None, 8, 14)
    assert signed.signatures == ((b"id", b""),)


def commons() -> st.SearchStrategy[tuf_pb2.CommonMetadata]:
    return st.builds(
        tuf_pb2.CommonMetadata,
        spec_version=st.text(max_size=6),
        version=st.integers(0, 2**32 - 1),
        expires=st.none() | st.builds(Timestamp, seconds=st.integers(-(2**63), 2**63 - 1)),
        role=st.none() | st.sampled_from(["root", "targets", ""]),
    )


def target_files() -> st.SearchStrategy[tuf_pb2.TargetFile]:
    hashes = st.builds(tuf_pb2.Hash, function=st.sampled_from([0, 1]), hash=st.binary(max_size=33))
    return st.builds(
        tuf_pb2.TargetFile,
        file_name=st.text(max_size=6),
        length=st.integers(0, 2**64 - 1),
        hashes=st.lists(hashes, max_size=2),
    )


@given(commons(), st.lists(target_files(), max_size=3))
def test_everything_that_protobuf_writes_is_read(
    common: tuf_pb2.CommonMetadata, files: list[tuf_pb2.TargetFile]
) -> None:
    message = tuf_pb2.TargetsMetadata(common_metadata=common, target_files=files)
    data = message.SerializeToString()
    for max_unknown in (0, 10):
        found = read(data, messages.TARGETS_METADATA, max_unknown)
        assert comparable(data, found) == read_by_protobuf(data, messages.TARGETS_METADATA)
    assert [each.name for each in found.target_files] == [each.file_name for each in files]


@given(st.binary(max_size=40))
def test_read_is_total(data: bytes) -> None:
    """Any bytes give a message, the same as protobuf's, or Refused."""
    try:
        found = read(data, messages.SIGNED_ROOT_METADATA)
    except Refused:
        return
    assert comparable(data, found) == read_by_protobuf(data, messages.SIGNED_ROOT_METADATA)
