"""Tests of reading scenarios."""

import pytest

from software_update.base.errors import InputError
from software_update.client.scenario.script import COMMANDS, Line, read_script


def test_results_are_left_out_and_comments_stay() -> None:
    assert read_script("# why\ncheck\n  Idle\n\nanswer yes\n", "x") == [
        Line(1, "# why", ()),
        Line(2, "check", ("check",)),
        Line(4, "", ()),
        Line(5, "answer yes", ("answer", "yes")),
    ]


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("chek\n", "x:1: 'chek' is not a command; use one of answer, cancel,"),
        ("\noffer\n", "x:2: write offer RELEASE, or offer nothing"),
        ("check it now\n", "x:1: write check, or check itself"),
        ("cut 0 check\n", "x:1: write cut N COMMAND, with N from 1"),
        ("cut 1 cut 2 check\n", "x:1: write cut N COMMAND, with N from 1"),
        ("cut 1 chek\n", "x:1: 'chek' is not a command"),
    ],
)
def test_mistake_is_named_with_its_line(text: str, error: str) -> None:
    with pytest.raises(InputError) as raised:
        read_script(text, "x")
    assert str(raised.value).startswith(error)


def test_usage_begins_with_the_command() -> None:
    assert all(usage.startswith(name) for name, (_, _, usage) in COMMANDS.items())
