"""Tests of personalize.py."""

from pathlib import Path

import pytest

from software_update.base import files
from software_update.bundle.personalize import kept_ranges
from software_update.bundle.reader import read_envelope
from software_update.format.messages import ZSTD, Compression, Target
from software_update.format.verdicts import Refused
from software_update.testing import encode as e
from software_update.testing import zstd_frames
from software_update.testing.signers import TARGETS_KEY

CONTENTS = {"user_manifest": b"{}", "app": b"application", "boot": b"bootloader"}
BUNDLE = e.targets_entry(e.signed(e.targets(CONTENTS, 1), TARGETS_KEY)) + e.payloads(CONTENTS)


def target(name: str) -> Target:
    return Target.of(name, len(CONTENTS[name]), e.sha256(CONTENTS[name]))


def kept(folder: Path, bundle: bytes, on_device: set[Target]) -> list[str]:
    """Returns the names of the payloads in the bundle that the ranges make."""
    path = folder / "a.bundle"
    path.write_bytes(bundle)
    with files.open_input(str(path)) as fd:
        ranges = kept_ranges(fd, on_device)
    path.write_bytes(b"".join(bundle[start:end] for start, end in ranges))
    with files.open_input(str(path)) as fd:
        return [each.name for each in read_envelope(fd).payloads]


def test_payloads_on_the_device_are_left_out(tmp_path: Path) -> None:
    assert kept(tmp_path, BUNDLE, set()) == list(CONTENTS)
    assert kept(tmp_path, BUNDLE, {target("app")}) == ["user_manifest", "boot"]


def test_user_manifest_is_kept(tmp_path: Path) -> None:
    assert kept(tmp_path, BUNDLE, set(map(target, CONTENTS))) == ["user_manifest"]


def test_fields_are_in_the_order_of_the_writer(tmp_path: Path) -> None:
    signed = e.signed(e.targets(CONTENTS, 1), TARGETS_KEY)
    ours = e.chain(b"2", b"1") + e.root_entry(b"3") + e.targets_entry(signed) + e.payloads(CONTENTS)
    payloads = [e.payload(name, CONTENTS[name]) for name in ("boot", "app", "user_manifest")]
    parts = [*payloads, e.targets_entry(signed), e.root_entry(b"3"), e.chain(b"2"), e.chain(b"1")]
    path = tmp_path / "a.bundle"
    path.write_bytes(b"".join(parts))
    with files.open_input(str(path)) as fd:
        ranges = kept_ranges(fd, set())
    assert b"".join(path.read_bytes()[start:end] for start, end in ranges) == ours


def test_other_content_of_the_same_name_is_kept(tmp_path: Path) -> None:
    other = Target.of("app", len(CONTENTS["app"]), bytes(32))
    assert kept(tmp_path, BUNDLE, {other}) == list(CONTENTS)


def test_payload_that_is_not_as_listed_is_kept_for_the_verifier(tmp_path: Path) -> None:
    listed = e.targets_entry(e.signed(e.targets(CONTENTS, 1), TARGETS_KEY))
    bundle = listed + e.payloads({**CONTENTS, "app": b"short"})
    assert kept(tmp_path, bundle, {target("app")}) == list(CONTENTS)


def test_bundle_without_metadata_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="has no targets metadata"):
        kept(tmp_path, e.payloads(CONTENTS), set())


def test_content_is_compared_before_compression(tmp_path: Path) -> None:
    """A device that installed the same content needs no payload, however the two releases store it."""
    app, stored = CONTENTS["app"], zstd_frames.stored(CONTENTS["app"])
    listed = e.targets_of(e.common("targets"), [e.compressed("app", stored, app)])
    bundle = e.targets_entry(e.signed(listed, TARGETS_KEY)) + e.payload("app", stored)
    compressed = Target.of(
        "app", len(stored), e.sha256(stored), Compression(ZSTD, len(app), e.sha256(app))
    )
    assert kept(tmp_path, bundle, {compressed}) == []
    assert kept(tmp_path, bundle, {target("app")}) == []
    assert kept(tmp_path, BUNDLE, {compressed}) == ["user_manifest", "boot"]
    as_stored = Target.of("app", len(stored), e.sha256(stored))
    assert kept(tmp_path, bundle, {as_stored}) == ["app"]
