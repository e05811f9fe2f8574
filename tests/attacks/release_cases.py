"""The release: its date, its version, its counter, its hardware, against what the device has."""

from __future__ import annotations

import json
from typing import Any

from software_update.testing import encode as e

from tests.attacks.product import (
    CONTENTS,
    HARDWARE,
    NOW,
    STRANGER,
    T2,
    T3,
    USER_MANIFEST,
    Case,
    R,
    T,
    described,
    device,
    good,
    release,
    release_json,
    root,
    targets,
)
from tests.attacks.recipes import Part, Repeated, folded

OTHER = {**CONTENTS, "app": b"another app"}
HAS_5 = device(release_json(5))
INSTALLED = e.manifest(targets(version=5))
# An attacker who had T made versions run forward, until root 2 revoked it.
FORWARD = e.manifest(targets(version=2**32 - 1))
REVOKES_T = e.root_entry(e.signed(root(2, targets_keys=[T2]), R))


def without(name: str) -> bytes:
    """The release manifest without a member."""
    members = json.loads(release_json())
    del members[name]
    return json.dumps(members).encode()


def also(extra: str) -> bytes:
    """The release manifest with more JSON at its end."""
    return release_json()[:-1] + f", {extra}}}".encode()


def padded(size: int) -> list[Part]:
    """A bundle whose release manifest ends in white space, and has this size."""
    spaces = Repeated(b" ", size - len(release_json()))
    return folded(described(release_json().ljust(size)), spaces)


def malformed(name: str, what: str, user_manifest: bytes) -> Case:
    """A release manifest that is none."""
    return Case(f"release_{name}", "MALFORMED", what, described(user_manifest))


def nested(depth: int) -> bytes:
    """Arrays inside each other."""
    return b"[" * depth + b"]" * depth


def changed(name: str, what: str, **changes: Any) -> Case:
    """A release manifest with a member that is wrong."""
    return malformed(name, what, release_json(**changes))


TIME_CASES = [
    Case(
        "targets_expire_in_a_second", "ACCEPT", "A second is left.", good(expires=e.time(NOW + 1))
    ),
    Case(
        "targets_expire_in_a_nanosecond",
        "ACCEPT",
        "A nanosecond is left.",
        good(expires=e.time(NOW, 1)),
    ),
    Case(
        "targets_expired_no_time",
        "ACCEPT",
        "Expired, but no time is given.",
        good(expires=e.time(1)),
        at=None,
    ),
    Case("targets_expire_now", "TARGETS_EXPIRED", "At this second.", good(expires=e.time(NOW))),
    Case(
        "targets_expired",
        "TARGETS_EXPIRED",
        "Since a second.",
        good(expires=e.time(NOW - 1, 999_999_999)),
    ),
    Case("targets_expired_1970", "TARGETS_EXPIRED", "A date of all zeros.", good(expires=b"")),
    Case("targets_expired_before_1970", "TARGETS_EXPIRED", "In 1969.", good(expires=e.time(-1))),
    Case(
        "targets_expired_year_1",
        "TARGETS_EXPIRED",
        "The first date there is.",
        good(expires=e.time(-62_135_596_800)),
    ),
    Case(
        "targets_expired_and_older",
        "TARGETS_EXPIRED",
        "Expired, and older than what is installed: dates come first.",
        good(expires=e.time(NOW)),
        installed=INSTALLED,
    ),
    Case(
        "targets_expired_and_unsigned",
        "THRESHOLD_NOT_MET",
        "Expired, and signed by a stranger: signatures come first.",
        good(expires=e.time(NOW), key=STRANGER),
    ),
]

VERSION_CASES = [
    Case("targets_newer", "ACCEPT", "Version 6 after 5.", good(OTHER, 6), installed=INSTALLED),
    Case(
        "targets_much_newer",
        "ACCEPT",
        "Releases may be left out.",
        good(OTHER, 2**32 - 1),
        installed=INSTALLED,
    ),
    Case(
        "targets_same",
        "ACCEPT",
        "The installed release again.",
        good(version=5),
        installed=INSTALLED,
    ),
    Case(
        "targets_same_other_signatures",
        "ACCEPT",
        "The installed release, signed once more.",
        release(targets(version=5), CONTENTS, T, STRANGER),
        installed=INSTALLED,
    ),
    Case(
        "targets_rollback",
        "TARGETS_ROLLBACK",
        "Version 4 after 5.",
        good(OTHER, 4),
        installed=INSTALLED,
    ),
    Case(
        "targets_rollback_same_content",
        "TARGETS_ROLLBACK",
        "The same content under version 4.",
        good(version=4),
        installed=INSTALLED,
    ),
    Case(
        "targets_mix_up",
        "TARGETS_MIX_UP",
        "Another version 5.",
        good(OTHER, 5),
        installed=INSTALLED,
    ),
    Case(
        "targets_mix_up_expires",
        "TARGETS_MIX_UP",
        "Version 5 with another date.",
        good(version=5, expires=e.time(2 * NOW)),
        installed=INSTALLED,
    ),
    Case(
        "targets_mix_up_order",
        "TARGETS_MIX_UP",
        "The same targets in another order are other bytes.",
        good(dict(reversed(CONTENTS.items())), 5),
        installed=INSTALLED,
    ),
    Case(
        "targets_mix_up_field",
        "TARGETS_MIX_UP",
        "Version 5 and an unknown field.",
        release(targets(version=5) + e.number(200, 1)),
        installed=INSTALLED,
    ),
    # TUF's recovery from versions that were run forward.
    Case(
        "forward",
        "TARGETS_ROLLBACK",
        "Without a new root the device stays where it is.",
        good(version=7),
        installed=FORWARD,
    ),
    Case(
        "forward_recovered",
        "ACCEPT",
        "Root 2 revokes the key: versions are not compared.",
        good(version=7, roots=REVOKES_T, key=T2),
        installed=FORWARD,
    ),
    Case(
        "forward_recovered_by_chain",
        "ACCEPT",
        "Root 2 revokes the key, root 3 changes nothing more.",
        good(
            version=7,
            roots=e.chain(e.signed(root(2, targets_keys=[T2]), R))
            + e.root_entry(e.signed(root(3, targets_keys=[T2]), R)),
            key=T2,
        ),
        installed=FORWARD,
    ),
    Case(
        "forward_one_of_two_revoked",
        "ACCEPT",
        "Of two targets keys the new root revokes one.",
        good(version=7, roots=e.root_entry(e.signed(root(2, targets_keys=[T2]), R)), key=T2),
        trusted=e.signed(root(targets_keys=[T, T2]), R),
        installed=FORWARD,
    ),
    Case(
        "forward_same_version",
        "ACCEPT",
        "Recovered: the same version with other content is not a mix-up.",
        good(OTHER, 5, roots=REVOKES_T, key=T2),
        installed=INSTALLED,
    ),
    Case(
        "forward_key_added",
        "TARGETS_ROLLBACK",
        "Root 2 adds a key and revokes none.",
        good(version=7, roots=e.root_entry(e.signed(root(2, targets_keys=[T, T2]), R)), key=T2),
        installed=FORWARD,
    ),
    Case(
        "forward_threshold_changed",
        "TARGETS_ROLLBACK",
        "Root 2 needs one signature where two were needed, by the same keys.",
        good(version=7, roots=e.root_entry(e.signed(root(2, targets_keys=[T, T2]), R)), key=T2),
        trusted=e.signed(root(targets_keys=[T, T2], targets_threshold=2), R),
        installed=FORWARD,
    ),
    Case(
        "forward_root_key_changed",
        "TARGETS_ROLLBACK",
        "Root 2 has another root key, and the same targets key.",
        good(version=7, roots=e.root_entry(e.signed(root(2, root_keys=[T3]), R, T3))),
        installed=FORWARD,
    ),
    Case(
        "forward_moved_before",
        "TARGETS_ROLLBACK",
        "The device moved to root 2 before, and has installed since.",
        good(version=7, roots=REVOKES_T, key=T2),
        trusted=e.signed(root(2, targets_keys=[T2]), R),
        installed=FORWARD,
    ),
    Case(
        "forward_recovered_counter",
        "RELEASE_ROLLBACK",
        "Recovered, but the release counter still counts.",
        good({**CONTENTS, USER_MANIFEST: release_json(4)}, 7, roots=REVOKES_T, key=T2),
        installed=e.manifest(
            targets({**CONTENTS, USER_MANIFEST: release_json(5)}, 2**32 - 1), release_json(5)
        ),
    ),
    Case(
        "forward_recovered_counter_same",
        "ACCEPT",
        "Recovered, with the installed counter.",
        good({**CONTENTS, USER_MANIFEST: release_json(5)}, 7, roots=REVOKES_T, key=T2),
        installed=e.manifest(
            targets({**CONTENTS, USER_MANIFEST: release_json(5)}, 2**32 - 1), release_json(5)
        ),
    ),
    Case(
        "older_and_unsafe",
        "TARGETS_ROLLBACK",
        "Older, with an unsafe name: versions come first.",
        good({"../app": b"x"}),
        installed=INSTALLED,
    ),
]

COUNTER_CASES = [
    Case("counter_higher", "ACCEPT", "6 after 5.", described(release_json(6)), installed=HAS_5),
    Case("counter_same", "ACCEPT", "5 after 5.", described(release_json(5)), installed=HAS_5),
    Case(
        "counter_first",
        "ACCEPT",
        "5, and no counter is installed.",
        described(release_json(5)),
        installed=device(),
    ),
    Case(
        "counter_nothing_installed",
        "ACCEPT",
        "Nobody says what is installed.",
        described(release_json(1, minimum_release_counter=9)),
    ),
    Case(
        "counter_after_opaque",
        "ACCEPT",
        "5 after a user manifest of another kind.",
        described(release_json(5)),
        installed=device(b"1.2.3"),
    ),
    Case(
        "counter_rollback",
        "RELEASE_ROLLBACK",
        "4 after 5, in a newer version.",
        described(release_json(4)),
        installed=HAS_5,
    ),
    Case("counter_dropped", "RELEASE_ROLLBACK", "None after 5.", good(version=2), installed=HAS_5),
    Case(
        "counter_opaque",
        "RELEASE_ROLLBACK",
        "A user manifest of another kind after 5.",
        described(b"1.2.4"),
        installed=HAS_5,
    ),
    Case(
        "counter_other_schema",
        "MALFORMED",
        "A release manifest of a later version, which might mean anything.",
        described(release_json(9, schema="software_update.release.v2")),
        installed=HAS_5,
    ),
    Case(
        "counter_unlisted",
        "RELEASE_ROLLBACK",
        "A counter of 9 in a user manifest that the metadata does not list.",
        good(version=2) + e.payload(USER_MANIFEST, release_json(9)),
        installed=HAS_5,
    ),
    Case(
        "counter_changed",
        "HASH_MISMATCH",
        "The listed manifest says 4, the one in the bundle 6, which has no signature.",
        described(release_json(4)).replace(release_json(4), release_json(6)),
        installed=HAS_5,
    ),
    Case(
        "counter_missing",
        "MISSING_PAYLOAD",
        "The manifest that the metadata lists is neither in the bundle nor on the device.",
        release(targets({**CONTENTS, USER_MANIFEST: release_json(6)}, 2)),
        installed=HAS_5,
    ),
    Case(
        "counter_left_out",
        "ACCEPT",
        "Personalized: the device has the manifest that the metadata lists.",
        release(targets({**CONTENTS, USER_MANIFEST: release_json(5)}, 2)),
        installed=HAS_5,
    ),
    Case(
        "opaque_left_out",
        "ACCEPT",
        "Personalized: the device has the user manifest of another kind that the metadata lists.",
        release(targets({**CONTENTS, USER_MANIFEST: b"1.2.3"}, 2)),
        installed=device(b"1.2.3"),
    ),
    Case(
        "gap",
        "RELEASE_GAP",
        "Needs 6, 5 is installed.",
        described(release_json(9, minimum_release_counter=6)),
        installed=HAS_5,
    ),
    Case(
        "gap_none",
        "ACCEPT",
        "Needs 5, 5 is installed.",
        described(release_json(9, minimum_release_counter=5)),
        installed=HAS_5,
    ),
    Case(
        "gap_unknown",
        "RELEASE_GAP",
        "Needs 1, and what is installed has no counter.",
        described(release_json(9, minimum_release_counter=1)),
        installed=device(b"1.2.3"),
    ),
    Case(
        "gap_and_rollback",
        "RELEASE_ROLLBACK",
        "4 after 5, and needs 6: the counter comes first.",
        described(release_json(4, minimum_release_counter=6)),
        installed=HAS_5,
    ),
    Case(
        "gap_and_hardware",
        "RELEASE_GAP",
        "Needs 6, and other hardware: counters come first.",
        described(release_json(9, minimum_release_counter=6, hardware_ids=["board-2"])),
        installed=HAS_5,
        hardware_id=HARDWARE,
    ),
    Case(
        "rollback_and_counter",
        "TARGETS_ROLLBACK",
        "An older version and a lower counter: versions come first.",
        described(release_json(4), 1),
        installed=device(release_json(5), 2),
    ),
    Case(
        "expired_and_counter",
        "TARGETS_EXPIRED",
        "Expired, and a lower counter: dates come first.",
        good({**CONTENTS, USER_MANIFEST: release_json(4)}, 2, expires=e.time(NOW)),
        installed=HAS_5,
    ),
    Case(
        "counter_and_unsafe",
        "RELEASE_ROLLBACK",
        "A lower counter and an unsafe name: the counter comes first.",
        good({USER_MANIFEST: release_json(4), "../app": b"x"}, 2),
        installed=HAS_5,
    ),
]

HARDWARE_CASES = [
    Case(
        "hardware",
        "ACCEPT",
        "The second of two.",
        described(release_json(hardware_ids=["board-2", HARDWARE])),
        hardware_id=HARDWARE,
    ),
    Case(
        "hardware_any",
        "ACCEPT",
        "For any hardware.",
        described(release_json()),
        hardware_id=HARDWARE,
    ),
    Case(
        "hardware_opaque",
        "ACCEPT",
        "A user manifest of another kind.",
        described(b"board-2"),
        hardware_id=HARDWARE,
    ),
    Case(
        "hardware_not_given",
        "ACCEPT",
        "Nobody says which hardware it is.",
        described(release_json(hardware_ids=["board-2"])),
    ),
    *(
        Case(
            f"hardware_{name}",
            "WRONG_HARDWARE",
            f"For {given!a}.",
            described(release_json(hardware_ids=[given])),
            hardware_id=HARDWARE,
        )
        for name, given in [
            ("other", "board-2"),
            ("upper_case", "BOARD-1"),
            ("prefix", "board"),
            ("longer", "board-12"),
            ("space", "board-1 "),
            ("nul", "board-1\0"),
            ("star", "*"),
            ("lookalike", "bo\N{CYRILLIC SMALL LETTER A}rd-1"),
        ]
    ),
    Case(
        "hardware_and_unsafe",
        "WRONG_HARDWARE",
        "Other hardware and an unsafe name: hardware comes first.",
        good({USER_MANIFEST: release_json(hardware_ids=["board-2"]), "../app": b"x"}),
        hardware_id=HARDWARE,
    ),
]

ADVISORY = {"id": "CVE-2031-1", "severity": "high", "text": "Frames could overflow a buffer."}
# What a person reads before an update.
CONSENT = {
    "kind": "both",
    "advisories": [{**ADVISORY, "action": "Change the password."}, ADVISORY],
    "duration": 90,
    "unavailable_functions": ["heating", "remote control"],
    "reversible": False,
    "texts": {"de": {"notes": "Schneller.", "unavailable_functions": ["Heizung"]}, "pt-BR": {}},
}

MANIFEST_CASES = [
    Case(
        "release_whole",
        "ACCEPT",
        "A release manifest with every member of the first version.",
        described(
            release_json(
                hardware_ids=[HARDWARE],
                minimum_release_counter=1,
                notes="Faster.",
                severity="critical",
                support_until="2031-01-01T00:00:00Z",
            )
        ),
    ),
    Case(
        "release_for_consent",
        "ACCEPT",
        "A release manifest with every member that a question to a person shows.",
        described(release_json(**CONSENT)),
    ),
    Case(
        "release_empty_lists",
        "ACCEPT",
        "No advisory, no unavailable function and no language.",
        described(release_json(advisories=[], unavailable_functions=[], texts={})),
    ),
    Case(
        "release_unknown_inside",
        "ACCEPT",
        "Unknown members of an advisory and of the texts in a language.",
        described(release_json(advisories=[{**ADVISORY, "a": 1}], texts={"de": {"a": None}})),
    ),
    Case(
        "release_claims",
        "ACCEPT",
        "Claims about a target, and an attachment.",
        described(
            release_json(
                targets={"app": {"component": "radio", "area": "application", "reach": ["radio"]}},
                attachments=[{"name": "sbom.cdx.json", "length": 1, "sha256": "ab" * 32}],
            )
        ),
    ),
    Case(
        "release_claims_unreadable",
        "ACCEPT",
        "Claims and attachments of another form: their readers refuse them, and the verifier does not.",
        described(release_json(targets=[{"app": [7, {"a": "\x00"}]}], attachments={"": None})),
    ),
    Case(
        "release_language_35",
        "ACCEPT",
        "A language tag of 35 characters.",
        described(release_json(texts={f"de{'-x' * 15}-ab": {}})),
    ),
    Case(
        "release_unknown_member",
        "ACCEPT",
        "Unknown members.",
        described(release_json(color="red", parts=[1, {"a": None}])),
    ),
    Case(
        "release_spaces", "ACCEPT", "White space.", described(b" \r\n\t" + release_json() + b"\n\n")
    ),
    Case(
        "release_escaped",
        "RELEASE_ROLLBACK",
        "The schema's name with an escape in it is the same name.",
        described(release_json(4).replace(b"release.v1", b"rele\\u0061se.v1")),
        installed=HAS_5,
    ),
    *(
        Case(
            f"release_surrogate_{name}",
            "ACCEPT",
            f"Notes with {what}, which JSON allows.",
            described(release_json(notes="?").replace(b"?", escape)),
        )
        for name, what, escape in [
            ("high", "the escape of the first half of a character", b"\\ud83d"),
            ("low", "the escape of the second half of a character", b"\\udc1b"),
            ("swapped", "the escapes of both halves in the wrong order", b"\\udc1b\\ud83d"),
        ]
    ),
    Case(
        "release_1_mib",
        "ACCEPT",
        "A release manifest of 1 MiB.",
        huge=lambda: padded(1024 * 1024),
    ),
    Case(
        "release_over_1_mib",
        "TOO_LARGE",
        "A release manifest of 1 MiB and a byte.",
        huge=lambda: padded(1024 * 1024 + 1),
    ),
    Case(
        "release_two_hashes",
        "HASH_UNSUPPORTED",
        "A user_manifest with two SHA-256, the good one last.",
        release(
            e.targets_of(
                e.common("targets"),
                [
                    e.target_of(
                        USER_MANIFEST,
                        len(release_json()),
                        [(1, bytes(32)), (1, e.sha256(release_json()))],
                    )
                ],
            ),
            {USER_MANIFEST: release_json()},
        ),
    ),
    Case("opaque_binary", "ACCEPT", "Opaque bytes.", described(bytes(range(256)))),
    Case("opaque_empty", "ACCEPT", "No bytes.", described(b"")),
    Case(
        "opaque_array",
        "ACCEPT",
        "A JSON array.",
        described(b'["schema", "software_update.release.v1"]'),
    ),
    Case(
        "opaque_schema_number",
        "ACCEPT",
        "A schema that is not a name.",
        described(b'{"schema": 1, "release_counter": -1}'),
    ),
    Case(
        "opaque_other_schema",
        "ACCEPT",
        "Another schema, with a counter that is none.",
        described(b'{"schema": "x", "release_counter": -1}'),
    ),
    Case(
        "opaque_long_number",
        "ACCEPT",
        "JSON with a number of 5,000 digits.",
        described(b'{"a": ' + b"7" * 5000 + b"}"),
    ),
    Case(
        "opaque_deep",
        "ACCEPT",
        "200,000 brackets, which break a parser that calls itself.",
        huge=lambda: folded(described(b"[" * 200_000), Repeated(b"[", 200_000)),
    ),
    Case(
        "opaque_depth_33",
        "ACCEPT",
        "JSON of another kind, one level deeper than a release manifest may be.",
        described(b'{"a": ' + nested(32) + b"}"),
    ),
    Case(
        "opaque_unknown_twice",
        "ACCEPT",
        "JSON of another kind, with a key twice.",
        described(b'{"a": 1, "a": 2}'),
    ),
    Case(
        "opaque_utf16",
        "ACCEPT",
        "UTF-16 text of another kind.",
        described('{"schema": "x"}'.encode("utf-16-le")),
    ),
    malformed("counter_twice", "Two counters.", also('"release_counter": 9')),
    malformed(
        "counter_twice_escaped",
        "Two counters, one name with an escape.",
        also('"release\\u005fcounter": 9'),
    ),
    malformed("schema_twice", "Two schemas.", b'{"schema": "x", ' + release_json()[1:]),
    malformed("schema_twice_last", "Two schemas, the other one last.", also('"schema": "x"')),
    malformed("unknown_twice", "An unknown member twice.", also('"a": 1, "a": 2')),
    malformed(
        "unknown_twice_inside",
        "A key twice in an object inside an unknown member.",
        also('"a": [{"b": 1, "b": 2}]'),
    ),
    *(
        malformed(f"no_{name}", f"No {name}.", without(name))
        for name in ("product", "version", "release_counter")
    ),
    malformed(
        "counter_twice_schema_escaped",
        "Two counters, and an escape in the schema's name.",
        also('"release_counter": 9').replace(b"release.v1", b"rele\\u0061se.v1"),
    ),
    malformed("mark", "A byte order mark before it.", b"\xef\xbb\xbf" + release_json()),
    *(
        malformed(name, f"In {what}.", mark + release_json().decode().encode(encoding))
        for name, what, mark, encoding in [
            ("utf16_le", "UTF-16, little-endian", b"", "utf-16-le"),
            ("utf16_be", "UTF-16, big-endian", b"", "utf-16-be"),
            ("utf16_le_mark", "UTF-16, little-endian, with its mark", b"\xff\xfe", "utf-16-le"),
            ("utf16_be_mark", "UTF-16, big-endian, with its mark", b"\xfe\xff", "utf-16-be"),
            ("utf32_le", "UTF-32, little-endian", b"", "utf-32-le"),
            ("utf32_be", "UTF-32, big-endian", b"", "utf-32-be"),
            ("utf32_le_mark", "UTF-32, little-endian, with its mark", b"\xff\xfe\0\0", "utf-32-le"),
            ("utf32_be_mark", "UTF-32, big-endian, with its mark", b"\0\0\xfe\xff", "utf-32-be"),
        ]
    ),
    malformed(
        "family_after_a_part_of_it",
        "Not JSON; the schemas' beginning appears after a part of itself, which a simple search skips.",
        b'{"schema": "software_update.releasoftware_update.release.',
    ),
    Case(
        "release_depth_32",
        "ACCEPT",
        "An unknown member with arrays: 32 levels with the manifest's own object.",
        described(also(f'"a": {nested(31).decode()}')),
    ),
    malformed("depth_33", "Arrays: 33 levels in all.", also(f'"a": {nested(32).decode()}')),
    Case(
        "release_depth_32_objects",
        "ACCEPT",
        "An unknown member with objects: 32 levels in all.",
        described(also('"a": ' + '{"a": ' * 31 + "1" + "}" * 31)),
    ),
    malformed(
        "depth_33_objects",
        "Objects: 33 levels in all.",
        also('"a": ' + '{"a": ' * 32 + "1" + "}" * 32),
    ),
    malformed(
        "depth_1000",
        "1,000 levels, more than the recursion limit of some parsers.",
        also(f'"a": {nested(1000).decode()}'),
    ),
    Case(
        "release_brackets_in_text",
        "ACCEPT",
        "Brackets in texts, after escaped quotes, are not levels.",
        described(release_json(notes='"[{' * 100 + "\\", a=[["\\"], ["["] * 40])),
    ),
    Case(
        "release_long_number",
        "ACCEPT",
        "An unknown member of 5,000 digits.",
        described(also('"a": ' + "7" * 5000)),
    ),
    Case(
        "release_deep",
        "MALFORMED",
        "A release manifest that ends in 200,000 open brackets.",
        huge=lambda: folded(
            described(release_json()[:-1] + b', "a": ' + b"[" * 200_000), Repeated(b"[", 200_000)
        ),
    ),
    Case("counter_largest", "ACCEPT", "As high as it goes.", described(release_json(2**32 - 1))),
    changed("counter_2_32", "A counter that 32 bits cannot hold.", counter=2**32),
    malformed(
        "counter_long",
        "A counter of 5,000 digits.",
        release_json().replace(b'counter": 5', b'counter": ' + b"7" * 5000),
    ),
    changed("counter_0", "Counter 0.", counter=0),
    changed("counter_negative", "Counter -1.", counter=-1),
    changed("counter_text", "A counter in quotes.", counter="5"),
    changed("counter_true", "A counter that is true, which some take for 1.", counter=True),
    changed("counter_fraction", "Counter 5.5.", counter=5.5),
    changed("counter_float", "Counter 5.0.", counter=5.0),
    changed("counter_null", "Counter null.", counter=None),
    malformed(
        "counter_infinite",
        "Counter 1e999.",
        release_json().replace(b'counter": 5', b'counter": 1e999'),
    ),
    malformed(
        "counter_nan",
        "Counter NaN, which JSON has not.",
        release_json().replace(b'counter": 5', b'counter": NaN'),
    ),
    malformed(
        "counter_leading_zero",
        "Counter 05, which JSON has not.",
        release_json().replace(b'counter": 5', b'counter": 05'),
    ),
    malformed("unknown_nan", "An unknown member NaN: no JSON.", also('"a": NaN')),
    changed("product_number", "A product that is a number.", product=1),
    changed("product_null", "A product that is null.", product=None),
    changed("version_number", "A version that is a number.", version=1.2),
    changed("hardware_none", "An empty list of hardware.", hardware_ids=[]),
    changed("hardware_text", "Hardware that is not a list.", hardware_ids=HARDWARE),
    changed("hardware_numbers", "Hardware that is a number.", hardware_ids=[HARDWARE, 1]),
    changed("hardware_object", "Hardware that is an object.", hardware_ids={HARDWARE: 1}),
    changed("hardware_null", "Hardware that is null.", hardware_ids=None),
    changed("minimum_0", "A minimum of 0.", minimum_release_counter=0),
    changed("minimum_text", "A minimum in quotes.", minimum_release_counter="1"),
    changed("minimum_true", "A minimum that is true.", minimum_release_counter=True),
    changed("notes_list", "Notes that are a list.", notes=["Faster."]),
    changed("severity_unknown", "A severity that there is not.", severity="urgent"),
    changed("severity_upper_case", "A severity in capitals.", severity="HIGH"),
    changed("support_until_words", "A date that is none.", support_until="soon"),
    changed(
        "support_until_february", "The 30th of February.", support_until="2031-02-30T00:00:00Z"
    ),
    changed("support_until_hour_24", "A date at hour 24.", support_until="2031-01-01T24:00:00Z"),
    changed("support_until_number", "A date that is a number.", support_until=1924992000),
    changed("kind_unknown", "A kind that there is not.", kind="bugfix"),
    changed("kind_list", "A kind that is a list.", kind=["security"]),
    changed("duration_0", "A duration of 0 seconds.", duration=0),
    changed("duration_fraction", "A duration of 1.5 seconds.", duration=1.5),
    changed("duration_true", "A duration that is true.", duration=True),
    changed("duration_2_32", "A duration that 32 bits cannot hold.", duration=2**32),
    changed("functions_text", "Functions that are not a list.", unavailable_functions="heating"),
    changed("functions_object", "Functions that are an object.", unavailable_functions={}),
    changed("functions_empty", "A function without a name.", unavailable_functions=["a", ""]),
    changed("reversible_text", "A text instead of true.", reversible="true"),
    changed("reversible_1", "A number instead of true.", reversible=1),
    changed("reversible_null", "Null instead of true.", reversible=None),
    changed("advisories_object", "Advisories that are an object.", advisories=ADVISORY),
    changed("advisories_text", "An advisory that is a text.", advisories=["CVE-2031-1"]),
    *(
        changed(
            f"advisory_no_{name}",
            f"The second advisory has no {name}.",
            advisories=[ADVISORY, {key: value for key, value in ADVISORY.items() if key != name}],
        )
        for name in ADVISORY
    ),
    changed(
        "advisory_severity",
        "An advisory of an unknown severity.",
        advisories=[{**ADVISORY, "severity": "none"}],
    ),
    changed(
        "advisory_action",
        "An advisory whose action is null.",
        advisories=[{**ADVISORY, "action": None}],
    ),
    malformed(
        "advisory_id_twice",
        "An advisory with two ids.",
        release_json(advisories=[ADVISORY]).replace(b'{"id":', b'{"id": "CVE-2031-2", "id":'),
    ),
    changed("texts_list", "Texts that are a list.", texts=[{"notes": "Schneller."}]),
    changed("texts_text", "A text instead of the texts in a language.", texts={"de": "Schneller."}),
    changed("texts_notes", "Notes in a language that are a list.", texts={"de": {"notes": ["a"]}}),
    changed(
        "texts_functions",
        "Functions in a language that are not a list.",
        texts={"de": {"unavailable_functions": "Heizung"}},
    ),
    changed("language_empty", "An empty language tag.", texts={"": {}}),
    changed("language_underscore", "A language tag with an underscore.", texts={"de_DE": {}}),
    changed("language_36", "A language tag of 36 characters.", texts={f"de{'-x' * 17}": {}}),
    changed(
        "language_twice",
        "Two language tags that differ only in case are one.",
        texts={"de": {}, "DE": {}},
    ),
    malformed("cut", "Cut off after the schema.", release_json()[:60]),
    malformed("bytes_after", "A second JSON value after it.", release_json() + b"{}"),
    malformed("comma", "A comma before the end.", release_json()[:-1] + b",}"),
    malformed("comment", "A comment, which JSON has not.", b"// release\n" + release_json()),
    malformed(
        "not_utf8",
        "A byte that is not UTF-8.",
        release_json(product="?").replace(b'"?"', b'"\xff"'),
    ),
    Case(
        "release_malformed_nothing_installed",
        "MALFORMED",
        "Nothing installed, no hardware given: it must be well formed still.",
        described(release_json(counter=-5), 1),
    ),
    Case(
        "release_malformed_and_expired",
        "TARGETS_EXPIRED",
        "Expired, and the manifest is none: dates come first.",
        good({**CONTENTS, USER_MANIFEST: release_json(0)}, expires=e.time(NOW)),
    ),
    Case(
        "release_malformed_and_changed",
        "HASH_MISMATCH",
        "A manifest that is none, and not the listed one.",
        described(release_json()).replace(release_json(), release_json(0)),
    ),
]

CASES = TIME_CASES + VERSION_CASES + COUNTER_CASES + HARDWARE_CASES + MANIFEST_CASES
