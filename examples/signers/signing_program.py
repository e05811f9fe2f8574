"""Reads the question and writes the answer for all signing programs. Copy it with your program.

The protocol: docs/reference/json.md, section "software_update.exec_signer.v1".
Python 3.11 or later, and nothing but its standard library.
"""

import base64
import codecs
import dataclasses
import hashlib
import json
import os
import sys
from collections.abc import Callable
from typing import Any, NoReturn

PROTOCOL = "software_update.exec_signer.v1"


class NoSignature(Exception):
    """The reason for a missing signature, in one line for the person who signs."""


@dataclasses.dataclass(frozen=True)
class Question:
    """The bytes to sign, the id of the key in hexadecimal digits, and the JSON next to the request."""

    message: bytes
    key_id: str
    request: dict[str, Any] | None

    @property
    def sha256(self) -> bytes:
        """The digest that ECDSA signs."""
        return hashlib.sha256(self.message).digest()


def run(sign: Callable[[Question], bytes]) -> NoReturn:
    """Answers the question on standard input with what `sign` gives: DER, or r and s of 32 bytes each."""
    try:
        signature = sign(_read_question())
        answer = {"signature": base64.b64encode(signature).decode()}
    except NoSignature as problem:
        answer = {"error": str(problem)}
    except Exception as problem:  # The person who signs sees every problem in one line.
        answer = {"error": f"{type(problem).__name__}: {problem}"}
    print(json.dumps({"protocol": PROTOCOL, **answer}))
    sys.exit(1 if "error" in answer else 0)


def setting(name: str, default: str | None = None) -> str:
    """A variable of the environment."""
    value = os.environ.get(name, default)
    if value is None:
        raise NoSignature(f"the variable {name} is not set")
    return value


def key_name(question: Question, variable: str) -> str:
    """Returns the service's name of the requested key, from the JSON file that the variable names."""
    path = setting(variable)
    try:
        with open(path, "rb") as file:
            name = read_json(file.read()).get(question.key_id)
    except (OSError, ValueError, AttributeError) as problem:
        raise NoSignature(f"{path}: not a JSON object of key ids and names ({problem})") from None
    if not isinstance(name, str):
        raise NoSignature(f"{path}: no key {question.key_id[:16]}")
    return name


def read_json(content: bytes) -> Any:
    """The JSON value in `content`. Raises ValueError if it is not UTF-8, or has a key twice in an object."""
    # JSON contains no zero byte, and every ASCII character has some in UTF-16 and UTF-32.
    if content.startswith(codecs.BOM_UTF8) or b"\0" in content:
        raise ValueError("not plain UTF-8; save it as UTF-8 without a byte order mark")
    try:
        return json.loads(content, object_pairs_hook=_object)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise ValueError("a key appears twice in one object; remove one")
    return fields


def _read_question() -> Question:
    try:
        fields = read_json(sys.stdin.buffer.read())
        protocol = fields["protocol"]
    except (ValueError, KeyError, TypeError):
        raise NoSignature(f"standard input holds no question of {PROTOCOL}") from None
    if protocol != PROTOCOL:
        raise NoSignature(f"this program supports only {PROTOCOL}")
    if fields["key_id"] is None:
        raise NoSignature("the question names no key")
    question = Question(
        base64.b64decode(fields["message"], validate=True), fields["key_id"], fields["request"]
    )
    if question.sha256.hex() != fields["sha256"]:
        raise NoSignature("the question's sha256 is not that of its message")
    return question
