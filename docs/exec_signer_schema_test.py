"""Tests that the schema of exec: accepts the questions and answers that the code does, and no others."""

import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest
from json_schemas import Schemas
from referencing import Registry, Resource
from software_update.base.errors import InputError
from software_update.format import metadata
from software_update.format.messages import Role, Target
from software_update.keys.pem import generate_private_key_pem, read_public_key
from software_update.keys.public_key import PublicKey
from software_update.signing import exec_protocol, signing_request
from software_update.signing.exec_protocol import PROTOCOL, ProgramError
from software_update.signing.signing_request import Authority, Request

SCHEMAS = Schemas(Path("docs/reference/schemas"))
SCHEMA = SCHEMAS.files["exec_signer.v1.schema.json"]
REGISTRY = Registry().with_resources(
    (file, Resource.from_contents(schema)) for file, schema in SCHEMAS.files.items()
)
KEY_ID = bytes(range(32))
ABSENT = object()
PARTS = {"request": "signing_request.v1.schema.json"}


def public_key(folder: Path, name: str) -> PublicKey:
    path = folder / name
    path.write_bytes(generate_private_key_pem()[1])
    return read_public_key(str(path))


@pytest.fixture(name="requests", scope="module")
def requests_fixture(tmp_path_factory: pytest.TempPathFactory) -> list[Request]:
    """A request for each role, with and without the JSON next to it."""
    folder = tmp_path_factory.mktemp("keys")
    one, other = public_key(folder, "one"), public_key(folder, "other")
    roles = metadata.RoleKeys([one], 1), metadata.RoleKeys([other], 1)
    root = metadata.parse_root(metadata.build_root(1, *roles, None))
    targets = metadata.build_targets(7, [Target.of("app", 3, bytes(32))], 1924992000)
    plain = [signing_request.parse_request(each) for each in (root.serialized, targets)]
    authorities = [Authority("this root", root, Role((KEY_ID,), 1))]
    return plain + [
        signing_request.with_json("x", signing_request.build_json(each, authorities, None), each)
        for each in plain
    ]


def allows(part: str, value: object) -> bool:
    """Returns whether a part of the schema allows a value."""
    whole = {**SCHEMA, "anyOf": [{"$ref": PARTS.get(part, f"#/$defs/{part}")}]}
    allowed: bool = jsonschema.Draft202012Validator(whole, registry=REGISTRY).is_valid(value)
    return allowed


def test_schema_is_valid() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["title"] == PROTOCOL
    assert str(exec_protocol.MAX_ANSWER_BYTES // 1024) + " KiB" in SCHEMA["description"]


def test_questions_match_the_schema(requests: list[Request]) -> None:
    for request, key_id in itertools.product(requests, (KEY_ID, None)):
        question = json.loads(exec_protocol.build_question(request, key_id))
        assert allows("question", question)
        assert not allows("answer", question)
        for name in question:
            rest = {key: value for key, value in question.items() if key != name}
            assert not allows("question", rest)
        assert allows("question", {**question, "more": 1})


BAD: dict[str, list[object]] = {
    "protocol": ["software_update.exec_signer.v2", None],
    "role": ["snapshot", None],
    "version": [0, "1", 2**32, True, 1.5],
    "sha256": ["0" * 63, "0" * 65, "A" * 64, "0" * 64 + "\n", None],
    "message": ["", "AAE", "AA-_", None],
    "key_id": ["0" * 63, "0" * 64 + "\n", 1],
    "request": [{}, 1, ""],
}


@pytest.mark.parametrize("name", BAD)
def test_bad_questions(requests: list[Request], name: str) -> None:
    question = json.loads(exec_protocol.build_question(requests[-1], KEY_ID))
    for value in BAD[name]:
        assert not allows("question", {**question, name: value}), value


def test_schema_allows_the_json_next_to_a_request(requests: list[Request]) -> None:
    """`sign` accepts exactly the JSON next to a request that the schema allows in the question."""
    for request in requests[2:]:
        assert request.document
        document = dict(request.document)
        taken_signers = 0
        for changed in changes(document):
            content = json.dumps(changed).encode()
            try:
                signing_request.with_json("x", content, request)
            except InputError:
                taken = False
            else:
                taken = True
            assert allows("request", changed) == taken, changed
            taken_signers += taken
        assert taken_signers > 5


SIGNERS: list[dict[str, Any]] = [
    {"authority": "this root", "threshold": 1, "key_ids": [KEY_ID.hex()], "dev_keys": False}
]


def changes(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield document
    yield {**document, "more": 1}
    for name in document:
        yield {key: value for key, value in document.items() if key != name}
    odd: list[object] = [None, "", {}, [1], [{}], []]
    odd_fields: dict[str, list[object]] = {
        "authority": [None, 1, ""],
        "threshold": [None, "1", True, 1.5, 2],
        "dev_keys": [None, 0, "", True],
        "key_ids": [None, "", {}, [], [1], ["00"], [KEY_ID.hex().upper()], [KEY_ID.hex() * 2]],
    }
    for field, values in odd_fields.items():
        odd += [[{**SIGNERS[0], field: value}] for value in values]
        odd += [[{key: value for key, value in SIGNERS[0].items() if key != field}]]
    for authorities in odd:
        yield {**document, "authorities": authorities}


def test_schema_and_code_allow_the_same_answers() -> None:
    """Each combination of odd and good fields: the schema allows those that the code takes."""
    protocols: list[object] = [PROTOCOL, "software_update.exec_signer.v2", None, ABSENT]
    signatures: list[object] = ["AAEC", "AAE=", "AA==", "", "A", "AAE", "AA-_", " AAEC", "A==="]
    signatures += ["AA==AAEC", "AAECÄÖÜß", None, 1, ["AAEC"], {}, ABSENT]
    errors: list[object] = ["no PIN", "", None, 1, {}, ABSENT]
    taken = set()
    for protocol, signature, error in itertools.product(protocols, signatures, errors):
        fields = {"protocol": protocol, "signature": signature, "error": error, "more": 1}
        answer = {name: value for name, value in fields.items() if value is not ABSENT}
        assert allows("answer", answer) == code_takes(json.dumps(answer).encode()), answer
        taken.add(allows("answer", answer))
    assert taken == {True, False}


@pytest.mark.parametrize("answer", [[], "x", 1, None])
def test_schema_rejects_json_that_is_not_an_object(answer: object) -> None:
    assert not allows("answer", answer)
    assert not code_takes(json.dumps(answer).encode())


def code_takes(output: bytes) -> bool:
    try:
        exec_protocol.parse_answer("x", 0, output)
    except ProgramError:
        return True
    except InputError:
        return False
    return True
