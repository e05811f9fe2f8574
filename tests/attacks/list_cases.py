"""The list of targets, and the payloads."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

from software_update.testing import encode as e

from tests.attacks.product import CONTENTS, Case, T, good, release, targets
from tests.attacks.recipes import Part, folded, made, numbered

APP, BOOT = CONTENTS["app"], CONTENTS["boot"]
DIGEST = hashlib.sha256(APP).digest()
BOOT_FILE = e.target("boot", BOOT)
LONGEST = "/".join(["n" * 31] * 7 + ["n" * 31])


def listed(*files: bytes, version: int = 1) -> bytes:
    """A release of the usual payloads that lists these targets."""
    return release(e.targets_of(e.common("targets", version), files))


def hashed(*digests: tuple[int, bytes]) -> bytes:
    """A release whose app has these hashes."""
    return listed(e.target_of("app", len(APP), digests), BOOT_FILE)


def as_long_as(length: int, payloads: bytes = e.payloads(CONTENTS)) -> bytes:
    """A release that lists the app with this length."""
    files = [e.target_of("app", length, [(1, DIGEST)]), BOOT_FILE]
    signed = e.signed(e.targets_of(e.common("targets"), files), T)
    return e.targets_entry(signed) + payloads


def with_payloads(*payloads: tuple[str, bytes], contents: dict[str, bytes] = CONTENTS) -> bytes:
    """A release with other payloads than it lists."""
    entries = b"".join(e.payload(name, content) for name, content in payloads)
    return release(targets(contents, 2), {}) + entries


def device_of(*files: bytes) -> bytes:
    """Manifest of a device that has these targets."""
    return e.manifest(e.targets_of(e.common("targets"), files))


def many_targets(bundle_of: Callable[[bytes], bytes]) -> list[Part]:
    """A bundle that lists one target more than it may."""
    files = list(numbered(lambda name: e.blob(2, e.target(name, b"")), "t", 65_537))
    return folded(bundle_of(targets({}) + made(files)), *files)


UNSAFE: Sequence[tuple[str, str]] = [
    ("empty", ""),
    ("dot", "."),
    ("dot_dot", ".."),
    ("parent", "../app"),
    ("parent_inside", "a/../../app"),
    ("parent_at_end", "a/.."),
    ("dot_inside", "a/./app"),
    ("absolute", "/etc/passwd"),
    ("slash", "/"),
    ("slash_at_end", "app/"),
    ("slashes", "a//app"),
    ("backslash", "a\\app"),
    ("backslash_parent", "..\\app"),
    ("drive", "C:app"),
    ("unc", "\\\\server\\app"),
    ("stream", "app:stream"),
    ("nul", "app\0.txt"),
    ("nul_alone", "\0"),
    ("line_end", "app\n"),
    ("carriage_return", "app\rboot"),
    ("escape", "app\x1b[2J"),
    ("delete", "app\x7f"),
    ("space", "my app"),
    ("space_at_end", "app "),
    ("tilde", "~root"),
    ("shell", "$(reboot)"),
    ("percent", "%2e%2e%2fapp"),
    ("star", "*"),
    ("option_like_equals", "--output=app"),
    ("nfc", "caf\N{LATIN SMALL LETTER E WITH ACUTE}"),
    ("nfd", "cafe\N{COMBINING ACUTE ACCENT}"),
    ("cyrillic", "\N{CYRILLIC SMALL LETTER A}pp"),
    ("full_width", "\N{FULLWIDTH FULL STOP}\N{FULLWIDTH FULL STOP}/app"),
    ("division_slash", "a\N{DIVISION SLASH}app"),
    ("right_to_left", "app\N{RIGHT-TO-LEFT OVERRIDE}nib"),
    ("zero_width", "app\N{ZERO WIDTH SPACE}"),
    ("digit", "app\N{ARABIC-INDIC DIGIT ONE}"),
    ("dotless_i", "\N{LATIN SMALL LETTER DOTLESS I}mage"),
    ("kelvin", "\N{KELVIN SIGN}ernel"),
    ("emoji", "\N{BUG}"),
]

NAME_CASES = [
    *(
        Case(f"name_{name}", "ACCEPT", f"A target named {shown}.", good({target: b"x"}))
        for name, target, shown in [
            ("255", LONGEST, "with 255 bytes in eight folders"),
            ("255_one_part", "n" * 255, "with 255 bytes in one part"),
            ("one_letter", "a", "a"),
            ("dots", "...", "'...'"),
            ("hidden", ".hidden/..app", ".hidden/..app"),
            ("dashes", "-rf/--/+_-.", "with all signs that it may have"),
            ("device", "con/NUL", "like a device of Windows"),
        ]
    ),
    Case(
        "name_in_folder_of_another", "ACCEPT", "Targets a and a/b.", good({"a": b"1", "a/b": b"2"})
    ),
    *(
        Case(f"unsafe_{name}", "UNSAFE_NAME", f"A target named {target!a}.", good({target: b"x"}))
        for name, target in UNSAFE
    ),
    Case("unsafe_256", "UNSAFE_NAME", "A name of 256 bytes.", good({"n" * 256: b"x"})),
    Case(
        "unsafe_256_left_out",
        "UNSAFE_NAME",
        "A name of 256 bytes, its payload left out.",
        release(targets({"n" * 256: b"x"}), {}),
    ),
    Case(
        "unsafe_absent",
        "UNSAFE_NAME",
        "A target without a name.",
        listed(e.number(2, 1) + e.blob(3, e.number(1, 1))),
    ),
    Case(
        "unsafe_last",
        "UNSAFE_NAME",
        "The last of three is unsafe.",
        good({**CONTENTS, "../x": b"x"}),
    ),
    Case(
        "unsafe_4096",
        "UNSAFE_NAME",
        "A name of 4096 bytes, the longest that is read.",
        release(targets({"n" * 4096: b"x"}), {}),
    ),
    Case(
        "unsafe_4097",
        "TOO_LARGE",
        "A name of 4097 bytes.",
        release(targets({"n" * 4097: b"x"}), {}),
    ),
    Case(
        "unsafe_not_utf8",
        "MALFORMED",
        "A name that is not UTF-8, listed.",
        listed(
            e.blob(1, b"app\xff") + e.number(2, 1) + e.blob(3, e.number(1, 1) + e.blob(2, DIGEST))
        ),
    ),
    Case(
        "unsafe_surrogate",
        "MALFORMED",
        "A name with half a character, as no UTF-8 has it.",
        listed(
            e.blob(1, b"\xed\xa0\x80")
            + e.number(2, 1)
            + e.blob(3, e.number(1, 1) + e.blob(2, DIGEST))
        ),
    ),
    Case(
        "unsafe_and_no_hash",
        "UNSAFE_NAME",
        "And no hash: names come first.",
        listed(e.target_of("..", 1)),
    ),
    Case(
        "unsafe_payload",
        "UNLISTED_PAYLOAD",
        "An unsafe name that only a payload has.",
        good() + e.payload("../app", b"x"),
    ),
    Case(
        "unsafe_payload_256",
        "UNLISTED_PAYLOAD",
        "256 bytes, only a payload's name.",
        good() + e.payload("n" * 256, b"x"),
    ),
    Case(
        "target_twice",
        "DUPLICATE_TARGET",
        "The same target twice.",
        listed(e.target("app", APP), e.target("app", APP), BOOT_FILE),
    ),
    Case(
        "target_twice_other_hash",
        "DUPLICATE_TARGET",
        "Two apps, the bad one first.",
        listed(e.target("app", b"evil"), e.target("app", APP), BOOT_FILE),
    ),
    Case(
        "target_and_payload_twice",
        "DUPLICATE_FIELD",
        "The same target twice, and its payload twice: the envelope comes first.",
        listed(e.target("app", APP), e.target("app", APP), BOOT_FILE) + e.payload("app", APP),
    ),
    Case(
        "target_twice_in_case", "DUPLICATE_TARGET", "app and APP.", good({**CONTENTS, "APP": b"x"})
    ),
    Case(
        "target_twice_in_case_of_folder",
        "DUPLICATE_TARGET",
        "a/app and A/app.",
        good({"a/app": b"1", "A/app": b"2"}),
    ),
    Case("no_targets", "NO_TARGETS", "Nothing listed, nothing there.", good({})),
    Case(
        "no_targets_but_payloads",
        "NO_TARGETS",
        "Nothing listed, payloads there.",
        release(targets({})),
    ),
    Case(
        "targets_65537",
        "TOO_LARGE",
        "65,537 targets, all left out.",
        huge=lambda: many_targets(lambda metadata: release(metadata, {})),
    ),
    Case(
        "targets_65537_unsigned",
        "TOO_LARGE",
        "65,537 targets and no signature: limits come first.",
        huge=lambda: many_targets(lambda metadata: e.targets_entry(e.signed(metadata))),
    ),
]

HASH_CASES = [
    Case(
        "hash_and_unknown",
        "ACCEPT",
        "A SHA-256, and a hash of an unknown kind.",
        hashed((9, bytes(64)), (1, DIGEST)),
    ),
    *(
        Case(f"hash_{name}", "HASH_UNSUPPORTED", what, hashed(*digests))
        for name, what, digests in [
            ("none", "No hash.", []),
            ("unknown", "A hash of an unknown kind.", [(9, DIGEST)]),
            ("kind_0", "The right digest of no kind.", [(0, DIGEST)]),
            ("kind_257", "Kind 257, which a byte makes SHA-256.", [(257, DIGEST)]),
            ("two", "Two SHA-256, the bad first.", [(1, bytes(32)), (1, DIGEST)]),
            ("two_bad_last", "Two SHA-256, the bad last.", [(1, DIGEST), (1, bytes(32))]),
            ("empty", "An empty digest, which is the beginning of any.", [(1, b"")]),
            ("short", "31 bytes.", [(1, DIGEST[:31])]),
            ("long", "33 bytes.", [(1, DIGEST + b"\0")]),
            ("hex", "In hex.", [(1, DIGEST.hex().encode())]),
            ("sha1", "A SHA-1.", [(1, hashlib.sha1(APP, usedforsecurity=False).digest())]),
        ]
    ),
    Case(
        "hash_three",
        "TOO_LARGE",
        "A SHA-256 and two hashes of unknown kinds.",
        hashed((9, b"?"), (1, DIGEST), (10, b"?")),
    ),
    Case(
        "hash_three_unsigned",
        "TOO_LARGE",
        "No signature, and three hashes: limits come first.",
        e.targets_entry(
            e.signed(
                e.targets_of(
                    e.common("targets"), [e.target_of("app", 11, [(9, b"?")] * 3), BOOT_FILE]
                )
            )
        )
        + e.payloads(CONTENTS),
    ),
    Case(
        "hash_none_and_left_out",
        "HASH_UNSUPPORTED",
        "No hash, payload left out, and the device has the same: that proves nothing.",
        listed(e.target_of("app", len(APP)), BOOT_FILE, version=2),
        installed=device_of(e.target_of("app", len(APP))),
    ),
]

PAYLOAD_CASES = [
    Case("payload_empty", "ACCEPT", "A target of no bytes.", good({"app": b""})),
    Case(
        "length_absent",
        "ACCEPT",
        "A target of no bytes, its length left out, as protobuf writes a zero.",
        release(
            e.targets_of(
                e.common("targets"),
                [
                    e.text(1, "app")
                    + e.blob(3, e.number(1, 1) + e.blob(2, hashlib.sha256().digest()))
                ],
            ),
            {"app": b""},
        ),
    ),
    *(
        Case(
            f"length_listed_{name}",
            "LENGTH_MISMATCH",
            f"The app is listed with {shown} bytes.",
            as_long_as(length),
        )
        for name, shown, length in [
            ("0", "no", 0),
            ("less", "one less", len(APP) - 1),
            ("more", "one more", len(APP) + 1),
            ("2_32_more", "2**32 more", len(APP) + 2**32),
            ("2_63", "2**63", 2**63),
            ("2_64_less_1", "2**64 - 1", 2**64 - 1),
        ]
    ),
    Case(
        "payload_shorter",
        "LENGTH_MISMATCH",
        "A byte is missing.",
        with_payloads(("app", APP[:-1]), ("boot", BOOT)),
    ),
    Case(
        "payload_longer",
        "LENGTH_MISMATCH",
        "A byte too many.",
        with_payloads(("app", APP + b"\0"), ("boot", BOOT)),
    ),
    Case(
        "payload_emptied",
        "LENGTH_MISMATCH",
        "No bytes.",
        with_payloads(("app", b""), ("boot", BOOT)),
    ),
    Case(
        "payload_changed",
        "HASH_MISMATCH",
        "One bit.",
        with_payloads(("app", b"Application"), ("boot", BOOT)),
    ),
    Case(
        "payload_last_changed",
        "HASH_MISMATCH",
        "The last byte of the last.",
        with_payloads(("app", APP), ("boot", BOOT[:-1] + b"s")),
    ),
    Case(
        "payloads_exchanged",
        "HASH_MISMATCH",
        "Two payloads of one length, each under the other's name.",
        with_payloads(
            ("one", b"2222"), ("two", b"1111"), contents={"one": b"1111", "two": b"2222"}
        ),
    ),
    Case(
        "payload_of_other_release",
        "HASH_MISMATCH",
        "The app of another release.",
        with_payloads(("app", b"applicatiom"), ("boot", BOOT)),
    ),
    Case("payload_missing", "MISSING_PAYLOAD", "No boot.", with_payloads(("app", APP))),
    Case("payloads_missing", "MISSING_PAYLOAD", "No payload.", with_payloads()),
    Case(
        "payload_renamed",
        "MISSING_PAYLOAD",
        "boot is called Boot.",
        with_payloads(("app", APP), ("Boot", BOOT)),
    ),
    Case(
        "payload_named_with_nul",
        "MISSING_PAYLOAD",
        "boot is called boot and a NUL.",
        with_payloads(("app", APP), ("boot\0", BOOT)),
    ),
    Case("payload_unlisted", "UNLISTED_PAYLOAD", "One more.", good() + e.payload("extra", b"x")),
    Case(
        "payload_unlisted_first",
        "UNLISTED_PAYLOAD",
        "One more, before all.",
        e.payload("aaa", b"x") + good(),
    ),
    Case(
        "payload_unlisted_empty",
        "UNLISTED_PAYLOAD",
        "One more, of no bytes.",
        good() + e.payload("extra", b""),
    ),
    Case(
        "payload_unlisted_no_name",
        "UNLISTED_PAYLOAD",
        "One more, its name empty.",
        good() + e.payload("", b"x"),
    ),
    Case(
        "payload_unlisted_in_case",
        "UNLISTED_PAYLOAD",
        "App next to app.",
        good() + e.payload("App", APP),
    ),
    Case(
        "payload_unlisted_installed",
        "UNLISTED_PAYLOAD",
        "A payload that the device has, and the release does not list.",
        good(version=2) + e.payload("extra", b"x"),
        installed=device_of(e.target("extra", b"x")),
    ),
    # Which of two faults decides.
    Case(
        "first_is_longer",
        "LENGTH_MISMATCH",
        "The first too long, the second changed.",
        with_payloads(("app", APP + b"x"), ("boot", b"Bootloader")),
    ),
    Case(
        "first_is_changed",
        "HASH_MISMATCH",
        "The first changed, the second too long.",
        with_payloads(("app", b"Application"), ("boot", BOOT + b"x")),
    ),
    Case(
        "later_listed_is_first",
        "HASH_MISMATCH",
        "boot is first and changed, app is too long: the bundle's order counts.",
        with_payloads(("boot", b"Bootloader"), ("app", APP + b"x")),
    ),
    Case(
        "changed_and_unlisted",
        "HASH_MISMATCH",
        "An unlisted one, then a changed one.",
        with_payloads(("aaa", b"x"), ("app", b"Application"), ("boot", BOOT)),
    ),
    Case(
        "missing_and_changed",
        "HASH_MISMATCH",
        "app is missing, boot changed.",
        with_payloads(("boot", b"Bootloader")),
    ),
    # Personalized: what the device has is left out.
    *(
        Case(
            f"personalized_{name}",
            verdict,
            what,
            with_payloads(("app", APP)),
            installed=device_of(*files),
        )
        for name, verdict, what, files in [
            (
                "good",
                "ACCEPT",
                "boot is left out, the device has it.",
                [e.target("app", b"old"), BOOT_FILE],
            ),
            (
                "other_name",
                "MISSING_PAYLOAD",
                "The device has it under another name.",
                [e.target("Boot", BOOT)],
            ),
            (
                "other_content",
                "MISSING_PAYLOAD",
                "The device has another of its length.",
                [e.target("boot", b"Bootloader")],
            ),
            (
                "other_length",
                "MISSING_PAYLOAD",
                "The device has its hash with another length.",
                [e.target_of("boot", 9, [(1, hashlib.sha256(BOOT).digest())])],
            ),
            (
                "nothing",
                "MISSING_PAYLOAD",
                "The device has something else.",
                [e.target("app", b"old")],
            ),
            (
                "two_hashes",
                "ACCEPT",
                "The device's manifest has a hash of an unknown kind too.",
                [e.target_of("boot", len(BOOT), [(9, b"?"), (1, hashlib.sha256(BOOT).digest())])],
            ),
        ]
    ),
    Case(
        "personalized_all",
        "ACCEPT",
        "All is left out.",
        with_payloads(),
        installed=device_of(e.target("app", APP), BOOT_FILE),
    ),
    Case(
        "personalized_changed",
        "HASH_MISMATCH",
        "The device has boot, and the bundle another one under its name.",
        with_payloads(("app", APP), ("boot", b"Bootloader")),
        installed=device_of(BOOT_FILE),
    ),
    Case(
        "personalized_old_content",
        "LENGTH_MISMATCH",
        "The bundle has the app that the device has, not the listed one.",
        with_payloads(("app", b"old"), ("boot", BOOT)),
        installed=device_of(e.target("app", b"old")),
    ),
]

CASES = NAME_CASES + HASH_CASES + PAYLOAD_CASES
