"""Tests of warnings.py."""

import pytest

from software_update.cli.render.warnings import warn


def test_warning_is_one_line_on_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    warn("a\nb\x1b.txt: too long; shorten it")
    assert capsys.readouterr() == (
        "",
        "software-update: warning: a\\nb\\x1b.txt: too long; shorten it\n",
    )
