#!/usr/bin/env python3
"""A signing program for keys in the transit engine of Vault (or OpenBao), by its HTTP API.

    VAULT_KEYS=keys.json software-update sign REQUEST --key exec:./vault_signer.py --public PUB

VAULT_KEYS        a JSON file, {"KEY_ID": "NAME"} or {"KEY_ID": "NAME@VERSION"}: the key id that
                  `software-update key show PUB` shows, and what the engine calls the key, an ecdsa-p256 one.
                  Without a version it signs with the latest, which is another key after a rotation.
VAULT_ADDR        https://HOST:PORT; plain http only for this machine, for the token goes with it
VAULT_TOKEN       the token; it needs `update` on TRANSIT/sign/NAME, and nothing else
VAULT_TOKEN_FILE  a file with the token, where VAULT_TOKEN is not set; ~/.vault-token if left out
VAULT_TRANSIT     where the engine is mounted; transit if left out
VAULT_NAMESPACE   the namespace; none if left out
VAULT_CACERT      certificates to trust (PEM), in place of the machine's
VAULT_SECONDS     how long the server may take to answer; 100 if left out
"""

import base64
import json
import os
import re
import ssl
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

from signing_program import NoSignature, Question, key_name, read_json, run, setting

_SIGNATURE = re.compile(r"vault:v\d+:([A-Za-z0-9+/]+=*)", re.ASCII)
_MAX_BYTES = 64 * 1024


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """The token is for one server, and goes to no other."""

    def redirect_request(self, *_: Any) -> None:
        return None


def sign(question: Question) -> bytes:
    """DER: the marshaling asn1."""
    name, _, version = key_name(question, "VAULT_KEYS").partition("@")
    body: dict[str, Any] = {
        "input": base64.b64encode(question.sha256).decode(),
        "prehashed": True,
        "hash_algorithm": "sha2-256",
        "marshaling_algorithm": "asn1",
    }
    if version:
        body["key_version"] = int(version)
    answer = _post(f"{setting('VAULT_TRANSIT', 'transit')}/sign/{name}", body)
    try:
        match = _SIGNATURE.fullmatch(answer["data"]["signature"])
    except (KeyError, TypeError):
        match = None
    if not match:
        raise NoSignature("Vault: no signature in its answer")
    return base64.b64decode(match[1], validate=True)


def _post(path: str, body: dict[str, Any]) -> Any:
    address = setting("VAULT_ADDR").rstrip("/")
    url = urllib.parse.urlsplit(address)
    if url.scheme != "https" and url.hostname not in ("127.0.0.1", "::1", "localhost"):
        raise NoSignature(f"VAULT_ADDR: {address} is not https, so others could read the token")
    headers = {"X-Vault-Token": _token(), "Content-Type": "application/json"}
    if "VAULT_NAMESPACE" in os.environ:
        headers["X-Vault-Namespace"] = setting("VAULT_NAMESPACE")
    request = urllib.request.Request(
        f"{address}/v1/{urllib.parse.quote(path)}", json.dumps(body).encode(), headers
    )
    context = ssl.create_default_context(cafile=os.environ.get("VAULT_CACERT"))
    https = urllib.request.HTTPSHandler(context=context)
    # A proxy sees the token of plain http.
    proxies = {key: value for key, value in urllib.request.getproxies().items() if key == "https"}
    opener = urllib.request.build_opener(_NoRedirect, urllib.request.ProxyHandler(proxies), https)
    try:
        with opener.open(request, timeout=float(setting("VAULT_SECONDS", "100"))) as response:
            return read_json(response.read(_MAX_BYTES))
    except urllib.error.HTTPError as problem:
        raise NoSignature(f"Vault: status {problem.code}{_why(problem)}") from None
    except urllib.error.URLError as problem:
        raise NoSignature(f"Vault: {address}: {problem.reason}") from None
    except TimeoutError:
        raise NoSignature(f"Vault: {address}: no answer in time") from None
    except ValueError:
        raise NoSignature("Vault: its answer is not JSON") from None


def _why(problem: urllib.error.HTTPError) -> str:
    """Returns the error that Vault reports."""
    try:
        errors = read_json(problem.read(_MAX_BYTES))["errors"]
        return ": " + "; ".join(" ".join(each.split()) for each in errors)
    except (ValueError, KeyError, TypeError, AttributeError):
        return ""


def _token() -> str:
    token, where = os.environ.get("VAULT_TOKEN"), "VAULT_TOKEN"
    if token is None:
        path = Path(setting("VAULT_TOKEN_FILE", os.path.expanduser("~/.vault-token")))
        try:
            token, where = path.read_text(encoding="utf-8").strip(), str(path)
        except (OSError, ValueError):
            raise NoSignature(f"no token: VAULT_TOKEN is not set, and {path} has none") from None
    if not (token.isascii() and token.isprintable() and token):
        raise NoSignature(f"{where}: not a token")
    return token


if __name__ == "__main__":
    run(sign)
