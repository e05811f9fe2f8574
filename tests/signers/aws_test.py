"""sign with awskms:, by the real boto3, which talks to a KMS on this machine."""

from __future__ import annotations

import base64
import dataclasses
import http.server
import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from software_update.testing.signers import TARGETS_KEY_2

from tests.signers.kms import DIGEST, SECRET, refused, signature_of, signs

KEY = "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
URI = f"awskms:{KEY}"
SHOW = "; check that this shows the key: aws kms get-public-key --key-id KEY"

Answer = tuple[int, dict[str, Any] | bytes]


def good(asked: dict[str, Any]) -> Answer:
    signature = signature_of(base64.b64decode(asked["Message"]))
    return 200, {"KeyId": KEY, "Signature": base64.b64encode(signature).decode()}


@dataclasses.dataclass
class Kms:
    """The service's instructions, and the requests that it got."""

    answer: Callable[[dict[str, Any]], Answer] = good
    asked: list[dict[str, Any]] = dataclasses.field(default_factory=list)

    def reply(self, target: str | None, body: bytes) -> tuple[int, bytes]:
        assert target == "TrentService.Sign"
        self.asked.append(json.loads(body))
        status, content = self.answer(self.asked[-1])
        return status, content if isinstance(content, bytes) else json.dumps(content).encode()


@pytest.fixture
def kms(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Kms]:
    kms = Kms()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status, content = kms.reply(self.headers["X-Amz-Target"], body)
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,)).start()
        for name, value in {
            "AWS_ACCESS_KEY_ID": "nobody",
            "AWS_CONFIG_FILE": "absent",
            "AWS_DEFAULT_REGION": "eu-central-1",
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_ENDPOINT_URL_KMS": f"http://127.0.0.1:{server.server_port}",
            "AWS_MAX_ATTEMPTS": "2",
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_SHARED_CREDENTIALS_FILE": "absent",
        }.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
        yield kms
        server.shutdown()


def test_a_good_signature(folder: Path, kms: Kms) -> None:
    signs(folder, URI)
    # The service sees the digest, and nothing else of the release.
    assert kms.asked == [
        {
            "KeyId": KEY,
            "Message": base64.b64encode(DIGEST).decode(),
            "MessageType": "DIGEST",
            "SigningAlgorithm": "ECDSA_SHA_256",
        }
    ]
    signs(folder, "awskms:alias/release")
    assert kms.asked[1]["KeyId"] == "alias/release"


def test_another_key(folder: Path, kms: Kms) -> None:
    other = base64.b64encode(signature_of(DIGEST, TARGETS_KEY_2)).decode()
    kms.answer = lambda _: (200, {"Signature": other})
    assert refused(folder, 1, URI).startswith(
        "its answer is not a signature of this request by key"
    )


@pytest.mark.parametrize(
    ("answer", "attempts", "text"),
    [
        (
            (400, {"__type": "AccessDeniedException", "message": "not authorized: kms:Sign\nmore"}),
            1,
            "ClientError: An error occurred (AccessDeniedException) when calling the Sign operation: "
            "not authorized: kms:Sign",
        ),
        (
            (400, {"__type": "NotFoundException", "message": "Key 'x' does not exist."}),
            1,
            "NotFoundException: An error occurred (NotFoundException) when calling the Sign operation: "
            "Key 'x' does not exist",
        ),
        ((500, {}), 2, "ClientError: An error occurred (500) when calling the Sign operation"),
        ((503, b"<html>"), 2, "ClientError: An error occurred"),
        ((200, {}), 1, "KeyError: 'Signature'"),
        ((200, {"Signature": ""}), 1, None),
        ((200, b"?"), 1, "KeyError: 'Signature'"),
    ],
)
def test_errors_of_the_service(
    folder: Path, kms: Kms, answer: Answer, attempts: int, text: str | None
) -> None:
    kms.answer = lambda _: answer
    if text is None:
        assert refused(folder, 1, URI).startswith("its answer is not a signature of this request")
    else:
        said = refused(folder, 3, URI)
        assert said.startswith(text)
        assert said.endswith(SHOW)
    assert len(kms.asked) == attempts


def test_no_service(folder: Path, kms: Kms, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_KMS", "http://127.0.0.1:1")
    said = refused(folder, 3, URI)
    assert (
        said
        == f'EndpointConnectionError: Could not connect to the endpoint URL: "http://127.0.0.1:1/"{SHOW}'
    )
    assert kms.asked == []


def test_no_credentials(folder: Path, kms: Kms, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    assert refused(folder, 3, URI) == f"NoCredentialsError: Unable to locate credentials{SHOW}"
    assert kms.asked == []


def test_no_region(folder: Path, kms: Kms, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    assert refused(folder, 3, URI) == f"NoRegionError: You must specify a region{SHOW}"
    assert kms.asked == []
