"""Tests of the differences of two releases in their metadata and release manifests."""

from collections.abc import Mapping

from software_update.disclosure.blast_radius import KeyChange
from software_update.disclosure.disclosed import Disclosed
from software_update.disclosure.release_difference import FieldChange, Value, release_difference
from software_update.format import metadata
from software_update.format.claims import Attachment, Claims
from software_update.format.messages import Compression, Target
from software_update.format.release_manifest import Advisory, ReleaseManifest
from software_update.testing import encode as e
from software_update.testing.signers import TARGETS_KEY, TARGETS_KEY_2, key_id

CONTENTS = {"app": b"1", "boot": b"1"}
MANIFEST = ReleaseManifest("p", "1", 3, hardware_ids=("b", "a"), notes="text")


def release(
    contents: Mapping[str, bytes] = CONTENTS,
    *,
    root: bytes | None = None,
    targets: bytes | None = None,
    manifest: ReleaseManifest | None = MANIFEST,
) -> Disclosed:
    parsed = metadata.parse_root(root or e.root())
    return Disclosed(
        targets=metadata.parse_targets(targets or e.targets(contents)),
        root=parsed,
        root_id=parsed.id,
        signers=(key_id(TARGETS_KEY),),
        user_manifest=None,
        manifest=manifest,
        claims=Claims(),
        payloads=(),
        is_bundle=True,
    )


OLD = release()


def changed_fields(new: Disclosed, old: Disclosed = OLD) -> dict[str, tuple[Value, Value]]:
    found = release_difference(old, new)
    assert found.differ is bool(found.fields)
    return {each.field: each[1:] for each in found.fields}


def test_same_release() -> None:
    found = release_difference(OLD, release())
    assert not found.differ
    assert found.unchanged == 2


def test_targets() -> None:
    found = release_difference(OLD, release({"app": b"2", "new": b""}))
    assert [(each.name, each.change) for each in found.targets] == [
        ("app", "changed"),
        ("boot", "removed"),
        ("new", "added"),
    ]
    assert found.unchanged == 0
    assert found.differ
    assert not any(each.same_content for each in found.targets)
    assert release_difference(OLD, release({**CONTENTS, "new": b""})).unchanged == 2


def test_target_that_is_compressed_in_another_way() -> None:
    packed = Target.of("app", 9, e.sha256(b"x"), Compression(1, 1, e.sha256(b"1")))
    targets = OLD.targets._replace(targets=(packed, OLD.targets.targets[1]))
    [change] = release_difference(OLD, OLD._replace(targets=targets)).targets
    assert (change.change, change.same_content) == ("changed", True)


def test_fields_of_the_root() -> None:
    root = e.root(2, expires=0) + e.text(254, "app") + e.number(255, 1)
    new = release(root=root)
    assert changed_fields(new) == {
        "root.allowed_targets": (None, ["app"]),
        "root.dev_keys": (False, True),
        "root.expires": (None, "1970-01-01T00:00:00Z"),
        "root.sha256": (e.sha256(e.root()).hex(), e.sha256(root).hex()),
        "root.version": (1, 2),
    }
    # Only its identity is known.
    assert set(changed_fields(new, OLD._replace(root=None))) == {"root.sha256", "root.version"}
    assert changed_fields(new, OLD._replace(root=None, root_id=None)) == {}


def test_fields_of_the_targets_metadata() -> None:
    new = release(targets=e.targets(CONTENTS, 2, expires=0))
    assert changed_fields(new) == {
        "targets.expires": (None, "1970-01-01T00:00:00Z"),
        "targets.version": (1, 2),
    }


def test_metadata_that_differs_in_an_unknown_field() -> None:
    targets = e.targets(CONTENTS) + e.number(999, 1)
    digests = e.sha256(e.targets(CONTENTS)).hex(), e.sha256(targets).hex()
    assert changed_fields(release(targets=targets)) == {"targets.sha256": digests}


def test_fields_of_the_release_manifest() -> None:
    manifest = ReleaseManifest(
        "q",
        "2",
        4,
        hardware_ids=("c",),
        minimum_counter=3,
        notes="other text",
        severity="low",
        support_until="2031-01-01T00:00:00Z",
        kind="security",
        advisories=(Advisory("CVE-1", "low", "text"),),
        duration=60,
        unavailable_functions=("light",),
        reversible=False,
    )
    attached = Claims(attachments=(Attachment("sbom", 3, "00"),))
    expected = {
        "release.advisories": (None, ["CVE-1: low"]),
        "release.attachments": (None, ["sbom: 3 bytes, sha256 00"]),
        "release.duration": (None, 60),
        "release.hardware_ids": (["a", "b"], ["c"]),
        "release.kind": (None, "security"),
        "release.minimum_release_counter": (None, 3),
        "release.product": ("p", "q"),
        "release.release_counter": (3, 4),
        "release.reversible": (None, False),
        "release.severity": (None, "low"),
        "release.support_until": (None, "2031-01-01T00:00:00Z"),
        "release.unavailable_functions": (None, ["light"]),
        "release.version": ("1", "2"),
    }
    new = release(manifest=manifest)._replace(claims=attached)
    assert changed_fields(new) == expected
    gone = changed_fields(release(manifest=None))
    assert gone["release.product"] == ("p", None)


def test_order_of_hardware_ids_does_not_matter() -> None:
    assert changed_fields(release(manifest=MANIFEST._replace(hardware_ids=("a", "b")))) == {}


def test_signers() -> None:
    new = OLD._replace(signers=(key_id(TARGETS_KEY_2),))
    found = release_difference(OLD, new)
    assert set(found.signers) == {
        KeyChange("targets", key_id(TARGETS_KEY), "removed"),
        KeyChange("targets", key_id(TARGETS_KEY_2), "added"),
    }
    assert found.differ
    assert not release_difference(OLD._replace(signers=None), new).differ
    assert not release_difference(OLD, new._replace(signers=None)).differ


def test_field_change_has_both_values() -> None:
    assert FieldChange("root.version", 1, None)._asdict() == {
        "field": "root.version",
        "old": 1,
        "new": None,
    }
