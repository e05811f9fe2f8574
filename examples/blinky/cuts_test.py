"""Tests that a device survives power cuts all over an update."""

from __future__ import annotations

import os
import sys
from contextlib import closing
from pathlib import Path

import pytest

from examples.blinky import cuts
from examples.blinky.device import factory_from

VERSION = int(os.environ["VERSION"])
CUTS = int(os.environ["CUTS"])


def test_no_cut_breaks_a_device(tmp_path: Path) -> None:
    bundle = Path(os.environ["BUNDLE_NEXT"]).absolute()
    (tmp_path / "made").mkdir()
    update = cuts.prepare(factory_from(os.environ), tmp_path / "made", bundle, VERSION, VERSION + 1)
    operations = cuts.operations_of(update, tmp_path / "whole")
    made = list(cuts.every(max(2, operations // CUTS), operations))
    assert len(made) >= CUTS
    assert [fault for fault in cuts.problems(update, made, tmp_path, jobs=2) if fault] == []


def test_a_fault_is_reported_before_the_last_cut(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[int] = []

    def problem_of(update: cuts.Update, cut: cuts.Cut, folder: Path) -> str | None:
        folder.mkdir()
        made.append(cut.operation)
        return f"fault {cut.operation}" if cut.operation == 3 else None

    monkeypatch.setattr(cuts, "problem_of", problem_of)
    planned = [cuts.Cut(operation, "before") for operation in range(1, 100)]
    update = cuts.Update(factory_from(os.environ), b"", Path(), VERSION, VERSION + 1)
    with closing(cuts.problems(update, planned, tmp_path, jobs=1)) as faults:
        assert [fault for fault, _ in zip(faults, range(10), strict=False) if fault] == ["fault 3"]
    assert made == list(range(1, len(made) + 1))
    assert list(tmp_path.iterdir()) == []


def test_an_interrupt_ends_with_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def make(step: int, jobs: int, progress: cuts.Progress) -> None:
        progress.total = 20
        progress.add("operation 7, torn: status 1")
        raise KeyboardInterrupt

    monkeypatch.setattr(cuts, "make", make)
    monkeypatch.setattr(sys, "argv", ["cuts"])
    assert cuts.main() == 130
    fault, last = capsys.readouterr().out.splitlines()
    assert fault == "operation 7, torn: status 1"
    assert last.startswith("interrupted: 1 of 20 power cuts, faults: 1, ")
