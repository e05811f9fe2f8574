"""No mutant of a good bundle is accepted unless it has the same substance; none is more than refused.

`MUTANTS=long` in the environment judges more of them, for minutes.
"""

import dataclasses
import json
import os
import subprocess
from pathlib import Path

import pytest
from software_update.format.verdicts import Refused, Verdict
from software_update.testing import encode as e
from software_update.testing.command import environment, python
from software_update.testing.peak import MIB

from tests.mutation import anatomy, judge_mutants, mutants, subjects
from tests.mutation.judge_mutants import Report, judge_of
from tests.mutation.subjects import Subject
from tests.mutation.substance import difference

KINDS = mutants.LONG if os.environ.get("MUTANTS") == "long" else mutants.QUICK
ROOT = Path(__file__).parents[2]
ENVIRONMENT = environment(PYTHONPATH=f"{ROOT}{os.pathsep}{environment()['PYTHONPATH']}")


@pytest.mark.parametrize("name", subjects.ALL)
def test_mutants_of(name: str) -> None:
    """Each subject in a process of its own, whose memory is that of the interpreter and the judge."""
    ended = subprocess.run(
        python("-m", "tests.mutation.judge_mutants", name, *KINDS),
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    report = Report(**json.loads(ended.stdout))
    print(
        f"{name}: {report.cases} mutants, {report.accepted} of them accepted with the same substance; "
        f"{report.peak / MIB:.0f} MiB, {1000 * report.slowest:.0f} ms at most"
    )
    assert report.wrong == []


def test_how_many_there_are() -> None:
    count = sum(
        sum(1 for _ in mutants.of(make().bundle, kind))
        for make in subjects.ALL.values()
        for kind in KINDS
    )
    print(f"{count} mutants in all")
    assert count > 100_000


# A device may do without the root that it has. A signature may appear twice, fields of the envelope and of
# what is round metadata in any order.
MAY_BE_ACCEPTED = [
    f"cuts: all from byte {len(e.root_entry(subjects.one_target().trusted))} on",
    "fields: (): without field 0",
    "fields: (): fields 0 and 1 swapped",
    "fields: (): fields 0 and 2 swapped",
    "fields: (): fields 1 and 2 swapped",
    "fields: (0,): field 1 twice",
    "fields: (0,): field 1 at the end too",
    "fields: (0,): fields 0 and 1 swapped",
    "fields: (0, 1): fields 0 and 1 swapped",
    "fields: (1,): fields 0 and 1 swapped",
    "fields: (1, 1): field 1 twice",
    "fields: (1, 1): field 1 at the end too",
    "fields: (1, 1): fields 0 and 1 swapped",
    "fields: (1, 1, 1): fields 0 and 1 swapped",
    "fields: (2,): fields 0 and 1 swapped",
]


def test_accepted_mutants_of_the_smallest_bundle() -> None:
    subject = subjects.one_target()
    judge = judge_of(subject)
    accepted = []
    for kind in mutants.QUICK:
        for change, mutant in mutants.of(subject.bundle, kind):
            try:
                judge(mutant)
                accepted.append(f"{kind}: {change}")
            except Refused:
                continue
    assert accepted == MAY_BE_ACCEPTED


# The harness


def test_verifier_that_accepts_everything_is_detected() -> None:
    subject = subjects.one_target()
    report = Report()
    for kind in mutants.QUICK:
        judge_mutants.judge_all(subject, kind, lambda _: None, report)
    assert report.accepted == report.cases
    assert len(report.wrong) == report.cases - len(MAY_BE_ACCEPTED)


@pytest.mark.parametrize(
    ("error", "what"),
    [
        (IndexError("out of range"), "IndexError: out of range"),
        (MemoryError(), "MemoryError: "),
        (Refused(Verdict.MALFORMED, "two\nlines"), "not one line: MALFORMED: two\nlines"),
    ],
)
def test_an_error_that_is_not_a_verdict_is_noticed(error: Exception, what: str) -> None:
    def judge(_: bytes) -> None:
        raise error

    report = Report()
    judge_mutants.judge_all(Subject(b"\x0a\x00", b""), "bits", judge, report)
    assert report.cases == 16
    assert len(report.wrong) == 16
    assert report.wrong[0] == f"bits: bit 0 of byte 0: {what}"


def test_slowness_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judge_mutants, "MAX_SECONDS", -1)
    report = Report()
    judge_mutants.judge_all(Subject(b"\x0a\x00", b""), "bits", lambda _: None, report)
    assert report.wrong[0].endswith("took 0.0 s")


def test_memory_has_a_limit() -> None:
    script = "from tests.mutation.judge_mutants import *; limit_address_space(); bytes(%d)"
    for size, status in [(32 * MIB, 0), (65 * MIB, 1)]:
        ended = subprocess.run(
            python("-c", script % size), env=ENVIRONMENT, capture_output=True, check=False
        )
        assert ended.returncode == status, ended.stderr
        assert (b"MemoryError" in ended.stderr) == bool(status)


@pytest.mark.parametrize("name", subjects.ALL)
def test_taken_apart_and_put_together(name: str) -> None:
    bundle = subjects.ALL[name]().bundle
    tree = anatomy.take_apart(bundle, anatomy.BUNDLE)
    assert anatomy.put_together(tree) == bundle
    assert len(list(anatomy.paths(tree))) > 15


@pytest.mark.parametrize("name", subjects.ALL)
def test_content_of_a_bundle_equals_only_itself(name: str) -> None:
    subject = subjects.ALL[name]()
    assert difference(subject.bundle, subject) == ""
    for at in mutants.payload_pages(subject.bundle):
        assert "another payload" in difference(mutants.changed(subject.bundle, at, 255), subject)
    without = dataclasses.replace(subject, installed=None)
    if subject.installed:
        assert "without" in difference(subject.bundle, without)
