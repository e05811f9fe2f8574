"""Tests of the workflows of this project, and of what the Bazel Central Registry runs.

The workflows cannot run here. These tests find a file that is not YAML, a right or secret that a job does not
need, code of other parties, and a command that does not exist.
"""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from workflow import commands

_FOLDER = Path(".github/workflows")
_NAMES = ["ci.yml", "release.yml"]
_TEXTS = {name: (_FOLDER / name).read_text() for name in _NAMES}
_JOBS = [
    (name, job, content)
    for name in _NAMES
    for job, content in yaml.safe_load(_TEXTS[name])["jobs"].items()
]
_COMMANDS = [
    (name, command) for name in _NAMES for job in commands(_TEXTS[name]).values() for command in job
]
_WRITERS = {("release.yml", "release"): {"contents": "write"}}


@pytest.mark.parametrize("name", _NAMES)
def test_a_workflow_only_reads_and_has_no_secret(name: str) -> None:
    document = yaml.safe_load(_TEXTS[name])
    assert document["permissions"] == {"contents": "read"}
    assert "secrets" not in _TEXTS[name]
    # `on` is a boolean in YAML 1.1. With pull_request_target, code of a fork would run with our rights.
    assert set(document[True]) <= {"pull_request", "push"}


@pytest.mark.parametrize(("name", "job", "content"), _JOBS)
def test_a_job_has_a_limit_and_only_the_rights_that_it_needs(
    name: str, job: str, content: dict[str, Any]
) -> None:
    assert content["timeout-minutes"] > 0
    assert content.get("permissions", {}) == _WRITERS.get((name, job), {})


@pytest.mark.parametrize(("name", "job", "content"), _JOBS)
def test_a_job_runs_no_action_of_other_parties(
    name: str, job: str, content: dict[str, Any]
) -> None:
    assert "uses" not in content
    for step in content["steps"]:
        assert set(step) <= {"name", "run", "env", "working-directory"}


@pytest.mark.parametrize(("name", "command"), _COMMANDS)
def test_shell_accepts_a_command_that_contains_no_expression(name: str, command: str) -> None:
    # An expression is text that the shell reads: a title of a pull request could be a command.
    assert "${{" not in command
    subprocess.run(["bash", "-n", "-c", command], check=True)


def test_the_programs_and_labels_of_the_commands_exist() -> None:
    text = "\n".join(command for _, command in _COMMANDS)
    assert Path("bazelw").is_file() and Path(".ci/run").is_file()
    programs = set(re.findall(r"(?:^|\s)(\.{1,2}/\S+|\.ci/\S+)", text))
    assert programs == {"./bazelw", "../../bazelw", ".ci/run"}
    # //tools/workshop:release has a test of its own.
    assert set(re.findall(r"\s(//\S+)", text)) == {"//...", "//tools/workshop:release"}


def test_the_registry_tests_the_smoke_module_with_each_bazel_that_we_support() -> None:
    module = yaml.safe_load(Path(".bcr/presubmit.yml").read_text())["bcr_test_module"]
    assert module["module_path"] == "e2e/smoke"
    assert module["matrix"]["bazel"] == ["7.x", "8.x", "9.x"]
    [task] = module["tasks"].values()
    assert (task["bazel"], task["platform"]) == ("${{ bazel }}", "${{ platform }}")
    assert task["test_targets"] == ["//..."]
    smoke = yaml.safe_load(_TEXTS["ci.yml"])["jobs"]["smoke"]
    assert smoke["strategy"]["matrix"]["bazel"] == module["matrix"]["bazel"]


def test_the_templates_of_the_registry_name_the_module() -> None:
    source = json.loads(Path(".bcr/source.template.json").read_text())
    assert source["strip_prefix"] == "rules_software_update-{VERSION}"
    assert source["url"].endswith("/rules_software_update-{TAG}.tar.gz")
    metadata = json.loads(Path(".bcr/metadata.template.json").read_text())
    assert (metadata["versions"], metadata["yanked_versions"]) == ([], {})
    assert 'name = "rules_software_update"' in Path("MODULE.bazel").read_text()
