"""Tests of warnings.py."""

import pytest

from software_update.cli.render.warnings import warn, warn_of_other_signatures


def test_warning_is_one_line_on_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    warn("a\nb\x1b.txt: too long; shorten it")
    assert capsys.readouterr() == (
        "",
        "software-update: warning: a\\nb\\x1b.txt: too long; shorten it\n",
    )


def test_left_out_signatures_are_one_warning(capsys: pytest.CaptureFixture[str]) -> None:
    warn_of_other_signatures([])
    assert capsys.readouterr().err == ""
    warn_of_other_signatures([f"{number}.json" for number in range(18)])
    [line] = capsys.readouterr().err.splitlines()
    assert "left out: 0.json, 1.json, " in line
    assert line.endswith(", 15.json and 2 more")
