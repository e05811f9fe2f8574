"""The device library takes a bundle if, and only if, the build says that it fits the device's limits.

Every odd bundle that is acceptable meets three devices, each with a verifier whose limits are a file.
"""

import ctypes
import os
from pathlib import Path

import pytest
from software_update.base import files
from software_update.bundle.reader import read_envelope, read_fields
from software_update.cli.options.device_limits import read_device_limits
from software_update.format.verdicts import Verdict
from software_update.testing import encode as e
from software_update.testing.signers import ROOT_KEY, TARGETS_KEY
from software_update.verify.bundle_file import verify_bundle
from software_update.verify.device import Device
from software_update.verify.device_limits import (
    Parts,
    beyond,
    needed_limits,
    order_problem,
)
from software_update.verify.roots import trust_root

from tests.vectors import cases

_NAMES = ("tiny", "usual", "large")
_LIMITS = [read_device_limits(f"tests/device_limits/{name}_limits.json") for name in _NAMES]
_VERDICTS = list(Verdict)
_BEYOND = 256
_LIBRARY = ctypes.CDLL(str(Path(os.environ["LIBRARY"]).absolute()))


def device_says(limits: int, bundle: bytes, root: bytes) -> Verdict | None:
    """The verdict of the device library; None if the bundle is beyond the device."""
    number = _LIBRARY.judge_with(
        limits, bundle, ctypes.c_size_t(len(bundle)), root, ctypes.c_size_t(len(root))
    )
    return None if number == _BEYOND else _VERDICTS[number]


def build_says(path: Path, root: bytes) -> list[bool]:
    """For each of the limits, whether the bundle is beyond it."""
    with files.open_input(str(path)) as fd:
        release = verify_bundle(fd, Device(trust_root(root)))
        found = read_envelope(fd)
        assert found.targets is not None
        parts = Parts(found.root_chain, found.root, found.targets, release.user_manifest)
        needed = needed_limits(root, parts)
        order = order_problem(needed, read_fields(fd), found.payloads)
    return [bool(beyond(needed, each) or order) for each in _LIMITS]


def check(path: Path, root: bytes) -> tuple[Verdict | None, ...]:
    """Compares the answers for a bundle that is acceptable; returns those of the devices."""
    are_beyond, bundle = build_says(path, root), path.read_bytes()
    found = tuple(device_says(index, bundle, root) for index in range(len(_NAMES)))
    assert found == tuple(None if each else Verdict.ACCEPT for each in are_beyond)
    return found


def test_vectors() -> None:
    found = set()
    for folder in cases.FOLDERS:
        for case in cases.load(folder):
            on_its_own = case.installed is None and not case.experimental_schemes
            if case.bundle and case.verdict == Verdict.ACCEPT and on_its_own:
                found.add(check(case.bundle, case.trusted_root.read_bytes()))
    accepted = Verdict.ACCEPT
    assert {(accepted,) * 3, (None, accepted, accepted), (None, None, accepted)} <= found


@pytest.mark.parametrize("count", [1, 2, 3, 4, 63, 64, 65])
def test_number_of_targets(count: int, tmp_path: Path) -> None:
    """At each limit, below and above it."""
    contents = {f"t{index:02}": b"content" for index in range(count)}
    path = tmp_path / "x.bundle"
    path.write_bytes(e.bundle(contents, version=7))
    found = check(path, e.signed(e.root(1), ROOT_KEY))
    limits = [each.targets for each in _LIMITS]
    assert found == tuple(Verdict.ACCEPT if count <= most else None for most in limits)


@pytest.mark.parametrize("length", [12, 13, 14, 63, 64, 65, 254, 255])
def test_length_of_a_name(length: int, tmp_path: Path) -> None:
    path = tmp_path / "x.bundle"
    path.write_bytes(e.bundle({"n" * length: b"content"}, version=7))
    found = check(path, e.signed(e.root(1), ROOT_KEY))
    limits = [each.name_bytes for each in _LIMITS]
    assert found == tuple(Verdict.ACCEPT if length <= most else None for most in limits)


@pytest.mark.parametrize("roots", [0, 1, 4, 5, 6, 7, 9, 10, 12])
def test_length_of_a_chain(roots: int, tmp_path: Path) -> None:
    """The chain reaches the limits of roots, of their bytes and of verifications one after the other."""
    signed = [e.signed(e.root(version), ROOT_KEY) for version in range(2, roots + 3)]
    targets = e.targets_entry(e.signed(e.targets({"app": b"x"}, 7), TARGETS_KEY))
    path = tmp_path / "x.bundle"
    path.write_bytes(
        e.chain(*signed[:-1]) + e.root_entry(signed[-1]) + targets + e.payload("app", b"x")
    )
    check(path, e.signed(e.root(1), ROOT_KEY))
