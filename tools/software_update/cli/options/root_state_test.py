"""Tests of root_state.py."""

import argparse
from pathlib import Path

import pytest

from software_update.base.errors import UsageError
from software_update.cli.options.arguments import Parser
from software_update.cli.options.root_state import add_earlier_roots, earlier_roots, state_in
from software_update.testing import encode as e
from software_update.testing.signers import ROOT_KEY


@pytest.fixture(autouse=True)
def _roots(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The current folder has three roots."""
    monkeypatch.chdir(tmp_path)
    for version in (1, 2, 3):
        Path(f"{version}.pb").write_bytes(e.signed(e.root(version), ROOT_KEY))


def parse(*args: str) -> argparse.Namespace:
    parser = Parser("test", "")
    parser.add_argument("root")
    add_earlier_roots(parser)
    return parser.parse_args(args)


def test_options_name_the_earlier_roots() -> None:
    args = parse("3.pb", "--previous=2.pb", "--also-for", "1.pb")
    assert earlier_roots(args) == ["2.pb", "1.pb"]
    state = state_in(args)
    assert state.previous is not None
    assert [authority.name for authority in state.authorities] == [
        "this root",
        "the previous root",
        "root 1",
    ]
    assert earlier_roots(parse("1.pb")) == []
    assert state_in(parse("1.pb")).previous is None


def test_older_roots_need_a_previous_root() -> None:
    with pytest.raises(UsageError, match=r"^--also-for 1\.pb: needs --previous FILE, the root"):
        state_in(parse("3.pb", "--also-for", "1.pb"))
