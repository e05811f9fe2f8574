"""Tests of pigweed.py."""

import pytest

from software_update.base.errors import UsageError
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


def test_nothing_to_say(capsys: pytest.CaptureFixture[str]) -> None:
    for strict in (False, True):
        pigweed.check(GOOD, strict=strict)
    assert capsys.readouterr().err == ""


def test_a_warning_for_each_target(capsys: pytest.CaptureFixture[str]) -> None:
    pigweed.check(
        [*GOOD, *(Target.of(name, length, b"") for name, (length, _) in BAD.items())], strict=False
    )
    lines = capsys.readouterr().err.splitlines()
    for line, (name, (_, text)) in zip(lines, BAD.items(), strict=True):
        assert line.startswith(
            f"software-update: warning: target '{name}': Pigweed's client {text}"
        )


@pytest.mark.parametrize("name", BAD)
def test_errors_where_asked_for(name: str) -> None:
    length, text = BAD[name]
    with pytest.raises(UsageError, match=f"target '{name}': Pigweed's client {text}"):
        pigweed.check([*GOOD, Target.of(name, length, b"")], strict=True)
