"""Tests of payload_files.py."""

from pathlib import Path

import pytest

from software_update.base.errors import Advice, InputError, UsageError
from software_update.steps.payload_files import check_distinct, expand_folders, payload_files

APP = ("app", "app.bin")


def test_user_manifest_comes_last() -> None:
    assert payload_files([APP], "release.json") == [APP, ("user_manifest", "release.json")]
    assert payload_files([APP]) == [APP]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("", "target '': the name is empty; rename it"),
        ("../a", r"target '\.\./a': the name has the part '\.\.'; rename it"),
        ("User_Manifest", "target 'User_Manifest': the name is reserved"),
    ],
)
def test_rejected_names(name: str, text: str) -> None:
    with pytest.raises(UsageError, match=f"^{text}$"):
        payload_files([APP, (name, "x")])


def test_reserved_name_advises_the_user_manifest() -> None:
    with pytest.raises(UsageError) as caught:
        payload_files([("user_manifest", "x")])
    assert caught.value.advice == Advice.STATE_USER_MANIFEST


@pytest.mark.parametrize("other", ["app", "APP"])
def test_names_that_differ_only_in_case_are_rejected(other: str) -> None:
    text = rf"^two targets 'app' \(app\.bin\) and '{other}' \(x\); rename one, or leave it out$"
    with pytest.raises(UsageError, match=text):
        check_distinct([("boot", "boot.bin"), APP, (other, "x")])
    with pytest.raises(UsageError, match=text):
        payload_files([APP, (other, "x")])


@pytest.fixture
def assets(tmp_path: Path) -> Path:
    folder = tmp_path / "assets"
    (folder / "icons").mkdir(parents=True)
    for name in ("logo.raw", "icons/on.raw", "a.raw"):
        (folder / name).write_bytes(b"content")
    return folder


@pytest.mark.parametrize("prefix", ["", "images/"])
def test_prefix_stands_for_all_files_in_a_folder(assets: Path, prefix: str) -> None:
    pairs, found = expand_folders([APP, (prefix, str(assets))])
    names = ("a.raw", "icons/on.raw", "logo.raw")
    assert pairs == [APP, *((f"{prefix}{name}", f"{assets}/{name}") for name in names)]
    folders = [str(assets), f"{assets}/icons"]
    assert sorted(found) == sorted([*folders, *(f"{assets}/{name}" for name in names)])


def test_link_to_a_file_is_a_file(assets: Path) -> None:
    (assets / "link.raw").symlink_to(assets / "a.raw")
    assert ("link.raw", f"{assets}/link.raw") in expand_folders([("", str(assets))])[0]


def test_folders_that_are_rejected(assets: Path) -> None:
    for path, text in (
        (assets / "a.raw", r"a\.raw: not a folder; name a folder, or write a target name"),
        (assets / "empty", r"empty: contains no files; name a folder with at least one$"),
        (assets, r"link: a symbolic link to a folder; copy the folder, or remove the link$"),
    ):
        (assets / "empty").mkdir(exist_ok=True)
        if path == assets:
            (assets / "link").symlink_to(assets / "icons")
        with pytest.raises(InputError, match=text):
            expand_folders([("images/", str(path))])
