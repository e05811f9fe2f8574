"""Describes metadata as plain data for JSON and as lines for people. Judges nothing."""

from collections.abc import Iterable
from typing import Any

from software_update.base.dates import format_date
from software_update.base.errors import printable
from software_update.format import metadata
from software_update.format.compression import as_json
from software_update.format.messages import (
    KEY_SCHEMES,
    KEY_TYPES,
    SHA256,
    CommonMetadata,
    Role,
    Target,
)
from software_update.format.metadata import Signed
from software_update.keys.dev_key_ids import DEV_KEY_IDS, DEV_KEYS_WARNING


def describe_root(data: bytes) -> dict[str, Any]:
    """The content of a SignedRootMetadata message."""
    signed, root = metadata.parse_signed_root(data)
    keys = [
        {
            "key_id": key.key_id.hex(),
            "key_type": KEY_TYPES.get(key.key_type, str(key.key_type)),
            "scheme": KEY_SCHEMES.get(key.scheme, str(key.scheme)),
            "keyval": key.keyval.hex(),
            "dev_key": key.key_id.hex() in DEV_KEY_IDS,
        }
        for key in root.keys
    ]
    return {
        **_common(root.common),
        "keys": keys,
        "roles": {"root": _role(root.root), "targets": _role(root.targets)},
        "allowed_targets": list(root.allowed_targets) or None,
        "dev_keys": root.is_dev,
        "signatures": _signatures(signed),
    }


def describe_targets(data: bytes) -> dict[str, Any]:
    """The content of a SignedTargetsMetadata message."""
    signed, targets = metadata.parse_signed_targets(data)
    return {
        **_common(targets.common),
        "targets": [_target(each) for each in targets.targets],
        "signatures": _signatures(signed),
    }


def _target(target: Target) -> dict[str, Any]:
    described: dict[str, Any] = {
        "name": target.name,
        "length": target.length,
        "sha256": [value.hex() for function, value in target.hashes if function == SHA256],
    }
    if target.compression:
        described["compression"] = as_json(target.compression)
    return described


def root_lines(title: str, root: dict[str, Any]) -> Iterable[str]:
    """Lines about what describe_root gave."""
    yield from _common_lines(title, root, dev_keys=root["dev_keys"])
    for name, role in root["roles"].items():
        yield f"  {name}: {role['threshold']} of {len(role['key_ids'])} keys"
        for key_id in role["key_ids"]:
            yield f"    {key_id}{_dev(key_id)}"
    if root["allowed_targets"]:
        yield f"  allowed targets: {', '.join(root['allowed_targets'])}"
    yield from _signature_lines(root)


def targets_lines(
    targets: dict[str, Any], payloads: dict[str, tuple[int, int]], *, dev_keys: bool
) -> Iterable[str]:
    """Lines about what describe_targets gave. `payloads`: name to offset and length in the file.

    `dev_keys`: whether the root that they are signed under says so.
    """
    yield from _common_lines("targets metadata", targets, dev_keys=dev_keys)
    yield from _signature_lines(targets)
    yield f"  {len(targets['targets'])} targets:"
    for target in targets["targets"]:
        entry = payloads.get(target["name"])
        where = f"payload at {entry[0]}" if entry else "payload left out"
        yield f"    {printable(target['name'])}: {target['length']} bytes, {where}"
        for sha256 in target["sha256"]:
            yield f"      sha256 {sha256}"
        yield from compression_lines(target)


def compression_lines(target: dict[str, Any]) -> Iterable[str]:
    """Lines about the original of a target that is compressed."""
    compression = target.get("compression")
    if compression:
        yield f"      {compression['algorithm']}, original: {compression['original_length']} bytes"
        yield f"      original sha256 {compression['original_sha256']}"


def _common_lines(title: str, described: dict[str, Any], *, dev_keys: bool) -> Iterable[str]:
    expires = f"expires {described['expires']}" if described["expires"] else "never expires"
    yield f"{title}: version {described['version']}, {expires}"
    if dev_keys:
        yield f"  {DEV_KEYS_WARNING}"


def _signature_lines(described: dict[str, Any]) -> Iterable[str]:
    if not described["signatures"]:
        yield "  signatures: none"
    for key_id in described["signatures"]:
        yield f"  signature: present, not checked: by {key_id}{_dev(key_id)}"


def _dev(key_id: str) -> str:
    return f"  {DEV_KEYS_WARNING}" if key_id in DEV_KEY_IDS else ""


def _common(common: CommonMetadata) -> dict[str, Any]:
    return {
        "version": common.version,
        "expires": format_date(common.expires[0]) if common.expires else None,
    }


def _role(role: Role) -> dict[str, Any]:
    return {"key_ids": [each.hex() for each in role.key_ids], "threshold": role.threshold}


def _signatures(signed: Signed) -> list[str]:
    return [each.key_id.hex() for each in signed.signatures]
