"""Tests of python_archive.py: what it writes can be imported, and is the same at each run."""

from __future__ import annotations

import ast
import runpy
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import python_archive

SOURCES = {
    "_main/tools/ours/__init__.py": "",
    "_main/tools/ours/part.py": "import space.other\nANSWER = space.other.ANSWER\n",
    "wheels/site/space/space/other.py": "ANSWER = 42\n",
}
IMPORTS = ("_main/tools", "wheels/site/space")


def arguments(folder: Path, sources: dict[str, str] = SOURCES) -> list[str]:
    """The arguments for these sources, written below `folder`, without the last."""
    words = ["--main-repository=_main", *(f"--import={name}" for name in IMPORTS)]
    for name, text in sources.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        short_path = name.removeprefix("_main/") if name.startswith("_main/") else f"../{name}"
        words.append(f"--module={short_path}={file}")
    return words


def make(folder: Path, words: list[str]) -> Path:
    """The archive in a new folder."""
    out = folder / "out"
    out.mkdir(parents=True)
    assert python_archive.main([*words, f"--out={out}"]) == 0
    return out / "python.zip"


def run(archive: Path, program: str) -> str:
    """Returns the output of a program that finds modules only in the archive and in Python itself."""
    script = f"import sys; sys.path.insert(0, sys.argv[1]); {program}"
    command = [sys.executable, "-I", "-S", "-c", script, str(archive)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_modules_are_imported_from_where_their_libraries_say(tmp_path: Path) -> None:
    """Also those of a namespace package, which has no __init__.py."""
    archive = make(tmp_path, arguments(tmp_path))
    assert run(archive, "import ours.part; print(ours.part.ANSWER)") == "42\n"


def test_old_python_gets_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 9, 18, "final", 0))
    monkeypatch.setattr(sys, "executable", "/bin/python")
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(python_archive.__file__, run_name="__main__")
    assert ended.value.code == 3
    assert capsys.readouterr().err == (
        "python_archive: /bin/python is Python 3.9, and Python 3.11 or later is needed;"
        " register such a Python toolchain\n"
    )


def test_python_3_7_can_run_the_module() -> None:
    source = Path(python_archive.__file__).read_text()
    ast.parse(source, feature_version=(3, 7))
    # No annotation is evaluated then.
    assert "\nfrom __future__ import annotations\n" in source


def test_archive_has_the_same_bytes_in_any_folder_and_order(tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there" / "deeper"
    reverse = dict(reversed(SOURCES.items()))
    first = make(here, arguments(here))
    second = make(there, arguments(there, reverse))
    assert first.read_bytes() == second.read_bytes()


def test_the_compiled_modules_run(tmp_path: Path) -> None:
    archive = make(tmp_path, arguments(tmp_path))
    assert run(archive, "import ours.part as p; print(p.__cached__, p.__file__)") == (
        f"{archive}/ours/part.pyc {archive}/ours/part.pyc\n"
    )


def test_another_python_compiles_the_sources(tmp_path: Path) -> None:
    archive = make(tmp_path, arguments(tmp_path))
    other = tmp_path / "other.zip"
    with zipfile.ZipFile(archive) as read, zipfile.ZipFile(other, "w") as write:
        for name in read.namelist():
            content = read.read(name)
            write.writestr(name, b"\0\0\r\n" + content[4:] if name.endswith(".pyc") else content)
    assert run(other, "import ours.part as p; print(p.ANSWER, p.__file__)") == (
        f"42 {other}/ours/part.py\n"
    )


def test_a_source_for_another_python_is_not_compiled(tmp_path: Path) -> None:
    archive = make(tmp_path, arguments(tmp_path, {"_main/tools/ours/new.py": "this is not\n"}))
    assert zipfile.ZipFile(archive).namelist() == ["ours/", "ours/new.py"]


def test_extension_modules_are_next_to_the_archive(tmp_path: Path) -> None:
    native = {"wheels/site/space/space/deep/native.abi3.so": "machine code"}
    archive = make(tmp_path, arguments(tmp_path, SOURCES | native))
    assert (archive.parent / "space/deep/native.abi3.so").read_text() == "machine code"


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (
            "wheels/site/else/a.py",
            "wheels/site/else/a.py: no library says where it is imported from (imports)\n",
        ),
        (
            "wheels/site/space/ours/part.py",
            "ours/part.py: both {0}/_main/tools/ours/part.py and {0}/wheels/site/space/ours/part.py"
            " are imported so; leave one out\n",
        ),
    ],
)
def test_modules_that_cannot_be_imported_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], more: str, message: str
) -> None:
    words = arguments(tmp_path, SOURCES | {more: ""})
    assert python_archive.main([*words, f"--out={tmp_path}"]) == 1
    assert capsys.readouterr().err == message.format(tmp_path)
    assert not (tmp_path / "python.zip").exists()
