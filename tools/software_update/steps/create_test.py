"""Tests of create.py."""

from pathlib import Path

import pytest

from software_update.base.errors import Advice, InputError
from software_update.format.verdicts import Refused
from software_update.steps.create import NewBundle, create_bundle
from software_update.testing import encode as e
from software_update.testing import workspace
from software_update.testing.signers import ROOT_KEY, TARGETS_KEY, TARGETS_KEY_2
from software_update.testing.workspace import CONTENTS, manifest_that_changes, snapshot


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return workspace.make(tmp_path)


def new_bundle(folder: Path, *more: tuple[str, str]) -> NewBundle:
    files = [("app", f"{folder}/app.bin"), ("boot", f"{folder}/boot.bin"), *more]
    return NewBundle(files, 7, f"{folder}/root.pb", [f"{folder}/targets.pem"])


def test_bundle_of_files(folder: Path) -> None:
    create_bundle(f"{folder}/out", new_bundle(folder)._replace(expires=5))
    assert (folder / "out").read_bytes() == e.bundle(CONTENTS, version=7, expires=5)


def test_doubts_and_problems_go_to_the_caller(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    warnings: list[str] = []
    problems: list[str] = []
    (folder / "notes").write_bytes(b"notes")
    new = new_bundle(folder, ("n" * 33, f"{folder}/notes"), ("user_manifest", f"{folder}/notes"))
    create_bundle(f"{folder}/out", new, warn=warnings.append, pigweed_problem=problems.append)
    assert [each.partition(": ")[0] for each in warnings] == [f"{folder}/notes"]
    assert [each.partition(": ")[0] for each in problems] == [f"target '{'n' * 33}'"]
    assert capsys.readouterr() == ("", "")


def test_too_few_keys_are_rejected_with_advice(folder: Path) -> None:
    root = e.signed(e.root(1, [ROOT_KEY], [TARGETS_KEY, TARGETS_KEY_2], 1, 2), ROOT_KEY)
    (folder / "root.pb").write_bytes(root)
    before = snapshot(folder)
    with pytest.raises(InputError, match=r"^1 of 2 signatures") as caught:
        create_bundle(f"{folder}/out", new_bundle(folder))
    assert caught.value.advice == Advice.SIGN_WITH_MORE_KEYS
    assert snapshot(folder) == before


def test_target_that_the_root_does_not_allow_is_rejected(folder: Path) -> None:
    limited = e.root() + e.text(254, "boot") + e.text(254, "app/*")
    (folder / "root.pb").write_bytes(e.signed(limited, ROOT_KEY))
    before = snapshot(folder)
    with pytest.raises(
        Refused, match=r"^TARGET_NOT_ALLOWED: target 'app': the root does not allow"
    ):
        create_bundle(f"{folder}/out", new_bundle(folder))
    assert snapshot(folder) == before
    (folder / "root.pb").write_bytes(e.signed(limited + e.text(254, "app"), ROOT_KEY))
    create_bundle(f"{folder}/out", new_bundle(folder))


def test_user_manifest_that_changes_after_the_check_is_rejected(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bundle never contains a user_manifest that was not checked."""
    path = manifest_that_changes(folder, monkeypatch)
    with pytest.raises(InputError, match=rf"^{path}: changed while it was read; let its writer"):
        create_bundle(f"{folder}/out", new_bundle(folder, ("user_manifest", str(path))))
    assert not (folder / "out").exists()
