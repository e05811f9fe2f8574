"""Topic keys: thresholds, schemes, and keys that do not count."""

import json
from typing import Any

import pytest
from securesystemslib.signer import CryptoSigner
from software_update.testing.tuf_site import new_key, signed

from tests.serving.conformance.run import Run

ROLES = ("root", "timestamp", "snapshot", "targets")


def publish(run: Run) -> None:
    """Publishes a new root, for the keys as they are now, and all roles below it."""
    run.site.publish_root(*run.site.signers["old"])
    run.site.publish("targets")


@pytest.fixture(autouse=True)
def old_root_key(run: Run) -> None:
    run.site.signers["old"] = run.site.signers["root"]


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("scheme", ["ed25519", "ecdsa", "rsa"])
def test_schemes(run: Run, role: str, scheme: str) -> None:
    key = getattr(CryptoSigner, f"generate_{scheme}")()
    run.site.signers[role] = [key]
    publish(run)
    assert run.refresh() == 0
    assert run.versions()[role] == 2


@pytest.mark.parametrize("role", ROLES)
def test_threshold_must_be_met(run: Run, role: str) -> None:
    keys = [new_key(), new_key(), new_key()]
    run.site.root.roles[role].threshold = 2
    run.site.signers[role] = keys
    publish(run)
    assert run.refresh() == 0
    # All keys count, but only one of them signs.
    resign(run, role, keys[:1])
    assert run.refresh() == 1
    resign(run, role, keys[1:])
    assert run.refresh() == 0


def resign(run: Run, role: str, keys: list[CryptoSigner]) -> None:
    """Publishes the next version of a role, which only these keys sign."""
    site = run.site
    if role == "root":
        site.root.version = run.versions()["root"] + 1
        site.objects[f"metadata/{site.root.version}.root.json"] = signed(site.root, *keys)
        return
    if role == "targets":
        role_signed: Any = site.roles["targets"]
        role_signed.version += 1
        site.publish_role("targets", content=signed_next(role_signed, keys))
        site.publish_snapshot()
        site.publish_timestamp()
        return
    known, site.signers[role] = site.signers[role], keys
    site.publish_snapshot()
    site.publish_timestamp()
    site.signers[role] = known


def signed_next(role: Any, keys: list[CryptoSigner]) -> bytes:
    """Returns a role with the version that `publish_role` gives it."""
    content = signed(role, *keys)
    role.version -= 1
    return content


@pytest.mark.parametrize("role", ["timestamp", "snapshot", "targets"])
def test_same_signature_twice_counts_once(run: Run, role: str) -> None:
    run.site.root.roles[role].threshold = 2
    run.site.signers[role] = [new_key(), new_key()]
    publish(run)
    key = run.site.signers[role][0]
    resign(run, role, [key])
    name = {
        "timestamp": "timestamp",
        "snapshot": f"{run.site.snapshot.version}.snapshot",
        "targets": f"{run.site.roles['targets'].version}.targets",
    }[role]
    role_json = json.loads(run.site.objects[f"metadata/{name}.json"])
    role_json["signatures"] *= 2
    run.site.objects[f"metadata/{name}.json"] = json.dumps(role_json).encode()
    run.site.snapshot.meta["targets.json"].hashes = None
    assert run.refresh() == 1


@pytest.mark.parametrize("role", ["timestamp", "snapshot", "targets"])
def test_keys_of_another_role_do_not_count(run: Run, role: str) -> None:
    run.site.signers["timestamp"] = [new_key()]
    publish(run)
    other = "targets" if role == "timestamp" else "timestamp"
    resign(run, role, run.site.signers[other])
    assert run.refresh() == 1
    assert role not in run.versions()


@pytest.mark.parametrize("role", ["timestamp", "snapshot", "targets"])
def test_signature_of_other_bytes_is_rejected(run: Run, role: str) -> None:
    publish(run)
    name = "timestamp" if role == "timestamp" else f"2.{role}"
    content = run.site.objects[f"metadata/{name}.json"]
    changed = content.replace(b'"spec_version":"1.', b'"spec_version":"1.0.')
    assert changed != content
    run.site.objects[f"metadata/{name}.json"] = changed
    assert run.refresh() == 1
    assert role not in run.versions()


def test_key_that_no_role_uses_is_ignored(run: Run) -> None:
    other = new_key()
    run.site.root.keys[other.public_key.keyid] = other.public_key
    run.site.root.version += 1
    root = signed(run.site.root, *run.site.signers["root"])
    run.site.objects["metadata/2.root.json"] = root
    assert run.refresh() == 0
    assert run.versions()["root"] == 2


def test_root_with_a_key_of_an_unknown_scheme_is_rejected(run: Run) -> None:
    """python-tuf cannot read such a root, so devices that know a new scheme must come before its keys."""
    assert run.refresh() == 0
    run.site.signers["timestamp"] = [new_key(), new_key()]
    run.site.signers["timestamp"][0].public_key.scheme = "rot13"
    run.site.publish_root()
    assert run.refresh() == 1
    assert run.versions()["root"] == 1
