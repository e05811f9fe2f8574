"""Tests of boot control through a program."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from software_update.client.boot.exec_program import PROTOCOL, ExecBoot
from software_update.client.boot_control import BootError, BootStatus, SlotState
from software_update.client.system import ProgramResult
from software_update.testing.fake_programs import FakePrograms, system_of


@dataclass
class Product:
    """A product's program with its boot loader. `ignored` calls change nothing."""

    booted: str = "A"
    primary: str | None = "A"
    slots: Any = field(default_factory=lambda: {"A": "good", "B": "unbootable"})
    ignored: tuple[str, ...] = ()
    calls: list[tuple[str, str | None]] = field(default_factory=list)

    def __call__(self, argv: Sequence[str], stdin: bytes) -> ProgramResult:
        request = json.loads(stdin)
        assert request["protocol"] == PROTOCOL
        assert request["slots"] == ["A", "B"]
        call, slot = request["call"], request["slot"]
        self.calls.append((call, slot))
        if call not in self.ignored:
            self.change(call, slot)
        answer: dict[str, Any] = {"protocol": PROTOCOL}
        if call == "check":
            answer |= {"problems": ["no flash"], "warnings": ["one copy\nonly"]}
        if call == "status":
            slots = self.slots
            if isinstance(slots, dict):
                slots = [{"slot": name, "state": state} for name, state in slots.items()]
            answer |= {"booted": self.booted, "primary": self.primary, "slots": slots}
        return ProgramResult(0, json.dumps(answer).encode(), b"")

    def change(self, call: str, slot: str) -> None:
        if call == "mark_unbootable":
            self.slots[slot] = "unbootable"
            self.primary = "A"
        if call == "try_slot":
            self.slots[slot] = "trying"
            self.primary = slot
        if call == "confirm":
            self.slots[slot] = "good"


def boot_of(product: Product) -> ExecBoot:
    return ExecBoot(system_of(FakePrograms(product)), ["/bin/product-boot"], ["A", "B"])


def test_update_that_is_confirmed() -> None:
    product = Product()
    boot = boot_of(product)
    boot.mark_unbootable("B")
    boot.try_slot("B")
    states = {"A": SlotState.GOOD, "B": SlotState.TRYING}
    assert boot.status() == BootStatus("A", "B", states)
    product.booted = "B"
    boot.confirm("B")
    assert boot.status() == BootStatus("B", "B", {"A": SlotState.GOOD, "B": SlotState.GOOD})
    changes = [each for each in product.calls if each[0] != "status"]
    assert changes == [("mark_unbootable", "B"), ("try_slot", "B"), ("confirm", "B")]


def test_check_and_warnings() -> None:
    boot = boot_of(Product())
    assert boot.check() == ["no flash"]
    assert boot.warnings() == ["one copy"]


@pytest.mark.parametrize("call", ["mark_unbootable", "try_slot", "confirm"])
def test_change_that_is_not_kept(call: str) -> None:
    product = Product(booted="B", primary="B", slots={"A": "good", "B": "trying"}, ignored=(call,))
    if call == "try_slot":
        product.slots["B"] = "good"
    error = f"/bin/product-boot: {call}: the status does not show the change of slot 'B'"
    with pytest.raises(BootError) as caught:
        getattr(boot_of(product), call)("B")
    assert str(caught.value) == error


def test_only_the_running_slot_is_confirmed() -> None:
    product = Product()
    with pytest.raises(BootError, match=r"^slot 'B': does not run; "):
        boot_of(product).confirm("B")
    assert ("confirm", "B") not in product.calls


def test_unknown_slot() -> None:
    product = Product()
    with pytest.raises(BootError, match=r"^slot 'C': is not one of A, B$"):
        boot_of(product).try_slot("C")
    assert product.calls == []


@pytest.mark.parametrize(
    ("field_", "value"),
    [
        ("booted", "C"),
        ("booted", None),
        ("booted", ["A"]),
        ("primary", "C"),
        ("primary", 1),
        ("slots", {"A": "good"}),
        ("slots", {"A": "good", "B": "fine"}),
        ("slots", {"A": "good", "B": ["good"]}),
        ("slots", {"A": "good", "B": "good", "C": "good"}),
        ("slots", ["A", "B"]),
        ("slots", 1),
        ("slots", [{"slot": "A", "state": "good"}] * 2 + [{"slot": "B", "state": "good"}]),
        ("slots", [{"slot": "A", "state": "good"}, {"slot": "B"}]),
        ("slots", [{"slot": [], "state": "good"}, {"slot": "B", "state": "good"}]),
    ],
)
def test_wrong_status(field_: str, value: Any) -> None:
    product = Product()
    setattr(product, field_, value)
    with pytest.raises(BootError) as caught:
        boot_of(product).status()
    assert str(caught.value) == (
        f"/bin/product-boot: status: its answer has no valid '{field_}' ({PROTOCOL})"
    )


def test_check_reports_a_program_that_does_not_answer() -> None:
    programs = FakePrograms(lambda argv, stdin: ProgramResult(7, b"", b""))
    boot = ExecBoot(system_of(programs), ["/bin/product-boot"], ["A", "B"])
    assert boot.check() == ["/bin/product-boot: check: ended with status 7"]


def test_check_without_its_fields() -> None:
    answer = json.dumps({"protocol": PROTOCOL, "problems": "none"}).encode()
    programs = FakePrograms(lambda argv, stdin: ProgramResult(0, answer, b""))
    boot = ExecBoot(system_of(programs), ["/bin/product-boot"], ["A", "B"])
    wrong = f"/bin/product-boot: check: its answer has no valid 'problems' ({PROTOCOL})"
    assert boot.check() == [wrong]
    with pytest.raises(BootError, match="no valid 'warnings'"):
        boot.warnings()
