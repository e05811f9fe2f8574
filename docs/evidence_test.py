"""Tests of the evidence report: its structure, its commands, and that a wrong figure is found."""

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import evidence
import figures
import page_facts
import pytest
import report
from figures import Count, Figure, Measure, Origin, State
from subjects import COUNTS, MEASURES, SECTIONS

TOP = Path(".")
STATE = State("0123456789abcdef", "2031-01-01T00:00:00Z")
RESULTS = figures.read_results(TOP / report.RESULTS)
REVIEW = (TOP / "docs/explanation/security_review.md").read_text(encoding="utf-8")
# The files from which a report is made, besides those that only some counts read.
FILES = (
    "MODULE.bazel",
    "docs/explanation/client_traps.md",
    page_facts.LIMITS,
    page_facts.RISKS,
    page_facts.SIZES,
    report.RESULTS,
    "tests/vectors/attacks/cases.json",
    "tools/workshop/release/licences.toml",
)
MUTANTS = Measure(
    "Mutants",
    "mutants",
    "mutants",
    "printf 'a: 12 mutants\nb: 1,030 mutants\n'",
    r": ([\d,]+) mutants",
    1,
)


@pytest.fixture(name="tree")
def tree_fixture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A tree with the files of a report. Its SBOM is short: the library that checks SBOMs takes seconds."""
    top = tmp_path / "tree"
    locks = [
        str(path.relative_to(TOP))
        for folder in ("tools/python", "tools/workshop/locks")
        for path in (TOP / folder).glob("*.txt")
    ]
    for name in (*FILES, *locks):
        (top / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(TOP / name, top / name)
    monkeypatch.setattr(report, "build_own_sbom", lambda *_: b"{}\n")
    monkeypatch.setenv("BUILD_WORKSPACE_DIRECTORY", str(top))
    monkeypatch.setenv("BUILD_WORKING_DIRECTORY", str(tmp_path))
    return top


def written(tree: Path) -> dict[str, Any]:
    """Writes a quick report, and returns it."""
    assert evidence.main(["--quick", "--output", "out"]) == 0
    document: dict[str, Any] = json.loads((tree.parent / "out/evidence.json").read_bytes())
    return document


def test_report_has_each_section_and_each_figure(tree: Path) -> None:
    document = written(tree)
    assert [each["name"] for each in document["figures"]] == [
        each.name for each in (*COUNTS, *MEASURES)
    ]
    assert {each["section"] for each in document["figures"]} == {*SECTIONS}
    for each in document["figures"]:
        assert all(each[key] for key in ("name", "unit", "command", "origin", "commit", "date")), (
            each
        )
        assert (each["value"] is None) == (each["origin"] == "missing") == (not each["value"])
        assert each["note"] or each["origin"] == "counted", each
    assert len(document["dependencies"]) > 150
    assert all(each["licence"] and each["named_in"] for each in document["dependencies"])
    assert len({each["scope"] for each in document["dependencies"]}) == 3
    assert len(document["device_sizes"]["lines"]) > 15
    assert all(each["cortex_m3"] for each in document["device_sizes"]["lines"])
    assert len(document["known_limits"]) > 15


def test_text_has_each_figure_with_its_command(tree: Path) -> None:
    document = written(tree)
    text = (tree.parent / "out/evidence.md").read_text(encoding="utf-8")
    for each in document["figures"]:
        [row] = [line for line in text.splitlines() if line.startswith(f"| {each['name']} | ")]
        assert each["command"].replace("|", "\\|") in row
        shown = "not measured" if each["value"] is None else f"{each['value']:,} {each['unit']}"
        assert f"| {shown} |" in row
    for title in ("List of dependencies", "Device sizes", "Known limits"):
        assert f"\n## {title}\n" in text


def test_figure_that_could_not_be_made_says_so(
    tree: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The tree lacks the corpus of the fuzzer."""
    document = written(tree)
    [seeds] = [
        each for each in document["figures"] if each["name"].startswith("seeds of the fuzzer")
    ]
    assert (seeds["value"], seeds["origin"]) == (None, "missing")
    assert "tests/fuzz/corpus" in seeds["note"]
    assert "not measured: seeds of the fuzzer" in capsys.readouterr().out


def test_report_of_this_tree_has_no_difference(tree: Path) -> None:
    written(tree)
    assert evidence.main(["--check", "out"]) == 0


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (
            lambda each: each["figures"][3].update(value=each["figures"][3]["value"] + 1),
            "hashes of locked wheels: the report says",
        ),
        (lambda each: each["figures"].pop(0), "locked Python packages: is missing"),
        (lambda each: each["dependencies"].pop(), "dependencies: differ from the tree"),
        (lambda each: each["known_limits"].pop(0), "known_limits: differ from the tree"),
        (lambda each: each["sbom"].update(sha256="0"), "own.cdx.json: is not the SBOM of the tree"),
        (
            lambda each: each.update(schema="other"),
            "the document is not software_update.evidence.v1",
        ),
    ],
)
def test_planted_fault_is_found(
    tree: Path, capsys: pytest.CaptureFixture[str], change: Any, problem: str
) -> None:
    document = written(tree)
    change(document)
    (tree.parent / "out/evidence.json").write_text(json.dumps(document))
    assert evidence.main(["--check", "out"]) == 1
    assert problem in capsys.readouterr().err


def test_changed_tree_is_found(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    written(tree)
    cases = tree / "tests/vectors/attacks/cases.json"
    cases.write_text(cases.read_text(encoding="utf-8") + '"verdict": "ACCEPT"\n')
    assert evidence.main(["--check", "out"]) == 1
    assert "bundles with a fixed verdict, made by this project" in capsys.readouterr().err


def test_wrong_recorded_result_is_found(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    each = MEASURES[0]
    wrong = {"value": 358, "command": each.command, "output": ["357"], "commit": "", "date": ""}
    (tree / report.RESULTS).write_text(json.dumps({each.name: wrong}))
    assert evidence.main(["--quick", "--output", "out"]) == 3
    assert "is not that of its output; measure it again" in capsys.readouterr().err
    assert not (tree.parent / "out").exists()


@pytest.mark.parametrize("each", MEASURES, ids=lambda each: each.name)
def test_recorded_results_are_those_of_their_output(each: Measure) -> None:
    found = figures.recorded(each, RESULTS, STATE)
    assert found.origin in (Origin.RECORDED, Origin.MISSING)
    if found.origin is Origin.RECORDED:
        assert re.fullmatch(r"[0-9a-f]{40}", found.state.commit), "measured in a changed tree"


def test_each_recorded_result_belongs_to_a_figure() -> None:
    assert {*RESULTS} <= {each.name for each in MEASURES}
    assert len(RESULTS) >= 5


def test_measured_figure_is_the_sum_of_the_lines_with_a_number() -> None:
    found = figures.measure(TOP, MUTANTS, STATE)
    assert (found.value, found.origin, found.state) == (1042, Origin.MEASURED, STATE)
    assert found.note == ": 12 mutants\n: 1,030 mutants"
    results = figures.record([found], {})
    again = figures.recorded(MUTANTS, results, State("other", "later"))
    assert again == found._replace(origin=Origin.RECORDED)


@pytest.mark.parametrize(
    ("command", "problem"),
    [
        ("echo none", "its output has no such line"),
        ("echo ': 1 mutants'; echo bad >&2; false", "bad"),
    ],
)
def test_measurement_that_fails_gives_no_figure(command: str, problem: str) -> None:
    found = figures.measure(TOP, MUTANTS._replace(command=command), STATE)
    assert (found.value, found.origin) == (None, Origin.MISSING)
    assert found.note == f"the command fails: {problem}"
    assert figures.record([found], {}) == {}


def test_result_of_another_command_does_not_count() -> None:
    results = figures.record([figures.measure(TOP, MUTANTS, STATE)], {})
    found = figures.recorded(MUTANTS._replace(command="true"), results, STATE)
    assert found.origin is Origin.MISSING


@pytest.mark.parametrize(
    "command", ["echo 1 2", "echo", "false", "echo 3; false", "cat gone | wc -l"]
)
def test_count_that_is_not_a_number_is_missing(command: str) -> None:
    found: Figure = figures.count(TOP, Count("Tests", "x", "y", command), STATE)
    assert (found.value, found.origin) == (None, Origin.MISSING)


def test_folder_without_a_report_is_one_line(
    tree: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert tree.exists()
    assert evidence.main(["--check", "nothing"]) == 3
    assert capsys.readouterr().err.count("\n") == 1


def test_report_without_a_part_is_one_line(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    document = written(tree)
    del document["dependencies"]
    (tree.parent / "out/evidence.json").write_text(json.dumps(document))
    capsys.readouterr()
    assert evidence.main(["--check", "out"]) == 3
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "lacks 'dependencies'; it is not a whole report" in error


def test_options_choose_the_measurements() -> None:
    assert evidence.measures(quick=True, full=False) == []
    assert evidence.measures(quick=False, full=True) == [*MEASURES]
    some = evidence.measures(quick=False, full=False)
    assert 0 < len(some) < len(MEASURES)
    assert all(each.minutes <= evidence.SHORT_MINUTES for each in some)


def test_measurement_that_fails_leaves_the_recorded_result(
    tree: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = MUTANTS._replace(command="echo broken >&2; false")
    result = {"value": 3, "command": broken.command, "output": [": 3 mutants"], "date": "then"}
    (tree / report.RESULTS).write_text(json.dumps({broken.name: result | {"commit": "earlier"}}))
    monkeypatch.setattr(report, "MEASURES", (broken,))
    monkeypatch.setattr(evidence, "MEASURES", (broken,))
    assert evidence.main(["--full", "--output", "out"]) == 0
    assert "recorded result used: mutants: the command fails: broken" in capsys.readouterr().out
    found = json.loads((tree.parent / "out/evidence.json").read_bytes())["figures"][-1]
    assert (found["value"], found["origin"], found["commit"]) == (3, "recorded", "earlier")


def commands() -> Iterator[str]:
    """Yields the commands of all figures, and those of the page for reviewers."""
    yield from (each.command for each in (*COUNTS, *MEASURES))
    yield page_facts.SIZES_COMMAND
    yield report.COMMAND
    yield from re.findall(r"^\| [^|]* \| `(\./bazelw [^`]+)` \|", REVIEW, re.MULTILINE)
    for block in re.findall(r"^```sh\n(.*?)^```$", REVIEW, re.MULTILINE | re.DOTALL):
        yield from block.splitlines()


def missing_in(command: str) -> Iterator[str]:
    """Yields the targets and files of a command that do not exist."""
    for package, target in re.findall(r"//([\w/]+):(\w+)", command):
        build = TOP / package / "BUILD.bazel"
        if not build.is_file() or f'"{target}"' not in build.read_text(encoding="utf-8"):
            yield f"//{package}:{target}"
    for word in re.findall(r"(?<![\w/.:=-])(?:docs|tests|tools)/[\w./*]+", command):
        if not [*TOP.glob(word)]:
            yield word


def test_commands_name_targets_and_files_that_exist() -> None:
    found = [*commands()]
    assert len(found) > 30
    assert [each for command in found for each in missing_in(command)] == []


def test_target_or_file_that_does_not_exist_is_found() -> None:
    command = "./bazelw test //tests/fuzz:gone //gone:x && grep -c x tests/gone/*.py docs/README.md"
    assert [*missing_in(command)] == ["//tests/fuzz:gone", "//gone:x", "tests/gone/*.py"]
