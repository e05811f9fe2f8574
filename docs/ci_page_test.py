"""Tests that guides/ci.md shows the commands of the workflow of examples/fleet, and that it needs no secret.

//tests/nested:fleet_test runs these commands.
"""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from workflow import commands

_FLEET = Path("examples/fleet")
_TEXT = (_FLEET / "ci.yml").read_text()
_WORKFLOW: dict[str, Any] = yaml.safe_load(_TEXT)
_JOBS = commands(_TEXT)
_RELEASE = (_FLEET / "release.bazelrc").read_text()
_PAGE = Path("docs/guides/ci.md").read_text()
_COMMANDS = [command for job in _JOBS.values() for command in job]


def commands_of_page() -> set[str]:
    """Returns the commands of CI on the page; people run those that begin with `software-update`."""
    blocks = re.findall(r"^ *```sh\n(.*?)^ *```$", _PAGE, re.MULTILINE | re.DOTALL)
    lines = {line.strip() for block in blocks for line in block.splitlines()}
    return {line for line in lines if line.startswith("./bazelw")}


def test_page_shows_each_command_of_the_workflow() -> None:
    assert commands_of_page() == set(_COMMANDS)


def test_page_describes_each_job() -> None:
    overview = _PAGE.partition("\n## Check a pull request\n")[0]
    assert re.findall(r"^\| `([a-z-]+)` \|", overview, re.MULTILINE) == list(_JOBS)


@pytest.mark.parametrize("command", sorted(set(_COMMANDS)))
def test_shell_accepts_the_command(command: str) -> None:
    subprocess.run(["bash", "-n", "-c", command], check=True)


@pytest.mark.parametrize("command", sorted(set(_COMMANDS)))
def test_command_names_targets_and_files_that_exist(command: str) -> None:
    build = (_FLEET / "BUILD.bazel").read_text()
    names = re.findall(r" //examples/fleet:(\w+)", command)
    assert names
    assert all(f'    name = "{name}",' in build for name in names)
    assert all(Path(file).is_file() for file in re.findall(r" --bazelrc=(\S+)", command))


def test_commands_of_gn_name_labels_that_exist() -> None:
    build = (_FLEET / "BUILD.gn").read_text()
    [commands_of_gn] = re.findall(
        r"^## The same with GN$(.*?)^## ", _PAGE, re.MULTILINE | re.DOTALL
    )
    names = set(re.findall(r" examples/fleet:(\w+)", commands_of_gn))
    assert names == {"bundles", "expiry_test", "fleet_test", "requests"}
    assert all(re.search(rf'^ *\w+\("{name}"\)', build, re.MULTILINE) for name in names)
    assert re.findall(r"^\| `([a-z-]+)` \|", commands_of_gn, re.MULTILINE) == list(_JOBS)


def test_both_builds_take_the_same_release() -> None:
    of_bazel = re.findall(r"^build --//examples/fleet:(\w+)=(\S+)$", _RELEASE, re.MULTILINE)
    text = (_FLEET / "release.gni").read_text()
    of_gn = re.findall(r'^fleet_(\w+) = "?([^"\n]+)"?$', text, re.MULTILINE)
    assert of_bazel == of_gn


def test_flags_of_the_release_exist() -> None:
    build = (_FLEET / "BUILD.bazel").read_text()
    flags = re.findall(r"^build --//examples/fleet:(\w+)=\S+$", _RELEASE, re.MULTILINE)
    assert flags == ["release_counter", "release_version", "expires"]
    assert all(re.search(rf'_flag\(\n    name = "{flag}"', build) for flag in flags)


def test_each_step_runs_a_command_or_uses_an_action() -> None:
    for job in _WORKFLOW["jobs"].values():
        assert job["if"]
        for step in job["steps"]:
            assert ("run" in step) != ("uses" in step)
            assert "name" in step or "uses" in step


def test_no_job_gets_a_secret() -> None:
    assert _WORKFLOW["permissions"] == {"contents": "read"}
    assert not any("permissions" in job for job in _WORKFLOW["jobs"].values())
    assert "secrets" not in _TEXT
    assert "signing=dev" not in _TEXT
    assert not re.search(r"\bsign\b", " ".join(_COMMANDS))
