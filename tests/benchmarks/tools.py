"""The commands with which each tool makes one signed artifact of some files, and checks it."""

from __future__ import annotations

import dataclasses
import os
import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.data import Keys, write_list
from tests.benchmarks.measure import Command
from tests.benchmarks.peers import Peers
from tests.benchmarks.results import BenchmarkError

TUF_TOOL = Path(__file__).with_name("tuf_tool.py")
OURS = "software-update"
FLOOR = "openssl dgst"
SHOWN_LENGTH = 240


@dataclass(frozen=True)
class Work:
    """The files of an artifact, and a folder for the artifacts of the tools."""

    files: Sequence[Path]
    folder: Path
    keys: Keys
    peers: Peers

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(path.stat().st_size for path in self.files)


@dataclass(frozen=True)
class Tool:
    """A tool: its name, the programs that it needs, and its commands; `verify` may be missing.

    `artifact` is the name of the output of `create`. `holds_payload` is false if it only has digests.
    """

    name: str
    needs: tuple[str, ...]
    artifact: str
    create: Callable[[Work, Path], Command]
    verify: Callable[[Work, Path], Command] | None = None
    holds_payload: bool = True
    one_file: bool = False

    def creates(self, work: Work, size: int) -> Command:
        """Returns the command that makes the artifact, and checks that it is as large as its payload."""
        artifact = work.folder / self.artifact
        least = work.size if self.holds_payload else 100

        def check(_: str) -> None:
            made = sum(each.stat().st_size for each in _files(artifact))
            if made < least:
                raise BenchmarkError(f"{self.name} made {made} bytes of {least} bytes of payload")

        return _finish(self.create(work, artifact), work, size, (artifact,), check)

    def verifies(self, work: Work, size: int) -> Command | None:
        """Returns the command that checks the artifact, which must exist."""
        if not self.verify:
            return None
        command = self.verify(work, work.folder / self.artifact)
        return _finish(command, work, size, (), command.check)


def available(tools: Sequence[Tool], peers: Peers, files: int) -> list[Tool]:
    """Returns the tools that are installed and can put this many files into one artifact."""
    return [
        tool
        for tool in tools
        if peers.missing.keys().isdisjoint(tool.needs) and not (tool.one_file and files > 1)
    ]


def shown(argv: Sequence[str], folder: Path) -> str:
    """Returns a command for the page, without the folders of this machine and not too long."""
    text = shlex.join([os.path.basename(argv[0]), *argv[1:]])
    for path in (folder, folder.parent, TUF_TOOL.parent):
        text = text.replace(f"{path}{os.sep}", "")
    return text if len(text) <= SHOWN_LENGTH else f"{text[:SHOWN_LENGTH].rpartition(' ')[0]} ..."


def ours(peers: Peers, folder: Path, *args: str, **more: object) -> Command:
    """Returns a command of ours, as pip installed it."""
    argv = (str(peers.ours.with_name(OURS)), *args)
    text = shown(argv, folder)
    return Command(OURS, argv, environment=peers.environment, shown=text, **more)  # type: ignore[arg-type]


def _finish(
    command: Command,
    work: Work,
    size: int,
    outputs: tuple[Path, ...],
    check: Callable[[str], None] | None,
) -> Command:
    text = shown(command.argv, work.folder)
    return dataclasses.replace(command, outputs=outputs, shown=text, size=size, check=check)


def _files(path: Path) -> list[Path]:
    return [each for each in path.rglob("*") if each.is_file()] if path.is_dir() else [path]


def _says(tool: str, word: str) -> Callable[[str], None]:
    def check(output: str) -> None:
        if word not in output:
            raise BenchmarkError(
                f"{tool} does not say {word!r}, so it may not have checked anything"
            )

    return check


# --- the floor: hash or copy the files, and do no more ---


def _dgst(work: Work, _: Path) -> Command:
    argv = (work.peers.programs["openssl"], "dgst", "-sha256", *map(str, work.files))
    return Command(FLOOR, argv, environment=work.peers.environment)


def floor(work: Work, size: int) -> Command:
    """Hashes all files in one process."""
    return _finish(_dgst(work, work.folder), work, size, (), None)


def _cp(work: Work, artifact: Path) -> Command:
    argv = (work.peers.programs["cp"], *map(str, work.files), str(artifact))
    many = len(work.files) > 1
    command = Command("cp", argv, environment=work.peers.environment)
    return dataclasses.replace(command, prepare=artifact.mkdir) if many else command


# --- ours ---


def _ours_create(work: Work, artifact: Path) -> Command:
    listed = work.folder / "targets.json"
    if not listed.exists():
        write_list(listed, work.files)
    keys = [f"--root={work.keys.root}", f"--dev-signing-key={work.keys.private}"]
    files = [f"--targets-from={listed}", "-o", str(artifact)]
    return ours(work.peers, work.folder, "bundle", "create", "--version=7", *keys, *files)


def _ours_verify(work: Work, artifact: Path) -> Command:
    trusted = f"--trusted-root={work.keys.root}"
    return ours(work.peers, work.folder, "bundle", "verify", str(artifact), trusted)


# --- python-tuf ---


def _tuf(work: Work, name: str, what: str, key: Path, artifact: Path, *more: str) -> Command:
    listed = work.folder / "files.txt"
    if not listed.exists():
        listed.write_text("".join(f"{path}\n" for path in work.files))
    argv = (
        str(work.peers.python),
        str(TUF_TOOL),
        what,
        str(key),
        str(artifact),
        str(listed),
        *more,
    )
    return Command(name, argv, environment=work.peers.environment)


def _tuf_create(work: Work, artifact: Path) -> Command:
    return _tuf(work, "python-tuf, metadata only", "create", work.keys.private, artifact)


def _tuf_copy(work: Work, artifact: Path) -> Command:
    more = ("--copy-to", str(artifact / "targets"))
    made = artifact / "targets.json"
    command = _tuf(work, "python-tuf, with a copy", "create", work.keys.private, made, *more)
    return dataclasses.replace(command, prepare=artifact.mkdir)


def _tuf_verify(work: Work, artifact: Path) -> Command:
    return _tuf(work, "python-tuf", "verify", work.keys.public, artifact)


# --- mender-artifact ---


def _mender_create(work: Work, artifact: Path) -> Command:
    argv = [
        work.peers.programs["mender-artifact"],
        "--compression",
        "none",
        "write",
        "module-image",
    ]
    argv += ["-T", "files", "-n", "release-7", "-t", "board", "-k", str(work.keys.sec1)]
    argv += ["-o", str(artifact), *(arg for path in work.files for arg in ("-f", str(path)))]
    return Command("mender-artifact", tuple(argv), environment=work.peers.debian)


def _mender_verify(work: Work, artifact: Path) -> Command:
    program = work.peers.programs["mender-artifact"]
    argv = (program, "validate", "-k", str(work.keys.public), str(artifact))
    return Command("mender-artifact", argv, environment=work.peers.debian)


# --- rauc ---


def _rauc_create(work: Work, artifact: Path) -> Command:
    content = work.folder / "rauc"
    if not content.exists():
        content.mkdir()
        images = []
        for number, path in enumerate(work.files):
            os.link(path, content / path.name)
            images.append(f"[image.f{number}]\nfilename={path.name}\n")
        head = "[update]\ncompatible=board\nversion=7\n\n[bundle]\nformat=plain\n\n"
        (content / "manifest.raucm").write_text(head + "\n".join(images))
    keys = (f"--cert={work.keys.certificate}", f"--key={work.keys.private}")
    stored = "--mksquashfs-args=-noI -noD -noF -noX"
    argv = (work.peers.programs["rauc"], "bundle", *keys, stored, str(content), str(artifact))
    return Command("rauc", argv, environment=work.peers.debian)


def _rauc_verify(work: Work, artifact: Path) -> Command:
    keyring = f"--keyring={work.keys.certificate}"
    argv = (work.peers.programs["rauc"], "info", keyring, str(artifact))
    return Command("rauc", argv, environment=work.peers.debian, check=_says("rauc", "board"))


# --- imgtool ---


def _imgtool_create(work: Work, artifact: Path) -> Command:
    [path] = work.files
    slot = str(2 * path.stat().st_size + 65536)
    argv = [work.peers.programs["imgtool"], "sign", "-k", str(work.keys.private), "-v", "7.0.0"]
    argv += ["-H", "512", "--pad-header", "-S", slot, "--overwrite-only", str(path), str(artifact)]
    return Command("imgtool", tuple(argv), environment=work.peers.environment)


def _imgtool_verify(work: Work, artifact: Path) -> Command:
    argv = (work.peers.programs["imgtool"], "verify", "-k", str(work.keys.private), str(artifact))
    check = _says("imgtool", "validated")
    return Command("imgtool", argv, environment=work.peers.environment, check=check)


# --- swugenerator ---


def _swu_create(work: Work, artifact: Path) -> Command:
    description = work.folder / "sw-description"
    image = '    {{ filename = "{}"; type = "raw"; device = "/dev/mtd0"; }}'
    images = ",\n".join(image.format(path.name) for path in work.files)
    description.write_text(f'software =\n{{\n  version = "7";\n  images: (\n{images}\n  );\n}}\n')
    argv = [work.peers.programs["swugenerator"], "-s", str(description), "-o", str(artifact)]
    argv += [
        "-a",
        str(work.files[0].parent),
        "-k",
        f"CMS,{work.keys.private},{work.keys.certificate}",
    ]
    return Command("swugenerator", (*argv, "create"), environment=work.peers.environment)


TOOLS = (
    Tool(OURS, ("openssl",), "ours.bundle", _ours_create, _ours_verify),
    Tool(
        "python-tuf, metadata only",
        ("tuf",),
        "tuf.json",
        _tuf_create,
        _tuf_verify,
        holds_payload=False,
    ),
    Tool("python-tuf, with a copy", ("tuf",), "tuf", _tuf_copy),
    Tool("mender-artifact", ("mender-artifact",), "theirs.mender", _mender_create, _mender_verify),
    Tool("rauc", ("rauc", "mksquashfs"), "theirs.raucb", _rauc_create, _rauc_verify),
    Tool(
        "imgtool", ("imgtool",), "theirs.img.bin", _imgtool_create, _imgtool_verify, one_file=True
    ),
    Tool("swugenerator", ("swugenerator",), "theirs.swu", _swu_create),
    Tool("cp", ("cp",), "copy", _cp),
)
