"""Tests of tool_digest.py: the name of the file depends on every file of the tool, and on nothing else."""

from pathlib import Path

import pytest
import tool_digest

FILES = {"tool": "launcher", "../wheels/a.so": "machine code", "tool.py": "import a"}


def digest(folder: Path, files: dict[str, str] = FILES) -> str:
    """The name of the one file in the folder of these files, which are written below `folder`."""
    out = folder / "out"
    out.mkdir(parents=True)
    words = []
    for number, (path, content) in enumerate(files.items()):
        (folder / str(number)).write_text(content)
        words.append(f"--file={path}={folder / str(number)}")
    assert tool_digest.main([*words, f"--out={out}"]) == 0
    [made] = out.iterdir()
    return made.name


def test_digest_is_the_same_in_any_folder_and_order(tmp_path: Path) -> None:
    reverse = dict(reversed(FILES.items()))
    assert digest(tmp_path / "here") == digest(tmp_path / "there/deeper", reverse)


@pytest.mark.parametrize("path", FILES)
def test_every_content_counts(tmp_path: Path, path: str) -> None:
    changed = FILES | {path: "changed"}
    assert digest(tmp_path / "changed", changed) != digest(tmp_path / "here")


@pytest.mark.parametrize("path", FILES)
def test_every_path_counts(tmp_path: Path, path: str) -> None:
    renamed = {f"{key}_renamed" if key == path else key: text for key, text in FILES.items()}
    assert digest(tmp_path / "renamed", renamed) != digest(tmp_path / "here")


def test_dangling_link_counts_by_its_text(tmp_path: Path) -> None:
    digests = []
    for target in ("a", "b", "a"):
        link = tmp_path / "link"
        link.unlink(missing_ok=True)
        link.symlink_to(target)
        digests.append(tool_digest.digest([("python", link)]))
    assert digests[0] == digests[2] != digests[1]


def test_missing_file_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert tool_digest.main([f"--file=tool={tmp_path}/nothing", f"--out={tmp_path}"]) == 1
    assert capsys.readouterr().err == f"{tmp_path}/nothing: No such file or directory\n"
