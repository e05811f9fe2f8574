"""Compares the device library with the Python verifier on mutants, as long as one likes.

    ./bazelw run //tests/device_library:compare -- --mutants=200000

Prints how many mutants it judged and which verdicts they got. Every difference is printed with the seed of
its mutant, and written to the current folder.
"""

import argparse
import dataclasses
import itertools
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import nullcontext
from pathlib import Path

from tests.attacks import product
from tests.device_library import (
    fake_signatures,
    library,
    mutants,
    python_judge,
    signatures,
    sizes,
    subjects,
)
from tests.device_library.mutants import Mutant
from tests.device_library.subjects import Device

CHUNK = 1000
MAX_DIFFERENCES = 20
_KEYS = {
    key.keyval: key
    for key in (
        product.R,
        product.R2,
        product.R3,
        product.T,
        product.T2,
        product.T3,
        product.STRANGER,
    )
}


@dataclasses.dataclass
class Report:
    """The verdicts of both verifiers.

    `left_out` counts devices whose own files cannot be read, and `beyond` bundles in an order that the
    library may leave unjudged.
    """

    judged: int = 0
    left_out: int = 0
    beyond: int = 0
    verdicts: Counter[str] = dataclasses.field(default_factory=Counter)
    different: list[tuple[str, Mutant, str, str]] = dataclasses.field(default_factory=list)

    def add(self, other: "Report") -> None:
        self.judged += other.judged
        self.left_out += other.left_out
        self.beyond += other.beyond
        self.verdicts += other.verdicts
        self.different += other.different


def compare(found: Iterable[tuple[str, Mutant]], judge: Callable[[bytes, Device], str]) -> Report:
    """Judges each mutant, which comes with its seed, with both verifiers."""
    report = Report()
    for seed, mutant in found:
        if not python_judge.is_usable(mutant.device):
            report.left_out += 1
            continue
        report.judged += 1
        expected = str(python_judge.verdict(mutant.bundle, mutant.device))
        report.verdicts[expected] += 1
        answer = judge(mutant.bundle, mutant.device)
        if answer == "beyond order" and may_be_beyond(mutant.bundle):
            report.beyond += 1
        elif answer != expected:
            report.different.append((seed, mutant, expected, answer))
    return report


def may_be_beyond(bundle: bytes) -> bool:
    """Says whether something comes before what it needs, and a device may have forgotten it."""
    tree = subjects.take_apart(bundle, subjects.BUNDLE)
    return sizes.has_unusual_order(tree) or sizes.has_late_names(tree) or sizes.has_long_keys(tree)


def sign_with_real_keys(keyval: bytes, content: bytes) -> bytes | None:
    """Signs with the keys of tests/attacks, which protect nothing."""
    key = _KEYS.get(keyval)
    return None if key is None else key.sign(content)


def compare_mutants(path: str, prefix: str, first: int, count: int, real: bool) -> Report:
    """Compares the mutants of the seeds PREFIX/FIRST and so on with the library at `path`."""
    tested = _library(path)
    sign: mutants.Signer = sign_with_real_keys if real else fake_signatures.sign
    pieces = (64, 1 << 30, 7, 1)

    def found() -> Iterator[tuple[str, Mutant]]:
        for number in range(first, first + count):
            seed = f"{prefix}/{number}"
            yield seed, mutants.one(seed, sign)

    def judge(bundle: bytes, device: Device) -> str:
        return tested.judge(bundle, device, piece=pieces[len(bundle) % len(pieces)], fake=not real)

    with nullcontext() if real else fake_signatures.accepted():
        return compare(found(), judge)


def compare_case(path: str, name: str) -> str:
    """Returns the answer of the library at `path` to a huge case, with the limits of the format."""
    [case] = [each for each in subjects.huge() if each.name == name]
    with tempfile.TemporaryDirectory() as scratch:
        subject = subjects.subject(case, Path(scratch))
    listed = signatures.good([subject])
    return _library(path).judge(subject.bundle, subject.device, limits=library.FULL, listed=listed)


def compare_cuts_and_bits(path: str, name: str, first: int, step: int) -> Report:
    """Compares every `step`-th of the cuts and bit flips of a case with the library at `path`."""
    [subject] = [each for each in subjects.kept() if each.name == name]
    tested, listed = _library(path), signatures.of_all_cases()
    changes = itertools.islice(subjects.cuts_and_bits(subject.bundle), first, None, step)
    found = ((change, Mutant(name, bundle, subject.device)) for change, bundle in changes)

    def judge(bundle: bytes, device: Device) -> str:
        return tested.judge(bundle, device, piece=64, listed=listed)

    with signatures.remembered():
        return compare(found, judge)


_libraries: dict[str, library.Library] = {}


def _library(path: str) -> library.Library:
    if path not in _libraries:
        _libraries[path] = library.Library(Path(path))
    return _libraries[path]


def write(report: Report, folder: Path) -> None:
    """Prints each difference, and writes the bundles."""
    for seed, mutant, expected, answer in report.different[:MAX_DIFFERENCES]:
        file = folder / f"different_{seed.replace('/', '_')}.bundle"
        file.write_bytes(mutant.bundle)
        print(f"{seed}: from {mutant.origin}: Python {expected}, device {answer}: {file}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mutants", type=int, default=200_000)
    parser.add_argument("--seconds", type=float, default=1e9, help="stop after so many seconds")
    parser.add_argument("--seed", default=str(time.time_ns()), help="of the first mutant")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--real", action="store_true", help="sign with real keys, which is slower")
    args = parser.parse_args()
    path = os.path.abspath(os.environ["JUDGE"])
    os.chdir(os.environ.get("BUILD_WORKING_DIRECTORY", "."))
    report, end = Report(), time.monotonic() + args.seconds
    with ProcessPoolExecutor(args.processes) as pool:
        starts = range(0, args.mutants, CHUNK)
        running = []
        for start in starts:
            count = min(CHUNK, args.mutants - start)
            running.append(pool.submit(compare_mutants, path, args.seed, start, count, args.real))
        for each in running:
            if time.monotonic() > end or len(report.different) >= MAX_DIFFERENCES:
                each.cancel()
            else:
                report.add(each.result())
    write(report, Path())
    print(
        f"seed {args.seed}: {report.judged} mutants, {report.left_out} left out, {report.beyond} beyond"
    )
    print(f"{len(report.different)} differences; {dict(report.verdicts.most_common())}")
    return 1 if report.different else 0


if __name__ == "__main__":
    sys.exit(main())
