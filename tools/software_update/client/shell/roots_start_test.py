"""Tests of the roots at a start of the client: the image's and the stored ones, and power cuts between."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from software_update.base.errors import InputError
from software_update.client import named_files
from software_update.client.boot_control import SlotState
from software_update.client.config import Approvers
from software_update.client.question import Phase
from software_update.client.root_chain import decode_chain, encode_chain
from software_update.client.shell.callers import Caller
from software_update.client.shell.client import Client
from software_update.client.shell.control import ActionRefused, Control
from software_update.client.simulator.crashes import Ending, Ran, Scenario, State, explore
from software_update.client.simulator.image import Image
from software_update.client.simulator.machine import SimulatedClock
from software_update.client.simulator.power import Power
from software_update.client.simulator.storage import SimulatedStorage
from software_update.client.state import Code, Detail, Reply
from software_update.client.system import System
from software_update.testing import encode as e
from software_update.testing.fake_device import STATE, FakeDevice
from software_update.verify.roots import trust_root

CONTENTS = {"app": b"application\n", "boot": b"bootloader\n"}
ALICE = Caller("alice", frozenset({"alice"}))
FIRST, SECOND, THIRD, FOURTH = (e.signed(e.root(version), e.ROOT_KEY) for version in (1, 2, 3, 4))
FOREIGN = e.signed(e.root(2, [e.ROOT_KEY_2]), e.ROOT_KEY_2)


def started(
    device: FakeDevice, anchor: bytes = FIRST, chain: Sequence[bytes] = ()
) -> tuple[Client, Control]:
    domain = device.domain(anchor=anchor, anchor_chain=chain)
    client = Client(device.system, STATE, {"main": domain})
    client.start()
    client.run()
    return client, Control(client, Approvers(frozenset({"alice"}), frozenset()))


def stored(device: FakeDevice) -> list[int]:
    """Returns the versions of the stored roots."""
    (name,) = device.storage.list(f"{STATE}/roots")
    content = device.storage.content(f"{STATE}/roots/{name}")
    return [trust_root(each).common.version for each in decode_chain(content)]


def refused(control: Control) -> str | None:
    found: str | None = control.status()["domains"]["main"]["root_refused"]
    return found


def test_new_device_stores_the_root_of_its_image_and_tells_nothing() -> None:
    device = FakeDevice()
    client, control = started(device)
    assert (stored(device), refused(control)) == ([1], None)
    assert client.state.history.lines == 1  # The start itself.


def test_newer_image_moves_the_root_and_an_older_one_does_not_lower_it() -> None:
    device = FakeDevice()
    started(device)
    _, control = started(device, SECOND)
    assert stored(device) == [1, 2]
    told = control.history()["lines"][-1]
    assert (told["event"], told["version"], told["origin"]) == ("RootVerified", 2, "image")
    client, control = started(device, FIRST)
    assert stored(device) == [1, 2]
    assert client.root(client.domains["main"]).common.version == 2
    device.offer(e.bundle(CONTENTS, version=7))
    with pytest.raises(ActionRefused, match="version 1, the trusted root has 2"):
        control.install(ALICE, "/stick/update.bundle")


def test_image_several_roots_ahead_needs_those_between() -> None:
    device = FakeDevice()
    started(device)
    _, control = started(device, FOURTH)
    assert refused(control) == "ANCHOR_REFUSED"
    _, control = started(device, FOURTH, (SECOND, THIRD))
    assert (stored(device), refused(control)) == ([1, 2, 3, 4], None)


def test_roots_of_a_bundle_are_verified_from_the_image_at_each_start() -> None:
    device = FakeDevice()
    device.offer(e.chain(SECOND) + e.bundle(CONTENTS, version=7, signed_root=THIRD))
    client, control = started(device)
    control.check(ALICE)
    assert client.state.detail == Detail.AWAITING_CONSENT
    client, control = started(device)
    assert (stored(device), refused(control)) == ([1, 2, 3], None)
    assert client.root(client.domains["main"]).common.version == 3


@pytest.mark.parametrize("anchor", [FOREIGN, e.signed(e.root(1, [e.ROOT_KEY_2]), e.ROOT_KEY_2)])
def test_foreign_image_is_refused_by_name_and_installs_nothing(anchor: bytes) -> None:
    device = FakeDevice()
    started(device)
    device.offer(e.bundle(CONTENTS, version=7, signed_root=anchor))
    client, control = started(device, anchor)
    assert refused(control) == "ANCHOR_REFUSED"
    assert "do not lead from one to the other" in control.status()["problem"]
    assert control.history()["lines"][-1]["result"] == "ANCHOR_REFUSED"
    control.check(ALICE)
    assert client.state.detail == Detail.IDLE
    assert (client.state.result and client.state.result.code) == Code.ANCHOR_REFUSED
    with pytest.raises(ActionRefused, match="ANCHOR_REFUSED"):
        control.install(ALICE, "/stick/update.bundle")
    with pytest.raises(ActionRefused, match="do not lead"):
        control.manifest_of("/stick/update.bundle")
    assert device.source.times == 0
    lines = control.history()["total"]
    _, control = started(device, anchor)
    assert control.history()["total"] == lines  # One line for all starts.
    _, control = started(device)
    assert (refused(control), control.status()["problem"]) == (None, None)


def test_trial_of_an_image_with_a_foreign_root_goes_back() -> None:
    device = FakeDevice()
    device.offer(e.bundle(CONTENTS, version=7))
    client, control = started(device)
    control.check(ALICE)
    control.answer(ALICE, Reply.YES, list(Phase))
    client.run()
    device.boot.start()
    device.clock.boot = "boot-2"
    assert device.boot.booted == "B"
    client, _ = started(device, FOREIGN)
    assert client.state.detail == Detail.ROLLING_BACK
    assert device.boot.slots["B"] == SlotState.UNBOOTABLE
    device.boot.start()
    device.clock.boot = "boot-3"
    client, control = started(device)
    assert (client.state.result and client.state.result.code) == Code.ANCHOR_REFUSED
    assert (client.state.domain("main").floor, refused(control)) == (None, None)
    assert [each.count for each in client.state.failures] == [1]


@pytest.mark.parametrize("content", [None, b"", b"\0" * 99])
def test_damaged_roots_are_named_and_the_client_starts(content: bytes | None) -> None:
    device = FakeDevice()
    started(device)
    started(device, SECOND)
    (name,) = device.storage.list(f"{STATE}/roots")
    path = f"{STATE}/roots/{name}"
    if content is None:
        device.storage.remove(path)
    else:
        device.storage.put(path, content)
    client, control = started(device)
    assert refused(control) == "ROOT_CHAIN_BROKEN"
    assert control.status()["domains"]["main"]["root_version"] is None
    control.check(ALICE)
    assert (client.state.result and client.state.result.code) == Code.ROOT_CHAIN_BROKEN
    with pytest.raises(InputError):
        client.root(client.domains["main"])


def test_roots_that_an_intruder_writes_are_refused() -> None:
    """The names of files prove nothing against one who also writes the record."""
    device = FakeDevice()
    client, _ = started(device)
    name = named_files.put(device.storage, f"{STATE}/roots", encode_chain((FIRST, FOREIGN)))
    domain = replace(client.state.domain("main"), root=name)
    client._record.write(client.state.with_domain("main", domain))
    _, control = started(device)
    assert refused(control) == "ROOT_CHAIN_BROKEN"


# Power cuts.


def _client(storage: SimulatedStorage, anchor: bytes) -> Client:
    device = FakeDevice()
    system = System(storage, device.programs, SimulatedClock(), device.system.network)
    return Client(system, STATE, {"main": device.domain(anchor=anchor, sources=[])})


def _run(anchor: bytes, state: State, power: Power) -> Ran:
    storage = SimulatedStorage(state.image, power)
    client = _client(storage, anchor)
    client.start()
    client.run()
    return Ran(Ending.DONE, storage.snapshot())


def _version(image: Image) -> int | None:
    """Returns the version of the root that a start in the older image finds in force; None if none is."""
    client = _client(SimulatedStorage(image, Power()), FIRST)
    client.start()
    settled = client.state.root_refused
    return None if settled else client.root(client.domains["main"]).common.version


def _left_by(anchor: bytes) -> Image:
    storage = SimulatedStorage(Image.of({"/lib": None}), Power())
    client = _client(storage, anchor)
    client.start()
    client.run()
    return storage.snapshot().durable()


@pytest.mark.parametrize(
    ("start", "anchor", "ends"),
    [
        (Image.of({"/lib": None}), FIRST, 1),
        (_left_by(FIRST), SECOND, 2),
        (_left_by(SECOND), FIRST, 2),
    ],
)
def test_start_survives_every_power_cut(start: Image, anchor: bytes, ends: int) -> None:
    def never_lower(before: Image, after: Image) -> Sequence[str]:
        old, new = _version(before), _version(after)
        return [] if old is None or (new or 0) >= old else [f"the root falls from {old} to {new}"]

    def at_the_end(image: Image) -> Sequence[str]:
        found = _version(image)
        return [] if found == ends else [f"the root is {found}, and not {ends}"]

    table = explore(
        Scenario(
            "roots",
            start,
            lambda state, power: _run(anchor, state, power),
            change_problems=never_lower,
            end_problems=at_the_end,
        ),
        depth=1,
    )
    assert [str(each) for each in table.violations] == []
    assert table.outcomes > 5
