"""Tests of questions on a terminal."""

from typing import Any

import pytest

from software_update.client.decision import Choice, Decision
from software_update.client.question import Advisory, Component, LogFacts, Phase
from software_update.client.question_text import decisions_text, question_text
from software_update.format.claims import Power, TargetClaim
from software_update.testing.questions import QUESTION, question

FULL: dict[str, Any] = {
    "kind": "security",
    "severity": "high",
    "duration": 180,
    "unavailable_functions": ("light", "remote control"),
    "reversible": False,
    "signers": ("release manager (7cdf3a1b5d8e9f02)", "2b00042f7481c7b0"),
    "notes": "Closes a hole in the radio.\n\nThe lamp blinks once.\n",
    "download_installs": True,
    "slot": "B",
    "powers": ("network", "radio"),
    "areas": ("application",),
    "claims": (
        TargetClaim("app", "lamp", "application", ("network", "warp"), "mpu"),
        TargetClaim("radio", "radio firmware", "application", ("network",), reversible=False),
    ),
    "components": (Component("lamp", "application"), Component("radio firmware", "application")),
    "powers_gained": (Power("lamp", "warp"), Power("radio firmware", "network")),
    "not_reversible": ("radio",),
    "unclaimed": ("logo",),
    "advisories": (
        Advisory("CVE-2031-0001", "high", "The radio took any key."),
        Advisory("EXAMPLE-7", "low", "The log had the pass phrase.", "Choose a new one."),
    ),
}


def test_log_and_auditors() -> None:
    proven = question(log=LogFacts("log.example/firmware", ("first", "second")), auditors=("me",))
    at = question_text(proven).index("In a public log:      log.example/firmware")
    assert question_text(proven)[at : at + 4] == [
        "In a public log:      log.example/firmware",
        "Cosigned by:          first",
        "                      second",
        "Audited by:           me",
    ]
    problem = "MISSING_PROOF: there is no proof next to the bundle\nthat the release is in a log"
    lines = question_text(question(log=LogFacts(None, (), problem)))
    at = lines.index("In a public log:      NOT PROVEN")
    assert lines[at + 1 : at + 3] == [
        "Because:              MISSING_PROOF: there is no proof next to the",
        "                      bundle\\nthat the release is in a log",
    ]
    assert not [each for each in lines if "Audited" in each or "Cosigned" in each]
    unwitnessed = question_text(question(log=LogFacts("log.example")))
    assert not [each for each in unwitnessed if "Cosigned" in each]
    assert not [each for each in question_text(QUESTION) if "log" in each]


def test_whole_question() -> None:
    assert question_text(question(**FULL)) == [
        "Download and install version 1.5.0 of lamp?",
        "",
        "Vendor:               Example Lamps Ltd",
        "Product:              lamp",
        "Version:              1.4.0 -> 1.5.0",
        "Kind:                 security",
        "Severity:             high",
        "Closes:               CVE-2031-0001 (high)",
        "                      EXAMPLE-7 (low)",
        "Download:             12.0 MB",
        "Installation:         30.0 MB",
        "Duration:             about 3 minutes",
        "Does not work then:   light",
        "                      remote control",
        "Can be undone:        no",
        "Signed by:            release manager (7cdf3a1b5d8e9f02)",
        "                      2b00042f7481c7b0",
        f"Release digest:       {'11' * 32}",
        "Slot:                 B",
        "Allowed powers:       network, radio",
        "Allowed areas:        application",
        "Claims:               the vendor's words, which nothing has checked",
        "Changes:              application: lamp, radio firmware",
        "Powers:               network: lamp, radio firmware",
        "                      warp (unknown): lamp",
        "Gains powers:         network: radio firmware",
        "                      warp (unknown): lamp",
        "Confined by:          mpu: lamp",
        "                      none: radio firmware",
        "Cannot be undone:     radio",
        "Changes, no claim:    logo",
        "Advisories:           the vendor's words, in the lines that begin with >",
        "> CVE-2031-0001: The radio took any key.",
        "> EXAMPLE-7: The log had the pass phrase.",
        "> EXAMPLE-7, what to do: Choose a new one.",
        "Notes:                the vendor's words, in the lines that begin with >",
        "> Closes a hole in the radio.",
        ">",
        "> The lamp blinks once.",
    ]


def test_decisions_with_their_reasons() -> None:
    decisions = [
        ("preset", Decision(Choice.ASK, "a person decides about each release (preset ask)")),
        ("exec_program", Decision(Choice.DEFER, "shop is \x1b[2J open", 5)),
    ]
    assert decisions_text(decisions) == [
        "preset:               ask, a person decides about each release (preset",
        "                      ask)",
        "exec_program:         defer, shop is \\x1b[2J open; asked again at",
        "                      1970-01-01T00:00:05Z",
    ]


def test_facts_that_the_release_does_not_state() -> None:
    lines = question_text(question(from_version=None))
    assert "Version:              nothing known -> 1.5.0" in lines
    for label in (
        "Kind",
        "Severity",
        "Closes",
        "Duration",
        "Does not work then",
        "Can be undone",
        "Claims",
    ):
        assert f"{label + ':':<22}not stated" in lines
    assert not any(line.startswith("Notes") for line in lines)


@pytest.mark.parametrize(
    "phase, asked",
    [
        (Phase.DOWNLOAD, "Download version 1.5.0 of lamp?"),
        (Phase.INSTALL, "Install version 1.5.0 of lamp?"),
        (Phase.RESTART, "Restart into version 1.5.0 of lamp?"),
    ],
)
def test_first_line_names_the_phase(phase: Phase, asked: str) -> None:
    assert question_text(question(phase=phase))[0] == asked


def test_order_of_lines_is_the_same_for_every_question() -> None:
    plain = [line.split(":")[0] for line in question_text(QUESTION)[1:] if line[:1] != " "]
    full = [line.split(":")[0] for line in question_text(question(**FULL))[1:] if line[:1] != " "]
    assert full[: len(plain)] == plain


EVIL = "\x1b[2J\r\x00\x9b\u202e\u200b\u2028\ue000\ud800"
FIELDS = ("vendor", "product", "from_version", "to_version", "kind", "severity", "notes")


def test_later_versions_are_shown_only_if_there_are_any() -> None:
    later = question_text(question(later_versions=("1.6", "2.0\x1b[2J")))
    at = later.index(next(line for line in later if line.startswith("Goes on to:")))
    assert later[at : at + 2] == [
        "Goes on to:           1.6",
        r"                      2.0\x1b[2J",
    ]
    assert not any("Goes on" in line for line in question_text(question()))


LISTS = ("unavailable_functions", "signers", "not_reversible", "unclaimed")


@pytest.mark.parametrize("field", FIELDS + LISTS)
@pytest.mark.parametrize("text", [EVIL, "x" * 5000, "a\nSigned by: root", "界" * 5000])
def test_no_text_of_a_release_disturbs_the_terminal(field: str, text: str) -> None:
    value: Any = (text,) * 20 if field in LISTS else text
    lines = question_text(question(**{**FULL, field: value}))
    assert all(line.isprintable() for line in lines)
    assert sum(line.startswith("Signed by: ") for line in lines) == 1
    assert all(width(line) <= 155 for line in lines)
    assert len(lines) <= 100


@pytest.mark.parametrize("text", [EVIL, "x" * 64, "a\nSigned by: root", "界" * 64])
def test_claims_cannot_look_like_another_line_or_hide_a_power(text: str) -> None:
    words = ("keys", *(f"w{number}" for number in range(30)))
    claims = [TargetClaim(f"{number}", text, "cloud", words) for number in range(1000)]
    gained = [Power(text, word) for word in words]
    lines = question_text(
        question(**{**FULL, "claims": tuple(claims), "powers_gained": tuple(gained)})
    )
    assert all(line.isprintable() and width(line) <= 155 for line in lines)
    assert sum(line.startswith("Signed by: ") for line in lines) == 1
    assert any(line.startswith("Gains powers:         keys: ") for line in lines)
    assert lines.count("                      and 15 more") == 2
    assert len(lines) <= 100


def test_as_many_words_and_components_as_a_release_manifest_has_room_for() -> None:
    claims = tuple(
        TargetClaim(f"{number}", f"{number}", f"a{number}", (f"p{number}",), f"c{number}")
        for number in range(20_000)
    )
    lines = question_text(question(claims=claims))
    assert "Powers:               p0 (unknown): 0" in lines
    assert lines.count("                      and 19984 more") == 2
    one = tuple(each._replace(reach=("keys",)) for each in claims)
    assert any(
        line.startswith("Powers:               keys: 0, 1, 2, ") and line.endswith("...")
        for line in question_text(question(claims=one))
    )


def test_limits_of_the_device() -> None:
    assert "Allowed powers:       not limited" in question_text(question())
    lines = question_text(question(powers=(), areas=("system",)))
    assert "Allowed powers:       none" in lines and "Allowed areas:        system" in lines


def test_claims_that_change_nothing() -> None:
    lines = question_text(question(claims=(TargetClaim("app", "lamp", "application"),)))
    for label in ("Changes", "Powers", "Gains powers"):
        assert f"{label + ':':<22}none" in lines
    assert "Confined by:          none: lamp" in lines


def test_advisories_cannot_look_like_another_line() -> None:
    evil = Advisory(EVIL, "high", "x\nSigned by: root\n" * 50, "\nSigned by: root")
    lines = question_text(question(advisories=(evil,) * 20))
    assert all(line.isprintable() for line in lines)
    assert sum(line.startswith("Signed by: ") for line in lines) == 1
    assert "                      and 4 more" in lines
    assert lines[-1] == "> [...]"


def width(line: str) -> int:
    return sum(2 if ord(each) > 0x1100 else 1 for each in line)


def test_notes_cannot_look_like_another_line() -> None:
    """A terminal of 80 columns wraps no line of the notes, so each begins with the mark."""
    for letter in "x", "界", "x " * 3:
        notes = letter * 90 + " " * 90 + "Signed by: root\n" * 60
        lines = question_text(question(notes=notes))
        notes_from = next(index for index, line in enumerate(lines) if line.startswith("Notes"))
        assert all(line.startswith(">") and width(line) <= 74 for line in lines[notes_from + 1 :])
        assert lines[-1] == "> [...]"


@pytest.mark.parametrize("count, last", [(40, "> x"), (41, "> [...]")])
def test_forty_lines_of_notes_are_shown(count: int, last: str) -> None:
    lines = question_text(question(notes="\n".join("x" * count)))
    assert (lines.count("> x"), lines[-1]) == (40, last)


def test_long_entry_is_cut_and_many_are_counted() -> None:
    lines = question_text(question(signers=("x" * 60, *["y"] * 17)))
    assert f"Signed by:            {'x' * 47}..." in lines
    assert "                      and 2 more" in lines


def test_entries_that_fit_are_shown_whole() -> None:
    lines = question_text(question(signers=("x" * 50, *["y"] * 15)))
    assert f"Signed by:            {'x' * 50}" in lines
    assert not any("more" in line for line in lines)


@pytest.mark.parametrize("reversible, word", [(True, "yes"), (False, "no"), (None, "not stated")])
def test_update_that_can_be_undone(reversible: bool | None, word: str) -> None:
    assert f"Can be undone:        {word}" in question_text(question(reversible=reversible))


def test_letters_of_other_languages_stay() -> None:
    text = "Schließt eine Lücke. 電球を修正 🔒"
    assert f"> {text}" in question_text(question(notes=text))


@pytest.mark.parametrize(
    "length, expected",
    [(0, "0 bytes"), (999, "999 bytes"), (1000, "1.0 kB"), (3_400_000_000, "3.4 GB")],
)
def test_sizes(length: int, expected: str) -> None:
    assert f"Download:             {expected}" in question_text(question(download_bytes=length))


@pytest.mark.parametrize(
    "seconds, expected",
    [
        (0, "0 seconds"),
        (119, "119 seconds"),
        (120, "2 minutes"),
        (121, "3 minutes"),
        (7199, "120 minutes"),
        (7200, "2 hours"),
        (7201, "3 hours"),
    ],
)
def test_durations(seconds: int, expected: str) -> None:
    assert f"Duration:             about {expected}" in question_text(question(duration=seconds))
