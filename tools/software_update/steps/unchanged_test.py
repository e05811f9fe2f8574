"""Tests of unchanged.py."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from software_update.base.errors import Advice, InputError, UsageError
from software_update.format import limits
from software_update.format.messages import Compression, Target
from software_update.format.metadata import build_targets
from software_update.steps.unchanged import (
    Earlier,
    new_list,
    read_earlier,
    read_earlier_metadata,
)
from software_update.testing import encode as e
from software_update.testing.signers import ROOT_KEY, STRANGER, TARGETS_KEY
from software_update.testing.workspace import CONTENTS
from software_update.verify.trust_files import read_trusted_root

SHA256 = bytes(range(32))
APP, BOOT, LOGO = (Target.of(name, 5, SHA256) for name in ("app", "boot", "logo"))
EARLIER = Earlier("earlier", 7, (APP, BOOT))
NEW_APP = Target.of("app", 6, SHA256)
USER_MANIFEST = Target.of("user_manifest", 5, SHA256)


def listed(contents: Mapping[str, bytes]) -> tuple[Target, ...]:
    return tuple(
        Target.of(name, len(content), e.sha256(content)) for name, content in contents.items()
    )


def read(folder: Path, content: bytes) -> Earlier:
    """Reads the earlier release `content` under the usual root."""
    (folder / "root.pb").write_bytes(e.signed(e.root(), ROOT_KEY))
    (folder / "earlier").write_bytes(content)
    return read_earlier(f"{folder}/earlier", read_trusted_root(f"{folder}/root.pb"))


def test_replaced_added_removed_and_kept_targets() -> None:
    assert new_list([NEW_APP, LOGO], 8, EARLIER) == [BOOT, NEW_APP, LOGO]
    assert new_list([LOGO], 8, EARLIER, ["app"]) == [BOOT, LOGO]
    assert new_list([], 8, EARLIER) == [APP, BOOT]


@pytest.mark.parametrize("version", [6, 7])
def test_version_that_is_not_higher_is_rejected(version: int) -> None:
    text = f"^version {version}: earlier has version 7; use a higher one$"
    with pytest.raises(UsageError, match=text):
        new_list([NEW_APP], version, EARLIER)


def test_removing_an_unknown_target_is_rejected() -> None:
    with pytest.raises(UsageError, match=r"^removes 'logo': earlier has no such target; correct"):
        new_list([NEW_APP], 8, EARLIER, ["boot", "logo"])


def test_removing_a_target_with_a_payload_is_rejected() -> None:
    with pytest.raises(UsageError, match=r"^removes 'app': the new release has a payload for it"):
        new_list([NEW_APP], 8, EARLIER, ["app"])


def test_user_manifest_is_replaced_or_removed_and_never_kept() -> None:
    earlier = Earlier("earlier", 7, (APP, USER_MANIFEST))
    with pytest.raises(UsageError, match=r"^earlier: lists a user_manifest, which") as caught:
        new_list([NEW_APP], 8, earlier)
    assert caught.value.advice == Advice.STATE_USER_MANIFEST
    assert new_list([USER_MANIFEST], 8, earlier) == [APP, USER_MANIFEST]
    assert new_list([], 8, earlier, ["user_manifest"]) == [APP]


def test_names_that_differ_only_in_case_are_rejected() -> None:
    with pytest.raises(
        UsageError, match=r"^target 'App' differs only in case from 'app' of earlie"
    ):
        new_list([Target.of("App", 5, SHA256)], 8, EARLIER)


def test_list_without_a_target_is_rejected() -> None:
    with pytest.raises(UsageError, match=r"^0 targets with those of earlier; a bundle has 1 to"):
        new_list([], 8, EARLIER, ["app", "boot"])


def test_more_targets_than_a_bundle_can_have(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_TARGETS", 2)
    assert len(new_list([NEW_APP], 8, EARLIER)) == 2
    with pytest.raises(UsageError, match=r"^3 targets with those of earlier; .* has 1 to 2$"):
        new_list([LOGO], 8, EARLIER)


def test_device_has_no_payload_of_the_user_manifest() -> None:
    assert Earlier("earlier", 7, (APP, USER_MANIFEST)).payloads == {APP}


def test_installed_manifest(tmp_path: Path) -> None:
    found = read(tmp_path, e.manifest(e.targets(CONTENTS, 7)))
    assert found == Earlier(f"{tmp_path}/earlier", 7, listed(CONTENTS))


def test_bundle_that_the_root_accepts(tmp_path: Path) -> None:
    found = read(tmp_path, e.bundle(CONTENTS, version=7))
    assert found == Earlier(f"{tmp_path}/earlier", 7, listed(CONTENTS))


def test_payloads_of_a_bundle_are_not_read(tmp_path: Path) -> None:
    altered = e.bundle(CONTENTS, version=7).replace(CONTENTS["app"], b"x" * len(CONTENTS["app"]))
    assert read(tmp_path, altered).targets == listed(CONTENTS)


def test_bundle_that_other_keys_signed_is_rejected(tmp_path: Path) -> None:
    bundle = e.bundle(CONTENTS, version=7, signers=[STRANGER])
    text = (
        rf"^{tmp_path}/earlier: the root of the new bundle does not accept this bundle \(THRESHOL"
    )
    with pytest.raises(InputError, match=text):
        read(tmp_path, bundle)
    assert read_earlier(f"{tmp_path}/earlier", None).targets == listed(CONTENTS)


def test_list_that_no_device_accepts_is_rejected(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"earlier: no device has installed these .*UNSAFE_NAME"):
        read(tmp_path, e.manifest(e.targets({"../app": b""}, 7)))


def test_unsigned_metadata(tmp_path: Path) -> None:
    path = tmp_path / "metadata"
    path.write_bytes(e.targets(CONTENTS, 7))
    assert read_earlier_metadata(str(path)) == Earlier(str(path), 7, listed(CONTENTS))
    path.write_bytes(e.signed(e.targets(CONTENTS, 7), TARGETS_KEY))
    with pytest.raises(InputError, match=rf"^{path}: not targets metadata \(.*\); make it again"):
        read_earlier_metadata(str(path))


def test_compressed_target_stays_as_it_is(tmp_path: Path) -> None:
    compressed = Target.of("boot", 5, SHA256, Compression(1, 7, SHA256))
    path = tmp_path / "metadata"
    path.write_bytes(build_targets(7, [compressed], None))
    assert new_list([APP], 8, read_earlier_metadata(str(path))) == [compressed, APP]
