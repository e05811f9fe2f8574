"""Describes what devices do with a bundle: as plain data for JSON, and as a table for people."""

from collections.abc import Iterable
from typing import Any

from software_update.base.errors import printable
from software_update.format.verdicts import Verdict
from software_update.verify.fleet import Prediction

SCHEMA = "software_update.fleet.v1"
_COLUMNS = (
    "installed",
    "release counter",
    "targets",
    "root",
    "hardware id",
    "verdict",
    "first install",
)


def describe(predictions: Iterable[Prediction]) -> dict[str, Any]:
    """Returns the predictions as JSON has them."""
    return {
        "schema": SCHEMA,
        "devices": [
            {
                "installed": each.kept.name,
                "release_counter": _counter(each),
                "targets_version": each.kept.release.targets.common.version,
                "root_version": each.kept.root.common.version,
                "hardware_id": each.hardware_id,
                "verdict": each.verdict,
                "first_install": list(each.first),
            }
            for each in predictions
        ],
    }


def _counter(prediction: Prediction) -> int | None:
    manifest = prediction.kept.release.release
    return None if manifest is None else manifest.counter


def table(predictions: Iterable[Prediction]) -> Iterable[str]:
    """Yields the table in Markdown, which is readable as text, too."""
    rows = [_COLUMNS, *map(_row, predictions)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for index, row in enumerate(rows):
        yield "| " + " | ".join(map(str.ljust, row, widths)) + " |"
        if index == 0:
            yield "|" + "|".join("-" * (width + 2) for width in widths) + "|"


def _row(each: Prediction) -> tuple[str, ...]:
    counter = _counter(each)
    first = ", then ".join(each.first)
    if each.verdict == Verdict.RELEASE_GAP and not first:
        first = "none of these leads there"
    cells = (
        each.kept.name,
        "-" if counter is None else str(counter),
        str(each.kept.release.targets.common.version),
        str(each.kept.root.common.version),
        each.hardware_id or "-",
        each.verdict,
        first or "-",
    )
    return tuple(printable(cell).replace("|", "\\|") for cell in cells)
