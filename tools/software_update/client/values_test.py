"""Tests of the kinds of values in the configuration."""

from typing import Any

import pytest

from software_update.client import values
from software_update.client.values import Kind
from software_update.client.windows import Window

GOOD: list[tuple[Kind, Any, Any]] = [
    (values.BOOLEAN, False, False),
    (values.TEXT, "Ä lamp", "Ä lamp"),
    (values.TEXT, "x" * 200, "x" * 200),
    (values.NAME, "A", "A"),
    (values.NAME, "lamp-2.1_b", "lamp-2.1_b"),
    (values.PATH, "/", "/"),
    (values.PATH, "/a/b c", "/a/b c"),
    (values.URL, "http://[::1]:80/x?y", "http://[::1]:80/x?y"),
    (values.CHANNEL, "beta-2", "beta-2"),
    (values.DATE, "2031-01-01T00:00:00Z", 1_924_992_000),
    (values.DURATION, "90s", 90),
    (values.DURATION, "15m", 900),
    (values.DURATION, "6h", 21600),
    (values.DURATION, "7d", 604800),
    (values.SIZE, "0B", 0),
    (values.SIZE, "500kB", 500_000),
    (values.SIZE, "16 MiB", 16 * 1024 * 1024),
    (values.SIZE, "2GB", 2_000_000_000),
    (values.SIZE, "1KiB", 1024),
    (values.SIZE, "3MB", 3_000_000),
    (values.SIZE, "1GiB", 1024**3),
    (values.RATE, "500kB", 500_000),
    (values.HEADER, "X-Token", "X-Token"),
    (values.LANGUAGE, "pt-BR", "pt-BR"),
    (values.PROGRAM, ["/bin/sh", "-c", "", "exit"], ("/bin/sh", "-c", "", "exit")),
    (values.APPROVER, "user:alice", "user:alice"),
    (values.APPROVER, "group:_ops-1", "group:_ops-1"),
    (values.PATTERN, "app/*", "app/*"),
    (values.PATH_BY_SLOT, {"A": "/a", "B": "/b"}, {"A": "/a", "B": "/b"}),
    (values.URL_BY_NAME, {"tlog-proof": "https://x/y"}, {"tlog-proof": "https://x/y"}),
    (values.ATTRIBUTES, {"board": "lamp 2", "b.c": "1"}, {"board": "lamp 2", "b.c": "1"}),
    (values.NAME_BY_SLOT, {"A": "a", "B": "b"}, {"A": "a", "B": "b"}),
    (values.WINDOW, "22:30-06:00", Window(1350, 360)),
    (values.PHASES, ["install", "restart"], ("install", "restart")),
    (values.one_of("a", "b"), "b", "b"),
    (values.integer(1, 3), 3, 3),
]

BAD: list[tuple[Kind, list[Any], str]] = [
    (values.BOOLEAN, [1, "true", None], "must be true or false"),
    (values.TEXT, ["", 1, "a\nb", "\x1b", "x" * 201, ["a"]], "must be a text"),
    (values.NAME, ["", "-a", "a-", "a b", "a/b", "x" * 65, "é", 1, "a\n"], "must be a name"),
    (values.PATH, ["", "a", "~/a", 1, None, "/a\0"], "must be an absolute path"),
    (values.PATH, ["/a/", "//a", "/a//b", "/./a", "/a/..", "/a/../b"], "must be a path without"),
    (values.CHANNEL, ["", "Beta", "a/b", "-a", "a" * 33], "must have 1 to 32 lower-case letters"),
    (values.CHANNEL, [1, None], "must be a text"),
    (values.DATE, ["", "2031-01-01", "2031-02-30T00:00:00Z", 1, None], "must be a date, such as"),
    (values.URL, ["", "ftp://a", "https://", "http://a b", 1, "http://ä"], "must be an address"),
    (values.DURATION, ["", "90", 90, "0s", "1.5h", "-1h", "1 h", "1w", "٣s"], "must be a number"),
    (values.SIZE, ["", "16", 16, "1M", "-1B", "1.5MB", "1KB", "9" * 13 + "B"], "must be a number"),
    (values.RATE, ["0B"], "must be at least 1 byte"),
    (values.RATE, ["0", 1], "must be a number"),
    (values.HEADER, ["", "a b", "a:", 1, "x" * 65], "must be the name of an HTTP header"),
    (values.LANGUAGE, ["", "e", "en_US", "en-", 1], "must be a language tag"),
    (values.PROGRAM, ["/bin/sh", None, ["/bin/sh", 1], [["/bin/sh"]]], "must be a"),
    (values.PROGRAM, [[]], "must not be empty"),
    (values.PROGRAM, [["reboot"], ["/a/../b"]], "must begin with a program: it must be a"),
    (values.APPROVER, ["root", "user:", "user:A", "group:a b", "user:a:b", 1], "must be user:NAME"),
    (values.PATH_BY_SLOT, [["/a"], "/a"], "must be a table"),
    (values.PATH_BY_SLOT, [{"A": "a"}], "must be an absolute path"),
    (values.NAME_BY_SLOT, [["a"], 1], "must be a table"),
    (values.NAME_BY_SLOT, [{"A": ""}], "must be a name"),
    (values.WINDOW, [1, "2-3", None], "must be two times"),
    (values.WINDOW, ["25:00-03:00"], "must have times"),
    (values.PHASES, ["install", {}], "must be a list of phases"),
    (values.PHASES, [[]], "must have at least 1 phases"),
    (values.PHASES, [["install", "install"]], "must not have an entry twice"),
    (values.PHASES, [["boot"]], "must be one of download, install, restart"),
    (values.one_of("a", "b"), ["c", 1, None, ["a"]], "must be one of a, b"),
    (values.integer(1, 3), [0, 4, "2", 1.0, True], "must be an integer from 1 to 3"),
]


@pytest.mark.parametrize("kind, value, expected", GOOD)
def test_good_values(kind: Kind, value: Any, expected: Any) -> None:
    assert kind.read(value) == expected


@pytest.mark.parametrize("kind, bad, problem", BAD)
def test_bad_values(kind: Kind, bad: list[Any], problem: str) -> None:
    for value in bad:
        with pytest.raises(ValueError, match=f"^{problem}"):
            kind.read(value)
