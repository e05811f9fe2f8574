"""Coverage-guided fuzzing of the device library with ASan and UBSan.

    ./bazelw run //tests/device_library:fuzz -- -max_total_time=600

Arguments are libFuzzer's. It needs clang, which tools/workshop/bazel/add_packages installs. An input that
ends in anything but a verdict is written to the current folder.
"""

import os
import shutil
import struct
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.device_library import builds, subjects
from tests.device_library.builds import Build
from tests.device_library.packed import packed
from tests.device_library.subjects import Device

SANITIZERS = (
    "-O1",
    "-g",
    "-fsanitize=fuzzer-no-link,address,undefined",
    "-fno-sanitize-recover=all",
)
LINK = ("-fsanitize=fuzzer,address,undefined",)
OPTIONS = ("-max_len=16384", "-timeout=10", "-rss_limit_mb=1024")
MAX_DEVICES, MAX_SEED_BYTES = 100, 8000


def _compiler() -> str:
    return next(each for each in ("clang++", "clang++-14") if shutil.which(each))


def build(folder: Path) -> Path:
    """Returns the fuzzer."""
    compiler = _compiler()
    building = Build(folder, compiler, SANITIZERS)
    objects = list(building.library().values())
    objects.append(building.compile(builds.HERE / "fuzz_for_test.cc", SANITIZERS))
    objects += building.p256m(("-O2",))
    program = folder / "fuzz"
    command = [compiler, *LINK, *map(str, objects), "-o", str(program)]
    subprocess.run(command, check=True)
    return program


def symbolizer(compiler: str) -> str | None:
    """Returns the program that names functions in findings. Sanitizers take only these two names."""
    beside = Path(shutil.which(compiler) or "").resolve().with_name("llvm-symbolizer")
    return str(beside) if beside.exists() else shutil.which("addr2line")


def write_seeds(folder: Path) -> Path:
    """Writes the devices, and the cases as inputs. Returns the file of the devices."""
    devices: list[Device] = []
    (folder / "seeds").mkdir()
    for number, each in enumerate(subjects.kept()):
        if each.device not in devices and len(devices) < MAX_DEVICES:
            devices.append(each.device)
        if each.device in devices and len(each.bundle) < MAX_SEED_BYTES:
            head = bytes([devices.index(each.device), 64 + number % 2 * 128])
            (folder / "seeds" / str(number)).write_bytes(head + each.bundle)
    path = folder / "devices"
    path.write_bytes(b"".join(map(_record, devices)))
    return path


def _record(device: Device) -> bytes:
    """A device as fuzz_for_test.cc reads it."""
    hardware_id = b"" if device.hardware_id is None else device.hardware_id.encode() + b"\0"
    parts = (device.trusted, packed(device) or b"", hardware_id)
    sizes = struct.pack("<4I", *map(len, parts), device.at is not None)
    return sizes + b"".join(part + bytes(-len(part) % 8) for part in parts)


def run(arguments: Sequence[str]) -> subprocess.CompletedProcess[str]:
    """Builds the fuzzer and runs it in the current folder."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        program, devices = build(folder), write_seeds(folder)
        return subprocess.run(
            [str(program), *OPTIONS, *arguments, str(folder / "seeds")],
            env={
                **os.environ,
                "ASAN_SYMBOLIZER_PATH": symbolizer(_compiler()) or "",
                "FUZZ_DEVICES": str(devices),
            },
            stderr=subprocess.STDOUT,
            stdout=subprocess.PIPE,
            text=True,
            errors="replace",
            check=False,
        )


def main() -> int:
    os.environ["P256M"] = " ".join(map(os.path.abspath, os.environ["P256M"].split()))
    os.chdir(os.environ.get("BUILD_WORKING_DIRECTORY", "."))
    done = run(sys.argv[1:])
    print(done.stdout)
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
