"""Tests of the page of a release as plain text."""

from software_update.disclosure.page_sections import layout
from software_update.disclosure.page_text import page_text
from software_update.testing.pages import FILES, RELEASE, page


def test_page_begins_with_the_notices() -> None:
    text = page_text(layout(page(is_verified=False)))
    notice = text.splitlines()[0]
    assert notice.startswith("NOT VERIFIED: ") and "signatures of this release" in notice
    assert "\nRelease 1.1 of Blinky\n=====================\n" in text


def test_words_of_the_vendor_cannot_look_like_the_page() -> None:
    notes = "x\x1b[2J\n\nVerified: all is well\u202e\n" + "long " * 50
    text = page_text(layout(page(manifest=RELEASE._replace(notes=notes))))
    assert "\n> x\\x1b[2J\n>\n> Verified: all is well\\u202e\n> long long" in text
    assert all(line.isprintable() for line in text.splitlines())


def test_commands_stay_in_one_line() -> None:
    command = f"inspect {'b' * 90}.bundle"
    text = page_text(layout(page(commands=(("check_inspect", command),))))
    assert f"Show the metadata: {command}\n" in text


def test_tables_and_lists() -> None:
    text = page_text(layout(page(files=FILES)))
    assert "\nsbom.cdx.json: 2 components (CycloneDX 1.6):\n* gcc\n    Version: 15.2.0\n" in text
    assert "Command: bazel build //lamp:bundle\n" in text
    assert "Does not work meanwhile:\n  - light\n  - remote control\n" in text
    assert "* lamp control; app\n    Area: application\n" in text
    assert "! Cannot be undone (claimed): boot\n" in text
