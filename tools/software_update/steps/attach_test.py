"""Tests of attach.py."""

from pathlib import Path

import pytest

from software_update.base.errors import InputError, SignatureError, UsageError
from software_update.format.verdicts import Refused, Verdict
from software_update.signing import holders
from software_update.signing.dev_keys import build_identities
from software_update.steps.attach import MetadataToRelease, UnsignedRoot, attach_signatures
from software_update.testing import encode as e
from software_update.testing import workspace
from software_update.testing.signers import (
    ROOT_KEY,
    ROOT_KEY_2,
    STRANGER,
    TARGETS_KEY,
    TARGETS_KEY_2,
    key_id,
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


def release_after_rotation(folder: Path, *signers: int) -> MetadataToRelease:
    """Returns a release whose root followed one that lists TARGETS_KEY, signed by keys with these numbers."""
    (folder / "first.pb").write_bytes(e.signed(e.root(1), ROOT_KEY))
    (folder / "root.pb").write_bytes(e.signed(e.root(2, [ROOT_KEY], [TARGETS_KEY_2]), ROOT_KEY))
    names = {key_id(TARGETS_KEY): "Anna", key_id(TARGETS_KEY_2): "Ben"}
    (folder / "holders.json").write_bytes(holders.build(names))
    signatures = [write_signature(folder / f"{each}.json", TARGETS, each) for each in signers]
    return RELEASE._replace(
        signatures=signatures, trusted_roots=["first.pb"], holders="holders.json"
    )


def test_leaves_out_a_signature_by_a_key_of_the_previous_root(folder: Path) -> None:
    release = release_after_rotation(folder, TARGETS_KEY, TARGETS_KEY_2)
    warnings: list[str] = []
    assert attach_signatures("out.pb", release, warn=warnings.append) == ()
    assert Path("out.pb").read_bytes() == e.signed(TARGETS, TARGETS_KEY_2)
    (text,) = warnings
    short = key_id(TARGETS_KEY).hex()[:16]
    assert text.startswith(
        f"{folder}/{TARGETS_KEY}.json: signed by key Anna ({short}) of the previous root, version 1; root "
        "version 2 does not list this key, so the signature is left out; remove the file; it revokes keys, "
        "so targets versions start again: "
    )
    assert text.endswith(
        "give each release a release counter, which devices compare under every root"
    )
    # Without a listener, too.
    attach_signatures("out.pb", release)


def test_a_key_of_the_previous_root_does_not_suffice(folder: Path) -> None:
    release = release_after_rotation(folder, TARGETS_KEY)
    with pytest.raises(SignatureError) as caught:
        attach_signatures("out.pb", release)
    text = str(caught.value)
    short = {each: key_id(each).hex()[:16] for each in (TARGETS_KEY, TARGETS_KEY_2)}
    assert text.startswith(
        f"{folder}/{TARGETS_KEY}.json: signed by key Anna ({short[TARGETS_KEY]}) of the previous root, "
        "version 1; root version 2 does not list this key; keys of the new root must sign; it revokes keys"
    )
    assert text.endswith(
        f"0 of 1 signatures by the root's keys, not signed: Ben ({short[TARGETS_KEY_2]})"
    )
    # If no root is known that lists the key, it is a stranger's.
    check_fails(release._replace(trusted_roots=[]), SignatureError, "may not sign this; remove it")
    check_fails(release._replace(holders="root.pb"), InputError, "root.pb: not a file of holders")


def test_versions_are_compared_if_keys_stay(folder: Path) -> None:
    release = release_after_rotation(folder, TARGETS_KEY, TARGETS_KEY_2)
    both = e.root(1, [ROOT_KEY], [TARGETS_KEY, TARGETS_KEY_2], 1, 2)
    (folder / "first.pb").write_bytes(e.signed(both, ROOT_KEY))
    warnings: list[str] = []
    attach_signatures("out.pb", release, warn=warnings.append)
    assert warnings[0].endswith("so the signature is left out; remove the file")


def test_roots_of_a_chain_are_known(folder: Path) -> None:
    release = release_after_rotation(folder, TARGETS_KEY)
    release = release._replace(trusted_roots=[], root_chain=["first.pb"])
    check_fails(release, SignatureError, "of the previous root, version 1")
