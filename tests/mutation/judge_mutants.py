"""Judges every mutant of a bundle, in a process of its own: `judge_mutants.py SUBJECT KIND...`.

Prints a JSON report. `wrong` tells of each mutant that was accepted and must not be, that ended in anything
but a verdict, or that took too long; a process that needs too much memory ends in one that says so.
"""

import dataclasses
import json
import os
import resource
import sys
import time
from collections.abc import Callable

from software_update.format import metadata
from software_update.format.verdicts import Refused
from software_update.testing.peak import MIB
from software_update.verify.bundle_file import verify_bundle
from software_update.verify.device import Device
from software_update.verify.roots import trust_root

from tests.mutation import mutants, subjects
from tests.mutation.subjects import Subject
from tests.mutation.substance import difference

MAX_BYTES = 64 * MIB
MAX_SECONDS = 2.0


@dataclasses.dataclass
class Report:
    """The verdicts on the mutants. `peak` is the memory of the whole process, with Python, in bytes."""

    cases: int = 0
    accepted: int = 0
    slowest: float = 0
    peak: int = 0
    wrong: list[str] = dataclasses.field(default_factory=list)


def judge_of(subject: Subject) -> Callable[[bytes], None]:
    """Verifies a bundle as the subject's device would, and raises Refused if the device rejects it."""
    device = Device(
        trust_root(subject.trusted),
        None if subject.installed is None else metadata.parse_manifest(subject.installed),
        subject.hardware_id,
        subject.at,
    )
    fd = os.memfd_create("bundle")

    def judge(bundle: bytes) -> None:
        os.ftruncate(fd, 0)
        os.pwrite(fd, bundle, 0)
        verify_bundle(fd, device)

    return judge


def judge_all(subject: Subject, kind: str, judge: Callable[[bytes], None], report: Report) -> None:
    """Judges all mutants of a kind."""
    for change, mutant in mutants.of(subject.bundle, kind):
        report.cases += 1
        start = time.process_time()
        try:
            judge(mutant)
            report.accepted += 1
            problem = difference(mutant, subject)
        except Refused as refused:
            problem = "" if str(refused).isprintable() else f"not one line: {refused}"
        except Exception as error:
            problem = f"{type(error).__name__}: {error}"
        seconds = time.process_time() - start
        report.slowest = max(report.slowest, seconds)
        if seconds > MAX_SECONDS:
            problem = f"took {seconds:.1f} s"
        if problem:
            report.wrong.append(f"{kind}: {change}: {problem}")


def limit_address_space() -> None:
    """From here on, what is asked for at once cannot be more than MAX_BYTES, used or not."""
    with open("/proc/self/statm", encoding="ascii") as file:
        now = int(file.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (now + MAX_BYTES, now + MAX_BYTES))


def peak_bytes() -> int:
    """The most memory that this program has had."""
    with open("/proc/self/status", encoding="ascii") as file:
        [kib] = [line.split()[1] for line in file if line.startswith("VmHWM:")]
    return int(kib) * 1024


def main(name: str, *kinds: str) -> None:
    subject = subjects.ALL[name]()
    judge = judge_of(subject)
    judge(subject.bundle)
    limit_address_space()
    report = Report()
    for kind in kinds:
        judge_all(subject, kind, judge, report)
    report.peak = peak_bytes()
    if report.peak > MAX_BYTES:
        report.wrong.append(f"{name}: {report.peak / MIB:.0f} MiB at the peak")
    print(json.dumps(dataclasses.asdict(report)))


if __name__ == "__main__":
    main(*sys.argv[1:])
