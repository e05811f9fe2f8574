"""Tests of attach.py."""

from pathlib import Path

import pytest

from software_update.base.errors import InputError, SignatureError, UsageError
from software_update.format.verdicts import Refused, Verdict
from software_update.signing.dev_keys import build_identities
from software_update.steps.attach import MetadataToRelease, UnsignedRoot, attach_signatures
from software_update.testing import encode as e
from software_update.testing import workspace
from software_update.testing.signers import (
    ROOT_KEY,
    ROOT_KEY_2,
    STRANGER,
    TARGETS_KEY,
    signer,
    write_signature,
)
from software_update.testing.workspace import TARGETS


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with targets metadata and their signature."""
    folder = workspace.make_with_targets(tmp_path)
    monkeypatch.chdir(folder)
    write_signature(folder / "good.json", TARGETS, TARGETS_KEY)
    return folder


RELEASE = MetadataToRelease("targets", "targets.pb", ["good.json"], root="root.pb")


def check_fails(release: MetadataToRelease, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        attach_signatures("out.pb", release)
    assert not Path("out.pb").exists()


def test_targets_metadata_get_their_signatures(folder: Path) -> None:
    other = write_signature(folder / "other.json", e.targets({"app": b""}, 6), TARGETS_KEY)
    release = RELEASE._replace(signatures=["good.json", other])
    assert attach_signatures("out.pb", release) == (other,)
    assert Path("out.pb").read_bytes() == e.signed(TARGETS, TARGETS_KEY)


def test_new_root_needs_the_keys_of_the_previous_root(folder: Path) -> None:
    root = e.root(2, [ROOT_KEY_2])
    (folder / "new.pb").write_bytes(root)
    own = write_signature(folder / "own.json", root, ROOT_KEY_2)
    old = write_signature(folder / "old.json", root, ROOT_KEY)
    release = MetadataToRelease("root", "new.pb", [own], previous="root.pb")
    check_fails(release, SignatureError, "0 of 1 signatures by the previous root's keys")
    attach_signatures("out.pb", release._replace(signatures=[own, old]))
    (folder / "new.pb").write_bytes(e.root(3, [ROOT_KEY_2]))
    with pytest.raises(Refused) as caught:
        attach_signatures("out.pb", release)
    assert (caught.value.verdict, caught.value.subject) == (Verdict.ROOT_VERSION_GAP, "new.pb")


def test_root_without_signatures_has_an_error_of_its_own(folder: Path) -> None:
    (folder / "root.pb").write_bytes(e.signed(e.root()))
    check_fails(RELEASE, UnsignedRoot, r"^root\.pb: has no signatures$")


def test_rejects_a_chain_that_does_not_lead_to_the_root(folder: Path) -> None:
    (folder / "first.pb").write_bytes(e.signed(e.root(1, [STRANGER]), STRANGER))
    (folder / "root.pb").write_bytes(e.signed(e.root(2), ROOT_KEY))
    check_fails(RELEASE._replace(root_chain=["first.pb"]), InputError, "a device rejects it")


@pytest.mark.parametrize(
    "release",
    [RELEASE._replace(root_chain=["first.pb"]), RELEASE._replace(trusted_roots=["first.pb"])],
    ids=["root chain", "trusted roots"],
)
def test_rejects_a_root_with_a_key_of_the_tree(folder: Path, release: MetadataToRelease) -> None:
    (folder / "first.pb").write_bytes(e.signed(e.root(1, [STRANGER]), STRANGER))
    (folder / "root.pb").write_bytes(e.signed(e.root(2), STRANGER, ROOT_KEY))
    attach_signatures("out.pb", release)
    Path("out.pb").unlink()
    identities = build_identities({signer(STRANGER).public.identity: "keys/dev.pem"})
    (folder / "identities.json").write_bytes(identities)
    release = release._replace(dev_key_identities="identities.json")
    check_fails(release, InputError, r"^first\.pb: lists the dev key .*, keys/dev\.pem;")


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("path", [*RELEASE.inputs, "listed.json"])
def test_output_replaces_no_input(path: str) -> None:
    Path("listed.json").touch()
    before = Path(path).read_bytes()
    with pytest.raises(UsageError, match="would replace the input"):
        attach_signatures(path, RELEASE, other_inputs=["listed.json"])
    assert Path(path).read_bytes() == before
