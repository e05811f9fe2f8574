"""Tests that the schemas of the client's exec backends describe the requests and answers of the code."""

import contextlib
import itertools
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest
from json_schemas import Schemas
from referencing import Registry, Resource
from software_update.client.boot import exec_program as boot_program
from software_update.client.boot.exec_program import ExecBoot
from software_update.client.boot_check import check_boot
from software_update.client.installer_check import check_installer
from software_update.client.installers import exec_program as installer_program
from software_update.client.installers.exec_program import ExecInstaller
from software_update.client.json_program import MAX_ANSWER_BYTES
from software_update.client.system import ProgramResult
from software_update.testing.fake_programs import FakePrograms, system_of
from software_update.testing.memory_storage import MemoryStorage

SCHEMAS = Schemas(Path("docs/reference/schemas"))
REGISTRY = Registry().with_resources(
    (file, Resource.from_contents(schema)) for file, schema in SCHEMAS.files.items()
)
INSTALLER = "exec_installer.v1.schema.json"
BOOT = "exec_boot.v1.schema.json"
PROTOCOLS = {INSTALLER: installer_program.PROTOCOL, BOOT: boot_program.PROTOCOL}
PAGE = Path("docs/reference/client_backends.md")
NOTHING = dict.fromkeys(("slot", "target", "offset", "length", "file"))
PARTS = {"check": "checked", "problem": "fits", "clear": "done", "write": "done", "read": "read"}
ABSENT = object()


def allows(file: str, part: str, value: object) -> bool:
    """Returns whether a part of a schema allows a value."""
    whole = {**SCHEMAS.files[file], "anyOf": [{"$ref": f"#/$defs/{part}"}]}
    allowed: bool = jsonschema.Draft202012Validator(whole, registry=REGISTRY).is_valid(value)
    return allowed


class Recorder:
    """A program that gives one answer to all requests, and keeps them."""

    def __init__(self, answer: object) -> None:
        self.answer = json.dumps(answer).encode()
        self.requests: list[dict[str, Any]] = []

    def __call__(self, argv: Sequence[str], stdin: bytes) -> ProgramResult:
        self.requests.append(json.loads(stdin))
        return ProgramResult(0, self.answer, b"")


def installer_of(program: Recorder) -> ExecInstaller:
    storage = MemoryStorage()
    storage.make_folder("/state")
    return ExecInstaller(system_of(FakePrograms(program), storage), ["/bin/x"], "/state/staging")


def boot_of(program: Recorder) -> ExecBoot:
    return ExecBoot(system_of(FakePrograms(program)), ["/bin/x"], ["A", "B"])


CALLS: dict[tuple[str, str], Callable[[Recorder], object]] = {
    (INSTALLER, "check"): lambda program: installer_of(program).check(),
    (INSTALLER, "problem"): lambda program: installer_of(program).problem("B", "x", 1),
    (INSTALLER, "clear"): lambda program: installer_of(program).clear("B"),
    (INSTALLER, "write"): lambda program: installer_of(program).begin("B", "x", 0).finish(),
    (INSTALLER, "read"): lambda program: installer_of(program).read("B", "x", 0, 1),
    (BOOT, "check"): lambda program: [boot_of(program).check(), boot_of(program).warnings()],
    (BOOT, "status"): lambda program: boot_of(program).status(),
    (BOOT, "mark_unbootable"): lambda program: boot_of(program).mark_unbootable("B"),
    (BOOT, "try_slot"): lambda program: boot_of(program).try_slot("B"),
    (BOOT, "confirm"): lambda program: boot_of(program).confirm("A"),
}
SLOTS = [{"slot": "A", "state": "good"}, {"slot": "B", "state": "unbootable"}]
STATUS = {"booted": "A", "primary": "A", "slots": SLOTS}
# For each part of a schema: the call that reads it, its fields, and good and odd values of each.
ANSWERS: dict[tuple[str, str], tuple[str, dict[str, list[object]]]] = {
    (INSTALLER, "checked"): ("check", {"problems": [[], ["x"], [1], "x", None, ABSENT]}),
    (INSTALLER, "fits"): ("problem", {"problem": [None, "too long", 1, False, ABSENT]}),
    (INSTALLER, "done"): ("clear", {}),
    (INSTALLER, "read"): ("read", {"found": [True, False, 1, None, ABSENT]}),
    (BOOT, "checked"): (
        "check",
        {
            "problems": [[], ["no device"], [1], "x", None, ABSENT],
            "warnings": [[], ["one copy"], [1], "x", None, ABSENT],
        },
    ),
    (BOOT, "status"): (
        "status",
        {
            "booted": ["A", 1, None, ABSENT],
            "primary": ["B", None, 1, ABSENT],
            "slots": [
                SLOTS,
                [*SLOTS[:1], {"slot": "B", "state": "fine"}],
                [*SLOTS[:1], {"slot": "B"}],
                [*SLOTS[:1], {"slot": 1, "state": "good"}],
                [1],
                "A",
                None,
                ABSENT,
            ],
        },
    ),
}


@pytest.mark.parametrize("file", PROTOCOLS)
def test_schema_is_valid(file: str) -> None:
    schema = SCHEMAS.files[file]
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["title"] == PROTOCOLS[file]
    assert f"{MAX_ANSWER_BYTES // 1024} KiB" in schema["description"]
    calls = schema["$defs"]["request"]["properties"]["call"]["enum"]
    assert [(file, call) for call in calls] == [each for each in CALLS if each[0] == file]


@pytest.mark.parametrize(("file", "call"), CALLS)
def test_request_has_exactly_the_fields_of_the_schema(file: str, call: str) -> None:
    answer = {"protocol": PROTOCOLS[file], "problem": None, "found": False, **STATUS}
    program = Recorder(answer)
    with contextlib.suppress(OSError):  # This answer does not show all changes.
        CALLS[file, call](program)
    request = next(each for each in program.requests if each["call"] == call)
    assert allows(file, "request", request)
    assert {*request} == {*SCHEMAS.files[file]["$defs"]["request"]["properties"]}
    for name in request:
        rest = {key: value for key, value in request.items() if key != name}
        assert not allows(file, "request", rest), name
        assert not allows(file, "request", {**request, name: {}}), name


@pytest.mark.parametrize(("file", "part"), ANSWERS)
def test_schema_and_code_allow_the_same_answers(file: str, part: str) -> None:
    call, values = ANSWERS[file, part]
    protocols = [PROTOCOLS[file], "software_update.other.v1", ABSENT]
    taken = set()
    for each in itertools.product(protocols, *values.values()):
        fields = dict(zip(("protocol", *values), each, strict=True))
        answer = {name: value for name, value in fields.items() if value is not ABSENT}
        found = code_takes(CALLS[file, call], {**answer, "more": 1})
        assert allows(file, part, {**answer, "more": 1}) == found, answer
        taken.add(found)
    assert taken == {True, False}
    parts = SCHEMAS.files[file]["$defs"][part]["properties"]
    assert {*parts} == {"protocol", *values}


def code_takes(run: Callable[[Recorder], object], answer: dict[str, object]) -> bool:
    """Returns whether the code finds an answer valid, which may still report a problem."""
    try:
        result = run(Recorder(answer))
    except FileNotFoundError:
        return True
    except OSError as error:
        result = error
    return "its answer" not in str(result)


@pytest.mark.parametrize("file", PROTOCOLS)
def test_error(file: str) -> None:
    for error in ("no device", "", 1, None):
        answer: dict[str, object] = {"protocol": PROTOCOLS[file], "error": error}
        assert allows(file, "error", answer) == isinstance(error, str)
        assert code_takes(CALLS[file, "check"], answer) == isinstance(error, str)


def test_example_of_an_installer(tmp_path: Path) -> None:
    """Runs the example of the page with files in the place of volumes."""
    [example] = re.findall(r"```python\n(#!.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    script = tmp_path / "installer.py"
    script.write_text(example.replace("/dev/ubi0_", f"{tmp_path}/volume_"), encoding="utf-8")
    tool = tmp_path / "ubiupdatevol"
    tool.write_text('#!/bin/sh\nexec cp "$2" "$1"\n', encoding="utf-8")
    tool.chmod(0o755)

    def ask(call: str, **fields: object) -> Any:
        request = {"protocol": PROTOCOLS[INSTALLER], "call": call, **NOTHING, **fields}
        assert allows(INSTALLER, "request", request)
        ran = subprocess.run(
            [sys.executable, script],
            input=json.dumps(request).encode(),
            stdout=subprocess.PIPE,
            env={**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"},
            check=True,
        )
        answer = json.loads(ran.stdout)
        assert any(allows(INSTALLER, part, answer) for part in (PARTS[call], "error"))
        return answer

    assert ask("check")["problems"] == [
        f"{tmp_path}/volume_1: missing",
        f"{tmp_path}/volume_2: missing",
    ]
    for number in (1, 2):
        (tmp_path / f"volume_{number}").write_bytes(b"older")
    assert ask("check")["problems"] == []
    assert ask("problem", slot="B", target="mcu", length=8)["problem"] is None
    ask("clear", slot="B")
    file = tmp_path / "staging"
    file.write_bytes(b"firmware")
    ask("write", slot="B", target="mcu", length=8, file=str(file))
    assert (tmp_path / "volume_1").read_bytes() == b"older"
    assert ask("read", slot="B", target="mcu", offset=4, length=3, file=str(file))["found"]
    assert file.read_bytes() == b"war"
    (tmp_path / "volume_2").unlink()
    assert "error" in ask("read", slot="B", target="mcu", offset=0, length=3, file=str(file))


def test_page_lists_the_rules_of_backends() -> None:
    class ResumesNothing:
        """An installer that has the methods to continue a download, none of which works."""

        read_part = sync_target = resume = object()

    def gone() -> Any:
        return ResumesNothing()

    installer, boot = gone(), gone()
    found = check_installer(installer, "B", ["a", "b"], running="A", restart=gone)
    found += check_boot(boot, "B", gone)
    _, _, section = PAGE.read_text(encoding="utf-8").partition("## Check a backend")
    listed = [line.removeprefix("- ") for line in section.splitlines() if line.startswith("- ")]
    assert listed == [each.rule for each in found]
