"""Tests of pigweed.py."""

from software_update.format import pigweed
from software_update.format.messages import Target

GOOD = [
    Target.of("n" * 32, 1, bytes(32)),
    Target.of("empty", 0, bytes(32)),
    Target.of("a", 100 * 1024**2, bytes(32)),
]
BAD = {
    "n" * 33: (1, "takes names of at most 32 bytes"),
    "large": (100 * 1024**2 + 1, "rejects a target over 100 MiB"),
}


def test_good_targets_have_no_problem() -> None:
    assert list(pigweed.problems(GOOD)) == []


def test_a_line_for_each_target() -> None:
    bad = [Target.of(name, length, b"") for name, (length, _) in BAD.items()]
    lines = list(pigweed.problems([*GOOD, *bad]))
    for line, (name, (_, text)) in zip(lines, BAD.items(), strict=True):
        assert line.startswith(f"target '{name}': Pigweed's client {text}")
