"""Tests that the page about reports lists exactly the members of a report, as its schema does."""

import re
from pathlib import Path

import jsonschema  # type: ignore[import-untyped]
from json_schemas import Schemas
from referencing import Registry, Resource
from software_update.client.report import report_document
from software_update.client.shell.reports import MAX_WAITING
from software_update.client.state import Code, Detail, DomainState, Installed, Result, State

SCHEMAS = Schemas(Path("docs/reference/schemas"))
PAGE = Path("docs/reference/client_reports.md").read_text(encoding="utf-8")
FILE = "client_report.v1.schema.json"

INSTALLED = Installed("ef" * 32, "12" * 32, "1.0", 6, 6)
DOMAINS = {"main": DomainState(slots={"A": INSTALLED}, running="A")}
RESULT = Result(Code.UP_TO_DATE, "version 1.0 is up to date", INSTALLED.release, 86400)
REPORT = report_document(
    State(checking="main", domains=DOMAINS),
    State(detail=Detail.IDLE, domains=DOMAINS, result=RESULT),
    "board-2",
)


def test_page_and_schema_list_the_members_of_a_report() -> None:
    assert REPORT is not None
    assert re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE) == list(REPORT)
    assert SCHEMAS.paths(FILE) == {*REPORT}


def test_report_matches_the_schema() -> None:
    registry = Registry().with_resources(
        (file, Resource.from_contents(schema)) for file, schema in SCHEMAS.files.items()
    )
    validator = jsonschema.Draft202012Validator(SCHEMAS.files[FILE], registry=registry)
    assert validator.is_valid(REPORT)
    for name in REPORT or {}:
        assert not validator.is_valid({**(REPORT or {}), name: {}}), name


def test_page_names_the_number_of_reports_that_wait() -> None:
    assert MAX_WAITING == 16
    assert "Sixteen reports can wait" in PAGE
