"""Tests that signed metadata of any form is read, or rejected with a reason that has a name.

The thief of a key may sign anything. Random parts of a role are replaced, removed or renamed, and the role
is signed.
"""

import json
import random
from collections import Counter
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from securesystemslib.formats import encode_canonical
from tuf.api.metadata import MetaFile

from software_update.client.repository import RepositoryRejected, Versions
from software_update.client.shell.files import MachineStorage
from software_update.client.shell.tuf_repository import RepositorySettings, TufRepository
from software_update.client.simulator.machine import (
    SimulatedClock,
    SimulatedNetwork,
    SimulatedPrograms,
)
from software_update.client.source import SourceError
from software_update.client.sources.requests import HttpSettings
from software_update.client.system import System
from software_update.testing.tuf_site import BASE, START, TufSite

ROUNDS = 30
ROLES = ["timestamp", "snapshot", "targets", "channel.Lamp.stable", "rollout.Lamp.stable", "root"]
VALUES: list[Any] = [
    *(None, True, 0, -1, 10**30, 1.5, "", "x", "\0", "2030-01-01T00:00:00Z", "a" * 1000),
    *([], [1], [[]], {}, {"a": 1}),
]


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yields the path of each part of a JSON value but the whole."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, each in list(items):
        yield (*path, key)
        if isinstance(each, dict | list):
            yield from places(each, (*path, key))


def change(document: Any, draw: random.Random) -> None:
    """Changes one part of a JSON object."""
    *path, last = draw.choice(list(places(document)))
    above = document
    for key in path:
        above = above[key]
    match draw.randrange(3):
        case 0:
            above[last] = deepcopy(draw.choice(VALUES))
        case 1:
            del above[last]
        case _ if isinstance(above, dict):
            above[draw.choice(["x", "", "_type", "a/b", ".."])] = above.pop(last)
        case _:
            above.append(deepcopy(draw.choice(VALUES)))


def malformed(site: TufSite, role: str, draw: random.Random) -> None:
    """Publishes a role with one or two changes, signed by its keys, as far as it can be signed."""
    name = {"timestamp": "timestamp", "root": "2.root"}.get(role, f"1.{role}")
    document = json.loads(site.objects[f"metadata/{name}.json"])
    for _ in range(draw.choice([1, 1, 2])):
        change(document["signed"], draw)
    try:
        content = (encode_canonical(document["signed"]) or "").encode()
    except Exception:
        content = b""
    document["signatures"] = [
        {"keyid": each.public_key.keyid, "sig": each.sign(content).signature}
        for each in site.signers[role]
    ]
    served = json.dumps(document).encode()
    site.objects[f"metadata/{name}.json"] = served
    if role not in ("timestamp", "snapshot", "root"):
        site.snapshot.meta[f"{role}.json"] = MetaFile.from_data(1, served, ["sha256"])
        site.publish_snapshot()
        site.publish_timestamp()


@pytest.mark.parametrize("role", ROLES)
def test_malformed_role_has_a_named_reason(tmp_path: Path, role: str) -> None:
    draw = random.Random(role)
    found: Counter[str] = Counter()
    for number in range(ROUNDS):
        site = TufSite()
        site.add_bundle(b"b" * 2000, site.entry(7))
        site.set_rollouts()
        site.publish()
        site.publish_root()
        malformed(site, role, draw)
        clock = SimulatedClock()
        system = System(MachineStorage(), SimulatedPrograms(), clock, SimulatedNetwork(site.get))
        cache = str(tmp_path / str(number))
        settings = RepositorySettings(HttpSettings(BASE), site.first_root, "Lamp", "stable", cache)
        try:
            TufRepository(system, clock.advance, settings).refresh(Versions(), START)
            found["accepted"] += 1
        except RepositoryRejected as error:
            found[error.problem.name] += 1
        except SourceError:
            found["missing"] += 1
    assert found["MALFORMED"] > ROUNDS / 3
    assert found["missing"] < ROUNDS / 10
