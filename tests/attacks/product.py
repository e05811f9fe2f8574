"""The product that all cases attack: its keys, its roots and a good release."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from software_update.testing import encode as e

from tests.attacks.recipes import Part

R, R2, R3 = e.Key.named("root"), e.Key.named("root 2"), e.Key.named("root 3")
T, T2, T3 = e.Key.named("targets"), e.Key.named("targets 2"), e.Key.named("targets 3")
STRANGER = e.Key.named("stranger")

CONTENTS = {"app": b"application", "boot": b"bootloader"}
USER_MANIFEST = "user_manifest"
HARDWARE = "board-1"
# 2026-06-01T00:00:00Z, the time at which most cases are judged.
NOW = 1_780_272_000
AT = "2026-06-01T00:00:00Z"


def root(
    version: int = 1,
    root_keys: Sequence[e.Key] = (R,),
    targets_keys: Sequence[e.Key] = (T,),
    *,
    root_threshold: int = 1,
    targets_threshold: int = 1,
    expires: bytes | None = None,
) -> bytes:
    """RootMetadata of the product's keys."""
    return e.root(version, root_keys, targets_keys, root_threshold, targets_threshold, expires)


TRUSTED = e.signed(root(), R)


@dataclasses.dataclass(frozen=True)
class Case:
    """A bundle, the device that meets it, and what the device must say.

    `huge` makes the parts of a bundle that is too large for the tree. `installed_root` is a root that the
    device kept, under which it may have accepted the installed release.
    """

    name: str
    verdict: str
    what: str
    bundle: bytes = b""
    _: dataclasses.KW_ONLY
    trusted: bytes = TRUSTED
    installed: bytes | None = None
    installed_root: bytes | None = None
    at: str | None = AT
    hardware_id: str | None = None
    huge: Callable[[], Sequence[Part]] | None = None


def targets(
    contents: Mapping[str, bytes] = CONTENTS, version: int = 1, *, expires: bytes | None = None
) -> bytes:
    """TargetsMetadata."""
    return e.targets(contents, version, expires)


def release(
    metadata: bytes,
    contents: Mapping[str, bytes] = CONTENTS,
    *keys: e.Key,
    roots: bytes = b"",
) -> bytes:
    """A bundle: roots, targets metadata signed by T or `keys`, payloads."""
    payloads = (e.payload(name, content) for name, content in contents.items())
    return roots + e.targets_entry(e.signed(metadata, *(keys or (T,)))) + b"".join(payloads)


def good(
    contents: Mapping[str, bytes] = CONTENTS,
    version: int = 1,
    *,
    roots: bytes = b"",
    key: e.Key = T,
    expires: bytes | None = None,
) -> bytes:
    """A bundle with nothing wrong in it, below the roots."""
    return release(targets(contents, version, expires=expires), contents, key, roots=roots)


def with_root(signed_root: bytes, key: e.Key = T) -> bytes:
    """A good release below a new root."""
    return good(roots=e.root_entry(signed_root), key=key)


def signed_with(*signatures: bytes, metadata: bytes | None = None) -> bytes:
    """A good release, with these signatures."""
    signed = e.signed_of(targets() if metadata is None else metadata, signatures)
    return e.targets_entry(signed) + e.payloads(CONTENTS)


def release_json(counter: object = 5, **changes: Any) -> bytes:
    """The release manifest."""
    return json.dumps(
        {
            "schema": "software_update.release.v1",
            "product": "thermostat",
            "version": "1.2.3",
            "release_counter": counter,
            **changes,
        }
    ).encode()


def described(user_manifest: bytes, version: int = 2) -> bytes:
    """A good bundle with a user manifest."""
    return good({**CONTENTS, USER_MANIFEST: user_manifest}, version)


def device(user_manifest: bytes | None = None, version: int = 1) -> bytes:
    """Manifest of a device that installed a good bundle."""
    contents = dict(CONTENTS)
    if user_manifest is not None:
        contents[USER_MANIFEST] = user_manifest
    return e.manifest(targets(contents, version), user_manifest)
