"""Signed, verified, reproducible software-update bundles: The Update Framework for embedded devices.

The names below are the public Python API. This program verifies a bundle as a device does, and extracts
its payloads into a new folder:

```python
import software_update

root = software_update.read_trusted_root("root.pb")
device = software_update.Device(root, hardware_id="blinky-3")
try:
    release = software_update.extract_bundle("good.bundle", device, "payloads")
except software_update.Refused as refused:
    raise SystemExit(f"do not install it: {refused.verdict}: {refused.detail}")
for target in release.targets.targets:
    print(target.name, target.length)
```

Importing the package loads none of the API's modules; using a name loads what it needs.
"""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from software_update.base.errors import InputError, SoftwareUpdateError, UsageError
    from software_update.format.release_manifest import Advisory, ReleaseManifest, ReleaseTexts
    from software_update.format.verdicts import Refused, Verdict
    from software_update.steps.create import NewBundle, create_bundle
    from software_update.steps.extract import extract_bundle
    from software_update.steps.payload_files import payload_files
    from software_update.verify.bundle_file import verify_bundle
    from software_update.verify.device import Device
    from software_update.verify.installed import read_installed
    from software_update.verify.promote import NotPromoted, promote
    from software_update.verify.targets import VerifiedRelease
    from software_update.verify.trust_files import read_trusted_root

__version__ = "0.1.0"

# The module of each public name.
_MODULES = {
    "Advisory": "format.release_manifest",
    "Device": "verify.device",
    "InputError": "base.errors",
    "NewBundle": "steps.create",
    "NotPromoted": "verify.promote",
    "Refused": "format.verdicts",
    "ReleaseManifest": "format.release_manifest",
    "ReleaseTexts": "format.release_manifest",
    "SoftwareUpdateError": "base.errors",
    "UsageError": "base.errors",
    "Verdict": "format.verdicts",
    "VerifiedRelease": "verify.targets",
    "create_bundle": "steps.create",
    "extract_bundle": "steps.extract",
    "payload_files": "steps.payload_files",
    "promote": "verify.promote",
    "read_installed": "verify.installed",
    "read_trusted_root": "verify.trust_files",
    "verify_bundle": "verify.bundle_file",
}
__all__ = [
    "Advisory",
    "Device",
    "InputError",
    "NewBundle",
    "NotPromoted",
    "Refused",
    "ReleaseManifest",
    "ReleaseTexts",
    "SoftwareUpdateError",
    "UsageError",
    "Verdict",
    "VerifiedRelease",
    "create_bundle",
    "extract_bundle",
    "payload_files",
    "promote",
    "read_installed",
    "read_trusted_root",
    "verify_bundle",
]


def __getattr__(name: str) -> object:
    """Loads a public name when it is used first. Old Pythons can run this module: see `python_version`."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{_MODULES[name]}"), name)
    globals()[name] = value
    return value
