"""Every case gets exactly its verdict, and the other commands survive its bundle."""

from __future__ import annotations

import contextlib
import io
import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest
from software_update.bundle.envelope import PAYLOAD_FIELD, Envelope
from software_update.bundle.head import MetadataAfterPayloads, Rest, read_head
from software_update.bundle.reader import read_envelope, read_fields
from software_update.cli.main import main
from software_update.format.verdicts import Refused, Verdict

from tests.vectors import cases
from tests.vectors.cases import FOLDERS, HERE, Case, load

CASES = [case for folder in FOLDERS for case in load(folder)]
SCHEMA: dict[str, Any] = json.loads((HERE / "cases.schema.json").read_bytes())
# Names that a device accepts although one folder cannot hold them.
NOT_FILES = {"name_in_folder_of_another"}


def call(*args: str | Path) -> tuple[int, str, str]:
    """Returns the exit status of the command line, its output and its errors."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = main([str(each) for each in args])
    return status, out.getvalue(), err.getvalue()


def name_of(case: Case) -> str:
    """The case's name, with its folder."""
    return f"{case.trusted_root.parent.name}/{case.name}"


each_case = pytest.mark.parametrize("case", CASES, ids=map(name_of, CASES))


@each_case
def test_verdict(case: Case, tmp_path: Path) -> None:
    status, out, err = call(*case.arguments(case.file(tmp_path)))
    assert (status, err) == (0 if case.verdict == "ACCEPT" else 1, ""), (case.what, out)
    report = json.loads(out)
    assert report["verdict"] == case.verdict, (case.what, report)
    assert report["verdict"] == "ACCEPT" or report["detail"]
    if case.subject is not None:
        assert report["subject"] == case.subject


@each_case
def test_inspect_and_extract_end_well(case: Case, tmp_path: Path) -> None:
    """These commands check no signature, so they may accept a bad bundle, but they must not crash."""
    bundle = case.file(tmp_path)
    refused = (1, 3) if case.name in NOT_FILES else (1,)
    commands: tuple[Sequence[str | Path], ...] = (
        ["inspect", bundle],
        ["inspect", bundle, "--json"],
        ["extract", bundle, "-o", tmp_path / "extracted"],
    )
    for args in commands:
        status, out, err = call("bundle", *args)
        if status != 0:
            assert (status in refused, out) == (True, "")
            assert err.startswith("software-update: ")
            assert (err[-1], err[:-1].isprintable()) == ("\n", True)
    outside = {path.name for path in tmp_path.iterdir()} - {"extracted", "huge.bundle"}
    assert not outside, "written outside the folder"


class InMemory:
    """A bundle that can be read from any offset."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def size(self) -> int:
        return len(self._content)

    def read(self, offset: int, length: int) -> bytes:
        return self._content[offset : offset + length]


@each_case
def test_head_and_rest_are_the_envelope(case: Case, tmp_path: Path) -> None:
    bundle = case.file(tmp_path)
    found = outcome(lambda: in_parts(InMemory(bundle.read_bytes())))
    with bundle.open("rb") as file:
        assert found == outcome(lambda: read_envelope(file.fileno())) or (
            found == "MetadataAfterPayloads" and has_late_metadata(file.fileno())
        )


def outcome(read: Callable[[], Envelope]) -> Envelope | str:
    """Returns what was read, or the error."""
    try:
        return read()
    except Refused as refused:
        return str(refused)
    except MetadataAfterPayloads:
        return "MetadataAfterPayloads"


def in_parts(source: InMemory) -> Envelope:
    """Reads the head of a bundle, and then what comes after it."""
    head = read_head(source)
    rest = Rest(source, head)
    found = [*head.envelope.payloads, *rest.payloads()]
    assert rest.envelope().payloads == tuple(found)
    return rest.envelope()


def has_late_metadata(fd: int) -> bool:
    """Returns whether a file has metadata after a payload."""
    numbers = [number for number, _, _ in read_fields(fd)]
    first_payload = numbers.index(PAYLOAD_FIELD)
    return any(number != PAYLOAD_FIELD for number in numbers[first_payload:])


def test_a_bundle_is_not_a_trusted_root() -> None:
    good = FOLDERS[1] / "good.bundle"
    status, out, err = call("bundle", "verify", good, "--trusted-root", good)
    assert (status, out) == (3, "")
    assert "good.bundle: not a root to trust" in err


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_cases_follow_the_schema(folder: Path) -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    validator = jsonschema.Draft202012Validator(SCHEMA)
    assert (
        list(map(str, validator.iter_errors(json.loads((folder / "cases.json").read_bytes()))))
        == []
    )


def test_recipes_follow_the_schema() -> None:
    recipes = [case.recipe for case in CASES if case.recipe is not None]
    validator = jsonschema.Draft202012Validator(
        {"$defs": SCHEMA["$defs"], "$ref": "#/$defs/recipe"}
    )
    assert recipes
    for recipe in recipes:
        assert list(map(str, validator.iter_errors(json.loads(recipe.read_bytes())))) == []


@pytest.mark.parametrize(
    "change",
    [
        {"verdict": "reject"},
        {"bundle": "../secret"},
        {"recipe": "a.json"},
        {"what": ""},
        {"at": "now"},
        {"verdicts": ["ACCEPT", "MALFORMED"]},
    ],
    ids=str,
)
def test_the_schema_rejects(change: dict[str, Any]) -> None:
    validator = jsonschema.Draft202012Validator({"$defs": SCHEMA["$defs"], "$ref": "#/$defs/case"})
    document = json.loads((FOLDERS[1] / "cases.json").read_bytes())
    assert validator.is_valid(document["cases"][0])
    assert not validator.is_valid({**document["cases"][0], **change})


def test_the_schema_lists_all_verdicts() -> None:
    assert SCHEMA["$defs"]["verdict"]["enum"] == list(Verdict)


def test_every_verdict_has_a_case() -> None:
    assert {case.verdict for case in CASES} == set(Verdict)


def test_names_differ() -> None:
    assert [name for name, count in Counter(map(name_of, CASES)).items() if count > 1] == []


def test_every_file_belongs_to_a_case() -> None:
    assert {path for folder in FOLDERS for path in files_of(folder)} == {
        path for folder in FOLDERS for path in folder.iterdir() if path.name != "cases.json"
    }


def files_of(folder: Path) -> Iterator[Path]:
    """The files that the cases of a folder name."""
    for case in load(folder):
        files = (case.bundle, case.recipe, case.trusted_root, case.installed, case.installed_root)
        yield from (file for file in files if file is not None)


@pytest.mark.parametrize(
    ("part", "content"),
    [
        ({"hex": "00ff"}, b"\x00\xff"),
        ({"hex": "00ff", "times": 2}, b"\x00\xff\x00\xff"),
        ({"template": ["61", "62"], "numbers": [9, 11]}, b"a9ba10ba11b"),
        ({"template": ["61", "", "62"], "rows": [["01", "02"], ["", "03"]]}, b"a\x01\x02ba\x03b"),
    ],
    ids=str,
)
def test_recipe_parts(part: dict[str, Any], content: bytes) -> None:
    assert b"".join(cases.pieces(part)) == content


def test_a_made_file_is_checked() -> None:
    recipe = json.loads((FOLDERS[0] / "payloads_65537.recipe.json").read_bytes())
    recipe["parts"][-1] = {"hex": "00"}
    with pytest.raises(AssertionError):
        cases.make(recipe)
