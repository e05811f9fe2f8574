"""Tests of worker.py: the worker as Bazel talks to it, in a process of its own."""

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

_COMMAND = [sys.executable, "-m", "software_update", "--persistent_worker"]


@contextmanager
def worker() -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        _COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        yield process
        assert process.stdin and process.stderr
        process.stdin.close()
        assert process.wait(20) == 0
        assert process.stderr.read() == ""


def ask(process: subprocess.Popen[str], requests: Iterable[dict[str, Any]]) -> None:
    assert process.stdin
    for request in requests:
        process.stdin.write(json.dumps(request) + "\n")
    process.stdin.flush()


def answer(process: subprocess.Popen[str]) -> dict[str, Any]:
    assert process.stdout
    found: dict[str, Any] = json.loads(process.stdout.readline())
    assert found.keys() == {"exitCode", "output", "requestId"}
    return found


def digest_arguments(folder: Path, number: int) -> list[str]:
    return ["step", "digest", f"--target=app={folder}/{number}", "-o", f"{folder}/{number}.json"]


def test_many_requests_at_once(tmp_path: Path) -> None:
    numbers = range(1, 101)
    for number in numbers:
        (tmp_path / str(number)).write_bytes(b"%d" % number * 1000)
    with worker() as process:
        ask(
            process,
            (
                {"arguments": digest_arguments(tmp_path, number), "inputs": [], "requestId": number}
                for number in numbers
            ),
        )
        answers = [answer(process) for _ in numbers]
    assert sorted(each["requestId"] for each in answers) == list(numbers)
    assert all(each["exitCode"] == 0 and each["output"] == "" for each in answers)
    for number in numbers:
        [target] = json.loads((tmp_path / f"{number}.json").read_text())["targets"]
        assert target["sha256"] == hashlib.sha256(b"%d" % number * 1000).hexdigest()


def test_each_answer_has_the_output_of_its_command(tmp_path: Path) -> None:
    """The output and errors of one request are not another's."""
    numbers = range(1, 41)
    with worker() as process:
        ask(
            process,
            (
                {"arguments": digest_arguments(tmp_path, number), "requestId": number}
                for number in numbers
            ),
        )
        answers = [answer(process) for _ in numbers]
    for each in answers:
        missing = tmp_path / str(each["requestId"])
        assert each["output"] == f"software-update: {missing}: No such file or directory\n"
        assert each["exitCode"] == 3


@pytest.mark.parametrize(
    ("arguments", "status", "output"),
    [
        (["--version"], 0, "software-update "),
        (["step", "digest", "--help"], 0, "usage: software-update step digest"),
        (["step", "digest"], 2, "software-update: the following arguments are required"),
        (["no such"], 2, "software-update: 'no such' is not a command"),
        (["--persistent_worker"], 2, "software-update: '--persistent_worker' is not a command"),
        ([], 2, "usage: "),
    ],
)
def test_exit_status_and_output(arguments: list[str], status: int, output: str) -> None:
    with worker() as process:
        # Without multiplexing, requests have no id.
        ask(process, [{"arguments": arguments}])
        found = answer(process)
        assert (found["exitCode"], found["requestId"]) == (status, 0)
        assert found["output"].startswith(output)
        ask(process, [{"arguments": ["--version"], "requestId": 7}])
        assert answer(process)["requestId"] == 7


def test_a_cancelled_request_gets_no_answer() -> None:
    with worker() as process:
        ask(process, [{"cancel": True, "requestId": 1}, {"arguments": ["--version"]}])
        assert answer(process)["requestId"] == 0


def test_request_does_not_see_the_arguments_file_of_another(tmp_path: Path) -> None:
    (tmp_path / "1").write_bytes(b"1")
    (tmp_path / "1.json").write_text(f"--target=app={tmp_path}/1\n-o\n{tmp_path}/2.json")
    # So many that no thread is left that has not run one.
    first = [{"arguments": ["step", "digest", f"@{tmp_path}/1.json"]}] * (4 * (os.cpu_count() or 1))
    with worker() as process:
        for requests in (first, [{"arguments": digest_arguments(tmp_path, 1)}]):
            ask(process, requests)
            for _ in requests:
                assert answer(process) == {"exitCode": 0, "output": "", "requestId": 0}


def test_requests_are_utf8_in_every_locale(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")
    with subprocess.Popen(_COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        request = json.dumps({"arguments": ["é"]}, ensure_ascii=False).encode()
        out, _ = process.communicate(request + b"\n", 20)
    output = r"software-update: '\xe9' is not a command; see: software-update --help"
    assert json.loads(out)["output"] == f"{output}\n"


def test_arguments_in_a_file(tmp_path: Path) -> None:
    """As Bazel calls the command where it runs no worker."""
    (tmp_path / "1").write_bytes(b"1")
    (tmp_path / "arguments").write_text("\n".join(digest_arguments(tmp_path, 1)) + "\n")
    subprocess.run([*_COMMAND[:-1], f"@{tmp_path}/arguments"], check=True)
    assert json.loads((tmp_path / "1.json").read_text())["targets"][0]["length"] == 1


def test_worker_collects_garbage() -> None:
    """A command does not: it ends before that would free anything."""
    script = (
        "import gc; from software_update.cli.worker import serve\n"
        "gc.disable(); serve(); raise SystemExit(not gc.isenabled())"
    )
    ended = subprocess.run(
        [sys.executable, "-c", script], stdin=subprocess.DEVNULL, timeout=60, check=False
    )
    assert ended.returncode == 0
