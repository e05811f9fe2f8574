"""Tests of description.py."""

import hashlib

from software_update.cli.render.description import (
    describe_root,
    describe_targets,
    root_lines,
    targets_lines,
)
from software_update.keys.dev_key_ids import DEV_KEYS_WARNING
from software_update.testing import encode as e
from software_update.testing.signers import ROOT_KEY, TARGETS_KEY, key_id

CONTENTS = {"a\x1b": b"one", "b": b"two"}


def test_targets_as_data() -> None:
    assert describe_targets(e.signed(e.targets(CONTENTS, 7, 0), TARGETS_KEY)) == {
        "version": 7,
        "expires": "1970-01-01T00:00:00Z",
        "targets": [
            {
                "name": name,
                "length": len(content),
                "sha256": [hashlib.sha256(content).hexdigest()],
            }
            for name, content in CONTENTS.items()
        ],
        "signatures": [key_id(TARGETS_KEY).hex()],
    }


def test_targets_as_lines() -> None:
    described = describe_targets(e.signed(e.targets(CONTENTS, 7, 0)))
    assert list(targets_lines(described, {"b": (40, 3)}, dev_keys=True)) == [
        "targets metadata: version 7, expires 1970-01-01T00:00:00Z",
        f"  {DEV_KEYS_WARNING}",
        "  signatures: none",
        "  2 targets:",
        r"    a\x1b: 3 bytes, payload left out",
        f"      sha256 {hashlib.sha256(b'one').hexdigest()}",
        "    b: 3 bytes, payload at 40",
        f"      sha256 {hashlib.sha256(b'two').hexdigest()}",
    ]


def test_root_as_data_and_lines() -> None:
    described = describe_root(e.signed(e.root(), ROOT_KEY))
    assert described["roles"] == {
        "root": {"key_ids": [key_id(ROOT_KEY).hex()], "threshold": 1},
        "targets": {"key_ids": [key_id(TARGETS_KEY).hex()], "threshold": 1},
    }
    assert [each["key_id"] for each in described["keys"]] == [
        key_id(each).hex() for each in (ROOT_KEY, TARGETS_KEY)
    ]
    assert list(root_lines("r.pb", described)) == [
        "r.pb: version 1, never expires",
        "  root: 1 of 1 keys",
        f"    {key_id(ROOT_KEY).hex()}",
        "  targets: 1 of 1 keys",
        f"    {key_id(TARGETS_KEY).hex()}",
        f"  signature: present, not checked: by {key_id(ROOT_KEY).hex()}",
    ]
