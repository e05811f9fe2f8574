"""Tests of assemble.py."""

from pathlib import Path
from typing import Any

import pytest

from software_update.base.errors import Advice, InputError
from software_update.format.claims import Claims, TargetClaim
from software_update.format.device_limits import DEFAULT
from software_update.format.messages import Target
from software_update.format.release_manifest import ReleaseManifest, build_release
from software_update.steps.assemble import DeviceWithLimits, SignedContent, assemble_bundle
from software_update.steps.unchanged import Earlier
from software_update.testing import encode as e
from software_update.testing import workspace
from software_update.testing.signers import ROOT_KEY, ROOT_KEY_2, ROOT_KEY_3, TARGETS_KEY
from software_update.testing.workspace import APP, BOOT, CONTENTS
from software_update.verify.device_limits import BeyondDevice


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = workspace.make(tmp_path)
    (folder / "targets.pb").write_bytes(e.signed(e.targets(CONTENTS, 7), TARGETS_KEY))
    return folder


def assemble(
    folder: Path,
    *chain: str,
    left_out: str = "",
    earlier: Earlier | None = None,
    user_manifest: bool = False,
) -> list[str]:
    """Writes out.bundle; returns the problems for Pigweed's client."""
    files = [("boot", f"{folder}/boot.bin"), ("app", f"{folder}/app.bin")]
    if user_manifest:
        files.append(("user_manifest", f"{folder}/release.json"))
    content = SignedContent(
        [file for file in files if file[0] != left_out],
        f"{folder}/root.pb",
        f"{folder}/targets.pb",
        chain,
        earlier,
    )
    warnings: list[str] = []
    problems: list[str] = []
    assemble_bundle(
        f"{folder}/out.bundle", content, warn=warnings.append, pigweed_problem=problems.append
    )
    assert warnings == []
    return problems


def test_bundle_has_the_signed_metadata_as_it_is(folder: Path) -> None:
    assert assemble(folder) == []
    assert (folder / "out.bundle").read_bytes() == e.bundle(CONTENTS, version=7)


def test_claims_are_about_targets_that_the_metadata_lists(folder: Path) -> None:
    release = ReleaseManifest("p", "1", 1)
    for target, problem in ("app", ""), ("ap", "targets.ap: the release does not list this target"):
        claims = Claims((TargetClaim(target, "lamp", "application"),))
        (folder / "release.json").write_bytes(build_release(release, claims))
        contents = {**CONTENTS, "user_manifest": (folder / "release.json").read_bytes()}
        (folder / "targets.pb").write_bytes(e.signed(e.targets(contents, 7), TARGETS_KEY))
        if problem:
            with pytest.raises(InputError, match=problem):
                assemble(folder, user_manifest=True)
        else:
            assert assemble(folder, user_manifest=True) == []


def test_chain_that_pigweeds_client_cannot_follow_is_reported(folder: Path) -> None:
    links = [
        e.signed(e.root(1, [ROOT_KEY_2]), ROOT_KEY_2),
        e.signed(e.root(2, [ROOT_KEY_3]), ROOT_KEY_2, ROOT_KEY_3),
    ]
    root = e.signed(e.root(3), ROOT_KEY_3, ROOT_KEY)
    paths = [folder / "root-1.pb", folder / "root-2.pb", folder / "root.pb"]
    for path, content in zip(paths, [*links, root], strict=True):
        path.write_bytes(content)
    [problem] = assemble(folder, *map(str, paths[:2]))
    assert problem.startswith(f"{folder}/root.pb: the keys of an older root did not sign it")
    expected = e.chain(*links) + e.bundle(CONTENTS, version=7, signed_root=root)
    assert (folder / "out.bundle").read_bytes() == expected


@pytest.mark.parametrize("change", [BOOT + b"!", BOOT[:-1] + b"!"], ids=["length", "content"])
def test_payload_that_the_metadata_does_not_list_is_rejected(folder: Path, change: bytes) -> None:
    (folder / "boot.bin").write_bytes(change)
    with pytest.raises(InputError, match=r"boot\.bin: not the payload that the metadata lists for"):
        assemble(folder)
    assert not (folder / "out.bundle").exists()


def test_missing_payload_is_rejected(folder: Path) -> None:
    with pytest.raises(InputError, match=r"targets\.pb: target 'app' has no payload; add its"):
        assemble(folder, left_out="app")


def test_metadata_that_is_not_signed_is_rejected_with_advice(folder: Path) -> None:
    (folder / "targets.pb").write_bytes(e.targets(CONTENTS, 7))
    with pytest.raises(InputError, match=r"targets\.pb: not signed targets metadata") as caught:
        assemble(folder)
    assert caught.value.advice == Advice.SIGN_TARGETS_METADATA


def test_unchanged_targets_need_no_payload(folder: Path) -> None:
    same = Target.of("app", len(APP), e.sha256(APP))
    assemble(folder, left_out="app", earlier=Earlier("earlier", 6, (same,)))
    whole = e.bundle(CONTENTS, version=7)
    assert (folder / "out.bundle").read_bytes() == whole.replace(e.payload("app", APP), b"")


def test_missing_payload_of_a_changed_target_is_rejected(folder: Path) -> None:
    other = Target.of("app", len(APP), e.sha256(b"other"))
    with pytest.raises(InputError, match=r"targets\.pb: target 'app' has no payload"):
        assemble(folder, left_out="app", earlier=Earlier("earlier", 6, (other,)))


def test_device_counts_the_signatures_from_its_root(folder: Path) -> None:
    old, new = (e.signed(e.root(version), ROOT_KEY) for version in (1, 2))
    (folder / "old.pb").write_bytes(old)
    (folder / "root.pb").write_bytes(new)
    files = [("boot", f"{folder}/boot.bin"), ("app", f"{folder}/app.bin")]
    content = SignedContent(files, f"{folder}/root.pb", f"{folder}/targets.pb")

    def write(**limits: Any) -> None:
        assemble_bundle(
            f"{folder}/out.bundle",
            content,
            device=DeviceWithLimits(DEFAULT._replace(**limits), "l.json", f"{folder}/old.pb"),
            warn=print,
            pigweed_problem=print,
        )

    kept = len(e.chain(new))
    write(root_bytes=kept, verifications=2)
    with pytest.raises(BeyondDevice, match=rf"{kept} bytes of new roots, at most 1; .* in l\.json"):
        write(root_bytes=1)
    with pytest.raises(BeyondDevice, match="2 signatures to verify, at most 1"):
        write(verifications=1)
