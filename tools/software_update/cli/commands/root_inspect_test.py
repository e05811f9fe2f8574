"""Tests of root inspect."""

import json
from pathlib import Path

import pytest

from software_update.format import limits
from software_update.testing import encode as e
from software_update.testing import tree, workspace
from software_update.testing.command import done, failed
from software_update.testing.signers import (
    ROOT_KEY,
    TARGETS_KEY,
    TARGETS_KEY_2,
    key_id,
    signer,
)
from software_update.testing.workspace import root_create_args


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return workspace.make(tmp_path)


def test_inspect_json(folder: Path) -> None:
    """The schema software_update.root.v1, whole."""
    (folder / "r.pb").write_bytes(
        e.signed(e.root(3, [ROOT_KEY], [TARGETS_KEY, TARGETS_KEY_2], 1, 2, 1924992000), ROOT_KEY)
    )
    keys = (ROOT_KEY, TARGETS_KEY, TARGETS_KEY_2)
    found = json.loads(done("root", "inspect", folder / "r.pb", "--json").out)
    assert found == {
        "schema": "software_update.root.v1",
        "version": 3,
        "expires": "2031-01-01T00:00:00Z",
        "keys": [
            {
                "key_id": key_id(each).hex(),
                "key_type": "ECDSA_SHA2_NISTP256",
                "scheme": "ECDSA_SHA2_NISTP256_SCHEME",
                "keyval": signer(each).public.keyval.hex(),
                "dev_key": False,
            }
            for each in keys
        ],
        "roles": {
            "root": {"key_ids": [key_id(ROOT_KEY).hex()], "threshold": 1},
            "targets": {
                "key_ids": [key_id(TARGETS_KEY).hex(), key_id(TARGETS_KEY_2).hex()],
                "threshold": 2,
            },
        },
        "allowed_targets": None,
        "dev_keys": False,
        "signatures": [key_id(ROOT_KEY).hex()],
    }


def test_inspect_text(folder: Path) -> None:
    assert done("root", "inspect", folder / "root.pb").out.splitlines() == [
        f"{folder}/root.pb: version 1, never expires",
        "  root: 1 of 1 keys",
        f"    {key_id(ROOT_KEY).hex()}",
        "  targets: 1 of 1 keys",
        f"    {key_id(TARGETS_KEY).hex()}",
        f"  signature: present, not checked: by {key_id(ROOT_KEY).hex()}",
    ]


def test_inspect_of_allowed_targets(folder: Path) -> None:
    root = e.root() + e.text(254, "boot") + e.text(254, "app/*")
    (folder / "root.pb").write_bytes(e.signed(root, ROOT_KEY))
    text = done("root", "inspect", folder / "root.pb").out
    assert "\n  allowed targets: boot, app/*\n  signature: " in text
    found = json.loads(done("root", "inspect", folder / "root.pb", "--json").out)
    assert found["allowed_targets"] == ["boot", "app/*"]


def test_inspect_of_dev_keys(folder: Path) -> None:
    done(
        "root",
        "create",
        "--version=1",
        "--root-key",
        tree.DEV_KEYS / "throwaway_dev_root_key.pem.pub",
        "--targets-key",
        tree.DEV_KEYS / "throwaway_dev_targets_key.pem.pub",
        "-o",
        folder / "dev.pb",
    )
    text = done("root", "inspect", folder / "dev.pb").out
    assert text.splitlines()[1] == "  DEV KEYS: anyone can sign this"
    assert text.count("DEV KEYS") == 3
    found = json.loads(done("root", "inspect", folder / "dev.pb", "--json").out)
    assert [each["dev_key"] for each in found["keys"]] == [True, True]
    assert found["dev_keys"] is True


def test_inspect_of_a_root_that_says_dev_keys(folder: Path) -> None:
    """A team's own keys in its tree: only the root can tell."""
    done(*root_create_args(folder, "--dev-keys"))
    plain = root_create_args(folder)
    plain[plain.index("-o") + 1] = f"{folder}/plain.pb"
    done(*plain)
    marked, unmarked = (
        done("root", "inspect", folder / name).out.splitlines() for name in ("new.pb", "plain.pb")
    )
    assert marked[1:] == ["  DEV KEYS: anyone can sign this", *unmarked[1:]]
    found = json.loads(done("root", "inspect", folder / "new.pb", "--json").out)
    assert found["dev_keys"] is True
    assert not any(each["dev_key"] for each in found["keys"])


def test_inspect_of_odd_keys_does_not_fail(folder: Path) -> None:
    odd = e.root_of(
        e.common("root"),
        [e.key_of(b"?", key_type=9, scheme=2**31 - 1)],
        e.role([b"\1"], 0),
        b"",
    )
    (folder / "odd.pb").write_bytes(e.signed_of(odd, [b""]))
    found = json.loads(done("root", "inspect", folder / "odd.pb", "--json").out)
    assert (found["keys"][0]["key_type"], found["keys"][0]["scheme"]) == ("9", "2147483647")
    done("root", "inspect", folder / "odd.pb")


def test_inspect_of_no_root(folder: Path) -> None:
    text = failed(1, "root", "inspect", folder / "app.bin")
    assert text.startswith(("MALFORMED: ", "UNEXPECTED_FIELD: "))
    assert f"{folder}/app.bin" in text
    (folder / "large").write_bytes(bytes(limits.MAX_ROOT_METADATA_BYTES + 1))
    assert "larger than 524288 bytes" in failed(3, "root", "inspect", folder / "large")
