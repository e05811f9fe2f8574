"""Tests of bundle fleet."""

import json
from pathlib import Path

import pytest

from software_update.format.release_manifest import ReleaseManifest, build_release
from software_update.testing import encode as e
from software_update.testing.command import call, done, failed
from software_update.testing.signers import ROOT_KEY, TARGETS_KEY

ROOT = e.signed(e.root(), ROOT_KEY)


def release(version: int, minimum: int | None = None) -> bytes:
    return build_release(
        ReleaseManifest("a|b", f"1.{version}", version, ("board_a", "board_b"), minimum)
    )


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a bundle, the manifests of two earlier releases, and the root of all three."""
    monkeypatch.chdir(tmp_path)
    Path("root.pb").write_bytes(ROOT)
    for version in (1, 2):
        targets = e.targets({"user_manifest": release(version)}, version)
        Path(f"{version}.pb").write_bytes(e.manifest(targets, release(version)))
    contents = {"app": b"app", "user_manifest": release(3, 2)}
    targets = e.targets_entry(e.signed(e.targets(contents, 3), TARGETS_KEY))
    Path("new.bundle").write_bytes(targets + e.payloads(contents))
    return tmp_path


FLEET = (
    *("bundle", "fleet", "new.bundle", "--trusted-root", "root.pb", "--installed", "1.pb", "2.pb"),
    *("--hardware-id", "board_a", "board_c"),
)
TABLE = """\
| installed | release counter | targets | root | hardware id | verdict        | first install             |
|-----------|-----------------|---------|------|-------------|----------------|---------------------------|
| a\\|b 1.1  | 1               | 1       | 1    | board_a     | RELEASE_GAP    | a\\|b 1.2                  |
| a\\|b 1.1  | 1               | 1       | 1    | board_c     | RELEASE_GAP    | none of these leads there |
| a\\|b 1.2  | 2               | 2       | 1    | board_a     | ACCEPT         | -                         |
| a\\|b 1.2  | 2               | 2       | 1    | board_c     | WRONG_HARDWARE | -                         |
"""


@pytest.mark.usefixtures("folder")
def test_table() -> None:
    assert done(*FLEET).out == TABLE
    assert done(*FLEET, "-o", "table.md").out == ""
    assert Path("table.md").read_text() == TABLE


@pytest.mark.usefixtures("folder")
def test_json() -> None:
    report = json.loads(done(*FLEET, "--json").out)
    assert report["devices"][0] == {
        "installed": "a|b 1.1",
        "release_counter": 1,
        "targets_version": 1,
        "root_version": 1,
        "hardware_id": "board_a",
        "verdict": "RELEASE_GAP",
        "first_install": ["a|b 1.2"],
    }
    assert len(report["devices"]) == 4


@pytest.mark.usefixtures("folder")
def test_compares_with_a_table() -> None:
    done(*FLEET, "-o", "table.md")
    assert done(*FLEET, "--expect", "table.md").out == ""
    table = Path("table.md")
    table.write_text(table.read_text().replace("WRONG_HARDWARE", "ACCEPT        "))
    found = call(*FLEET, "--expect", "table.md", "--renew-with", "bazel run //x:y.update")
    assert found.status == 4
    assert [line[:1] for line in found.out.splitlines()] == ["-", "+", "@", "-", "+"]
    assert found.err == (
        "software-update: table.md: differs from what devices do with this bundle; if that is intended, "
        "renew it with: bazel run //x:y.update\n"
    )


@pytest.mark.usefixtures("folder")
def test_writes_the_table_although_it_differs() -> None:
    Path("table.md").write_text("")
    assert call(*FLEET, "--expect", "table.md", "-o", "new.md").status == 4
    assert Path("new.md").read_text() == TABLE


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("place", ["root.pb", "1.pb", "new.bundle"])
def test_table_replaces_no_input(place: str) -> None:
    before = Path(place).read_bytes()
    assert failed(2, *FLEET, "-o", place).startswith(f"{place}: the output would replace the input")
    assert Path(place).read_bytes() == before


@pytest.mark.usefixtures("folder")
def test_hardware_ids_are_distinct_and_not_empty() -> None:
    assert failed(2, *FLEET, "board_a") == "--hardware-id: 'board_a' appears twice; name each once"
    assert failed(2, *FLEET, "").startswith("--hardware-id: an id is empty; write")


def test_writes_into_the_workspace_of_bazel_run(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert failed(2, *FLEET, "--source-file", "x.md").startswith(
        "--source-file: only for bazel run"
    )
    assert failed(2, *FLEET, "--source-file", "x.md", "-o", "y").startswith(
        "--source-file: not with"
    )
    (folder / "workspace").mkdir()
    monkeypatch.setenv("BUILD_WORKSPACE_DIRECTORY", str(folder / "workspace"))
    done(*FLEET, "--source-file", "x.md")
    assert (folder / "workspace" / "x.md").read_text() == TABLE


@pytest.mark.usefixtures("folder")
def test_file_that_is_not_a_bundle() -> None:
    Path("new.bundle").write_bytes(b"text")
    assert failed(1, *FLEET).endswith("new.bundle: field 14 has the unknown wire type 4")
