"""Tests of RAUC as boot control, with a service in memory on three kinds of boot loaders.

`//tests/device:rauc_test` has tests with the real service.
"""

import json
from collections.abc import Callable, Sequence
from typing import cast

import pytest

from software_update.client.boot.rauc import Rauc
from software_update.client.boot_check import check_boot
from software_update.client.boot_control import BootControl, BootError, BootStatus, SlotState
from software_update.client.system import Clock, Network, ProgramResult, System
from software_update.testing.memory_storage import MemoryStorage

NAMES = {"A": "rootfs.0", "B": "rootfs.1"}
RECORD = "/var/lib/software_update/rauc_main.json"
CALL = ["busctl", "--json=short", "call", "de.pengutronix.rauc", "/"]
CALL += ["de.pengutronix.rauc.Installer"]
NO_PRIMARY = "primary is None, and must be 'A'"
GOOD, TRYING, UNBOOTABLE = SlotState.GOOD, SlotState.TRYING, SlotState.UNBOOTABLE


class Service:
    """RAUC and U-Boot. `order` has the slots that may start, `left` the starts of each."""

    tries = 3

    def __init__(self) -> None:
        self.order = ["rootfs.0", "rootfs.1"]
        self.left = dict.fromkeys(self.order, self.tries)
        self.booted = "rootfs.0"
        self.log: list[str] = []
        self.ignored: tuple[str, ...] = ()
        self.before_mark: Callable[[], None] = lambda: None

    def good(self, name: str) -> bool:
        return name in self.order and self.left[name] > 0

    def primary(self) -> str | None:
        return next((name for name in self.order if self.good(name)), None)

    def mark(self, state: str, name: str) -> None:
        self.left[name] = 0 if state == "bad" else self.tries
        if state != "good":
            self.order = [each for each in self.order if each != name]
        if state == "active":
            self.order.insert(0, name)

    def restart(self) -> None:
        name = self.primary()
        assert name is not None
        self.left[name] -= 1
        self.booted = name

    def run(
        self, argv: Sequence[str], *, stdin: bytes = b"", timeout: float = 30.0
    ) -> ProgramResult:
        if list(argv) == ["sync"]:
            self.log.append("sync")
            return ProgramResult(0, b"", b"")
        assert list(argv[:6]) == CALL
        method, *words = argv[6:]
        answer: object = None
        if method == "GetSlotStatus":
            answer = [[name, self.slot(name)] for name in NAMES.values()]
        elif method == "GetPrimary":
            answer = self.primary()
        else:
            assert (method, words[0]) == ("Mark", "ss")
            _, state, answer = words
            self.log.append(f"{state} {answer}")
            self.before_mark()
            if state not in self.ignored:
                self.mark(state, answer)
        if answer is None:
            return ProgramResult(1, b"", b"Call failed: Unable to find primary boot slot\n")
        return ProgramResult(0, json.dumps({"data": [answer]}).encode(), b"")

    def slot(self, name: str) -> dict[str, dict[str, str]]:
        values = {
            "bootname": name,
            "state": "booted" if name == self.booted else "inactive",
            "boot-status": "good" if self.good(name) else "bad",
        }
        return {key: {"type": "s", "data": value} for key, value in values.items()}


class GrubService(Service):
    """RAUC and GRUB: a slot starts once, and is bad until it is marked. The order keeps a bad slot."""

    tries = 1

    def __init__(self) -> None:
        super().__init__()
        self.bad: set[str] = set()

    def mark(self, state: str, name: str) -> None:
        self.bad.discard(name)
        self.left[name] = 0 if state == "bad" else self.tries
        if state == "bad":
            self.bad.add(name)
        if state == "active":
            self.order.sort(key=lambda each: each != name)

    def restart(self) -> None:
        """Without a slot that starts, the script starts its first entry, and forgets all starts."""
        if self.primary() is None:
            self.booted = "rootfs.0"
            self.left = {name: int(name not in self.bad) for name in self.left}
        else:
            super().restart()


class UefiService(Service):
    """RAUC and UEFI: an active slot starts once, by BootNext, and those in BootOrder always."""

    next: str | None = None

    def good(self, name: str) -> bool:
        return name in self.order

    def primary(self) -> str | None:
        return self.next or super().primary()

    def mark(self, state: str, name: str) -> None:
        if state == "active":
            self.next = name
            return
        self.order = [each for each in self.order if each != name]
        if state == "good":
            self.order.insert(0, name)

    def restart(self) -> None:
        name = self.primary()
        assert name is not None
        self.booted, self.next = name, None


@pytest.fixture(name="storage")
def storage_fixture() -> MemoryStorage:
    """A device with a state folder."""
    storage = MemoryStorage()
    storage.put("/var/lib/software_update/record", b"")
    return storage


@pytest.fixture(name="service")
def service_fixture() -> Service:
    return Service()


def boot_of(storage: MemoryStorage, service: Service) -> Rauc:
    return Rauc(System(storage, service, cast(Clock, None), cast(Network, None)), NAMES, RECORD)


@pytest.fixture(name="boot")
def boot_fixture(storage: MemoryStorage, service: Service) -> Rauc:
    return boot_of(storage, service)


@pytest.mark.parametrize(
    "kind, broken",
    [
        (Service, []),
        (UefiService, []),
        # RAUC names no slot that starts next while the running one is not confirmed.
        (GrubService, [("a slot that is not confirmed falls back", NO_PRIMARY)]),
    ],
)
def test_rules_of_boot_controls(
    kind: type[Service], broken: list[tuple[str, str]], storage: MemoryStorage
) -> None:
    service = kind()

    def restart() -> BootControl:
        service.restart()
        return boot_of(storage, service)

    found = check_boot(boot_of(storage, service), "B", restart)
    assert [(each.rule, each.problem) for each in found if each.problem] == broken
    assert len(found) == 19


def test_calls_of_an_update(boot: Rauc, service: Service) -> None:
    boot.mark_unbootable("B")
    boot.try_slot("B")
    service.restart()
    boot.confirm("B")
    assert service.log == [
        *("bad rootfs.1", "sync"),
        *("sync", "good rootfs.0", "active rootfs.1", "sync"),
        *("good rootfs.1", "sync"),
    ]


def test_trial_survives_a_power_cut(boot: Rauc, storage: MemoryStorage, service: Service) -> None:
    boot.try_slot("B")
    storage.cut_power()
    service.restart()
    assert boot.status() == BootStatus("B", "B", {"A": GOOD, "B": TRYING})


def test_slot_that_rauc_did_not_activate_before_a_power_cut_was_not_tried(
    boot: Rauc, service: Service
) -> None:
    boot.mark_unbootable("B")

    def cut() -> None:
        raise OSError("power")

    service.before_mark = cut
    with pytest.raises(BootError):
        boot.try_slot("B")
    assert boot.status() == BootStatus("A", "A", {"A": GOOD, "B": UNBOOTABLE})


def test_slot_never_starts_without_the_mark_of_a_trial(
    boot: Rauc, storage: MemoryStorage, service: Service
) -> None:
    """A power cut after the activation must not make it a good slot."""
    marks = []
    service.before_mark = lambda: marks.append(json.loads(storage.content(RECORD))["B"])
    boot.try_slot("B")
    assert marks == ["activating", "activating"]
    storage.put(RECORD, b'{"B": "activating"}')
    assert boot.status().slots["B"] == TRYING


def test_running_slot_by_its_last_start_keeps_its_state(boot: Rauc, service: Service) -> None:
    service.left["rootfs.0"] = 0
    assert boot.status() == BootStatus("A", "B", {"A": GOOD, "B": GOOD})
    boot.try_slot("B")
    for _ in range(3):
        service.restart()
    assert service.left["rootfs.1"] == 0
    assert boot.status() == BootStatus("B", "A", {"A": GOOD, "B": TRYING})


def test_no_slot_that_starts(boot: Rauc, service: Service) -> None:
    service.order.clear()
    assert boot.status() == BootStatus("A", None, {"A": GOOD, "B": UNBOOTABLE})
    boot.mark_unbootable("B")
    assert service.primary() == "rootfs.0"


def test_last_good_slot_stays_bootable(boot: Rauc, service: Service) -> None:
    boot.mark_unbootable("B")
    service.log.clear()
    with pytest.raises(BootError, match=r"no slot other than 'A' is good.*confirm another"):
        boot.mark_unbootable("A")
    assert service.log == []


def test_slot_that_was_given_up_is_not_restored(boot: Rauc, service: Service) -> None:
    boot.try_slot("B")
    service.restart()
    boot.mark_unbootable("B")
    service.log.clear()
    boot.try_slot("A")
    assert "good rootfs.1" not in service.log
    service.left["rootfs.0"] = 0
    with pytest.raises(BootError, match="no slot other than 'A' is good"):
        boot.mark_unbootable("A")


def test_slot_that_another_program_activates_is_good(boot: Rauc, service: Service) -> None:
    boot.mark_unbootable("B")
    service.mark("active", "rootfs.1")
    assert boot.status() == BootStatus("A", "B", {"A": GOOD, "B": GOOD})
    boot.confirm("A")
    assert boot.status().primary == "A"


def test_primary_of_another_kind_is_none(boot: Rauc, service: Service) -> None:
    service.order.insert(0, "rescue.0")
    service.left["rescue.0"] = 1
    assert boot.status().primary is None


@pytest.mark.parametrize("state", ["bad", "active", "good"])
def test_change_that_rauc_does_not_keep(state: str, boot: Rauc, service: Service) -> None:
    service.ignored = (state, "active")
    calls = {"bad": boot.mark_unbootable, "active": boot.try_slot, "good": boot.confirm}
    service.left["rootfs.0"] = 0 if state == "good" else 3
    with pytest.raises(BootError, match=f"RAUC: does not show slot '.' as {state} after"):
        calls[state]("A" if state == "good" else "B")


def test_primary_that_cannot_be_read(boot: Rauc, service: Service) -> None:
    """It is an error, and not None, while a slot is good."""
    service.primary = lambda: None  # type: ignore[method-assign]
    [problem] = boot.check()
    assert problem == (
        "busctl: ended with 1 (Call failed: Unable to find primary boot slot); "
        "check RAUC's service: systemctl status rauc"
    )


def test_unknown_slot(boot: Rauc) -> None:
    for call in (boot.mark_unbootable, boot.try_slot):
        with pytest.raises(BootError, match="slot 'C': is not one of A, B"):
            call("C")


@pytest.mark.parametrize("content", [b"x", b'{"B": "bad"}', b'{"B": ["trying"]}'])
def test_damaged_record(content: bytes, boot: Rauc, storage: MemoryStorage) -> None:
    storage.put(RECORD, content)
    assert boot.check() == [
        f"{RECORD}: is not a record of slots; remove it, and RAUC's states count"
    ]


def test_usable_service(boot: Rauc) -> None:
    assert boot.check() == boot.warnings() == []


def test_slot_without_a_bootname(boot: Rauc, service: Service) -> None:
    service.slot = lambda name: {}  # type: ignore[method-assign]
    [problem] = boot.check()
    assert problem.startswith("RAUC: slot 'A' is rootfs.0 in 'names', which is not a slot with a")


def test_running_slot_without_a_name(boot: Rauc, service: Service) -> None:
    service.booted = "rescue.0"
    assert boot.check() == [
        "RAUC: not exactly one slot of rootfs.0, rootfs.1 is booted; correct 'names'"
    ]


@pytest.mark.parametrize("answer", [b"s x", b"{}", b'{"data": []}', b'{"data": [[["a", 1]]]}'])
def test_answer_of_an_unknown_form(answer: bytes, boot: Rauc, service: Service) -> None:
    service.run = lambda *_, **__: ProgramResult(0, answer, b"")  # type: ignore[method-assign]
    [problem] = boot.check()
    assert problem.startswith("busctl: the answer of GetSlotStatus has an unknown form; use")


def test_missing_busctl(boot: Rauc, service: Service) -> None:
    def run(argv: Sequence[str], **_: object) -> ProgramResult:
        raise FileNotFoundError(2, "No such file or directory", argv[0])

    service.run = run  # type: ignore[method-assign]
    assert boot.check() == ["busctl: missing; install it (Debian and Yocto: systemd)"]
