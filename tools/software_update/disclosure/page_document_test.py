"""Tests of the page of a release as JSON."""

from software_update.base import strict_json
from software_update.disclosure.page import PageFile
from software_update.disclosure.page_document import page_document
from software_update.disclosure.page_of_release import page_of_release
from software_update.format.claims import Claims
from software_update.format.release_manifest import parse_release
from software_update.testing.pages import APP, BOOT, FILES, RELEASE, disclosed, page


def test_document_of_a_release_and_its_previous_one() -> None:
    more = APP._replace(reach=("actuators", "network"))
    old = disclosed(RELEASE._replace(version="1.0", counter=1), Claims((APP, BOOT)), app=b"old")
    shown = page_of_release(disclosed(RELEASE, Claims((more, BOOT))), old, is_verified=True)
    document = page_document(shown)
    assert document["schema"] == "software_update.release_page.v1"
    assert document["previous"] == {"version": "1.0", "counter": 1, "removed": ()}
    assert document["powers_gained"] == [{"component": "lamp control", "word": "network"}]
    assert [each["change"] for each in document["targets"]] == ["changed", "same", "changed"]
    assert document["key_changes"] == []
    assert document["root"]["thresholds"] == {"root": 1, "targets": 1}
    release = strict_json.to_text(document["release"]).encode()
    assert parse_release(release) == RELEASE


def test_nothing_is_gained_without_a_previous_release() -> None:
    document = page_document(page())
    assert document["previous"] is document["powers_gained"] is document["claimed_before"] is None
    assert document["key_changes"] is None


def test_release_without_a_manifest_and_root() -> None:
    document = page_document(page(manifest=None, root=None))
    assert document["release"] is document["root"] is None


def test_files() -> None:
    document = page_document(page(files=(PageFile("a", 1, "aa", True, True, False),)))
    assert document["files"] == [
        {
            "name": "a",
            "length": 1,
            "sha256": "aa",
            "listed": True,
            "present": True,
            "matches": False,
            "sbom": None,
            "provenance": None,
            "proof": None,
        }
    ]


def test_contents_of_files() -> None:
    files = page_document(page(files=FILES))["files"]
    sbom, provenance, proof = (
        each["sbom"] or each["provenance"] or each["proof"] for each in files
    )
    assert sbom == {
        "format": "CycloneDX 1.6",
        "count": 2,
        "components": [
            {"name": "gcc", "version": "15.2.0", "licence": "GPL-3.0-or-later"},
            {"name": "//lamp", "version": "", "licence": ""},
        ],
    }
    assert provenance == {
        "release": "ab" * 32,
        "builder": "https://bazel.build",
        "command": ("bazel", "build", "//lamp:bundle"),
        "source": "cd" * 32,
        "count": 1,
        "materials": [{"name": "source", "sha256": "cd" * 32}],
        "signed": True,
    }
    assert proof == {
        "log": "log.example.com/lamp",
        "record": 6,
        "size": 9,
        "signers": ("log.example.com/lamp", "witness.example.org"),
    }
