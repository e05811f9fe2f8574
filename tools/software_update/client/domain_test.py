"""Tests of the choice of a target's installer."""

from dataclasses import replace

import pytest

from software_update.client.domain import Place, installer_of
from software_update.client.installers.directory import DirectoryInstaller
from software_update.testing.fake_device import FakeDevice


@pytest.mark.parametrize(
    ("target", "place"),
    [
        ("app", 0),
        ("apps", None),
        ("App", None),
        ("lib/x.py", 1),
        ("lib/deep/x.py", 1),
        ("lib/x", 2),
        ("lib", None),
    ],
)
def test_first_place_with_a_matching_pattern_takes_a_target(target: str, place: int | None) -> None:
    device = FakeDevice()
    patterns = [("boot", "app"), ("lib/*.py",), ("lib/*",)]
    places = [
        Place(each, DirectoryInstaller(device.storage, {"B": f"/slots/{number}"}))
        for number, each in enumerate(patterns)
    ]
    domain = replace(device.domain(), places=places)
    expected = None if place is None else places[place].installer
    assert installer_of(domain, target) is expected
