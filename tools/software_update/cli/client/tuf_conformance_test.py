"""Tests of the command line. tests/serving has those of the client's behaviour."""

from pathlib import Path

import pytest

from software_update.cli.client.dispatch import main


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["init"], "init needs ROOT"),
        (["refresh"], "refresh needs --metadata-url"),
        (["--metadata-url=http://localhost", "download"], "download needs --target-base-url"),
        (["update"], "argument COMMAND: invalid choice: 'update'"),
    ],
)
def test_incomplete_command_is_a_usage_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], problem: str
) -> None:
    command = ["tuf-conformance", f"--metadata-dir={tmp_path}", *arguments]
    assert main(command) == 2
    assert f"software-update-client: {problem}" in capsys.readouterr().err


@pytest.mark.parametrize("content", [b"", b"{}", b'{"signed": {}}'])
def test_invalid_root_is_rejected(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes
) -> None:
    (tmp_path / "root.json").write_bytes(content)
    folder = tmp_path / "metadata"
    arguments = [f"--metadata-dir={folder}", "init", str(tmp_path / "root.json")]
    assert main(["tuf-conformance", *arguments]) == 1
    assert capsys.readouterr().err.count("\n") == 1
    assert list(folder.iterdir()) == []


def test_unknown_root_file_is_an_error(tmp_path: Path) -> None:
    arguments = [f"--metadata-dir={tmp_path}", "init", str(tmp_path / "missing.json")]
    assert main(["tuf-conformance", *arguments]) == 1


@pytest.mark.parametrize("url", ["http://localhost", "ftp://localhost"])
def test_refresh_before_init_is_an_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], url: str
) -> None:
    arguments = [f"--metadata-dir={tmp_path}", f"--metadata-url={url}", "refresh"]
    assert main(["tuf-conformance", *arguments]) == 1
    assert capsys.readouterr().err.count("\n") == 1
