"""Tests of the benchmarks' medians, ratios, goals and page, with made-up results."""

from __future__ import annotations

import dataclasses
import os
import re
import subprocess
import sys
from pathlib import Path

import pyperf  # type: ignore[import-untyped]
import pytest

from tests.benchmarks.commands import FLOOR, OURS, Work, shown
from tests.benchmarks.goals import GOALS
from tests.benchmarks.measure import Command, cpu_of, in_turn
from tests.benchmarks.page import goals, page
from tests.benchmarks.peers import Peers
from tests.benchmarks.plots import PLOTS
from tests.benchmarks.results import (
    MIB,
    BenchmarkError,
    Results,
    Row,
    Spread,
    Tables,
    machine_of,
    ratios,
    run_of,
    save,
    spread,
)


def row(tool: str, *walls: float, size: int = 0, peak: float = 20) -> Row:
    runs = tuple(run_of(wall, wall / 2, int(peak * MIB)) for wall in walls)
    return Row(tool, f"{tool} --work", runs, size)


def results(tables: Tables, **facts: list[str]) -> Results:
    return Results(tables, facts, {"openssl": "3.0", "rauc": "(not measured)"})


def one_file(*rows: Row) -> Tables:
    return {"one_file_create": [row(FLOOR, 1, 1.2, 1.1, size=MIB), *rows]}


def measured(what: Results, work: str, name: str) -> list[float | None]:
    return [goal.measured(what) for goal in GOALS if (goal.work, goal.what) == (work, name)]


# --- numbers ---


def test_spread() -> None:
    assert spread([3, 1, 2, 10]) == Spread(2.5, 1, 10)


def test_ratio_is_of_runs_next_to_each_other() -> None:
    # Each of the pairs says 2, however slow the machine was meanwhile; the medians would not.
    assert ratios(row("a", 2, 20, 4), row("b", 1, 10, 2)) == [2, 2, 2]


def test_runs_without_a_partner_are_an_error() -> None:
    with pytest.raises(ValueError, match="longer"):
        ratios(row("a", 1), row("b", 1, 2))


def test_pyperf_reads_all_runs(tmp_path: Path) -> None:
    path = tmp_path / "runs.json"
    save(one_file(row(OURS, 1, 2, size=MIB, peak=20)) | {"start": [row("a", 3)]}, path)
    suite = pyperf.BenchmarkSuite.load(str(path))
    assert {each.get_name(): each.get_values() for each in suite} == {
        "one_file_create: openssl dgst, 1048576": (1, 1.2, 1.1),
        "one_file_create: software-update, 1048576": (1, 2),
        "start: a": (3,),
    }
    ours = suite.get_benchmark("one_file_create: software-update, 1048576")
    assert ours.get_metadata()["command_max_rss"] == 20 * MIB


def test_the_machine_is_described_without_its_name() -> None:
    found = {"cpu_model_name": "a slow one", "cpu_count": 2, "python_version": "3.14.8 (64-bit)"}
    found |= {"date": "2026-11-21 10:00:00.5"}
    found |= {"platform": "Linux-6.18.44-my-machine-x86_64", "hostname": "my-machine"}
    assert machine_of(pyperf.Run([1.0], metadata=found, collect_metadata=False)) == [
        "processor: a slow one",
        "cores: 2",
        "kernel: Linux-6.18.44",
        "Python: 3.14.8 (64-bit)",
        "date: 2026-11-21",
    ]


# --- goals ---


def test_a_goal_is_met_up_to_its_limit() -> None:
    for walls, met in (((1.25,) * 3, "met"), ((1.4, 1.5, 1.6), "**not met**")):
        text = goals(results(one_file(row(OURS, *walls, size=MIB))))
        assert re.search(rf"^\| 1 file of 1 GiB \| create \| .*\| {re.escape(met)} \|$", text, re.M)
        assert "| create, memory | 50 MiB | 20 MiB | met |\n" in text
        assert "| 1 file of 1 GiB | verify | 1.15 x openssl dgst | not measured |  |\n" in text


def test_of_several_sizes_the_largest_counts() -> None:
    table = one_file(row(OURS, 9, 9, 9, size=1), row(OURS, 1, 1.2, 1.1, size=MIB))
    assert measured(results(table), "1 file of 1 GiB", "create") == [1]


def test_seconds_of_a_slower_machine_are_scaled() -> None:
    thousand = {"thousand_files_verify": [row(OURS, 0.18, 0.15, 0.14)]}
    work = "1000 files of 10 KiB"
    # Hashing takes 1.1 s, not 0.59.
    assert measured(results(thousand | one_file()), work, "verify")[:2] == [
        0.15,
        pytest.approx(0.15 * 0.59 / 1.1),
    ]
    assert measured(results(thousand), work, "verify")[:2] == [0.15, None]


def test_twice_the_targets() -> None:
    rows = [row(OURS, seconds, size=size) for size, seconds in ((100, 9), (200, 1), (400, 3))]
    assert measured(results({"targets_create": rows}), "65,536 targets", "create") == [3]


def test_no_slower_within_noise_asks_a_quarter_of_the_pairs() -> None:
    theirs = row("mender-artifact", 1, 1, 1, 1, 1)
    for walls, quartile in (((0.9, 1, 1.1, 1.1, 1.2), 1), ((0.9, 1.1, 1.1, 1.1, 1.2), 1.1)):
        found = results({"thousand_files_create": [theirs, row(OURS, *walls)]})
        assert measured(found, "1000 files of 10 KiB", "create")[2] == quartile


def test_a_clean_build_is_compared_with_the_list_next_to_it() -> None:
    rows = [row("a list of the files", 1, 5, 2), row("a bundle", 3, 6, 5)]
    found = results({"bazel_thousand_clean": rows})
    work, name = "Bazel, 1000 targets of 10 KiB", "clean, over a list of the files"
    assert measured(found, work, name) == [2]


@pytest.mark.parametrize(
    ("ran", "too_many"),
    [
        (("Assemble", "Digest", "Sign", "Targets", "Verify"), 0),
        (("Digest",), 0),
        (("Digest", "Digest", "Digest", "Sign"), 2),
        (("Digest", "Root"), 1),
    ],
)
def test_actions_after_one_change(ran: tuple[str, ...], too_many: int) -> None:
    found = results({}, bazel_changed=[f"SoftwareUpdate{name}" for name in ran])
    assert too_many in measured(found, "Bazel, 1000 targets of 10 KiB", "one target changed")


def test_only_assemble_and_verify_read_what_another_key_signs() -> None:
    work, name = "Bazel, another key for 1 GiB of payload", "read it, next to assemble and verify"
    both = ["SoftwareUpdateAssemble", "SoftwareUpdateVerify"]
    assert measured(results({}, bazel_signed_readers=both), work, name) == [0]
    digest = [*both, "SoftwareUpdateDigest"]
    assert measured(results({}, bazel_signed_readers=digest), work, name) == [1]


def test_less_work_than_a_goal_needs_meets_no_goal() -> None:
    table = one_file(row(OURS, 1, 1, 1, size=MIB))
    text = goals(dataclasses.replace(results(table), quick=True))
    assert "| create | 1.25 x openssl dgst | 0.909 x openssl dgst |  |" in text
    assert "met" not in text


# --- the page ---


def test_page_contains_all_results() -> None:
    ours = row(OURS, 1.25, 1.5, 1.375, size=MIB)
    rows = [
        row(OURS, 9, 9, 9, size=1),
        *one_file(ours, row("imgtool", 4, 4, 4, size=MIB))["one_file_create"],
    ]
    text = page(results({"one_file_create": rows}), "benchmarks")
    assert text.startswith("# Benchmarks\n")
    assert "| software-update | 1.38 (1.25 to 1.50) | 1.25 (1.25 to 1.25) | 0.688 | 20 |" in text
    assert "| imgtool | 4 (4 to 4) |" in text
    assert "| software-update | 9 " not in text  # A smaller file is only in the plots.
    assert "imgtool --work  # imgtool" in text
    assert "| 1 file of 1 GiB | create | 1.25 x openssl dgst | 1.25 x openssl dgst | met |" in text
    assert "- rauc (not measured)" in text
    assert "\n- kernel: " in text
    assert "3 times" in text


def test_every_table_of_the_page_is_a_table() -> None:
    sizes = [row(OURS, size / MIB, size=size) for size in (MIB, 2 * MIB)]
    server = [row("bundles", 7, 8)]
    text = page(results({"targets_create": sizes, "bazel_bundles": server}), "plots")
    assert "](plots/" not in text
    assert "| 2,097,152 | 2 (2 to 2) | 2 (2 to 2) |" in text
    assert "| bundles | 7.50 (7 to 8) |\n" in text
    for block in re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE):
        assert len({line.count("|") for line in block.splitlines()}) == 1, block


def test_plots_come_after_the_last_of_their_tables() -> None:
    rows = [row(OURS, size, size=size) for size in (1, 2)]
    names = ("targets_create", "targets_verify", "targets_inspect")
    text = page(results(dict.fromkeys(names, rows)), "plots")
    assert text.count("](plots/targets_time.svg)") == 1
    assert text.index("## bundle inspect") < text.index("](plots/targets_time.svg)")


def test_ours_is_drawn_last() -> None:
    rows = [row(tool, 1, size=size) for tool in (OURS, "imgtool", FLOOR) for size in (1, 2)]
    assert list(PLOTS[0].lines({"one_file_create": rows})) == [FLOOR, "imgtool", OURS]
    assert not PLOTS[0].lines({"one_file_create": rows[::2]})


def test_one_command_for_several_rows_is_shown_once() -> None:
    rows = [dataclasses.replace(row(tool, 1), command="bazel build //x") for tool in "ab"]
    text = page(results({"bazel_thousand_again": rows}), "plots")
    assert text.count("bazel build //x  # a; b\n") == 1


def test_page_lists_the_actions_of_bazel() -> None:
    text = page(results({}, bazel_clean=["B", "A", "B"], bazel_unchanged=[]), "plots")
    assert "| many targets, clean | 1 A, 2 B |\n| ... nothing changed | none |\n" in text


def test_quick_run_is_marked_as_quick() -> None:
    assert "quick run" not in page(results({}), "x")
    assert "quick run" in page(dataclasses.replace(results({}), quick=True), "x")


# --- commands ---


def test_shown_commands_have_no_folders_of_the_machine() -> None:
    work = Path("/tmp/x/work")
    argv = ["/usr/bin/tool", "--in=/tmp/x/work/a b", "/tmp/x/keys/key.pem"]
    assert shown(argv, work) == "tool '--in=a b' keys/key.pem"
    assert shown(["/usr/bin/tool", *["/tmp/x/work/file"] * 99], work).endswith("file ...")


def test_commands_run_in_turn(tmp_path: Path) -> None:
    log, made = tmp_path / "log", tmp_path / "made"
    script = (
        "import sys; open(sys.argv[1], 'a').write(sys.argv[2]); open(sys.argv[3], 'x').write('1')"
    )
    commands = [
        Command(name, (sys.executable, "-c", script, log, name, made), artifact=made)
        for name in "ab"
    ]
    rows = in_turn(commands, 2)
    assert log.read_text() == "ababab"
    assert [(each.tool, len(each.runs)) for each in rows] == [("a", 2), ("b", 2)]
    assert all(each.peak.least > 1 and each.wall.least > 0 and each.cpu > 0 for each in rows)
    assert not made.exists()


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("raise SystemExit('no such key')", "ended with 1: no such key"),
        ("print('valid')", "made 0 bytes of at least 1"),
        ("pass", "does not say 'valid'"),
    ],
)
def test_work_that_was_not_done_is_not_a_measurement(tmp_path: Path, code: str, error: str) -> None:
    argv = (sys.executable, "-c", code)
    with pytest.raises(BenchmarkError, match=error):
        in_turn([Command("tool", argv, artifact=tmp_path / "out", says="valid")], 1)


def test_a_program_that_is_not_there() -> None:
    with pytest.raises(BenchmarkError, match="no-such-program"):
        in_turn([Command("tool", ("no-such-program",))], 1)


def test_a_file_may_be_listed_more_than_once(tmp_path: Path) -> None:
    image = tmp_path / "files/a.img"
    image.parent.mkdir()
    image.touch()
    Work([image] * 2, tmp_path, tmp_path, Peers({}, {}, {}, {})).describe()
    text = (tmp_path / "targets.json").read_text()
    assert text.count(str(image)) == 2
    assert '"f/00000"' in text
    assert '"f/00001"' in text


def test_memory_of_a_server_counts() -> None:
    code = f"held = bytes(1) * {90 * MIB}; print('ready', flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as server:
        assert server.stdout
        server.stdout.readline()
        command = Command("tool", (sys.executable, "-c", "pass"), server=server.pid)
        [without_server], [with_server] = (
            in_turn([each], 1) for each in (dataclasses.replace(command, server=0), command)
        )
        server.kill()
    assert without_server.peak.most < 90 < with_server.peak.least


def test_cpu_of_a_process_counts_its_ended_children() -> None:
    before = cpu_of(os.getpid())
    subprocess.run([sys.executable, "-c", "sum(range(10**7))"], check=True)
    assert cpu_of(os.getpid()) > before
