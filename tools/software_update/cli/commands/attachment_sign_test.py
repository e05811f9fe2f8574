"""Tests of attachment sign."""

import json
import shutil
from pathlib import Path

import pytest

from software_update.attachments.audits import (
    PASSED,
    REBUILD_TEST,
    AuditPolicy,
    audit_name,
    check_audits,
)
from software_update.attachments.envelope import SCHEMES, parse_envelope, signed_by, statement_of
from software_update.attachments.statement import TEST_RESULT, Statement, build_statement
from software_update.keys.pem import read_public_key
from software_update.testing import attached
from software_update.testing import encode as e
from software_update.testing.attached import AUDITOR, RELEASE_CONTENTS, RELEASE_DIGEST
from software_update.testing.command import done, failed
from software_update.testing.signers import TARGETS_KEY, key_id, signer
from software_update.testing.workspace import snapshot

STATEMENT = Statement(RELEASE_DIGEST, "https://example.test/claim", {"a": 1})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = attached.make(tmp_path)
    (folder / "statement.json").write_bytes(build_statement(STATEMENT))
    return folder


def sign(folder: Path, key: str = "auditor", bundle: str = "release.bundle") -> list[str]:
    return [
        *("attachment", "sign", f"{folder}/statement.json", f"--bundle={folder}/{bundle}"),
        *(f"--key={folder}/{key}.pem", f"--output={folder}/out.json"),
    ]


def signed(folder: Path) -> Statement:
    envelope = parse_envelope((folder / "out.json").read_bytes(), "out.json")
    assert signed_by(envelope, [signer(AUDITOR).public])
    return statement_of(envelope, "out.json")


def test_a_statement_is_signed(folder: Path) -> None:
    out = done(*sign(folder)).out
    assert out == (
        f"{folder}/out.json: statement about release {RELEASE_DIGEST.hex()[:16]}, signed with key "
        f"{key_id(AUDITOR).hex()[:16]}\n"
    )
    assert signed(folder) == STATEMENT


def test_an_audit_is_written_where_devices_look_for_it(folder: Path) -> None:
    predicate = {"result": PASSED, "configuration": [], "passedTests": [REBUILD_TEST]}
    statement = Statement(RELEASE_DIGEST, TEST_RESULT, predicate)
    (folder / "statement.json").write_bytes(build_statement(statement))
    path = folder / "release.bundle.attachments" / audit_name(signer(AUDITOR).public)
    for _ in range(2):
        assert done(*sign(folder)[:-1]).out.startswith(f"{path}: statement about release ")
        policy = AuditPolicy((signer(AUDITOR).public,), 1)
        check_audits([(path.name, path.read_bytes())], policy, RELEASE_DIGEST, [])
        # The folder is made again.
        shutil.rmtree(path.parent)


def test_another_statement_needs_a_name(folder: Path) -> None:
    before = snapshot(folder)
    assert failed(2, *sign(folder)[:-1]) == (
        f"{folder}/statement.json: is not the result of an audit, so it has no name of its own; name the "
        "output with -o"
    )
    assert snapshot(folder) == before


def test_an_ed25519_key_needs_no_other_option(folder: Path) -> None:
    done("key", "generate", folder / "ed25519.pem", "--use=attachment", "--scheme=ed25519")
    done(*sign(folder, "ed25519"))
    envelope = parse_envelope((folder / "out.json").read_bytes(), "out.json")
    assert signed_by(envelope, [read_public_key(f"{folder}/ed25519.pem.pub", SCHEMES)])


def test_a_statement_is_made_of_a_predicate(folder: Path) -> None:
    (folder / "statement.json").write_text('{"b": 2}')
    done(*sign(folder), "--predicate-type=https://example.test/other")
    assert signed(folder) == Statement(RELEASE_DIGEST, "https://example.test/other", {"b": 2})
    (folder / "statement.json").write_text("[]")
    error = failed(3, *sign(folder), "--predicate-type=https://example.test/other")
    assert error == f"{folder}/statement.json: not a predicate, a JSON object (not a JSON object)"


@pytest.mark.parametrize("key", ["root", "targets"])
def test_keys_that_sign_the_release_are_refused(folder: Path, key: str) -> None:
    error = failed(3, *sign(folder, key))
    assert "signs root or targets metadata of" in error
    assert error.endswith("attachments have keys of their own: sign with another one")
    assert not (folder / "out.json").exists()


def test_a_bundle_without_a_root_needs_the_trusted_root(folder: Path) -> None:
    content = e.targets_entry(e.signed(e.targets(RELEASE_CONTENTS, 7), TARGETS_KEY))
    (folder / "small.bundle").write_bytes(content + e.payloads(RELEASE_CONTENTS))
    args = sign(folder, bundle="small.bundle")
    assert "contains no root metadata; name the product's root with --trusted-root" in failed(
        2, *args
    )
    done(*args, f"--trusted-root={folder}/root.pb")
    args = [*sign(folder, "targets", "small.bundle"), f"--trusted-root={folder}/root.pb"]
    assert "signs root or targets metadata of" in failed(3, *args)


def test_a_statement_about_another_release_is_refused(folder: Path) -> None:
    assert failed(1, *sign(folder, bundle="good.bundle")).startswith(
        f"ATTACHMENT_OF_ANOTHER_RELEASE: {folder}/statement.json: is about release "
    )


def test_only_statements_are_signed(folder: Path) -> None:
    before = snapshot(folder)
    for content in (b"raw bytes", json.dumps({"a": 1}).encode(), e.targets(RELEASE_CONTENTS, 7)):
        (folder / "statement.json").write_bytes(content)
        assert failed(1, *sign(folder)).startswith("MALFORMED_ATTACHMENT: ")
    assert snapshot(folder).keys() == before.keys()


def test_the_key_is_not_overwritten(folder: Path) -> None:
    args = [*sign(folder)[:-1], f"--output={folder}/auditor.pem"]
    assert "the output would replace the input" in failed(2, *args)
