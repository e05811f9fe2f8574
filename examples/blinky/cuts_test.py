"""Tests that a device survives power cuts all over an update."""

from __future__ import annotations

import os
from pathlib import Path

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
    assert cuts.problems(update, made, tmp_path, jobs=2) == []
