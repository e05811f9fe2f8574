"""Tests of wire.py."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from software_update.format import wire
from software_update.format.proto import tuf_pb2, update_bundle_pb2
from software_update.format.verdicts import Refused, Verdict
from software_update.testing.encode import blob, number, text, varint


def verdict_of(data: bytes, message: type = tuf_pb2.RootMetadata, skip: bool = True) -> Refused:
    with pytest.raises(Refused) as caught:
        wire.parse(data, message, max_unknown=10 if skip else 0)
    return caught.value


@pytest.mark.parametrize(
    ("value", "encoded"),
    [(0, "00"), (1, "01"), (127, "7f"), (128, "8001"), (300, "ac02"), (2**64 - 1, "ff" * 9 + "01")],
)
def test_varint_vectors(value: int, encoded: str) -> None:
    data = bytes.fromhex(encoded)
    assert wire.encode_varint(value) == data
    assert wire.decode_varint(data, 0, len(data)) == (value, len(data))


@given(st.integers(0, 2**64 - 1), st.binary(max_size=3), st.binary(max_size=3))
def test_a_varint_round_trips_wherever_it_stands(value: int, before: bytes, after: bytes) -> None:
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


def test_encode_field_is_what_protobuf_writes() -> None:
    content = b"x" * 300
    assert wire.encode_field(1, content) == tuf_pb2.Signature(key_id=content).SerializeToString()
    assert wire.encode_field(65, b"") == blob(65, b"")


def test_parse_gives_the_message() -> None:
    data = blob(1, text(1, "1.0.0") + number(2, 7)) + number(2, 1)
    parsed = wire.parse(data, tuf_pb2.RootMetadata, max_unknown=0)
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
def test_a_singular_field_stands_once(data: bytes) -> None:
    assert verdict_of(data).verdict == Verdict.DUPLICATE_FIELD


def test_a_repeated_field_may_stand_often() -> None:
    parsed = wire.parse(
        blob(1, b"a") + blob(2, b"") + blob(2, b""), tuf_pb2.SignedRootMetadata, max_unknown=0
    )
    assert len(parsed.signatures) == 2


@pytest.mark.parametrize(
    "extra",
    [number(99, 1), blob(99, b"x"), b"\xa1\x06" + bytes(8), b"\xa5\x06" + bytes(4)],
    ids=["varint", "bytes", "fixed64", "fixed32"],
)
def test_unknown_fields_are_skipped_or_refused(extra: bytes) -> None:
    plain, nested = number(2, 1) + extra, blob(1, number(2, 1) + extra)
    for data in (plain, nested):
        wire.parse(data, tuf_pb2.RootMetadata, max_unknown=10)
        assert verdict_of(data, skip=False).verdict == Verdict.UNEXPECTED_FIELD


def test_an_unknown_field_twice_is_skipped() -> None:
    wire.parse(number(99, 1) + number(99, 1), tuf_pb2.RootMetadata, max_unknown=10)


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
        wire.parse(data, tuf_pb2.RootMetadata, max_unknown=0)
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
    wire.parse(blob(1, entry), update_bundle_pb2.Manifest, max_unknown=0)
    doubled = blob(1, entry + text(1, "b"))
    refused = verdict_of(doubled, update_bundle_pb2.Manifest, skip=False)
    assert refused.verdict == Verdict.DUPLICATE_FIELD


KEY_ID = blob(1, bytes(32))


@pytest.mark.parametrize(
    ("message", "part", "most", "name"),
    [
        (tuf_pb2.SignedRootMetadata, blob(2, b""), 64, "SignedRootMetadata.signatures"),
        (tuf_pb2.SignedTargetsMetadata, blob(2, b""), 64, "SignedTargetsMetadata.signatures"),
        (tuf_pb2.RootMetadata, blob(3, b""), 64, "RootMetadata.keys"),
        (tuf_pb2.SignatureRequirement, KEY_ID, 64, "SignatureRequirement.key_ids"),
        (tuf_pb2.TargetsMetadata, blob(2, b""), 65_536, "TargetsMetadata.target_files"),
        (tuf_pb2.TargetFile, blob(3, b""), 2, "TargetFile.hashes"),
        (update_bundle_pb2.Manifest, blob(1, b""), 16, "Manifest.targets_metadata"),
    ],
)
def test_limits_of_repeated_fields(message: type, part: bytes, most: int, name: str) -> None:
    wire.check(part * most, 0, len(part) * most, message, max_unknown=0)
    refused = verdict_of(part * (most + 1), message)
    assert (refused.verdict, refused.detail) == (
        Verdict.TOO_LARGE,
        f"{name} appears more than {most} times",
    )


def test_a_limit_is_of_one_message() -> None:
    file = blob(2, blob(3, b"") * 2)
    wire.parse(file * 3, tuf_pb2.TargetsMetadata, max_unknown=0)


@pytest.mark.parametrize(
    ("message", "field", "most", "name"),
    [
        (tuf_pb2.Signature, 1, 255, "Signature.key_id"),
        (tuf_pb2.Signature, 2, 4096, "Signature.sig"),
        (tuf_pb2.SignatureRequirement, 1, 255, "SignatureRequirement.key_ids"),
        (tuf_pb2.TargetFile, 1, 4096, "TargetFile.file_name"),
        (tuf_pb2.CommonMetadata, 4, 255, "CommonMetadata.role"),
    ],
)
def test_limits_of_lengths(message: type, field: int, most: int, name: str) -> None:
    wire.parse(blob(field, b"a" * most), message, max_unknown=0)
    refused = verdict_of(blob(field, b"a" * (most + 1)), message)
    assert (refused.verdict, refused.detail) == (
        Verdict.TOO_LARGE,
        f"{name} has {most + 1} bytes; at most {most} are allowed",
    )


def test_limit_of_unknown_fields_counts_every_depth() -> None:
    data = number(99, 1) + blob(1, number(99, 1)) + blob(3, blob(2, number(99, 1)))
    wire.parse(data, tuf_pb2.RootMetadata, max_unknown=3)
    with pytest.raises(Refused) as caught:
        wire.parse(data, tuf_pb2.RootMetadata, max_unknown=2)
    assert caught.value.verdict == Verdict.TOO_LARGE
    assert caught.value.detail == "more than 2 unknown fields"


def test_a_check_of_a_part_does_not_look_outside_it() -> None:
    data = b"\xff" + number(2, 1) + b"\xff"
    wire.check(data, 1, len(data) - 1, tuf_pb2.RootMetadata, max_unknown=0)


def test_deep_nesting_in_unknown_fields_is_not_looked_into() -> None:
    data = b""
    for _ in range(2000):
        data = blob(99, data)
    wire.parse(data, tuf_pb2.RootMetadata, max_unknown=10)


def commons() -> st.SearchStrategy[tuf_pb2.CommonMetadata]:
    return st.builds(
        tuf_pb2.CommonMetadata,
        spec_version=st.text(max_size=6),
        version=st.integers(0, 2**32 - 1),
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
def test_parse_takes_whatever_protobuf_writes(
    common: tuf_pb2.CommonMetadata, files: list[tuf_pb2.TargetFile]
) -> None:
    message = tuf_pb2.TargetsMetadata(common_metadata=common, target_files=files)
    for skip in (False, True):
        parsed = wire.parse(
            message.SerializeToString(), tuf_pb2.TargetsMetadata, max_unknown=10 if skip else 0
        )
        assert parsed == message


@given(st.binary(max_size=40))
def test_parse_is_total(data: bytes) -> None:
    """Any bytes give a message or Refused."""
    try:
        parsed = wire.parse(data, tuf_pb2.SignedRootMetadata, max_unknown=0)
    except Refused:
        return
    again = wire.parse(parsed.SerializeToString(), tuf_pb2.SignedRootMetadata, max_unknown=0)
    assert again == parsed
