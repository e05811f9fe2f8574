"""Tests of repository_rollout.py."""

import json
from pathlib import Path

import pytest

from software_update.testing.command import done, failed
from software_update.testing.repositories import RepositoryFolder, releases


@pytest.fixture
def arguments(tmp_path: Path) -> list[str]:
    repository = RepositoryFolder(tmp_path)
    repository.add(*releases(2))
    return [
        *("repository", "rollout", str(repository.path), "--product=meter", "--channel=stable"),
        *("--release=1.2", "--now=2027-01-15T08:00:00Z"),
        *repository.options("rollout", "snapshot"),
    ]


def test_bands_halt_and_resume(arguments: list[str]) -> None:
    out = done(*arguments, "--band=5=now", "--band=100=2027-02-01T00:00:00Z").out
    bands = "5 % from 2027-01-15T08:00:00Z, 100 % from 2027-02-01T00:00:00Z"
    assert out.splitlines() == [
        f"1.2: {bands}",
        "published: rollout.meter.stable 2, snapshot 3, timestamp 3",
    ]
    assert f"1.2: halted (it blinks); {bands}\n" in done(*arguments, "--halt=it blinks").out
    document = json.loads(done(*arguments, "--resume", "--json").out)
    assert document["rollouts"] == [
        {
            "release": document["release"],
            "bands": [
                {"percent": 5, "not_before": "2027-01-15T08:00:00Z"},
                {"percent": 100, "not_before": "2027-02-01T00:00:00Z"},
            ],
            "halted": False,
            "reason": None,
        }
    ]
    assert "1.2: no rollout rules" in done(*arguments, "--remove").out


def test_wrong_arguments(arguments: list[str]) -> None:
    assert "name a --band, --halt, --resume or --remove" in failed(2, *arguments)
    assert "not with --band" in failed(2, *arguments, "--remove", "--band=1=now")
    for band in ("5", "x=now", "0=now", "101=now", "=now", "-1=now"):
        assert "write PERCENT=TIME" in failed(2, *arguments, f"--band={band}")
    assert "--band: 'soon' is not a date" in failed(2, *arguments, "--band=5=soon")
    assert "write a reason of 1 to 200" in failed(2, *arguments, "--halt=")
    assert "not allowed with" in failed(2, *arguments, "--halt=x", "--resume")
    rising = "5 % comes after 50 %; state the bands with rising percents and times"
    assert rising in failed(2, *arguments, "--band=50=now", "--band=5=now")
    earlier = failed(2, *arguments, "--band=5=now", "--band=6=2020-01-01T00:00:00Z")
    assert "6 % comes after 5 %" in earlier
    many = [f"--band={percent}=now" for percent in range(1, 18)]
    assert "17 bands; state at most 16" in failed(2, *arguments, *many)
    assert "has no release '9'" in failed(3, *arguments, "--resume", "--release=9")
