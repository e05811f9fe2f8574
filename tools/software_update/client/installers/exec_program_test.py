"""Tests of a program as installer."""

import json
from collections.abc import Sequence
from typing import Any

import pytest

from software_update.client.installer import InstallError
from software_update.client.installers.exec_program import PROTOCOL, ExecInstaller
from software_update.client.system import ProgramResult
from software_update.testing.fake_programs import FakePrograms, system_of
from software_update.testing.memory_storage import MemoryStorage

STAGING = "/state/staging"


class Coprocessor:
    """A product's program, which keeps targets in memory. `answers` replace its answers by call."""

    def __init__(self, storage: MemoryStorage) -> None:
        self.storage = storage
        self.memory: dict[tuple[str, str], bytes] = {}
        self.requests: list[dict[str, Any]] = []
        self.answers: dict[str, dict[str, Any]] = {}

    def __call__(self, argv: Sequence[str], stdin: bytes) -> ProgramResult:
        request = json.loads(stdin)
        self.requests.append(request)
        answer = self.answers.get(request["call"], self.answer(request))
        content = json.dumps({"protocol": PROTOCOL, **answer}).encode()
        return ProgramResult(0, content, b"")

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        place = (request["slot"], request["target"])
        match request["call"]:
            case "check":
                return {"problems": []}
            case "problem":
                return {"problem": None if request["length"] <= 100 else "has only 100 bytes"}
            case "clear":
                self.memory.clear()
            case "write":
                self.memory[place] = self.storage.content(request["file"])
            case "read":
                if place not in self.memory:
                    return {"found": False}
                end = request["offset"] + request["length"]
                file = self.storage.open_to_write(request["file"])
                file.write(0, self.memory[place][request["offset"] : end])
                file.close()
                return {"found": True}
        return {}


@pytest.fixture(name="storage")
def storage_fixture() -> MemoryStorage:
    storage = MemoryStorage()
    storage.put(STAGING, b"a long leftover of an interrupted run")
    return storage


@pytest.fixture(name="program")
def program_fixture(storage: MemoryStorage) -> Coprocessor:
    return Coprocessor(storage)


@pytest.fixture(name="installer")
def installer_fixture(storage: MemoryStorage, program: Coprocessor) -> ExecInstaller:
    return ExecInstaller(system_of(FakePrograms(program), storage), ["/bin/flash"], STAGING)


def test_target_is_staged_whole_and_then_written(
    storage: MemoryStorage, program: Coprocessor, installer: ExecInstaller
) -> None:
    installer.clear("B")
    writer = installer.begin("B", "mcu", 6)
    writer.write(b"fir")
    writer.write(memoryview(b"mwa"))
    assert [each["call"] for each in program.requests] == ["clear"]
    writer.finish()
    assert program.memory == {("B", "mcu"): b"firmwa"}
    assert program.requests[-1] == {
        "protocol": PROTOCOL,
        "call": "write",
        "slot": "B",
        "target": "mcu",
        "offset": None,
        "length": 6,
        "file": STAGING,
    }
    assert not storage.exists(STAGING)
    assert [installer.read("B", "mcu", at, 4) for at in (0, 4, 6)] == [b"firm", b"wa", b""]
    assert not storage.exists(STAGING)
    assert storage.open_files == 0


def test_program_cannot_return_more_than_was_asked(
    program: Coprocessor, installer: ExecInstaller, storage: MemoryStorage
) -> None:
    program.memory["B", "mcu"] = b"firmware"
    original = program.answer

    def more(request: dict[str, Any]) -> dict[str, Any]:
        return original({**request, "length": 100})

    program.answer = more  # type: ignore[method-assign]
    assert installer.read("B", "mcu", 0, 4) == b"firm"


def test_missing_target(installer: ExecInstaller, storage: MemoryStorage) -> None:
    with pytest.raises(FileNotFoundError, match=r"^slot 'B': does not contain target 'mcu'$"):
        installer.read("B", "mcu", 0, 4)
    assert not storage.exists(STAGING)


def test_aborted_target_is_removed(
    storage: MemoryStorage, program: Coprocessor, installer: ExecInstaller
) -> None:
    writer = installer.begin("B", "mcu", 6)
    writer.write(b"fir")
    writer.abort()
    assert not storage.exists(STAGING)
    assert program.requests == []
    assert storage.open_files == 0


@pytest.mark.parametrize("call", ["clear", "write", "read"])
def test_error_of_the_program(
    storage: MemoryStorage, program: Coprocessor, installer: ExecInstaller, call: str
) -> None:
    program.answers[call] = {"error": "the coprocessor does not answer"}
    with pytest.raises(InstallError) as caught:
        if call == "clear":
            installer.clear("B")
        elif call == "write":
            installer.begin("B", "mcu", 0).finish()
        else:
            installer.read("B", "mcu", 0, 1)
    assert str(caught.value) == f"/bin/flash: {call}: the coprocessor does not answer"
    assert call == "clear" or not storage.exists(STAGING)


def test_problem(storage: MemoryStorage, program: Coprocessor, installer: ExecInstaller) -> None:
    storage.free = 50
    assert installer.problem("B", "mcu", 50) is None
    assert installer.problem("B", "mcu", 51) == (
        "/state: has room for 50 bytes, and target 'mcu' has 51"
    )
    assert installer.problem("B", "mcu", 101) == "has only 100 bytes"
    program.answers["problem"] = {"error": "no device"}
    assert installer.problem("B", "mcu", 1) == "/bin/flash: problem: no device"
    for wrong in ({}, {"problem": 1}, {"problem": False}):
        program.answers["problem"] = wrong
        assert installer.problem("B", "mcu", 1) == (
            f"/bin/flash: problem: its answer has no valid 'problem' ({PROTOCOL})"
        )


def test_check(storage: MemoryStorage, program: Coprocessor, installer: ExecInstaller) -> None:
    assert installer.check() == []
    program.answers["check"] = {"problems": ["no device"]}
    assert installer.check() == ["no device"]
    program.answers["check"] = {}
    assert installer.check() == [
        f"/bin/flash: check: its answer has no valid 'problems' ({PROTOCOL})"
    ]
    del program.answers["check"]
    storage.remove("/state")
    assert installer.check() == ["/state: missing; create it, or correct the path"]


def test_read_without_found(program: Coprocessor, installer: ExecInstaller) -> None:
    program.answers["read"] = {"found": 1}
    with pytest.raises(InstallError, match=r"^/bin/flash: read: its answer has no valid 'found' "):
        installer.read("B", "mcu", 0, 1)


def test_full_storage_names_the_staging_file(
    storage: MemoryStorage, installer: ExecInstaller
) -> None:
    writer = installer.begin("B", "mcu", 9)
    storage.free = 2
    with pytest.raises(InstallError, match=r"^/state/staging: No space left on device$"):
        writer.write(bytes(9))
