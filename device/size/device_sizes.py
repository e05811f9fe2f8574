"""The table of sizes of the device library: measured, written as a page, and compared with one."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import elf_stack

# How much a line may grow before it has to be renewed.
TOLERANCE = 1.02
# The most bytes of stack that main() of speed.cc takes itself.
MAIN_FRAME = 128
UPDATE = "./bazelw run //device/size:update"

# Calls by pointer: of which functions, and to which. The first line that matches counts.
POINTERS = (
    (r"MessageReader::fail\(", r"Verifier::fault\("),
    (r"MessageReader::", r"Verifier::(\w+\(software_update::FieldId|raw\()"),
    (r"Sha256::", r"sha256_blocks\("),
    (r"Verifier::", r"verify_p256\(|is_on_curve\(|PartFor<.*>::"),
)


@dataclass(frozen=True)
class Line:
    """A line of the table: its text, figures for Cortex-M3 and M0, and the goal for Cortex-M3."""

    text: str
    m3: int | None
    m0: int | None = None
    goal: int | None = None
    unit: str = "bytes"


def measure() -> list[Line]:
    """The lines, from the programs and tools that the environment names."""
    programs = {Path(name).stem: Path(name) for name in os.environ["PROGRAMS"].split()}
    return list(lines(programs, os.environ["OBJDUMP"]))


def lines(programs: Mapping[str, Path], objdump: str) -> Iterator[Line]:
    flash = {name: elf_stack.flash_bytes(path.read_bytes()) for name, path in programs.items()}

    def total(text: str, name: str, goal: int | None = None, less: str = "") -> Line:
        m3, m0 = (
            flash[f"{name}_{core}"] - (flash[f"{less}_{core}"] if less else 0)
            for core in ("m3", "m0")
        )
        return Line(text, m3, m0, goal)

    full = "verifier_release_manifest"
    yield total("verifier", "verifier", 9 * 1024)
    yield total("verifier with release manifest", full, 12 * 1024)
    m3, m0 = (other_bytes(programs[f"{full}_{core}"].read_bytes()) for core in ("m3", "m0"))
    yield Line("... of which C library and compiler", m3, m0)
    yield total("allowed targets, in addition", "verifier_allowed_targets", less=full)
    yield total(
        "compression, in addition, without the decompressor", "verifier_compression", less=full
    )
    yield total("p256-m and SHA-256", "p256m")
    yield total("verifier with release manifest, p256-m and SHA-256", "verifier_p256m", 16 * 1024)
    yield total("all of that, with client and journal", "client", 20 * 1024)
    yield total("boot decision, for a boot loader, with SHA-256 of the slots", "boot")
    program = programs["verifier_p256m_m3"]
    yield Line(
        "static memory of the verifier",
        elf_stack.ram_bytes(program.read_bytes()),
        elf_stack.ram_bytes(programs["verifier_p256m_m0"].read_bytes()),
        4096,
    )
    yield Line(
        "static memory of the client, with that of the verifier",
        elf_stack.ram_bytes(programs["client_m3"].read_bytes()),
        elf_stack.ram_bytes(programs["client_m0"].read_bytes()),
    )
    depth, _ = elf_stack.deepest(elf_stack.functions(objdump, program), "run", POINTERS)
    yield Line("stack of the verifier", depth, None, 1280)
    yield Line("heap", heap(program.read_bytes()), 0, 0)
    measured = list(speed(os.environ["EMULATOR"], programs["speed_m3"]))
    if (measured[0].m3 or 0) > depth + MAIN_FRAME:
        raise ValueError(
            f"{measured[0].m3} bytes of stack were used, over the bound; correct POINTERS"
        )
    yield from measured


def speed(emulator: str, program: Path) -> Iterator[Line]:
    """Returns the counts of speed.cc on QEMU while it verifies a plain bundle."""
    files = [Path(os.environ[name]) for name in ("ROOT", "BUNDLE")]
    semihosting = [
        "enable=on,target=native,chardev=out",
        *(f"arg={each}" for each in ["speed", *files]),
    ]
    command = [
        emulator,
        "-machine",
        "mps2-an385,accel=tcg",
        "-icount",
        "shift=0",
        "-display",
        "none",
    ]
    command += ["-monitor", "none", "-serial", "none", "-chardev", "stdio,id=out"]
    command += ["-semihosting-config", ",".join(semihosting), "-kernel", str(program)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60)
    verdict, *numbers = done.stdout.split()
    if verdict != "ACCEPT":
        raise ValueError(f"{program.name}: printed {done.stdout.strip()}; ACCEPT was expected")
    size, verifications, total, ecdsa, stack = (int(number) for number in numbers)
    yield Line("deepest stack, measured on a plain bundle", stack, None, 1280)
    yield Line("ECDSA verifications of a plain bundle", verifications, None, 2)
    yield Line(
        "instructions of an ECDSA verification by p256-m, in thousands",
        ecdsa // verifications // 1000,
    )
    yield Line(
        "other instructions, for each byte of the bundle", round((total - ecdsa) / size), None, 45
    )


def other_bytes(program: bytes) -> int:
    """The bytes of functions that are not C++: here, those of the C library and the compiler."""
    symbols = elf_stack.symbols(program).items()
    # A function may have several names.
    return sum(
        {
            place: size
            for name, (place, size) in symbols
            if not name.startswith("_Z") and name != "run"
        }.values()
    )


def heap(program: bytes) -> int:
    """0: the program links no function of the heap. Raises ValueError otherwise."""
    bad = {"malloc", "free", "calloc", "realloc", "sbrk", "_sbrk", "_Znwj", "_ZdlPv"}
    if found := bad & set(elf_stack.symbols(program)):
        raise ValueError(f"the program uses the heap: it links {', '.join(sorted(found))}")
    return 0


_PAGE = """\
# Size of the device library

For firmware engineers who ask whether the device library fits.
At the end you know what each part needs in flash, static memory and stack.
Reading takes two minutes.

{table}

Sizes are bytes of a linked program, compiled with `-Os` by Debian's arm-none-eabi-gcc.
They include what the parts need of the C library and of the compiler, such as `memcpy` and 64-bit division.
The limits are 4 keys, 4 signatures, 8 targets and 2 loose payloads.
"Stack" is a bound: the deepest path in the graph of calls, which must have no recursion.
A flash driver, a decompressor and a `TargetSink` of your own come on top.

QEMU counted the instructions, of a bundle of 200 kB in pieces of 512 bytes.
A Cortex-M3 takes more than one cycle for some of them.

A test measures these lines again, and fails when a line grows by 2 % or more.
`{update}` writes this page.
"""


def render(measured: list[Line]) -> str:
    """The page, in Markdown."""
    rows = [
        "| | Cortex-M3 | Cortex-M0 | goal on Cortex-M3 |",
        "|---|---:|---:|---:|",
        *(
            f"| {each.text} | {_cell(each.m3)} | {_cell(each.m0)} | {_cell(each.goal)} |"
            for each in measured
        ),
    ]
    return _PAGE.format(table="\n".join(rows), update=UPDATE)


def _cell(value: int | None) -> str:
    return "" if value is None else f"{value:,}"


def parse(page: str) -> dict[str, tuple[int | None, int | None]]:
    """The figures of a page, by the text of their line."""
    rows = re.findall(r"^\| ([^|]+) \| ([\d,]*) \| ([\d,]*) \|", page, re.MULTILINE)
    return {text: (_figure(m3), _figure(m0)) for text, m3, m0 in rows}


def _figure(cell: str) -> int | None:
    return int(cell.replace(",", "")) if cell else None


def growth(measured: list[Line], page: str) -> list[str]:
    """The lines that are larger than the page allows, or that it does not have."""
    stated = parse(page)
    problems = []
    for each in measured:
        if each.text not in stated:
            problems.append(f"{each.text}: not on the page")
            continue
        for core, now, then in zip(
            ("M3", "M0"), (each.m3, each.m0), stated[each.text], strict=True
        ):
            if now is not None and (then is None or now > then * TOLERANCE):
                problems.append(f"{each.text}: {now} on Cortex-{core}, the page says {then}")
    return problems
