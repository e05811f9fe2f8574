"""Tests of target_list.py. The test of the bundle's verdicts has further lists."""

import hashlib

import pytest

from software_update.format import limits
from software_update.format.metadata import parse_signed, parse_targets
from software_update.format.verdicts import Refused, Verdict
from software_update.testing import encode as e
from software_update.testing.judge import TRUSTED_ROOT
from software_update.testing.signers import (
    TARGETS_KEY,
)
from software_update.verify.device import Device
from software_update.verify.roots import trust_root, verify_roots
from software_update.verify.target_list import check_list, check_targets
from software_update.verify.targets import verify_targets


def test_too_many_targets() -> None:
    device = Device(trust_root(TRUSTED_ROOT))
    trusted = verify_roots(device, (), None)
    digest = [(1, hashlib.sha256(b"").digest())]
    files = [e.target_of(f"t{index}", 0, digest) for index in range(limits.MAX_TARGETS + 1)]
    for count, verdict in ((limits.MAX_TARGETS, None), (limits.MAX_TARGETS + 1, Verdict.TOO_LARGE)):
        signed = e.signed(e.targets_of(e.common("targets"), files[:count]), TARGETS_KEY)
        assert parse_signed("targets", signed).signatures
        if verdict is None:
            verify_targets(device, trusted, signed, None)
        else:
            with pytest.raises(Refused) as caught:
                verify_targets(device, trusted, signed, None)
            assert caught.value.verdict == verdict


def test_an_error_names_some_of_the_allowed_targets() -> None:
    parsed = parse_targets(e.targets({"app": b"", "boot": b""}))
    check_list(parsed, ["app", "boot"])
    with pytest.raises(Refused) as caught:
        check_list(parsed, ["app", "a/*", "b", "c", "d"])
    assert str(caught.value) == (
        "TARGET_NOT_ALLOWED: target 'boot': the root does not allow this name; it allows "
        "app, a/*, b, c and 1 more"
    )


@pytest.mark.parametrize(
    ("targets", "verdict"),
    [
        ({}, Verdict.NO_TARGETS),
        ({"../a": 1}, Verdict.UNSAFE_NAME),
        ({"a": 1, "A": 1}, Verdict.DUPLICATE_TARGET),
        ({"user_manifest": limits.MAX_USER_MANIFEST_BYTES + 1}, Verdict.TOO_LARGE),
        ({"user_manifest": limits.MAX_USER_MANIFEST_BYTES, "a": 2**40}, None),
    ],
)
def test_lists_that_no_device_accepts(targets: dict[str, int], verdict: Verdict | None) -> None:
    files = [e.target_of(name, length, [(1, bytes(32))]) for name, length in targets.items()]
    parsed = parse_targets(e.targets_of(e.common("targets"), files))
    if verdict is None:
        check_targets(parsed)
    else:
        with pytest.raises(Refused) as caught:
            check_targets(parsed)
        assert caught.value.verdict == verdict
