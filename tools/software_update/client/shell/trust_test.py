"""Tests of first trust and of the factory reset: what they keep, and power cuts in them."""

from collections.abc import Callable, Sequence

import pytest

from software_update.base.errors import UsageError
from software_update.client import rollout_secret
from software_update.client.config import Approvers
from software_update.client.question import Phase
from software_update.client.root_chain import fingerprint, readable
from software_update.client.shell.callers import Caller
from software_update.client.shell.client import Client
from software_update.client.shell.control import ActionRefused, Control
from software_update.client.simulator.crashes import Ending, Ran, Scenario, State, explore
from software_update.client.simulator.image import Image
from software_update.client.simulator.machine import SimulatedClock
from software_update.client.simulator.power import Power
from software_update.client.simulator.storage import SimulatedStorage
from software_update.client.state import Code, Detail, Reply, Staging
from software_update.client.system import System
from software_update.format.rollout import SECRET_BYTES
from software_update.testing import encode as e
from software_update.testing.fake_device import STATE, FakeDevice
from software_update.verify.roots import trust_root

CONTENTS = {"app": b"application\n", "boot": b"bootloader\n"}
ALICE, MALLORY = (Caller(name, frozenset({name})) for name in ("alice", "mallory"))
FIRST = e.signed(e.root(), e.ROOT_KEY)
FOREIGN = e.signed(e.root(1, [e.ROOT_KEY_2], [e.TARGETS_KEY_2]), e.ROOT_KEY_2)
PRINT = fingerprint(trust_root(FOREIGN))


def bundle(version: int, *, foreign: bool = False) -> bytes:
    if not foreign:
        return e.bundle(CONTENTS, version=version)
    targets = e.signed(e.targets(CONTENTS, version), e.TARGETS_KEY_2)
    payloads = b"".join(e.payload(name, content) for name, content in CONTENTS.items())
    return e.root_entry(FOREIGN) + e.targets_entry(targets) + payloads


def started(device: FakeDevice, anchor: bytes = FIRST, **changes: object) -> Control:
    domain = device.domain(anchor=anchor, **changes)  # type: ignore[arg-type]
    client = Client(device.system, STATE, {"main": domain})
    client.start()
    client.run()
    return Control(client, Approvers(frozenset({"alice"}), frozenset()))


def updated(version: int = 7) -> FakeDevice:
    """Returns a device that has committed a release."""
    device = FakeDevice()
    device.offer(bundle(version))
    control = started(device)
    control.check(ALICE)
    control.answer(ALICE, Reply.YES, list(Phase))
    control._client.run()
    device.boot.start()
    device.clock.boot = "boot-2"
    control = started(device)
    assert code(control) == Code.UPDATED
    return device


def code(control: Control) -> Code | None:
    result = control._client.state.result
    return result.code if result else None


def domain(control: Control) -> dict[str, object]:
    found: dict[str, object] = control.status()["domains"]["main"]
    return found


@pytest.mark.parametrize("typed", [PRINT, PRINT.upper(), readable(PRINT), PRINT[:20] + ":"])
def test_person_confirms_the_fingerprint(typed: str) -> None:
    device = updated()
    control = started(device, FOREIGN)
    assert domain(control)["root_refused"] == "ANCHOR_REFUSED"
    assert control.status()["actions"][0] == "trust"
    assert domain(control)["image_root"] == {"version": 1, "fingerprint": PRINT}
    control.trust(ALICE, typed)
    assert (domain(control)["root_refused"], code(control)) == (None, Code.ROOT_TRUSTED)
    assert "trust" not in control.status()["actions"]
    assert (domain(control)["root_fingerprint"], control.status()["problem"]) == (PRINT, None)
    told = control.history()["lines"][-1]
    former = fingerprint(trust_root(FIRST))
    assert (told["event"], told["who"]) == ("RootTrusted", "alice")
    assert (told["fingerprint"], told["former"]) == (PRINT, former)
    control = started(device, FOREIGN)
    assert domain(control)["root_refused"] is None
    # The image of the earlier vendor is the foreign one now.
    assert domain(started(device))["root_refused"] == "ANCHOR_REFUSED"


def test_root_is_not_trusted_without_its_fingerprint() -> None:
    device = updated()
    control = started(device, FOREIGN)
    with pytest.raises(ActionRefused, match="has another fingerprint"):
        control.trust(ALICE, fingerprint(trust_root(FIRST)))
    with pytest.raises(ActionRefused, match="has another fingerprint"):
        control.trust(ALICE, PRINT + "0")
    for typed in ("", "yes", PRINT[:19]):
        with pytest.raises(UsageError, match="state at least 20 of them"):
            control.trust(ALICE, typed)
    with pytest.raises(ActionRefused, match="user mallory may not do this"):
        control.trust(MALLORY, PRINT)
    assert domain(control)["root_refused"] == "ANCHOR_REFUSED"
    assert control.history()["lines"][-1]["event"] != "RootTrusted"


def test_root_in_force_is_not_replaced() -> None:
    control = started(updated())
    with pytest.raises(ActionRefused, match="a root is in force"):
        control.trust(ALICE, fingerprint(trust_root(FIRST)))


def test_floor_stays_unless_the_person_ends_it() -> None:
    device = updated(7)
    control = started(device, FOREIGN)
    control.trust(ALICE, PRINT)
    floor = domain(control)["floor"]
    assert isinstance(floor, dict) and floor["targets_version"] == 7
    assert domain(control)["slots"] != {}
    assert control.history()["lines"][-1]["ends_floor"] is False


def test_releases_of_another_vendor_are_counted_anew() -> None:
    device = updated(7)
    control = started(device, FOREIGN)
    control.trust(ALICE, PRINT, ends_floor=True)
    assert (domain(control)["floor"], domain(control)["below_floor"]) == (None, False)
    assert control.history()["lines"][-1]["ends_floor"] is True
    device.offer(bundle(2, foreign=True))
    control.install(ALICE, "/stick/update.bundle")
    assert control._client.state.detail == Detail.AWAITING_CONSENT
    device.offer(bundle(9))
    with pytest.raises(ActionRefused):
        control.install(ALICE, "/stick/update.bundle")


def test_trust_makes_earlier_answers_void() -> None:
    device = updated(7)
    device.offer(bundle(8))
    control = started(device)
    control.check(ALICE)
    control.answer(ALICE, Reply.YES, [Phase.RESTART])
    assert control._client.state.answers != ()
    control = started(device, FOREIGN)
    control.trust(ALICE, PRINT)
    assert (control._client.state.answers, control._client.state.plan) == ((), None)


def test_broken_chain_is_repaired_by_a_person() -> None:
    device = updated(7)
    (name,) = device.storage.list(f"{STATE}/roots")
    device.storage.put(f"{STATE}/roots/{name}", b"")
    control = started(device)
    assert domain(control)["root_refused"] == "ROOT_CHAIN_BROKEN"
    control.trust(ALICE, fingerprint(trust_root(FIRST)))
    assert control.history()["lines"][-1]["former"] == ""
    assert domain(started(device))["root_refused"] is None


# Factory reset.


def test_factory_reset_keeps_what_belongs_to_the_device() -> None:
    device = updated(7)
    second = e.signed(e.root(2), e.ROOT_KEY)
    device.offer(e.bundle(CONTENTS, version=8, signed_root=second))
    control = started(device, preset="auto-security", staging=Staging.STORE)
    control.check(ALICE)
    control.answer(ALICE, Reply.YES)
    control.set_preset(ALICE, "never")
    control.set_preset(ALICE, "ask")
    control._client.run()
    before = control._client.state
    secret = bytes(range(SECRET_BYTES))
    device.storage.put(f"{STATE}/{rollout_secret.NAME}", secret)
    lines = control.history()["total"]
    control.factory_reset(ALICE)
    after = control._client.state
    assert (after.answers, after.plan, after.detail) == ((), None, Detail.IDLE)
    assert (code(control), domain(control)["preset"]) == (Code.FACTORY_RESET, "auto-security")
    assert not device.storage.exists(f"{STATE}/stored.bundle")
    old, new = before.domain("main"), after.domain("main")
    assert (new.root, new.floor, new.slots) == (old.root, old.floor, old.slots)
    assert domain(control)["root_version"] == 2
    assert (control.verify_history()["total"], after.seen) == (lines + 1, before.seen)
    assert device.storage.content(f"{STATE}/{rollout_secret.NAME}") == secret
    told = control.history()["lines"][-1]
    assert (told["event"], told["who"]) == ("FactoryReset", "alice")


def test_factory_reset_keeps_a_bad_release_in_quarantine() -> None:
    device = FakeDevice()
    device.offer(bundle(7)[:-1] + b"!")
    control = started(device)
    for _ in range(3):
        control.check(ALICE)
        control.answer(ALICE, Reply.YES, list(Phase))
        control._client.run()
    assert control._client.state.detail == Detail.QUARANTINED
    control.factory_reset(ALICE)
    assert [each.count for each in control._client.state.failures] == [3]
    control.check(ALICE)
    assert code(control) == Code.QUARANTINED


def test_factory_reset_waits_for_a_slot_that_may_start() -> None:
    device = FakeDevice()
    device.offer(bundle(7))
    control = started(device)
    control.check(ALICE)
    with pytest.raises(ActionRefused, match="user mallory may not do this"):
        control.factory_reset(MALLORY)
    control.answer(ALICE, Reply.YES, list(Phase))
    control._client.run()
    assert control._client.state.detail == Detail.AWAITING_RESTART
    with pytest.raises(ActionRefused, match="an update is under way"):
        control.factory_reset(ALICE)


# Power cuts.


def client_of(storage: SimulatedStorage, anchor: bytes) -> Client:
    device = FakeDevice()
    system = System(storage, device.programs, SimulatedClock(), device.system.network)
    domains = {"main": device.domain(anchor=anchor, sources=[])}
    return Client(system, STATE, domains)


def used(state: State, power: Power, anchor: bytes, act: Callable[[Control], object]) -> Ran:
    storage = SimulatedStorage(state.image, power)
    client = client_of(storage, anchor)
    client.start()
    act(Control(client, Approvers(frozenset({"alice"}), frozenset())))
    client.run()
    return Ran(Ending.DONE, storage.snapshot())


def at_first() -> Image:
    """Returns the medium of a device that is in use, with a preset of its user."""
    empty = State(Image.of({"/lib": None}))
    ran = used(empty, Power(), FIRST, lambda control: control.set_preset(ALICE, "never"))
    return ran.last.durable()


def test_trust_survives_every_power_cut() -> None:
    def trust(control: Control) -> None:
        if control._client.state.root_refused:
            control.trust(ALICE, PRINT)

    def problems(image: Image) -> Sequence[str]:
        """Either root is in force in its image, and never none."""
        refused = []
        for anchor in (FIRST, FOREIGN):
            client = client_of(SimulatedStorage(image, Power()), anchor)
            client.start()
            refused.append(bool(client.state.root_refused))
        return [] if sorted(refused) == [False, True] else [f"refused are {refused}"]

    table = explore(
        Scenario(
            "trust",
            at_first(),
            lambda state, power: used(state, power, FOREIGN, trust),
            image_problems=problems,
        ),
        depth=1,
    )
    assert [str(each) for each in table.violations] == []
    assert table.outcomes > 10


def test_factory_reset_survives_every_power_cut() -> None:
    def problems(image: Image) -> Sequence[str]:
        client = client_of(SimulatedStorage(image, Power()), FIRST)
        client.start()
        done = client.state.result is not None
        preset = client.state.domain("main").preset
        found = [] if preset == ("ask" if done else "never") else [f"the preset is {preset}"]
        return found + (["the root is lost"] if client.state.root_refused else [])

    table = explore(
        Scenario(
            "factory reset",
            at_first(),
            lambda state, power: used(state, power, FIRST, lambda c: c.factory_reset(ALICE)),
            image_problems=problems,
        ),
        depth=1,
    )
    assert [str(each) for each in table.violations] == []
    assert table.outcomes > 10
