"""Tests of audit."""

import json
from pathlib import Path

import pytest

from software_update.testing import attached
from software_update.testing import encode as e
from software_update.testing.attached import RELEASE_CONTENTS, RELEASE_DIGEST
from software_update.testing.command import call, done, failed
from software_update.testing.signers import TARGETS_KEY_2


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = attached.make(tmp_path)
    good = e.bundle(RELEASE_CONTENTS, version=7, signers=[TARGETS_KEY_2])
    bad = e.bundle({**RELEASE_CONTENTS, "app": b"app", "more": b"more"}, version=7)
    (folder / "good-rebuilt.bundle").write_bytes(good)
    (folder / "bad-rebuilt.bundle").write_bytes(bad)
    return folder


def audit(folder: Path, rebuilt: str) -> list[str]:
    return [
        *("audit", f"{folder}/release.bundle", f"--rebuilt={folder}/{rebuilt}"),
        *(f"--trusted-root={folder}/root.pb", f"--statement={folder}/statement.json"),
    ]


def test_good(folder: Path) -> None:
    assert done(*audit(folder, "good-rebuilt.bundle")).out == (
        f"{folder}/release.bundle: GOOD: {folder}/good-rebuilt.bundle is the same release\n"
        f"  release digest: {RELEASE_DIGEST.hex()}\n"
    )
    statement = json.loads((folder / "statement.json").read_text())
    assert statement["predicate"]["result"] == "PASSED"


def test_without_a_root_the_report_says_so(folder: Path) -> None:
    args = [each for each in audit(folder, "good-rebuilt.bundle") if "trusted" not in each]
    assert (
        "\n  not checked: signatures of the release: no trusted root was given\n" in done(*args).out
    )


def test_bad(folder: Path) -> None:
    result = call(*audit(folder, "bad-rebuilt.bundle"))
    assert (result.status, result.err) == (4, "")
    lines = result.out.splitlines()
    assert lines[:3] == [
        f"{folder}/release.bundle: BAD: differs from {folder}/bad-rebuilt.bundle",
        "  targets: 0 added, 1 removed, 1 changed, 2 unchanged",
        "    changed app: 3 -> 12 bytes",
    ]
    assert lines[3].startswith("      sha256 ")
    assert lines[4] == "      text:"
    assert {"        -app", "        +application"} <= set(lines)
    assert lines[-1].startswith("    removed more: 4 bytes, sha256 ")
    statement = json.loads((folder / "statement.json").read_text())
    assert statement["predicate"]["result"] == "FAILED"


def test_another_expiry_is_shown(folder: Path) -> None:
    content = e.bundle(RELEASE_CONTENTS, version=7, expires=2_000_000_000)
    (folder / "bad-rebuilt.bundle").write_bytes(content)
    out = call(*audit(folder, "bad-rebuilt.bundle")).out
    assert "\n  targets metadata: expires never, rebuilt 2033-05-18T03:33:20Z\n" in out


def test_claims_that_cannot_be_read_leave_the_result(folder: Path) -> None:
    manifest = json.loads(RELEASE_CONTENTS["user_manifest"]) | {"targets": 1}
    contents = {**RELEASE_CONTENTS, "user_manifest": json.dumps(manifest).encode()}
    (folder / "bad-rebuilt.bundle").write_bytes(e.bundle(contents, version=7))
    result = call(*audit(folder, "bad-rebuilt.bundle"))
    assert result.status == 4
    assert "\n  contents are not compared: MALFORMED_CLAIMS: " in result.out


def test_unknown(folder: Path) -> None:
    (folder / "other.bundle").write_bytes(e.bundle({"app": b"app"}, version=8))
    assert failed(5, *audit(folder, "other.bundle")) == (
        f"{folder}/release.bundle: UNKNOWN: the rebuilt bundle is another release: "
        "targets version 8, not 7"
    )


def test_unknown_writes_no_statement(folder: Path) -> None:
    (folder / "other.bundle").write_bytes(b"text")
    result = call(*audit(folder, "other.bundle"), "--json")
    assert (result.status, json.loads(result.out)["result"]) == (5, "UNKNOWN")
    assert not (folder / "statement.json").exists()


def test_the_bundle_itself_proves_nothing(folder: Path) -> None:
    assert "name the bundle that you built" in failed(2, *audit(folder, "release.bundle"))


def test_the_statement_replaces_no_input(folder: Path) -> None:
    args = [*audit(folder, "good-rebuilt.bundle")[:-1], f"--statement={folder}/release.bundle"]
    assert "the output would replace the input" in failed(2, *args)
