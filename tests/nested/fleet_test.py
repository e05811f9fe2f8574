"""Follows examples/fleet/README.md: forty bundles of two teams, from signing requests to releases."""

import shutil
import subprocess
from pathlib import Path

import pytest
import workflow
from run_page import run

from tests.nested.reader import in_copy, write_command

FLEET = Path("examples/fleet")
# Two people sign 38 bundles, the radio team two; then there are two roots, and the fix of release 3.
SIGNATURES = 2 * 38 + 2 + 2 + 2


def test_fleet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for program in ("gn", "ninja"):
        path = shutil.which(program)
        assert path, f"no {program} on PATH: install generate-ninja and ninja-build on Debian"
        write_command(tmp_path, program, path)
    page = (FLEET / "README.md").read_text()
    with in_copy(tmp_path, monkeypatch) as workspace:
        problems = run(page)
        assert not problems, "\n\n".join(problems)
        fleet = workspace / FLEET
        assert len(list(fleet.glob("signatures/*/*.json"))) == SIGNATURES
        # The jobs of CI build the release that the page signed.
        for job in workflow.commands((FLEET / "ci.yml").read_text()).values():
            for command in job:
                subprocess.run(["bash", "-c", command], check=True)
        for counter, version in ((1, "1.1"), (2, "1.2"), (20, "2.0")):
            kept = fleet / f"releases/camera_board_a_eu-{counter}.installed.pb"
            assert signed_bytes(workspace, counter, version) in kept.read_bytes()


def signed_bytes(workspace: Path, counter: int, version: str) -> bytes:
    """Returns the targets metadata of a release of a camera."""
    flags = [f"--//{FLEET}:release_counter={counter}", f"--//{FLEET}:release_version={version}"]
    name = "camera_board_a_eu.signing_request"
    subprocess.run(["./bazelw", "build", *flags, f"//{FLEET}:{name}"], check=True)
    return (workspace / "bazel-bin" / FLEET / name).read_bytes()
