"""The envelope: no signature covers it, so nothing in it may be unknown or ambiguous."""

from __future__ import annotations

from software_update.testing import encode as e

from tests.attacks.product import (
    CONTENTS,
    TRUSTED,
    USER_MANIFEST,
    Case,
    R,
    T,
    good,
    release_json,
    root,
    targets,
)
from tests.attacks.recipes import Repeated, folded, numbered

ROOT = e.root_entry(TRUSTED)
SIGNED = e.signed(targets(), T)
TARGETS = e.targets_entry(SIGNED)
APP, BOOT = (e.payload(name, CONTENTS[name]) for name in ("app", "boot"))
GOOD = ROOT + TARGETS + APP + BOOT
OTHER = {"app": b"another app", "boot": b"bootloader"}
RELEASE = e.payload(USER_MANIFEST, release_json())
TARGETS_WITH_RELEASE = e.targets_entry(
    e.signed(e.targets({**CONTENTS, USER_MANIFEST: release_json()}), T)
)
NOT_UTF8 = e.signed(targets().replace(b"boot", b"boo\xff"), T)

CASES = [
    # Odd, and good.
    Case(
        "good",
        "ACCEPT",
        "A good bundle in the order that we write, with the root that the device has.",
        GOOD,
    ),
    Case(
        "order_345",
        "ACCEPT",
        "Root last, as Pigweed's tool writes it.",
        TARGETS + APP + BOOT + ROOT,
    ),
    Case("order_435", "ACCEPT", "Payloads before all metadata.", APP + BOOT + TARGETS + ROOT),
    Case("order_354", "ACCEPT", "Root between metadata and payloads.", TARGETS + ROOT + APP + BOOT),
    Case(
        "payloads_reversed", "ACCEPT", "Payloads not sorted by name.", ROOT + TARGETS + BOOT + APP
    ),
    Case(
        "user_manifest_first",
        "ACCEPT",
        "user_manifest before the other payloads, as we write it.",
        ROOT + TARGETS_WITH_RELEASE + RELEASE + APP + BOOT,
    ),
    Case(
        "user_manifest_last",
        "ACCEPT",
        "user_manifest after the other payloads.",
        ROOT + TARGETS_WITH_RELEASE + APP + BOOT + RELEASE,
    ),
    Case("payloads_apart", "ACCEPT", "Metadata between two payloads.", APP + ROOT + TARGETS + BOOT),
    Case("no_root", "ACCEPT", "No root: the device keeps the one it has.", TARGETS + APP + BOOT),
    Case(
        "values_before_names",
        "ACCEPT",
        "In map entries, the value is before the key.",
        e.blob(3, e.blob(2, SIGNED) + e.text(1, "targets"))
        + e.blob(4, e.blob(2, CONTENTS["app"]) + e.text(1, "app"))
        + BOOT,
    ),
    # Cut off, or too long.
    Case("empty_file", "MISSING_ROLE_METADATA", "A file of no bytes is a bundle of no fields."),
    Case("one_byte_short", "MALFORMED", "The last byte is missing.", GOOD[:-1]),
    Case("cut_in_half", "MALFORMED", "Half of the file.", GOOD[: len(GOOD) // 2]),
    Case("cut_in_root", "MALFORMED", "Ends in the root.", GOOD[:40]),
    Case("cut_after_tag", "MALFORMED", "Ends after a tag.", ROOT + TARGETS + e.tag(4, 2)),
    Case("cut_in_length", "MALFORMED", "Ends in a length.", GOOD + e.tag(4, 2) + b"\x80"),
    Case(
        "cut_before_payloads", "MISSING_PAYLOAD", "Ends where payloads would begin.", ROOT + TARGETS
    ),
    Case("zero_after_end", "MALFORMED", "A zero byte after the end.", GOOD + b"\0"),
    Case("padded", "MALFORMED", "Padded with zeros to a block.", GOOD.ljust(1024, b"\0")),
    Case("newline_after_end", "MALFORMED", "A line end after the end.", GOOD + b"\n"),
    Case(
        "length_one_too_many",
        "MALFORMED",
        "The last payload claims one byte more than there is.",
        ROOT + TARGETS + APP + BOOT.replace(b"\x12\x0abootl", b"\x12\x0bbootl"),
    ),
    *(
        Case(
            f"length_{name}",
            "MALFORMED",
            f"A payload claims {shown} bytes.",
            ROOT + TARGETS + e.tag(4, 2) + e.varint(length) + b"x",
        )
        for name, shown, length in [
            ("2_31", "2**31", 2**31),
            ("2_63", "2**63", 2**63),
            ("2_64_less_1", "2**64 - 1", 2**64 - 1),
        ]
    ),
    Case(
        "value_overruns_entry",
        "MALFORMED",
        "A payload's value ends after its entry, in the next one.",
        ROOT + TARGETS + e.blob(4, e.text(1, "app") + e.tag(2, 2) + b"\x0b") + BOOT,
    ),
    # Numbers.
    Case(
        "tag_not_shortest",
        "MALFORMED",
        "A tag of two bytes where one would do.",
        ROOT + TARGETS + APP + e.varint(4 * 8 + 2, 2) + BOOT[1:],
    ),
    Case(
        "length_not_shortest",
        "MALFORMED",
        "A length of two bytes where one would do.",
        ROOT + TARGETS + APP + e.tag(4, 2) + e.varint(len(BOOT) - 2, 2) + BOOT[2:],
    ),
    Case(
        "length_of_ten_bytes",
        "MALFORMED",
        "A length padded to the ten bytes that protobuf allows.",
        ROOT + TARGETS + APP + e.tag(4, 2) + e.varint(len(BOOT) - 2, 10) + BOOT[2:],
    ),
    Case(
        "length_of_eleven_bytes",
        "MALFORMED",
        "A length padded to eleven bytes.",
        ROOT + TARGETS + APP + e.tag(4, 2) + e.varint(len(BOOT) - 2, 11) + BOOT[2:],
    ),
    Case(
        "length_over_64_bits",
        "MALFORMED",
        "A length of 2**64 more than there is: some parsers drop the upper bits.",
        ROOT + TARGETS + APP + e.tag(4, 2) + e.varint(2**64 + len(BOOT) - 2) + BOOT[2:],
    ),
    Case(
        "endless_number", "MALFORMED", "Bytes that all say that more follows.", GOOD + b"\xff" * 40
    ),
    Case("field_0", "MALFORMED", "A field of number 0.", GOOD + b"\x02\x00"),
    Case("field_2_29", "MALFORMED", "A field number of 30 bits.", GOOD + e.blob(2**29, b"")),
    Case("wire_type_6", "MALFORMED", "A wire type that there is not.", GOOD + e.tag(66, 6)),
    Case("wire_type_7", "MALFORMED", "The other one.", GOOD + e.tag(4, 7) + b"\0"),
    Case(
        "group", "MALFORMED", "A group, which proto3 has not.", GOOD + e.tag(66, 3) + e.tag(66, 4)
    ),
    Case("group_end", "MALFORMED", "The end of a group that did not begin.", GOOD + e.tag(4, 4)),
    # Fields that no signature covers.
    Case(
        "timestamp", "UNEXPECTED_FIELD", "Field 1, empty timestamp metadata.", e.blob(1, b"") + GOOD
    ),
    Case(
        "snapshot",
        "UNEXPECTED_FIELD",
        "Field 2, signed snapshot metadata.",
        GOOD + e.blob(2, e.signed(e.blob(1, e.common("snapshot")), T)),
    ),
    Case("field_6", "UNEXPECTED_FIELD", "An unknown field of bytes.", GOOD + e.blob(6, b"x")),
    Case("field_64_number", "UNEXPECTED_FIELD", "An unknown number.", e.number(64, 1) + GOOD),
    Case(
        "field_66",
        "UNEXPECTED_FIELD",
        "The field number after the chain's.",
        GOOD + e.blob(66, TRUSTED),
    ),
    Case(
        "field_100_fixed", "UNEXPECTED_FIELD", "An unknown double.", GOOD + e.tag(100, 1) + bytes(8)
    ),
    Case("field_largest", "UNEXPECTED_FIELD", "The largest number.", GOOD + e.blob(2**29 - 1, b"")),
    Case(
        "field_between_payloads",
        "UNEXPECTED_FIELD",
        "An unknown field among payloads.",
        ROOT + TARGETS + APP + e.blob(7, b"hidden") + BOOT,
    ),
    Case(
        "targets_as_number", "UNEXPECTED_FIELD", "Field 3 as a number too.", GOOD + e.number(3, 1)
    ),
    Case("root_alone", "UNEXPECTED_FIELD", "A signed root file is not a bundle.", TRUSTED),
    Case("targets_alone", "UNEXPECTED_FIELD", "Signed targets metadata is not a bundle.", SIGNED),
    Case("gzip", "MALFORMED", "A compressed bundle.", b"\x1f\x8b\x08" + bytes(57)),
    Case("elf", "MALFORMED", "A program.", b"\x7fELF\x02\x01\x01" + bytes(57)),
    Case(
        "targets_named_otherwise",
        "UNEXPECTED_FIELD",
        "Targets metadata under the key 'Targets'.",
        ROOT + e.targets_entry(SIGNED, "Targets") + APP + BOOT,
    ),
    Case(
        "targets_named_by_nothing",
        "UNEXPECTED_FIELD",
        "Targets metadata under the empty key.",
        ROOT + e.targets_entry(SIGNED, "") + APP + BOOT,
    ),
    Case(
        "targets_named_with_nul",
        "UNEXPECTED_FIELD",
        "Targets metadata under a key that C takes for 'targets'.",
        ROOT + e.targets_entry(SIGNED, "targets\0") + APP + BOOT,
    ),
    Case(
        "targets_named_otherwise_not_utf8",
        "UNEXPECTED_FIELD",
        "Targets metadata under the key 'Targets', with a file_name that is not UTF-8: the key decides.",
        ROOT + e.targets_entry(NOT_UTF8, "Targets") + APP + BOOT,
    ),
    Case(
        "delegated_targets",
        "UNEXPECTED_FIELD",
        "Targets metadata of a second name next to the good one.",
        ROOT + TARGETS + e.targets_entry(SIGNED, "delegated") + APP + BOOT,
    ),
    Case(
        "field_in_entry",
        "UNEXPECTED_FIELD",
        "A third field in a payload's entry.",
        ROOT + TARGETS + APP + e.blob(4, BOOT[2:] + e.number(3, 1)),
    ),
    Case(
        "field_in_targets_entry",
        "UNEXPECTED_FIELD",
        "A third field in the metadata's entry.",
        ROOT + e.blob(3, e.text(1, "targets") + e.blob(2, SIGNED) + e.blob(3, b"x")) + APP + BOOT,
    ),
    Case(
        "field_beside_signed_targets",
        "UNEXPECTED_FIELD",
        "An unknown field next to the signed bytes.",
        ROOT + e.targets_entry(SIGNED + e.blob(3, b"x")) + APP + BOOT,
    ),
    Case(
        "field_beside_signed_root",
        "UNEXPECTED_FIELD",
        "An unknown field next to the signed bytes of the root.",
        e.root_entry(TRUSTED + e.number(9, 1)) + TARGETS + APP + BOOT,
    ),
    Case(
        "field_in_signature",
        "UNEXPECTED_FIELD",
        "An unknown field in a signature.",
        e.targets_entry(e.signed_of(targets(), [T.signature(targets()) + e.number(3, 1)]))
        + APP
        + BOOT,
    ),
    # Twice.
    Case("root_twice", "DUPLICATE_FIELD", "The same root twice.", ROOT + GOOD),
    Case(
        "two_roots",
        "DUPLICATE_FIELD",
        "The good root last: protobuf would merge the two.",
        e.root_entry(e.signed(root(2), R)) + GOOD,
    ),
    Case("targets_twice", "DUPLICATE_FIELD", "The same targets metadata twice.", GOOD + TARGETS),
    Case(
        "two_targets",
        "DUPLICATE_FIELD",
        "Two releases' metadata; maps keep the last.",
        e.targets_entry(e.signed(targets(OTHER), T)) + GOOD,
    ),
    Case("payload_twice", "DUPLICATE_FIELD", "The same payload twice.", GOOD + APP),
    Case(
        "bad_payload_first",
        "DUPLICATE_FIELD",
        "Two apps, the bad first.",
        e.payload("app", b"x") + GOOD,
    ),
    Case(
        "bad_payload_last",
        "DUPLICATE_FIELD",
        "Two apps, the bad last.",
        GOOD + e.payload("app", b"x"),
    ),
    Case("bundle_twice", "DUPLICATE_FIELD", "A bundle, and the same again.", GOOD + GOOD),
    Case("two_bundles", "DUPLICATE_FIELD", "Two good bundles in one file.", GOOD + good(OTHER, 2)),
    Case(
        "root_in_two_parts",
        "DUPLICATE_FIELD",
        "Signed bytes in one field 5, signatures in another: protobuf would merge them.",
        e.root_entry(e.blob(1, root())) + e.root_entry(e.blob(2, R.signature(root()))) + TARGETS,
    ),
    Case(
        "two_names_in_entry",
        "DUPLICATE_FIELD",
        "An entry that is both app and boot.",
        ROOT + TARGETS + e.blob(4, e.text(1, "app") + APP[2:]) + BOOT,
    ),
    Case(
        "two_values_in_entry",
        "DUPLICATE_FIELD",
        "An entry with two contents.",
        ROOT + TARGETS + e.blob(4, APP[2:] + e.blob(2, b"evil")) + BOOT,
    ),
    Case(
        "two_values_in_targets_entry",
        "DUPLICATE_FIELD",
        "Signed bytes and signatures apart, in two values.",
        e.blob(
            3,
            e.text(1, "targets")
            + e.blob(2, e.blob(1, targets()))
            + e.blob(2, e.blob(2, T.signature(targets()))),
        ),
    ),
    Case(
        "two_signed_contents",
        "DUPLICATE_FIELD",
        "Two signed bytes under one signature: the first is not signed, the last is read.",
        e.targets_entry(e.blob(1, targets(OTHER)) + SIGNED) + APP + BOOT,
    ),
    Case(
        "two_values_in_signature",
        "DUPLICATE_FIELD",
        "A signature with two values, the good one last.",
        e.targets_entry(e.signed_of(targets(), [e.blob(2, bytes(64)) + T.signature(targets())]))
        + APP
        + BOOT,
    ),
    # Entries without a part.
    Case("payload_no_name", "MALFORMED", "No name.", GOOD + e.blob(4, e.blob(2, b"x"))),
    Case("payload_no_value", "MALFORMED", "No value.", GOOD + e.blob(4, e.text(1, "x"))),
    Case("payload_empty_entry", "MALFORMED", "An entry of nothing.", GOOD + e.blob(4, b"")),
    Case(
        "payload_name_not_utf8",
        "MALFORMED",
        "A payload's name is not UTF-8.",
        GOOD + e.blob(4, e.blob(1, b"\xff") + e.blob(2, b"x")),
    ),
    Case(
        "payload_name_overlong_utf8",
        "MALFORMED",
        "A slash as two bytes, which UTF-8 forbids.",
        GOOD + e.blob(4, e.blob(1, b"..\xc0\xafx") + e.blob(2, b"x")),
    ),
    # Required fields.
    Case("root_only", "MISSING_ROLE_METADATA", "Nothing but a root.", ROOT),
    Case("no_targets_metadata", "MISSING_ROLE_METADATA", "No targets metadata.", ROOT + APP + BOOT),
    # Too large for the tree.
    Case(
        "root_over_512_kib",
        "TOO_LARGE",
        "A root of 512 KiB and a byte, in an unknown field, well signed.",
        huge=lambda: folded(
            e.root_entry(e.signed(root() + e.blob(65, bytes(512 * 1024)), R))
            + TARGETS
            + APP
            + BOOT,
            Repeated(b"\0", 512 * 1024),
        ),
    ),
    Case(
        "targets_over_32_mib",
        "TOO_LARGE",
        "Targets metadata of 32 MiB and a byte.",
        huge=lambda: folded(
            ROOT + e.targets_entry(e.blob(1, bytes(32 * 1024 * 1024))) + APP + BOOT,
            Repeated(b"\0", 32 * 1024 * 1024),
        ),
    ),
    Case(
        "payloads_65537",
        "TOO_LARGE",
        "65,537 payloads.",
        huge=lambda: [GOOD, *numbered(lambda name: e.payload(name, b""), "p", 65_535)],
    ),
]
