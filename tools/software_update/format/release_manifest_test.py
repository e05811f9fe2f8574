"""Tests of the release manifest: reading returns the written values, and other contents are recognised."""

import json

import pytest

from software_update.format.release_manifest import (
    MAX_COUNTER,
    SCHEMA,
    Advisory,
    ReleaseManifest,
    ReleaseTexts,
    build_release,
    parse_release,
)
from software_update.format.verdicts import Refused, Verdict

SMALL = ReleaseManifest("blinky", "1.4.0", 7)
FULL = ReleaseManifest(
    "blinky",
    "1.4.0-rc.1",
    MAX_COUNTER,
    ("lm3s6965evb", "board b"),
    5,
    'Blinks "faster".\nÄußerst.',
    "critical",
    "2031-01-01T00:00:00Z",
    "both",
    (
        Advisory("CVE-2031-1", "high", "Frames could overflow a buffer.", "Change the password."),
        Advisory("B-2", "low", "Logs were too detailed."),
    ),
    90,
    ("heating", "remote control"),
    False,
    (
        ReleaseTexts("de", "Blinkt schneller.", ("Heizung", "Fernbedienung")),
        ReleaseTexts("pt-BR", "Mais rápido."),
    ),
)
FIELDS = {"schema": SCHEMA, "product": "blinky", "version": "1.4.0", "release_counter": 7}


def with_(**fields: object) -> bytes:
    return json.dumps({**FIELDS, **fields}).encode()


def without(name: str) -> bytes:
    return json.dumps({key: value for key, value in FIELDS.items() if key != name}).encode()


@pytest.mark.parametrize("release", [SMALL, FULL, SMALL._replace(reversible=True)])
def test_round_trip(release: ReleaseManifest) -> None:
    assert parse_release(build_release(release)) == release


def test_the_bytes_do_not_change() -> None:
    assert build_release(SMALL) == (
        b'{\n "schema": "software_update.release.v1",\n "product": "blinky",\n'
        b' "version": "1.4.0",\n "release_counter": 7\n}\n'
    )


def test_unknown_fields_are_skipped() -> None:
    assert parse_release(with_(more={"a": [1]})) == SMALL


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x7fELF",
        b"[]",
        b"7",
        b'{"product": "blinky"}',
        b'{"schema": 7}',
        b'{"schema": "another.release.v1"}',
        b'{"a": 1, "a": 2}',
        b"[" * 100_000,
        b'"\xff"',
        '{"product": "blinky"}'.encode("utf-16"),
        b"\xef\xbb\xbf{}",
        b'{"a": ' + b"[" * 32 + b"]" * 32 + b"}",
    ],
)
def test_another_file(content: bytes) -> None:
    assert parse_release(content) is None


BAD = {
    "not JSON": build_release(SMALL)[:-2],
    "a key twice": b'{"release_counter": 9, ' + with_()[1:],
    "a key twice inside": with_(more=[{}]).replace(b"{}", b'{"a": 1, "a": 2}'),
    "family name after a part of it": b"software_update.releasoftware_update.release.",
    "another version": with_(schema="software_update.release.v2"),
    "no product": without("product"),
    "product empty": with_(product=""),
    "product a number": with_(product=1),
    "no version": without("version"),
    "no counter": without("release_counter"),
    "counter 0": with_(release_counter=0),
    "counter too high": with_(release_counter=MAX_COUNTER + 1),
    "counter true": with_(release_counter=True),
    "counter a text": with_(release_counter="7"),
    "counter with a point": with_(release_counter=7.0),
    "minimum 0": with_(minimum_release_counter=0),
    "minimum null": with_(minimum_release_counter=None),
    "no hardware": with_(hardware_ids=[]),
    "hardware a text": with_(hardware_ids="lm3s6965evb"),
    "hardware a number": with_(hardware_ids=[7]),
    "hardware empty": with_(hardware_ids=[""]),
    "severity": with_(severity="terrible"),
    "support": with_(support_until="2031"),
    "notes": with_(notes=[]),
}
ADVISORY: dict[str, object] = {"id": "CVE-1", "severity": "low", "text": "Text."}
TEXT_IN_DE: dict[str, object] = {"notes": "Neu.", "unavailable_functions": ["Heizung"]}


def wrong(name: str, *values: object) -> list[dict[str, object]]:
    return [{name: value} for value in values]


# The whole error, and the fields of several manifests that cause it.
ERRORS: dict[str, list[dict[str, object]]] = {
    "needs a text kind": wrong("kind", 1, "", None),
    "needs a kind out of security, feature, both": wrong("kind", "bugfix", "Both"),
    "needs an integer duration from 1 to 4294967295": wrong(
        "duration", 0, -1, 1.0, True, "60", None, MAX_COUNTER + 1
    ),
    "needs a list of texts unavailable_functions": wrong(
        "unavailable_functions", "heating", [1], [""], [[]], {}, None
    ),
    "needs true or false as reversible": wrong("reversible", None, 0, 1, "true", []),
    "needs a list of objects advisories": wrong("advisories", ADVISORY, {}, "CVE-1", None),
    "needs an object in advisories[1]": wrong(
        "advisories", [ADVISORY, "CVE-2"], [ADVISORY, []], [ADVISORY, None]
    ),
    **{
        f"needs a text {name} in advisories[0]": wrong(
            "advisories",
            [{key: value for key, value in ADVISORY.items() if key != name}],
            [{**ADVISORY, name: 1}],
        )
        for name in ADVISORY
    },
    "needs a text action in advisories[0]": wrong("advisories", [{**ADVISORY, "action": None}]),
    "needs a severity out of low, medium, high, critical in advisories[0]": wrong(
        "advisories", [{**ADVISORY, "severity": "none"}]
    ),
    "needs an object in texts": wrong("texts", [], "de", None),
    "needs an object in texts.de": wrong("texts", {"de": []}, {"de": "Neu."}, {"de": None}),
    "needs a text notes in texts.de": wrong("texts", {"de": {"notes": 1}}),
    "needs a list of texts unavailable_functions in texts.pt-BR": wrong(
        "texts", {"de": TEXT_IN_DE, "pt-BR": {"unavailable_functions": "x"}}
    ),
    **{
        f"has the language '{tag}' in texts; needs a BCP 47 tag such as de or pt-BR": wrong(
            "texts", {"en": {}, tag: TEXT_IN_DE}
        )
        for tag in ("", "d", "de_DE", "de-", "deutschland", "de-DE ", "de1", f"de{'-x' * 17}")
    },
    "has a language twice in texts: de-AT and de-at": wrong(
        "texts", {"de-AT": TEXT_IN_DE, "de": TEXT_IN_DE, "de-at": TEXT_IN_DE}
    ),
}


@pytest.mark.parametrize(
    ("fields", "detail"),
    [(fields, detail) for detail, several in ERRORS.items() for fields in several],
)
def test_errors_name_the_field_and_its_place(fields: dict[str, object], detail: str) -> None:
    with pytest.raises(Refused) as caught:
        parse_release(with_(**fields))
    assert (caught.value.verdict, caught.value.detail) == (Verdict.MALFORMED, detail)
    assert caught.value.subject == "release manifest"


def test_empty_lists_and_unknown_fields_inside_are_accepted() -> None:
    empty = with_(advisories=[], unavailable_functions=[], texts={})
    assert parse_release(empty) == SMALL
    inside = with_(advisories=[{**ADVISORY, "more": 1}], texts={"de": {"more": [{}]}})
    advisories, texts = (Advisory("CVE-1", "low", "Text."),), (ReleaseTexts("de"),)
    assert parse_release(inside) == SMALL._replace(advisories=advisories, texts=texts)


def test_key_twice_in_an_advisory() -> None:
    once = with_(advisories=[ADVISORY])
    with pytest.raises(Refused, match="has the key 'id' twice in one object"):
        parse_release(once.replace(b'"id":', b'"id": "CVE-2", "id":'))


def test_longest_language_tag() -> None:
    tag = f"de{'-x' * 15}-ab"
    assert len(tag) == 35
    assert parse_release(with_(texts={tag: {}})) == SMALL._replace(texts=(ReleaseTexts(tag),))


def test_the_bytes_do_not_depend_on_the_order_of_the_languages() -> None:
    assert build_release(FULL) == build_release(FULL._replace(texts=FULL.texts[::-1]))


def test_a_language_is_written_only_once() -> None:
    with pytest.raises(Refused, match="has a language twice in texts: de and DE"):
        build_release(SMALL._replace(texts=(ReleaseTexts("de"), ReleaseTexts("DE"))))


@pytest.mark.parametrize("language", ["de", "DE", "de-AT", "de-Latn-AT-1901"])
def test_texts_in_a_language(language: str) -> None:
    assert FULL.texts_in(language) == FULL.texts[0]


def test_the_longest_tag_that_matches_wins() -> None:
    austria = ReleaseTexts("de-AT", "Blinkt g'schwinder.", ("Heizung",))
    release = FULL._replace(texts=(austria, *FULL.texts))
    assert release.texts_in("de-AT-1996") == austria
    assert release.texts_in("de-DE") == FULL.texts[0]


def test_texts_that_are_not_translated_stay() -> None:
    functions = FULL.unavailable_functions
    assert FULL.texts_in("pt-br") == ReleaseTexts("pt-BR", "Mais rápido.", functions)
    for language in ("pt", "d", "en", "dex", ""):
        assert FULL.texts_in(language) == ReleaseTexts("", FULL.notes, functions)
