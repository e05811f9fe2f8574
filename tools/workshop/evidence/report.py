"""The evidence report: makes it as a document, writes it as Markdown, and compares one with the tree."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import figures
import page_facts
from figures import Figure, Measure, Origin, State
from own_components import OwnComponent, own_components
from own_sbom import EXCLUDED, OPTIONAL, REQUIRED, build_own_sbom, scope
from subjects import COUNTS, MEASURES, SECTIONS

SCHEMA = "software_update.evidence.v1"
PROJECT = "rules_software_update"
RESULTS = "tools/workshop/evidence/results.json"
COMMAND = "./bazelw run //docs:evidence -- --output DIR"
_SCOPES = {
    REQUIRED: "On machines of all users",
    OPTIONAL: "On machines of users of some features",
    EXCLUDED: "For work on this project only",
}
SBOM_NAME, JSON_NAME, MARKDOWN_NAME = "own.cdx.json", "evidence.json", "evidence.md"


class Evidence(NamedTuple):
    """The report as a JSON document, and the SBOM that it names."""

    document: dict[str, Any]
    sbom: bytes


def collect(top: Path, version: str, measured: Sequence[Measure], state: State) -> Evidence:
    """Counts, measures what is in `measured`, and takes all else from the recorded results.

    Raises ValueError if a recorded result is not that of its output, and InputError if a licence is missing.
    """
    results = figures.read_results(top / RESULTS)
    found = [figures.count(top, each, state) for each in COUNTS]
    for each in MEASURES:
        figure = figures.recorded(each, results, state)
        if each in measured:
            figure = _better(figures.measure(top, each, state), figure)
        found.append(figure)
    components = own_components(top)
    sbom = build_own_sbom(version, components)
    document = {
        "schema": SCHEMA,
        "project": PROJECT,
        "version": version,
        "commit": state.commit,
        "date": state.date,
        "command": COMMAND,
        "figures": [as_json(each) for each in found],
        "dependencies": [dependency(each) for each in components],
        "sbom": {"file": SBOM_NAME, "sha256": hashlib.sha256(sbom).hexdigest()},
        "device_sizes": {
            "page": page_facts.SIZES,
            "command": page_facts.SIZES_COMMAND,
            "lines": [each._asdict() for each in page_facts.sizes(top)],
        },
        "known_limits": [each._asdict() for each in page_facts.limits(top)],
    }
    return Evidence(document, sbom)


def _better(measured: Figure, recorded: Figure) -> Figure:
    """Returns the measured figure, or the recorded one if the measurement has failed."""
    if measured.origin is Origin.MISSING and recorded.origin is Origin.RECORDED:
        return recorded._replace(note=f"{recorded.note}\nnow {measured.note}")
    return measured


def differences(top: Path, document: Mapping[str, Any], sbom: bytes) -> list[str]:
    """Returns the differences between a report and the tree, one line each.

    It counts all counted figures again, and reads recorded ones again from their output. It does not measure.
    """
    if document.get("schema") != SCHEMA:
        return [f"the document is not {SCHEMA}"]
    state = figures.now(top)
    fresh = collect(top, document["version"], (), state)
    ours = {each["name"]: each for each in fresh.document["figures"]}
    found = [
        f"{name}: is missing"
        for name in ours.keys() - {each["name"] for each in document["figures"]}
    ]
    for each in document["figures"]:
        if each["origin"] == Origin.MEASURED.value:
            found += _wrongly_measured(each)
        elif ours.get(each["name"], {}).get("value", "") != each["value"]:
            now = ours.get(each["name"], {}).get("value")
            found.append(f"{each['name']}: the report says {each['value']}, and the tree {now}")
    if sbom != fresh.sbom or document["sbom"] != fresh.document["sbom"]:
        found.append(f"{SBOM_NAME}: is not the SBOM of the tree")
    for part in ("dependencies", "device_sizes", "known_limits"):
        if document[part] != fresh.document[part]:
            found.append(f"{part}: differ from the tree")
    return sorted(found)


def _wrongly_measured(figure: Mapping[str, Any]) -> Iterator[str]:
    patterns = {each.name: each.pattern for each in MEASURES}
    lines = figure["note"].splitlines()
    if (
        figure["name"] not in patterns
        or figures.total(patterns[figure["name"]], lines) != figure["value"]
    ):
        yield f"{figure['name']}: the value {figure['value']} is not that of its output"


def as_json(figure: Figure) -> dict[str, Any]:
    return {
        "section": figure.section,
        "name": figure.name,
        "value": figure.value,
        "unit": figure.unit,
        "command": figure.command,
        "origin": figure.origin.value,
        "commit": figure.state.commit,
        "date": figure.state.date,
        "note": figure.note,
    }


def dependency(each: OwnComponent) -> dict[str, Any]:
    component = each.component
    return {
        "name": component.name,
        "version": component.version,
        "licence": component.licence,
        "sha256": component.sha256.split(),
        "scope": scope(each),
        "named_in": list(each.named_in),
    }


def markdown(document: Mapping[str, Any]) -> str:
    """Returns the report for people."""
    return "\n".join(_lines(document)) + "\n"


def _lines(document: Mapping[str, Any]) -> Iterator[str]:
    yield f"# Evidence about {document['project']} {document['version']}"
    yield ""
    yield f"Made at commit `{document['commit']}`, {document['date']}, by `{document['command']}`."
    yield "Run each command at the top of the tree; it must give the same figure at the same commit."
    yield "A recorded figure comes from an earlier measurement, whose commit and date are next to it."
    for section in SECTIONS:
        yield from (
            "",
            f"## {section}",
            "",
            "| figure | value | made by | when |",
            "|---|---:|---|---|",
        )
        for each in document["figures"]:
            if each["section"] == section:
                yield f"| {each['name']} | {_value(each)} | {_code(each['command'])} | {_when(each)} |"
    yield from _dependencies(document)
    sizes = document["device_sizes"]
    yield from ("", "## Device sizes", "")
    yield f"From {sizes['page']}, which `{sizes['command']}` measures again."
    yield from ("", "| part | Cortex-M3 | Cortex-M0 | goal |", "|---|---:|---:|---:|")
    for line in sizes["lines"]:
        yield f"| {line['part']} | {line['cortex_m3']} | {line['cortex_m0']} | {line['goal']} |"
    yield from ("", "## Known limits", "")
    for limit in document["known_limits"]:
        yield f"- {limit['text']} ({limit['page']})"


def _dependencies(document: Mapping[str, Any]) -> Iterator[str]:
    yield from ("", "## List of dependencies", "")
    sbom = document["sbom"]
    yield f"`{sbom['file']}` is this list as CycloneDX 1.6, with all hashes."
    yield f"Its SHA-256 is `{sbom['sha256']}`."
    for name, title in _SCOPES.items():
        yield from (
            "",
            f"### {title}",
            "",
            "| package | version | licence | hashes |",
            "|---|---|---|---|",
        )
        for each in document["dependencies"]:
            if each["scope"] == name:
                hashes = ", ".join(f"`{digest[:12]}`" for digest in each["sha256"][:2])
                more = len(each["sha256"]) - 2
                hashes += f" and {more} more" if more > 0 else ""
                hashes = hashes or "in Bazel's registry"
                yield f"| {each['name']} | {each['version']} | {each['licence']} | {hashes} |"


def _value(figure: Mapping[str, Any]) -> str:
    value = figure["value"]
    if value is None:
        return "not measured"
    return f"{value:,} {figure['unit']}"


def _when(figure: Mapping[str, Any]) -> str:
    if figure["origin"] == Origin.MISSING.value:
        return str(figure["note"]).replace("|", "\\|")
    return f"{figure['origin']}, {figure['date'][:10]}, `{figure['commit'][:12]}`"


def _code(command: str) -> str:
    return "`" + command.replace("|", "\\|") + "`"
