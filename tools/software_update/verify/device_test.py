"""Tests of device.py."""

from software_update.format import metadata
from software_update.format.verdicts import Verdict
from software_update.testing import encode as e
from software_update.testing.judge import APP, NOW, TRUSTED_ROOT, refusal_of
from software_update.verify.device import Device
from software_update.verify.roots import trust_root

EXPIRED = e.bundle(APP, version=7, expires=NOW - 1)


def test_device_that_knows_only_its_root_makes_no_other_check() -> None:
    device = Device(trust_root(TRUSTED_ROOT))
    assert (device.installed, device.hardware_id, device.at) == (None, None, None)
    assert refusal_of(EXPIRED)[0] == Verdict.ACCEPT


def test_each_further_knowledge_adds_a_check() -> None:
    assert refusal_of(EXPIRED, at=NOW)[0] == Verdict.TARGETS_EXPIRED
    newer = metadata.parse_targets(e.targets(APP, 8))
    installed = metadata.build_manifest(newer, None, trust_root(TRUSTED_ROOT).id)
    assert refusal_of(EXPIRED, installed=installed)[0] == Verdict.TARGETS_ROLLBACK


def test_default_device_has_no_experimental_scheme() -> None:
    names = [each.name for each in Device(trust_root(TRUSTED_ROOT)).schemes.accepted]
    assert names == ["ecdsa-p256"]
