"""sign with azurekms:, by the real client of azure-keyvault-keys, which talks to a vault on this machine."""

from __future__ import annotations

import base64
import dataclasses
import functools
import http.server
import json
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from azure.core.credentials import AccessToken
from azure.core.pipeline.transport import RequestsTransport
from azure.identity import EnvironmentCredential
from azure.keyvault.keys.crypto import CryptographyClient
from cryptography.hazmat.primitives.asymmetric import utils
from securesystemslib.signer import _azure_signer
from software_update.testing.signers import TARGETS_KEY, TARGETS_KEY_2

from tests.signers.kms import DIGEST, SECRET, refused, signature_of, signs

VAULT = "v.vault.azure.net"
PATH = "/keys/n/0123456789abcdef0123456789abcdef"
URI = f"azurekms://{VAULT}{PATH}"
SHOW = (
    "; check that this shows the key: "
    "az keyvault key show --id https://VAULT.vault.azure.net/keys/NAME/VERSION"
)

Answer = tuple[int, dict[str, Any]]


def encoded(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def raw(digest: str, number: int = TARGETS_KEY) -> bytes:
    """r and s, as a vault signs a digest."""
    der = signature_of(base64.urlsafe_b64decode(digest + "=="), number)
    r, s = utils.decode_dss_signature(der)
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def good(asked: dict[str, Any]) -> Answer:
    return 200, {"kid": f"https://{VAULT}{PATH}", "value": encoded(raw(asked["value"]))}


def failure(status: int, code: str, message: str) -> Answer:
    return status, {"error": {"code": code, "message": message}}


@dataclasses.dataclass
class Vault:
    """The service's instructions, and the requests that it got."""

    answer: Callable[[dict[str, Any]], Answer] = good
    asked: list[dict[str, Any]] = dataclasses.field(default_factory=list)

    def reply(self, path: str, body: bytes, token: str | None) -> Answer:
        assert path.startswith(f"{PATH}/sign?")
        assert token == f"Bearer {SECRET}"
        self.asked.append(json.loads(body))
        return self.answer(self.asked[-1])


class Here(RequestsTransport):  # type: ignore[misc]
    """Sends what is for the vault to a port of this machine."""

    def __init__(self, port: int) -> None:
        super().__init__()
        self.port = port

    def send(self, request: Any, **options: Any) -> Any:
        url = request.url
        request.url = url.replace(f"https://{VAULT}", f"http://127.0.0.1:{self.port}")
        try:
            return super().send(request, **options)
        finally:
            request.url = url


class Credential:
    """A machine that has logged in."""

    def get_token(self, *_scopes: str, **_: object) -> AccessToken:
        return AccessToken(SECRET, int(time.time()) + 3600)


@pytest.fixture
def vault(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Vault]:
    vault = Vault()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            # Who may sign with a key may not always read it.
            self.answer(*failure(403, "Forbidden", "no permission to get"))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self.answer(*vault.reply(self.path, body, self.headers["Authorization"]))

        def answer(self, status: int, content: dict[str, Any]) -> None:
            body = json.dumps(content).encode()
            if self.headers["Authorization"] is None:
                status, body = 401, b""
            self.send_response(status)
            if status == 401:
                who = 'authorization="https://login.microsoftonline.com/t"'
                challenge = f'Bearer {who}, resource="https://vault.azure.net"'
                self.send_header("WWW-Authenticate", challenge)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,)).start()
        client = functools.partial(
            CryptographyClient, transport=Here(server.server_port), retry_total=0
        )
        monkeypatch.setattr(_azure_signer, "CryptographyClient", client)
        monkeypatch.setattr(_azure_signer, "DefaultAzureCredential", Credential)
        yield vault
        server.shutdown()


def test_a_good_signature(folder: Path, vault: Vault) -> None:
    signs(folder, URI)
    # The service sees the digest, and nothing else of the release.
    assert vault.asked == [{"alg": "ES256", "value": encoded(DIGEST)}]


@pytest.mark.parametrize(
    "value", [raw(encoded(DIGEST), TARGETS_KEY_2), b"", b"\xff", b"\0" * 64, b"\xff" * 1000]
)
def test_another_key_and_garbage(folder: Path, vault: Vault, value: bytes) -> None:
    vault.answer = lambda _: (200, {"kid": "k", "value": encoded(value)})
    assert refused(folder, 1, URI).startswith(
        "its answer is not a signature of this request by key"
    )


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        (
            failure(403, "Forbidden", "no permission to sign\nmore"),
            "HttpResponseError: (Forbidden) no permission to sign",
        ),
        (
            failure(404, "KeyNotFound", "no such key."),
            "ResourceNotFoundError: (KeyNotFound) no such key",
        ),
        (failure(500, "Broken", "broken"), "HttpResponseError: (Broken) broken"),
        ((500, {}), "HttpResponseError: "),
        ((200, {}), ""),
    ],
)
def test_errors_of_the_service(folder: Path, vault: Vault, answer: Answer, text: str) -> None:
    vault.answer = lambda _: answer
    said = refused(folder, 3, URI)
    assert said.startswith(text)
    assert said.endswith(SHOW)


@pytest.mark.usefixtures("vault")
def test_no_credentials(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET", "AZURE_TENANT_ID", "AZURE_USERNAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(_azure_signer, "DefaultAzureCredential", EnvironmentCredential)
    said = refused(folder, 3, URI)
    assert said.startswith("CredentialUnavailableError: EnvironmentCredential authentication")
    assert said.endswith(SHOW)
