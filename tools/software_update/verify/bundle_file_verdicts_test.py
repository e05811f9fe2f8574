"""Tests of the verdicts on a bundle: what each is about, and which of two faults decides."""

from itertools import pairwise

import pytest

from software_update.format import limits
from software_update.format.release_manifest import ReleaseManifest, build_release
from software_update.format.verdicts import Verdict
from software_update.testing import encode as e
from software_update.testing.judge import (
    ACCEPT,
    APP,
    ENVELOPE,
    NOW,
    ROOT,
    TARGETS,
    TRUSTED_ROOT,
    TWO,
    refusal_of,
    with_root,
    with_targets,
)
from software_update.testing.signers import (
    ROOT_KEY,
    ROOT_KEY_2,
    STRANGER,
    TARGETS_KEY,
    TARGETS_KEY_2,
)


def targets_list(*files: bytes, common: bytes | None = None, root: bytes = b"") -> bytes:
    return with_targets(e.targets_of(common or e.common("targets"), files), root=root)


def only(*allowed_targets: str) -> bytes:
    """Root 2 with these allowed targets, as a bundle has it."""
    listed = b"".join(e.text(254, each) for each in allowed_targets)
    return e.root_entry(e.signed(e.root(2) + listed, ROOT_KEY))


@pytest.mark.parametrize("order", ["534", "543", "345", "354", "435", "453"])
def test_any_order_of_the_envelope(order: str) -> None:
    parts = {
        "5": e.root_entry(TRUSTED_ROOT),
        "3": e.targets_entry(e.signed(e.targets(TWO), TARGETS_KEY)),
        "4": e.payload("boot", TWO["boot"]) + e.payload("app", TWO["app"]),
    }
    assert refusal_of(b"".join(parts[each] for each in order)) == ACCEPT


def test_value_may_come_before_its_name() -> None:
    signed = e.signed(e.targets(APP), TARGETS_KEY)
    bundle = e.blob(3, e.blob(2, signed) + e.text(1, "targets"))
    bundle += e.blob(4, e.blob(2, APP["app"]) + e.text(1, "app"))
    assert refusal_of(bundle) == ACCEPT


# Refused. Each: a bundle, what it is judged from, and the answer.

SIGNED_TARGETS = e.targets_entry(e.signed(e.targets(APP), TARGETS_KEY))
REFUSED: dict[str, tuple[bytes, Verdict, tuple[str, str]]] = {
    # The envelope.
    "cut off": (e.bundle(APP)[:-1], Verdict.MALFORMED, ENVELOPE),
    "a byte too many": (e.bundle(APP) + b"\0", Verdict.MALFORMED, ENVELOPE),
    "timestamp": (e.blob(1, b"") + e.bundle(APP), Verdict.UNEXPECTED_FIELD, ENVELOPE),
    "snapshot": (e.bundle(APP) + e.blob(2, b""), Verdict.UNEXPECTED_FIELD, ENVELOPE),
    "unknown field": (e.bundle(APP) + e.blob(66, b""), Verdict.UNEXPECTED_FIELD, ENVELOPE),
    "a number": (e.bundle(APP) + e.number(3, 1), Verdict.UNEXPECTED_FIELD, ENVELOPE),
    "root twice": (
        e.root_entry(TRUSTED_ROOT) + e.bundle(APP),
        Verdict.DUPLICATE_FIELD,
        ENVELOPE,
    ),
    "targets twice": (e.bundle(APP) + SIGNED_TARGETS, Verdict.DUPLICATE_FIELD, ENVELOPE),
    "payload twice": (
        e.bundle(APP) + e.payload("app", b"evil"),
        Verdict.DUPLICATE_FIELD,
        ENVELOPE,
    ),
    "targets by another name": (
        e.targets_entry(e.signed(e.targets(APP), TARGETS_KEY), "Targets"),
        Verdict.UNEXPECTED_FIELD,
        ENVELOPE,
    ),
    "a long root": (
        e.root_entry(bytes(limits.MAX_ROOT_METADATA_BYTES + 1)),
        Verdict.TOO_LARGE,
        ENVELOPE,
    ),
    # The form of metadata.
    "no targets metadata": (
        e.root_entry(TRUSTED_ROOT) + e.payloads(APP),
        Verdict.MISSING_ROLE_METADATA,
        TARGETS,
    ),
    "targets that are none": (e.targets_entry(b"\xff"), Verdict.MALFORMED, TARGETS),
    "root that is none": (with_root(b"\xff"), Verdict.MALFORMED, ROOT),
    "next to signed targets": (
        e.targets_entry(e.signed(e.targets(APP), TARGETS_KEY) + e.number(9, 1)),
        Verdict.UNEXPECTED_FIELD,
        TARGETS,
    ),
    "next to a signed root": (
        with_root(TRUSTED_ROOT + e.number(9, 1)),
        Verdict.UNEXPECTED_FIELD,
        ROOT,
    ),
    "two signed contents": (
        e.targets_entry(e.blob(1, e.targets(TWO)) + e.signed(e.targets(APP), TARGETS_KEY)),
        Verdict.DUPLICATE_FIELD,
        TARGETS,
    ),
    "doubled inside": (
        with_targets(e.targets(TWO) + e.blob(1, e.common("targets", 9))),
        Verdict.DUPLICATE_FIELD,
        TARGETS,
    ),
    "no role": (targets_list(common=e.common(None)), Verdict.WRONG_ROLE, TARGETS),
    "root's role": (targets_list(common=e.common("root")), Verdict.WRONG_ROLE, TARGETS),
    "spec version": (
        targets_list(common=e.common("targets", spec="2.0.0")),
        Verdict.UNSUPPORTED_SPEC_VERSION,
        TARGETS,
    ),
    "version zero": (
        targets_list(common=e.common("targets", 0)),
        Verdict.INVALID_VERSION,
        TARGETS,
    ),
    "a date that is none": (
        targets_list(common=e.common("targets", expires=2**62)),
        Verdict.MALFORMED,
        TARGETS,
    ),
    # Signatures.
    "unsigned": (e.targets_entry(e.signed(e.targets(APP))), Verdict.THRESHOLD_NOT_MET, TARGETS),
    "a stranger": (with_targets(e.targets(TWO), STRANGER), Verdict.THRESHOLD_NOT_MET, TARGETS),
    "the root key": (with_targets(e.targets(TWO), ROOT_KEY), Verdict.THRESHOLD_NOT_MET, TARGETS),
    "many signatures": (
        with_targets(e.targets(TWO), *[TARGETS_KEY] * (limits.MAX_SIGNATURES + 1)),
        Verdict.TOO_LARGE,
        TARGETS,
    ),
    "root by a stranger": (
        with_root(e.signed(e.root(2, [STRANGER]), STRANGER)),
        Verdict.THRESHOLD_NOT_MET,
        ROOT,
    ),
    "root without its own key": (
        with_root(e.signed(e.root(2, [ROOT_KEY_2]), ROOT_KEY)),
        Verdict.THRESHOLD_NOT_MET,
        ROOT,
    ),
    "the same root, unsigned": (with_root(e.signed(e.root())), Verdict.THRESHOLD_NOT_MET, ROOT),
    "root by the targets key": (
        with_root(e.signed(e.root(2), TARGETS_KEY)),
        Verdict.THRESHOLD_NOT_MET,
        ROOT,
    ),
    # Versions of the root.
    "root gap": (with_root(e.signed(e.root(3), ROOT_KEY)), Verdict.ROOT_VERSION_GAP, ROOT),
    "root mix-up": (
        with_root(e.signed(e.root(1, targets_keys=[TARGETS_KEY_2]), ROOT_KEY), TARGETS_KEY_2),
        Verdict.ROOT_MIX_UP,
        ROOT,
    ),
    # The list of targets.
    "no targets": (targets_list(), Verdict.NO_TARGETS, TARGETS),
    "unsafe name": (
        targets_list(e.target("../app", b"")),
        Verdict.UNSAFE_NAME,
        ("targets", "target '../app'"),
    ),
    "escapes in a name": (
        targets_list(e.target("\x1b[2J\n", b"")),
        Verdict.UNSAFE_NAME,
        ("targets", "target '\\x1b[2J\\n'"),
    ),
    "a name that the root does not allow": (
        targets_list(e.target("app", b""), e.target("boot", b""), root=only("app", "boot/*")),
        Verdict.TARGET_NOT_ALLOWED,
        ("targets", "target 'boot'"),
    ),
    "listed twice": (
        targets_list(e.target("app", b""), e.target("app", b"")),
        Verdict.DUPLICATE_TARGET,
        ("targets", "target 'app'"),
    ),
    "listed in two cases": (
        targets_list(e.target("app", b""), e.target("APP", b"")),
        Verdict.DUPLICATE_TARGET,
        ("targets", "target 'APP'"),
    ),
    "no hash": (
        targets_list(e.target_of("app", 1, [])),
        Verdict.HASH_UNSUPPORTED,
        ("targets", "target 'app'"),
    ),
    # Payloads.
    "longer": (
        SIGNED_TARGETS + e.payload("app", APP["app"] + b"!"),
        Verdict.LENGTH_MISMATCH,
        ("targets", "target 'app'"),
    ),
    "changed": (
        SIGNED_TARGETS + e.payload("app", b"Application"),
        Verdict.HASH_MISMATCH,
        ("targets", "target 'app'"),
    ),
    "not compressed as listed": (
        e.targets_entry(
            e.signed(
                e.targets_of(e.common("targets"), [e.compressed("app", b"x", b"x")]), TARGETS_KEY
            )
        )
        + e.payload("app", b"x"),
        Verdict.DECOMPRESSION_FAILED,
        ("targets", "target 'app'"),
    ),
    "missing": (SIGNED_TARGETS, Verdict.MISSING_PAYLOAD, ("targets", "target 'app'")),
    "unlisted": (
        e.bundle(APP) + e.payload("zz\x07", b"x"),
        Verdict.UNLISTED_PAYLOAD,
        ("targets", "target 'zz\\x07'"),
    ),
    "unlisted by case": (
        SIGNED_TARGETS + e.payloads({**APP, "APP": b"x"}),
        Verdict.UNLISTED_PAYLOAD,
        ("targets", "target 'APP'"),
    ),
}


@pytest.mark.parametrize("case", REFUSED.values(), ids=REFUSED)
def test_refused(case: tuple[bytes, Verdict, tuple[str, str]]) -> None:
    bundle, verdict, about = case
    assert refusal_of(bundle) == (verdict, *about)


# The order of checks: of two faults the first in this list decides.

LATER = NOW + 1


def faulty(*faults: str) -> bytes:
    """A bundle with these faults, and no other."""
    has = set(faults)
    common = e.common(
        "root" if "targets role" in has else "targets",
        1 if "targets rollback" in has else 5,
        expires=NOW if "targets expiry" in has else None,
    )
    name = "../app" if "unsafe name" in has else "app"
    user_manifest = build_release(
        ReleaseManifest(
            "product",
            "1.0",
            1 if "release rollback" in has else 3,
            ("other",) if "hardware" in has else ("board",),
            3 if "release gap" in has else None,
        )
    )
    files = [e.target(name, APP["app"]), e.target("boot", TWO["boot"]), e.target("core", b"core")]
    files.append(e.target("user_manifest", user_manifest))
    if "no hash" in has:
        files[1] = e.target_of("boot", 10, [])
    targets = e.targets_of(common, files)
    root = e.root(
        3 if "root gap" in has else 2,
        root_threshold=0 if "own threshold" in has else 1,
        expires=NOW if "root expiry" in has else None,
    )
    if "name not allowed" in has:
        root += e.text(254, "app.bin") + e.text(254, "app/*")
    if "root keys" in has:
        root += e.blob(3, e.key(STRANGER, id_=bytes(32)))
    if "root form" in has:
        root += e.blob(1, b"")
    contents = {"app": APP["app"], "boot": TWO["boot"], "core": b"core"}
    contents["user_manifest"] = user_manifest
    if "payload hash" in has:
        contents["app"] = b"Application"
    if "payload length" in has:
        contents["boot"] = b"boot"
    if "missing payload" in has:
        del contents["core"]
    if "unlisted payload" in has:
        contents["aaa"] = b"x"
    return (
        e.root_entry(e.signed(root, STRANGER if "root signature" in has else ROOT_KEY))
        + e.targets_entry(
            e.signed(targets, STRANGER if "targets signature" in has else TARGETS_KEY)
        )
        + b"".join(e.payload(name, content) for name, content in contents.items())
        + (e.blob(77, b"") if "envelope" in has else b"")
    )


FAULTS = {
    "envelope": Verdict.UNEXPECTED_FIELD,
    "root form": Verdict.DUPLICATE_FIELD,
    "root keys": Verdict.KEY_ID_MISMATCH,
    "root signature": Verdict.THRESHOLD_NOT_MET,
    "own threshold": Verdict.THRESHOLD_INVALID,
    "root gap": Verdict.ROOT_VERSION_GAP,
    "root expiry": Verdict.ROOT_EXPIRED,
    "targets role": Verdict.WRONG_ROLE,
    "targets signature": Verdict.THRESHOLD_NOT_MET,
    "targets expiry": Verdict.TARGETS_EXPIRED,
    "targets rollback": Verdict.TARGETS_ROLLBACK,
    "release rollback": Verdict.RELEASE_ROLLBACK,
    "release gap": Verdict.RELEASE_GAP,
    "hardware": Verdict.WRONG_HARDWARE,
    "unsafe name": Verdict.UNSAFE_NAME,
    "name not allowed": Verdict.TARGET_NOT_ALLOWED,
    "no hash": Verdict.HASH_UNSUPPORTED,
    "payload hash": Verdict.HASH_MISMATCH,
    "payload length": Verdict.LENGTH_MISMATCH,
    "missing payload": Verdict.MISSING_PAYLOAD,
    "unlisted payload": Verdict.UNLISTED_PAYLOAD,
}


def judge_faulty(*faults: str) -> Verdict:
    counter = build_release(ReleaseManifest("product", "1.0", 2))
    installed = e.manifest(e.targets(APP, 4), counter)
    return refusal_of(faulty(*faults), installed=installed, hardware_id="board", at=LATER)[0]


def test_no_fault() -> None:
    assert judge_faulty() == Verdict.ACCEPT


@pytest.mark.parametrize("fault", FAULTS)
def test_each_single_fault(fault: str) -> None:
    assert judge_faulty(fault) == FAULTS[fault]


@pytest.mark.parametrize(("first", "second"), list(pairwise(FAULTS)))
def test_the_first_of_two_faults_decides(first: str, second: str) -> None:
    assert judge_faulty(second, first) == FAULTS[first]


def test_all_faults_but_one_after_another() -> None:
    """With all faults from any one on, that one decides."""
    faults = list(FAULTS)
    for index, fault in enumerate(faults):
        assert judge_faulty(*faults[index:]) == FAULTS[fault]


@pytest.mark.parametrize(
    ("names", "verdict"),
    [
        (["boot", "../app"], Verdict.TARGET_NOT_ALLOWED),
        (["../app", "boot"], Verdict.UNSAFE_NAME),
        (["app", "../app", "boot"], Verdict.UNSAFE_NAME),
        (["app", "app", "boot"], Verdict.TARGET_NOT_ALLOWED),
    ],
)
def test_names_are_judged_target_by_target(names: list[str], verdict: Verdict) -> None:
    files = [e.target(name, b"") for name in names]
    assert refusal_of(targets_list(*files, root=only("app")))[0] == verdict


def test_every_verdict_is_given_here_or_in_the_tests_of_parts() -> None:
    given = {case[1] for case in REFUSED.values()} | set(FAULTS.values())
    of_keys = {Verdict.INVALID_KEY, Verdict.KEY_TYPE_MISMATCH, Verdict.SHARED_KEY}
    of_versions = {Verdict.TARGETS_MIX_UP, Verdict.ROOT_ROLLBACK}
    assert given | of_keys | of_versions == set(Verdict) - {Verdict.ACCEPT}
