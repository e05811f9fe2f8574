"""Tests of release_files.py."""

import hashlib
import json
from pathlib import Path

import pytest

from software_update.base.errors import InputError
from software_update.format.claims import Attachment, TargetClaim
from software_update.format.release_manifest import Advisory, ReleaseTexts
from software_update.steps.release_files import (
    read_advisories,
    read_attachments,
    read_claim_files,
    read_texts,
)

ADVISORY = {"id": "CVE-1", "severity": "low", "text": "Text."}


CLAIM = {"component": "radio", "area": "application"}


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return Path("x.json")


def test_advisories(path: Path) -> None:
    path.write_text(json.dumps([ADVISORY, {**ADVISORY, "id": "2", "action": "Restart."}]))
    assert read_advisories(str(path)) == [
        Advisory("CVE-1", "low", "Text."),
        Advisory("2", "low", "Text.", "Restart."),
    ]
    path.write_text("[]")
    assert read_advisories(str(path)) == []


def test_texts(path: Path) -> None:
    path.write_text(json.dumps({"notes": "Neu.", "unavailable_functions": ["Heizung"]}))
    assert read_texts("de", str(path)) == ReleaseTexts("de", "Neu.", ("Heizung",))
    path.write_text("{}")
    assert read_texts("de", str(path)) == ReleaseTexts("de")


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"", "not of the form [{"),
        (b"{}", "not of the form [{"),
        (b'[{"id": 1, "id": 2}]', "has the key 'id' twice in one object; remove one"),
        (b"\xef\xbb\xbf[]", "starts with a UTF-8 byte order mark; save it as UTF-8 without"),
        (b"[1]", "needs an object in advisories[0]; correct it"),
        (json.dumps([ADVISORY, {}]).encode(), "needs a text id in advisories[1]; correct it"),
        (
            json.dumps([{**ADVISORY, "acti\x1bon": "x"}]).encode(),
            "has the unknown field 'acti\\x1bon' in advisories[0]; write only id, severity, text, ",
        ),
    ],
)
def test_errors_about_advisories(path: Path, content: bytes, text: str) -> None:
    path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        read_advisories(str(path))
    assert str(caught.value).startswith(f"x.json: {text}")


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"Neu.", 'not of the form {"notes": "...", "unavailable_functions": ["..."]}'),
        (b"[]", "needs an object in texts.de; correct it"),
        (b'{"notes": ""}', "needs a text notes in texts.de; correct it"),
        (
            b'{"note": ""}',
            "has the unknown field 'note' in texts.de; write only notes, unavailable_functions",
        ),
    ],
)
def test_errors_about_texts(path: Path, content: bytes, text: str) -> None:
    path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        read_texts("de", str(path))
    assert str(caught.value) == f"x.json: {text}"


def test_claims_of_several_files(path: Path) -> None:
    path.write_text(json.dumps({"b": {**CLAIM, "reach": ["keys"]}, "a": CLAIM}))
    Path("y.json").write_text(json.dumps({"c": CLAIM}))
    assert read_claim_files([str(path), "y.json"]) == [
        TargetClaim("a", "radio", "application"),
        TargetClaim("b", "radio", "application", ("keys",)),
        TargetClaim("c", "radio", "application"),
    ]


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"x", 'not of the form {"TARGET": {"component": "...", "area": "application"}}'),
        (b"[]", 'not of the form {"TARGET": {"component": "...", "area": "application"}}'),
        (b'{"a": 1}', "targets.a: needs an object"),
        (
            json.dumps({"a": {**CLAIM, "area": "cloud"}}).encode(),
            "targets.a: 'cloud' is not a word for area; use one of boot_loader, system, application, "
            "configuration, model",
        ),
        (
            json.dumps({"a": {**CLAIM, "confinedby": "mpu"}}).encode(),
            "has the unknown field 'confinedby' in targets.a; write only component, area, reach, "
            "confined_by, reversible",
        ),
    ],
)
def test_errors_about_claims(path: Path, content: bytes, text: str) -> None:
    path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        read_claim_files([str(path)])
    assert str(caught.value) == f"x.json: {text}"


def test_one_target_is_claimed_in_one_file(path: Path) -> None:
    for each in (path, Path("y.json")):
        each.write_text(json.dumps({"a": CLAIM}))
    with pytest.raises(InputError, match=r"^y\.json: claims about a, as x\.json does; remove one$"):
        read_claim_files(["x.json", "y.json"])


def test_attachments_have_the_names_of_their_files(path: Path) -> None:
    path.write_bytes(b"abc")
    Path("folder").mkdir()
    Path("folder/empty").touch()
    assert read_attachments(["x.json", "folder/empty"]) == [
        Attachment("x.json", 3, hashlib.sha256(b"abc").hexdigest()),
        Attachment("empty", 0, hashlib.sha256(b"").hexdigest()),
    ]
    assert read_attachments([]) == []


@pytest.mark.parametrize(
    ("paths", "text"),
    [
        (
            ["a b"],
            "a b: the attachment name 'a b' has characters other than A-Z a-z 0-9 . _ + - and /",
        ),
        (["a/sbom", "b/SBOM"], "attachments: two files have the name SBOM; rename one of them"),
    ],
)
def test_errors_about_names_of_attachments(paths: list[str], text: str) -> None:
    with pytest.raises(InputError) as caught:
        read_attachments(paths)
    assert str(caught.value).startswith(text)
