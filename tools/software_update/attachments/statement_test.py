"""in-toto statements about a release."""

import json
from typing import Any

import pytest

from software_update.attachments import statement as module
from software_update.attachments.statement import (
    Statement,
    build_statement,
    check_release,
    parse_statement,
)
from software_update.format.refusals import NotDisclosed, Refusal
from software_update.testing.examples import run_example

DIGEST = bytes(range(32))
GOOD = Statement(DIGEST, "https://example.test/claim", {"a": 1})


def changed(**fields: Any) -> bytes:
    return json.dumps(json.loads(build_statement(GOOD)) | fields).encode()


def problem(content: bytes) -> str:
    with pytest.raises(NotDisclosed) as caught:
        parse_statement(content, "a.json")
    assert (caught.value.refusal, caught.value.subject) == (Refusal.MALFORMED_ATTACHMENT, "a.json")
    return caught.value.detail


def test_the_example_in_the_docstring_works() -> None:
    run_example(module, release_digest=DIGEST)


def test_a_statement_has_the_fields_of_in_toto() -> None:
    assert json.loads(build_statement(GOOD)) == {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": "release", "digest": {"sha256": DIGEST.hex()}}],
        "predicateType": "https://example.test/claim",
        "predicate": {"a": 1},
    }


def test_the_predicate_may_be_missing() -> None:
    document = json.loads(build_statement(GOOD))
    del document["predicate"]
    assert parse_statement(json.dumps(document).encode(), "a.json").predicate == {}


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"{", "is not a JSON object"),
        (b"[]", "is not a JSON object"),
        (b'{"a": 1, "a": 2}', "has the key 'a' twice"),
        (changed(_type="https://in-toto.io/Statement/v0.1"), "is not an in-toto statement"),
        (changed(predicateType=""), "needs a text predicateType"),
        (changed(predicateType=1), "needs a text predicateType"),
        (changed(predicate=[]), "an object predicate"),
    ],
)
def test_a_file_that_is_not_a_statement_is_refused(content: bytes, expected: str) -> None:
    assert expected in problem(content)


@pytest.mark.parametrize(
    "subject",
    [
        None,
        [],
        [{"digest": {"sha256": DIGEST.hex()}}] * 2,
        [{"digest": {"sha512": DIGEST.hex()}}],
        [{"digest": {"sha256": 5}}],
        [{"digest": {"sha256": "x" * 64}}],
        [{"digest": {"sha256": DIGEST.hex().upper()}}],
        [{"digest": {"sha256": DIGEST.hex()[:62]}}],
        ["release"],
    ],
)
def test_a_statement_has_one_subject_with_a_sha256(subject: Any) -> None:
    assert "needs exactly one subject" in problem(changed(subject=subject))


def test_a_statement_about_another_release_is_refused() -> None:
    check_release(GOOD, DIGEST, "a.json")
    with pytest.raises(NotDisclosed) as caught:
        check_release(GOOD, bytes(32), "a.json")
    assert caught.value.refusal == Refusal.ATTACHMENT_OF_ANOTHER_RELEASE
    assert "about release 0001020304050607, and this is release 0000000000000000" in str(
        caught.value
    )
