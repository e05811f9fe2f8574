"""Tests of sign with exec:, and programs that do what none should."""

import base64
import contextlib
import json
import os
import pty
import shlex
import signal
import subprocess
import time
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import utils

from software_update.signing import exec_program
from software_update.signing.exec_protocol import PROTOCOL
from software_update.testing import encode as e
from software_update.testing import workspace
from software_update.testing.command import call, command, done, environment
from software_update.testing.signers import TARGETS_KEY, TARGETS_KEY_2, key_id, signer
from software_update.testing.workspace import TARGETS

RAW = signer(TARGETS_KEY).sign(TARGETS)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a request, which is the current one."""
    folder = workspace.make(tmp_path)
    monkeypatch.chdir(folder)
    (folder / "request").write_bytes(TARGETS)
    return folder


def der(raw: bytes) -> bytes:
    r, s = int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big")
    return utils.encode_dss_signature(r, s)


def program(folder: Path, script: str, answer: bytes = RAW) -> str:
    """A program of shell commands; it finds a good answer in the file `answer`."""
    text = json.dumps({"protocol": PROTOCOL, "signature": base64.b64encode(answer).decode()})
    (folder / "answer").write_text(text)
    path = folder / "a signer"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return str(path)


GOOD = "cat > question; cat answer"


def sign_args(path: str, *more: str) -> list[str]:
    return ["sign", "request", f"--key=exec:{path}", "--public=targets.pem.pub", *more]


def bad(status: int, path: str, *more: str) -> str:
    """The last line of `sign`, which must fail and write nothing."""
    result = call(*sign_args(path, "-o", "s.json", *more))
    assert (result.status, result.out) == (status, ""), result
    assert not Path("s.json").exists()
    line = result.err.splitlines()[-1]
    assert line.startswith(f"software-update: exec:{path}: ") or status == 3
    assert line.isprintable()
    return line


@pytest.mark.parametrize("answer", [RAW, der(RAW)], ids=["raw", "DER"])
def test_good(folder: Path, answer: bytes) -> None:
    done(*sign_args(program(folder, GOOD, answer), "-o", "s.json"))
    assert json.loads((folder / "s.json").read_text())["signature"] == RAW.hex()
    question = json.loads((folder / "question").read_text())
    assert base64.b64decode(question["message"]) == TARGETS
    assert question["key_id"] == key_id(TARGETS_KEY).hex()


def test_a_program_found_by_path(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = Path(program(folder, GOOD))
    monkeypatch.setenv("PATH", str(folder), prepend=os.pathsep)
    done(*sign_args(path.name, "-o", "s.json"))


def test_an_answer_without_reading_the_question(folder: Path) -> None:
    (folder / "request").write_bytes(data := e.targets({f"f{i}": b"" for i in range(5000)}))
    path = program(folder, "exec <&-; cat answer", signer(TARGETS_KEY).sign(data))
    done(*sign_args(path, "-o", "s.json"))


def test_a_large_question_and_output_at_once(folder: Path) -> None:
    (folder / "request").write_bytes(data := e.targets({f"f{i}": b"" for i in range(5000)}))
    spaces = "head -c 60000 /dev/zero | tr '\\0' ' '"
    path = program(folder, f"{spaces}; {GOOD}", signer(TARGETS_KEY).sign(data))
    done(*sign_args(path, "-o", "s.json"))


ODD = {
    "short": RAW[:-1],
    "long": RAW + b"\0",
    "zeros": bytes(64),
    "ones": b"\xff" * 64,
    "swapped": RAW[32:] + RAW[:32],
    "DER and more": der(RAW) + b"\0",
    "DER cut": der(RAW)[:-1],
    "BER length": b"\x30\x81" + der(RAW)[1:],
    "BER indefinite": b"\x30\x80" + der(RAW)[2:] + b"\0\0",
    "not minimal": b"\x30" + bytes([71]) + b"\x02\x21\0" + RAW[:32].rjust(32, b"\0") + b"\x02\x20",
    "huge number": utils.encode_dss_signature(2**300, 2**300),
    "zero": utils.encode_dss_signature(0, 0),
    "another key": signer(TARGETS_KEY_2).sign(TARGETS),
    "another request": signer(TARGETS_KEY).sign(e.targets(workspace.CONTENTS, 6)),
    "digest signed as a message": signer(TARGETS_KEY).sign(bytes(32)),
    "hex": RAW.hex().encode(),
}


@pytest.mark.parametrize("name", ODD)
def test_bad_signatures(folder: Path, name: str) -> None:
    text = bad(1, program(folder, GOOD, ODD[name]))
    assert "its answer is not a signature of this request by key" in text


@pytest.mark.parametrize(
    ("script", "text"),
    [
        ("exit 0", "printed nothing"),
        ("cat > /dev/null", "printed nothing"),
        ("cat answer; exit 1", "ended with status 1, without a signature"),
        ("kill -SEGV $$", "ended by signal 11, without a signature"),
        ("kill -KILL $$", "ended by signal 9, without a signature"),
        ("echo garbage", "its answer is not a JSON object"),
        ("cat", "its answer is not a JSON object"),
        ("cat answer answer", "its answer is not a JSON object"),
        ("tr -d 0-9A-Za-z < answer", "its answer has the key '' twice"),
        ("head -c 1000 /dev/urandom", "its answer is "),
        ("yes", "printed more than 65536 bytes"),
        ("head -c 1000000000 /dev/zero", "printed more than 65536 bytes"),
        (
            f'echo \'{{"protocol": "{PROTOCOL}", "error": "no PIN"}}\'; exit 1',
            "signer: no PIN",
        ),
    ],
)
def test_bad_programs(folder: Path, script: str, text: str) -> None:
    started = time.monotonic()
    assert text in bad(3, program(folder, script))
    assert time.monotonic() - started < 20


@pytest.mark.parametrize(
    "script",
    [
        "sleep 600",
        "exec sleep 600",
        "cat answer; exec sleep 600",
        "exec >&-; exec sleep 600",
        "trap '' TERM INT HUP; while :; do sleep 600; done",
        "while :; do printf ' '; sleep 0.1; done",
        "kill -STOP $$",
    ],
)
def test_hanging_programs(folder: Path, script: str) -> None:
    started = time.monotonic()
    text = bad(3, program(folder, script), "--timeout=1")
    assert "no answer within 1 s; allow more with --timeout" in text
    assert time.monotonic() - started < 20


def wait_until_gone(pid: int) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return
        # Killed, but its new parent has not looked.
        stat = Path(f"/proc/{pid}/stat")
        if stat.exists() and stat.read_text().rpartition(")")[2].split()[0] == "Z":
            return
        time.sleep(0.02)
    raise AssertionError(f"process {pid} is still there")


def test_processes_that_it_leaves_behind_are_killed(folder: Path) -> None:
    # The child keeps standard output open: `sign` must not wait until it closes.
    done(*sign_args(program(folder, f"sleep 600 & echo $! > pid; {GOOD}"), "-o", "s.json"))
    wait_until_gone(int((folder / "pid").read_text()))


def test_one_that_leaves_the_group_is_not_waited_for(folder: Path) -> None:
    started = time.monotonic()
    path = program(folder, f"setsid sleep 30 & echo $! > pid; {GOOD}")
    done(*sign_args(path, "-o", "s.json"))
    assert time.monotonic() - started < 20


def test_a_child_behind_a_hanging_program_is_killed(folder: Path) -> None:
    bad(3, program(folder, "sleep 600 & echo $! > pid; wait"), "--timeout=1")
    wait_until_gone(int((folder / "pid").read_text()))


@pytest.mark.parametrize(("sent", "status"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_interrupted(folder: Path, sent: signal.Signals, status: int) -> None:
    path = program(folder, "echo $$ > pid.new; mv pid.new pid; exec sleep 600")
    with subprocess.Popen(
        command(sign_args(path, "-o", "s.json")), cwd=folder, env=environment(), stderr=-1
    ) as process:
        while not (folder / "pid").exists():
            assert process.poll() is None
            time.sleep(0.02)
        process.send_signal(sent)
        process.communicate(timeout=60)
    assert process.returncode == status
    wait_until_gone(int((folder / "pid").read_text()))
    assert not (folder / "s.json").exists()


def test_it_has_no_terminal(folder: Path) -> None:
    path = program(folder, f"(: < /dev/tty) 2>&- && touch terminal; {GOOD}")
    words = command(sign_args(path, "-o", "s.json"))
    pid, terminal = pty.fork()
    if pid == 0:
        os.execve(words[0], words, environment())
    with contextlib.suppress(OSError):  # how a terminal ends on Linux
        while os.read(terminal, 4096):
            pass
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    os.close(terminal)
    assert (folder / "s.json").exists()
    assert not (folder / "terminal").exists()


def test_it_has_our_environment_but_not_bazels(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = program(folder, f"env > environment; {GOOD}")
    ours = {"HSM_SLOT": "7", "PYTHONPATH": "/x.runfiles:/home/a:/x.runfiles/_main"}
    bazels = {"PYTHONSAFEPATH": "1", "RUNFILES_DIR": "/x.runfiles"}
    for name, value in {**ours, **bazels}.items():
        monkeypatch.setenv(name, value)
    for file, expected in (
        ("/lib/software_update/exec_program.py", {**ours, **bazels}),
        ("/x.runfiles/_main/exec_program.py", {**ours, "PYTHONPATH": "/home/a"}),
    ):
        monkeypatch.setattr(exec_program, "__file__", file)
        done(*sign_args(path, "-o", "s.json"))
        lines = (folder / "environment").read_text().splitlines()
        found = dict(line.split("=", 1) for line in lines if "=" in line)
        assert {name: found.get(name) for name in expected} == expected
        assert (set(bazels) <= set(found)) == (set(bazels) <= set(expected))


def test_it_has_no_open_files(folder: Path) -> None:
    path = program(folder, f"ls -l /proc/self/fd > fds; {GOOD}")
    with open("request", "rb") as open_file:
        os.set_inheritable(open_file.fileno(), True)
        done(*sign_args(path, "-o", "s.json"))
    assert "/request" not in (folder / "fds").read_text()


def test_no_program(folder: Path) -> None:
    assert bad(3, "./no such").endswith(
        ": exec:./no such: cannot be started (No such file or directory); "
        "name an executable program"
    )
    path = program(folder, GOOD)
    Path(path).chmod(0o644)
    if os.getuid():
        assert "Permission denied" in bad(3, path)
    Path(path).chmod(0o755)
    Path(path).write_bytes(b"\0\1\2")
    assert "Exec format error" in bad(3, path)
    assert "Permission denied" in bad(3, str(folder))
    # No shell reads it.
    assert "No such file or directory" in bad(3, f"{shlex.quote(path)}; touch s.json")
