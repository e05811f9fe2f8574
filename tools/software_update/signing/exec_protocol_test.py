"""Tests of exec_protocol.py."""

import base64
import hashlib
import json

import pytest

from software_update.base.errors import InputError
from software_update.signing import exec_protocol, signing_request
from software_update.signing.exec_protocol import PROTOCOL, ProgramError
from software_update.testing import encode as e
from software_update.testing.signers import TARGETS_KEY, key_id

DATA = e.targets({"app": b"firmware"}, 7)
REQUEST = signing_request.parse_request(DATA)
DOCUMENT = signing_request.build_json(REQUEST, [], None)


def test_question() -> None:
    question = exec_protocol.build_question(REQUEST, key_id(TARGETS_KEY))
    assert question.endswith(b"}\n")
    assert question.count(b"\n") == 1
    assert json.loads(question) == {
        "protocol": "software_update.exec_signer.v1",
        "role": "targets",
        "version": 7,
        "sha256": hashlib.sha256(DATA).hexdigest(),
        "message": base64.b64encode(DATA).decode(),
        "key_id": key_id(TARGETS_KEY).hex(),
        "request": None,
    }
    assert json.loads(exec_protocol.build_question(REQUEST, None))["key_id"] is None
    with_document = signing_request.with_json("r.json", DOCUMENT, REQUEST)
    question = exec_protocol.build_question(with_document, None)
    assert question.count(b"\n") == 1
    assert json.loads(question)["request"] == json.loads(DOCUMENT)


def answer(**fields: object) -> bytes:
    return json.dumps({"protocol": PROTOCOL, **fields}).encode()


def test_signature() -> None:
    assert exec_protocol.parse_answer("exec:x", 0, answer(signature="AAEC")) == b"\0\1\2"
    assert exec_protocol.parse_answer("exec:x", 0, answer(signature="AAEC", more=1) + b"\n")


@pytest.mark.parametrize(
    ("status", "output", "text"),
    [
        (0, b"", "printed nothing"),
        (0, b"\n", "not a JSON object with a signature"),
        (0, b"garbage", "not a JSON object with a signature"),
        (0, b"\xff", "not a JSON object with a signature"),
        (0, b"[" * 32, "not a JSON object with a signature"),
        (0, b"[" * 60_000, "its answer has arrays and objects nested more than 32 deep; nest them"),
        (0, b'{"signature": "AAEC"}', "not a JSON object with a signature"),
        (0, b'{"protocol": "software_update.exec_signer.v2", "signature": "AAEC"}', "not a JSON"),
        (0, answer(), "not a JSON object with a signature"),
        (0, answer(signature=None), "not a JSON object with a signature"),
        (0, answer(signature=["AAEC"]), "not a JSON object with a signature"),
        (0, answer(signature=""), "not a JSON object with a signature"),
        (0, answer(signature="AAE"), "not a JSON object with a signature"),
        (0, answer(signature="AAEC\n"), "not a JSON object with a signature"),
        (0, answer(signature="AA==AAEC"), "not a JSON object with a signature"),
        (0, answer(signature="AA-_"), "not a JSON object with a signature"),
        (0, answer(signature="AA EC"), "not a JSON object with a signature"),
        (0, answer(signature="ÄÖ=="), "not a JSON object with a signature"),
        (0, answer(signature="AAEC") * 2, "not a JSON object with a signature"),
        (
            0,
            answer(signature="AAEC")[:-1] + b', "signature": "AAED"}',
            "has the key 'signature' twice",
        ),
        (
            0,
            b"\xef\xbb\xbf" + answer(signature="AAEC"),
            "starts with a UTF-8 byte order mark; save",
        ),
        (
            0,
            answer(signature="AAEC").decode().encode("utf-16"),
            "its answer is UTF-16 text; save it",
        ),
        (1, b"", "ended with status 1, without a signature"),
        (1, answer(signature="AAEC"), "ended with status 1, without a signature"),
        (-9, b"", "ended by signal 9, without a signature"),
        (1, answer(error="the HSM is locked"), "exec:x: the HSM is locked"),
        (0, answer(error="the HSM is locked"), "exec:x: the HSM is locked"),
        (0, answer(error="a\x1b[31m\nb", signature="AAEC"), r"exec:x: a\x1b[31m"),
        (0, answer(error=""), "gives an error, and does not say which"),
        (0, answer(error={}), "not a JSON object with a signature"),
        (0, answer(error=None, signature="AAEC"), "not a JSON object with a signature"),
    ],
)
def test_no_signature(status: int, output: bytes, text: str) -> None:
    with pytest.raises(InputError) as caught:
        exec_protocol.parse_answer("exec:x", status, output)
    assert text in str(caught.value)
    assert str(caught.value).startswith("exec:x: ")
    assert str(caught.value).isprintable()


def test_error_answer_differs_from_a_failure() -> None:
    for status in (0, 1):
        with pytest.raises(ProgramError):
            exec_protocol.parse_answer("exec:x", status, answer(error="locked"))
    for status, output in ((0, b"?"), (1, b""), (1, answer(signature="AAEC"))):
        with pytest.raises(InputError) as caught:
            exec_protocol.parse_answer("exec:x", status, output)
        assert not isinstance(caught.value, ProgramError)


def test_a_long_error_is_cut() -> None:
    with pytest.raises(InputError) as caught:
        exec_protocol.parse_answer("exec:x", 1, answer(error="x" * 60_000))
    assert len(str(caught.value)) < 400
