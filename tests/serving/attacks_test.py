"""The table of attacks on a repository: the real client rejects each, with a reason that has a name.

An attacker of the server or the network has no key; a thief has some. In each case nothing is installed, and
no byte of a payload is fetched.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from software_update.client.state import Code, Detail
from software_update.client.system import Response
from software_update.format.rollout import Band, Rollout
from software_update.testing import encode as e
from software_update.testing.tuf_site import DAY, answer_of, new_key, signed
from tuf.api.metadata import Targets

from tests.serving.device import BOOT, World, bundle, honest_entry

NEW = bundle(2)
ROLES = ["root", "timestamp", "snapshot", "targets", "channel", "rollout"]


@pytest.fixture(name="world")
def world_fixture(tmp_path: Path) -> World:
    return World(tmp_path)


def rejected(world: World, code: Code, content: bytes = NEW) -> str:
    """Checks, and returns the text of the reason, which must have this code. Nothing is installed."""
    world.check()
    assert (world.code, world.detail) == (code, Detail.IDLE)
    assert world.client.state.plan is None
    assert world.device.slot("app", "B") == world.device.slot("boot", "B") == b""
    for each in world.site.requests:
        payload = honest_entry(content).first_part
        if "Range" in each.headers and each.status == 206:
            assert int(each.headers["Range"].rpartition("-")[2]) < payload
    return world.text


def test_without_an_attack_the_release_is_found_and_installed(world: World) -> None:
    world.publish(NEW)
    world.check()
    assert world.detail is Detail.AWAITING_CONSENT
    world.agree()
    assert world.device.slot("boot", "B") == BOOT


# Freeze.


@pytest.mark.parametrize(
    ("role", "days"),
    [("timestamp", 1), ("snapshot", 7), ("channel", 90), ("targets", 90), ("root", 365)],
)
def test_freeze_is_rejected_when_the_first_role_expires(world: World, role: str, days: int) -> None:
    """The server sends what it has always sent, or only some roles are kept fresh."""
    world.check()
    assert world.code is Code.UP_TO_DATE
    world.device.clock.wall += days * DAY
    if role != "timestamp":
        world.site.at = world.device.clock.now()
        if role in ("channel", "targets", "root"):
            world.site.publish_snapshot()
        world.site.publish_timestamp()
    text = rejected(world, Code.REPOSITORY_EXPIRED)
    assert (
        "a role has expired: the repository is not refreshed, or the server withholds newer metadata"
        in text
    )


def test_freeze_does_not_end_with_a_lost_cache_and_a_clock_that_goes_back(world: World) -> None:
    world.check()
    world.device.clock.wall += 2 * DAY
    rejected(world, Code.REPOSITORY_EXPIRED)
    (world.folder / "cache" / "timestamp.json").unlink()
    rejected(world, Code.REPOSITORY_EXPIRED)


# Mix-and-match.


def two_publications(world: World) -> tuple[dict[str, bytes], dict[str, bytes]]:
    """Returns the files after a publication, and after the next one."""
    world.publish(NEW)
    before = dict(world.site.objects)
    # The newer rules are the longer ones, so that the older ones do not exceed their length.
    rules = Rollout("2" * 64, (Band(5, 0), Band(50, 0)), True, "the lamps flicker")
    world.publish(bundle(3), rules=rules)
    return before, dict(world.site.objects)


@pytest.mark.parametrize("checked", [False, True])
def test_newer_timestamp_with_the_older_snapshot_is_rejected(world: World, checked: bool) -> None:
    if checked:
        world.check()
    two_publications(world)
    objects = world.site.objects
    objects["metadata/3.snapshot.json"] = objects["metadata/2.snapshot.json"]
    rejected(world, Code.REPOSITORY_INCONSISTENT)


@pytest.mark.parametrize("role", ["channel.Lamp.stable", "rollout.Lamp.stable"])
def test_newer_snapshot_with_an_older_role_is_rejected(world: World, role: str) -> None:
    two_publications(world)
    objects = world.site.objects
    objects[f"metadata/3.{role}.json"] = objects[f"metadata/2.{role}.json"]
    rejected(world, Code.REPOSITORY_INCONSISTENT)


def test_role_of_the_same_key_in_the_place_of_the_channel_is_rejected(world: World) -> None:
    """It lists nothing, so the client would believe that it is up to date."""
    world.publish(NEW)
    other = Targets(version=2, expires=world.site.after(90))
    content = signed(other, *world.site.signers["targets"])
    world.site.objects["metadata/2.channel.Lamp.stable.json"] = content
    rejected(world, Code.REPOSITORY_INCONSISTENT)


# Rollback.


def test_older_files_of_the_server_are_rejected(world: World) -> None:
    before, _ = two_publications(world)
    world.check()
    world.site.objects = before
    for lost in (False, True):
        if lost:
            world.device.clock.advance(10)
            (world.folder / "cache" / "timestamp.json").unlink()
        world.client.check("main", by_person=True)
        assert world.code is Code.REPOSITORY_ROLLED_BACK


@pytest.mark.parametrize("cache", ["kept", "lost"])
@pytest.mark.parametrize("role", ROLES)
def test_rollback_of_each_role_is_rejected(world: World, role: str, cache: str) -> None:
    """A thief of all online keys signs lower versions, and the cache may be lost."""
    site = world.site
    site.publish_root()
    site.publish("targets", site.channel_role, site.rollout_role)
    world.check()
    assert world.code is Code.UP_TO_DATE
    if role == "root":
        del site.objects["metadata/2.root.json"]
        # Only without its cache, the client needs the root from the server.
        (world.folder / "cache" / "root_history" / "2.root.json").unlink()
    elif role in ("timestamp", "snapshot"):
        getattr(site, role).version -= 2
    else:
        name = {"channel": site.channel_role, "rollout": site.rollout_role}.get(role, role)
        site.roles[name].version -= 2
        site.publish_role(name)
    if role not in ("timestamp", "root"):
        site.publish_snapshot()
    site.publish_timestamp()
    if cache == "lost":
        for file in (world.folder / "cache").glob("*.json"):
            file.unlink()
    rejected(world, Code.REPOSITORY_ROLLED_BACK)


# Endless and slow data, and wrong lengths.


class Endless(Response):
    """An answer without an end, of `size` bytes in `seconds` for each read."""

    def __init__(self, world: World, answer: Response, size: int, seconds: float) -> None:
        self.status, self.headers = answer.status, {**answer.headers}
        self.sent = 0
        self._world, self._size, self._seconds = world, size, seconds

    def read(self, length: int) -> bytes:
        self._world.device.clock.advance(self._seconds)
        count = min(length, self._size)
        self.sent += count
        return b" " * count

    def close(self) -> None:
        pass


@dataclass
class Sending:
    """Makes the server answer for one kind of file with something else, and keeps the answers."""

    world: World
    kind: str
    make: Callable[[Response], Response]

    def __post_init__(self) -> None:
        self.answers: list[Any] = []
        self.world.site.change = self.change

    def change(self, name: str, answer: Response) -> Response:
        if self.kind not in name or answer.status == 404:
            return answer
        self.answers.append(self.make(answer))
        return self.answers[-1]  # type: ignore[no-any-return]


KINDS = ["timestamp", "snapshot", "targets.json", "channel", "rollout"]


@pytest.mark.parametrize("kind", KINDS)
def test_endless_metadata_is_rejected(world: World, kind: str) -> None:
    world.publish(NEW)
    sending = Sending(world, kind, lambda answer: Endless(world, answer, 65_536, 0))
    rejected(world, Code.REPOSITORY_TOO_LARGE)
    assert sum(each.sent for each in sending.answers) <= 512 * 1024 + 65_536


def test_endless_root_is_rejected(world: World) -> None:
    world.site.publish_root()
    sending = Sending(world, "2.root", lambda answer: Endless(world, answer, 65_536, 0))
    rejected(world, Code.REPOSITORY_TOO_LARGE)
    assert sending.answers[0].sent <= 2 * 65_536


def test_endless_bundle_is_read_as_far_as_was_asked(world: World) -> None:
    world.publish(NEW)
    sending = Sending(world, ".bundle", lambda answer: Endless(world, answer, 65_536, 0))
    rejected(world, Code.REFUSED)
    assert sending.answers[0].sent == honest_entry(NEW).first_part


@pytest.mark.parametrize("kind", [*KINDS, ".bundle"])
def test_slow_data_is_rejected(world: World, kind: str) -> None:
    world.publish(NEW)
    before = world.device.clock.since_boot()
    Sending(world, kind, lambda answer: Endless(world, answer, 10, 1))
    text = rejected(world, Code.SOURCE_TOO_SLOW)
    assert "sent only" in text
    assert "bytes in 60 seconds" in text
    assert world.device.clock.since_boot() - before < 70


class Slow(Response):
    """An answer that sends ten bytes a second."""

    def __init__(self, world: World, answer: Response) -> None:
        self.status, self.headers = answer.status, answer.headers
        self._world, self._answer = world, answer

    def read(self, length: int) -> bytes:
        self._world.device.clock.advance(1)
        return self._answer.read(min(length, 10))

    def close(self) -> None:
        self._answer.close()


def test_slow_download_ends_after_a_few_attempts(world: World) -> None:
    world.publish(NEW)
    world.check()
    before = world.device.clock.since_boot()

    def change(name: str, answer: Response) -> Response:
        place = answer.headers.get("content-range", "")
        is_head = not place or place.startswith("bytes 0-")
        return answer if is_head else Slow(world, answer)

    world.site.change = change
    world.agree()
    assert world.code is Code.SOURCE_TOO_SLOW
    assert world.device.clock.since_boot() - before < 10 * 60
    # The consumer's answer is kept, and the client tries again later.
    assert world.detail is Detail.DOWNLOADING


@pytest.mark.parametrize("kind", ["snapshot", "targets.json", "channel", "rollout"])
@pytest.mark.parametrize("more", [-1, 1])
def test_metadata_of_a_wrong_length_is_rejected(world: World, kind: str, more: int) -> None:
    world.publish(NEW)

    def other_length(answer: Response) -> Response:
        content = answer.read(1 << 20)
        return answer_of(200, content + b" " if more > 0 else content[:-1])

    Sending(world, kind, other_length)
    world.check()
    reasons = {
        Code.REPOSITORY_TOO_LARGE,
        Code.REPOSITORY_INCONSISTENT,
        Code.REPOSITORY_MALFORMED,
    }
    # White space after a snapshot changes nothing that is signed.
    assert world.code in reasons or (kind, more) == ("snapshot", 1)
    assert world.client.state.plan is None or (kind, more) == ("snapshot", 1)


@pytest.mark.parametrize("size", [len(NEW) - 1, len(NEW) + 1])
def test_bundle_of_another_length_than_listed_is_rejected(world: World, size: int) -> None:
    path = world.publish(NEW)
    target = world.site.roles[world.site.channel_role].targets[path]
    name = f"targets/Lamp/stable/{target.hashes['sha256']}.2.0.bundle"
    world.site.objects[name] = (NEW + b"x")[:size]
    text = rejected(world, Code.REPOSITORY_INCONSISTENT)
    assert f"has {size} bytes instead of the {len(NEW)} that the repository lists" in text


# Content that a thief of online keys may sign, and mistakes of a publisher.


def test_catalog_of_another_product_is_rejected(world: World) -> None:
    content = bundle(2, product="Radio")
    path = "Radio/stable/2.0.bundle"
    target = world.site.target(path, content)
    world.site.roles[world.site.channel_role].targets[path] = target
    world.site.publish(world.site.channel_role)
    text = rejected(world, Code.REPOSITORY_NOT_DELEGATED)
    assert "channel.Lamp.stable lists 'Radio/stable/2.0.bundle'" in text


def test_entry_of_another_product_is_rejected(world: World) -> None:
    world.publish(bundle(2, product="Radio"))
    text = rejected(world, Code.REPOSITORY_NOT_DELEGATED)
    assert "is a bundle of the product 'Radio', not 'Lamp'" in text


def test_bundle_of_another_product_under_the_name_of_this_one_is_rejected(world: World) -> None:
    content = bundle(2, product="Radio")
    world.publish(content, honest_entry(content)._replace(product="Lamp"))
    text = rejected(world, Code.CATALOG_MISMATCH, content)
    assert "product is Lamp in the catalog and Radio in the release" in text


def test_rollout_role_that_lists_a_bundle_is_rejected(world: World) -> None:
    world.site.set_rollouts()
    path = "Lamp/stable/2.0.bundle"
    world.site.roles[world.site.rollout_role].targets[path] = world.site.target(path, NEW)
    world.site.publish(world.site.rollout_role)
    text = rejected(world, Code.REPOSITORY_NOT_DELEGATED)
    assert "rollout.Lamp.stable lists 'Lamp/stable/2.0.bundle'" in text


@pytest.mark.parametrize(
    "lie",
    [
        {"kind": "security"},
        {"severity": "critical"},
        {"version": "2.1"},
        {"counter": 3},
        {"release": "1" * 64},
        {"minimum_counter": 1},
        {"hardware_ids": ("lamp-2",)},
        {"first_part": honest_entry(NEW).first_part - 1},
        {"first_part": 5},
    ],
    ids=lambda lie: next(iter(lie)),
)
def test_catalog_that_lies_is_rejected(world: World, lie: dict[str, Any]) -> None:
    world.publish(NEW, honest_entry(NEW)._replace(**lie))
    world.check()
    expected = Code.REFUSED if "first_part" in lie else Code.CATALOG_MISMATCH
    assert world.code is expected
    assert world.client.state.plan is None


def test_first_part_that_contains_a_payload_is_a_lie(world: World) -> None:
    world.publish(NEW, honest_entry(NEW)._replace(first_part=len(NEW)))
    world.check()
    assert world.code is Code.CATALOG_MISMATCH
    assert "first_part is" in world.text


def test_thief_of_all_keys_of_the_repository_installs_nothing_of_its_own(world: World) -> None:
    thief = e.Key.named("thief")
    world.publish(bundle(2, keys=(thief,)))
    assert "signature" in rejected(world, Code.REFUSED).lower()


@pytest.mark.parametrize("role", ROLES)
def test_role_that_another_key_signed_is_rejected(world: World, role: str) -> None:
    site = world.site
    names = {"channel": "targets", "rollout": site.rollout_role}
    name = names.get(role, role)
    if role == "root":
        site.root.version += 1
        site.objects["metadata/2.root.json"] = signed(site.root, new_key())
    else:
        site.signers[name] = [new_key()]
        site.publish("targets", site.channel_role, site.rollout_role)
    rejected(world, Code.REPOSITORY_UNSIGNED)


def test_repository_of_another_vendor_is_rejected(world: World, tmp_path: Path) -> None:
    other = World(tmp_path / "other")
    other.publish(NEW)
    world.site.objects = {
        **other.site.objects,
        "metadata/1.root.json": world.site.objects["metadata/1.root.json"],
    }
    rejected(world, Code.REPOSITORY_UNSIGNED)
