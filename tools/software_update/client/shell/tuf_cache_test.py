"""Tests that the cache of a repository may be lost or torn in any way: that costs requests, and nothing else.

A cut may leave each file as it was before, as it is, empty, torn, or missing, because ngclient syncs none.
"""

import random
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from software_update.client.repository import Problem, RepositoryRejected, Versions, View
from software_update.client.shell.files import MachineStorage
from software_update.client.shell.tuf_repository import RepositorySettings, TufRepository
from software_update.client.simulator.machine import (
    SimulatedClock,
    SimulatedNetwork,
    SimulatedPrograms,
)
from software_update.client.sources.requests import HttpSettings
from software_update.client.system import System
from software_update.testing.tuf_site import BASE, START, TufSite, new_key

CONTENT = b"b" * 2000
Cache = dict[str, bytes]


class Story:
    """A site with three publications, and a device's cache, versions and view after each."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "cache"
        self.site = TufSite()
        self.caches: list[Cache] = [{}]
        self.versions = [Versions()]
        self.objects: list[dict[str, bytes]] = [{}]
        self.views: list[View] = []
        for counter in (7, 8, 9):
            if counter == 8:
                self.site.signers["timestamp"] = self.site.signers["snapshot"] = [new_key()]
                self.site.publish_root()
            self.site.add_bundle(CONTENT, self.site.entry(counter))
            self.site.publish("targets", self.site.channel_role, self.site.rollout_role)
            self.views.append(self.check(self.versions[-1]))
            self.versions.append(self.views[-1].versions)
            self.caches.append(self.read())
            self.objects.append(dict(self.site.objects))

    def check(self, floors: Versions) -> View:
        network = SimulatedNetwork(self.site.get)
        clock = SimulatedClock()
        system = System(MachineStorage(), SimulatedPrograms(), clock, network)
        root = self.site.objects["metadata/1.root.json"]
        settings = RepositorySettings(HttpSettings(BASE), root, "Lamp", "stable", str(self.folder))
        return TufRepository(system, clock.advance, settings).refresh(floors, START)

    def read(self) -> Cache:
        """Returns the files of the cache by name, with links as files."""
        files = [each for each in self.folder.rglob("*") if each.is_file()]
        return {str(each.relative_to(self.folder)): each.read_bytes() for each in files}

    def write(self, cache: Cache) -> None:
        """Makes the cache contain these files only."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir()
        for name, content in cache.items():
            (self.folder / name).parent.mkdir(exist_ok=True)
            (self.folder / name).write_bytes(content)

    def names(self) -> list[str]:
        return sorted({name for each in self.caches for name in each})


@pytest.fixture(name="story", scope="module")
def story_fixture(tmp_path_factory: pytest.TempPathFactory) -> Story:
    return Story(tmp_path_factory.mktemp("story"))


def survives(story: Story) -> None:
    """Checks that the device still gets the newest state, and still rejects an older one."""
    newest = story.versions[-1]
    damaged = story.read()
    assert story.check(newest) == story.views[-1]
    # A second check finds a whole cache again.
    story.site.requests.clear()
    assert story.check(newest) == story.views[-1]
    assert len(story.site.requests) == 2
    story.write(damaged)
    now = story.site.objects
    story.site.objects = story.objects[-2]
    with pytest.raises(RepositoryRejected) as caught:
        story.check(newest)
    assert caught.value.problem is Problem.ROLLED_BACK
    story.site.objects = now


def test_story_has_the_files_that_a_cache_has(story: Story) -> None:
    roles = [f"{story.site.channel_role}.json", f"{story.site.rollout_role}.json"]
    top = ["root.json", "snapshot.json", "targets.json", "timestamp.json"]
    roots = ["root_history/1.root.json", "root_history/2.root.json"]
    assert story.names() == sorted([*roles, *top, *roots])


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda _: b"",
    "torn": lambda content: content[: len(content) // 2],
    "zeroed": lambda content: content[:100] + bytes(len(content) - 100),
    "changed": lambda content: content.replace(b'"version":', b'"version":9', 1),
    "nested": lambda _: b"[" * 100_000,
    "other": lambda _: b'{"signatures": [{}], "signed": {"_type": "timestamp"}}',
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_each_file_may_be_damaged(story: Story, damage: str) -> None:
    for name, content in story.caches[-1].items():
        story.write({**story.caches[-1], name: DAMAGES[damage](content)})
        survives(story)


def test_each_file_may_be_lost(story: Story) -> None:
    for name in story.caches[-1]:
        story.write({key: value for key, value in story.caches[-1].items() if key != name})
        survives(story)


@pytest.mark.parametrize("age", [1, 2])
def test_each_file_may_be_an_older_one(story: Story, age: int) -> None:
    for name, content in story.caches[-1].items():
        old = story.caches[-1 - age].get(name, content)
        story.write({**story.caches[-1], name: old})
        survives(story)


def test_each_file_may_be_another_one(story: Story) -> None:
    cache = story.caches[-1]
    for name, other in zip(cache, [*list(cache)[1:], *list(cache)[:1]], strict=True):
        story.write({**cache, name: cache[other]})
        survives(story)


@pytest.mark.parametrize("name", ["timestamp.json", "snapshot.json", "root.json", "root_history"])
def test_folder_may_be_in_the_place_of_a_file(story: Story, name: str) -> None:
    cache = {key: value for key, value in story.caches[-1].items() if not key.startswith(name)}
    story.write(cache)
    (story.folder / name).mkdir()
    (story.folder / name / "file").touch()
    survives(story)


def test_file_may_be_in_the_place_of_a_folder(story: Story) -> None:
    kept = {key: each for key, each in story.caches[-1].items() if "root_history" not in key}
    story.write({**kept, "root_history": b""})
    survives(story)
    shutil.rmtree(story.folder)
    story.folder.write_bytes(b"file")
    assert story.check(story.versions[-1]) == story.views[-1]


def test_files_that_cuts_have_left_are_removed(story: Story) -> None:
    story.write({**story.caches[-1], "tmpabc123": b"half a role"})
    survives(story)
    assert set(story.read()) == set(story.caches[-1])


def test_whole_cache_may_be_lost(story: Story) -> None:
    shutil.rmtree(story.folder, ignore_errors=True)
    assert story.check(story.versions[-1]) == story.views[-1]


@pytest.mark.parametrize("seed", range(5))
def test_any_subset_of_files_may_be_old_torn_or_lost(story: Story, seed: int) -> None:
    draw = random.Random(seed)
    for _ in range(10):
        cache: Cache = {}
        for name in story.names():
            versions = [each[name] for each in story.caches if name in each]
            match draw.randrange(5):
                case 0:
                    continue
                case 1:
                    content = draw.choice(versions)
                    cache[name] = content[: draw.randrange(len(content))]
                case 2:
                    cache[name] = bytes(len(versions[-1]))
                case _:
                    cache[name] = draw.choice(versions)
        story.write(cache)
        survives(story)


def test_cache_that_cannot_be_written_is_an_error_that_names_it(
    story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    story.write({})
    monkeypatch.setattr("os.replace", full)
    with pytest.raises(OSError, match=f"^{story.folder}: No space left on device$"):
        story.check(story.versions[-1])


def test_floors_that_a_device_has_lost_with_its_record_are_those_of_the_cache(story: Story) -> None:
    story.write(story.caches[-1])
    now = story.site.objects
    story.site.objects = {
        **now,
        "metadata/timestamp.json": story.objects[-2]["metadata/timestamp.json"],
    }
    with pytest.raises(RepositoryRejected) as caught:
        story.check(replace(Versions()))
    assert caught.value.problem is Problem.ROLLED_BACK
    story.site.objects = now
