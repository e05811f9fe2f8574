"""Tests of step release-manifest."""

import hashlib
from pathlib import Path

import pytest

from software_update.format.claims import Attachment, Claims, TargetClaim, read_claims
from software_update.format.limits import MAX_USER_MANIFEST_BYTES
from software_update.format.release_manifest import (
    Advisory,
    ReleaseManifest,
    ReleaseTexts,
    parse_release,
)
from software_update.testing import encode as e
from software_update.testing import workspace
from software_update.testing.command import done, failed, run
from software_update.testing.signers import TARGETS_KEY

GOOD = [
    "step",
    "release-manifest",
    "--product=Blinky 3",
    "--release-version=2.1.0",
    "--release-counter=12",
]


def release_of(path: Path) -> ReleaseManifest:
    release = parse_release(path.read_bytes())
    assert release is not None
    return release


def test_manifest_with_only_the_required_fields(tmp_path: Path) -> None:
    result = done(*GOOD, "-o", tmp_path / "r.json")
    assert (result.out, result.err) == ("", "")
    assert (tmp_path / "r.json").read_text() == (
        '{\n "schema": "software_update.release.v1",\n "product": "Blinky 3",\n'
        ' "version": "2.1.0",\n "release_counter": 12\n}\n'
    )


def test_manifest_with_all_fields(tmp_path: Path) -> None:
    done(
        *GOOD,
        "--hardware-id",
        "board-a",
        "board-b",
        "--hardware-id=c",
        "--minimum-release-counter=12",
        "--notes=It blinks: \u2728",
        "--severity=critical",
        "--support-until=2031-01-01T00:00:00Z",
        "-o",
        tmp_path / "r.json",
    )
    assert (tmp_path / "r.json").read_bytes().isascii()
    assert release_of(tmp_path / "r.json") == ReleaseManifest(
        "Blinky 3",
        "2.1.0",
        12,
        ("board-a", "board-b", "c"),
        12,
        "It blinks: \u2728",
        "critical",
        "2031-01-01T00:00:00Z",
    )


def test_fields_for_consent(tmp_path: Path) -> None:
    (tmp_path / "fixed.json").write_text('[{"id": "1", "severity": "high", "text": "Overflow."}]')
    (tmp_path / "more.json").write_text(
        '[{"id": "2", "severity": "low", "text": "Logs.", "action": "Delete logs."}]'
    )
    (tmp_path / "de.json").write_text('{"notes": "Neu.", "unavailable_functions": ["Heizung"]}')
    (tmp_path / "fr.json").write_text('{"notes": "Nouveau."}')
    args = ["--kind=both", "--duration=90", "--unavailable-function", "heating", "radio"]
    args += ["--advisories", f"{tmp_path}/fixed.json", f"{tmp_path}/more.json"]
    args += ["--reversible=false", f"--texts=fr={tmp_path}/fr.json"]
    done(*GOOD, *args, f"--texts=de={tmp_path}/de.json", "-o", tmp_path / "r.json")
    assert release_of(tmp_path / "r.json") == ReleaseManifest(
        "Blinky 3",
        "2.1.0",
        12,
        kind="both",
        advisories=(
            Advisory("1", "high", "Overflow."),
            Advisory("2", "low", "Logs.", "Delete logs."),
        ),
        duration=90,
        unavailable_functions=("heating", "radio"),
        reversible=False,
        texts=(ReleaseTexts("de", "Neu.", ("Heizung",)), ReleaseTexts("fr", "Nouveau.")),
    )
    done(*GOOD, "--reversible=true", "-o", tmp_path / "r.json")
    assert release_of(tmp_path / "r.json").reversible is True


def test_faults_in_files_of_advisories_and_texts(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text("{}")
    output = ["-o", f"{tmp_path}/r.json"]
    text = failed(3, *GOOD, f"--advisories={tmp_path}/x.json", *output)
    assert text.startswith(f"{tmp_path}/x.json: not of the form [")
    (tmp_path / "x.json").write_text("[]")
    text = failed(3, *GOOD, f"--texts=de={tmp_path}/x.json", *output)
    assert text == f"{tmp_path}/x.json: needs an object in texts.de; correct it"
    for option in ("--advisories=", "--texts=de="):
        args = [*GOOD, f"{option}{tmp_path}/x.json", "-o", f"{tmp_path}/x.json"]
        (tmp_path / "x.json").write_text("[]" if option == "--advisories=" else "{}")
        assert "would replace the input" in failed(2, *args)


def test_claims_and_attachments(tmp_path: Path) -> None:
    (tmp_path / "app.json").write_text(
        '{"app": {"component": "the application", "area": "application", "reach": ["radio", "network"]}}'
    )
    (tmp_path / "boot.json").write_text(
        '{"boot": {"component": "boot loader", "area": "boot_loader", "confined_by": "none"}}'
    )
    (tmp_path / "sbom.cdx.json").write_bytes(b"abc")
    args = ["--claims", f"{tmp_path}/boot.json", f"{tmp_path}/app.json"]
    done(*GOOD, *args, f"--attachment={tmp_path}/sbom.cdx.json", "-o", tmp_path / "r.json")
    assert read_claims((tmp_path / "r.json").read_bytes()) == Claims(
        (
            TargetClaim("app", "the application", "application", ("network", "radio")),
            TargetClaim("boot", "boot loader", "boot_loader", confined_by="none"),
        ),
        (Attachment("sbom.cdx.json", 3, hashlib.sha256(b"abc").hexdigest()),),
    )
    for option in ("--claims=", "--attachment="):
        same = f"{tmp_path}/app.json"
        assert "would replace the input" in failed(2, *GOOD, f"{option}{same}", "-o", same)


def test_notes_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "notes").write_text("# 2.1.0\n\n- it blinks \u2728\n", encoding="utf-8")
    done(*GOOD, f"--notes-file={tmp_path}/notes", "-o", tmp_path / "r.json")
    assert release_of(tmp_path / "r.json").notes == "# 2.1.0\n\n- it blinks \u2728\n"
    for content, text in (
        (b"", "notes: empty"),
        (b"\xff", "notes: not UTF-8"),
        (b"\xef\xbb\xbfnew", "notes: starts with a UTF-8 byte order mark; save it as UTF-8"),
        ("new".encode("utf-16-le"), "notes: is UTF-16LE text; save it as UTF-8"),
    ):
        (tmp_path / "notes").write_bytes(content)
        assert text in failed(3, *GOOD, f"--notes-file={tmp_path}/notes", "-o", tmp_path / "x")
    assert not (tmp_path / "x").exists()


IN_FILES = {
    "release-version": "2.1.0",
    "release-counter": "12",
    "minimum-release-counter": "11",
    "support-until": "2031-01-01T00:00:00Z",
}


def args_with_files(folder: Path, **changes: str) -> list[str]:
    """Arguments that name a file for each value; `changes` are the contents of some of them."""
    for name, text in IN_FILES.items():
        (folder / name).write_text(changes.get(name.replace("-", "_"), f"{text}\n"))
    options = [f"--{name}-file={folder}/{name}" for name in IN_FILES]
    return ["step", "release-manifest", "--product=Blinky 3", *options]


def test_values_in_files_give_the_same_bytes(tmp_path: Path) -> None:
    done(*args_with_files(tmp_path), "-o", tmp_path / "by_files.json")
    options = [f"--{name}={text}" for name, text in IN_FILES.items()]
    done("step", "release-manifest", "--product=Blinky 3", *options, "-o", tmp_path / "r.json")
    assert (tmp_path / "by_files.json").read_bytes() == (tmp_path / "r.json").read_bytes()


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("release-version", "", "empty; write one line with the value"),
        ("release-counter", "v12", "'v12' is not a release counter; write an integer"),
        (
            "minimum-release-counter",
            "13",
            "13 is over the release's own counter, 12; no device could install it",
        ),
        ("support-until", "2031", "'2031' is not a date; write it as 2031-01-01T00:00:00Z (UTC)"),
    ],
)
def test_wrong_value_in_a_file(tmp_path: Path, name: str, content: str, problem: str) -> None:
    args = args_with_files(tmp_path, **{name.replace("-", "_"): content})
    said = failed(3, *args, "-o", f"{tmp_path}/r.json")
    assert said.startswith(f"{tmp_path}/{name}: {problem}")
    assert not (tmp_path / "r.json").exists()


@pytest.mark.parametrize("name", IN_FILES)
def test_output_never_replaces_a_file_with_a_value(tmp_path: Path, name: str) -> None:
    args = args_with_files(tmp_path)
    assert "would replace the input" in failed(2, *args, "-o", f"{tmp_path}/{name}")


@pytest.mark.parametrize(
    ("more", "text"),
    [
        (["--product="], "--product: empty; write a text"),
        (["--release-version="], "--release-version: empty; write a text"),
        (
            ["--release-counter=0"],
            "--release-counter: '0' is not a release counter; write an integer",
        ),
        (["--release-counter=1.5"], "--release-counter: '1.5' is not a release counter"),
        (["--release-counter=4294967296"], "is not a release counter"),
        (
            ["--minimum-release-counter=x"],
            "--minimum-release-counter: 'x' is not a release counter",
        ),
        (["--minimum-release-counter=13"], "--minimum-release-counter: 13 is over the release's"),
        (["--hardware-id=a", "--hardware-id", "b", "a"], "--hardware-id: 'a' appears twice"),
        (["--hardware-id="], "--hardware-id: empty"),
        (["--hardware-id=\udcff"], r"--hardware-id: '\udcff' is not UTF-8"),
        (["--notes="], "--notes: empty"),
        (["--notes=a", "--notes-file=b"], "argument --notes-file: not allowed with argument --no"),
        (["--severity=dire"], "argument --severity: invalid choice: 'dire'"),
        (["--kind=bugfix"], "argument --kind: invalid choice: 'bugfix'"),
        (["--reversible=yes"], "argument --reversible: invalid choice: 'yes'"),
        (
            ["--duration=0"],
            "--duration: '0' is not a number of seconds; write an integer from 1 to 4294967295",
        ),
        (["--unavailable-function", "a", ""], "--unavailable-function: empty; write a text"),
        (
            ["--texts=de_DE=x"],
            "--texts: 'de_DE=x': write LANGUAGE=FILE, with a BCP 47 tag such as de or pt-BR",
        ),
        (["--texts=de"], "--texts: 'de': write LANGUAGE=FILE"),
        (["--texts=de="], "--texts: 'de=': write LANGUAGE=FILE"),
        (["--texts", "de=a", "DE=b"], "--texts: DE appears twice; name each language once"),
        (["--support-until=2031"], "--support-until: '2031' is not a date"),
        ([f"--notes={'x' * MAX_USER_MANIFEST_BYTES}"], "shorten --notes"),
    ],
)
def test_errors(tmp_path: Path, more: list[str], text: str) -> None:
    assert text in failed(2, *GOOD, *more, "-o", f"{tmp_path}/r.json")
    assert not list(tmp_path.iterdir())


def test_an_output_that_is_the_input(tmp_path: Path) -> None:
    (tmp_path / "notes").write_bytes(b"new")
    args = [*GOOD, f"--notes-file={tmp_path}/notes", "-o", f"{tmp_path}/notes"]
    assert "would replace the input" in failed(2, *args)
    assert (tmp_path / "notes").read_bytes() == b"new"


def test_no_bundle_contains_a_manifest_that_a_device_rejects(tmp_path: Path) -> None:
    folder = workspace.make(tmp_path)
    path = f"{folder}/r.json"
    create = [*workspace.create_args(folder), f"--user-manifest={path}"]
    assemble = ["step", "assemble", f"--root={folder}/root.pb", f"--user-manifest={path}"]
    (folder / "signed.pb").write_bytes(e.signed(e.targets({"user_manifest": b"x"}), TARGETS_KEY))
    assemble += [f"--targets-metadata={folder}/signed.pb", "-o", f"{folder}/out.bundle"]
    for content, text in (
        (
            b'{"schema": "software_update.release.v1"}',
            "a device rejects it (MALFORMED: release manifest: needs a text product); "
            "make it with: step release-manifest",
        ),
        (
            bytes(MAX_USER_MANIFEST_BYTES + 1),
            "larger than 1048576 bytes; check that it is the right file",
        ),
    ):
        (folder / "r.json").write_bytes(content)
        for args in (create, assemble):
            assert failed(3, *args) == f"{path}: {text}"
        assert not (folder / "out.bundle").exists()


def test_in_a_bundle(tmp_path: Path) -> None:
    """From the manifest to what a device says of it; the process reads its arguments from a file."""
    folder = workspace.make(tmp_path)
    (folder / "args").write_text("\n".join([*GOOD[2:], "-o", f"{folder}/r.json"]))
    assert run("step", "release-manifest", f"@{folder}/args").status == 0
    done(*workspace.create_args(folder), f"--user-manifest={folder}/r.json")
    verify = ["bundle", "verify", f"{folder}/out.bundle", f"--trusted-root={folder}/root.pb"]
    manifest = f"{folder}/manifest"
    text = done(*verify, f"--write-installed={manifest}").out
    assert "  release: Blinky 3 2.1.0, release counter 12\n" in text
    for counter, verdict in ((11, "RELEASE_ROLLBACK"), (12, "ACCEPT"), (13, "ACCEPT")):
        done(*GOOD, f"--release-counter={counter}", "-o", f"{folder}/r.json")
        done(*workspace.create_args(folder, version=8), f"--user-manifest={folder}/r.json")
        done(*verify, f"--installed={manifest}", f"--expect={verdict}")
    done(*GOOD, "--release-counter=20", "--minimum-release-counter=13", "-o", f"{folder}/r.json")
    done(*workspace.create_args(folder, version=8), f"--user-manifest={folder}/r.json")
    done(*verify, f"--installed={manifest}", "--expect=RELEASE_GAP")
