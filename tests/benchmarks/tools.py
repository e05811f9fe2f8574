"""The commands with which each tool makes one signed artifact of some files, and checks it."""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tests.benchmarks.data import Keys, write_list
from tests.benchmarks.measure import Command
from tests.benchmarks.peers import DEBIAN, Peers
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

    def argv(self, template: str, artifact: Path) -> tuple[str, ...]:
        """Returns the words of a template: `{files}` stands for all files, `{-f}` for each after a -f."""
        program, *words = shlex.split(template)
        peers = self.peers
        ours = {OURS: peers.ours.with_name(OURS), "our-python": peers.ours, "python": peers.python}
        values = vars(self.keys) | {"artifact": artifact, "folder": self.folder}
        values |= {"inputs": self.files[0].parent, "tuf_tool": TUF_TOOL}
        values["slot"] = 2 * self.files[0].stat().st_size + 65536
        lists = {"{files}": [str(path) for path in self.files]}
        lists["{-f}"] = [word for path in self.files for word in ("-f", str(path))]
        found = [str(ours.get(program) or peers.programs[program])]
        for word in words:
            found += lists.get(word) or [word.format_map(values)]
        return tuple(found)

    def command(self, tool: str, template: str, artifact: Path) -> Command:
        """Returns a command of a tool, with the environment that its program needs."""
        peers, argv = self.peers, self.argv(template, artifact)
        debian = template.split(maxsplit=1)[0] in DEBIAN.values()
        environment = peers.debian if debian else peers.environment
        return Command(tool, argv, environment=environment, shown=shown(argv, self.folder))


def _nothing(_: Work) -> None:
    pass


@dataclass(frozen=True)
class Tool:
    """A tool: its name, the programs that it needs, its artifact and its commands; `verify` may be missing.

    `describe` writes what `create` reads besides the files, and `verify` prints `says` if it checked the
    artifact. `in_folder` is for artifacts that are folders. `holds_payload` is false if an artifact only has
    digests.
    """

    name: str
    needs: tuple[str, ...]
    artifact: str
    create: str
    verify: str = ""
    says: str = ""
    describe: Callable[[Work], None] = _nothing
    in_folder: Callable[[Work], bool] = lambda _: False
    holds_payload: bool = True
    one_file: bool = False

    def creates(self, work: Work, size: int) -> Command:
        """Returns the command that makes the artifact, and checks that it is as large as its payload."""
        self.describe(work)
        artifact = work.folder / self.artifact
        least = work.size if self.holds_payload else 100

        def check(_: str) -> None:
            made = sum(each.stat().st_size for each in _files(artifact))
            if made < least:
                raise BenchmarkError(f"{self.name} made {made} bytes of {least} bytes of payload")

        command = work.command(self.name, self.create, artifact)
        prepare = artifact.mkdir if self.in_folder(work) else command.prepare
        return replace(command, outputs=(artifact,), size=size, check=check, prepare=prepare)

    def verifies(self, work: Work, size: int) -> Command | None:
        """Returns the command that checks the artifact, which must exist."""
        if not self.verify:
            return None

        def check(output: str) -> None:
            if self.says not in output:
                raise BenchmarkError(
                    f"{self.name} does not say {self.says!r}, so it may not have checked anything"
                )

        command = work.command(
            self.name.partition(",")[0], self.verify, work.folder / self.artifact
        )
        return replace(command, size=size, check=check)


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


def floor(work: Work, size: int) -> Command:
    """Returns a command that hashes all files in one process, and does nothing else."""
    command = work.command(FLOOR, "openssl dgst -sha256 {files}", work.folder)
    return replace(command, size=size)


def _files(path: Path) -> list[Path]:
    return [each for each in path.rglob("*") if each.is_file()] if path.is_dir() else [path]


def _list_targets(work: Work) -> None:
    listed = work.folder / "targets.json"
    if not listed.exists():
        write_list(listed, work.files)


def _list_files(work: Work) -> None:
    (work.folder / "files.txt").write_text("".join(f"{path}\n" for path in work.files))


def _rauc_folder(work: Work) -> None:
    content = work.folder / "rauc"
    if not content.exists():
        content.mkdir()
        images = []
        for number, path in enumerate(work.files):
            os.link(path, content / path.name)
            images.append(f"[image.f{number}]\nfilename={path.name}\n")
        head = "[update]\ncompatible=board\nversion=7\n\n[bundle]\nformat=plain\n\n"
        (content / "manifest.raucm").write_text(head + "\n".join(images))


def _sw_description(work: Work) -> None:
    image = '    {{ filename = "{}"; type = "raw"; device = "/dev/mtd0"; }}'
    images = ",\n".join(image.format(path.name) for path in work.files)
    text = f'software =\n{{\n  version = "7";\n  images: (\n{images}\n  );\n}}\n'
    (work.folder / "sw-description").write_text(text)


TOOLS = (
    Tool(
        OURS,
        ("openssl",),
        "ours.bundle",
        "software-update bundle create --version=7 --root={root} --dev-signing-key={private}"
        " --targets-from={folder}/targets.json -o {artifact}",
        "software-update bundle verify {artifact} --trusted-root={root}",
        describe=_list_targets,
    ),
    Tool(
        "python-tuf, metadata only",
        ("tuf",),
        "tuf.json",
        "python {tuf_tool} create {private} {artifact} {folder}/files.txt",
        "python {tuf_tool} verify {public} {artifact} {folder}/files.txt",
        describe=_list_files,
        holds_payload=False,
    ),
    Tool(
        "python-tuf, with a copy",
        ("tuf",),
        "tuf",
        "python {tuf_tool} create {private} {artifact}/targets.json {folder}/files.txt"
        " --copy-to {artifact}/targets",
        describe=_list_files,
        in_folder=lambda _: True,
    ),
    Tool(
        "mender-artifact",
        ("mender-artifact",),
        "theirs.mender",
        "mender-artifact --compression none write module-image -T files -n release-7 -t board"
        " -k {sec1} -o {artifact} {-f}",
        "mender-artifact validate -k {public} {artifact}",
    ),
    Tool(
        "rauc",
        ("rauc", "mksquashfs"),
        "theirs.raucb",
        "rauc bundle --cert={certificate} --key={private}"
        " '--mksquashfs-args=-noI -noD -noF -noX' {folder}/rauc {artifact}",
        "rauc info --keyring={certificate} {artifact}",
        says="board",
        describe=_rauc_folder,
    ),
    Tool(
        "imgtool",
        ("imgtool",),
        "theirs.img.bin",
        "imgtool sign -k {private} -v 7.0.0 -H 512 --pad-header -S {slot} --overwrite-only {files}"
        " {artifact}",
        "imgtool verify -k {private} {artifact}",
        says="validated",
        one_file=True,
    ),
    Tool(
        "swugenerator",
        ("swugenerator",),
        "theirs.swu",
        "swugenerator -s {folder}/sw-description -o {artifact} -a {inputs}"
        " -k CMS,{private},{certificate} create",
        describe=_sw_description,
    ),
    Tool(
        "cp",
        ("cp",),
        "copy",
        "cp {files} {artifact}",
        in_folder=lambda work: len(work.files) > 1,
    ),
)
