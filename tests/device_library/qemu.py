"""Runs device/target/verify_list.cc on a board that QEMU emulates."""

import dataclasses
import subprocess
from collections.abc import Sequence
from pathlib import Path

from tests.device_library.library import BEYOND
from tests.device_library.packed import packed
from tests.device_library.subjects import Subject

SECONDS = 600


@dataclasses.dataclass(frozen=True)
class Judged:
    """The answer of the board on one bundle, and the numbers of its reads and of ECDSA verifications."""

    answer: str
    reads: int = 0
    verifications: int = 0


@dataclasses.dataclass(frozen=True)
class Run:
    """The answers in the order of the subjects, and what the program says about itself.

    `stack` is the deepest stack and `verifier` the size of the verifier's object, in bytes.
    """

    limits: dict[str, int]
    judged: list[Judged]
    stack: int
    verifier: int


def run(
    emulator: Path,
    machine: str,
    program: Path,
    subjects: Sequence[Subject],
    scratch: Path,
    listed: bytes | None = None,
) -> Run:
    """Verifies the subjects on the board; `scratch` gets their files.

    `listed`: the good signatures (signatures.py), in place of computing P-256.
    """
    lines = [_line(index, subject, scratch) for index, subject in enumerate(subjects)]
    (scratch / "list").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    arguments = ["verify", "list"]
    if listed is not None:
        (scratch / "good").write_bytes(listed)
        arguments.append("good")
    semihosting = ["enable=on,target=native,chardev=out", *(f"arg={each}" for each in arguments)]
    command: list[str | Path] = [emulator, "-machine", f"{machine},accel=tcg", "-display", "none"]
    command += ["-monitor", "none", "-serial", "none", "-chardev", "stdio,id=out"]
    command += ["-semihosting-config", ",".join(semihosting), "-kernel", program.absolute()]
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        cwd=scratch,
        check=True,
        timeout=SECONDS,
    )
    first, *answers, last = done.stdout.splitlines()
    limits = {name: int(limit) for name, limit in (each.split("=") for each in first.split()[1:])}
    _, stack, _, verifier = last.split()
    return Run(limits, [_judged(line) for line in answers], int(stack), int(verifier))


def _line(index: int, subject: Subject, scratch: Path) -> str:
    """Writes the files of a subject, and returns its line in the list."""
    device = subject.device
    parts = {"bundle": subject.bundle, "root": device.trusted, "installed": packed(device)}
    names = []
    for kind, content in parts.items():
        name = "-" if content is None else f"{index}.{kind}"
        if content is not None:
            (scratch / name).write_bytes(content)
        names.append(name)
    at = "-" if device.at is None else str(device.at)
    return "\t".join([*names, device.hardware_id or "-", at])


def _judged(line: str) -> Judged:
    answer, *counts = line.split()
    if answer.startswith("beyond"):
        answer = f"beyond {BEYOND[int(answer.removeprefix('beyond'))]}"
    return Judged(answer, *map(int, counts))
