"""Tests of the public Python API."""

import re
import subprocess
from pathlib import Path

import pytest

import software_update
from software_update.testing import workspace
from software_update.testing.command import environment, python

SOURCE = Path(software_update.__file__).read_text()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return workspace.make(tmp_path)


def run(folder: Path, program: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        python("-c", program),
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def example() -> str:
    match = re.search(r"^```python\n(.*?)^```$", software_update.__doc__ or "", re.M | re.S)
    assert match
    return match[1]


def test_example_extracts_an_accepted_bundle(folder: Path) -> None:
    done = run(folder, example())
    assert (done.returncode, done.stdout, done.stderr) == (0, "app 12\nboot 1100\n", "")
    assert {path.name: path.read_bytes() for path in (folder / "payloads").iterdir()} == (
        workspace.CONTENTS
    )


def test_example_says_why_a_bundle_is_refused(folder: Path) -> None:
    (folder / "good.bundle").write_bytes(b"")
    done = run(folder, example())
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == ("do not install it: MISSING_ROLE_METADATA: is missing\n")
    assert not (folder / "payloads").exists()


def test_import_loads_no_module_of_the_api(folder: Path) -> None:
    program = (
        "import sys, software_update\n"
        "print(sorted(name for name in sys.modules if name.startswith('software_update')))"
    )
    assert run(folder, program).stdout == "['software_update']\n"


@pytest.mark.parametrize("name", software_update.__all__)
def test_public_name_exists_and_is_documented(name: str) -> None:
    value = getattr(software_update, name)
    assert value.__name__ == name
    assert value.__doc__ and not value.__doc__.startswith(f"{name}(")


def test_lists_of_public_names_agree() -> None:
    imported = re.search(r"^if TYPE_CHECKING:\n(.*?)^\S", SOURCE, re.M | re.S)
    assert imported
    names = re.findall(r"[\w]+(?=,|$)", re.sub(r".* import ", "", imported[1]), re.M)
    assert sorted(names) == sorted(software_update.__all__) == sorted(software_update._MODULES)


def test_other_names_are_errors() -> None:
    with pytest.raises(AttributeError, match="module 'software_update' has no attribute 'absent'"):
        _ = software_update.absent


def test_creates_a_bundle_that_the_device_accepts(folder: Path) -> None:
    new = software_update.NewBundle(
        software_update.payload_files([("app", f"{folder}/app.bin")]),
        7,
        f"{folder}/root.pb",
        [f"{folder}/targets.pem"],
    )
    software_update.create_bundle(f"{folder}/out.bundle", new)
    device = software_update.Device(software_update.read_trusted_root(f"{folder}/root.pb"))
    with open(folder / "out.bundle", "rb") as file:
        release = software_update.verify_bundle(file.fileno(), device)
    assert [each.name for each in release.targets.targets] == ["app"]


def test_extracted_bundle_does_not_change_an_existing_folder(folder: Path) -> None:
    (folder / "payloads").mkdir()
    (folder / "payloads/own.txt").write_text("mine")
    device = software_update.Device(software_update.read_trusted_root(f"{folder}/root.pb"))
    with pytest.raises(software_update.SoftwareUpdateError, match="payloads: "):
        software_update.extract_bundle(f"{folder}/good.bundle", device, f"{folder}/payloads")
    assert [path.name for path in (folder / "payloads").iterdir()] == ["own.txt"]
