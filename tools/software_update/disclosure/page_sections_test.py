"""Tests of the contents of the page of a release."""

from typing import Any

import pytest

from software_update.disclosure.page import PageFile, PageProvenance, PageSbom, ReleasePage
from software_update.disclosure.page_of_release import page_of_release
from software_update.disclosure.page_sections import (
    Fact,
    Facts,
    Layout,
    Paragraph,
    Quote,
    Table,
    layout,
)
from software_update.format.claims import Claims, TargetClaim
from software_update.format.release_manifest import ReleaseTexts
from software_update.testing import pages
from software_update.testing.pages import APP, BOOT, FILES, RELEASE, disclosed, page


def facts(shown: Layout) -> dict[str, Fact]:
    """Returns the facts of all sections by their labels."""
    return {
        fact.label: fact
        for section in shown.sections
        for block in section.blocks
        if isinstance(block, Facts)
        for fact in block.facts
    }


def texts(shown: Layout) -> dict[str, list[str]]:
    """Returns the texts of facts by their labels."""
    return {label: [each.text for each in fact.values] for label, fact in facts(shown).items()}


def titles(shown: Layout) -> list[str]:
    return [each.title for each in shown.notices]


def changed(claims: Claims, before: Claims, **contents: bytes) -> ReleasePage:
    """Returns the page of a release with `claims` after one with the claims `before`."""
    old = disclosed(RELEASE._replace(version="1.0", counter=1), before, **contents)
    return page_of_release(disclosed(RELEASE, claims), old, is_verified=True)


def test_first_screen_answers_the_questions_of_a_consumer() -> None:
    shown = layout(page())
    assert shown.title == "Release 1.1 of Blinky"
    assert [each.name for each in shown.sections[:3]] == ["summary", "why", "powers"]
    found = texts(shown)
    assert found["Kind"] == ["security"]
    assert found["Severity"] == ["high"]
    assert found["Takes"] == ["about 3 minutes"]
    assert found["Size"] == ["3.4 MB"]
    assert found["Does not work meanwhile"] == ["light", "remote control"]
    assert found["Can be undone"] == ["no"]
    summary = shown.sections[0].blocks[0]
    assert isinstance(summary, Facts)
    assert ("Closes", "CVE-2031-1234 (high)") in [
        (each.label, each.values[0].text) for each in summary.facts
    ]
    assert found["Closes"] == ["CVE-2031-1234 (high)", "Anyone in range could restart the lamp."]
    assert found["What to do"] == ["Change the password of the lamp."]
    reach = "motors, valves and other actuators, stored data, updates themselves"
    assert found["Can reach (claimed)"] == [reach]


def test_facts_that_the_vendor_does_not_state() -> None:
    release = RELEASE._replace(
        notes=None, advisories=(), kind=None, duration=None, reversible=None, texts=()
    )
    release = release._replace(unavailable_functions=(), support_until=None, severity=None)
    found = texts(layout(page_of_release(disclosed(release), is_verified=True)))
    for label in ("Kind", "Severity", "Takes", "Does not work meanwhile", "Can be undone", "Notes"):
        assert found[label] == ["not stated"], label
    assert found["Supported until"] == ["not stated"]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, ["Verified"]),
        ({"is_verified": False}, ["NOT VERIFIED"]),
        ({"is_dev": True}, ["DEVELOPMENT KEYS", "Verified"]),
        ({"manifest": None}, ["NOT DESCRIBED", "Verified"]),
    ],
)
def test_notices(changes: dict[str, Any], expected: list[str]) -> None:
    quiet = page().radius._replace(boot_loader_targets=())
    shown = layout(page(radius=quiet, **changes))
    assert titles(shown) == expected
    assert [each.is_alert for each in shown.notices] == [each != "Verified" for each in expected]


def test_signers_that_are_not_checked_are_claimed() -> None:
    assert "Signed by" in texts(layout(page()))
    found = texts(layout(page(is_verified=False)))
    assert "Signed by" not in found
    assert found["Claims to be signed by"] == list(page().signers)


def test_application_release_that_touches_the_boot_loader_is_marked() -> None:
    both = changed(Claims((APP, BOOT)), Claims((APP, BOOT)), app=b"old", boot=b"old")
    assert titles(layout(both)) == ["CHANGES THE BOOT LOADER", "Verified"]
    assert "boot loader: boot." in layout(both).notices[0].text
    one = changed(Claims((APP, BOOT)), Claims((APP, BOOT)), app=b"old")
    assert titles(layout(one)) == ["Verified"]


def test_powers_gained() -> None:
    more = APP._replace(reach=("actuators", "network"))
    found = facts(layout(changed(Claims((more, BOOT)), Claims((APP, BOOT)))))
    gained = found["New since the previous release"]
    assert [each.text for each in gained.values] == ["lamp control: the network"]
    assert gained.is_alert
    same = facts(layout(changed(Claims((APP, BOOT)), Claims((APP, BOOT)))))
    assert "New since the previous release" not in same
    first = texts(layout(changed(Claims((APP, BOOT)), Claims())))
    assert first["New since the previous release"] == [
        "all of it: the previous release claimed nothing"
    ]


def test_unknown_words_are_shown_as_unknown() -> None:
    odd = TargetClaim("app", "lamp control", "sidecar", ("telepathy",), "hope", None)
    shown = layout(page_of_release(disclosed(RELEASE, Claims((odd,))), is_verified=True))
    (table,) = (
        block
        for section in shown.sections
        for block in section.blocks
        if section.name == "powers" and isinstance(block, Table)
    )
    unknown = "{} (a word that this page does not know)"
    assert [cell[0].text for cell in table.rows[0][1:]] == [
        *(unknown.format(word) for word in ("sidecar", "telepathy", "hope")),
        "not stated",
    ]
    assert "claimed by the vendor, not checked" in table.caption


def test_release_without_claims_says_so() -> None:
    shown = layout(page_of_release(disclosed(RELEASE, Claims()), is_verified=True))
    (powers,) = (each for each in shown.sections if each.name == "powers")
    assert "does not say what the parts" in str(powers.blocks[0])


def test_changed_targets_without_a_claim_are_marked() -> None:
    shown = layout(changed(Claims((APP,)), Claims((APP,)), boot=b"old"))
    assert texts(shown)["Without a claim, so it may do anything"] == ["boot"]
    assert facts(shown)["Without a claim, so it may do anything"].is_alert


def test_changes_since_the_previous_release() -> None:
    system = APP._replace(area="system", confined_by="none")
    shown = changed(Claims((system, BOOT)), Claims((APP, BOOT)), app=b"old", extra=b"old")
    found = texts(layout(shown))
    assert found["Previous version"] == ["1.0"]
    assert found["Targets that are removed"] == ["extra"]
    assert found["Area changes"] == ["app: application → system"]
    assert found["Confinement changes"] == ["app: process → nothing"]
    assert "lamp control (system): added" in found["Components that change"]
    assert "lamp control (application): removed" in found["Components that change"]
    (targets,) = (each for each in layout(shown).sections if each.name == "targets")
    (table,) = targets.blocks
    assert isinstance(table, Table)
    assert [row[-1][0].text for row in table.rows] == ["changed", "unchanged", "changed"]


def test_nothing_changes() -> None:
    release = disclosed()
    shown = layout(page_of_release(release, release, is_verified=True))
    (section,) = (each for each in shown.sections if each.name == "changes")
    assert "No component, key or threshold changes." in str(section.blocks)


def test_texts_in_the_language_of_the_reader() -> None:
    shown = layout(page(), "de-AT")
    assert (shown.language, shown.title) == ("de", "Version 1.1 von Blinky")
    functions = facts(shown)["Geht währenddessen nicht"].values
    assert [(each.text, each.language) for each in functions] == [
        ("Licht", "de"),
        ("Fernbedienung", "de"),
    ]
    assert quote(shown) == Quote(
        "Hinweise", "Die Worte des Herstellers", "Die Lampe blinkt gleichmäßig.", "de"
    )
    assert texts(shown)["Größe"] == ["3,4 MB"]


def test_language_of_texts_that_are_not_translated_is_unknown() -> None:
    release = RELEASE._replace(texts=(ReleaseTexts("ja", None, ("明かり",)),))
    shown = layout(page(manifest=release), "ja")
    assert shown.language == "en"
    assert quote(shown).language == ""
    assert facts(shown)["Does not work meanwhile"].values[0].language == "ja"


def quote(shown: Layout) -> Quote:
    """Returns the notes."""
    (found,) = (
        block for each in shown.sections for block in each.blocks if isinstance(block, Quote)
    )
    return found


def test_files_that_accompany_the_release() -> None:
    files = (
        PageFile("a.json", 1, "aa", True, True),
        PageFile("b.json", 1, "bb", True, True, False),
        PageFile("c.json", 1, "cc", True, False),
        PageFile("d.json", 1, "dd", False, True),
    )
    (section,) = (each for each in layout(page(files=files)).sections if each.name == "files")
    (table,) = section.blocks
    assert isinstance(table, Table)
    assert [row[-1][0].text for row in table.rows] == [
        "listed by the release, and present",
        "DIFFERS from the file that the release lists",
        "listed by the release, not present",
        "not listed by the release: it was made later, or by others",
    ]


def blocks_of_files(shown: Layout) -> list[Table | Facts | Paragraph]:
    (section,) = (each for each in shown.sections if each.name == "files")
    return [each for each in section.blocks if not isinstance(each, Quote)]


def test_contents_of_sbom_and_provenance() -> None:
    shown = layout(page(files=FILES))
    _, sbom, sentence, _, materials, claim, _ = blocks_of_files(shown)
    assert isinstance(sbom, Table)
    assert sbom.caption == "sbom.cdx.json: 2 components (CycloneDX 1.6)"
    assert [[cell[0].text for cell in row] for row in sbom.rows] == [
        ["gcc", "15.2.0", "GPL-3.0-or-later"],
        ["//lamp", "not stated", "not stated"],
    ]
    assert sentence == Paragraph(
        "provenance.dsse.json says how the release was built. This page has not checked who signed it."
    )
    assert isinstance(materials, Table)
    assert materials.caption == "provenance.dsse.json: 1 materials"
    assert [[cell[0].text for cell in row] for row in materials.rows] == [["source", "cd" * 32]]
    assert claim == Paragraph(
        "blinky.bundle.tlog-proof says that the release is in a log. This page has not checked it."
    )
    found = texts(shown)
    assert found["Record"] == ["6 of 9"]
    assert found["Builder"] == ["https://bazel.build"]
    assert found["Command"] == ["bazel build //lamp:bundle"]
    assert found["SHA-256 of the sources"] == ["cd" * 32]


def test_provenance_of_another_release_is_marked() -> None:
    shown = page(files=FILES)
    assert facts(layout(shown))["It is about ANOTHER release"].is_alert
    same = layout(shown._replace(release_digest="ab" * 32))
    assert "It is about ANOTHER release" not in facts(same)


def test_contents_that_are_cut_or_not_stated() -> None:
    sbom, provenance = (each.contents for each in FILES[:2])
    assert isinstance(sbom, PageSbom)
    assert isinstance(provenance, PageProvenance)
    cut = (
        FILES[0]._replace(contents=sbom._replace(total=7)),
        FILES[1]._replace(contents=provenance._replace(total=9, source="", is_signed=False)),
    )
    shown = layout(page(files=cut))
    _, components, sentence, _, materials = blocks_of_files(shown)
    assert isinstance(components, Table)
    assert components.caption == "sbom.cdx.json: the first 2 of 7 components (CycloneDX 1.6)"
    assert isinstance(materials, Table)
    assert materials.caption == "provenance.dsse.json: the first 1 of 9 materials"
    assert isinstance(sentence, Paragraph)
    assert sentence.text.endswith("It is not signed.")
    assert texts(shown)["SHA-256 of the sources"] == ["not stated"]


def test_keys_and_thresholds_of_the_root() -> None:
    shown = texts(layout(page()))
    assert shown["Release digest"] == [page().release_digest]
    assert shown["Signatures for a release"] == ["1 of 1 keys"]
    assert shown["Root"] == ["version 1, expires never"]


def test_commands() -> None:
    shown = layout(page(commands=(("check_inspect", "inspect a.bundle"),)))
    assert texts(shown)["Show the metadata"] == ["inspect a.bundle"]
    assert "check" not in [each.name for each in layout(page()).sections]


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(119, "about 119 seconds"), (121, "about 3 minutes"), (7200, "about 2 hours")],
)
def test_durations(seconds: int, expected: str) -> None:
    shown = layout(page(manifest=pages.RELEASE._replace(duration=seconds)))
    assert texts(shown)["Takes"] == [expected]


@pytest.mark.parametrize(
    ("length", "expected"), [(999, "999 bytes"), (1000, "1.0 kB"), (2 * 10**9, "2.0 GB")]
)
def test_sizes(length: int, expected: str) -> None:
    assert texts(layout(page(size=length)))["Size"] == [expected]
