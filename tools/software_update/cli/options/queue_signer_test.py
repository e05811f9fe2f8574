"""Tests of queue_signer.py. cli/commands/sign_queue_test.py has odd queues."""

import dataclasses
import gc
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from software_update.base.errors import InputError, SignerUnusable
from software_update.cli.options.queue_signer import QueueSigner
from software_update.signing.signers import FileSigner
from software_update.signing.signing_request import Request, ToSign
from software_update.testing import queues
from software_update.testing.signers import STRANGER, TARGETS_KEY, signer

Capture = pytest.CaptureFixture[str]
KEY = FileSigner("file:key.pem", signer(TARGETS_KEY))


@dataclasses.dataclass(frozen=True)
class Failing(FileSigner):
    """A signer that raises an error."""

    error: Exception = dataclasses.field(default_factory=Exception)

    def sign(self, _request: ToSign) -> bytes:
        raise self.error


def queue_signer(
    queue: Path,
    key: FileSigner = KEY,
    role: str | None = None,
    confirm: Callable[[Request], bool] = lambda _: True,
) -> QueueSigner:
    return QueueSigner(str(queue), key, role, confirm)


def test_each_request_is_signed_once(tmp_path: Path, capsys: Capture) -> None:
    queue = queues.make(tmp_path / "queue", [1, 2])
    signs = queue_signer(queue)
    signs.look()
    queues.assert_signed(queue, [1, 2])
    out = capsys.readouterr().out.splitlines()
    assert sorted(out) == sorted(str(queues.signature(queue, version)) for version in (1, 2))
    signs.look()
    assert (capsys.readouterr(), signs.exit_code) == (("", ""), 0)


def test_key_that_is_not_asked_signs_nothing(tmp_path: Path, capsys: Capture) -> None:
    queue = queues.make(tmp_path / "queue", [1])
    queue_signer(queue, FileSigner("file:x", signer(STRANGER))).look()
    assert not any((queue / "signatures").iterdir())
    assert capsys.readouterr().err == f"{queue}: 1 for other keys\n"


def test_request_of_another_role_is_left(tmp_path: Path, capsys: Capture) -> None:
    queue = queues.make(tmp_path / "queue", [1])
    queue_signer(queue, role="root").look()
    assert not queues.is_signed(queue, 1)
    assert capsys.readouterr().err == f"{queue}: 1 of the other role\n"


def test_rejected_request_is_not_asked_for_again(tmp_path: Path) -> None:
    queue = queues.make(tmp_path / "queue", [1])
    asked: list[int] = []

    def confirm(request: Request) -> bool:
        asked.append(request.version)
        return False

    signs = queue_signer(queue, confirm=confirm)
    signs.look()
    # The same request, copied again.
    queues.add(queue, 1)
    signs.look()
    assert asked == [1]
    assert not queues.is_signed(queue, 1)


def test_bad_request_does_not_stop_the_others(tmp_path: Path, capsys: Capture) -> None:
    queue = queues.make(tmp_path / "queue", [1, 2])
    (queue / "1.signing_request").write_bytes(b"not metadata")
    signs = queue_signer(queue)
    signs.look()
    assert queues.is_signed(queue, 2)
    assert signs.exit_code == 3
    assert "1.signing_request: not a valid request, left for later" in capsys.readouterr().err


def test_failed_answer_is_reported_and_the_next_request_follows(
    tmp_path: Path, capsys: Capture
) -> None:
    queue = queues.make(tmp_path / "queue", [1, 2])
    signs = queue_signer(queue, Failing("f", signer(TARGETS_KEY), InputError("f: no answer")))
    signs.look()
    err = capsys.readouterr().err
    assert err.count("left unsigned: f: no answer") == 2
    assert signs.exit_code == 3


def test_unusable_signer_ends_the_queue(tmp_path: Path) -> None:
    queue = queues.make(tmp_path / "queue", [1, 2])
    error = SignerUnusable("f: token is gone")
    with pytest.raises(SignerUnusable):
        queue_signer(queue, Failing("f", signer(TARGETS_KEY), error)).look()


def test_service_collects_garbage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    collects = []

    def stop(_seconds: float) -> None:
        collects.append(gc.isenabled())
        raise KeyboardInterrupt

    monkeypatch.setattr(time, "sleep", stop)
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    gc.disable()
    try:
        queue_signer(queues.make(tmp_path / "queue", [1])).serve()
    finally:
        gc.enable()
    assert collects == [True]


def test_missing_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        queue_signer(tmp_path / "absent").look()
