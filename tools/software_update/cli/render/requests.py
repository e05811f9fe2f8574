"""A signing request as lines of text, for the person who signs."""

from collections.abc import Iterator
from typing import Any

from software_update.base.errors import printable
from software_update.cli.render.description import compression_lines
from software_update.format import metadata
from software_update.keys.dev_key_ids import DEV_KEY_IDS, DEV_KEYS_WARNING
from software_update.signing.holders import Holders, named, named_in_full
from software_update.signing.signed_content import ALLOWED_TARGETS, describe
from software_update.signing.signing_request import Request


def request_lines(title: str, request: Request) -> Iterator[str]:
    """Yields lines with all content that a signature covers, read from the signed bytes.

    The names of keys come from the JSON next to the bytes, and a line says so.
    """
    said = describe(request.content)
    yield f"{title}: {said['role']} metadata, version {said['version']}, {_expiry(said)}"
    yield f"  {said['length']} bytes, sha256 {said['sha256']}"
    if request.is_dev:
        yield f"  {DEV_KEYS_WARNING}"
    if said["spec_version"] != metadata.SPEC_VERSION:
        yield f"  spec_version {said['spec_version']}"
    if request.role == metadata.ROOT:
        yield from _root_lines(said["summary"], request.holders)
    else:
        yield from _target_lines(said["summary"]["targets"])
    for each in said["unknown_fields"]:
        yield (
            f"  unknown field {each['number']} of {each['message'] or 'the metadata'}: wire type "
            f"{each['wire_type']}, {each['length']} bytes, sha256 {each['sha256']}"
        )
    if not said["canonical"]:
        yield "  not canonical: other bytes may have the same content; compare the sha256"
    if request.document is not None and request.holders:
        yield from _authority_lines(request.document["authorities"], request.holders)
        yield "  names of keys are not signed; compare the key ids"


def key_line(key_id: bytes, holders: Holders) -> str:
    """Returns the line that names the key that signs."""
    dev = f"  {DEV_KEYS_WARNING}" if key_id.hex() in DEV_KEY_IDS else ""
    return f"  by key {named_in_full(key_id, holders)}{dev}"


def _authority_lines(authorities: list[dict[str, Any]], holders: Holders) -> Iterator[str]:
    for each in authorities:
        keys = ", ".join(named(bytes.fromhex(key_id), holders) for key_id in each["key_ids"])
        whose = printable(each["authority"])
        yield f"  to sign by keys of {whose}: {each['threshold']} of {keys}"


def _expiry(said: dict[str, Any]) -> str:
    if said["expires"] is None:
        return "never expires"
    nanoseconds = said["expires_nanoseconds"]
    return f"expires {said['expires']}" + (f" and {nanoseconds} ns" if nanoseconds else "")


def _root_lines(summary: dict[str, Any], holders: Holders) -> Iterator[str]:
    for name in (metadata.ROOT, metadata.TARGETS, "timestamp", "snapshot"):
        role = summary[name]
        if role is not None:
            yield f"  {name}: {role['threshold']} of {len(role['key_ids'])} keys"
            yield from _key_lines(role["key_ids"], holders)
    if summary["other_keys"]:
        yield "  keys that are in neither of the roles root and targets:"
        yield from _key_lines(summary["other_keys"], holders)
    if ALLOWED_TARGETS in summary:
        yield f"  allowed targets: {', '.join(summary[ALLOWED_TARGETS])}"
    if summary["consistent_snapshot"]:
        yield "  consistent_snapshot: true"
    if summary["dev_keys"] and not summary["states_dev_keys"]:
        yield "  lists a development key, but does not state dev_keys"


def _key_lines(key_ids: list[str], holders: Holders) -> Iterator[str]:
    for key_id in key_ids:
        yield f"    {named_in_full(bytes.fromhex(key_id), holders)}"


def _target_lines(targets: list[dict[str, Any]]) -> Iterator[str]:
    yield f"  {len(targets)} targets:"
    for each in targets:
        yield f"    {printable(each['name'])}: {each['length']} bytes"
        yield f"      sha256 {each['sha256']}"
        for other in each["other_hashes"]:
            yield f"      hash function {other['function']}: {other['hash']}"
        yield from compression_lines(each)
