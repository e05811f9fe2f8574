"""The provenance of a release."""

import hashlib
import json
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest

from software_update.attachments import provenance as module
from software_update.attachments.provenance import (
    SOURCE,
    Material,
    group_materials,
    provenance,
    source_paths,
)
from software_update.attachments.statement import PROVENANCE, parse_statement
from software_update.base.errors import InputError
from software_update.testing.examples import run_example

DIGEST = bytes(range(32))
# Part of an answer of Bazel: lamp/app.c, external/rules_cc+/a.c and bazel-out/app.o.
AQUERY: dict[str, Any] = {
    "artifacts": [
        {"id": 1, "pathFragmentId": 2},
        {"id": 2, "pathFragmentId": 5},
        {"id": 3, "pathFragmentId": 7},
    ],
    "pathFragments": [
        {"id": 1, "label": "lamp"},
        {"id": 2, "label": "app.c", "parentId": 1},
        {"id": 3, "label": "external"},
        {"id": 4, "label": "rules_cc+", "parentId": 3},
        {"id": 5, "label": "a.c", "parentId": 4},
        {"id": 6, "label": "bazel-out"},
        {"id": 7, "label": "app.o", "parentId": 6},
    ],
}
# The required fields of SLSA's provenance v1, and their types (https://slsa.dev/spec/v1.0/provenance).
DESCRIPTOR = {
    "type": "object",
    "properties": {
        "name": {"type": "string"},
        "uri": {"type": "string"},
        "digest": {
            "type": "object",
            "additionalProperties": {"type": "string", "pattern": "^[0-9a-f]+$"},
        },
    },
    "additionalProperties": False,
    "minProperties": 1,
}
SLSA = {
    "type": "object",
    "required": ["buildDefinition", "runDetails"],
    "additionalProperties": False,
    "properties": {
        "buildDefinition": {
            "type": "object",
            "required": ["buildType", "externalParameters"],
            "additionalProperties": False,
            "properties": {
                "buildType": {"type": "string", "pattern": "^[a-z]+:"},
                "externalParameters": {"type": "object"},
                "internalParameters": {"type": "object"},
                "resolvedDependencies": {"type": "array", "items": DESCRIPTOR},
            },
        },
        "runDetails": {
            "type": "object",
            "required": ["builder"],
            "additionalProperties": False,
            "properties": {
                "builder": {
                    "type": "object",
                    "required": ["id"],
                    "properties": {"id": {"type": "string", "pattern": "^[a-z]+:"}},
                },
                "metadata": {"type": "object"},
                "byproducts": {"type": "array", "items": DESCRIPTOR},
            },
        },
    },
}


def test_the_example_in_the_docstring_works() -> None:
    names = run_example(module, aquery=AQUERY, digest_of=lambda _: DIGEST, release_digest=DIGEST)
    assert names["statement"]


def test_sources_are_what_no_action_made() -> None:
    assert source_paths(AQUERY) == ["external/rules_cc+/a.c", "lamp/app.c"]


@pytest.mark.parametrize("answer", [{}, [], {"pathFragments": [], "artifacts": [{"id": 1}]}])
def test_another_answer_of_bazel(answer: Any) -> None:
    with pytest.raises(InputError, match="aquery: its answer has another form"):
        source_paths(answer)


def test_the_digest_of_a_material_is_that_of_sha256sum() -> None:
    digests = {"b": b"\2" * 32, "a/c": b"\1" * 32, "external/rules_cc+/x/y": b"\3" * 32}
    ours = f"{'01' * 32}  a/c\n{'02' * 32}  b\n".encode()
    theirs = f"{'03' * 32}  x/y\n".encode()
    assert group_materials(digests) == [
        Material("@@rules_cc+", hashlib.sha256(theirs).digest()),
        Material(SOURCE, hashlib.sha256(ours).digest()),
    ]


def test_the_statement_follows_the_schema_of_slsa() -> None:
    materials = [Material(SOURCE, DIGEST)]
    content = provenance(DIGEST, ["bazel", "build", "//lamp"], materials)
    assert provenance(DIGEST, ["bazel", "build", "//lamp"], materials) == content
    statement = parse_statement(content, "provenance.json")
    assert (statement.release_digest, statement.predicate_type) == (DIGEST, PROVENANCE)
    jsonschema.validate(statement.predicate, SLSA)
    definition = statement.predicate["buildDefinition"]
    assert definition["externalParameters"] == {"command": ["bazel", "build", "//lamp"]}
    assert definition["resolvedDependencies"] == [
        {"name": "source", "digest": {"sha256": DIGEST.hex()}}
    ]
    assert "time" not in json.dumps(statement.predicate).lower()
