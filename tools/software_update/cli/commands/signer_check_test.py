"""Tests of signer check: key files, and programs that do what none should."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from software_update.cli.commands import signer_check
from software_update.signing import signer_check as probes
from software_update.signing.exec_protocol import PROTOCOL
from software_update.testing import terminal, workspace
from software_update.testing.command import call, command, done, environment, failed
from software_update.testing.signers import TARGETS_KEY, key_id

PUBLIC = "--public=targets.pem.pub"
FILE = ("signer", "check", "--key=file:targets.pem", PUBLIC)
PASSPHRASE = "correct horse"
WAIT_SECONDS = 60

# A signing program as it should be; `wrong` is put in before it signs.
PROGRAM = """\
#!/bin/sh
export PYTHONPATH='{path}'
exec '{python}' -s -c '
import base64, hashlib, json, os, pathlib, sys, time
from software_update.testing import signers
def answer(status, **fields):
    print(json.dumps({{"protocol": "{protocol}", **fields}}))
    sys.exit(status)
try:
    question = json.load(sys.stdin)
except ValueError:
    answer(1, error="no JSON")
if question.get("protocol") != "{protocol}":
    answer(1, error="not my protocol")
if question["key_id"] != "{key_id}":
    answer(1, error="not my key")
message = base64.b64decode(question["message"])
{wrong}
answer(0, signature=base64.b64encode(signers.signer({key}).sign(message)).decode())
'
"""


@pytest.fixture(name="folder", autouse=True)
def folder_fixture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with keys, which is the current one."""
    folder = workspace.make(tmp_path)
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture(name="few")
def few_fixture(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two requests at once: they are not what the test is about."""
    monkeypatch.setattr(probes, "AT_ONCE", 2)


def program(wrong: str = "") -> str:
    return script(
        PROGRAM.format(
            path=environment()["PYTHONPATH"],
            python=sys.executable,
            protocol=PROTOCOL,
            key=TARGETS_KEY,
            key_id=key_id(TARGETS_KEY).hex(),
            wrong=wrong,
        )
    )


def changed(changes: dict[str, str]) -> str:
    """A good program with other text in some places."""
    path = Path(program().removeprefix("--key=exec:"))
    text = path.read_text()
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new)
    return script(text)


def script(text: str) -> str:
    path = Path("a signer")
    path.write_text(text)
    path.chmod(0o755)
    return f"--key=exec:{path.absolute()}"


def check(key: str, *more: str) -> tuple[int, dict[str, tuple[str, str]]]:
    """The exit code; and of each probe, what came of it and why."""
    result = call("signer", "check", key, PUBLIC, "--json", *more)
    document = json.loads(result.out)
    assert document["schema"] == "software_update.signer_check.v1"
    assert document["key_id"] == key_id(TARGETS_KEY).hex()
    assert document["fit"] == (result.status == 0)
    found = {each["probe"]: (each["result"], each["detail"]) for each in document["probes"]}
    assert len(found) == len(document["probes"])
    return result.status, found


def test_a_key_file() -> None:
    result = done(*FILE)
    assert result.err == ""
    lines = result.out.splitlines()
    assert lines[-1] == "fit for use"
    assert [each.split(": ")[0] for each in lines[:-1]] == [
        "ok       a targets request",
        "ok       a root request",
        "ok       the same request again",
        "ok       a large request",
        "ok       10 requests at once",
    ]


@pytest.mark.usefixtures("few")
def test_nothing_is_written(folder: Path) -> None:
    before = workspace.snapshot(folder)
    done(*FILE)
    assert workspace.snapshot(folder) == before


def test_a_good_program() -> None:
    status, found = check(program())
    assert status == 0, found
    assert found == {
        "a targets request": ("ok", "a good signature, r and s"),
        "a root request": ("ok", "a good signature, r and s"),
        "the same request again": ("ok", "the same signature"),
        "a large request": ("ok", "a good signature, r and s"),
        "a key that it does not have": ("ok", "not my key"),
        "another version of the protocol": ("ok", "not my protocol"),
        "a question that is not JSON": ("ok", "no JSON"),
        "no question": ("ok", "no JSON"),
        "10 requests at once": ("ok", "a good signature of each"),
    }


def test_signature_of_the_digest_as_a_message_is_detected() -> None:
    status, found = check(program("message = hashlib.sha256(message).digest()"))
    assert status == 1
    text = "a signature of its SHA-256, which was hashed once more; sign the request's bytes"
    assert found["a targets request"][0] == found["a root request"][0] == "failed"
    assert found["a targets request"][1].startswith(text)
    result = call("signer", "check", program("message = b''"), PUBLIC)
    assert result.status == 1
    assert result.out.splitlines()[-1] == "not fit for use: 2 failed"


@pytest.mark.parametrize(
    ("text", "detail"),
    [
        ("exit 0", "printed nothing; a signer prints one JSON object"),
        ("exit 3", "ended with status 3, without a signature"),
        ("echo garbage", "its answer is not a JSON object with a signature"),
        ("kill -SEGV $$", "ended by signal 11, without a signature"),
        ("yes", "printed more than 65536 bytes"),
    ],
)
def test_no_answers_and_garbage(text: str, detail: str) -> None:
    status, found = check(script(f"#!/bin/sh\n{text}\n"))
    assert status == 1
    assert list(found) == ["a targets request", "a root request", "the rest"]
    for result, why in list(found.values())[:2]:
        assert result == "failed"
        assert why.startswith(detail)


def test_no_program() -> None:
    status, found = check("--key=exec:./no such")
    assert status == 1
    problem = "cannot be started (No such file or directory); name an executable program"
    assert found["a targets request"] == ("failed", problem)


def test_one_that_hangs() -> None:
    started = time.monotonic()
    status, found = check(script("#!/bin/sh\nexec sleep 600\n"), "--timeout=1")
    assert status == 1
    assert found["a root request"][1] == "no answer within 1 s"
    assert time.monotonic() - started < WAIT_SECONDS


@pytest.mark.parametrize(
    ("wrong", "probe", "detail"),
    [
        ("", "a key that it does not have", "it signs; it has to answer with an error"),
        ("sys.exit(0)", "a key that it does not have", "neither an error nor a status other"),
        ("time.sleep(600)", "a key that it does not have", "no answer within 4 s"),
    ],
)
@pytest.mark.usefixtures("few")
def test_signer_that_ignores_the_key_id_is_detected(wrong: str, probe: str, detail: str) -> None:
    key = changed({'answer(1, error="not my key")': wrong or "pass"})
    status, found = check(key, "--timeout=4")
    assert status == 1
    assert found[probe][0] == "failed"
    assert found[probe][1].startswith(detail)
    assert [name for name, (result, _) in found.items() if result == "failed"] == [probe]


@pytest.mark.usefixtures("few")
def test_one_that_answers_anything() -> None:
    """It signs whatever `message` says, and where there is none, what it was sent."""
    key = changed(
        {
            'answer(1, error="no JSON")': 'question = {"message": ""}',
            'answer(1, error="not my protocol")': "pass",
            'question["key_id"] !=': 'question.get("key_id", "x") == "x" and "" >',
        }
    )
    status, found = check(key)
    assert status == 1
    for probe in ("another version of the protocol", "a question that is not JSON", "no question"):
        assert found[probe] == ("failed", "it signs; it has to answer with an error")


def test_ten_at_once_that_are_mixed_up() -> None:
    """A signer that keeps the message in one file, as if no other process ran."""
    wrong = """\
if question["request"]["expires"] != "1970-01-01T00:00:01Z":
    pathlib.Path("m").write_bytes(message)
    time.sleep(1)
    message = pathlib.Path("m").read_bytes()"""
    status, found = check(program(wrong))
    assert status == 1
    result, detail = found["10 requests at once"]
    assert result == "failed"
    assert " are wrong: a signature of another request, asked at the same time; " in detail
    assert [name for name, each in found.items() if each[0] == "failed"] == ["10 requests at once"]


def test_ten_at_once_of_which_one_may() -> None:
    wrong = """\
try:
    os.mkdir("lock")
except OSError:
    answer(1, error="busy")
if question["request"]["expires"] != "1970-01-01T00:00:01Z":
    time.sleep(2)
os.rmdir("lock")"""
    status, found = check(program(wrong))
    assert status == 1
    result, detail = found["10 requests at once"]
    assert result == "failed"
    assert detail.endswith(" got no signature, so sign one at a time: busy")


# Arguments and secrets


def test_usage() -> None:
    assert "needs --public PUB" in failed(2, "signer", "check", "--key=file:targets.pem")
    assert "unrecognized argument: x" in failed(2, *FILE, "x")
    text = failed(3, "signer", "check", "--key=file:targets.pem", "--public=root.pem.pub")
    assert text == "targets.pem: not the private key of root.pem.pub; name the pair"


def encrypt() -> None:
    key = ec.derive_private_key(TARGETS_KEY, ec.SECP256R1())
    Path("encrypted.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(PASSPHRASE.encode()),
        )
    )


def test_a_passphrase_is_asked_once_for_all_processes(folder: Path) -> None:
    encrypt()
    words = command(["signer", "check", "--key=file:encrypted.pem", PUBLIC])
    prompt = "Passphrase of encrypted.pem: "
    status, shown = terminal.run(words, prompt, PASSPHRASE, cwd=folder, env=environment())
    assert status == 0, shown
    assert shown.count(prompt) == 1
    assert "ok       10 requests at once" in shown
    assert PASSPHRASE not in shown


def test_a_passphrase_from_a_file_descriptor() -> None:
    encrypt()
    ended = subprocess.run(
        command(["signer", "check", "--key=file:encrypted.pem", PUBLIC, "--passphrase-fd=0"]),
        env=environment(),
        input=PASSPHRASE.encode(),
        capture_output=True,
        check=False,
        timeout=WAIT_SECONDS,
    )
    assert ended.returncode == 0, ended
    assert ended.stdout.endswith(b"fit for use\n")


def test_a_wrong_passphrase() -> None:
    encrypt()
    Path("passphrase").write_text("wrong")
    key = ("--key=file:encrypted.pem", "--passphrase-file=passphrase")
    assert failed(3, "signer", "check", *key, PUBLIC).startswith("encrypted.pem: wrong passphrase")


def test_a_signer_that_cannot_be_opened_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Faults in the ten processes are found, and the command waits for none of them."""
    encrypt()
    Path("passphrase").write_text(PASSPHRASE)
    real = signer_check._in_processes

    def without_key(*args: object) -> object:
        Path("encrypted.pem").write_bytes(b"?")
        return real(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(signer_check, "_in_processes", without_key)
    _, found = check("--key=file:encrypted.pem", "--passphrase-file=passphrase")
    result, detail = found["10 requests at once"]
    assert result == "warning"
    assert detail.startswith(
        "10 got no signature, so sign one at a time: encrypted.pem: not a PKCS#8 PEM private key"
    )


def test_interrupted(folder: Path) -> None:
    """Ctrl-C in the midst of ten requests ends it, with one line and no process left."""
    wrong = """\
path = pathlib.Path(str(os.getpid()))
if question["request"]["expires"] == "1970-01-01T00:00:04Z":
    path.write_text("")
    time.sleep(600)"""
    words = command(["signer", "check", program(wrong), PUBLIC])
    process = subprocess.Popen(
        words,
        env=environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    deadline = time.monotonic() + WAIT_SECONDS
    while not (found := [each for each in folder.iterdir() if each.name.isdigit()]):
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.05)
    # As a terminal does: to all that are in the foreground.
    os.killpg(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=WAIT_SECONDS)
    assert process.returncode == 130
    assert err == b"software-update: interrupted\n"
    # The program that hung is ended too.
    [pid] = [int(each.name) for each in found]
    while Path(f"/proc/{pid}").exists() and _state(pid) != "Z":
        assert time.monotonic() < deadline
        time.sleep(0.05)


def _state(pid: int) -> str:
    stat = Path(f"/proc/{pid}/stat")
    return stat.read_text().rpartition(")")[2].split()[0] if stat.exists() else "Z"


@pytest.mark.usefixtures("few")
def test_each_result_is_printed_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probes, "SLOW_SECONDS", 0)
    result = done(*FILE)
    assert result.out.startswith(
        "warning  a targets request: a good signature, r and s, but slow ("
    )
    assert result.out.endswith("\nfit for use\n")
