"""Test that today's GN and that of December 2022 make the same bytes."""

from __future__ import annotations

from pathlib import Path

from conftest import needs
from one_product import built, outputs


def test_two_gns(tmp_path: Path, python: Path) -> None:
    trees = [built(tmp_path / name, needs(name), python) for name in ("gn", "gn-2022")]
    assert outputs(trees[0]) == outputs(trees[1])
