"""The client and journal survive power cuts. planted_bugs_test.py shows that these tests can fail."""

import os
import re
from pathlib import Path

import pytest
from power_cuts import run_program, write_bundles


@pytest.fixture(name="bundles", scope="module")
def bundles_fixture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bundles")
    write_bundles(folder)
    return folder


def test_no_power_cut_breaks_an_update(bundles: Path) -> None:
    done = run_program(os.environ["CLIENT"], str(bundles), "1", *os.environ["DISTANCES"].split())
    assert done.returncode == 0, done.stdout
    cuts = re.fullmatch(r"(\d+) cuts in \d+ runs, no fault\n", done.stdout)
    assert cuts and int(cuts[1]) > 700, done.stdout
    print(done.stdout)


def test_no_power_cut_breaks_the_journal() -> None:
    done = run_program(os.environ["JOURNAL"])
    assert done.returncode == 0, done.stdout
    cuts = re.fullmatch(r"(\d+) cuts, 0 lost states\n", done.stdout)
    assert cuts and int(cuts[1]) > 3000, done.stdout
    print(done.stdout)
