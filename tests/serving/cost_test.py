"""The requests and bytes of checks, with nginx, however many releases a repository has.

The repository is one that the publisher has made. The content of the bundles in its archive is left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from software_update.client.state import Code, Detail
from software_update.format.catalog import CatalogEntry, build_entry
from software_update.repository.publication import Change, publish
from software_update.testing import encode as e
from software_update.testing.repositories import NOW, Release, RepositoryFolder
from tuf.api.metadata import TargetFile

from tests.device.nginx import Sent
from tests.serving.served import Served, serving

KIB = 1024
KEPT = 12
CHANNEL = "channel.meter.stable"
HARDWARE = {"hardware_ids": ["meter-2", "meter-3"], "kind": "security", "severity": "high"}


def fill(repository: RepositoryFolder, count: int) -> None:
    """Publishes entries of `count` releases: the newest in the channel, the others in the archive."""
    repository.add(Release("1.1", 1, more=HARDWARE))
    current = repository.current()
    roles = {name: current.role(name) for name in current.role_names() if name != "targets"}
    bins = current.role("archive").delegations.succinct_roles
    for counter in range(2, count + 1):
        digest = e.sha256(str(counter).encode()).hex()
        entry = CatalogEntry(
            *("meter", f"1.{counter}", counter, digest, 4096, "", ("meter-2", "meter-3")),
            *(max(0, counter - 10), "security", "high"),
        )
        path = f"meter/stable/1.{counter}.bundle"
        target = TargetFile(1 << 20, {"sha256": digest}, path, {"custom": build_entry(entry)})
        role = CHANNEL if counter > count - KEPT else bins.get_role_for_target(path)
        roles[role].targets[path] = target
    roles[CHANNEL].targets.pop("meter/stable/1.1.bundle", None)
    changed = {
        name: role for name, role in roles.items() if name.startswith(("channel", "archive-"))
    }
    with repository.storage.publishing():
        publish(repository.publisher(), current, Change(roles=changed))


@pytest.fixture(name="served", params=[10, 1000, 10_000])
def served_fixture(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Served]:
    with serving(tmp_path, lambda repository: fill(repository, request.param)) as served:
        yield served


def cost(answers: list[Sent]) -> tuple[int, int]:
    """Returns the number of requests, and the bytes of all bodies."""
    return len(answers), sum(each.length for each in answers)


def test_costs(served: Served, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The three checks in the life of a device. `pytest -s` shows the numbers."""
    device = served.device(tmp_path / "device")
    first = cost(served.answers(device.check))
    assert device.code in (Code.NOT_ROLLED_OUT, Code.UP_TO_DATE)
    assert first[0] <= 6
    assert first[1] <= 16 * KIB

    nothing = cost(served.answers(device.check))
    assert nothing[0] == 2
    assert nothing[1] <= 2 * KIB

    served.repository.add(
        Release("1.20000", 20_000, more={**HARDWARE, "hardware_ids": ["meter-9"]})
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
