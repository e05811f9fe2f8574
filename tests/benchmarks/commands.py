"""The inputs, and the commands with which each tool makes one signed artifact of them and checks it."""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from tests.benchmarks.measure import Command, size_of
from tests.benchmarks.peers import DEBIAN, Peers, succeed
from tests.benchmarks.results import MIB

TUF_TOOL = Path(__file__).with_name("tuf_tool.py")
OURS = "software-update"
CLIENT = "software-update-client"
FLOOR = "openssl dgst"
SHOWN_LENGTH = 240
# One P-256 key in the forms that the tools read, and a root of ours that lists it.
MAKE_KEYS = """\
openssl ecparam -name prime256v1 -genkey -noout -out sec1.pem
openssl pkcs8 -topk8 -nocrypt -in sec1.pem -out key.pem
openssl pkey -in key.pem -pubout -out key.pub
openssl req -x509 -new -key key.pem -subj /CN=benchmark -days 36500 -out key.crt
software-update key generate root.pem
software-update root create --version=1 --root-key=root.pem.pub --targets-key=key.pub -o unsigned.pb
software-update root sign unsigned.pb --dev-signing-key=root.pem -o root.pb
"""


def make_keys(folder: Path, peers: Peers) -> Path:
    """Makes the keys and the root in a new folder, and returns it."""
    folder.mkdir(parents=True)
    for line in MAKE_KEYS.splitlines():
        program, *args = shlex.split(line)
        succeed([peers.programs[program], *args], folder=folder)
    return folder


def make_files(folder: Path, count: int, size: int) -> list[Path]:
    """Makes `count` files of `size` random bytes, on the disk, so that no write disturbs later work."""
    folder.mkdir(parents=True)
    paths = [folder / f"{number:05}.img" for number in range(count)]
    for path in paths:
        with open(path, "wb") as file:
            for left in range(size, 0, -4 * MIB):
                file.write(os.urandom(min(left, 4 * MIB)))
    os.sync()
    return paths


class Tool(NamedTuple):
    """A tool: its artifact, which is a folder if it ends with a slash, and its commands.

    `verify` may be missing, and prints `says` if it checked the artifact.
    """

    name: str
    artifact: str
    create: str
    verify: str = ""
    says: str = ""
    one_file: bool = False


@dataclass(frozen=True)
class Work:
    """The files of an artifact, some of which may be listed more than once, and the folder of artifacts."""

    files: Sequence[Path]
    folder: Path
    keys: Path
    peers: Peers

    def describe(self) -> None:
        """Writes what tools read besides the files."""
        entries = [{"name": f"f/{at:05}", "file": str(path)} for at, path in enumerate(self.files)]
        names = [path.name for path in self.files]
        (self.folder / "targets.json").write_text(json.dumps({"targets": entries}))
        (self.folder / "files.txt").write_text("".join(f"{path}\n" for path in self.files))
        images = [
            f'{{ filename = "{name}"; type = "raw"; device = "/dev/mtd0"; }}' for name in names
        ]
        text = f'software = {{ version = "7"; images: ( {", ".join(images)} ); }}\n'
        (self.folder / "sw-description").write_text(text)
        # The first one has the name of the slots that installing.py makes.
        sections = [f"[image.rootfs{at or ''}]\nfilename={name}\n" for at, name in enumerate(names)]
        head = "[update]\ncompatible=board\nversion=7\n\n[bundle]\nformat=plain\n\n"
        (self.folder / "rauc").mkdir(exist_ok=True)
        (self.folder / "rauc/manifest.raucm").write_text(head + "\n".join(sections))
        for path in set(self.files):
            (self.folder / "rauc" / path.name).unlink(missing_ok=True)
            os.link(path, self.folder / "rauc" / path.name)

    def command(self, tool: str, template: str, artifact: str = "", size: int = 0) -> Command:
        """Returns a command: `{files}` stands for all files, `{-f}` for each after a -f."""
        program, *words = shlex.split(template)
        first = self.files[0]
        values = {"folder": self.folder, "keys": self.keys, "inputs": first.parent}
        values |= {"artifact": self.folder / artifact, "tuf_tool": TUF_TOOL}
        slot = 2 * first.stat().st_size + 65536
        lists = {"{files}": [str(path) for path in self.files]}
        lists["{-f}"] = [word for path in self.files for word in ("-f", str(path))]
        argv = [self.peers.programs[program]]
        for word in words:
            argv += lists.get(word) or [word.format(**values, slot=slot)]
        environment = self.peers.debian if program in DEBIAN.values() else self.peers.environment
        return Command(tool, argv, shown(argv, self.folder), size, environment=environment)

    def floor(self, size: int) -> Command:
        """Returns a command that hashes all files in one process, and does nothing else."""
        return self.command(FLOOR, "openssl dgst -sha256 {files}", size=size)

    def create(self, tool: Tool, size: int) -> Command:
        """Returns the command that makes the artifact, and checks that it is as large as its payload."""
        artifact = self.folder / tool.artifact
        only_metadata = tool.name.endswith("metadata only")
        return replace(
            self.command(tool.name, tool.create, tool.artifact, size),
            artifact=artifact,
            least=100 if only_metadata else sum(map(size_of, set(self.files))),
            prepare=artifact.mkdir if tool.artifact.endswith("/") else lambda: None,
        )

    def verify(self, tool: Tool, size: int) -> Command:
        """Returns the command that checks the artifact, which must exist."""
        name = tool.name.partition(",")[0]
        return replace(self.command(name, tool.verify, tool.artifact, size), says=tool.says)

    def tools(self, without: str = "") -> list[Tool]:
        """Returns the tools that are installed and can put the files into one artifact."""
        return [
            tool
            for tool in TOOLS
            if tool.create.split()[0] in self.peers.programs
            and tool.name != without
            and not (tool.one_file and len(self.files) > 1)
        ]


def shown(argv: Sequence[str], folder: Path) -> str:
    """Returns a command for the page, without the folders of this machine and not too long."""
    text = shlex.join([os.path.basename(argv[0]), *argv[1:]])
    for path in (folder, folder.parent, TUF_TOOL.parent):
        text = text.replace(f"{path}{os.sep}", "")
    return text if len(text) <= SHOWN_LENGTH else f"{text[:SHOWN_LENGTH].rpartition(' ')[0]} ..."


OUR_TOOL = Tool(
    OURS,
    "ours.bundle",
    "software-update bundle create --version=7 --root={keys}/root.pb --dev-signing-key={keys}/key.pem"
    " --targets-from={folder}/targets.json -o {artifact}",
    "software-update bundle verify {artifact} --trusted-root={keys}/root.pb",
)
TOOLS = (
    OUR_TOOL,
    Tool(
        "python-tuf, metadata only",
        "tuf.json",
        "python {tuf_tool} create {keys}/key.pem {artifact} {folder}/files.txt",
        "python {tuf_tool} verify {keys}/key.pub {artifact} {folder}/files.txt",
    ),
    Tool(
        "python-tuf, with a copy",
        "tuf/",
        "python {tuf_tool} create {keys}/key.pem {artifact}/targets.json {folder}/files.txt"
        " --copy-to {artifact}/targets",
    ),
    Tool(
        "mender-artifact",
        "theirs.mender",
        "mender-artifact --compression none write module-image -T files -n release-7 -t board"
        " -k {keys}/sec1.pem -o {artifact} {-f}",
        "mender-artifact validate -k {keys}/key.pub {artifact}",
    ),
    Tool(
        "rauc",
        "theirs.raucb",
        "rauc bundle --cert={keys}/key.crt --key={keys}/key.pem"
        " '--mksquashfs-args=-noI -noD -noF -noX' {folder}/rauc {artifact}",
        "rauc info --keyring={keys}/key.crt {artifact}",
        says="board",
    ),
    Tool(
        "imgtool",
        "theirs.img.bin",
        "imgtool sign -k {keys}/key.pem -v 7.0.0 -H 512 --pad-header -S {slot} --overwrite-only {files}"
        " {artifact}",
        "imgtool verify -k {keys}/key.pem {artifact}",
        says="validated",
        one_file=True,
    ),
    Tool(
        "swugenerator",
        "theirs.swu",
        "swugenerator -s {folder}/sw-description -o {artifact} -a {inputs}"
        " -k CMS,{keys}/key.pem,{keys}/key.crt create",
    ),
    Tool("cp", "copy/", "cp {files} {artifact}"),
)
