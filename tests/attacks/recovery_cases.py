"""Recovery from versions that were run forward: when they start again, and which root decides it."""

from __future__ import annotations

from collections.abc import Sequence

from software_update.testing import encode as e

from tests.attacks.product import (
    CONTENTS,
    T2,
    T3,
    USER_MANIFEST,
    Case,
    R,
    T,
    release_json,
    root,
    targets,
)

HIGHEST = 2**32 - 1
T4, T5 = e.Key.named("targets 4"), e.Key.named("targets 5")
MALWARE = {"app": b"malware"}


def two_of(version: int, *keys: e.Key, threshold: int = 2) -> bytes:
    """RootMetadata with these targets keys, two of which must sign."""
    return root(version, targets_keys=keys, targets_threshold=threshold)


ONE, TWO, THREE = two_of(1, T, T2, T3), two_of(2, T2, T3, T4), two_of(3, T3, T4, T5)
# Root 2 of a product that needed two signatures and now needs one.
LOWERED = two_of(2, T2, T3, threshold=1)


def stolen(version: int | None = 1, accepted_under: bytes = ONE) -> bytes:
    """Manifest of a device that runs the release of thieves, accepted under that root."""
    record = b""
    if version is not None:
        record = e.number(65, version) + e.blob(66, e.sha256(accepted_under))
    return e.manifest(targets(MALWARE, HIGHEST)) + record


def below(*roots: bytes, keys: Sequence[e.Key] = (T3, T4), version: int = 7) -> bytes:
    """A release below a chain of roots."""
    *chain, last = [e.signed(each, R) for each in roots]
    signed = e.signed(targets(CONTENTS, version), *keys)
    return e.chain(*chain) + e.root_entry(last) + e.targets_entry(signed) + e.payloads(CONTENTS)


def case(
    name: str,
    verdict: str,
    what: str,
    bundle: bytes,
    trusted: bytes = ONE,
    installed: bytes | None = None,
    installed_root: bytes | None = None,
) -> Case:
    """A device that runs the release of thieves."""
    return Case(
        f"recovery_{name}",
        verdict,
        what,
        bundle,
        trusted=e.signed(trusted, R),
        installed=installed or stolen(),
        installed_root=None if installed_root is None else e.signed(installed_root, R),
    )


CASES = [
    case(
        "one_key_of_two",
        "TARGETS_ROLLBACK",
        "Root 2 removes one key, and two must sign: that key never signed a release by itself.",
        below(TWO),
    ),
    case(
        "one_key_of_two_unstated",
        "TARGETS_ROLLBACK",
        "The same; the manifest names no root, so the device's root 1 is compared.",
        below(TWO),
        installed=stolen(None),
    ),
    case(
        "jump",
        "ACCEPT",
        "Roots 2 and 3 remove one key each; from root 1 on, these are the two that must sign.",
        below(TWO, THREE),
    ),
    case(
        "jump_unstated",
        "ACCEPT",
        "The same; the manifest names no root.",
        below(TWO, THREE),
        installed=stolen(None),
    ),
    case(
        "path",
        "ACCEPT",
        "The device moved to root 2 and still runs what it accepted under root 1, which leads the chain.",
        below(ONE, TWO, THREE),
        TWO,
    ),
    case(
        "path_root_given",
        "ACCEPT",
        "The same; the device kept root 1, and the bundle does not have it.",
        below(THREE),
        TWO,
        installed_root=ONE,
    ),
    case(
        "path_root_lost",
        "TARGETS_ROLLBACK",
        "The same; root 1 is nowhere, so no key counts as removed.",
        below(THREE),
        TWO,
    ),
    case(
        "path_other_root_1",
        "TARGETS_ROLLBACK",
        "The chain begins with another root 1 than the one of the installed release.",
        below(two_of(1, T, T2, T5), TWO, THREE),
        TWO,
    ),
    case(
        "accepted_under_2",
        "TARGETS_ROLLBACK",
        "The installed release was accepted under root 2, and root 3 removes one key of that.",
        below(THREE),
        TWO,
        stolen(2, TWO),
    ),
    case(
        "accepted_under_2_chain_from_1",
        "TARGETS_ROLLBACK",
        "The same; the chain begins with root 1, which does not matter.",
        below(ONE, TWO, THREE),
        TWO,
        stolen(2, TWO),
    ),
    case(
        "threshold_lowered",
        "TARGETS_ROLLBACK",
        "Root 2 removes a key and needs one signature: root 1 needed two, and that counts.",
        below(LOWERED, keys=(T3,)),
    ),
    case(
        "threshold_one_of_three",
        "ACCEPT",
        "One key must sign, and root 2 removes one of three.",
        below(TWO),
        two_of(1, T, T2, T3, threshold=1),
        stolen(1, two_of(1, T, T2, T3, threshold=1)),
    ),
    case(
        "threshold_three_of_three",
        "TARGETS_ROLLBACK",
        "All three must sign, and roots 2 and 3 remove two.",
        below(TWO, THREE),
        two_of(1, T, T2, T3, threshold=3),
        stolen(1, two_of(1, T, T2, T3, threshold=3)),
    ),
    case(
        "removed_and_back",
        "TARGETS_ROLLBACK",
        "Root 2 removes all keys, and root 3 has them again.",
        below(two_of(2, T4, T5), two_of(3, T, T2, T3), keys=(T, T2)),
    ),
    case(
        "mirrored_key",
        "TARGETS_ROLLBACK",
        "Root 2 replaces a key by its mirror image, which is the same key.",
        below(
            e.root_of(
                e.common("root", 2),
                [R.listed, T.mirrored.listed, T2.listed],
                e.roles_of(R),
                e.roles_of(T.mirrored, T2),
            ),
            keys=(T2,),
        ),
        two_of(1, T, T2, threshold=1),
        stolen(1, two_of(1, T, T2, threshold=1)),
    ),
    Case(
        "recovery_counter",
        "RELEASE_ROLLBACK",
        "Two keys are removed, so versions start again; the release counter does not.",
        e.chain(e.signed(TWO, R))
        + e.root_entry(e.signed(THREE, R))
        + e.targets_entry(
            e.signed(targets({**CONTENTS, USER_MANIFEST: release_json(4)}, 7), T3, T4)
        )
        + e.payloads({**CONTENTS, USER_MANIFEST: release_json(4)}),
        trusted=e.signed(ONE, R),
        installed=e.manifest(
            targets({**MALWARE, USER_MANIFEST: release_json(5)}, HIGHEST), release_json(5)
        )
        + e.number(65, 1)
        + e.blob(66, e.sha256(ONE)),
    ),
]
