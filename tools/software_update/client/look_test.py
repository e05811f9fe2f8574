"""Tests of the look at a bundle: what is verified, which plan is made of it, and what does not fit."""

import json
from dataclasses import replace
from typing import Any

import pytest

from software_update.client.boot_control import BootStatus, SlotState
from software_update.client.claimed import UNLIMITED, Grant
from software_update.client.domain import Place
from software_update.client.installers.directory import DirectoryInstaller
from software_update.client.look import Known, Look, check_room, inactive_slot, look, make_plan
from software_update.client.staging import PlanFailed
from software_update.client.state import Code, Staging
from software_update.client.stored_bundle import StoredBundle
from software_update.format.claims import Claims, TargetClaim
from software_update.format.release_manifest import ReleaseManifest, build_release
from software_update.testing import encode as e
from software_update.testing.fake_device import FakeDevice, ForwardBundle
from software_update.verify.roots import trust_root

SAID = build_release(ReleaseManifest("Lamp", "1.7", 7))
CONTENTS = {"user_manifest": SAID, "app": b"application", "boot": b"bootloader"}
ROOT = trust_root(e.signed(e.root(), e.ROOT_KEY))
SECOND_ROOT = e.signed(e.root(version=2), e.ROOT_KEY)


@pytest.fixture(name="device")
def device_fixture() -> FakeDevice:
    return FakeDevice()


def look_at(device: FakeDevice, content: bytes, kind: Any = StoredBundle, **changes: Any) -> Look:
    device.offer(content)
    bundle = kind(device.storage.open("/stick/update.bundle"))
    return look(device.domain(**changes), bundle, Known(ROOT, None, 0))


@pytest.mark.parametrize("kind", [StoredBundle, ForwardBundle])
def test_plan_has_what_the_release_says(device: FakeDevice, kind: Any) -> None:
    found = look_at(device, e.bundle(CONTENTS, version=5), kind)
    assert (found.problem, found.root is None or found.root.signed is None) == (None, True)
    plan = make_plan(device.domain(staging=Staging.STORE), found, "B", 2, "m" * 64)
    assert (plan.product, plan.version, plan.counter, plan.targets_version) == ("Lamp", "1.7", 7, 5)
    assert (plan.slot, plan.source, plan.staging, plan.manifest) == (
        "B",
        2,
        Staging.STORE,
        "m" * 64,
    )
    assert plan.root == ROOT.id.sha256.hex()
    assert len(plan.signers) == 1
    payloads = len(CONTENTS["app"]) + len(CONTENTS["boot"])
    # Over a network, the headers of payloads are fetched, too.
    assert payloads <= plan.size <= payloads + (0 if kind is StoredBundle else 40)


def test_release_without_a_manifest_is_named_after_its_domain(device: FakeDevice) -> None:
    contents = {name: CONTENTS[name] for name in ("app", "boot")}
    found = look_at(device, e.bundle(contents, version=5))
    plan = make_plan(device.domain(), found, "B", 0, "")
    assert (plan.product, plan.version, plan.counter) == ("main", "5", None)


def test_newer_root_is_found_even_if_the_release_is_not_accepted(device: FakeDevice) -> None:
    bundle = e.bundle(CONTENTS, version=5, signed_root=SECOND_ROOT, signers=(e.ROOT_KEY,))
    found = look_at(device, bundle)
    assert found.root is not None
    assert found.root.signed == SECOND_ROOT
    assert found.problem is not None
    assert (found.problem.code, found.release) == (Code.REFUSED, None)


def test_manifest_after_a_payload_cannot_be_verified_before_it_is_fetched(
    device: FakeDevice,
) -> None:
    late = e.payload("user_manifest", SAID)
    content = e.bundle(CONTENTS, version=5).replace(late, b"") + late
    assert look_at(device, content).problem is None
    found = look_at(device, content, ForwardBundle)
    assert found.problem is not None
    assert found.problem.code == Code.ORDER_NOT_TAKEN


def test_target_without_an_installer_is_a_problem(device: FakeDevice) -> None:
    found = look_at(device, e.bundle({**CONTENTS, "radio": b"x"}, version=5))
    assert found.problem is not None
    assert found.problem.code == Code.NO_PLACE
    assert "takes target 'radio'" in str(found.problem)


CLAIMED = build_release(
    ReleaseManifest("Lamp", "1.7", 7),
    Claims((TargetClaim("app", "lamp", "application", ("network", "radio")),)),
)


@pytest.mark.parametrize(
    "grant", [UNLIMITED, Grant(("radio", "network"), ("application",)), Grant(("radio",))]
)
def test_claim_beyond_the_powers_of_the_domain_is_refused(device: FakeDevice, grant: Grant) -> None:
    found = look_at(
        device, e.bundle({**CONTENTS, "user_manifest": CLAIMED}, version=5), grant=grant
    )
    if grant.powers is None or "network" in grant.powers:
        assert found.problem is None
        return
    assert found.problem is not None
    assert (found.problem.code, found.release) == (Code.REFUSED, None)
    assert str(found.problem) == (
        "POWER_NOT_ALLOWED: target 'app': claims the power network, which domain 'main' does not have "
        "(its powers: radio)"
    )


@pytest.mark.parametrize(
    "targets", [7, {"\x1b[2J\n": {}}, {"app": {"component": "x" * 65}}, [[[[[[[[[[]]]]]]]]]]]
)
def test_malformed_claims_are_refused_in_one_line(device: FakeDevice, targets: object) -> None:
    said = json.dumps({**json.loads(SAID), "targets": targets}).encode()
    found = look_at(device, e.bundle({**CONTENTS, "user_manifest": said}, version=5))
    assert found.problem is not None
    assert found.problem.code == Code.REFUSED
    assert str(found.problem).startswith("MALFORMED_CLAIMS: release manifest: targets")
    assert str(found.problem).isprintable()


def test_targets_of_one_installer_share_its_room(device: FakeDevice) -> None:
    installer = DirectoryInstaller(device.storage, {"B": "/slots/B"})
    places = [Place(("*",), installer)]
    found = look_at(device, e.bundle(CONTENTS, version=5), places=places)
    domain = device.domain(places=places)
    assert found.release is not None
    device.storage.free = 21
    check_room(domain, "B", found.release.targets)
    device.storage.free = 20
    with pytest.raises(PlanFailed, match="has room for 20 bytes") as caught:
        check_room(domain, "B", found.release.targets)
    assert caught.value.code == Code.NO_ROOM


def test_slot_that_does_not_run_is_chosen(device: FakeDevice) -> None:
    domain = device.domain(slots=("A", "B", "C"))
    status = BootStatus("A", "A", {"A": SlotState.GOOD})
    assert inactive_slot(domain, status) == "B"
    assert inactive_slot(domain, replace(status, booted="B")) == "A"
    with pytest.raises(PlanFailed, match="has no slot besides the one that runs; add one"):
        inactive_slot(device.domain(slots=("A",)), status)
