"""Tests of the benchmarks' medians, ratios, goals and page, with made-up results."""

from __future__ import annotations

import dataclasses
import re
import sys
from pathlib import Path

import pyperf  # type: ignore[import-untyped]
import pytest

from tests.benchmarks.data import write_list
from tests.benchmarks.goals import GOALS, judge
from tests.benchmarks.measure import Command, in_turn
from tests.benchmarks.page import page, summary
from tests.benchmarks.plots import PLOTS, lines_of
from tests.benchmarks.results import (
    BenchmarkError,
    Results,
    Row,
    Spread,
    Table,
    load,
    machine_of,
    ratio,
    run_of,
    save,
    spread,
)
from tests.benchmarks.tools import FLOOR, OURS, shown

MIB = 2**20


def row(tool: str, *walls: float, size: int = 0, peak: float = 20) -> Row:
    runs = tuple(run_of(wall, wall / 2, int(peak * MIB), 0.1) for wall in walls)
    return Row(tool, f"{tool} --work", runs, size)


def results(*tables: Table, **facts: tuple[str, ...]) -> Results:
    return Results(
        date="",
        quick=False,
        versions={"openssl": "3.0"},
        missing={"rauc": "no apt-get"},
        tables=tables,
        facts=facts,
    )


def one_file(ours: Row, *others: Row) -> Table:
    return Table(
        "one_file_create", "Make one", (row(FLOOR, 1, 1.2, 1.1, size=MIB), ours, *others), "bytes"
    )


def measured(what: Results, work: str, name: str) -> list[float | None]:
    return [
        each.measured for each in judge(what) if (each.goal.work, each.goal.what) == (work, name)
    ]


# --- numbers ---


def test_spread() -> None:
    assert spread([3, 1, 2, 10]) == Spread(2.5, 1, 10)


def test_ratio_is_of_runs_next_to_each_other() -> None:
    # Each of the pairs says 2, however slow the machine was meanwhile; the medians would not.
    assert ratio(row("a", 2, 20, 4), row("b", 1, 10, 2)) == Spread(2, 2, 2)


def test_runs_without_a_partner_are_an_error() -> None:
    with pytest.raises(ValueError, match="longer"):
        ratio(row("a", 1), row("b", 1, 2))


def test_pyperf_reads_all_runs(tmp_path: Path) -> None:
    path = tmp_path / "runs.json"
    save([one_file(row(OURS, 1, 2, size=MIB, peak=20)), Table("start", "", (row("a", 3),))], path)
    suite = pyperf.BenchmarkSuite.load(str(path))
    assert {each.get_name(): each.get_values() for each in suite} == {
        "one_file_create: openssl dgst, 1048576": (1, 1.2, 1.1),
        "one_file_create: software-update, 1048576": (1, 2),
        "start: a": (3,),
    }
    back = load(path).table("one_file_create")
    assert back is not None
    assert [(each.tool, each.size, each.walls) for each in back.rows] == [
        (FLOOR, MIB, [1, 1.2, 1.1]),
        (OURS, MIB, [1, 2]),
    ]
    ours = suite.get_benchmark("one_file_create: software-update, 1048576")
    assert ours.get_metadata()["command_max_rss"] == 20 * MIB


def test_the_machine_is_described_without_its_name() -> None:
    found = {"cpu_model_name": "a slow one", "cpu_count": 2, "python_version": "3.14.8 (64-bit)"}
    found |= {"platform": "Linux-6.18.44-my-machine-x86_64", "hostname": "my-machine"}
    described = machine_of(pyperf.Run([1.0], metadata=found, collect_metadata=False))
    assert described == (
        "processor: a slow one",
        "cores: 2",
        "kernel: Linux-6.18.44",
        "Python: 3.14.8 (64-bit)",
    )


# --- goals ---


def test_a_goal_is_met_up_to_its_limit() -> None:
    for walls, met in (((1.25,) * 3, True), ((1.4, 1.5, 1.6), False)):
        table = one_file(row(OURS, *walls, size=MIB))
        found = {
            each.goal.what: each.met for each in judge(results(table)) if "1 GiB" in each.goal.work
        }
        assert found["create"] is met
        assert found["create, memory"] is True
        assert found["verify"] is None


def test_of_several_sizes_the_largest_counts() -> None:
    table = one_file(row(OURS, 9, 9, 9, size=1), row(OURS, 1, 1.2, 1.1, size=MIB))
    assert measured(results(table), "1 file of 1 GiB", "create") == [1]


def test_seconds_of_a_slower_machine_are_scaled() -> None:
    thousand = Table("thousand_files_verify", "", (row(OURS, 0.18, 0.15, 0.14),))
    work = "1000 files of 10 KiB"
    hashing = one_file(row(OURS, 1, 1, 1, size=MIB))  # It takes 1.1 s, not 0.59.
    assert measured(results(thousand, hashing), work, "verify")[:2] == [
        0.15,
        pytest.approx(0.15 * 0.59 / 1.1),
    ]
    assert measured(results(thousand), work, "verify")[:2] == [0.15, None]


def test_twice_the_targets() -> None:
    rows = tuple(row(OURS, seconds, size=size) for size, seconds in ((100, 9), (200, 1), (400, 3)))
    found = results(Table("targets_create", "Targets", rows, "targets"))
    assert measured(found, "65,536 targets", "create") == [3]


def test_no_slower_within_noise_asks_a_quarter_of_the_pairs() -> None:
    theirs = row("mender-artifact", 1, 1, 1, 1, 1)
    for walls, met in (((0.9, 1, 1.1, 1.1, 1.2), True), ((0.9, 1.1, 1.1, 1.1, 1.2), False)):
        found = results(Table("thousand_files_create", "", (theirs, row(OURS, *walls))))
        [judged] = [each for each in judge(found) if "mender" in each.goal.unit and each.measured]
        assert judged.met is met


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
    found = results(bazel_changed=tuple(f"SoftwareUpdate{name}" for name in ran))
    assert float(too_many) in measured(found, "Bazel, 1000 targets of 10 KiB", "one target changed")


def test_only_assemble_and_verify_read_what_another_key_signs() -> None:
    work, name = "Bazel, another key for 1 GiB of payload", "read it, besides assemble and verify"
    both = ("SoftwareUpdateAssemble", "SoftwareUpdateVerify")
    assert measured(results(bazel_signed_readers=both), work, name) == [0]
    digest = (*both, "SoftwareUpdateDigest")
    assert measured(results(bazel_signed_readers=digest), work, name) == [1]


def test_an_unmeasured_goal_is_neither_met_nor_missed() -> None:
    judged = judge(results())
    assert {each.met for each in judged} == {None}
    assert summary(judged).endswith(f"\n0 of {len(GOALS)} goals met, 0 not met")


def test_less_work_than_a_goal_needs_meets_no_goal() -> None:
    quick = dataclasses.replace(results(one_file(row(OURS, 1, 1, 1, size=MIB))), quick=True)
    assert {each.met for each in judge(quick)} == {None}
    assert "1 file of 1 GiB, create: 0.909 x openssl dgst (at most 1.25)" in summary(judge(quick))


def test_terminal_lists_goals_that_are_not_met() -> None:
    said = summary(judge(results(one_file(row(OURS, 2, 2.4, 2.2, size=MIB, peak=51)))))
    assert "NOT MET      1 file of 1 GiB, create: 2 x openssl dgst (at most 1.25)" in said
    assert "NOT MET      1 file of 1 GiB, create, memory: 51 MiB (at most 50)" in said


# --- the page ---


def test_page_contains_all_results() -> None:
    table = one_file(row(OURS, 1.25, 1.5, 1.375, size=MIB), row("imgtool", 4, 4, 4, size=MIB))
    text = page(results(table), "benchmarks")
    assert text.startswith("# Benchmarks\n")
    assert "| software-update | 1.38 (1.25 to 1.50) | 1.25 (1.25 to 1.25) | 0.688 | 20 |" in text
    assert "| imgtool | 4 (4 to 4) |" in text
    assert "imgtool --work  # imgtool" in text
    assert "| 1 file of 1 GiB | create | 1.25 x openssl dgst | 1.25 x openssl dgst | met |" in text
    assert "- rauc: not measured, no apt-get" in text
    assert "\n- kernel: " in text
    assert "3 times" in text


def test_every_table_of_the_page_is_a_table() -> None:
    sizes = [row(OURS, size / MIB, size=size) for size in (MIB, 2 * MIB)]
    server = Table("bazel_bundles", "In Bazel", (row("bundles", 7, 8),), of_process=False)
    text = page(results(Table("targets_create", "Many", tuple(sizes), "targets"), server), "plots")
    assert "](plots/" not in text
    assert "| 2,097,152 | 2 (2 to 2) | 2 (2 to 2) |" in text
    assert "| bundles | 7.50 (7 to 8) |\n" in text
    for block in re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE):
        assert len({line.count("|") for line in block.splitlines()}) == 1, block


def test_plots_come_after_the_last_of_their_tables() -> None:
    names = ("targets_create", "targets_verify", "targets_inspect")
    rows = tuple(row(OURS, size, size=size) for size in (1, 2))
    text = page(results(*(Table(name, name, rows, "targets") for name in names)), "plots")
    assert text.count("](plots/targets_time.svg)") == 1
    assert text.index("## targets_inspect") < text.index("](plots/targets_time.svg)")


def test_ours_is_drawn_last() -> None:
    rows = [row(tool, 1, size=size) for tool in (OURS, FLOOR, "imgtool") for size in (1, 2)]
    found = results(Table("one_file_create", "One", tuple(rows), "bytes"))
    assert [line.name for line in lines_of(PLOTS[0], found)] == [FLOOR, "imgtool", OURS]
    one_size = results(Table("one_file_create", "One", tuple(rows[::2]), "bytes"))
    assert not lines_of(PLOTS[0], one_size)


def test_one_command_for_several_rows_is_shown_once() -> None:
    rows = tuple(dataclasses.replace(row(tool, 1), command="bazel build //x") for tool in "ab")
    text = page(results(Table("bazel_thousand_again", "Again", rows, of_process=False)), "plots")
    assert text.count("bazel build //x  # a; b\n") == 1


def test_page_names_the_bazel_commands() -> None:
    text = page(results(bazel_clean=("B", "A", "B"), bazel_unchanged=()), "plots")
    assert "| many targets, clean | 1 A, 2 B |\n| ... nothing changed | none |\n" in text


def test_page_has_a_date_only_if_one_is_given() -> None:
    assert "date:" not in page(results(), "benchmarks")
    assert "- date: 2026-11-21\n" in page(dataclasses.replace(results(), date="2026-11-21"), "x")


def test_quick_run_is_marked_as_quick() -> None:
    assert "quick run" not in page(results(), "benchmarks")
    assert "quick run" in page(dataclasses.replace(results(), quick=True), "benchmarks")


# --- commands ---


def test_shown_commands_have_no_folders_of_the_machine() -> None:
    work = Path("/tmp/x/work")
    argv = ["/usr/bin/tool", "--in=/tmp/x/work/a b", "/tmp/x/keys/key.pem"]
    assert shown(argv, work) == "tool '--in=a b' keys/key.pem"
    assert shown(["/usr/bin/tool", *["/tmp/x/work/file"] * 99], work).endswith("file ...")


def test_commands_run_in_turn(tmp_path: Path) -> None:
    log, made = tmp_path / "log", tmp_path / "made"
    script = "import sys; open(sys.argv[1], 'a').write(sys.argv[2]); open(sys.argv[3], 'x')"
    commands = [
        Command(name, (sys.executable, "-c", script, str(log), name, str(made)), outputs=(made,))
        for name in "ab"
    ]
    rows = in_turn(commands, 2)
    assert log.read_text() == "ababab"
    assert [(each.tool, len(each.runs)) for each in rows] == [("a", 2), ("b", 2)]
    assert all(each.peak.least > 1 and each.wall.least > 0 for each in rows)
    assert not made.exists()


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("raise SystemExit('no such key')", "ended with 1: no such key"),
        ("pass", "has not made out"),
    ],
)
def test_work_that_was_not_done_is_not_a_measurement(tmp_path: Path, code: str, said: str) -> None:
    command = Command("tool", (sys.executable, "-c", code), outputs=(tmp_path / "out",))
    with pytest.raises(BenchmarkError, match=said):
        in_turn([command], 1)


def test_a_program_that_is_not_there() -> None:
    with pytest.raises(BenchmarkError, match="no-such-program"):
        in_turn([Command("tool", ("no-such-program",))], 1)


def test_targets_have_names_of_their_own_even_for_one_file(tmp_path: Path) -> None:
    text = write_list(tmp_path / "list.json", [tmp_path / "a"] * 2).read_text()
    assert text.count(str(tmp_path / "a")) == 2
    assert '"f/00000"' in text
    assert '"f/00001"' in text
