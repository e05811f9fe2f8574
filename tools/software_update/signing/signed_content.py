"""Describes everything that a signature covers, as plain data.

Two different metadata never have the same description without one of them being called not canonical: the
description determines the canonical bytes. The SHA-256 in a request identifies all others.
"""

import hashlib
from collections.abc import Sequence
from typing import Any

from software_update.base.dates import format_date
from software_update.format import canonical, limits, messages, wire
from software_update.format.compression import as_json
from software_update.format.messages import Role, RootMetadata, Target, TargetsMetadata
from software_update.format.metadata import ROOT, TARGETS, Root, Targets
from software_update.format.wire import Field

# The field of a root's summary that is there only if the root has allowed targets.
ALLOWED_TARGETS = "allowed_targets"


def describe(content: Root | Targets) -> dict[str, Any]:
    """Returns the content of metadata that a device accepts, in the order in which it is shown."""
    data, expires = content.serialized, content.common.expires
    message = messages.ROOT_METADATA if isinstance(content, Root) else messages.TARGETS_METADATA
    value = _read_all(content)
    # True for nearly all metadata; the fields of others are examined one by one.
    is_plain = canonical.encode(message, value, {}) == data
    unknown = [] if is_plain else list(wire.unknown_fields(data, message))
    with_unknown = canonical.encode_unknown(data, unknown)
    return {
        "role": ROOT if isinstance(content, Root) else TARGETS,
        "version": content.common.version,
        "expires": format_date(expires[0]) if expires else None,
        "expires_nanoseconds": expires[1] if expires else None,
        "spec_version": content.common.spec_version,
        "sha256": hashlib.sha256(data).hexdigest(),
        "length": len(data),
        "canonical": is_plain or canonical.encode(message, value, with_unknown) == data,
        "unknown_fields": [_describe_unknown(data, *each) for each in unknown],
        "summary": (
            _describe_root(content, value)
            if isinstance(content, Root)
            else {"targets": [_describe_target(each) for each in content.targets]}
        ),
    }


def _read_all(content: Root | Targets) -> Any:
    """Returns all known fields; a Root has only those that a device needs."""
    if isinstance(content, Targets):
        return TargetsMetadata(content.common, content.targets)
    data, most = content.serialized, limits.MAX_UNKNOWN_ROOT_FIELDS
    return wire.read(data, 0, len(data), messages.ROOT_METADATA, max_unknown=most)


def _describe_unknown(data: bytes, path: str, field: Field) -> dict[str, Any]:
    return {
        "message": path,
        "number": field.number,
        "wire_type": field.wire_type,
        "length": field.end - field.start,
        "sha256": hashlib.sha256(data[field.start : field.end]).hexdigest(),
    }


def _describe_target(target: Target) -> dict[str, Any]:
    described: dict[str, Any] = {
        "name": target.name,
        "length": target.length,
        "sha256": target.sha256.hex(),
        "other_hashes": [
            {"function": function, "hash": digest.hex()}
            for function, digest in target.hashes
            if function != messages.SHA256
        ],
    }
    if target.compression:
        described["compression"] = as_json(target.compression)
    return described


def _describe_root(root: Root, message: RootMetadata) -> dict[str, Any]:
    in_role = {*root.root.key_ids, *root.targets.key_ids}
    # Only if there is a list, so that the requests of other roots stay as they were.
    allowed = {ALLOWED_TARGETS: list(root.allowed_targets)} if root.allowed_targets else {}
    return {
        "root": describe_role(root.root),
        "targets": describe_role(root.targets),
        "timestamp": _describe_optional(message.timestamp),
        "snapshot": _describe_optional(message.snapshot),
        # A key id is the hash of its key, which has been checked.
        "other_keys": _hex([key.key_id for key in root.keys if key.key_id not in in_role]),
        "consistent_snapshot": message.consistent_snapshot,
        "states_dev_keys": root.dev_keys,
        "dev_keys": root.is_dev,
        **allowed,
    }


def _describe_optional(role: Role | None) -> dict[str, Any] | None:
    return None if role is None else describe_role(role)


def describe_role(role: Role) -> dict[str, Any]:
    """Returns the threshold and the keys of a role."""
    return {"threshold": role.threshold, "key_ids": _hex(role.key_ids)}


def _hex(key_ids: Sequence[bytes]) -> list[str]:
    return [each.hex() for each in key_ids]
