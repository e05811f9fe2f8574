"""Programs of the product that answer one JSON object for each that they read."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from software_update.base.errors import printable
from software_update.base.strict_json import RejectedJson, parse_object
from software_update.client.system import Programs, ProgramTimeout

MAX_ANSWER_BYTES = 64 * 1024
_MAX_ERROR_CHARACTERS = 300


@dataclass(frozen=True, slots=True)
class JsonProgram:
    """A program with a protocol, which is run once for each request.

    `program` is a path and its arguments. It is run without a shell, and stopped after `timeout` seconds.
    `error` makes the errors from a text.
    """

    programs: Programs
    program: Sequence[str]
    protocol: str
    timeout: float
    error: Callable[[str], OSError]

    def ask(self, call: str, **fields: Any) -> dict[str, Any]:
        """Runs the program, and returns its answer. Raises `error` if it fails, or answers with an error."""
        request = {"protocol": self.protocol, "call": call, **fields}
        stdin = (json.dumps(request) + "\n").encode()
        try:
            result = self.programs.run(self.program, stdin=stdin, timeout=self.timeout)
        except FileNotFoundError:
            raise self._failed("missing; install it, or correct the path") from None
        except ProgramTimeout:
            raise self._failed(f"{call}: no answer within {self.timeout:g} s") from None
        except OSError as error:
            raise self._failed(f"{error.strerror or error}") from error
        answer, problem = self._parse(result.stdout)
        if answer is not None and "error" in answer:
            raise self._failed(f"{call}: {_one_line(answer['error'])}")
        if result.exit_code:
            raise self._failed(f"{call}: ended with status {result.exit_code}")
        if answer is None:
            raise self._failed(f"{call}: its answer {problem}")
        return answer

    def wrong(self, call: str, field: str) -> OSError:
        """Returns the error about a field of an answer."""
        return self._failed(f"{call}: its answer has no valid '{field}' ({self.protocol})")

    def _failed(self, text: str) -> OSError:
        return self.error(f"{self.program[0]}: {text}")

    def _parse(self, output: bytes) -> tuple[dict[str, Any] | None, str]:
        """Returns the answer, or None and the problem with it."""
        if len(output) > MAX_ANSWER_BYTES:
            return None, f"has more than {MAX_ANSWER_BYTES} bytes"
        problem = f"is not a JSON object of the protocol {self.protocol}"
        try:
            answer = parse_object(output)
        except RejectedJson as error:
            return None, str(error)
        except ValueError:
            return None, problem
        if answer.get("protocol") != self.protocol:
            return None, problem
        if not isinstance(answer.get("error", ""), str):
            return None, problem
        return answer, ""


def texts(value: object) -> list[str] | None:
    """Returns a list of sentences from an answer, each in one line; None if it is not one."""
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        return None
    return [_one_line(each) for each in value]


def _one_line(text: str) -> str:
    line = (text.splitlines() or [""])[0][:_MAX_ERROR_CHARACTERS]
    return printable(line) or "it gives an error, and does not say which"
