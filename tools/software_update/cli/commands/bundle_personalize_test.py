"""Tests of bundle personalize."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from software_update.testing import encode as e
from software_update.testing import workspace
from software_update.testing.command import call, done, failed
from software_update.testing.peak import MIB, peak_bytes
from software_update.testing.signers import ROOT_KEY, TARGETS_KEY
from software_update.testing.workspace import APP, BOOT, CONTENTS

HEAD = e.root_entry(e.signed(e.root(), ROOT_KEY))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = workspace.make(tmp_path)
    (folder / "installed").write_bytes(e.manifest(e.targets({"app": APP, "boot": b"old"}, 6)))
    return folder


def personalize(folder: Path, name: str = "good.bundle") -> list[str]:
    return [
        "bundle",
        "personalize",
        f"{folder}/{name}",
        f"--installed={folder}/installed",
        "-o",
        f"{folder}/small.bundle",
    ]


def verify(folder: Path, name: str = "small.bundle") -> list[str]:
    return ["bundle", "verify", f"{folder}/{name}", f"--trusted-root={folder}/root.pb"]


def test_personalized_bundle_has_the_expected_bytes(folder: Path) -> None:
    result = done(*personalize(folder))
    # A build of many stays quiet.
    assert (result.out, result.err) == ("", "")
    head = e.bundle(CONTENTS, version=7).removesuffix(e.payloads(CONTENTS))
    assert (folder / "small.bundle").read_bytes() == head + e.payload("boot", BOOT)
    done(*verify(folder), f"--installed={folder}/installed")
    done(*verify(folder), "--expect=MISSING_PAYLOAD")


def test_the_installed_release_as_a_bundle(folder: Path) -> None:
    before = folder / "before.bundle"
    before.write_bytes(e.bundle({"app": APP, "boot": b"old"}, version=6))
    from_manifest = (done(*personalize(folder)), (folder / "small.bundle").read_bytes())[1]
    done(*personalize(folder), f"--installed={before}")
    assert (folder / "small.bundle").read_bytes() == from_manifest


def bundle_of(folder: Path, contents: dict[str, bytes], fields: bytes) -> None:
    """Makes odd.bundle of a root, metadata for `contents`, and any fields after them."""
    signed = e.signed(e.targets(contents, 8), TARGETS_KEY)
    (folder / "odd.bundle").write_bytes(HEAD + e.targets_entry(signed) + fields)


def kept(folder: Path) -> bytes:
    """Returns the remaining fields of odd.bundle."""
    done(*personalize(folder, "odd.bundle"))
    return (folder / "small.bundle").read_bytes()


def test_fields_come_out_in_our_order(folder: Path) -> None:
    # As Pigweed's tool writes them; an entry's value before its name, and a chain of roots.
    targets = e.targets_entry(e.signed(e.targets(CONTENTS, 8), TARGETS_KEY))
    app = e.blob(4, e.blob(2, APP) + e.text(1, "app"))
    boot = e.blob(4, e.blob(2, BOOT) + e.text(1, "boot"))
    chain = e.chain(e.signed(e.root(), ROOT_KEY))
    (folder / "odd.bundle").write_bytes(targets + boot + app + HEAD + chain)
    assert kept(folder) == chain + HEAD + targets + boot
    done(*verify(folder), f"--installed={folder}/installed")


def test_the_user_manifest_stays(folder: Path) -> None:
    contents = {"app": APP, "user_manifest": b"{}"}
    (folder / "installed").write_bytes(e.manifest(e.targets(contents, 6), b"{}"))
    bundle_of(folder, contents, e.payloads(contents))
    assert kept(folder).endswith(e.payload("user_manifest", b"{}"))
    assert e.payload("app", APP) not in kept(folder)


@pytest.mark.parametrize(
    "installed",
    [{"app": APP + b"!"}, {"app": b"x" * len(APP)}, {"App": APP}, {"boot": APP}, {}],
    ids=["length", "hash", "case", "name", "nothing"],
)
def test_payloads_that_the_device_lacks_stay(folder: Path, installed: dict[str, bytes]) -> None:
    (folder / "installed").write_bytes(e.manifest(e.targets(installed, 6)))
    before = (folder / "good.bundle").read_bytes()
    done(*personalize(folder))
    assert (folder / "small.bundle").read_bytes() == before


def test_rejected_fields_stay(folder: Path) -> None:
    """A fault is not cured by leaving it out."""
    for payloads, verdict in (
        (e.payload("app", APP + b"!") + e.payload("boot", BOOT), "LENGTH_MISMATCH"),
        (e.payloads(CONTENTS) + e.payload("other", b""), "UNLISTED_PAYLOAD"),
    ):
        bundle_of(folder, CONTENTS, payloads)
        done(*personalize(folder, "odd.bundle"))
        done(*verify(folder), f"--installed={folder}/installed", f"--expect={verdict}")


def test_an_empty_payload(folder: Path) -> None:
    (folder / "installed").write_bytes(e.manifest(e.targets({"a": b"", "c": b""}, 6)))
    contents = {"a": b"", "b": b"", "c": b""}
    bundle_of(folder, contents, e.payloads(contents))
    assert kept(folder).endswith(e.payload("b", b""))
    assert kept(folder).count(e.payload("b", b"")) == 1
    assert e.payload("a", b"") not in kept(folder)


def test_errors(folder: Path) -> None:
    good = (folder / "good.bundle").read_bytes()
    (folder / "cut").write_bytes(good[:-1])
    (folder / "more").write_bytes(good + e.number(9, 1))
    (folder / "twice").write_bytes(good + e.payload("app", APP))
    (folder / "none").write_bytes(HEAD + e.payloads(CONTENTS))
    before = workspace.snapshot(folder)
    for name, text in (
        ("cut", "MALFORMED: "),
        ("more", "UNEXPECTED_FIELD: "),
        ("twice", "DUPLICATE_FIELD: "),
        ("none", "MISSING_ROLE_METADATA: "),
    ):
        assert failed(1, *personalize(folder, name)).startswith(f"{text}{folder}/{name}: ")
    assert "not a usable manifest or bundle of an installed release" in failed(
        3, *personalize(folder), f"--installed={folder}/app.bin"
    )
    for name in ("good.bundle", "installed"):
        text = failed(2, *personalize(folder), "-o", f"{folder}/{name}")
        assert "would replace the input" in text
    assert workspace.snapshot(folder) == before


def test_a_large_payload_is_not_held_in_memory(folder: Path) -> None:
    size = 200 * MIB
    listed = e.targets_of(e.common("targets", 8), [e.target_of("large", size, [(1, bytes(32))])])
    start = e.text(1, "large") + e.varint(2 * 8 + 2) + e.varint(size)
    entry = e.varint(4 * 8 + 2) + e.varint(len(start) + size) + start
    with open(folder / "odd.bundle", "wb") as file:
        file.write(HEAD + e.targets_entry(e.signed(listed, TARGETS_KEY)) + entry)
        file.truncate(file.tell() + size)
    assert peak_bytes(personalize(folder, "odd.bundle")) < 50 * MIB
    assert (folder / "small.bundle").stat().st_size == (folder / "odd.bundle").stat().st_size


NAMES = st.sampled_from([f"{folder}{name}" for folder in ("", "x/") for name in "abcdef"])


@settings(max_examples=30)
@given(st.dictionaries(NAMES, st.binary(max_size=300), min_size=1), st.data())
def test_any_part_installed(contents: dict[str, bytes], data: st.DataObject) -> None:
    """The device takes it, and has in the end what it would have from the whole bundle."""
    same = data.draw(st.sets(st.sampled_from(sorted(contents))))
    changed = data.draw(st.sets(st.sampled_from(sorted(contents))))
    installed = {name: contents[name] for name in sorted(same)}
    installed |= {name: contents[name] + b"!" for name in sorted(changed - same)}
    with tempfile.TemporaryDirectory() as parent:
        folder = workspace.make(Path(parent))
        (folder / "whole.bundle").write_bytes(e.bundle(dict(sorted(contents.items())), version=7))
        (folder / "installed").write_bytes(e.manifest(e.targets(installed, 6)))
        done(*personalize(folder, "whole.bundle"))
        done(*verify(folder), f"--installed={folder}/installed")
        status = call(*verify(folder), "--expect=MISSING_PAYLOAD").status
        assert status == (0 if same else 1)
        done("bundle", "extract", folder / "small.bundle", "-o", folder / "new")
        new = workspace.snapshot(folder / "new")
        assert new.keys() == contents.keys() - same
        assert {**{name: installed[name] for name in same}, **new} == contents
