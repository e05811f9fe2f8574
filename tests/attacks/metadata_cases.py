"""The form of metadata: roles, versions, dates, and duplicates inside the signed bytes."""

from __future__ import annotations

import hashlib

from software_update.testing import encode as e

from tests.attacks.product import (
    CONTENTS,
    NOW,
    TRUSTED,
    Case,
    R,
    T,
    good,
    release,
    root,
    signed_with,
    targets,
    with_root,
)
from tests.attacks.recipes import Part, Repeated, folded

FILES = [e.target(name, content) for name, content in CONTENTS.items()]
ROOT_COMMON = e.common("root", 2)
TARGETS_COMMON = e.common("targets")
UNKNOWN = e.number(200, 7) + e.blob(201, b"x") + e.tag(202, 1) + bytes(8) + e.tag(203, 5) + bytes(4)


def unknown_fields(count: int) -> list[Part]:
    """A release whose targets metadata has so many unknown fields, and one more in a target."""
    field = e.number(200, 7)
    metadata = e.targets_of(TARGETS_COMMON, [FILES[0] + field, FILES[1]])
    return folded(release(metadata + field * count), Repeated(field, count))


def with_common(common: bytes) -> bytes:
    """A release whose targets metadata have this CommonMetadata."""
    return release(e.targets_of(common, FILES))


def root_with_common(common: bytes) -> bytes:
    """A release below root 2 with this CommonMetadata."""
    metadata = e.root_of(common, [R.listed, T.listed], e.roles_of(R), e.roles_of(T))
    return with_root(e.signed(metadata, R))


def root_and(extra: bytes) -> bytes:
    """A release below root 2 with more at its end."""
    return with_root(e.signed(root(2) + extra, R))


def with_app(file: bytes) -> bytes:
    """A release that lists the app like this."""
    return release(e.targets_of(TARGETS_COMMON, [file, FILES[1]]))


DIGEST = hashlib.sha256(CONTENTS["app"]).digest()
HASH = e.number(1, 1) + e.blob(2, DIGEST)

CASES = [
    # Odd, and good.
    Case(
        "spec_0_0_1",
        "ACCEPT",
        "Pigweed's spec version.",
        with_common(e.common("targets", spec="0.0.1")),
    ),
    Case(
        "spec_1_99_99", "ACCEPT", "A later 1.x.", with_common(e.common("targets", spec="1.99.99"))
    ),
    Case("version_largest", "ACCEPT", "Version 2**32 - 1.", good(version=2**32 - 1)),
    Case("unknown_in_targets", "ACCEPT", "Unknown fields, signed.", release(targets() + UNKNOWN)),
    Case("unknown_in_root", "ACCEPT", "Unknown fields, signed.", root_and(UNKNOWN + UNKNOWN)),
    Case("unknown_in_common", "ACCEPT", "Signed too.", with_common(TARGETS_COMMON + UNKNOWN)),
    Case("unknown_in_target", "ACCEPT", "Signed too.", with_app(FILES[0] + UNKNOWN)),
    Case(
        "unknown_in_hash",
        "ACCEPT",
        "Signed too.",
        with_app(e.text(1, "app") + e.number(2, 11) + e.blob(3, HASH + UNKNOWN)),
    ),
    Case(
        "unknown_in_key_and_role",
        "ACCEPT",
        "Unknown fields in a key's entry and in a role.",
        with_root(
            e.signed(
                e.root_of(
                    ROOT_COMMON,
                    [R.listed, T.listed + UNKNOWN],
                    e.roles_of(R) + UNKNOWN,
                    e.roles_of(T),
                ),
                R,
            )
        ),
    ),
    Case(
        "fields_reversed",
        "ACCEPT",
        "Signed bytes whose fields go from last to first.",
        release(
            b"".join(e.blob(2, each) for each in reversed(FILES))
            + e.blob(1, e.text(4, "targets") + e.number(2, 1) + e.text(1, "1.0.0"))
        ),
    ),
    Case(
        "signatures_before_content",
        "ACCEPT",
        "The signature is before the bytes that it signs.",
        e.targets_entry(e.blob(2, T.signature(targets())) + e.blob(1, targets()))
        + e.payloads(CONTENTS),
    ),
    Case(
        "other_roles_listed",
        "ACCEPT",
        "A root that also has timestamp and snapshot roles, which bundles do not use.",
        root_and(e.blob(5, e.roles_of(T)) + e.blob(6, e.roles_of(T))),
    ),
    Case("consistent_snapshot", "ACCEPT", "It means nothing here.", root_and(e.number(2, 1))),
    Case(
        "expires_year_9999",
        "ACCEPT",
        "A date of the year 9999, and nanoseconds.",
        good(expires=e.time(253_402_300_799, 999_999_999)),
    ),
    # The limits of the form.
    Case(
        "root_unknown_256",
        "ACCEPT",
        "A root with as many unknown fields as it may have, signed.",
        root_and(e.number(200, 7) * 256),
    ),
    Case(
        "root_unknown_257",
        "TOO_LARGE",
        "A root with one unknown field more, signed.",
        root_and(e.number(200, 7) * 257),
    ),
    Case(
        "targets_unknown_65536",
        "ACCEPT",
        "65,536 unknown fields in the metadata and in a target, signed.",
        huge=lambda: unknown_fields(65_535),
    ),
    Case(
        "targets_unknown_65537",
        "TOO_LARGE",
        "65,537 unknown fields in the metadata and in a target, signed.",
        huge=lambda: unknown_fields(65_536),
    ),
    Case(
        "role_256",
        "TOO_LARGE",
        "A role of 256 bytes.",
        with_common(e.common("targets" + "?" * 249)),
    ),
    Case(
        "spec_256",
        "TOO_LARGE",
        "A spec version of 256 bytes.",
        with_common(e.common("targets", spec="1.0." + "0" * 252)),
    ),
    # Not the messages that they should be.
    Case(
        "targets_garbage",
        "MALFORMED",
        "No message.",
        e.targets_entry(b"\xff") + e.payloads(CONTENTS),
    ),
    Case("targets_signed_garbage", "MALFORMED", "Garbage, well signed.", release(b"\xff\xff")),
    Case("root_garbage", "MALFORMED", "No message.", with_root(b"garbage")),
    Case(
        "root_signed_garbage",
        "MALFORMED",
        "Garbage, well signed.",
        with_root(e.signed(b"\x0a\x7f", R)),
    ),
    Case(
        "signature_overruns",
        "MALFORMED",
        "A signature that ends after its message.",
        e.targets_entry(e.signed(targets(), T) + e.tag(2, 2) + b"\x7f") + e.payloads(CONTENTS),
    ),
    Case("version_2_32", "MALFORMED", "A version that 32 bits cannot hold.", good(version=2**32)),
    Case(
        "version_2_32_1", "MALFORMED", "2**32 + 1, which 32 bits make 1.", good(version=2**32 + 1)
    ),
    Case(
        "threshold_2_32_1",
        "MALFORMED",
        "A threshold of 2**32 + 1, which 32 bits make 1.",
        with_root(e.signed(root(2, targets_threshold=2**32 + 1), R)),
    ),
    Case(
        "length_2_64",
        "MALFORMED",
        "A length that 64 bits cannot hold.",
        with_app(e.target_of("app", 2**64 + 11, [(1, DIGEST)])),
    ),
    Case(
        "version_as_bytes",
        "MALFORMED",
        "A version of the wrong wire type.",
        with_common(e.text(1, "1.0.0") + e.blob(2, b"\1") + e.text(4, "targets")),
    ),
    Case(
        "role_not_utf8",
        "MALFORMED",
        "A role that is not UTF-8.",
        with_common(e.text(1, "1.0.0") + e.number(2, 1) + e.blob(4, b"targets\xff")),
    ),
    # Roles.
    Case("no_role", "WRONG_ROLE", "No role tag.", with_common(e.common(None))),
    Case("empty_role", "WRONG_ROLE", "An empty role tag.", with_common(e.common(""))),
    Case("role_upper_case", "WRONG_ROLE", "'Targets'.", with_common(e.common("Targets"))),
    Case("role_snapshot", "WRONG_ROLE", "Another role.", with_common(e.common("snapshot"))),
    Case(
        "role_with_nul",
        "WRONG_ROLE",
        "A role that C takes for another.",
        with_common(e.common("targets\0")),
    ),
    Case(
        "root_as_targets",
        "WRONG_ROLE",
        "The root in the place of targets metadata, signed by the targets key.",
        e.targets_entry(e.signed(root(), T)) + e.payloads(CONTENTS),
    ),
    Case(
        "signed_root_as_targets",
        "WRONG_ROLE",
        "The device's root, as it was signed, in the place of targets metadata.",
        e.targets_entry(TRUSTED) + e.payloads(CONTENTS),
    ),
    Case(
        "targets_as_root",
        "WRONG_ROLE",
        "Targets metadata of no targets in the place of the root, signed by the root key.",
        with_root(e.signed(e.blob(1, TARGETS_COMMON), R)),
    ),
    Case(
        "root_no_role",
        "WRONG_ROLE",
        "A root without a role tag.",
        root_with_common(e.common(None, 2)),
    ),
    Case(
        "root_role_targets",
        "WRONG_ROLE",
        "A root that says targets.",
        root_with_common(e.common("targets", 2)),
    ),
    Case(
        "no_common",
        "WRONG_ROLE",
        "No common metadata.",
        release(b"".join(e.blob(2, each) for each in FILES)),
    ),
    Case("empty_targets", "WRONG_ROLE", "Signed bytes of no bytes, signed.", release(b"")),
    Case(
        "nothing_signed",
        "WRONG_ROLE",
        "No signed bytes.",
        e.targets_entry(b"") + e.payloads(CONTENTS),
    ),
    # Versions.
    *(
        Case(
            f"spec_{name}",
            "UNSUPPORTED_SPEC_VERSION",
            f"Spec version {spec!a}.",
            with_common(e.common("targets", spec=spec)),
        )
        for name, spec in [
            ("empty", ""),
            ("2_0_0", "2.0.0"),
            ("0_9_0", "0.9.0"),
            ("1_0", "1.0"),
            ("10_0_0", "10.0.0"),
            ("four_parts", "1.0.0.0"),
            ("line_end", "1.0.0\n"),
            ("other_digits", "1.0.\N{FULLWIDTH DIGIT ZERO}"),
        ]
    ),
    Case(
        "root_spec_2_0_0",
        "UNSUPPORTED_SPEC_VERSION",
        "A root of spec version 2.0.0.",
        root_with_common(e.common("root", 2, spec="2.0.0")),
    ),
    Case("version_0", "INVALID_VERSION", "Version 0.", good(version=0)),
    Case(
        "version_absent", "INVALID_VERSION", "No version.", with_common(e.common("targets", None))
    ),
    Case(
        "root_version_0", "INVALID_VERSION", "A root of version 0.", with_root(e.signed(root(0), R))
    ),
    # Dates that are none.
    *(
        Case(
            f"expires_{name}",
            "MALFORMED",
            f"Expires {seconds} seconds after 1970, and {nanos} nanoseconds.",
            good(expires=e.time(seconds, nanos)),
            at=None,
        )
        for name, seconds, nanos in [
            ("year_10000", 253_402_300_800, 0),
            ("before_year_1", -62_135_596_801, 0),
            ("2_63", 2**63 - 1, 0),
            ("nanos_10_9", NOW, 1_000_000_000),
            ("nanos_negative", NOW, -1),
        ]
    ),
    # Twice inside the signed bytes.
    *(
        Case(f"twice_{name}", "DUPLICATE_FIELD", f"{what} twice, signed.", bundle)
        for name, what, bundle in [
            ("common", "Common metadata", release(targets() + e.blob(1, TARGETS_COMMON))),
            ("spec", "The spec version", with_common(TARGETS_COMMON + e.text(1, "1.0.0"))),
            ("version", "The version", with_common(TARGETS_COMMON + e.number(2, 9))),
            ("role", "The role", with_common(e.text(4, "root") + TARGETS_COMMON)),
            (
                "expires",
                "The date",
                with_common(e.common("targets", expires=e.time(NOW)) + e.blob(3, e.time(2 * NOW))),
            ),
            ("seconds", "The date's seconds", good(expires=e.time(NOW) + e.time(2 * NOW))),
            ("name", "A target's name", with_app(e.text(1, "../app") + FILES[0])),
            ("length", "A target's length", with_app(e.number(2, 99) + FILES[0])),
            (
                "hash_function",
                "A hash's function",
                with_app(e.text(1, "app") + e.number(2, 11) + e.blob(3, e.number(1, 0) + HASH)),
            ),
            (
                "digest",
                "A hash's digest",
                with_app(
                    e.text(1, "app") + e.number(2, 11) + e.blob(3, e.blob(2, bytes(32)) + HASH)
                ),
            ),
            ("root_role", "The root's role of root", root_and(e.blob(4, e.roles_of(T)))),
            ("targets_role", "The root's role of targets", root_and(e.blob(7, e.roles_of(T)))),
            (
                "threshold",
                "A threshold",
                with_root(
                    e.signed(
                        e.root_of(
                            ROOT_COMMON,
                            [R.listed, T.listed],
                            e.roles_of(R),
                            e.roles_of(T, threshold=2) + e.number(2, 1),
                        ),
                        R,
                    )
                ),
            ),
            (
                "key",
                "A key entry's key",
                with_root(
                    e.signed(
                        e.root_of(
                            ROOT_COMMON,
                            [R.listed, T.listed + e.blob(2, e.blob(3, R.keyval))],
                            e.roles_of(R),
                            e.roles_of(T),
                        ),
                        R,
                    )
                ),
            ),
        ]
    ),
    Case(
        "twice_in_unsigned_targets",
        "DUPLICATE_FIELD",
        "A doubled version and no signature: the form comes first.",
        signed_with(metadata=e.targets_of(TARGETS_COMMON + e.number(2, 9), FILES)),
    ),
    Case(
        "date_before_role",
        "MALFORMED",
        "A date that is none and a wrong role: the form comes first.",
        with_common(e.common("root", expires=e.time(253_402_300_800))),
    ),
]
