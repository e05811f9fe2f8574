"""Tests of release_files.py."""

import json
from pathlib import Path

import pytest

from software_update.base.errors import InputError
from software_update.format.release_manifest import Advisory, ReleaseTexts
from software_update.steps.release_files import read_advisories, read_texts

ADVISORY = {"id": "CVE-1", "severity": "low", "text": "Text."}


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
