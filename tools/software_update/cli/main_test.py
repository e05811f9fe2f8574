"""Tests of what all commands have in common: how they start, fail and end."""

import io
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from software_update.base.progress import Progress
from software_update.cli.dispatch import COMMANDS
from software_update.cli.main import main
from software_update.testing import encode as e
from software_update.testing import workspace
from software_update.testing.command import (
    call,
    command,
    done,
    environment,
    error_line,
    failed,
    run,
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return workspace.make(tmp_path)


# Arguments in files


@pytest.mark.parametrize("output", ["args", "link", "../my work/args"])
@pytest.mark.parametrize(
    "words",
    [
        ["step", "sha256", "app.bin", "-o"],
        ["step", "digest", "--target", "app=app.bin", "-o"],
        ["bundle", "inspect", "good.bundle", "-o"],
        ["bundle", "verify", "good.bundle", "--trusted-root", "root.pb", "--report"],
        [
            "root",
            "create",
            "--version=1",
            "--root-key=root.pem.pub",
            "--targets-key=targets.pem.pub",
            "-o",
        ],
    ],
    ids=" ".join,
)
def test_file_with_the_command_line_is_not_replaced(
    folder: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], output: str
) -> None:
    monkeypatch.chdir(folder)
    content = "\n".join([*words, output])
    (folder / "args").write_text(content)
    (folder / "link").symlink_to("args")
    assert failed(2, "@args") == (
        f"{output}: the output would replace the input {folder}/args; name another file"
    )
    assert (folder / "args").read_text() == content


@pytest.mark.parametrize("outer", [[], ["@outer"]], ids=["option", "nested"])
def test_file_with_arguments_is_not_replaced(
    folder: Path, monkeypatch: pytest.MonkeyPatch, outer: list[str]
) -> None:
    monkeypatch.chdir(folder)
    (folder / "args").write_text("app.bin")
    words = ["step", "sha256", "@args", "-o", "args"]
    (folder / "outer").write_text("\n".join(words))
    assert failed(2, *(outer or words)) == (
        f"args: the output would replace the input {folder}/args; name another file"
    )
    assert (folder / "args").read_text() == "app.bin"
    (folder / "args").write_text(f"{folder}/app.bin")
    assert "would replace the input" in failed(2, "step", "sha256", "@args", "-o", f"{folder}/args")


def test_tree_with_the_file_of_arguments_is_not_replaced(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    (folder / "tree/metadata").mkdir(parents=True)
    args = folder / "tree/metadata/args"
    args.write_text("good.bundle\n-o\ntree")
    assert "tree: the output would replace the input" in failed(2, "step", "persist", f"@{args}")
    assert args.exists()


def test_file_with_arguments_may_be_replaced_by_the_next_command(folder: Path) -> None:
    (folder / "args").write_text(f"step\nsha256\n{folder}/app.bin\n-o\n{folder}/out")
    done(f"@{folder}/args")
    done("step", "sha256", folder / "app.bin", "-o", folder / "args")


# Help and wrong usage


def test_help_lists_every_command() -> None:
    text = done("--help").out
    for group, name in COMMANDS:
        assert re.search(rf"^  {group} +{name} +\w", text, re.MULTILINE)
    assert done("-h").out == text
    assert call().status == 2


@pytest.mark.parametrize("key", COMMANDS, ids=map(" ".join, COMMANDS))
def test_each_command_has_help_and_a_module(key: tuple[str, str]) -> None:
    words = [word for word in key if word]
    result = done(*words, "--help")
    assert result.out.startswith(f"usage: software-update {' '.join(words)} ")


GROUPED = [key for key in COMMANDS if key[1]]


@pytest.mark.parametrize("key", GROUPED, ids=map(" ".join, GROUPED))
def test_each_command_of_a_group(key: tuple[str, str]) -> None:
    group, name = key
    assert name in done(group, "--help").out
    assert call(group).status == 2
    text = failed(2, group, name)
    assert "required" in text
    assert text.endswith(f"; see: software-update {group} {name} --help")


def test_unknown_commands() -> None:
    assert failed(2, "no\x1bsuch") == r"'no\x1bsuch' is not a command; see: software-update --help"
    assert (
        failed(2, "bundle", "x")
        == "bundle 'x' is not a command; see: software-update bundle --help"
    )
    assert failed(2, "bundle", "inspect", "a", "--x\n\x1b").startswith("unrecognized argument")


def test_options_are_not_abbreviated(folder: Path) -> None:
    failed(2, "bundle", "verify", folder / "good.bundle", "--trusted", folder / "root.pb")


# Errors


def test_errors_escape_paths(tmp_path: Path) -> None:
    name = tmp_path / "a\n\x1b[31m\u202e"
    assert failed(3, "bundle", "inspect", name).endswith(
        r"a\n\x1b[31m\u202e: No such file or directory"
    )
    name.mkdir()
    assert r"a\n\x1b[31m\u202e: is a folder; give a file, " in failed(3, "bundle", "inspect", name)


def test_a_missing_input_is_named(folder: Path) -> None:
    absent = folder / "absent file"
    cases: list[list[str | Path]] = [
        ["bundle", "verify", absent, "--trusted-root", folder / "root.pb"],
        ["bundle", "verify", folder / "good.bundle", "--trusted-root", absent],
        ["bundle", "inspect", absent],
        ["bundle", "extract", absent, "-o", folder / "new"],
        ["root", "inspect", absent],
        ["root", "sign", absent, "--dev-signing-key", folder / "root.pem"],
        ["root", "sign", folder / "root.pb", "--dev-signing-key", absent],
        ["key", "show", absent],
        ["step", "digest", "--target", f"a={absent}", "-o", folder / "o"],
        ["step", "sha256", absent, "-o", folder / "o"],
    ]
    for args in cases:
        assert failed(3, *args) == f"{absent}: No such file or directory"
    assert not (folder / "new").exists()
    assert not (folder / "o").exists()


def test_output_ends_early_without_a_word(folder: Path) -> None:
    for args in (["bundle", "inspect", f"{folder}/good.bundle"], ["bundle", "create", "--help"]):
        read, write = os.pipe()
        os.close(read)
        try:
            ended = subprocess.run(
                command(args),
                stdout=write,
                stderr=subprocess.PIPE,
                env=environment(),
                timeout=60,
                check=False,
            )
        finally:
            os.close(write)
        assert (ended.returncode, ended.stderr) == (141, b"")


def test_head_has_its_first_line(folder: Path) -> None:
    contents = {f"f{index:05}": b"x" for index in range(3000)}
    (folder / "large.bundle").write_bytes(e.bundle(contents))
    with subprocess.Popen(
        command(["bundle", "inspect", folder / "large.bundle"]),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert b"large.bundle" in process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(60) == 141


@pytest.mark.parametrize(
    ("args", "variables"),
    [
        (["--help"], {}),
        (["bundle", "create", "--help"], {}),
        (["--help"], {"PYTHONUNBUFFERED": "1"}),
        (["explain", "accept"], {"PYTHONUNBUFFERED": "1"}),
    ],
)
def test_a_full_standard_output(args: list[str], variables: dict[str, str]) -> None:
    with open("/dev/full", "wb") as full:
        ended = subprocess.run(
            command(args),
            stdout=full,
            stderr=subprocess.PIPE,
            env=environment(**variables),
            timeout=60,
            check=False,
        )
    assert ended.stderr == b"software-update: standard output: No space left on device\n"
    assert ended.returncode == 3


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_standard_streams(folder: Path, closed: str) -> None:
    words = command(workspace.create_args(folder))
    ended = subprocess.run(
        ["/bin/sh", "-c", f'exec "$@" {closed}', "sh", *words],
        env=environment(),
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, b"", b"")
    assert (folder / "out.bundle").read_bytes() == (folder / "good.bundle").read_bytes()


def test_error_with_a_closed_standard_error_prints_nothing(folder: Path) -> None:
    ended = subprocess.run(
        ["/bin/sh", "-c", 'exec "$@" 2>&-', "sh", *command(["key", "show", folder / "absent"])],
        env=environment(),
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert (ended.returncode, ended.stdout) == (3, b"")


ASCII = [
    {"PYTHONIOENCODING": "ascii"},
    {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"},
]


@pytest.mark.parametrize("changes", ASCII, ids=["streams", "locale"])
@pytest.mark.parametrize("name", [os.fsencode("Gerät"), b"\xff\xfe"], ids=["utf-8", "bytes"])
def test_an_ascii_terminal(folder: Path, name: bytes, changes: dict[str, str]) -> None:
    """Names and texts with other characters give escapes, and neither a traceback nor another text."""
    place = folder / os.fsdecode(name)
    place.mkdir()
    for each in ("app.bin", "root.pb", "root.pem", "targets.pem", "targets.pem.pub", "good.bundle"):
        (place / each).write_bytes((folder / each).read_bytes())
    create = ["bundle", "create", "--version=7", "--root=root.pb", "--dev-signing-key=targets.pem"]
    create += ["--target=app=app.bin", f"--user-manifest={place}/release.json"]
    release = [
        "step",
        "release-manifest",
        "--product=Gerät",
        "--release-version=1é",
        "--release-counter=1",
    ]
    verify = ["bundle", "verify", f"{place}/made.bundle", f"--trusted-root={place}/root.pb"]
    for status, args in (
        (0, [*release, "--hardware-id=böard", "-o", f"{place}/release.json"]),
        (0, [*create, "-o", f"{place}/made.bundle"]),
        (0, [*verify, "--hardware-id=böard"]),
        (0, [*verify, "--hardware-id=böard", "--json"]),
        (1, [*verify, "--hardware-id=bü"]),
        (1, [*verify, "--hardware-id=bü", "--json"]),
        (0, ["bundle", "inspect", f"{place}/made.bundle"]),
        (1, ["bundle", "extract", f"{place}/root.pb", "-o", f"{place}/new"]),
        (0, ["key", "show", f"{place}/targets.pem.pub"]),
        (0, ["root", "check", f"{place}/root.pb"]),
        (0, ["root", "inspect", f"{place}/root.pb"]),
        (3, ["key", "show", f"{place}/absent"]),
        (2, ["bundle", "create", f"--{place}"]),
        (0, ["step", "release-manifest", "--help"]),
    ):
        result = run(*args, cwd=place, env=environment(**changes))
        assert (result.status, "Traceback" in result.err) == (status, False), result.err
        assert (result.out + result.err).isascii()


def test_streams_escape_what_they_cannot_encode() -> None:
    """Also text that reaches a stream without `printable`."""
    script = "from software_update.cli.main import main\nmain(['--version'])\nprint('\\xe9\\udcff')"
    ended = subprocess.run(
        [sys.executable, "-s", "-c", script],
        env=environment(PYTHONIOENCODING="ascii"),
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert (ended.returncode, ended.stderr) == (0, b"")
    assert ended.stdout.splitlines()[1] == rb"\xe9\udcff"


def test_an_ascii_locale_makes_the_same_release_manifest(folder: Path) -> None:
    release = [
        "step",
        "release-manifest",
        "--product=Gerät",
        "--release-version=1é",
        "--release-counter=1",
    ]
    for out, changes in (("a.json", {}), ("b.json", ASCII[1])):
        assert run(*release, "-o", folder / out, env=environment(**changes)).status == 0
    assert (folder / "a.json").read_bytes() == (folder / "b.json").read_bytes()


def test_the_command_as_a_process(folder: Path) -> None:
    result = run("bundle", "verify", folder / "root.pb", "--trusted-root", folder / "root.pb")
    assert result.status == 1
    assert "MALFORMED" in error_line(result) or "UNEXPECTED_FIELD" in error_line(result)


class Terminal(io.StringIO):
    """Standard error, as a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("stream", [Terminal(), io.StringIO()])
def test_progress_is_shown_on_a_terminal_only(
    monkeypatch: pytest.MonkeyPatch, stream: io.StringIO
) -> None:
    monkeypatch.setattr(Progress, "terminal", None)
    monkeypatch.setattr(sys, "stderr", stream)
    assert main(["--version"]) == 0
    assert Progress.terminal is (stream if stream.isatty() else None)
