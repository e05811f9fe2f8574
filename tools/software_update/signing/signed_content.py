"""Describes everything that a signature covers, as plain data.

Two different metadata never have the same description without one of them being called not canonical: the
description determines the canonical bytes. The SHA-256 in a request identifies all others.
"""

import hashlib
from collections.abc import Sequence
from typing import Any

from software_update.base.dates import format_date
from software_update.format import messages, wire
from software_update.format.messages import Role, Target
from software_update.format.metadata import ROOT, TARGETS, Root, Targets
from software_update.format.proto import tuf_pb2


def describe(content: Root | Targets) -> dict[str, Any]:
    """Returns the content of metadata that a device accepts, in the order in which it is shown."""
    message = _parse(content)
    expires = content.common.expires
    # True for nearly all metadata; the fields of others are examined one by one.
    is_plain = _canonical(message, unknown=False) == content.serialized
    return {
        "role": ROOT if isinstance(content, Root) else TARGETS,
        "version": content.common.version,
        "expires": format_date(expires[0]) if expires else None,
        "expires_nanoseconds": expires[1] if expires else None,
        "spec_version": message.common_metadata.spec_version,
        "sha256": hashlib.sha256(content.serialized).hexdigest(),
        "length": len(content.serialized),
        "canonical": is_plain or _canonical(message, unknown=True) == content.serialized,
        "unknown_fields": [] if is_plain else _unknown_fields(content),
        "summary": (
            _describe_root(content, message)
            if isinstance(content, Root)
            else {"targets": [_describe_target(each) for each in content.targets]}
        ),
    }


def _parse(content: Root | Targets) -> Any:
    kind = tuf_pb2.RootMetadata if isinstance(content, Root) else tuf_pb2.TargetsMetadata
    return kind.FromString(content.serialized)


def _canonical(message: Any, *, unknown: bool) -> bytes:
    """Returns the bytes that this tool writes for this content, with or without unknown fields at the end."""
    copy = type(message)()
    copy.CopyFrom(message)
    if not unknown:
        copy.DiscardUnknownFields()
    if isinstance(copy, tuf_pb2.RootMetadata):
        copy.keys.sort(key=lambda each: each.key_id)
        for field, role in copy.ListFields():
            if field.message_type is tuf_pb2.SignatureRequirement.DESCRIPTOR:
                role.key_ids.sort()
    else:
        copy.target_files.sort(key=lambda each: each.file_name)
        for each in copy.target_files:
            # This tool writes a length of 0 too; some clients need it.
            each.length = each.length
            if len(each.hashes) > 1:
                each.hashes.sort(key=lambda hash_: (hash_.function, hash_.hash))
    return bytes(copy.SerializeToString(deterministic=True))


def _unknown_fields(content: Root | Targets) -> list[dict[str, Any]]:
    data = content.serialized
    message = messages.ROOT_METADATA if isinstance(content, Root) else messages.TARGETS_METADATA
    return [
        {
            "message": path,
            "number": field.number,
            "wire_type": field.wire_type,
            "length": field.end - field.start,
            "sha256": hashlib.sha256(data[field.start : field.end]).hexdigest(),
        }
        for path, field in wire.unknown_fields(data, message)
    ]


def _describe_target(target: Target) -> dict[str, Any]:
    return {
        "name": target.name,
        "length": target.length,
        "sha256": target.sha256.hex(),
        "other_hashes": [
            {"function": function, "hash": digest.hex()}
            for function, digest in target.hashes
            if function != tuf_pb2.SHA256
        ],
    }


def _describe_root(root: Root, message: tuf_pb2.RootMetadata) -> dict[str, Any]:
    in_role = {*root.root.key_ids, *root.targets.key_ids}
    return {
        "root": describe_role(root.root),
        "targets": describe_role(root.targets),
        "timestamp": _optional_role(message, "timestamp_signature_requirement"),
        "snapshot": _optional_role(message, "snapshot_signature_requirement"),
        # A key id is the hash of its key, which has been checked.
        "other_keys": _hex([key.key_id for key in root.keys if key.key_id not in in_role]),
        "consistent_snapshot": message.consistent_snapshot,
        "states_dev_keys": root.dev_keys,
        "dev_keys": root.is_dev,
    }


def _optional_role(message: tuf_pb2.RootMetadata, field: Any) -> dict[str, Any] | None:
    if not message.HasField(field):
        return None
    requirement = getattr(message, field)
    return describe_role(Role(tuple(requirement.key_ids), requirement.threshold))


def describe_role(role: Role) -> dict[str, Any]:
    """Returns the threshold and the keys of a role."""
    return {"threshold": role.threshold, "key_ids": _hex(role.key_ids)}


def _hex(key_ids: Sequence[bytes]) -> list[str]:
    return [each.hex() for each in key_ids]
