"""The signing programs, with a fake KMS and a fake Vault on this machine, and a real queue."""

import base64
import contextlib
import hashlib
import http.server
import json
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils
from software_update.cli.main import main
from software_update.keys.pem import read_public_key

HERE = Path(__file__).absolute().parent
PROTOCOL = "software_update.exec_signer.v1"
WAIT_SECONDS = 60


@pytest.fixture(autouse=True)
def without_bazel(monkeypatch: pytest.MonkeyPatch) -> None:
    """The programs run as where they were not started by a test of Bazel's."""
    monkeypatch.delenv("PYTHONSAFEPATH", raising=False)


@pytest.fixture(name="folder")
def folder_fixture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with keys and a request, which is the current one; its name has a space."""
    folder = tmp_path / "my work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    for name in ("root", "targets"):
        assert main(["key", "generate", f"{name}.pem"]) == 0
    Path("app").write_bytes(b"firmware")
    root = ["--root-key=root.pem.pub", "--targets-key=targets.pem.pub", "-o", "root.pb"]
    for command in (
        ["root", "create", "--version=1", *root],
        ["root", "sign", "root.pb", "--dev-signing-key=root.pem"],
        ["step", "digest", "--target", "app=app", "-o", "app.json"],
        ["step", "targets", "--digests", "app.json", "--version=7", "-o", "request"],
        ["step", "request", "--metadata=request", "--root=root.pb", "-o", "request.json"],
    ):
        assert main(command) == 0
    names = {key_id(): "release"}
    Path("keys.json").write_text(json.dumps(names))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, sys.path)))
    return folder


def key_id() -> str:
    return read_public_key("targets.pem.pub").key_id.hex()


def signed(digest: bytes) -> bytes:
    """DER, by the targets key."""
    key = serialization.load_pem_private_key(Path("targets.pem").read_bytes(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return key.sign(digest, ec.ECDSA(utils.Prehashed(hashes.SHA256())))


def executable(path: Path, text: str) -> Path:
    path.write_text(text)
    path.chmod(0o755)
    return path


def program(name: str) -> str:
    """`--key` for one of the programs, run by this Python."""
    path = executable(
        Path(name).absolute(), f"#!/bin/sh\nexec '{sys.executable}' -s '{HERE / name}.py'\n"
    )
    return f"--key=exec:{path}"


def sign(name: str, *more: str) -> int:
    return main(
        ["sign", "request", program(name), "--public=targets.pem.pub", "-o", "s.json", *more]
    )


def error(name: str, capfd: pytest.CaptureFixture[str]) -> str:
    """Returns the error of `sign`, which must be the program's own error."""
    capfd.readouterr()
    assert sign(name) == 3
    assert not Path("s.json").exists()
    line = capfd.readouterr().err.splitlines()[-1]
    start = f"software-update: exec:{Path(name).absolute()}: "
    assert line.startswith(start)
    return line.removeprefix(start)


def assert_attached() -> None:
    """The signature that was made is one that a build takes."""
    command = ["step", "attach", "--role=targets", "--metadata=request", "--root=root.pb"]
    assert main([*command, "--signature=s.json", "-o", "attached.pb"]) == 0


def check(name: str, capfd: pytest.CaptureFixture[str]) -> None:
    """`signer check` finds nothing wrong."""
    capfd.readouterr()
    status = main(["signer", "check", program(name), "--public=targets.pem.pub"])
    said = capfd.readouterr()
    assert status == 0, said
    assert [line.split()[0] for line in said.out.splitlines()] == ["ok"] * 9 + ["fit"]


# A KMS's command line


@pytest.fixture(name="aws")
def aws_fixture(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A fake `aws` on PATH. The file `aws_does` contains its instructions."""
    (folder / "bin").mkdir()
    script = f"""\
import sys
sys.path[:] = {[str(HERE), *sys.path]!r}
import signers_test
signers_test.fake_aws(sys.argv[1:])
"""
    (folder / "bin" / "fake_aws.py").write_text(script)
    executable(
        folder / "bin" / "aws",
        f"#!/bin/sh\nexec '{sys.executable}' -s '{folder}/bin/fake_aws.py' \"$@\"\n",
    )
    monkeypatch.setenv("PATH", f"{folder / 'bin'}:/usr/bin:/bin")
    monkeypatch.setenv("KMS_KEYS", "keys.json")
    (folder / "aws_does").write_text("sign")
    return folder


def fake_aws(argv: list[str]) -> None:
    """`aws kms sign`, as far as it is used."""
    does = Path("aws_does").read_text()
    if does == "deny":
        print(
            "\nAn error occurred (AccessDeniedException): not allowed to kms:Sign", file=sys.stderr
        )
        sys.exit(254)
    if does == "garbage":
        print("<html>")
        return
    if does == "hang":
        time.sleep(600)
    options = dict(zip(argv[2::2], argv[3::2], strict=True))
    assert argv[:2] == ["kms", "sign"]
    message = options.pop("--message")
    assert options == {
        "--key-id": "release",
        "--message-type": "DIGEST",
        "--signing-algorithm": "ECDSA_SHA_256",
        "--query": "Signature",
        "--output": "text",
    }
    digest = Path(message.removeprefix("fileb://")).read_bytes()
    assert len(digest) == 32
    print(base64.b64encode(signed(digest)).decode())


@pytest.mark.usefixtures("aws")
def test_kms(capfd: pytest.CaptureFixture[str]) -> None:
    assert sign("kms_signer") == 0
    assert_attached()
    check("kms_signer", capfd)


def test_kms_that_fails(
    aws: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (aws / "aws_does").write_text("deny")
    assert error("kms_signer", capfd) == (
        "aws: An error occurred (AccessDeniedException): not allowed to kms:Sign"
    )
    (aws / "aws_does").write_text("garbage")
    assert error("kms_signer", capfd) == "aws: its output is not a signature in base64"
    (aws / "aws_does").write_text("hang")
    monkeypatch.setenv("KMS_SECONDS", "0.5")
    assert error("kms_signer", capfd) == "aws: no answer within 0.5 s"
    (aws / "bin" / "aws").unlink()
    assert error("kms_signer", capfd) == "there is no command aws on PATH"


@pytest.mark.usefixtures("aws")
def test_keys(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """The file that says which key is which, for KMS and Vault alike."""
    Path("keys.json").write_text('{"00": "release"}')
    assert error("kms_signer", capfd) == f"keys.json: no key {key_id()[:16]}"
    for content in (b"[]", b"", b"{"):
        Path("keys.json").write_bytes(content)
        text = error("kms_signer", capfd)
        assert text.startswith("keys.json: not a JSON object of key ids and names (")
    twice = f'{{"{key_id()}": "release", "{key_id()}": "other"}}'
    for content, problem in (
        (twice.encode(), "a key appears twice in one object; remove one"),
        (twice.encode("utf-16"), "not plain UTF-8; save it as UTF-8 without a byte order mark"),
        (twice.encode("utf-8-sig"), "not plain UTF-8; save it as UTF-8 without a byte order mark"),
    ):
        Path("keys.json").write_bytes(content)
        text = error("kms_signer", capfd)
        assert text.startswith(f"keys.json: not a JSON object of key ids and names ({problem}")
    monkeypatch.delenv("KMS_KEYS")
    assert error("kms_signer", capfd) == "the variable KMS_KEYS is not set"


# Vault


class FakeVault(http.server.BaseHTTPRequestHandler):
    """The transit engine, as far as it is used. `does` says how it is."""

    does = "sign"
    asked: ClassVar[list[dict[str, Any]]]

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        type(self).asked.append({"path": self.path, "body": body, "headers": dict(self.headers)})
        if self.headers["X-Vault-Token"] != "hvs.token":
            self.answer(403, {"errors": ["permission\ndenied"]})
        elif self.does == "redirect":
            self.send_response(307)
            self.send_header("Location", f"http://{self.headers['Host']}/v1/elsewhere")
            self.end_headers()
        elif self.does == "garbage":
            self.answer(200, {"data": {"signature": "vault:v1:?"}})
        elif self.does == "no JSON":
            self.answer(502, "<html>")
        else:
            value = base64.b64encode(signed(base64.b64decode(body["input"]))).decode()
            self.answer(200, {"data": {"signature": f"vault:v1:{value}", "key_version": 1}})

    def answer(self, status: int, content: object) -> None:
        text = content if isinstance(content, str) else json.dumps(content)
        self.send_response(status)
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(name="vault")
def vault_fixture(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[type[FakeVault]]:
    """A server, and the variables that lead to it."""

    class Handler(FakeVault):
        asked: ClassVar[list[dict[str, Any]]] = []

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    monkeypatch.setenv("VAULT_ADDR", f"http://127.0.0.1:{server.server_port}/")
    monkeypatch.setenv("VAULT_TOKEN", "hvs.token")
    monkeypatch.setenv("VAULT_KEYS", str(folder / "keys.json"))
    # No proxy gets the token.
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    try:
        yield Handler
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_vault(vault: type[FakeVault], capfd: pytest.CaptureFixture[str]) -> None:
    assert sign("vault_signer") == 0
    assert_attached()
    [asked] = vault.asked
    assert asked["path"] == "/v1/transit/sign/release"
    assert asked["body"] == {
        "input": base64.b64encode(hashlib.sha256(Path("request").read_bytes()).digest()).decode(),
        "prehashed": True,
        "hash_algorithm": "sha2-256",
        "marshaling_algorithm": "asn1",
    }
    assert "X-Vault-Namespace" not in asked["headers"]
    check("vault_signer", capfd)


def test_vaults_settings(vault: type[FakeVault], monkeypatch: pytest.MonkeyPatch) -> None:
    Path("keys.json").write_text(json.dumps({key_id(): "release@3"}))
    Path("token").write_text("hvs.token\n")
    monkeypatch.delenv("VAULT_TOKEN")
    monkeypatch.setenv("VAULT_TOKEN_FILE", "token")
    monkeypatch.setenv("VAULT_TRANSIT", "team/signing")
    monkeypatch.setenv("VAULT_NAMESPACE", "firmware")
    assert sign("vault_signer") == 0
    [asked] = vault.asked
    assert asked["path"] == "/v1/team/signing/sign/release"
    assert asked["body"]["key_version"] == 3
    assert asked["headers"]["X-Vault-Namespace"] == "firmware"


def test_vault_that_fails(
    vault: type[FakeVault], capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for does, text in {
        "redirect": "Vault: status 307",
        "garbage": "Vault: no signature in its answer",
        "no JSON": "Vault: status 502",
    }.items():
        vault.does = does
        assert error("vault_signer", capfd) == text
    # A redirect is not followed: the token went to one place.
    assert {each["path"] for each in vault.asked} == {"/v1/transit/sign/release"}
    monkeypatch.setenv("VAULT_TOKEN", "hvs.wrong")
    assert error("vault_signer", capfd) == "Vault: status 403: permission denied"
    monkeypatch.setenv("VAULT_ADDR", "http://vault.example:8200")
    assert "is not https, so others could read the token" in error("vault_signer", capfd)
    monkeypatch.setenv("VAULT_ADDR", "http://127.0.0.1:1")
    assert "Connection refused" in error("vault_signer", capfd)


@pytest.mark.parametrize("token", ["secret\nX-Other: 1", "s\u00e9cret", ""])
def test_a_malformed_token_is_not_shown(
    token: str,
    vault: type[FakeVault],
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("VAULT_TOKEN", token)
    assert error("vault_signer", capfd) == "VAULT_TOKEN: not a token"
    monkeypatch.delenv("VAULT_TOKEN")
    monkeypatch.setenv("VAULT_TOKEN_FILE", "no such file")
    assert "no such file has none" in error("vault_signer", capfd)
    assert not vault.asked


# A queue


@contextlib.contextmanager
def serving() -> Iterator[None]:
    """`sign --queue --serve`, on the machine that has the key."""
    arguments = ["sign", "--queue", "queue", "--key=file:targets.pem", "--serve", "--yes"]
    command = "import sys; from software_update.cli.main import main; sys.exit(main(sys.argv[1:]))"
    process = subprocess.Popen(
        [sys.executable, "-s", "-c", command, *arguments],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield
    finally:
        process.terminate()
        assert process.wait(WAIT_SECONDS) == 0


@pytest.fixture(name="queue")
def queue_fixture(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (folder / "queue").mkdir()
    monkeypatch.setenv("SIGNING_QUEUE", "queue")
    return folder / "queue"


def test_queue(queue: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with serving():
        assert sign("queue_signer") == 0
        assert_attached()
        check("queue_signer", capfd)
    # Nothing but requests and signatures; the probes are among them.
    digest = hashlib.sha256(Path("request").read_bytes()).hexdigest()
    assert (queue / f"{digest}.signing_request").read_bytes() == Path("request").read_bytes()
    names = {each.name for each in queue.iterdir()}
    assert all(
        each.endswith((".signing_request", ".signing_request.json"))
        for each in names - {"signatures"}
    )


def test_a_queue_without_a_server(
    queue: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SIGNING_QUEUE_SECONDS", "0")
    text = error("queue_signer", capfd)
    assert text.endswith("within 0 s; the request waits there, ask again later")
    # The request waits; so does nothing else.
    assert len(list(queue.iterdir())) == 2
    command = ["sign", "--queue", "queue", "--key=file:targets.pem", "--yes"]
    assert main(command) == 0
    assert sign("queue_signer") == 0
    assert_attached()


def test_odd_signatures_in_the_queue(
    queue: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SIGNING_QUEUE_SECONDS", "0")
    error("queue_signer", capfd)
    digest = hashlib.sha256(Path("request").read_bytes()).hexdigest()
    path = queue / "signatures" / f"{digest[:16]}.{key_id()[:8]}.json"
    path.parent.mkdir()
    odd = {"sha256": digest, "key_id": "00" * 32, "signature": "00"}
    for content in (b"", b"[]", b"\xff", json.dumps(odd).encode(), b"{}"):
        path.write_bytes(content)
        assert "ask again later" in error("queue_signer", capfd)
    path.unlink()
    os.mkfifo(path)
    assert "ask again later" in error("queue_signer", capfd)
    path.unlink()
    # One that is bad is for `sign` to refuse.
    path.write_text(json.dumps({**odd, "key_id": key_id(), "signature": "00" * 64}))
    assert sign("queue_signer") == 1
    assert not Path("s.json").exists()


def test_a_queue_needs_the_json(queue: Path, capfd: pytest.CaptureFixture[str]) -> None:
    Path("request.json").unlink()
    assert error("queue_signer", capfd).startswith("a queue needs the JSON next to the request")
    assert not list(queue.iterdir())


def test_no_queue(queue: Path, capfd: pytest.CaptureFixture[str]) -> None:
    queue.rmdir()
    assert error("queue_signer", capfd).startswith("FileNotFoundError: ")


# What all have in common


def answer_to(question: object, name: str = "kms_signer") -> tuple[int, dict[str, Any]]:
    ended = subprocess.run(
        [sys.executable, "-s", HERE / f"{name}.py"],
        input=question if isinstance(question, bytes) else json.dumps(question).encode(),
        capture_output=True,
        check=False,
        timeout=WAIT_SECONDS,
    )
    assert ended.stderr == b""
    found = json.loads(ended.stdout)
    assert found.pop("protocol") == PROTOCOL
    return ended.returncode, found


QUESTION = {
    "protocol": PROTOCOL,
    "role": "targets",
    "version": 1,
    "message": "eA==",
    "sha256": hashlib.sha256(b"x").hexdigest(),
    "key_id": "00" * 32,
    "request": None,
}


def without(name: str) -> dict[str, object]:
    return {key: value for key, value in QUESTION.items() if key != name}


@pytest.mark.parametrize(
    ("question", "text"),
    [
        (b"", "standard input holds no question of"),
        (b"\xff\xfe", "standard input holds no question of"),
        ([], "standard input holds no question of"),
        ({}, "standard input holds no question of"),
        (
            {**QUESTION, "protocol": "software_update.exec_signer.v2"},
            "supports only software_update.exec_",
        ),
        ({**QUESTION, "sha256": "00" * 32}, "the question's sha256 is not that of its message"),
        ({**QUESTION, "key_id": None}, "the question names no key"),
        (without("message"), "KeyError: 'message'"),
        ({**QUESTION, "message": "?"}, "Error: "),
        (QUESTION, "the variable KMS_KEYS is not set"),
    ],
)
def test_odd_questions(question: object, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KMS_KEYS", raising=False)
    status, answer = answer_to(question)
    assert status == 1
    assert list(answer) == ["error"]
    assert text in answer["error"]


@pytest.mark.parametrize("name", ["kms_signer", "vault_signer", "queue_signer"])
def test_each_program_documents_its_variables_at_its_top(name: str) -> None:
    """Every variable that a program reads is documented at its top."""
    text = (HERE / f"{name}.py").read_text()
    head, _, code = text.partition('"""\n\nimport')
    used = set(re.findall(r'"((?:KMS|VAULT|SIGNING)_[A-Z_]+)"', code))
    assert used
    assert all(f"\n{each} " in head for each in used)
    assert os.access(HERE / f"{name}.py", os.X_OK)
