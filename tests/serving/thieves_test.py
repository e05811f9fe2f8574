"""Powers of a thief of each key of a repository, as docs/explanation/repository_keys.md lists them.

The thief also has the server: a key does nothing without a way to devices.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from software_update.client.state import Code, Detail
from software_update.format.rollout import Band, Rollout
from software_update.testing import encode as e
from software_update.testing.tuf_site import DAY, TufSite, new_key, signed
from tuf.api.metadata import MetaFile

from tests.serving.device import World, bundle, honest_entry

OLD, NEW = bundle(2), bundle(3)


@pytest.fixture(name="world")
def world_fixture(tmp_path: Path) -> World:
    return World(tmp_path)


def rules(content: bytes, *, halted: bool = False, percent: int = 100) -> Rollout:
    return Rollout(honest_entry(content).release, (Band(percent, 0),), halted)


def lists(site: TufSite) -> dict[str, MetaFile]:
    """Returns what the snapshot says of the lists and the rules now."""
    names = (site.channel_role, site.rollout_role)
    return {f"{name}.json": site.snapshot.meta[f"{name}.json"] for name in names}


def publish_with_the_snapshot_key(site: TufSite, meta: dict[str, MetaFile]) -> None:
    site.snapshot.meta.update(meta)
    site.publish_snapshot()
    site.publish_timestamp()


def offered(world: World) -> str | None:
    """Returns the version that the device asks about after a check; None if it asks about none."""
    world.check()
    plan = world.client.state.plan
    return plan.version if plan and world.detail is Detail.AWAITING_CONSENT else None


def ended(world: World, code: Code) -> None:
    """Checks the result of the last check or update."""
    assert world.code is code


# The snapshot key.


def test_snapshot_key_shows_older_lists_and_rules_to_a_device_that_has_not_seen_newer_ones(
    world: World,
) -> None:
    world.publish(OLD)
    before = lists(world.site)
    world.publish(NEW, rules=rules(OLD, halted=True))
    publish_with_the_snapshot_key(world.site, before)
    assert offered(world) == "2.0"


def test_snapshot_key_does_not_take_back_what_a_device_has_seen(world: World) -> None:
    world.publish(OLD)
    before = lists(world.site)
    world.publish(NEW, rules=rules(OLD, halted=True))
    world.check()
    publish_with_the_snapshot_key(world.site, before)
    assert offered(world) is None
    ended(world, Code.REPOSITORY_ROLLED_BACK)


def test_snapshot_key_hides_releases_until_the_lists_expire(world: World) -> None:
    site, clock = world.site, world.device.clock
    start = clock.wall
    for day, code in ((0, Code.UP_TO_DATE), (89, Code.UP_TO_DATE), (90, Code.REPOSITORY_EXPIRED)):
        site.at = clock.wall = start + day * DAY
        publish_with_the_snapshot_key(site, {})
        world.check()
        ended(world, code)


# Keys that do nothing without the snapshot key.


@pytest.mark.parametrize("role", ["channel", "rollout"])
def test_list_or_rules_without_the_snapshot_key_change_nothing(world: World, role: str) -> None:
    site = world.site
    world.publish(OLD, rules=rules(OLD, halted=True))
    world.check()
    ended(world, Code.HALTED)
    before = dict(site.snapshot.meta)
    if role == "channel":
        site.add_bundle(NEW, honest_entry(NEW))
        site.publish_role(site.channel_role)
    else:
        site.set_rollouts(rules(OLD))
        site.publish_role(site.rollout_role)
    site.snapshot.meta = before
    assert offered(world) is None
    ended(world, Code.HALTED)


# The rollout key with the snapshot key.


def test_rollout_and_snapshot_keys_end_halts_and_bands(world: World) -> None:
    world.publish(OLD, rules=rules(OLD, halted=True))
    assert offered(world) is None
    world.site.set_rollouts(rules(OLD))
    world.site.publish(world.site.rollout_role)
    assert offered(world) == "2.0"


def test_rollout_and_snapshot_keys_halt_every_release(world: World) -> None:
    world.publish(OLD, rules=rules(OLD, halted=True))
    world.client.check("main", by_person=True)
    world.client.run()
    ended(world, Code.HALTED)


# The targets key with the snapshot key.


def test_targets_and_snapshot_keys_choose_among_signed_releases_above_the_floor(
    world: World,
) -> None:
    world.publish(NEW)
    site = world.site
    site.roles[site.channel_role].targets.clear()
    world.publish(OLD)
    assert offered(world) == "2.0"


def test_targets_and_snapshot_keys_offer_nothing_below_the_floor(world: World) -> None:
    world.publish(OLD)
    assert offered(world) == "2.0"
    while world.detail is Detail.AWAITING_CONSENT:
        world.agree()
    world.device.boot.start()
    world.start()
    ended(world, Code.UPDATED)
    site = world.site
    site.roles[site.channel_role].targets.clear()
    first = bundle(1)
    world.publish(first)
    assert offered(world) is None
    site.roles[site.channel_role].targets.clear()
    world.publish(first, honest_entry(first)._replace(counter=9, version="9.0"))
    assert offered(world) is None
    ended(world, Code.REFUSED)


def test_targets_and_snapshot_keys_replace_the_rollout_key(world: World) -> None:
    site = world.site
    world.publish(OLD, rules=rules(OLD, halted=True))
    assert offered(world) is None
    site.signers.pop(site.rollout_role)
    site.delegate(site.rollout_role, [site.rollout_path], terminating=True, signers=[new_key()])
    site.set_rollouts(rules(OLD))
    site.publish("targets", site.rollout_role)
    assert offered(world) == "2.0"


# The root key.


def steal_root(site: TufSite) -> None:
    """Publishes a root that gives each role to the thief."""
    online = [new_key()]
    stolen = site.signers["root"]
    thief = {"root": [new_key()], "targets": [new_key()], "snapshot": online, "timestamp": online}
    site.signers.update(thief)
    site.publish_root(*stolen)
    site.delegate(site.channel_role, [f"{site.folder}*"], signers=site.signers["targets"])
    site.publish("targets", site.channel_role, site.rollout_role)


def test_root_key_takes_the_repository_and_installs_nothing_of_its_own(world: World) -> None:
    site = world.site
    world.check()
    honest, root, keys = dict(site.objects), site.root.version, dict(site.signers)
    steal_root(site)
    world.publish(bundle(3, keys=(e.Key.named("thief"),)))
    assert offered(world) is None
    ended(world, Code.REFUSED)
    # The publisher's own next root comes too late for this device.
    site.objects = honest
    site.root.version = root
    site.signers = keys
    site.publish_root()
    site.publish()
    assert offered(world) is None
    assert world.code in (Code.REPOSITORY_UNSIGNED, Code.REPOSITORY_ROLLED_BACK)


# Keys of the product with those of the repository.


def test_product_and_repository_keys_do_not_get_past_consent(world: World) -> None:
    """The thief signs a release of their own, and lists it for all devices."""
    world.publish(bundle(9))
    before = list(world.device.boot.calls)
    names = world.requests(lambda: offered(world))
    plan = world.client.state.plan
    assert plan is not None and plan.version == "9.0"
    assert world.detail is Detail.AWAITING_CONSENT
    [first_part] = [each for each in names if each.startswith("targets/")]
    assert first_part.endswith("9.0.bundle")
    world.decline()
    assert offered(world) is None
    ended(world, Code.DECLINED)
    assert world.device.boot.calls == before


# What to do afterwards.


@pytest.mark.parametrize("replaced", [["targets"], ["targets", "snapshot", "timestamp"]])
def test_versions_of_a_thief_end_with_the_snapshot_key(world: World, replaced: list[str]) -> None:
    """A thief of targets and snapshot has used up the versions, as far as they go."""
    site = world.site
    world.check()
    channel = site.roles[site.channel_role]
    honest = channel.version
    channel.version = 10**9
    site.publish(site.channel_role)
    world.check()
    channel.version = honest
    online = [new_key()]
    for role in replaced:
        site.signers[role] = online if role != "targets" else [new_key()]
    site.publish_root()
    site.delegate(site.channel_role, [f"{site.folder}*"], signers=site.signers["targets"])
    site.publish("targets")
    world.publish(OLD)
    world.check()
    if "snapshot" in replaced:
        assert world.detail is Detail.AWAITING_CONSENT
    else:
        assert world.code in (Code.REPOSITORY_ROLLED_BACK, Code.REPOSITORY_INCONSISTENT)


def test_next_root_ends_what_a_stolen_snapshot_key_can_sign(world: World) -> None:
    site = world.site
    world.check()
    stolen = site.signers["snapshot"]
    site.signers["snapshot"] = site.signers["timestamp"] = [new_key()]
    site.publish_root()
    site.publish()
    world.check()
    ended(world, Code.UP_TO_DATE)
    site.timestamp.version += 1
    site.objects["metadata/timestamp.json"] = signed(site.timestamp, *stolen)
    world.check()
    ended(world, Code.REPOSITORY_UNSIGNED)
