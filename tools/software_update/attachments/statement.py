"""in-toto statements about a release (Statement v1): their only subject is the release digest.

    statement = Statement(release_digest, TEST_RESULT, {"result": "PASSED"})
    assert parse_statement(build_statement(statement), "audit.json") == statement

https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md
"""

from typing import Any, NamedTuple

from software_update.base import strict_json
from software_update.base.errors import short_id, shown
from software_update.format.refusals import NotDisclosed, Refusal

STATEMENT = "https://in-toto.io/Statement/v1"
# The media type of a statement in an envelope.
STATEMENT_MEDIA_TYPE = "application/vnd.in-toto+json"
PROVENANCE = "https://slsa.dev/provenance/v1"
TEST_RESULT = "https://in-toto.io/attestation/test-result/v0.1"
SUBJECT = "release"

_SHA256 = "sha256"
_SHA256_BYTES = 32


class Statement(NamedTuple):
    """A predicate about a release, and its type. `release_digest` has 32 bytes, `predicate_type` is a URI."""

    release_digest: bytes
    predicate_type: str
    predicate: dict[str, Any]


def build_statement(statement: Statement) -> bytes:
    """Returns the JSON of a statement; the same bytes for the same statement."""
    digest = {_SHA256: statement.release_digest.hex()}
    document = {
        "_type": STATEMENT,
        "subject": [{"name": SUBJECT, "digest": digest}],
        "predicateType": statement.predicate_type,
        "predicate": statement.predicate,
    }
    return strict_json.to_text(document).encode()


def parse_statement(content: bytes, name: str) -> Statement:
    """Returns the statement in `content`. `name` names it in errors.

    Raises NotDisclosed with MALFORMED_ATTACHMENT if it is not a statement about one release.
    """
    try:
        document = strict_json.parse_object(content)
    except strict_json.RejectedJson as error:
        raise malformed(name, str(error)) from None
    except ValueError:
        raise malformed(name, "is not a JSON object") from None
    if document.get("_type") != STATEMENT:
        raise malformed(name, f"is not an in-toto statement: needs _type {STATEMENT}")
    kind, predicate = document.get("predicateType"), document.get("predicate", {})
    if not isinstance(kind, str) or not kind or not isinstance(predicate, dict):
        raise malformed(name, "needs a text predicateType and an object predicate")
    return Statement(_release_digest(document.get("subject"), name), kind, predicate)


def check_release(statement: Statement, release_digest: bytes, name: str) -> None:
    """Raises NotDisclosed with ATTACHMENT_OF_ANOTHER_RELEASE if the statement is not about this release."""
    if statement.release_digest != release_digest:
        raise NotDisclosed(
            Refusal.ATTACHMENT_OF_ANOTHER_RELEASE,
            f"is about release {short_id(statement.release_digest)}, and this is release "
            f"{short_id(release_digest)}",
            subject=name,
        )


def malformed(name: str, problem: str) -> NotDisclosed:
    """Returns the refusal of an attachment that cannot be read."""
    return NotDisclosed(Refusal.MALFORMED_ATTACHMENT, problem, subject=shown(name))


def _release_digest(subjects: Any, name: str) -> bytes:
    """Returns the digest of the only subject. Its name has no meaning, as in-toto says."""
    match subjects:
        case [{"digest": {"sha256": str(digest)}}]:
            try:
                value = bytes.fromhex(digest)
            except ValueError:
                value = b""
            if len(value) == _SHA256_BYTES and digest == value.hex():
                return value
    raise malformed(name, "needs exactly one subject, with the SHA-256 of the release")
