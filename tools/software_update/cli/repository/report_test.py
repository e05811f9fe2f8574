"""Tests of report.py."""

from typing import Any

import pytest

from software_update.cli.repository import report
from software_update.format.catalog import CatalogEntry
from software_update.repository.check import Expiry, Problem, Report
from software_update.repository.storage import Listed
from software_update.repository.survey import Bundle, Channel, Survey

DAY = 24 * 60 * 60
ENTRY = CatalogEntry("meter", "1.1", 2, "ab" * 32, 5, minimum_counter=1)


def alarms(*expiries: Expiry, problems: int = 0) -> str:
    found = Report(list(expiries), [Problem("p", "x")] * problems)
    return report.alarms(report.check_document(found, 100 * DAY, 14 * DAY))


def test_alarms_name_the_command() -> None:
    soon, past, late = 101 * DAY, 100 * DAY, 115 * DAY
    assert alarms(Expiry("timestamp", 1, soon), Expiry("root", 1, late)) == ""
    assert alarms(Expiry("snapshot", 1, past)) == "expired: snapshot; run: repository refresh"
    assert alarms(Expiry("targets", 1, past)) == "expired: targets; run: repository renew"
    assert alarms(Expiry("root", 1, soon)) == "expires soon: root; run: repository root-create"
    assert alarms(problems=2) == "problems: 2; restore what is listed above"


@pytest.mark.parametrize(("base", "name"), [("cd" * 32, "1.0"), ("ef" * 32, "efefefefefefefef")])
def test_personalized_bundles_name_their_devices(base: str, name: str) -> None:
    older = ENTRY._replace(version="1.0", release="cd" * 32, minimum_counter=None, counter=1)
    bundles = tuple(
        Bundle("path", 7, "00" * 32, each) for each in (ENTRY, ENTRY._replace(base=base), older)
    )
    lines = list(report.status_lines(Survey((), (Channel("meter", "stable", bundles, ()),))))
    assert lines[1].startswith("  1.1: counter 2, needs 1, 7 bytes; ")
    assert lines[2] == f"  1.1 for devices with {name}: 7 bytes"
    assert lines[3].startswith("  1.0: counter 1, 7 bytes; ")


def test_pruned_objects_are_escaped() -> None:
    found = [Listed("metadata/\x1b", 5, 0)]
    assert list(report.pruned_lines(found, removed=True)) == [
        r"removed metadata/\x1b",
        "removed 1 objects, 5 bytes",
    ]
    document: dict[str, Any] = report.pruned_document(found, removed=False)
    assert document["objects"][0]["written"] == "1970-01-01T00:00:00Z"
