"""From root to root: versions, the chain, and expiry."""

from __future__ import annotations

from software_update.testing import encode as e

from tests.attacks.product import NOW, Case, R, T, good, root
from tests.attacks.recipes import Part, folded, rows


def root_key(version: int) -> e.Key:
    return e.Key.named(f"root of generation {version}")


def targets_key(version: int) -> e.Key:
    return e.Key.named(f"targets of generation {version}")


def link(version: int, before: int | None = None) -> bytes:
    """A root with keys of its own, signed by itself and by the one before."""
    signers = [root_key(version)]
    if version > 1:
        signers.append(root_key(version - 1 if before is None else before))
    return e.signed(root(version, [root_key(version)], [targets_key(version)]), *signers)


def moved(*links: bytes, last: bytes | None, key: e.Key = T) -> bytes:
    """A release below a chain of roots."""
    return good(roots=e.chain(*links) + (e.root_entry(last) if last is not None else b""), key=key)


def same_keys(version: int, expires: bytes | None = None) -> bytes:
    """A root that differs from the device's only in its version."""
    return e.signed(root(version, expires=expires), R)


def long_chain(count: int) -> list[Part]:
    """A release below a chain of so many roots, which differ only in their versions."""
    links = [same_keys(version) for version in range(2, count + 2)]
    bundle = moved(*links, last=same_keys(count + 2))
    return folded(bundle, *rows([e.chain(link) for link in links]))


FIVE = moved(link(2), link(3), link(4), last=link(5), key=targets_key(5))
PAST, NEXT = e.time(NOW - 1), e.time(NOW + 1)


CASES = [
    # Odd, and good.
    *(
        Case(
            f"chain_from_{version}",
            "ACCEPT",
            f"Chain 2, 3, 4, root 5; the device has {version}.",
            FIVE,
            trusted=link(version),
        )
        for version in (1, 2, 3, 4, 5)
    ),
    Case(
        "chain_of_same_keys",
        "ACCEPT",
        "Roots that differ only in the version.",
        moved(same_keys(2), same_keys(3), last=same_keys(4)),
    ),
    Case(
        "chain_after_payloads",
        "ACCEPT",
        "The chain at the end, after the root that it leads to.",
        good(key=targets_key(3)) + e.root_entry(link(3)) + e.chain(link(2)),
        trusted=link(1),
    ),
    Case(
        "chain_around_payloads",
        "ACCEPT",
        "The links of the chain apart, in order.",
        e.chain(link(2)) + good(key=targets_key(4)) + e.chain(link(3)) + e.root_entry(link(4)),
        trusted=link(1),
    ),
    Case("root_next", "ACCEPT", "One root on.", moved(last=same_keys(2))),
    Case(
        "root_next_same_targets",
        "ACCEPT",
        "New root keys, old targets key.",
        moved(last=e.signed(root(2, [root_key(2)], [T]), R, root_key(2))),
    ),
    Case(
        "chain_link_expired",
        "ACCEPT",
        "The device's root and a link have expired, the last root has not.",
        moved(same_keys(2, PAST), last=same_keys(3, NEXT)),
        trusted=same_keys(1, PAST),
    ),
    Case(
        "root_expires_in_a_second",
        "ACCEPT",
        "It has a second left.",
        moved(last=same_keys(2, NEXT)),
    ),
    Case(
        "root_expires_in_a_nanosecond",
        "ACCEPT",
        "It has a nanosecond left.",
        moved(last=same_keys(2, e.time(NOW, 1))),
    ),
    Case(
        "root_expired_no_time",
        "ACCEPT",
        "Expired, but no time is given.",
        moved(last=same_keys(2, PAST)),
        at=None,
    ),
    # The trusted root is ahead.
    Case(
        "chain_from_6",
        "THRESHOLD_NOT_MET",
        "Chain 2, 3, 4, root 5; the device has 6, with other keys.",
        FIVE,
        trusted=link(6),
    ),
    Case(
        "root_rollback",
        "ROOT_ROLLBACK",
        "Root 1 for a device with 2.",
        moved(last=same_keys(1)),
        trusted=same_keys(2),
    ),
    Case(
        "root_rollback_far",
        "ROOT_ROLLBACK",
        "Root 3 for a device with the last root there can be.",
        moved(last=same_keys(3)),
        trusted=same_keys(2**32 - 1),
    ),
    Case(
        "chain_rollback",
        "ROOT_ROLLBACK",
        "A chain to root 3 for a device with 4.",
        moved(same_keys(2), last=same_keys(3)),
        trusted=same_keys(4),
    ),
    Case(
        "chain_goes_back",
        "ROOT_ROLLBACK",
        "A chain to root 3, and then root 2.",
        moved(same_keys(2), same_keys(3), last=same_keys(2)),
    ),
    Case(
        "chain_turns",
        "ROOT_ROLLBACK",
        "Chain 2, 3, 2, root 4: not the oldest first.",
        moved(same_keys(2), same_keys(3), same_keys(2), last=same_keys(4)),
    ),
    Case(
        "chain_turns_to_unsigned",
        "THRESHOLD_NOT_MET",
        "As before; the second root 2 has no signature, and may not be skipped as passed.",
        moved(same_keys(2), same_keys(3), e.signed(root(2, [root_key(2)])), last=same_keys(4)),
    ),
    # Gaps.
    Case("root_gap", "ROOT_VERSION_GAP", "Root 3 after 1.", moved(last=same_keys(3))),
    Case(
        "root_gap_largest",
        "ROOT_VERSION_GAP",
        "The last root there can be: nothing could follow.",
        moved(last=same_keys(2**32 - 1)),
    ),
    Case(
        "root_gap_unsigned",
        "THRESHOLD_NOT_MET",
        "Root 3 after 1, with other keys.",
        moved(last=link(3), key=targets_key(3)),
    ),
    Case(
        "chain_gap",
        "ROOT_VERSION_GAP",
        "Chain 2, 4, root 5.",
        moved(same_keys(2), same_keys(4), last=same_keys(5)),
    ),
    Case(
        "chain_gap_at_start",
        "ROOT_VERSION_GAP",
        "Chain 3, root 4, after 1.",
        moved(same_keys(3), last=same_keys(4)),
    ),
    Case(
        "chain_gap_at_end",
        "ROOT_VERSION_GAP",
        "Chain 2, root 4.",
        moved(same_keys(2), last=same_keys(4)),
    ),
    Case(
        "chain_out_of_order",
        "ROOT_VERSION_GAP",
        "Chain 3, 2, root 4.",
        moved(same_keys(3), same_keys(2), last=same_keys(4)),
    ),
    Case(
        "chain_out_of_order_other_keys",
        "THRESHOLD_NOT_MET",
        "Chain 3, 2, root 4; the device's root did not sign 3.",
        moved(link(3), link(2), last=link(4), key=targets_key(4)),
        trusted=link(1),
    ),
    Case(
        "chain_link_by_stranger",
        "THRESHOLD_NOT_MET",
        "A link that root 2 did not sign.",
        moved(
            link(2), e.signed(root(3, [root_key(3)]), root_key(3)), last=link(4), key=targets_key(4)
        ),
        trusted=link(1),
    ),
    Case(
        "chain_link_by_first_root",
        "THRESHOLD_NOT_MET",
        "Link 3 is signed by root 1, whose key root 2 has revoked.",
        moved(link(2), link(3, before=1), last=link(4), key=targets_key(4)),
        trusted=link(1),
    ),
    Case(
        "chain_link_garbage",
        "MALFORMED",
        "A link that is not a message.",
        moved(b"\xff", last=same_keys(2)),
    ),
    Case(
        "chain_link_role",
        "WRONG_ROLE",
        "A link that is of another role.",
        moved(e.signed(e.blob(1, e.common("targets", 2)), R), last=same_keys(3)),
    ),
    Case(
        "chain_passed_link_garbage",
        "MALFORMED",
        "A link that the device would skip is not a message.",
        moved(b"\xff", last=same_keys(3)),
        trusted=same_keys(3),
    ),
    Case(
        "chain_passed_link_key",
        "KEY_ID_MISMATCH",
        "A link that the device would skip has a key under another id.",
        moved(
            e.signed(root(2) + e.blob(3, e.key_of(targets_key(2).keyval, id_=bytes(32))), R),
            last=same_keys(3),
        ),
        trusted=same_keys(3),
    ),
    Case(
        "chain_passed_link_unsigned",
        "ACCEPT",
        "The device has passed this link, and lost the root that could judge it.",
        moved(e.signed(root(2, [root_key(2)])), same_keys(3), last=same_keys(4)),
        trusted=same_keys(3),
    ),
    Case(
        "chain_passed_link_signatures_65",
        "TOO_LARGE",
        "A link that the device would skip has 65 signatures.",
        moved(
            e.signed_of(root(2), [e.signature_of(b"?", b"?")] * 65), same_keys(3), last=same_keys(4)
        ),
        trusted=same_keys(3),
    ),
    Case(
        "chain_passed_link_role_of_65_keys",
        "TOO_LARGE",
        "A link that the device would skip has a role of 65 key ids.",
        moved(
            e.signed(root(2) + e.blob(5, e.role([bytes(32)] * 65)), R),
            same_keys(3),
            last=same_keys(4),
        ),
        trusted=same_keys(3),
    ),
    Case(
        "chain_link_by_old_only",
        "THRESHOLD_NOT_MET",
        "Link 2 has a new root key, which did not sign it.",
        moved(e.signed(root(2, [root_key(2)]), R), last=e.signed(root(3), R, root_key(2))),
    ),
    Case(
        "chain_link_shared_key",
        "SHARED_KEY",
        "One key has both roles in link 2; root 3 mends it.",
        moved(
            e.signed(
                e.root_of(
                    e.common("root", 2), [R.listed, T.listed], e.roles_of(R), e.roles_of(T, R)
                ),
                R,
            ),
            last=same_keys(3),
        ),
    ),
    Case(
        "chain_link_threshold_0",
        "THRESHOLD_INVALID",
        "Link 2 needs no signature on root 3, which has none of R's.",
        moved(
            e.signed(root(2, root_threshold=0), R),
            last=e.signed(root(3, [root_key(3)]), root_key(3)),
        ),
    ),
    Case(
        "chain_without_root",
        "MISSING_ROLE_METADATA",
        "A chain, and not the root that it leads to.",
        moved(same_keys(2), last=None),
    ),
    Case(
        "chain_256",
        "ACCEPT",
        "As many links as there may be.",
        huge=lambda: long_chain(256),
    ),
    Case(
        "chain_257",
        "TOO_LARGE",
        "A link more than there may be.",
        huge=lambda: long_chain(257),
    ),
    # The same version.
    Case(
        "root_mix_up",
        "ROOT_MIX_UP",
        "Another root 1, well signed.",
        moved(last=e.signed(root(targets_keys=[T, targets_key(1)]), R)),
    ),
    Case(
        "root_mix_up_expires",
        "ROOT_MIX_UP",
        "Root 1 with another date.",
        moved(last=same_keys(1, NEXT)),
    ),
    Case(
        "root_mix_up_field",
        "ROOT_MIX_UP",
        "Root 1 and an unknown field.",
        moved(last=e.signed(root() + e.number(200, 1), R)),
    ),
    # DEV KEYS: for people and builds. No device judges by it.
    Case(
        "root_dev_keys",
        "ACCEPT",
        "Root 2 says DEV KEYS.",
        moved(last=e.signed(root(2) + e.number(255, 1), R)),
    ),
    Case(
        "root_dev_keys_false",
        "ACCEPT",
        "Root 2 says that it has none, which is usually left out.",
        moved(last=e.signed(root(2) + e.number(255, 0), R)),
    ),
    Case(
        "root_dev_keys_mix_up",
        "ROOT_MIX_UP",
        "Root 1, which now says DEV KEYS.",
        moved(last=e.signed(root() + e.number(255, 1), R)),
    ),
    Case(
        "root_dev_keys_twice",
        "DUPLICATE_FIELD",
        "Root 2 says DEV KEYS, and that it has none.",
        moved(last=e.signed(root(2) + e.number(255, 1) + e.number(255, 0), R)),
    ),
    Case(
        "root_dev_keys_2",
        "MALFORMED",
        "DEV KEYS that are neither true nor false.",
        moved(last=e.signed(root(2) + e.number(255, 2), R)),
    ),
    Case(
        "root_dev_keys_text",
        "MALFORMED",
        "DEV KEYS as text.",
        moved(last=e.signed(root(2) + e.blob(255, b"yes"), R)),
    ),
    Case(
        "chain_mix_up",
        "ROOT_MIX_UP",
        "The device has another root 2 than the chain.",
        moved(e.signed(root(2, targets_keys=[T, targets_key(2)]), R), last=same_keys(3)),
        trusted=same_keys(2),
    ),
    # Expiry.
    Case("root_expired", "ROOT_EXPIRED", "Since a second.", moved(last=same_keys(2, PAST))),
    Case(
        "root_expires_now", "ROOT_EXPIRED", "At this second.", moved(last=same_keys(2, e.time(NOW)))
    ),
    Case(
        "root_expired_1970", "ROOT_EXPIRED", "A date of all zeros.", moved(last=same_keys(2, b""))
    ),
    Case(
        "root_expired_before_1970", "ROOT_EXPIRED", "In 1969.", moved(last=same_keys(2, e.time(-1)))
    ),
    Case(
        "root_of_device_expired",
        "ROOT_EXPIRED",
        "The device's root has expired; the bundle has no other.",
        good(),
        trusted=same_keys(1, PAST),
    ),
    Case(
        "root_same_expired",
        "ROOT_EXPIRED",
        "The device's root again.",
        moved(last=same_keys(1, PAST)),
        trusted=same_keys(1, PAST),
    ),
    Case(
        "root_expired_and_unsigned",
        "ROOT_EXPIRED",
        "The root has expired and the release has no signature: roots come first.",
        good(roots=e.root_entry(same_keys(2, PAST)), key=targets_key(1)),
    ),
    Case(
        "root_gap_and_expired",
        "ROOT_VERSION_GAP",
        "Root 3 after 1, expired: versions come first.",
        moved(last=same_keys(3, PAST)),
    ),
]
