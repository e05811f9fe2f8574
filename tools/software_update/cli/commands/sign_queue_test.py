"""Tests of sign --queue."""

import base64
import contextlib
import hashlib
import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from software_update.base import strict_json
from software_update.cli.options.queue_signer import QueueSigner
from software_update.format import metadata
from software_update.signing import signing_request
from software_update.signing.signers import FileSigner
from software_update.signing.signing_request import Request
from software_update.testing import encode as e
from software_update.testing import queues, terminal, workspace
from software_update.testing.command import (
    Result,
    call,
    command,
    done,
    environment,
    error_line,
    failed,
    run,
)
from software_update.testing.signers import TARGETS_KEY, TARGETS_KEY_2, key_id, signer

WAIT_SECONDS = 60
SIGN = ("sign", "--queue", "queue", "--key=file:targets.pem")


@pytest.fixture(name="queue")
def queue_fixture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A queue with the requests 1, 2 and 3 in a folder with keys, which is the current one."""
    folder = workspace.make(tmp_path)
    monkeypatch.chdir(folder)
    return queues.make(folder / "queue", [1, 2, 3])


def sign(*more: str) -> Result:
    return call(*SIGN, "--yes", *more)


def test_one_pass(queue: Path) -> None:
    result = done(*SIGN, "--yes")
    names = [queues.signature(Path("queue"), version) for version in (1, 2, 3)]
    assert result.out == "".join(f"{name}\n" for name in names)
    lines = result.err.splitlines()
    assert (
        lines[0] == "to sign, queue/1.signing_request: targets metadata, version 1, never expires"
    )
    assert lines[-2:] == [f"  by key {key_id(TARGETS_KEY).hex()}", "queue: 3 signed by this key"]
    queues.assert_signed(queue, [1, 2, 3])
    before = workspace.snapshot(queue)
    again = done(*SIGN, "--yes")
    assert (again.out, again.err) == ("", "queue: 3 signed by this key\n")
    assert workspace.snapshot(queue) == before
    # The other one of two.
    done("sign", "--queue=queue", "--key=file:targets2.pem", "--yes")
    queues.assert_signed(queue, [1, 2, 3], TARGETS_KEY, TARGETS_KEY_2)


def test_attach_accepts_the_signatures(queue: Path) -> None:
    done(*SIGN, "--yes")
    done(
        *("step", "attach", "--role=targets", "--root=root.pb"),
        *("--metadata", queue / "2.signing_request"),
        *("--signature", queues.signature(queue, 2), "-o", "signed.pb"),
    )
    assert Path("signed.pb").read_bytes() == e.signed(queues.data(2), TARGETS_KEY)


def test_a_new_signature_of_an_old_request(queue: Path) -> None:
    done(*SIGN, "--yes")
    queues.signature(queue, 2).unlink()
    assert done(*SIGN, "--yes").out == f"{queues.signature(Path('queue'), 2)}\n"
    queues.assert_signed(queue, [1, 2, 3])


def test_a_key_that_the_request_does_not_list(queue: Path) -> None:
    result = done("sign", "--queue=queue", "--key=file:stranger.pem", "--yes")
    assert (result.out, result.err) == ("", "queue: 3 for other keys\n")
    assert not list((queue / "signatures").iterdir())


def test_no_requests(queue: Path) -> None:
    for path in queue.iterdir():
        path.unlink()
    assert done(*SIGN, "--yes").err == "queue: no requests\n"


def test_one_request_under_two_names(queue: Path) -> None:
    for path in queue.iterdir():
        path.unlink()
    queues.add(queue, 5, "a")
    queues.add(queue, 5, "b")
    result = done(*SIGN, "--yes")
    assert result.out == f"{queues.signature(Path('queue'), 5)}\n"
    assert result.err.splitlines()[-1] == "queue: 2 signed by this key"


def test_incomplete_requests_are_left(queue: Path) -> None:
    (queue / "1.signing_request").write_bytes(queues.data(1)[:-1])
    (queue / "2.signing_request.json").unlink()
    result = sign()
    assert result.status == 3
    assert result.out == f"{queues.signature(Path('queue'), 3)}\n"
    lines = result.err.splitlines()
    assert lines[0].startswith(
        "software-update: queue/1.signing_request: not a valid request, left for later ("
    )
    assert lines[1] == (
        "software-update: queue/2.signing_request: not a valid request, left for later "
        "(queue/2.signing_request.json: No such file or directory)"
    )
    assert lines[-1] == "queue: 1 signed by this key, 2 not valid"
    queues.add(queue, 1)
    queues.add(queue, 2)
    assert sign().status == 0
    queues.assert_signed(queue, [1, 2, 3])


def bad_requests(queue: Path) -> list[str]:
    """Puts a request of each kind that cannot be signed into a queue. Returns their names."""
    file = [(1, bytes(32))]
    changed = {
        "no_hash": e.targets_of(e.common("targets"), [e.target_of("app", 1, [])]),
        "no_targets": e.targets({}),
        "unsafe_name": e.targets_of(e.common("targets"), [e.target_of("../app", 1, file)]),
        "no_message": b"?" * 100,
        "empty": b"",
        "large": bytes(33 << 20),
        "wrong_length": queues.data(4) + b"\n",
    }
    for name, data in changed.items():
        path = queues.add(queue, 4, name)
        path.write_bytes(data)
        fields = {**json.loads(queues.document(4)), "length": len(data)}
        fields |= {"sha256": hashlib.sha256(data).hexdigest()}
        path.with_name(f"{path.name}.json").write_text(json.dumps(fields))
    # Each interpreter has a limit of its own, in its parser and its serializer.
    for depth in (500, 979, 980, 983, 1495, 1496, 5000, 9996, 9997, 500_000):
        path = queues.add(queue, 4, f"depth_{depth}")
        text = queues.document(4).decode().rstrip().removesuffix("}")
        nested = f'{text}, "more": {"[" * depth}{"]" * depth}}}'
        path.with_name(f"{path.name}.json").write_text(nested)
    for name in ("link", "dangling", "unreadable", "no_json", "folder", "fifo"):
        queues.add(queue, 4, name)
    link, dangling, unreadable, folder, fifo = (
        queue / f"{name}.signing_request"
        for name in ("link", "dangling", "unreadable", "folder", "fifo")
    )
    link.rename(queue.parent / "elsewhere")
    link.symlink_to(queue.parent / "elsewhere")
    dangling.unlink()
    dangling.symlink_to("nowhere")
    unreadable.chmod(0)
    (queue / "no_json.signing_request.json").unlink()
    folder.unlink()
    folder.mkdir()
    queues.add(folder, 9)
    fifo.unlink()
    os.mkfifo(fifo)
    names = {each.name.removesuffix(".json") for each in queue.glob("[!0-9]*.signing_request*")}
    # The superuser reads it all the same, so that it is a request like any other.
    return sorted(names - ({unreadable.name} if os.access(unreadable, os.R_OK) else set()))


def test_bad_request_does_not_stop_the_others(queue: Path) -> None:
    bad = bad_requests(queue)
    result = sign()
    assert result.status == 3
    assert "Traceback" not in result.err
    for version in (1, 2, 3):
        assert queues.is_signed(queue, version)
    for name in bad:
        lines = [each for each in result.err.splitlines() if f"queue/{name}" in each]
        assert lines, name
        # Some interpreters can read the deep ones of these.
        if not name.startswith("depth"):
            assert lines[0].startswith(
                f"software-update: queue/{name}: not a valid request, left for later (queue/{name}"
            )
            assert len(lines) == 1


def test_fault_in_this_program_does_not_stop_other_requests(
    queue: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lines(title: str, request: Request) -> list[str]:
        if request.version == 2:
            raise KeyError("oops")
        return [title]

    monkeypatch.setattr("software_update.cli.options.queue_signer.request_lines", lines)
    result = sign()
    assert result.status == 3
    assert result.err.splitlines()[-4:] == [
        "software-update: queue/2.signing_request: left unsigned: KeyError: 'oops'",
        "to sign, queue/3.signing_request",
        f"  by key {key_id(TARGETS_KEY).hex()}",
        "queue: 2 signed by this key, 1 left unsigned",
    ]


def test_each_version_is_parsed_once(queue: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    queues.add(queue, 4)
    (queue / "4.signing_request.json").write_bytes(b"{}")
    queues.signature(queue, 3).mkdir(parents=True)
    parsed = []

    def parse_file(path: str, content: bytes) -> object:
        parsed.append(content)
        return strict_json.parse_file(path, content)

    monkeypatch.setattr(f"{signing_request.__name__}.parse_file", parse_file)
    looker = queue_signer(queue)
    for _ in range(3):
        looker.look()
    assert parsed == [*map(queues.document, (1, 2, 3)), b"{}"]
    # A signature that could not be written is written later, and nothing is parsed for it.
    queues.signature(queue, 3).rmdir()
    looker.look()
    assert queues.is_signed(queue, 3)
    (queue / "4.signing_request.json").write_bytes(queues.document(4))
    looker.look()
    assert queues.is_signed(queue, 4)
    assert len(parsed) == 5


def queue_signer(queue: Path) -> QueueSigner:
    return QueueSigner(str(queue), FileSigner("file:x", signer(TARGETS_KEY)), None, lambda _: True)


def test_a_role_filter(queue: Path) -> None:
    """The role is that of the bytes, whatever the JSON says, and whatever the key may sign."""
    root = e.root(2, [TARGETS_KEY], [TARGETS_KEY_2])
    request = signing_request.parse_request(root)
    authorities = signing_request.authorities_of_root(metadata.parse_root(root), None)
    content = signing_request.build_json(request, authorities, None)
    (queue / "4.signing_request").write_bytes(root)
    (queue / "4.signing_request.json").write_bytes(content)
    queues.add(queue, 5)
    (queue / "5.signing_request").write_bytes(root)
    result = sign("--role=targets")
    assert result.status == 3
    assert result.err.splitlines()[-1] == (
        "queue: 3 signed by this key, 1 of the other role, 1 not valid"
    )
    assert len(list((queue / "signatures").iterdir())) == 3
    text = failed(3, "sign", queue / "4.signing_request", SIGN[-1], "--role=targets")
    assert text == (
        f"{queue}/4.signing_request: root metadata, and --role is targets; name a request of that role"
    )
    (queue / "5.signing_request").unlink()
    result = done(*SIGN, "--yes", "--role=root")
    assert result.err.splitlines()[-1] == "queue: 1 signed by this key, 3 of the other role"


# Subfolders


def test_bundles_of_one_name_in_subfolders(queue: Path) -> None:
    """Each signature is next to its request, so that each team fetches its own."""
    for folder, version in (("camera", 4), ("radio/eu", 5), ("radio/us", 5)):
        (queue / folder).mkdir(parents=True)
        queues.add(queue / folder, version, "bundle")
    result = done(*SIGN, "--yes")
    assert result.out.splitlines()[3:] == [
        str(queues.signature(Path("queue") / folder, version))
        for folder, version in (("camera", 4), ("radio/eu", 5), ("radio/us", 5))
    ]
    assert "to sign, queue/camera/bundle.signing_request: targets metadata" in result.err
    assert result.err.splitlines()[-1] == "queue: 6 signed by this key"
    for folder, version in (("camera", 4), ("radio/eu", 5), ("radio/us", 5)):
        assert list((queue / folder / "signatures").iterdir()) == [
            queues.signature(queue / folder, version)
        ]
    # There is none where there are no requests.
    assert not (queue / "radio/signatures").exists()
    assert done(*SIGN, "--yes").err == "queue: 6 signed by this key\n"


def test_folders_that_are_not_looked_into(queue: Path) -> None:
    outside = queue.parent / "outside"
    for folder in (outside, queue / ".hidden", queue / "signatures"):
        folder.mkdir()
        queues.add(folder, 9)
    (queue / "link").symlink_to(outside)
    assert done(*SIGN, "--yes").err.splitlines()[-1] == "queue: 3 signed by this key"
    assert not (outside / "signatures").exists()


def test_a_subfolder_that_is_too_deep(queue: Path) -> None:
    deepest = queue / "1/2/3/4/5/6/7/8"
    (deepest / "9").mkdir(parents=True)
    queues.add(deepest, 4)
    queues.add(deepest / "9", 5)
    result = sign()
    assert result.status == 3
    assert queues.is_signed(deepest, 4)
    assert not queues.is_signed(deepest / "9", 5)
    assert result.err.splitlines()[-2:] == [
        "software-update: queue/1/2/3/4/5/6/7/8/9: more than 8 folders below the queue; "
        "move its requests up",
        "queue: 4 signed by this key",
    ]


def test_subfolder_with_an_error_does_not_stop_the_others(queue: Path) -> None:
    for name in ("a", "b"):
        (queue / name).mkdir()
        queues.add(queue / name, 4)
    (queue / "a/signatures").symlink_to("..")
    result = sign()
    assert result.status == 3
    assert queues.is_signed(queue / "b", 4)
    assert (
        "software-update: queue/a/signatures: a link or a file, not a folder; remove it"
        in result.err.splitlines()
    )


def test_odd_names(queue: Path) -> None:
    name = os.fsdecode(b"a b\n\x1b[31m\xff")
    queues.add(queue, 4, name)
    (queue / f"{name}2.signing_request").write_bytes(b"?")
    result = sign()
    assert result.status == 3
    assert queues.is_signed(queue, 4)
    assert result.err.replace("\n", "").isascii()
    assert result.err.replace("\n", "").isprintable()
    assert r"a b\n\x1b[31m\udcff" in result.err


def test_bad_signatures_are_replaced(queue: Path) -> None:
    done(*SIGN, "--yes")
    outside = queue.parent / "outside"
    queues.signature(queue, 1).rename(outside)
    queues.signature(queue, 1).symlink_to(outside)
    queues.signature(queue, 2).write_bytes(b"{}")
    before = outside.read_bytes()
    result = done(*SIGN, "--yes")
    for version in (1, 2):
        path = queues.signature(Path("queue"), version)
        name = f"{version}.signing_request"
        assert (
            f"software-update: warning: {path}: not a good signature of {name}; it is replaced"
            in result.err
        )
    assert result.err.splitlines()[-1] == "queue: 3 signed by this key"
    queues.assert_signed(queue, [1, 2, 3])
    assert outside.read_bytes() == before


def test_a_signature_that_cannot_be_written(queue: Path) -> None:
    queues.signature(queue, 2).mkdir(parents=True)
    result = sign()
    assert result.status == 3
    assert f"software-update: {queues.signature(Path('queue'), 2)}: Is a directory" in result.err
    assert result.err.splitlines()[-1] == "queue: 2 signed by this key, 1 left unsigned"
    assert queues.is_signed(queue, 1)
    assert queues.is_signed(queue, 3)


def test_folder_for_all_signatures(queue: Path) -> None:
    (queue / "sub").mkdir()
    queues.add(queue / "sub", 4)
    before = workspace.snapshot(queue)
    result = done(*SIGN, "--yes", "--folder", "signed/here")
    assert workspace.snapshot(queue) == before
    assert not list(queue.rglob("signatures"))
    names = [queues.signature(queue, version).name for version in (1, 2, 3, 4)]
    assert result.out == "".join(f"signed/here/{name}\n" for name in names)
    assert sorted(each.name for each in Path("signed/here").iterdir()) == sorted(names)
    assert done(*SIGN, "--yes", "--folder", "signed/here").err == ("queue: 4 signed by this key\n")


def test_folder_for_all_signatures_that_cannot_be_made(queue: Path) -> None:
    Path("file").write_text("")
    assert failed(3, *SIGN, "--yes", "--folder", "file") == "file: File exists"
    assert not (queue / "signatures").exists()


def test_no_queue(queue: Path) -> None:
    shutil.rmtree(queue)
    assert failed(3, *SIGN, "--yes") == "queue: No such file or directory"
    queue.mkdir()
    (queue / "signatures").symlink_to("..")
    assert "queue/signatures: a link or a file" in failed(3, *SIGN, "--yes")


@pytest.mark.parametrize(
    ("args", "text"),
    [
        (["request", "--queue=queue"], "name a REQUEST or a --queue, one of the two"),
        ([], "name a REQUEST or a --queue, one of the two"),
        (["request", "--yes"], "--serve, --yes: only valid with --queue; remove them"),
        (["request", "--serve"], "--serve, --yes: only valid with --queue; remove them"),
        (["--queue=queue", "-o", "x"], "not allowed with"),
        (["--queue=queue", "--source-folder", "x"], "not allowed with"),
    ],
)
@pytest.mark.usefixtures("queue")
def test_usage(args: list[str], text: str) -> None:
    assert text in failed(2, "sign", "--key=file:targets.pem", *args)


# Asking


def test_without_a_terminal_nothing_is_signed(queue: Path) -> None:
    ended = subprocess.run(
        command(SIGN),
        env=environment(),
        input=b"y\ny\ny\n",
        capture_output=True,
        start_new_session=True,
        check=False,
        timeout=WAIT_SECONDS,
    )
    result = Result(ended.returncode, ended.stdout.decode(), ended.stderr.decode())
    assert result.status == 2
    assert error_line(result) == (
        "--queue: there is no terminal to ask at; --yes signs without asking"
    )
    assert not (queue / "signatures").exists()


@pytest.mark.parametrize(
    ("typed", "signs"),
    [("y", True), ("YES", True), ("", False), ("n", False), ("yn", False), ("\x04", False)],
)
def test_each_is_asked(queue: Path, typed: str, signs: bool) -> None:
    for path in queue.glob("[23].*"):
        path.unlink()
    sha256 = json.loads(queues.document(1))["sha256"]
    prompt = f"sign request {sha256[:16]} (targets version 1)? [y/N] "
    status, shown = terminal.run(command(SIGN), prompt, typed, cwd=queue.parent, env=environment())
    assert status == 0, shown
    assert f"  {len(queues.data(1))} bytes, sha256 {sha256}" in shown.partition(prompt)[0]
    assert queues.is_signed(queue, 1) == signs
    said = "signed by this key" if signs else "left unsigned"
    assert shown.splitlines()[-1] == f"queue: 1 {said}"


def test_input_before_the_question_does_not_count(queue: Path) -> None:
    words = command([*SIGN, "--passphrase-fd=0"])
    master, slave = os.openpty()
    try:
        os.write(master, b"y\ny\ny\n")
        pid = os.fork()
        if pid == 0:
            os.login_tty(slave)
            os.execve(words[0], words, environment())
        shown = b""
        while shown.count(b"[y/N] ") < 3:
            chunk = os.read(master, 4096)
            if shown.count(b"[y/N] ") < (shown + chunk).count(b"[y/N] "):
                os.write(master, b"n\n")
            shown += chunk
        os.close(slave)
        with contextlib.suppress(OSError):  # how a terminal ends on Linux
            while os.read(master, 4096):
                pass
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    finally:
        os.close(master)
    assert not list((queue / "signatures").iterdir())


# Authority that fail


def program(script: str) -> str:
    """An exec: signer of shell commands, and what makes it one."""
    path = Path("a signer")
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return f"--key=exec:{path.absolute()}"


PUBLIC = "--public=targets.pem.pub"


def test_a_signer_that_fails(queue: Path) -> None:
    key = program("echo x >> asked; exit 7")
    result = call("sign", "--queue=queue", "--yes", key, PUBLIC)
    assert result.status == 3
    assert result.err.count("left unsigned: exec:") == 3
    assert result.err.count("ended with status 7, without a signature") == 3
    assert result.err.splitlines()[-1] == "queue: 3 left unsigned"
    assert Path("asked").read_text() == "x\n" * 3
    assert not list((queue / "signatures").iterdir())


@pytest.mark.parametrize("serve", [[], ["--serve"]])
def test_a_signer_that_is_gone_ends_the_run(queue: Path, serve: list[str]) -> None:
    result = call("sign", "--queue=queue", "--yes", "--key=exec:./no", PUBLIC, *serve)
    assert result.status == 3
    assert result.err.count("to sign, ") == 1
    assert result.err.splitlines()[-1] == (
        "software-update: exec:./no: cannot be started (No such file or directory); "
        "name an executable program"
    )
    assert not list((queue / "signatures").iterdir())


def test_a_signer_that_answers_for_another_request(queue: Path) -> None:
    """It answers each question with what the one before asked."""
    answer = {"protocol": "software_update.exec_signer.v1"}
    for version in (1, 2, 3):
        value = signer(TARGETS_KEY).sign(queues.data(version))
        text = json.dumps({**answer, "signature": base64.b64encode(value).decode()})
        Path(f"answer{version + 1}").write_text(text)
    key = program("cat answer$(sed 's/.*\"version\": \\([0-9]*\\),.*/\\1/')")
    result = call("sign", "--queue=queue", "--yes", key, PUBLIC)
    assert result.status == 3
    assert result.err.count("its answer is not a signature of this request by key") == 2
    assert result.out == ""
    assert not list((queue / "signatures").iterdir())


def test_exec_signer_gets_the_json(queue: Path) -> None:
    for path in queue.glob("[12].*"):
        path.unlink()
    call("sign", "--queue=queue", "--yes", program("cat > question; exit 1"), PUBLIC)
    question = json.loads(Path("question").read_bytes())
    assert question["request"] == json.loads(queues.document(3))


def test_a_wrong_passphrase_is_asked_once(queue: Path) -> None:
    Path("passphrase").write_text("wrong")
    key = ec.derive_private_key(TARGETS_KEY, ec.SECP256R1())
    Path("encrypted.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"right"),
        )
    )
    text = failed(
        3,
        *("sign", "--queue=queue", "--key=file:encrypted.pem", "--passphrase-file=passphrase"),
        *("--serve", "--yes"),
    )
    assert text.startswith("encrypted.pem: wrong passphrase")
    assert not list((queue / "signatures").iterdir())


# --serve


class Server:
    """A running `sign --queue --serve`; what it says is in the file `said`."""

    def __init__(self, *key: str) -> None:
        self.said = Path("said")
        with open(self.said, "wb") as file:
            self.process = subprocess.Popen(
                command(["sign", "--queue=queue", "--yes", "--serve", *key]),
                env=environment(),
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=file,
            )

    def wait(self, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + WAIT_SECONDS
        while not condition():
            assert self.process.poll() is None, self.said.read_text()
            assert time.monotonic() < deadline, self.said.read_text()
            time.sleep(0.02)

    def says(self, text: str) -> None:
        self.wait(lambda: text in self.said.read_text())

    def stop(self, number: signal.Signals = signal.SIGTERM) -> list[str]:
        self.process.send_signal(number)
        assert self.process.wait(WAIT_SECONDS) == 0, self.said.read_text()
        return self.said.read_text().splitlines()


@contextlib.contextmanager
def serving(*key: str) -> Iterator[Server]:
    server = Server(*(key or SIGN[-1:]))
    try:
        yield server
    finally:
        server.process.kill()
        server.process.wait()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_serve(queue: Path, number: signal.Signals) -> None:
    with serving() as server:
        server.says("queue: 3 signed by this key")
        # A copy under way.
        queues.add(queue, 4)
        (queue / "5.signing_request").write_bytes(queues.data(5)[:-1])
        server.says("queue: 4 signed by this key, 1 not valid")
        time.sleep(1.5)
        (queue / "5.signing_request").write_bytes(queues.data(5))
        (queue / "5.signing_request.json").write_bytes(queues.document(5))
        server.says("queue: 5 signed by this key")
        lines = server.stop(number)
    assert sum("5.signing_request: not a valid request" in each for each in lines) == 1
    assert sum(each.startswith("to sign, ") for each in lines) == 5
    assert [each for each in lines if each.startswith("queue: ")] == [
        "queue: 3 signed by this key",
        "queue: 4 signed by this key, 1 not valid",
        "queue: 5 signed by this key",
    ]
    queues.assert_signed(queue, range(1, 6))


def test_a_signature_that_is_spoilt_is_made_again(queue: Path) -> None:
    with serving() as server:
        server.says("queue: 3 signed by this key")
        queues.signature(queue, 1).write_bytes(b"{}")
        server.says("not a good signature of 1.signing_request; it is replaced")
        server.wait(lambda: queues.signature(queue, 1).read_bytes() != b"{}")
        queues.signature(queue, 2).unlink()
        server.wait(lambda: queues.is_signed(queue, 2))
        # What has been signed is not signed again.
        assert sum(each.startswith("to sign, ") for each in server.stop()) == 3
    queues.assert_signed(queue, [1, 2, 3])


def test_a_share_that_vanishes(queue: Path) -> None:
    away = queue.with_name("away")
    with serving() as server:
        server.says("queue: 3 signed by this key")
        queue.rename(away)
        server.says("software-update: queue: No such file or directory; looking again every second")
        time.sleep(1.5)
        away.rename(queue)
        server.says("queue: there again")
        queues.add(queue, 4)
        server.says("queue: 4 signed by this key")
        lines = server.stop()
    assert sum("looking again" in each for each in lines) == 1
    queues.assert_signed(queue, range(1, 5))


def test_a_share_that_is_not_there_yet(queue: Path) -> None:
    # A name that is wrong from the start is not waited for.
    shutil.rmtree(queue)
    assert failed(3, *SIGN, "--yes", "--serve") == "queue: No such file or directory"


def test_failed_requests_are_left_for_the_next_run(queue: Path) -> None:
    with serving(program("echo x >> asked; exit 1"), PUBLIC) as server:
        server.says("queue: 3 left unsigned")
        queues.add(queue, 4)
        server.says("queue: 4 left unsigned")
        time.sleep(1.5)
        server.stop()
    assert Path("asked").read_text() == "x\n" * 4
    assert run(*SIGN, "--yes").status == 0
    queues.assert_signed(queue, range(1, 5))
