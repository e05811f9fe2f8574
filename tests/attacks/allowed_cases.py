"""The allowed targets of a root: the list itself, the names that it allows, and which root decides."""

from __future__ import annotations

from collections.abc import Sequence

from software_update.testing import encode as e

from tests.attacks.product import (
    CONTENTS,
    STRANGER,
    TRUSTED,
    USER_MANIFEST,
    Case,
    R,
    good,
    release_json,
    root,
)

# The longest entries.
NAME_64 = "n" * 31 + "/" + "n" * 32
PREFIX_64 = "n" * 31 + "/" + "n" * 30 + "/*"
FOURTEEN = [f"target-{index}" for index in range(14)]


def allowing(*entries: str, version: int = 1) -> bytes:
    """A root with these allowed targets."""
    return e.signed(root(version) + b"".join(e.text(254, each) for each in entries), R)


def case(name: str, verdict: str, what: str, names: Sequence[str], *entries: str) -> Case:
    """A bundle with these targets for a device whose root has these allowed targets."""
    bundle = good(dict.fromkeys(names, b"x"))
    return Case(f"allowed_{name}", verdict, what, bundle, trusted=allowing(*entries))


def listing(name: str, verdict: str, what: str, *fields: bytes) -> Case:
    """Root 2, whose list of allowed targets consists of these fields."""
    signed = e.signed(root(2) + b"".join(fields), R)
    return Case(f"allowed_{name}", verdict, what, good(roots=e.root_entry(signed)))


def entries(name: str, verdict: str, what: str, *listed: str) -> Case:
    """Root 2 with these allowed targets."""
    return listing(name, verdict, what, *(e.text(254, each) for each in listed))


def moving(name: str, verdict: str, what: str, trusted: bytes, *roots: bytes) -> Case:
    """A release of app and boot below a chain of roots."""
    *chain, last = roots
    bundle = good(roots=e.chain(*chain) + e.root_entry(last))
    return Case(f"allowed_{name}", verdict, what, bundle, trusted=trusted)


DENIED = "TARGET_NOT_ALLOWED"
BOTH = ("app", "boot")

CASES = [
    # Names and entries.
    case("exact", "ACCEPT", "Both targets are in the list.", BOTH, "app", "boot"),
    case("exact_other_order", "ACCEPT", "The list is not sorted.", BOTH, "boot", "app"),
    case("exact_more", "ACCEPT", "The list has a name that is not a target.", BOTH, *BOTH, "x"),
    case("prefix", "ACCEPT", "a/b and a/c; a/* is allowed.", ("a/b", "a/c"), "a/*"),
    case("prefix_at_depth", "ACCEPT", "a/b/c/d; a/* is allowed.", ("a/b/c/d",), "a/*"),
    case("prefix_deep", "ACCEPT", "a/b/c; a/b/* is allowed.", ("a/b/c",), "a/b/*"),
    case(
        "name_and_prefix", "ACCEPT", "app and a/b, each by an entry.", ("app", "a/b"), "app", "a/*"
    ),
    case("overlap", "ACCEPT", "a/b, which two entries allow.", ("a/b",), "a/*", "a/b"),
    case("longest_name", "ACCEPT", "A name of 64 bytes in the list.", (NAME_64,), NAME_64),
    case(
        "longest_prefix",
        "ACCEPT",
        "A name of 255 bytes below a prefix of 64.",
        ((PREFIX_64[:-1] + "n" * 255)[:255],),
        PREFIX_64,
    ),
    case("last_of_sixteen", "ACCEPT", "The last of 16 entries.", ("z/1",), *FOURTEEN, "y", "z/*"),
    case("none", DENIED, "boot; only app is allowed.", ("boot",), "app"),
    case("last", DENIED, "The last of three targets.", ("app", "boot", "x"), "app", "boot"),
    case("prefix_itself", DENIED, "a; only a/* is allowed.", ("a",), "a/*"),
    case("prefix_parent", DENIED, "a/c; only a/b/* is allowed.", ("a/c",), "a/b/*"),
    case("prefix_deep_itself", DENIED, "a/b; only a/b/* is allowed.", ("a/b",), "a/b/*"),
    case("prefix_longer", DENIED, "ab/c; only a/* is allowed.", ("ab/c",), "a/*"),
    case("prefix_shorter", DENIED, "a/c; only ab/* is allowed.", ("a/c",), "ab/*"),
    case("prefix_inside", DENIED, "x/a/b; only a/* is allowed.", ("x/a/b",), "a/*"),
    case("prefix_other_sign", DENIED, "a-b; only a/* is allowed.", ("a-b",), "a/*"),
    case("prefix_upper_case", DENIED, "A/b; only a/* is allowed.", ("A/b",), "a/*"),
    case("below_a_name", DENIED, "app/x; only app is allowed.", ("app/x",), "app"),
    case("name_longer", DENIED, "app2; only app is allowed.", ("app2",), "app"),
    case("name_shorter", DENIED, "ap; only app is allowed.", ("ap",), "app"),
    case("name_upper_case", DENIED, "App; only app is allowed.", ("App",), "app"),
    case("name_dot", DENIED, "aXb; only a.b is allowed: no pattern.", ("aXb",), "a.b"),
    case(
        "name_65",
        DENIED,
        "A name of 65 bytes; its first 64 are allowed.",
        (f"{NAME_64}n",),
        NAME_64,
    ),
    # user_manifest.
    Case(
        "allowed_user_manifest",
        "ACCEPT",
        "A user_manifest, which is always allowed.",
        good({"app": b"x", USER_MANIFEST: release_json()}),
        trusted=allowing("app"),
    ),
    Case(
        "allowed_only_user_manifest",
        "ACCEPT",
        "A user_manifest, and nothing else is allowed.",
        good({USER_MANIFEST: release_json()}),
        trusted=allowing(USER_MANIFEST),
    ),
    case("not_user_manifest", DENIED, "app; only user_manifest.", ("app",), USER_MANIFEST),
    case("user_manifest_case", DENIED, "User_Manifest, another name.", ("User_Manifest",), "app"),
    case("below_user_manifest", DENIED, "user_manifest/x.", ("user_manifest/x",), "app"),
    # Target by target, and before the other checks of the list.
    case("before_unsafe", DENIED, "boot, and then ../x, an unsafe name.", ("boot", "../x"), "app"),
    case("after_unsafe", "UNSAFE_NAME", "../x, and then boot.", ("../x", "boot"), "app"),
    case("before_clash", DENIED, "app, App; only app is allowed.", ("app", "App"), "app"),
    case("clash", "DUPLICATE_TARGET", "app and App, both allowed.", ("app", "App"), "app", "App"),
    Case(
        "allowed_no_targets",
        "NO_TARGETS",
        "No targets, and a list of allowed ones.",
        good({}),
        trusted=allowing("app"),
    ),
    Case(
        "allowed_payload_unlisted",
        "UNLISTED_PAYLOAD",
        "A payload that neither the metadata lists nor the root allows.",
        good({"app": b"x"}) + e.payload("boot", b"x"),
        trusted=allowing("app"),
    ),
    # The root in force decides.
    moving(
        "same_root", DENIED, "The device's root allows only app.", allowing("app"), allowing("app")
    ),
    moving(
        "first_list",
        DENIED,
        "Root 2 is the first with a list.",
        TRUSTED,
        allowing("app", version=2),
    ),
    moving(
        "widened", "ACCEPT", "Root 2 allows boot too.", allowing("app"), allowing(*BOTH, version=2)
    ),
    moving("list_removed", "ACCEPT", "Root 2 has no list.", allowing("app"), allowing(version=2)),
    moving(
        "narrowed", DENIED, "Root 2 allows only app.", allowing(*BOTH), allowing("app", version=2)
    ),
    moving(
        "narrowed_in_chain",
        "ACCEPT",
        "Root 2 of the chain allows only app, and root 3 allows both.",
        TRUSTED,
        allowing("app", version=2),
        allowing(*BOTH, version=3),
    ),
    moving(
        "widened_in_chain",
        DENIED,
        "Root 2 of the chain allows both, and root 3 only app.",
        allowing("app"),
        allowing(*BOTH, version=2),
        allowing("app", version=3),
    ),
    Case(
        "allowed_removed_in_chain",
        DENIED,
        "a/b, which root 2 allows and root 4 does not; root 3 has no list.",
        good(
            {"app": b"x", "a/b": b"x"},
            roots=e.chain(allowing("app", "a/*", version=2), allowing(version=3))
            + e.root_entry(allowing("app", version=4)),
        ),
    ),
    Case(
        "allowed_installed_before",
        DENIED,
        "The device has installed boot, which the root allowed then.",
        good(roots=e.root_entry(allowing("app", version=2)), version=2),
        installed=e.manifest(e.targets(CONTENTS)),
    ),
    Case(
        "allowed_root_mix_up",
        "ROOT_MIX_UP",
        "Root 1, which now has a list.",
        good(roots=e.root_entry(allowing(*BOTH))),
    ),
    Case(
        "allowed_signature_first",
        "THRESHOLD_NOT_MET",
        "boot, which is not allowed, signed by a stranger.",
        good({"boot": b"x"}, key=STRANGER),
        trusted=allowing("app"),
    ),
    # The list in a root.
    entries("list_16", "ACCEPT", "16 entries.", *FOURTEEN, *BOTH),
    moving(
        "list_16_of_version_0",
        "INVALID_VERSION",
        "A root of the version 0, with 16 entries, is in force when the names of targets arrive.",
        TRUSTED,
        allowing(*FOURTEEN, *BOTH, version=0),
    ),
    entries("list_17", "TOO_LARGE", "17 entries.", *FOURTEEN, *BOTH, "x"),
    entries("entry_64", "ACCEPT", "Entries of 64 bytes.", *BOTH, NAME_64, PREFIX_64),
    entries("entry_65", "TOO_LARGE", "A name of 65 bytes as an entry.", *BOTH, f"{NAME_64}n"),
    entries("entry_65_prefix", "TOO_LARGE", "A prefix of 65 bytes.", *BOTH, f"n{PREFIX_64}"),
    entries("entry_twice", "MALFORMED", "An entry twice.", "app", "boot", "app"),
    entries("entry_case", "ACCEPT", "Two entries that differ in case.", *BOTH, "App"),
    *(
        entries(f"entry_{name}", "MALFORMED", f"The entry {entry!a}.", *BOTH, entry)
        for name, entry in [
            ("empty", ""),
            ("all", "/*"),
            ("star", "*"),
            ("two_stars", "a/**"),
            ("star_inside", "a/*/b"),
            ("star_after_name", "a*"),
            ("prefix_twice", "a/*/*"),
            ("question_mark", "a/?"),
            ("slash_at_end", "a/"),
            ("absolute", "/a"),
            ("parent", "../*"),
            ("dot", "./a"),
            ("slashes", "a//*"),
            ("space", "a b"),
            ("nul", "a\0"),
            ("not_ascii", "\N{LATIN SMALL LETTER E WITH ACUTE}"),
        ]
    ),
    listing("not_utf_8", "MALFORMED", "An entry that is not UTF-8.", e.blob(254, b"\xff")),
    listing("number", "MALFORMED", "The list is a number.", e.number(254, 1)),
    listing(
        "apart",
        "ACCEPT",
        "An unknown field between the entries.",
        e.text(254, "app"),
        e.number(200, 1),
        e.text(254, "boot"),
    ),
    Case(
        "allowed_in_link",
        "MALFORMED",
        "A root of the chain has a list that is not valid.",
        good(roots=e.chain(allowing("*", version=2)) + e.root_entry(allowing(version=3))),
    ),
    Case(
        "allowed_before_signature",
        "MALFORMED",
        "A list that is not valid, in a root by a stranger: the form comes first.",
        good(roots=e.root_entry(e.signed(root(2) + e.text(254, "*"), STRANGER))),
    ),
]
