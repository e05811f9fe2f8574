"""sign with gcpkms:, by the real client of google-cloud-kms, which talks to a KMS on this machine."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.cloud import kms as google_kms
from google.cloud.kms_v1.services.key_management_service.transports import (
    KeyManagementServiceGrpcTransport,
)
from software_update.testing.signers import TARGETS_KEY_2

from tests.signers.kms import DIGEST, SECRET, refused, signature_of, signs

KEY = "projects/p/locations/l/keyRings/r/cryptoKeys/k/cryptoKeyVersions/1"
URI = f"gcpkms:{KEY}"
SHOW = (
    "; check that this shows the key: "
    "gcloud kms keys versions get-public-key V --key K --keyring R --location L"
)


@dataclasses.dataclass
class Kms:
    """The service's instructions, and the requests that it got."""

    answer: Callable[[Any], bytes] = lambda asked: signature_of(asked.digest.sha256)
    error: tuple[grpc.StatusCode, str] | None = None
    asked: list[Any] = dataclasses.field(default_factory=list)

    def sign(self, asked: Any, context: grpc.ServicerContext) -> Any:
        self.asked.append(asked)
        if self.error:
            context.abort(*self.error)
        return google_kms.AsymmetricSignResponse(signature=self.answer(asked))


@pytest.fixture
def kms(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Kms]:
    """The client is what securesystemslib makes, but for its channel: Google's wants TLS and a token."""
    kms = Kms()
    sign = grpc.unary_unary_rpc_method_handler(
        kms.sign,
        google_kms.AsymmetricSignRequest.deserialize,
        google_kms.AsymmetricSignResponse.serialize,
    )
    server = grpc.server(ThreadPoolExecutor(1))
    service = "google.cloud.kms.v1.KeyManagementService"
    server.add_generic_rpc_handlers(
        [grpc.method_handlers_generic_handler(service, {"AsymmetricSign": sign})]
    )
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    real = google_kms.KeyManagementServiceClient
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        transport = KeyManagementServiceGrpcTransport(channel=channel)
        monkeypatch.setattr(
            google_kms, "KeyManagementServiceClient", lambda: real(transport=transport)
        )
        yield kms
    server.stop(None).wait()


def test_a_good_signature(folder: Path, kms: Kms) -> None:
    signs(folder, URI)
    # The service sees the digest, and nothing else of the release.
    assert kms.asked == [google_kms.AsymmetricSignRequest(name=KEY, digest={"sha256": DIGEST})]


def test_another_key(folder: Path, kms: Kms) -> None:
    kms.answer = lambda asked: signature_of(asked.digest.sha256, TARGETS_KEY_2)
    assert refused(folder, 1, URI).startswith(
        "its answer is not a signature of this request by key"
    )
    kms.answer = lambda _: b""
    assert refused(folder, 1, URI).startswith(
        "its answer is not a signature of this request by key"
    )


@pytest.mark.parametrize(
    ("code", "detail", "text"),
    [
        ("PERMISSION_DENIED", "not for you.\nmore", "PermissionDenied: 403 not for you"),
        ("NOT_FOUND", "no such key", "NotFound: 404 no such key"),
        ("INTERNAL", "broken", "InternalServerError: 500 broken"),
        ("FAILED_PRECONDITION", "disabled", "FailedPrecondition: 400 disabled"),
    ],
)
def test_errors_of_the_service(folder: Path, kms: Kms, code: str, detail: str, text: str) -> None:
    kms.error = (grpc.StatusCode[code], detail)
    assert refused(folder, 3, URI) == text + SHOW
    assert len(kms.asked) == 1


def test_no_credentials(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = folder / "credentials.json"
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(path))
    assert refused(folder, 3, URI).startswith(f"DefaultCredentialsError: File {path} was not found")
    account = {"type": "service_account", "client_email": "a@b", "token_uri": "https://absent"}
    for key in (SECRET, f"-----BEGIN PRIVATE KEY-----\n{SECRET}\n-----END PRIVATE KEY-----"):
        path.write_text(json.dumps(account | {"private_key": key}))
        said = refused(folder, 3, URI)
        assert said.startswith("DefaultCredentialsError: ")
        assert said.endswith(SHOW)
