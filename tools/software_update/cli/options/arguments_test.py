"""Tests of arguments.py."""

import argparse

import pytest

from software_update.base.errors import UsageError
from software_update.cli.options.arguments import report_pigweed

PROBLEMS = ["first: too long; shorten it", "second: too long; shorten it"]


def test_problems_of_pigweed_are_warnings(capsys: pytest.CaptureFixture[str]) -> None:
    report_pigweed(argparse.Namespace(strict_pigweed=False), PROBLEMS)
    assert capsys.readouterr().err == "".join(
        f"software-update: warning: {problem}\n" for problem in PROBLEMS
    )


def test_first_problem_of_pigweed_is_an_error_if_strict(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(UsageError) as caught:
        report_pigweed(argparse.Namespace(strict_pigweed=True), PROBLEMS)
    assert str(caught.value) == PROBLEMS[0]
    assert capsys.readouterr().err == ""


def test_strict_without_a_problem_passes() -> None:
    report_pigweed(argparse.Namespace(strict_pigweed=True), [])
