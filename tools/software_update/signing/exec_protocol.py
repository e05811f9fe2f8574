"""The protocol of `exec:` signers, version 1: the question to a program, and its answer. Pure."""

import base64
import json
import re
from typing import Any

from software_update.base.errors import InputError, printable
from software_update.base.strict_json import RejectedJson, parse_object
from software_update.signing.signing_request import ToSign

PROTOCOL = "software_update.exec_signer.v1"
MAX_ANSWER_BYTES = 64 * 1024

_MAX_ERROR_CHARACTERS = 300
# The same expression as in the JSON Schema of the protocol.
_BASE64 = re.compile(
    "(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{4}|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{2}==)"
)


class ProgramError(InputError):
    """The program answered that it does not sign."""


def build_question(request: ToSign, key_id: bytes | None) -> bytes:
    """Returns the program's standard input: one JSON object, and a newline."""
    question = {
        "protocol": PROTOCOL,
        "role": request.role,
        "version": request.version,
        "sha256": request.sha256.hex(),
        "message": base64.b64encode(request.serialized).decode(),
        "key_id": key_id.hex() if key_id else None,
        "request": request.document,
    }
    return (json.dumps(question) + "\n").encode()


def parse_answer(name: str, status: int, output: bytes) -> bytes:
    """Returns the signature, in any form, of a program that ended with `status`.

    Raises ProgramError if the answer is an error, and InputError if there is no valid answer.
    """
    answer, problem = _answer(output)
    if answer and "error" in answer:
        raise ProgramError(f"{name}: {_one_line(answer['error'])}")
    if status < 0:
        raise InputError(f"{name}: ended by signal {-status}, without a signature")
    if status > 0:
        raise InputError(f"{name}: ended with status {status}, without a signature")
    if not output:
        raise InputError(f"{name}: printed nothing; a signer prints one JSON object ({PROTOCOL})")
    if answer is None:
        raise InputError(f"{name}: its answer {problem}")
    return base64.b64decode(answer["signature"])


def _answer(output: bytes) -> tuple[dict[str, str] | None, str]:
    """Returns the program's answer, or None and the problem with it."""
    problem = f"is not a JSON object with a signature ({PROTOCOL})"
    try:
        answer = parse_object(output)
    except RejectedJson as error:
        return None, str(error)
    except ValueError:
        return None, problem
    is_valid = answer.get("protocol") == PROTOCOL and _says_something(answer)
    return (answer if is_valid else None), problem


def _says_something(answer: dict[str, Any]) -> bool:
    """Says whether there is an error or, without one, a signature, of the right type."""
    if "error" in answer:
        return isinstance(answer["error"], str)
    signature = answer.get("signature")
    return isinstance(signature, str) and _BASE64.fullmatch(signature) is not None


def _one_line(text: str) -> str:
    line = (text.splitlines() or [""])[0][:_MAX_ERROR_CHARACTERS]
    return printable(line) or "it gives an error, and does not say which"
