"""The device's readers of names, allowed targets and UTF-8 give the results of the Python ones."""

import ctypes
import json
import os
import random
from collections.abc import Sequence
from typing import Any

from software_update.format.allowed_targets import is_allowed, list_problem
from software_update.format.limits import MAX_ALLOWED_TARGET_BYTES, MAX_ALLOWED_TARGETS
from software_update.format.names import USER_MANIFEST, clash, name_problem
from software_update.testing.tree import VECTORS

VALUES: dict[str, Any] = json.loads((VECTORS / "names.json").read_bytes())
ALLOWED: dict[str, Any] = VALUES["allowed_targets"]
PIECES = (1, 3, 64, 1 << 20)
NAMES: list[str] = [
    *VALUES["valid"],
    *VALUES["reserved"],
    *(each["name"] for each in VALUES["invalid"]),
    *("a" * size for size in (254, 255, 256, 4096)),
    *("a/" * 127 + "a", "a/" * 127 + "ab", "a/" * 127 + ".", "/".join(["..a"] * 63)),
]
# Pieces of random names.
PARTS: tuple[str, ...] = (
    "a",
    "A",
    "b",
    "Z",
    "z",
    "@",
    "[",
    "`",
    "{",
    "0",
    "9",
    ":",
    ".",
    "..",
    "...",
    "/",
    "//",
    "_",
    "+",
    "-",
    "*",
)
PARTS += (
    "/*",
    " ",
    "\0",
    "\x7f",
    "\u00e4",
    "\U0001f600",
    "\n",
    "user_manifest",
    "x" * 60,
    ",",
    ";",
)

_library = ctypes.CDLL(os.path.abspath(os.environ["LIBRARY"]))
_bytes, _size = ctypes.c_char_p, ctypes.c_size_t
_library.read_name.argtypes = [_bytes, _size, _size, ctypes.POINTER(ctypes.c_uint64)]
_library.allowed_targets.argtypes = [
    *(_bytes, ctypes.POINTER(_size), _size, _size),
    *(_bytes, _size, _size, ctypes.c_int),
]
_library.utf8_is_valid.argtypes = [_bytes, _size]


def read_name(name: str | bytes, piece: int) -> tuple[bool, int]:
    """Returns whether the name is safe, and its hash without case."""
    content = name if isinstance(name, bytes) else name.encode("utf-8", "surrogatepass")
    folded = ctypes.c_uint64()
    answer = _library.read_name(content, len(content), piece, ctypes.byref(folded))
    return bool(answer), folded.value


def allowed(
    entries: Sequence[str], name: str = "", piece: int = 1, capacity: int = MAX_ALLOWED_TARGETS
) -> tuple[bool, bool, bool]:
    """Returns whether the list is valid, whether it fits, and whether it allows the name."""
    contents = [each.encode("utf-8", "surrogatepass") for each in entries]
    sizes = (_size * len(contents))(*map(len, contents))
    content = name.encode("utf-8", "surrogatepass")
    answer = _library.allowed_targets(
        *(b"".join(contents), sizes, len(contents), capacity),
        *(content, len(content), piece, name == USER_MANIFEST),
    )
    return bool(answer & 1), bool(answer & 2), bool(answer & 4)


def random_name(rng: random.Random) -> str:
    return "".join(rng.choices(PARTS, k=rng.choice((1, 1, 2, 3, 4, 5, 8))))


def check_name(name: str) -> bool:
    expected = name_problem(name) is None
    for piece in PIECES:
        assert read_name(name, piece)[0] == expected, name
    return expected


def test_names() -> None:
    for name in NAMES:
        check_name(name)
    for byte in range(256):
        check_name(chr(byte))
        check_name(f"a{chr(byte)}b")
    assert not read_name(b"a\xffb", 1)[0]


def test_random_names() -> None:
    rng = random.Random(1)
    safe = sum(check_name(random_name(rng)) for _ in range(4000))
    assert 400 < safe < 3600


def test_names_that_differ_only_in_case() -> None:
    rng = random.Random(2)
    names = [name for name in (random_name(rng) for _ in range(2000)) if name_problem(name) is None]
    names += [name for case in VALUES["clashes"] for name in case["names"]]
    folded: dict[int, set[str]] = {}
    for name in names:
        folded.setdefault(read_name(name, 3)[1], set()).add(name)
        folded.setdefault(read_name(name.swapcase(), 1)[1], set()).add(name.swapcase())
    assert sum(len(each) > 1 for each in folded.values()) > 100
    for same in folded.values():
        assert clash([next(iter(same)), *same]) is not None
        assert len({name.lower() for name in same}) == 1
    assert len(folded) == len({name.lower() for name in names})


def test_lists_of_allowed_targets() -> None:
    for entries in ALLOWED["valid"]:
        assert allowed(entries)[:2] == (True, True)
    for case in ALLOWED["invalid"]:
        entries = case["entries"]
        for piece in PIECES:
            valid, complete, _ = allowed(entries, piece=piece)
            assert not valid, entries
            assert complete == (len(entries) <= MAX_ALLOWED_TARGETS)


def test_names_that_a_list_allows() -> None:
    for case in ALLOWED["matches"]:
        for piece in PIECES:
            for name in case["allowed"]:
                assert allowed(case["entries"], name, piece) == (True, True, True), (case, name)
            for name in case["not_allowed"]:
                assert allowed(case["entries"], name, piece) == (True, True, False), (case, name)


def test_random_lists() -> None:
    rng = random.Random(3)
    seen = set()
    for _ in range(4000):
        entries = [random_entry(rng) for _ in range(rng.choice((0, 1, 1, 2, 3, 16, 17)))]
        name = random_name(rng)
        if entries and rng.random() < 0.5:
            name = rng.choice(entries).removesuffix("*") + rng.choice(("", "", "a", "/", "b/c"))
        expected = list_problem(entries) is None
        for piece in (1, 1 << 20):
            valid, _, allows = allowed(entries, name, piece)
            assert valid == expected, entries
            if valid:
                assert allows == is_allowed(name, entries), (entries, name)
                seen.add(allows)
    assert seen == {True, False}


def random_entry(rng: random.Random) -> str:
    if rng.random() < 0.7:
        part = rng.choice("abcdefghijklmnopqrstuvwxyz") * rng.choice((1, 1, 2, 62, 64, 65))
        return part + rng.choice(("", "/*", "/b", "/b/*"))
    return random_name(rng)


def test_a_list_that_does_not_fit() -> None:
    entries = ["a", "b/*", "c"]
    assert allowed(entries, "c", capacity=3) == (True, True, True)
    assert allowed(entries, "c", capacity=2) == (True, False, False)
    assert allowed(entries, "a", capacity=2) == (True, False, True)
    assert allowed(["x" * MAX_ALLOWED_TARGET_BYTES], capacity=0)[1] is False
    assert allowed(["a", "x" * (MAX_ALLOWED_TARGET_BYTES + 1)], capacity=1)[0] is False


def test_utf8() -> None:
    """All sequences of two bytes, and of more bytes at the edges of each range."""
    contents = [bytes([first, second]) for first in range(256) for second in range(256)]
    edges = (0x00, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xFF)
    for first in (*range(0xDF, 0xF8), 0x41):
        for second in edges:
            contents += [bytes([first, second, third]) for third in edges]
            contents += [bytes([first, second, 0x80, fourth]) for fourth in edges]
            contents += [bytes([first, second, 0xBF, fourth, 0x80]) for fourth in edges]
    for content in [b"", *(bytes([byte]) for byte in range(256)), *contents]:
        assert bool(_library.utf8_is_valid(content, len(content))) == is_utf8(content), content


def is_utf8(content: bytes) -> bool:
    try:
        content.decode()
    except UnicodeDecodeError:
        return False
    return True
