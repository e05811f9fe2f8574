"""Tests of pytest_main.py: the runner in a process of its own, on small test files."""

from __future__ import annotations

import os
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest_main

PASSES = "def test_one():\n    assert True\n\ndef test_two():\n    assert True\n"


def run(
    folder: Path, *args: str, **env: str
) -> tuple[subprocess.CompletedProcess[str], list[ET.Element]]:
    """Runs pytest_main in a folder as Bazel would; gives the process and the junit test cases."""
    xml = folder / "test.xml"
    xml.unlink(missing_ok=True)
    clean = {name: value for name, value in os.environ.items() if not name.startswith("TEST_")}
    # This test's own dependencies: pytest and its parts.
    clean |= {"PYTHONPATH": os.pathsep.join(sys.path), "XML_OUTPUT_FILE": str(xml)}
    clean |= {"TEST_TMPDIR": str(folder / "scratch"), "TEST_TARGET": "//a:b"} | env
    (folder / "scratch").mkdir(exist_ok=True)
    process = subprocess.run(
        [sys.executable, pytest_main.__file__, *args],
        cwd=folder,
        env=clean,
        capture_output=True,
        text=True,
        check=False,
    )
    return process, list(ET.parse(xml).iter("testcase")) if xml.exists() else []


def test_passing_tests_are_counted_in_the_xml(tmp_path: Path) -> None:
    (tmp_path / "a_test.py").write_text(PASSES)
    process, cases = run(tmp_path, "a_test.py")
    assert process.returncode == 0, process.stdout
    assert [case.get("name") for case in cases] == ["test_one", "test_two"]


def test_failure_and_skip_are_in_the_xml(tmp_path: Path) -> None:
    (tmp_path / "a_test.py").write_text(
        "import pytest\n\ndef test_bad():\n    assert 1 == 2\n\n"
        "def test_skipped():\n    pytest.skip('why')\n"
    )
    process, cases = run(tmp_path, "a_test.py")
    assert process.returncode == 1
    assert [[child.tag for child in case] for case in cases] == [["failure"], ["skipped"]]


def test_file_without_a_test_fails(tmp_path: Path) -> None:
    (tmp_path / "a_test.py").write_text(PASSES)
    (tmp_path / "b_test.py").write_text("def helper():\n    pass\n")
    process, _ = run(tmp_path, "a_test.py", "b_test.py")
    assert process.returncode != 0
    assert "b_test.py: no test in it" in process.stdout + process.stderr


def test_filter(tmp_path: Path) -> None:
    (tmp_path / "a_test.py").write_text(PASSES)
    process, cases = run(tmp_path, "a_test.py", TESTBRIDGE_TEST_ONLY="two")
    assert process.returncode == 0
    assert [case.get("name") for case in cases] == ["test_two"]


def test_filter_that_matches_nothing_fails(tmp_path: Path) -> None:
    (tmp_path / "a_test.py").write_text(PASSES)
    process, _ = run(tmp_path, "a_test.py", TESTBRIDGE_TEST_ONLY="three")
    assert process.returncode == 5


def test_shards_share_the_tests_out(tmp_path: Path) -> None:
    (tmp_path / "a_test.py").write_text(PASSES)
    names = []
    for shard in range(3):
        status = tmp_path / f"status-{shard}"
        process, cases = run(
            tmp_path,
            "a_test.py",
            TEST_SHARD_INDEX=str(shard),
            TEST_TOTAL_SHARDS="3",
            TEST_SHARD_STATUS_FILE=str(status),
        )
        assert process.returncode == 0
        assert status.exists()
        names.append([case.get("name") for case in cases])
    assert names == [["test_one"], ["test_two"], []]


def test_unknown_marker_fails(tmp_path: Path) -> None:
    (tmp_path / "a_test.py").write_text(
        "import pytest\n\n@pytest.mark.slwo\ndef test_it():\n    pass\n"
    )
    process, _ = run(tmp_path, "a_test.py")
    assert process.returncode != 0
    assert "slwo" in process.stdout


def test_settings_of_the_folder_are_not_read_and_nothing_is_left_in_it(tmp_path: Path) -> None:
    (tmp_path / "a_test.py").write_text(PASSES)
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = --no-such-option\n")
    process, _ = run(tmp_path, "a_test.py", PYTHONDONTWRITEBYTECODE="1")
    assert process.returncode == 0, process.stdout
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {"a_test.py", "pytest.ini", "scratch", "test.xml"}
