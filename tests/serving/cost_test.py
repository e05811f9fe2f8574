"""The requests and bytes of checks, with nginx, however many releases a repository has.

The repository is one that the publisher has made. The content of the bundles in its archive is left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from software_update.client.state import Code, Detail
from software_update.format.catalog import MAX_CURRENT, CatalogEntry, build_entry
from software_update.repository.publication import Change, publish
from software_update.testing import encode as e
from software_update.testing.repositories import NOW, Release, RepositoryFolder
from tuf.api.metadata import TargetFile

from tests.device.nginx import Sent
from tests.serving.served import Served, serving

KIB = 1024
HARDWARE = {"hardware_ids": ["meter-2", "meter-3"], "kind": "security", "severity": "high"}


def fill(repository: RepositoryFolder, count: int, kept: int) -> None:
    """Publishes releases: the newest `kept` in the channel, and entries of the others in the archive."""
    repository.add(release(1))
    current = repository.current()
    bins = current.role("archive").delegations.succinct_roles
    changed = {}
    for counter in range(2, count - kept + 1):
        digest = e.sha256(str(counter).encode()).hex()
        entry = CatalogEntry(
            *("meter", f"1.{counter}", counter, digest, 4096, "", ("meter-2", "meter-3")),
            *(max(1, counter - 10), "security", "high"),
        )
        path = f"meter/stable/1.{counter}.bundle"
        target = TargetFile(1 << 20, {"sha256": digest}, path, {"custom": build_entry(entry)})
        name = bins.get_role_for_target(path)
        changed[name] = current.role(name)
        changed[name].targets[path] = target
    with repository.storage.publishing():
        publish(repository.publisher(), current, Change(roles=changed))
    newest = range(max(2, count - kept + 1), count + 1)
    repository.add(*map(release, newest), kept=kept)


def release(counter: int) -> Release:
    """Returns a release with most fields of a catalog entry."""
    return Release(f"1.{counter}", counter, minimum=max(1, counter - 10), more=HARDWARE)


# The numbers of releases, and of those in the channel: the default, and the most.
@pytest.fixture(name="served", params=[(10, 12), (1000, 12), (10_000, 12), (1000, MAX_CURRENT)])
def served_fixture(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Served]:
    count, kept = request.param
    with serving(tmp_path, lambda repository: fill(repository, count, kept)) as served:
        yield served


def cost(answers: list[Sent]) -> tuple[int, int]:
    """Returns the number of requests, and the bytes of all bodies."""
    return len(answers), sum(each.length for each in answers)


def test_costs(served: Served, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The three checks in the life of a device. `pytest -s` shows the numbers."""
    device = served.device(tmp_path / "device")
    first = cost(served.answers(device.check))
    assert device.code in (Code.NOT_ROLLED_OUT, Code.UP_TO_DATE)
    # Once in the life of a device, so the goals leave it open.
    assert first[0] == 6
    assert first[1] <= 18 * KIB

    nothing = cost(served.answers(device.check))
    assert nothing[0] == 2
    assert nothing[1] <= 2 * KIB

    served.repository.add(
        Release("1.20000", 20_000, more={**HARDWARE, "hardware_ids": ["meter-9"]}), kept=MAX_CURRENT
    )
    served.repository.rollout("1.20000", (100, NOW))
    device.device.clock.wall += 1
    other = cost(served.answers(device.check))
    assert device.detail is Detail.IDLE
    assert other[0] <= 7
    assert other[1] <= 16 * KIB
    numbers = f"first check {first}, nothing new {nothing}, not for this device {other}"
    with capsys.disabled():
        print(f"\n{numbers}", end=" ")
