"""Tests of the release manifest: reading returns the written values, and other contents are recognised."""

import json

import pytest

from software_update.format.release_manifest import (
    MAX_COUNTER,
    SCHEMA,
    ReleaseManifest,
    build_release,
    parse_release,
)
from software_update.format.verdicts import Refused, Verdict

SMALL = ReleaseManifest("blinky", "1.4.0", 7)
FULL = ReleaseManifest(
    "blinky",
    "1.4.0-rc.1",
    MAX_COUNTER,
    ("lm3s6965evb", "board b"),
    5,
    'Blinks "faster".\nÄußerst.',
    "critical",
    "2031-01-01T00:00:00Z",
)
FIELDS = {"schema": SCHEMA, "product": "blinky", "version": "1.4.0", "release_counter": 7}


def with_(**fields: object) -> bytes:
    return json.dumps({**FIELDS, **fields}).encode()


def without(name: str) -> bytes:
    return json.dumps({key: value for key, value in FIELDS.items() if key != name}).encode()


@pytest.mark.parametrize("release", [SMALL, FULL])
def test_round_trip(release: ReleaseManifest) -> None:
    assert parse_release(build_release(release)) == release


def test_the_bytes_do_not_change() -> None:
    assert build_release(SMALL) == (
        b'{\n "schema": "software_update.release.v1",\n "product": "blinky",\n'
        b' "version": "1.4.0",\n "release_counter": 7\n}\n'
    )


def test_unknown_fields_are_skipped() -> None:
    assert parse_release(with_(more={"a": [1]})) == SMALL


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x7fELF",
        b"[]",
        b"7",
        b'{"product": "blinky"}',
        b'{"schema": 7}',
        b'{"schema": "another.release.v1"}',
        b'{"a": 1, "a": 2}',
        b"[" * 100_000,
        b'"\xff"',
        '{"product": "blinky"}'.encode("utf-16"),
        b"\xef\xbb\xbf{}",
        b'{"a": ' + b"[" * 32 + b"]" * 32 + b"}",
    ],
)
def test_another_file(content: bytes) -> None:
    assert parse_release(content) is None


BAD = {
    "not JSON": build_release(SMALL)[:-2],
    "a key twice": b'{"release_counter": 9, ' + with_()[1:],
    "a key twice inside": with_(more=[{}]).replace(b"{}", b'{"a": 1, "a": 2}'),
    "family name after a part of it": b"software_update.releasoftware_update.release.",
    "another version": with_(schema="software_update.release.v2"),
    "no product": without("product"),
    "product empty": with_(product=""),
    "product a number": with_(product=1),
    "no version": without("version"),
    "no counter": without("release_counter"),
    "counter 0": with_(release_counter=0),
    "counter too high": with_(release_counter=MAX_COUNTER + 1),
    "counter true": with_(release_counter=True),
    "counter a text": with_(release_counter="7"),
    "counter with a point": with_(release_counter=7.0),
    "minimum 0": with_(minimum_release_counter=0),
    "minimum null": with_(minimum_release_counter=None),
    "no hardware": with_(hardware_ids=[]),
    "hardware a text": with_(hardware_ids="lm3s6965evb"),
    "hardware a number": with_(hardware_ids=[7]),
    "hardware empty": with_(hardware_ids=[""]),
    "severity": with_(severity="terrible"),
    "support": with_(support_until="2031"),
    "notes": with_(notes=[]),
}


@pytest.mark.parametrize("content", BAD.values(), ids=BAD)
def test_malformed(content: bytes) -> None:
    with pytest.raises(Refused) as caught:
        parse_release(content)
    assert caught.value.verdict == Verdict.MALFORMED
    assert caught.value.subject == "release manifest"
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_other_encodings_of_a_release_manifest(encoding: str) -> None:
    with pytest.raises(Refused, match="; save it as UTF-8 without") as caught:
        parse_release(json.dumps(FIELDS).encode(encoding))
    assert caught.value.verdict == Verdict.MALFORMED


def test_depth() -> None:
    """The object of the manifest is depth 1."""
    assert parse_release(with_(more=json.loads("[" * 31 + "]" * 31))) == SMALL
    with pytest.raises(Refused, match="nested more than 32 deep"):
        parse_release(with_(more=json.loads("[" * 32 + "]" * 32)))


def test_errors_are_short() -> None:
    long = "\x1b" * 100_000
    for content in (
        with_(schema=f"{SCHEMA}{long}"),
        with_(support_until=long),
        with_(**{long: 1})[:-1] + f", {json.dumps(long)}: 2}}".encode(),
    ):
        with pytest.raises(Refused) as caught:
            parse_release(content)
        assert len(str(caught.value)) < 200
        assert str(caught.value).isprintable()


def test_a_bad_one_cannot_be_built() -> None:
    with pytest.raises(Refused):
        build_release(ReleaseManifest("blinky", "1", 0))
