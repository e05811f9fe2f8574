"""Tests that the schemas of the client's status and history describe the JSON of its subcommands."""

import json
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest
from json_schemas import Schemas
from referencing import Registry, Resource
from software_update.cli.client.dispatch import main
from software_update.client.decision import Choice, Decision
from software_update.client.repository import Versions
from software_update.client.state import (
    Code,
    Detail,
    DomainState,
    Failures,
    Installed,
    Plan,
    Result,
    State,
)
from software_update.client.status import Facts, status_document
from software_update.testing import encode as e
from software_update.testing.client_folder import ClientFolder
from software_update.testing.questions import QUESTION
from software_update.verify.roots import trust_root

SCHEMAS = Schemas(Path("docs/reference/schemas"))
REGISTRY = Registry().with_resources(
    (file, Resource.from_contents(schema)) for file, schema in SCHEMAS.files.items()
)
STATUS = "client_status.v1.schema.json"
INSTALLED = Installed("f" * 64, "d" * 64, "1.4", 4, 4)
PLAN = Plan("main", "d" * 64, "e" * 64, "f" * 64, "lamp", "1.5", 5, 9, 1000, "B", 0)


def validator(file: str) -> Any:
    return jsonschema.Draft202012Validator(SCHEMAS.files[file], registry=REGISTRY)


def names(document: Any, path: str = "") -> set[str]:
    """Returns the paths of all fields, as schemas name them."""
    if isinstance(document, list):
        return {name for each in document for name in names(each, f"{path}[]")}
    if not isinstance(document, dict):
        return set()
    found: set[str] = set()
    for key, value in document.items():
        inside = f"{path}.{key}" if path else key
        if path in ("domains", "domains.*.slots"):
            inside = f"{path}.*"
        else:
            found.add(inside)
        if inside != "question":
            found |= names(value, inside)
    return found


def full_status() -> dict[str, Any]:
    domain = DomainState(
        running="A",
        slots={"A": INSTALLED},
        floor=INSTALLED,
        repository=Versions(1, 7, 5, fresh_until=9),
    )
    state = State(
        detail=Detail.AWAITING_CONSENT,
        plan=PLAN,
        failures=(Failures("main", "a" * 64, 5, 3),),
        result=Result(Code.REFUSED, "refused", "a" * 64, 9),
    ).with_domain("main", domain)
    decisions = [("preset", Decision(Choice.DEFER, "later", 9))]
    roots = {"main": trust_root(e.signed(e.root(), e.ROOT_KEY))}
    facts = Facts(("main",), roots, QUESTION, decisions, "the disk is full", 9, image_roots=roots)
    return status_document(state, facts)


def test_schema_lists_exactly_the_fields_of_a_status() -> None:
    document = full_status()
    assert validator(STATUS).is_valid(document)
    listed = {path.removesuffix(".*") for path in SCHEMAS.paths(STATUS)}
    assert names(document) - {"domains.*"} == listed - {"domains.*"}


@pytest.mark.parametrize("detail", list(Detail))
def test_schema_takes_each_state(detail: Detail) -> None:
    for plan in (None, PLAN):
        document = status_document(State(detail=detail, plan=plan), Facts(("main",)))
        validator(STATUS).validate(document)


@pytest.mark.parametrize("name", list(full_status()))
def test_schema_requires_each_field(name: str) -> None:
    document = full_status()
    del document[name]
    assert not validator(STATUS).is_valid(document)
    assert not validator(STATUS).is_valid({**full_status(), name: 1.5})


def test_documents_of_a_whole_update(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    device = ClientFolder(tmp_path)
    device.offer(7)

    def printed(*arguments: str) -> dict[str, Any]:
        main([*arguments, "--json", f"--config={device.config}"])
        found: dict[str, Any] = json.loads(capsys.readouterr().out)
        return found

    documents = [
        printed("status"),
        printed("check"),
        printed("approve", "--all"),
        printed("history"),
        printed("history", "--verify"),
        printed("verify-installed"),
        printed("policy"),
        printed("check-backend", "--overwrite-slot=A"),
    ]
    for document in documents:
        file = SCHEMAS.documents()[document["schema"]]
        validator(file).validate(document)
    history = documents[3]
    # Fields that belong to one kind of event are in the line, and not in the schema.
    listed = SCHEMAS.paths("client_history.v1.schema.json")
    assert {"after", "total", "lines"} < listed
    assert {name for line in history["lines"] for name in line} >= {
        path.removeprefix("lines[].") for path in listed if path.startswith("lines[].")
    }
    backends = SCHEMAS.paths("client_backends.v1.schema.json")
    assert names(documents[7]) == backends
    assert set(documents[5]) == SCHEMAS.paths("client_verified.v1.schema.json")
