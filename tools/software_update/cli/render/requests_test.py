"""Tests of requests.py: everything that is signed is shown."""

import hashlib

import pytest

from software_update.cli.render.requests import request_lines
from software_update.format.proto import tuf_pb2
from software_update.format.verdicts import Refused
from software_update.keys.pem import read_public_key
from software_update.signing.signed_content import describe
from software_update.signing.signing_request import Request, parse_request
from software_update.testing import encode as e
from software_update.testing import tree
from software_update.testing.changes import ROOT, TARGETS, changed_bytes, changed_fields
from software_update.testing.signers import (
    ROOT_KEY,
    ROOT_KEY_2,
    STRANGER,
    TARGETS_KEY,
    TARGETS_KEY_2,
    key_id,
)


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def shown(request: Request) -> list[str]:
    return list(request_lines("signing x", request))


def test_everything_in_targets_is_shown() -> None:
    unknown = e.blob(100, b"secret") + e.number(101, 300)
    request = parse_request(TARGETS + unknown)
    lines = shown(request)
    assert lines == [
        "signing x: targets metadata, version 7, expires 2031-01-01T00:00:00Z and 5 ns",
        f"  {len(TARGETS + unknown)} bytes, sha256 {request.sha256.hex()}",
        "  2 targets:",
        "    app: 8 bytes",
        f"      sha256 {'0' * 64}",
        f"      hash function 2: {b'other'.hex()}",
        "    boot: 1 bytes",
        f"      sha256 {sha256(b'x')}",
        "      zstd, original: 0 bytes",
        f"      original sha256 {sha256(b'')}",
        f"  unknown field 100 of the metadata: wire type 2, 6 bytes, sha256 {sha256(b'secret')}",
        "  unknown field 101 of the metadata: wire type 0, 2 bytes, sha256 "
        f"{sha256(e.varint(300))}",
    ]


def test_everything_in_a_root_is_shown() -> None:
    lines = shown(parse_request(ROOT))
    assert lines[2:] == [
        "  DEV KEYS: anyone can sign this",
        "  spec_version 1.2.3",
        "  root: 2 of 2 keys",
        *(f"    {each}" for each in sorted(key_id(n).hex() for n in (ROOT_KEY, ROOT_KEY_2))),
        "  targets: 1 of 2 keys",
        *(f"    {each}" for each in sorted(key_id(n).hex() for n in (TARGETS_KEY, TARGETS_KEY_2))),
        "  timestamp: 1 of 1 keys",
        f"    {key_id(STRANGER).hex()}",
        "  snapshot: 3 of 0 keys",
        "  keys that are in neither of the roles root and targets:",
        f"    {key_id(STRANGER).hex()}",
        "  allowed targets: app, assets/*",
        "  consistent_snapshot: true",
    ]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (
            e.targets_of(e.common("targets") + e.blob(9, b"x"), [e.target("a", b"")]),
            "common_metadata",
        ),
        (
            e.targets_of(e.common("targets"), [e.target("a", b"") + e.blob(9, b"x")]),
            "target_files[0]",
        ),
        (
            e.targets_of(
                e.common("targets"),
                [
                    e.target("a", b""),
                    e.text(1, "b")
                    + e.blob(3, e.number(1, 1) + e.blob(2, bytes(32)) + e.blob(9, b"x")),
                ],
            ),
            "target_files[1].hashes[0]",
        ),
    ],
)
def test_unknown_fields_at_every_level(data: bytes, message: str) -> None:
    said = describe(parse_request(data).content)
    assert [each["message"] for each in said["unknown_fields"]] == [message]
    line = f"  unknown field 9 of {message}: wire type 2, 1 bytes, sha256 "
    assert any(each.startswith(line) for each in shown(parse_request(data)))


def test_different_metadata_are_shown_differently() -> None:
    """Canonical metadata is determined by what is shown besides its SHA-256; other metadata is named so."""
    bases = [TARGETS + e.blob(100, b"secret"), ROOT + e.number(101, 3)]
    found = {changed for base in bases for changed in changed_bytes(base)}
    dev_key = read_public_key(str(tree.DEV_KEYS / "throwaway_dev_targets_key.pem.pub"))
    with_dev_key = e.root_of(
        e.common("root"),
        sorted((e.key(ROOT_KEY), e.key_of(dev_key.keyval))),
        e.role([key_id(ROOT_KEY)]),
        e.role([dev_key.key_id]),
    )
    bases += [TARGETS, ROOT, e.targets({"app": b"firmware"}), e.root(), with_dev_key]
    found |= {changed for base in bases for changed in (base, *changed_fields(base))}
    seen: dict[str, bytes] = {}
    others = 0
    for data in found:
        try:
            request = parse_request(data)
        except Refused:
            continue
        said = describe(request.content)
        title, digest, *lines = shown(request)
        assert digest == f"  {len(data)} bytes, sha256 {request.sha256.hex()}"
        assert (lines[-1].startswith("  not canonical: ")) == (not said["canonical"])
        if said["canonical"]:
            del said["sha256"], said["length"]
            for content in ("\n".join([title, *lines]), repr(said)):
                assert seen.setdefault(content, data) == data, content
        else:
            others += 1
    assert len(seen) > 1000
    assert others > 1000


def test_every_known_field_is_described() -> None:
    """A new field of a message has to be added to signed_content.describe."""
    described = {
        "RootMetadata": {1, 2, 3, 4, 5, 6, 7, 254, 255},
        "TargetsMetadata": {1, 2},
        "CommonMetadata": {1, 2, 3, 4},
        "TargetFile": {1, 2, 3, 254},
        "Compression": {1, 2, 3},
        "Hash": {1, 2},
        "KeyMapping": {1, 2},
        "Key": {1, 2, 3},
        "SignatureRequirement": {1, 2},
    }
    messages = tuf_pb2.DESCRIPTOR.message_types_by_name
    assert {name: set(messages[name].fields_by_number) for name in described} == described
