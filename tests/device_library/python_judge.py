"""The verdict of the Python verifier, in this process."""

import functools
import os

from software_update.format import metadata
from software_update.format.metadata import Installed, Root
from software_update.format.verdicts import Refused, Verdict
from software_update.verify.bundle_file import verify_bundle
from software_update.verify.device import Device as PythonDevice
from software_update.verify.roots import trust_root

from tests.device_library.subjects import Device


@functools.lru_cache(4096)
def _root(data: bytes) -> Root | None:
    try:
        return trust_root(data)
    except Refused:
        return None


@functools.lru_cache(4096)
def _installed(data: bytes) -> Installed | None:
    try:
        return metadata.parse_manifest(data)
    except Refused:
        return None


@functools.cache
def _file(process: int) -> int:
    """A file for a bundle: processes that one process forked must not share it."""
    return os.memfd_create(f"bundle of {process}")


def is_usable(device: Device) -> bool:
    """Says whether the roots and the manifest of a device can be read. No verifier has a verdict without."""
    return (
        _root(device.trusted) is not None
        and (device.installed is None or _installed(device.installed) is not None)
        and (device.installed_root is None or _root(device.installed_root) is not None)
    )


def verdict(bundle: bytes, device: Device) -> Verdict:
    """Returns the verdict on a bundle. The device must be usable."""
    root = _root(device.trusted)
    assert root is not None
    installed = None if device.installed is None else _installed(device.installed)
    former = None if device.installed_root is None else _root(device.installed_root)
    file = _file(os.getpid())
    os.ftruncate(file, 0)
    os.pwrite(file, bundle, 0)
    try:
        verify_bundle(file, PythonDevice(root, installed, device.hardware_id, device.at, former))
    except Refused as refused:
        return refused.verdict
    return Verdict.ACCEPT
