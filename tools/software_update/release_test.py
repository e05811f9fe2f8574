"""Tests of the release manifest: what is read back is what was written, and what is none is told apart."""

import json

import pytest

from software_update.errors import Refused, Verdict
from software_update.release import (
    MAX_COUNTER,
    SCHEMA,
    ReleaseManifest,
    build_release,
    parse_release,
)

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
        json.dumps(FIELDS).encode("utf-16"),
    ],
)
def test_another_file(content: bytes) -> None:
    assert parse_release(content) is None


BAD = {
    "not JSON": build_release(SMALL)[:-2],
    "a key twice": b'{"release_counter": 9, ' + with_()[1:],
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


def test_a_bad_one_cannot_be_built() -> None:
    with pytest.raises(Refused):
        build_release(ReleaseManifest("blinky", "1", 0))
