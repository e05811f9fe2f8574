"""The device's reader of release manifests gives the results of the Python one, on many mutants."""

import ctypes
import json
import os
import random
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from software_update.format.release_manifest import MAX_COUNTER, SCHEMA, parse_release
from software_update.format.verdicts import Refused
from software_update.testing.tree import VECTORS

ANOTHER_FILE, RELEASE, MALFORMED, BEYOND = range(4)
HARDWARE_ID = "board-\u00e41\U0001f600"
PIECES = (1, 2, 3, 7, 64, 1 << 20)
# In the default test; `python release_manifest_test.py COUNT SEED` tries more.
MUTANTS = 4_000


_FACTS = ("kind", "counter", "minimum_counter", "lists_hardware", "lists_this_hardware")


class Result(ctypes.Structure):
    """The same as struct Release in parts_for_test.cc."""

    _fields_ = tuple((name, ctypes.c_uint32) for name in _FACTS)


Facts = tuple[int, int, int, bool, bool]

_library = ctypes.CDLL(os.path.abspath(os.environ["LIBRARY"]))
for _name in ("release_manifest", "release_manifest_with_room"):
    getattr(_library, _name).argtypes = [
        ctypes.c_char_p,
        ctypes.c_size_t,
        ctypes.c_size_t,
        ctypes.c_char_p,
        ctypes.POINTER(Result),
    ]


def of_device(content: bytes, piece: int, function: str = "release_manifest_with_room") -> Facts:
    result = Result()
    hardware_id = HARDWARE_ID.encode()
    getattr(_library, function)(content, len(content), piece, hardware_id, ctypes.byref(result))
    if result.kind != RELEASE:
        return result.kind, 0, 0, False, False
    facts = [getattr(result, name) for name in _FACTS]
    return facts[0], facts[1], facts[2], bool(facts[3]), bool(facts[4])


def of_python(content: bytes) -> Facts:
    try:
        release = parse_release(content)
    except Refused:
        return MALFORMED, 0, 0, False, False
    if release is None:
        return ANOTHER_FILE, 0, 0, False, False
    return (
        RELEASE,
        release.counter,
        release.minimum_counter or 0,
        bool(release.hardware_ids),
        HARDWARE_ID in release.hardware_ids,
    )


def check(content: bytes) -> int:
    """Compares both readers. Returns the kind."""
    expected = of_python(content)
    for piece in (1, len(content) or 1):
        assert of_device(content, piece) == expected, content
    return expected[0]


SMALL = {"schema": SCHEMA, "product": "blinky", "version": "1.4.0", "release_counter": 7}
ADVISORY = {"id": "CVE-1", "severity": "low", "text": "Text.", "action": "Act."}
FULL = {
    **SMALL,
    "minimum_release_counter": 5,
    "hardware_ids": ["board-2", HARDWARE_ID],
    "kind": "both",
    "severity": "critical",
    "advisories": [ADVISORY, {"id": "B-2", "severity": "high", "text": "\u00e4"}],
    "duration": 90,
    "unavailable_functions": ["heating", "remote control"],
    "reversible": False,
    "support_until": "2032-02-29T23:59:59Z",
    "notes": 'Blinks "faster".\n',
    "texts": {"de": {"notes": "Neu.", "unavailable_functions": ["Heizung"]}, "pt-BR": {}},
    "more": {"a": [1, {"b": [None, True, 1.5e3]}], "c": {"a": {}}},
}
# Values to put in place of others.
TAG = "de" + "-x" * 16
VALUES: list[object] = [
    *(
        None,
        True,
        False,
        0,
        1,
        -1,
        7,
        7.0,
        1e400,
        MAX_COUNTER,
        MAX_COUNTER + 1,
        10 * MAX_COUNTER + 11,
        10**19,
        10**40,
    ),
    *["a", "low", "Low", "medium", "high", "critical", "security", "feature", "both", "x"],
    *("", "low medium", "\0", "x" * 35, "x" * 36, SCHEMA, SCHEMA[:-1], SCHEMA[:-2], SCHEMA[:-3]),
    *(
        SCHEMA + "0",
        SCHEMA + "\0",
        HARDWARE_ID,
        HARDWARE_ID + "x",
        HARDWARE_ID[:-1],
        HARDWARE_ID + "\0",
    ),
    *([], {}, [[]], [""], ["a"], [1], ["a", None], [HARDWARE_ID], [ADVISORY], [{}], {"de": {}}),
    *({"de": []}, {"de": {"notes": ""}}, {"de-AT": {}, "DE-at": {}}, {"de": {}, "de-": {}}),
    *({tag: {}} for tag in ("", "d", "d1", "-de", "de-1", "abcdefgh", "abcdefghi", "de-abcdefghi")),
    *({tag: {}} for tag in (TAG, TAG + "y", TAG + "-x")),
    *[
        "0001-01-01T00:00:00Z",
        "0000-01-01T00:00:00Z",
        "9999-12-31T23:59:59Z",
        "2000-02-29T00:00:00Z",
    ],
    *[
        "2031-02-29T00:00:00Z",
        "2100-02-29T00:00:00Z",
        "2031-04-31T00:00:00Z",
        "2031-09-31T00:00:00Z",
    ],
    *[
        "2031-08-31T00:00:00Z",
        "2031-07-31T00:00:00Z",
        "2031-12-31T24:00:00Z",
        "2031-12-31T23:60:00Z",
    ],
    *[
        "2031-12-31T23:59:60Z",
        "2031-13-01T00:00:00Z",
        "2031-00-01T00:00:00Z",
        "2031-01-00T00:00:00Z",
    ],
    *[
        "2031-01-32T00:00:00Z",
        "2031-01-01t00:00:00Z",
        "2031-01-01T00:00:00",
        "2031-01-01T00:00:0٣Z",
    ],
]
# Pieces of text to put anywhere.
TEXTS = [
    *rb"""{ } [ ] , : " \ - + . 0 00 1 e E e5 1e+5 1E-5 -0 0.5 .5 1. {} [] "" // /**/ ' "a":""".split(),
    *rb"""NaN Infinity -Infinity true false null tru nulll True "a":1, "A":1, ,"a":2 "\u0061":1,""".split(),
    *rb"""\u \u0041 \ud83d \ude00 \ud83d\ude00 \uD83D\uDE00 \u00e \u00g0 \n \x \/ \" \\ \b""".split(),
    *rb"""\u0000 \u000A \U0041 software_update.release. software_update.releas "schema":1,""".split(),
    *(b'"schema":"software_update.release.v%d",' % version for version in (1, 2)),
    *(piece * 29 for piece in (b"[", b"]", b'{"a":', b"}")),
    *(b" ", b"\n", b"\t", b"\r", b"\x0b", b"\x00", b"\x1f", b"\x7f", b"s\0o\0f\0t\0", b"\xff"),
    *(b"\xc3\xa9", b"\xc3", b"\xed\xa0\x80", b"\xf0\x9f\x98\x80", b"\xef\xbb\xbf", b"\xc2\xa0"),
]


def mutants(count: int, seed: int) -> Iterator[bytes]:
    rng = random.Random(seed)
    for _ in range(count):
        yield mutant(rng)


def mutant(rng: random.Random) -> bytes:
    document = dict(FULL if rng.random() < 0.6 else SMALL)
    for _ in range(rng.choice((0, 0, 1, 1, 2))):
        document = _with_another_value(document, rng)
    items = list(document.items())
    if rng.random() < 0.3:
        rng.shuffle(items)
    content = _text(dict(items), rng)
    for _ in range(rng.choice((0, 0, 0, 1, 1, 2, 4))):
        content = _with_other_bytes(content, rng)
    if rng.random() < 0.06:
        content = _in_another_encoding(content, rng)
    return content


def _text(document: object, rng: random.Random) -> bytes:
    text = json.dumps(
        document,
        ensure_ascii=rng.random() < 0.5,
        indent=rng.choice((None, None, 1)),
        separators=rng.choice((None, (",", ":"))),
    )
    return text.encode("utf-8", "surrogatepass")


def _with_another_value(document: dict[str, object], rng: random.Random) -> dict[str, object]:
    changed: dict[str, object] = json.loads(json.dumps(document))
    place: object = changed
    while True:
        if isinstance(place, dict) and place:
            key = rng.choice(list(place))
            if (
                place[key] in ([], {})
                or not isinstance(place[key], dict | list)
                or rng.random() < 0.4
            ):
                if rng.random() < 0.1:
                    del place[key]
                elif rng.random() < 0.1:
                    place[rng.choice(list(FULL)) if place is changed else key + "x"] = place.pop(
                        key
                    )
                else:
                    place[key] = rng.choice(VALUES)
                return changed
            place = place[key]
        elif isinstance(place, list) and place:
            at = rng.randrange(len(place))
            if not isinstance(place[at], dict | list) or rng.random() < 0.4:
                place[at : at + rng.randrange(2)] = [rng.choice(VALUES)]
                return changed
            place = place[at]
        else:
            return changed


def _with_other_bytes(content: bytes, rng: random.Random) -> bytes:
    at = rng.randrange(len(content) + 1)
    other = rng.randrange(len(content) + 1)
    change = rng.randrange(8)
    if change == 0:
        changed = content[:at] + content[at + 1 :]
    elif change == 1 and at < len(content):
        changed = content[:at] + bytes([content[at] ^ 1 << rng.randrange(8)]) + content[at + 1 :]
    elif change == 2:
        changed = content[:at] + content[other : other + rng.randrange(60)] + content[at:]
    elif change == 3:
        changed = content[:at] + content[at + rng.randrange(30) :]
    elif change == 4:
        changed = content[:at]
    elif change == 5:
        changed = _with_a_piece_at_a_token(content, rng)
    else:
        changed = content[:at] + rng.choice(TEXTS) + content[at + rng.choice((0, 0, 1, 2)) :]
    return changed


def _with_a_piece_at_a_token(content: bytes, rng: random.Random) -> bytes:
    """Next to a brace, a bracket, a comma or a quote, where more of the results are still JSON."""
    places = [index for index, byte in enumerate(content) if byte in b'{}[],:"']
    if not places:
        return rng.choice(TEXTS)
    at = rng.choice(places) + rng.randrange(2)
    return content[:at] + rng.choice(TEXTS) + content[at:]


def _in_another_encoding(content: bytes, rng: random.Random) -> bytes:
    text = content.decode(errors="replace")
    encoding = rng.choice(
        ("utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be", "utf-8-sig")
    )
    wide = text.encode(encoding)
    return _with_other_bytes(b"x" * rng.randrange(4) + wide if rng.random() < 0.5 else wide, rng)


def deeply_nested(depth: int) -> list[bytes]:
    """Manifests with values of this depth, the manifest included."""
    inner = depth - 1
    values = [b"[" * inner + b"]" * inner, b'{"a":' * inner + b"1" + b"}" * inner]
    return [b'{"more":' + each + b"," + json.dumps(SMALL).encode()[1:] for each in values]


def test_manifests() -> None:
    for document in (SMALL, FULL):
        assert check(json.dumps(document).encode()) == RELEASE
        assert check(json.dumps(document, ensure_ascii=False).encode()) == RELEASE
    assert of_device(json.dumps(FULL).encode(), 1) == (RELEASE, 7, 5, True, True)


def test_every_value_in_every_field() -> None:
    kinds = set()
    for name in FULL:
        for value in VALUES:
            kinds.add(check(json.dumps({**FULL, name: value}).encode()))
            kinds.add(check(json.dumps({**FULL, name: [value]}).encode()))
            kinds.add(check(json.dumps({**FULL, name: {"de": value}}).encode()))
            kinds.add(check(json.dumps({**FULL, name: [{**ADVISORY, "text": value}]}).encode()))
    for name in ADVISORY:
        for value in VALUES:
            kinds.add(
                check(json.dumps({**SMALL, "advisories": [{**ADVISORY, name: value}]}).encode())
            )
    assert kinds == {ANOTHER_FILE, RELEASE, MALFORMED}


def test_every_byte_in_a_text_and_outside() -> None:
    content = json.dumps(SMALL).encode()
    for byte in map(bytes, zip(range(256), strict=True)):
        kind = check(content.replace(b"blinky", b"blink" + byte))
        assert (kind == RELEASE) == (byte >= b" " and byte < b"\x80" and byte not in b'"\\')
        check(content.replace(b": 7", b": 7" + byte))


def test_every_missing_field() -> None:
    for name in FULL:
        check(json.dumps({key: value for key, value in FULL.items() if key != name}).encode())
    for name in ADVISORY:
        advisory = {key: value for key, value in ADVISORY.items() if key != name}
        check(json.dumps({**SMALL, "advisories": [advisory]}).encode())


def test_every_field_twice() -> None:
    """Also of an unknown object, which may be anywhere, and with the schema last."""
    content = json.dumps(FULL).encode()
    for at, byte in enumerate(content):
        if content[at - 1 : at] in (b"{", b" ") and byte == ord('"'):
            end = content.index(b'"', at + 1)
            twice = content[:at] + content[at : end + 1] + b": 1, " + content[at:]
            check(twice)
            check(
                b"{"
                + twice.replace(b'"schema"', b'"x"')[1:-1]
                + b', "schema": "'
                + SCHEMA.encode()
                + b'"}'
            )


def test_the_same_key_in_other_objects() -> None:
    assert (
        check(json.dumps({**SMALL, "a": {"a": {"a": 1}, "b": {"a": 1}}, "b": 1}).encode())
        == RELEASE
    )
    twice = (
        b'{"b": {"a": {"a": 1}, "b": [{"a": 1}], "\\u0061": 1},' + json.dumps(SMALL).encode()[1:]
    )
    assert check(twice) == MALFORMED


def test_keys_inside_an_unknown_field_of_an_advisory_do_not_count() -> None:
    inside = {"advisories": [{**ADVISORY, "more": {"id": 1, "text": [{"text": 2}]}}]}
    assert check(json.dumps({**SMALL, **inside}).encode()) == RELEASE
    twice = json.dumps({**SMALL, **inside}).encode().replace(b"2}]}", b'2}]}, "id": "C"')
    assert check(twice) == MALFORMED


def test_surrogates_in_keys() -> None:
    pairs = [
        (rb"\ud83d\ude00", "\U0001f600".encode(), MALFORMED),
        (rb"\ud83d", rb"\uD83D", MALFORMED),
        (rb"\ud83d\ud83d\ude00", rb"\ud83d\ud83d", RELEASE),
        (rb"\ude00\ud83d", rb"\ud83d\ude00", RELEASE),
        (rb"\ud83d\u0041", rb"\ud83dA", MALFORMED),
        (rb"\ud83d\n", rb"\ud83d\u000a", MALFORMED),
        (rb"\u00e4", "\u00e4".encode(), MALFORMED),
        (rb"\ud83d\ud83d", rb"\ud83d\udc3d", RELEASE),
        (rb"\u07ff", "\u0800".encode(), RELEASE),
    ]
    for first, second, kind in pairs:
        keys = b'{"more": {"%b": 1, "%b": 2},' % (first, second)
        assert check(keys + json.dumps(SMALL).encode()[1:]) == kind


def test_depth() -> None:
    for content in deeply_nested(32):
        assert check(content) == RELEASE
    for content in [*deeply_nested(33), *deeply_nested(50_000)]:
        assert check(content) == MALFORMED


def test_claims_in_each_encoding_and_at_each_place() -> None:
    family = SCHEMA[:-2]
    texts = [
        family,
        family[:-2] + family,
        "s" + family,
        family[:-1],
        family[:-2] + "o",
        "so" + family,
    ]
    texts.append(family[:-2] + "oftware_update.release.")
    for encoding in ("utf-8", "utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"):
        for text in texts:
            wide = text.encode(encoding)
            for before in range(9):
                check(b"\xff" * before + wide)
                check(b"\0" * before + wide)
            for at in range(0, len(wide), 5):
                check(wide[:at] + b"x" + wide[at:])
                check(wide[:at] + b"\0" + wide[at:])
                check(wide[:at] + wide[at + 1 :])


def test_user_manifests_of_the_attack_cases() -> None:
    """Whole, and cut at many bytes."""
    found = {each for path in _cases() for each in user_manifests(path.read_bytes())}
    assert len(found) > 40
    for content in found:
        for end in range(len(content), -1, -31):
            check(content[:end])


def _cases() -> list[Path]:
    paths = sorted((VECTORS / "attacks").glob("*.bundle"))
    return [path for path in paths if path.stat().st_size < 20_000]


def user_manifests(bundle: bytes) -> Iterator[bytes]:
    """The user_manifests of less than 16 KiB, found without reading the envelope."""
    for piece in bundle.split(b"\x0a\x0duser_manifest\x12")[1:]:
        size, start = (piece[0], 1) if piece[0] < 128 else (piece[0] - 128 + (piece[1] << 7), 2)
        yield piece[start : start + size]


def test_pieces() -> None:
    for content in mutants(300, 7):
        assert len({of_device(content, piece) for piece in PIECES}) == 1


def test_mutants() -> None:
    kinds = [check(content) for content in mutants(MUTANTS, 1)]
    assert all(kinds.count(kind) > MUTANTS / 20 for kind in (ANOTHER_FILE, RELEASE, MALFORMED))


@pytest.mark.parametrize("wrong", [False, True])
def test_more_unknown_keys_than_fit(wrong: bool) -> None:
    """24 of the open objects fit; what is malformed without them is malformed."""
    for count in (23, 24, 25, 200):
        more: dict[str, object] = {f"key {number}": {"a": {}, "b": 1} for number in range(count)}
        if wrong:
            more["version"] = 7
        content = json.dumps({**SMALL, **more}).encode()
        assert check(content) == (MALFORMED if wrong else RELEASE)
        kind, *_ = of_device(content, 64, "release_manifest")
        # The keys a and b are in one open object more.
        assert kind == (MALFORMED if wrong else RELEASE if count < 23 else BEYOND)


def test_memory() -> None:
    assert _library.release_reader_size() <= 400


if __name__ == "__main__":
    for number, each in enumerate(mutants(int(sys.argv[1]), int(sys.argv[2]))):
        check(each)
        if number % 100_000 == 0:
            print(number, flush=True)
