"""Finds and runs the programs that make file systems."""

import errno
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from software_update.base.errors import InputError, printable

PACKAGES: Mapping[str, str] = {
    "mkfs.fat": "dosfstools",
    "mmd": "mtools",
    "mcopy": "mtools",
    "mke2fs": "e2fsprogs",
    "debugfs": "e2fsprogs",
}
"""The programs, and the Debian package of each."""

OF_FILESYSTEM: Mapping[str, tuple[str, ...]] = {
    "fat": ("mkfs.fat", "mmd", "mcopy"),
    "ext4": ("mke2fs", "debugfs"),
    "none": (),
}

# Debian does not put them on the PATH of every user.
_MORE_FOLDERS = ("/usr/sbin", "/sbin")
_VERSION_OPTIONS: Mapping[str, str] = {
    "mkfs.fat": "--help",
    "mmd": "--version",
    "mcopy": "--version",
    "mke2fs": "-V",
    "debugfs": "-V",
}

# mke2fs takes its defaults from this file: those of the machine would be in the image.
_MKE2FS_CONFIG = """\
[defaults]
\tblocksize = 4096
\tinode_size = 256
\treserved_ratio = 0
[fs_types]
\text4 = {
\t\tfeatures = none
\t}
\tsmall = {
\t\tblocksize = 4096
\t}
\tfloppy = {
\t\tblocksize = 4096
\t}
\tbig = {
\t\tblocksize = 4096
\t}
\thuge = {
\t\tblocksize = 4096
\t}
"""


class ProgramFailed(Exception):
    """A program that ended with an error. The text is what it said, in one line."""


@dataclass(frozen=True, slots=True)
class Programs:
    """The programs by name. They write into an open image, and read files of a folder.

    `folder` is also for their configuration. `time` is that of all files, in seconds since 1970.
    """

    paths: Mapping[str, str]
    image_fd: int
    folder: str
    time: int

    @property
    def image(self) -> str:
        """The path of the image for a program: the open file, whatever the name of the output is."""
        return f"/proc/self/fd/{self.image_fd}"

    def run(self, name: str, *arguments: str, stdin: bytes = b"") -> bytes:
        """Runs a program in the folder and returns its output.

        Raises ProgramFailed, OSError if the disk is full, and InputError if the program cannot start.
        """
        with tempfile.TemporaryFile(dir=self.folder) as given:
            given.write(stdin)
            given.seek(0)
            try:
                done = subprocess.run(
                    [self.paths[name], *arguments],
                    stdin=given,
                    capture_output=True,
                    cwd=self.folder,
                    pass_fds=(self.image_fd,),
                    env=self._environment(),
                    check=False,
                )
            except OSError as error:
                raise InputError(f"{self.paths[name]}: {error.strerror}") from None
        said = _one_line(done.stderr.strip() or done.stdout)
        if os.strerror(errno.ENOSPC) in said:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        if done.returncode:
            raise ProgramFailed(said or f"{name} ended with status {done.returncode}")
        return done.stdout + done.stderr

    def _environment(self) -> dict[str, str]:
        """Returns an environment that says nothing about this machine, its user and the time."""
        config = os.path.join(self.folder, "mke2fs.conf")
        if not os.path.exists(config):
            with open(config, "w", encoding="ascii") as file:
                file.write(_MKE2FS_CONFIG)
        return {
            "E2FSPROGS_FAKE_TIME": str(self.time),
            "HOME": self.folder,
            "LC_ALL": "C",
            "MKE2FS_CONFIG": config,
            "MTOOLSRC": os.devnull,
            "PATH": os.defpath,
            "SOURCE_DATE_EPOCH": str(self.time),
            "TZ": "UTC",
        }


def find_programs(
    filesystems: Iterable[str], named: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Returns the paths of the programs for file systems: those of `named`, or those on the PATH.

    Raises InputError for a program that is missing, with its package.
    """
    found = {}
    for name in sorted({each for kind in filesystems for each in OF_FILESYSTEM[kind]}):
        program = _on_path(name) if named is None else named.get(name)
        if not program:
            raise InputError(
                f"{name}: is not on the PATH; install Debian's package {PACKAGES[name]}"
            )
        found[name] = program
    return found


def installed_programs() -> list[str]:
    """Returns the paths of all programs that this machine has on its PATH."""
    return [path for name in PACKAGES if (path := _on_path(name))]


def _on_path(name: str) -> str | None:
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), *_MORE_FOLDERS])
    return shutil.which(name, path=path)


def versions(programs: Programs) -> list[dict[str, str]]:
    """Returns the name and the version of each program, as it says it: another one may make other bytes."""
    return [{"name": name, "version": _version(programs, name)} for name in programs.paths]


def _version(programs: Programs, name: str) -> str:
    try:
        said = programs.run(name, _VERSION_OPTIONS[name])
    except ProgramFailed as failed:
        return str(failed)
    return _one_line(said.splitlines()[0] if said.splitlines() else b"")


def _one_line(said: bytes) -> str:
    lines = [each.strip() for each in said.decode(errors="replace").split("\n")]
    # mkfs.fat warns that it does not fill the whole file, which is as it must be.
    found = [each for each in lines if each and not each.startswith("Warning: block count")]
    return printable(" ".join(found)[:300])
