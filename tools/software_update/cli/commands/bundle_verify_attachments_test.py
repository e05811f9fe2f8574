"""Tests of bundle verify --attachments."""

import json
from pathlib import Path
from typing import Any

import pytest

from software_update.testing import attached
from software_update.testing.attached import AUDITOR, AUDITOR_2, LISTED, audit
from software_update.testing.command import call, done, failed
from software_update.testing.signers import STRANGER, key_id


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return attached.make(tmp_path)


def verify(folder: Path, *more: str) -> list[str]:
    bundle = f"{folder}/release.bundle"
    return [
        *("bundle", "verify", bundle, f"--trusted-root={folder}/root.pb"),
        *(f"--attachments={bundle}.attachments", *more),
    ]


def add(folder: Path, name: str, content: bytes) -> None:
    (folder / "release.bundle.attachments" / name).write_bytes(content)


def report(folder: Path, *more: str) -> Any:
    return json.loads(call(*verify(folder, "--json", *more)).out)


def test_listed_files_are_checked(folder: Path) -> None:
    assert "\n  attachments: sbom.cdx.json\n" in done(*verify(folder)).out
    add(folder, LISTED.name, b"another")
    assert failed(1, *verify(folder)) == (
        f"{folder}/release.bundle: ATTACHMENT_MISMATCH: sbom.cdx.json: has 7 bytes, and the release manifest "
        f"lists {LISTED.length}; do not install it"
    )


def test_without_the_option_nothing_is_checked(folder: Path) -> None:
    add(folder, LISTED.name, b"another")
    args = [each for each in verify(folder, "--json") if not each.startswith("--attachments")]
    found = json.loads(done(*args).out)
    assert (found["refusal"], found["attachments"], found["auditors"]) == (None, None, None)


def test_a_refusal_is_in_the_report(folder: Path) -> None:
    add(folder, "a.json", b"text")
    found = report(folder, f"--extract={folder}/out")
    assert found["verdict"] == "ACCEPT"
    assert found["refusal"] == {
        "name": "MALFORMED_ATTACHMENT",
        "subject": "a.json",
        "detail": "is not a DSSE envelope",
    }
    assert not (folder / "out").exists()


def test_signatures_need_a_key(folder: Path) -> None:
    add(folder, "a.json", audit(STRANGER))
    unsigned = "signatures of statements: no --attachment-key was given"
    assert unsigned in report(folder)["not_checked"]
    found = report(folder, f"--attachment-key={folder}/auditor.pem.pub")
    assert found["refusal"]["name"] == "ATTACHMENT_NOT_SIGNED"
    found = report(folder, f"--attachment-key={folder}/stranger.pem.pub")
    assert found["refusal"] is None
    assert unsigned not in found["not_checked"]
    assert found["attachments"] == [
        {
            "name": "a.json",
            "predicate_type": "https://in-toto.io/attestation/test-result/v0.1",
            "signers": [key_id(STRANGER).hex()],
        },
        {"name": "sbom.cdx.json", "predicate_type": None, "signers": []},
    ]


def test_audits_are_counted(folder: Path) -> None:
    auditors = ["--auditor", f"{folder}/auditor.pem.pub", f"{folder}/auditor2.pem.pub"]
    add(folder, "a.json", audit(AUDITOR))
    assert report(folder, *auditors, "--require-audits=2")["refusal"]["name"] == "AUDITS_MISSING"
    add(folder, "b.json", audit(AUDITOR_2))
    out = done(*verify(folder, *auditors, "--require-audits=2")).out
    ids = ", ".join(key_id(each).hex()[:16] for each in (AUDITOR, AUDITOR_2))
    assert f"\n  auditors who say GOOD: {ids}\n" in out


def test_a_key_of_the_vendor_is_refused(folder: Path) -> None:
    vendor = f"{folder}/targets.pem.pub"
    found = report(folder, "--auditor", vendor, "--require-audits=1")
    assert found["refusal"]["name"] == "AUDITOR_IS_VENDOR"
    error = failed(3, *verify(folder, f"--attachment-key={vendor}"))
    assert error.startswith(f"{vendor}: key ")
    assert error.endswith("attachments have keys of their own")


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        (["--require-audits=1"], "--require-audits: 1 of 0 auditors; name more with --auditor"),
        (["--require-audits=x"], "--require-audits: 'x' is not a number of audits"),
    ],
)
def test_options_that_do_not_fit(folder: Path, more: list[str], expected: str) -> None:
    assert failed(2, *verify(folder, *more)).startswith(expected)


def test_options_that_need_a_folder(folder: Path) -> None:
    args = [each for each in verify(folder) if not each.startswith("--attachments")]
    for option in ("--attachment-key=x", "--auditor=x", "--require-audits=1"):
        assert failed(2, *args, option) == (
            f"{option.partition('=')[0]}: only valid with --attachments DIR; add that or remove it"
        )
