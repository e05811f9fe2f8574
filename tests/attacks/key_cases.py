"""Keys and signatures: whose they are, and how many of them count."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from software_update.testing import encode as e

from tests.attacks.product import (
    CONTENTS,
    R2,
    R3,
    STRANGER,
    T2,
    T3,
    Case,
    R,
    T,
    device,
    good,
    release,
    root,
    signed_with,
    targets,
    with_root,
)

KEYS = [R.listed, T.listed]
TARGETS = targets()
GOOD_SIGNATURE = T.sign(TARGETS)
ZERO, ONE, N = bytes(32), (1).to_bytes(32, "big"), e.ORDER.to_bytes(32, "big")
TRUSTED_2_OF_2 = e.signed(root(targets_keys=[T, T2], targets_threshold=2), R)
TRUSTED_2_OF_3 = e.signed(root(targets_keys=[T, T2, T3], targets_threshold=2), R)
TRUSTED_ROOT_2_OF_2 = e.signed(root(root_keys=[R, R2], root_threshold=2), R, R2)


def root_of(
    keys: Sequence[bytes], root_role: bytes | None = None, targets_role: bytes | None = None
) -> bytes:
    """A release below root 2 of any keys and roles."""
    metadata = e.root_of(
        e.common("root", 2),
        keys,
        e.roles_of(R) if root_role is None else root_role,
        e.roles_of(T) if targets_role is None else targets_role,
    )
    return with_root(e.signed(metadata, R))


def more(*keys: bytes) -> bytes:
    """A release below root 2 that lists more keys than it uses."""
    return root_of([*KEYS, *keys])


def one(value: bytes, key_id: bytes = T.key_id) -> bytes:
    """A release with one signature."""
    return signed_with(e.signature_of(key_id, value))


def _small_point() -> tuple[int, int]:
    """A point of P-256 whose x is so small that x + p has 256 bits too."""
    b = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B
    for x in range(1, 100):
        square = (x**3 - 3 * x + b) % e.PRIME
        y = pow(square, (e.PRIME + 1) // 4, e.PRIME)
        if y * y % e.PRIME == square:
            return x, y
    raise AssertionError


SMALL_X, SMALL_Y = _small_point()
X, Y = STRANGER.keyval[1:33], STRANGER.keyval[33:]
# The generator of secp256k1, a curve of the same size.
OTHER_CURVE = bytes.fromhex(
    "0479be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"
    "483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8"
)

KEY_CASES = [
    # Odd, and good.
    Case("key_of_no_role", "ACCEPT", "A key that no role uses.", more(STRANGER.listed)),
    Case(
        "keys_64",
        "ACCEPT",
        "As many keys as a root may list.",
        more(*(e.Key.named(f"spare {index}").listed for index in range(62))),
    ),
    # Names of keys.
    Case(
        "key_id_zero",
        "KEY_ID_MISMATCH",
        "An id of zeros.",
        more(e.key_of(T2.keyval, id_=bytes(32))),
    ),
    Case(
        "key_id_short",
        "KEY_ID_MISMATCH",
        "31 bytes of the id.",
        more(e.key_of(T2.keyval, id_=T2.key_id[:31])),
    ),
    Case("key_id_empty", "KEY_ID_MISMATCH", "No id.", more(e.key_of(T2.keyval, id_=b""))),
    Case(
        "key_id_of_another",
        "KEY_ID_MISMATCH",
        "The stranger's key under the id of the targets key.",
        root_of([R.listed, e.key_of(STRANGER.keyval, id_=T.key_id)]),
    ),
    Case(
        "key_under_two_ids",
        "KEY_ID_MISMATCH",
        "The targets key under a second id, to sign twice.",
        root_of(
            [*KEYS, e.key_of(T.keyval, id_=bytes(32))],
            None,
            e.role([T.key_id, bytes(32)], 2),
        ),
    ),
    Case(
        "key_id_of_hex",
        "KEY_ID_MISMATCH",
        "An id in hex.",
        more(e.key_of(T2.keyval, id_=T2.key_id.hex().encode())),
    ),
    Case(
        "key_type_259",
        "KEY_ID_MISMATCH",
        "A type that is 3 in its lowest byte: no id can be its hash.",
        more(e.key_of(T2.keyval, key_type=259)),
    ),
    # Kinds of keys.
    Case(
        "key_ed25519_label",
        "KEY_TYPE_MISMATCH",
        "P-256, labelled Ed25519.",
        more(e.key_of(T2.keyval, 2, 2)),
    ),
    Case(
        "key_rsa_label",
        "KEY_TYPE_MISMATCH",
        "P-256, labelled RSA.",
        more(e.key_of(T2.keyval, 1, 1)),
    ),
    Case(
        "key_type_0",
        "KEY_TYPE_MISMATCH",
        "A key of unknown type.",
        more(e.key_of(T2.keyval, 0, 0)),
    ),
    Case(
        "key_type_9",
        "KEY_TYPE_MISMATCH",
        "A type that there is not yet.",
        more(e.key_of(T2.keyval, 9, 9)),
    ),
    Case(
        "key_other_scheme",
        "KEY_TYPE_MISMATCH",
        "A P-256 key for Ed25519.",
        more(e.key_of(T2.keyval, 3, 2)),
    ),
    Case(
        "key_ed25519",
        "KEY_TYPE_MISMATCH",
        "An Ed25519 key that says so; devices have only P-256.",
        more(
            e.key_of(
                bytes.fromhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"),
                2,
                2,
            )
        ),
    ),
    Case(
        "key_ed25519_as_p256",
        "KEY_TYPE_MISMATCH",
        "An Ed25519 key of 32 bytes that is labelled P-256.",
        more(
            e.key_of(
                bytes.fromhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")
            )
        ),
    ),
    # No keys.
    Case(
        "key_off_curve",
        "INVALID_KEY",
        "A point that is not on the curve.",
        more(e.key_of(b"\4" + ONE + ONE)),
    ),
    Case("key_other_curve", "INVALID_KEY", "A point of secp256k1.", more(e.key_of(OTHER_CURVE))),
    Case(
        "key_zero_point",
        "INVALID_KEY",
        "A point of zeros.",
        more(e.key_of(b"\4" + ZERO + ZERO)),
    ),
    Case(
        "key_compressed",
        "INVALID_KEY",
        "A compressed point.",
        more(e.key_of(bytes([2 + Y[-1] % 2]) + X)),
    ),
    Case("key_infinity", "INVALID_KEY", "The point at infinity.", more(e.key_of(b"\0"))),
    Case(
        "key_hybrid",
        "INVALID_KEY",
        "X9.62's hybrid form, which is the same key under another id.",
        more(e.key_of(bytes([6 + Y[-1] % 2]) + X + Y)),
    ),
    Case(
        "key_not_reduced",
        "INVALID_KEY",
        "A good point, its x written as x + p.",
        more(
            e.key_of(b"\4" + (SMALL_X + e.PRIME).to_bytes(32, "big") + SMALL_Y.to_bytes(32, "big"))
        ),
    ),
    Case("key_twice", "INVALID_KEY", "The targets key listed twice.", more(T.listed)),
    Case(
        "keys_65",
        "TOO_LARGE",
        "One key more than a root may list.",
        more(*(e.Key.named(f"spare {index}").listed for index in range(63))),
    ),
    Case(
        "role_of_65_keys",
        "TOO_LARGE",
        "A role of 65 key ids.",
        root_of(KEYS, None, e.role([T.key_id, *(bytes([index]) * 32 for index in range(64))])),
    ),
    Case(
        "key_in_both_roles",
        "SHARED_KEY",
        "The root key may also sign releases.",
        root_of(KEYS, None, e.roles_of(T, R)),
    ),
    Case(
        "one_key_for_all",
        "SHARED_KEY",
        "One key, both roles.",
        with_root(
            e.signed(e.root_of(e.common("root", 2), [R.listed], e.roles_of(R), e.roles_of(R)), R), R
        ),
    ),
    # A key and its mirrored key: two ids, one person.
    Case(
        "key_mirrored_of_no_role",
        "ACCEPT",
        "No role uses the mirrored key.",
        more(T.mirrored.listed),
    ),
    Case(
        "key_mirrored_after_rotation",
        "ACCEPT",
        "Root 2 lists the mirrored keys in place of the keys.",
        with_root(e.signed(root(2, [R.mirrored], [T.mirrored]), R, R.mirrored), T.mirrored),
    ),
    Case(
        "key_mirrored_is_not_removed",
        "TARGETS_ROLLBACK",
        "Root 2 lists the mirrored targets key in place of the key, so versions do not start again.",
        with_root(e.signed(root(2, targets_keys=[T.mirrored]), R), T.mirrored),
        installed=device(version=5),
    ),
    Case(
        "key_mirrored_in_both_roles",
        "SHARED_KEY",
        "The root key's mirrored key may sign releases.",
        root_of([*KEYS, R.mirrored.listed], None, e.roles_of(T, R.mirrored)),
    ),
    Case(
        "key_mirrored_in_targets_role",
        "THRESHOLD_INVALID",
        "One person signs twice for releases, with a key and its mirrored key.",
        release(
            TARGETS,
            CONTENTS,
            T,
            T.mirrored,
            roots=e.root_entry(
                e.signed(root(2, targets_keys=[T, T.mirrored], targets_threshold=2), R)
            ),
        ),
    ),
    Case(
        "key_mirrored_in_root_role",
        "THRESHOLD_INVALID",
        "One person signs twice for roots, with a key and its mirrored key.",
        with_root(e.signed(root(2, [R, R.mirrored], root_threshold=2), R, R.mirrored)),
    ),
    Case(
        "key_mirrored_in_trusted_root",
        "THRESHOLD_INVALID",
        "The device's root lists a targets key and its mirrored key; both signed.",
        release(TARGETS, CONTENTS, T, T.mirrored),
        trusted=e.signed(root(targets_keys=[T, T.mirrored], targets_threshold=2), R),
    ),
    # Thresholds that are none.
    *(
        Case(f"threshold_{name}", "THRESHOLD_INVALID", what, root_of(KEYS, root_role, targets_role))
        for name, what, root_role, targets_role in [
            ("0", "No signature needed for releases.", None, e.roles_of(T, threshold=0)),
            ("absent", "No threshold for releases.", None, e.blob(1, T.key_id)),
            ("2_of_1", "Two signatures of one key for releases.", None, e.roles_of(T, threshold=2)),
            ("largest", "4294967295 signatures.", None, e.roles_of(T, threshold=2**32 - 1)),
            ("no_keys", "No keys for releases.", None, e.role([], 1)),
            ("role_absent", "No role for releases.", None, b""),
            (
                "key_twice",
                "One key twice in the role of releases.",
                None,
                e.roles_of(T, T, threshold=2),
            ),
            ("key_missing", "A key that the root does not list.", None, e.roles_of(T, STRANGER)),
            ("root_0", "No signature needed for roots.", e.roles_of(R, threshold=0), None),
            (
                "root_2_of_1",
                "Two signatures of one key for roots.",
                e.roles_of(R, threshold=2),
                None,
            ),
            ("root_key_twice", "One key twice in the role of roots.", e.roles_of(R, R), None),
            (
                "root_key_missing",
                "A key that the root does not list.",
                e.roles_of(R, STRANGER),
                None,
            ),
        ]
    ),
    Case(
        "threshold_0_unsigned",
        "THRESHOLD_INVALID",
        "A root that needs no signature for releases, and a release without one.",
        e.root_entry(
            e.signed(
                e.root_of(e.common("root", 2), KEYS, e.roles_of(R), e.roles_of(T, threshold=0)), R
            )
        )
        + e.targets_entry(e.signed(TARGETS))
        + e.payloads(CONTENTS),
    ),
]

SIGNATURE_CASES = [
    # Odd, and good.
    Case("signature_high_s", "ACCEPT", "The other s.", one(e.other_s(GOOD_SIGNATURE))),
    Case(
        "signature_of_stranger_too",
        "ACCEPT",
        "One good signature, and one by an unknown key.",
        signed_with(STRANGER.signature(TARGETS), T.signature(TARGETS)),
    ),
    Case(
        "signature_of_root_key_too",
        "ACCEPT",
        "One good signature, and one by a key of the other role.",
        signed_with(T.signature(TARGETS), R.signature(TARGETS)),
    ),
    Case(
        "signature_bad_of_another",
        "ACCEPT",
        "One of two keys must sign: one did, and the other's signature is bad.",
        signed_with(e.signature_of(T2.key_id, bytes(64)), T.signature(TARGETS)),
        trusted=e.signed(root(targets_keys=[T, T2]), R),
    ),
    Case(
        "signature_bad_then_good",
        "ACCEPT",
        "A bad signature and a good one by the same key.",
        signed_with(e.signature_of(T.key_id, bytes(64)), T.signature(TARGETS)),
    ),
    Case(
        "signature_without_id_too",
        "ACCEPT",
        "A good signature, and an empty one.",
        signed_with(b"", T.signature(TARGETS)),
    ),
    Case(
        "signatures_64",
        "ACCEPT",
        "As many signatures as there may be, one of them good.",
        signed_with(*[e.signature_of(b"?", b"?")] * 63, T.signature(TARGETS)),
    ),
    Case(
        "signatures_2_of_3",
        "ACCEPT",
        "Two of three keys, the larger id first.",
        signed_with(
            *(each.signature(TARGETS) for each in sorted([T, T3], key=lambda k: k.key_id)[::-1])
        ),
        trusted=TRUSTED_2_OF_3,
    ),
    Case(
        "signatures_3_of_3",
        "ACCEPT",
        "More than needed.",
        release(TARGETS, CONTENTS, T, T2, T3),
        trusted=TRUSTED_2_OF_3,
    ),
    # Too few.
    Case("unsigned", "THRESHOLD_NOT_MET", "No signature.", signed_with()),
    Case("stranger", "THRESHOLD_NOT_MET", "An unknown key.", good(key=STRANGER)),
    Case(
        "stranger_as_listed",
        "THRESHOLD_NOT_MET",
        "An unknown key under the id of a listed one.",
        one(STRANGER.sign(TARGETS)),
    ),
    Case("root_key_signs_release", "THRESHOLD_NOT_MET", "The key of the other role.", good(key=R)),
    Case(
        "signature_key_id_short",
        "THRESHOLD_NOT_MET",
        "31 bytes of the key id.",
        one(GOOD_SIGNATURE, T.key_id[:31]),
    ),
    Case(
        "signature_key_id_longer",
        "THRESHOLD_NOT_MET",
        "A byte more than the key id.",
        one(GOOD_SIGNATURE, T.key_id + b"\0"),
    ),
    Case(
        "signature_key_id_hex",
        "THRESHOLD_NOT_MET",
        "The key id in hex.",
        one(GOOD_SIGNATURE, T.key_id.hex().encode()),
    ),
    Case(
        "signature_key_id_absent",
        "THRESHOLD_NOT_MET",
        "No key id.",
        signed_with(e.blob(2, GOOD_SIGNATURE)),
    ),
    *(
        Case(f"signature_{name}", "THRESHOLD_NOT_MET", what, one(value))
        for name, what, value in [
            ("empty", "No bytes.", b""),
            ("der", "DER, not r || s.", T.sign_der(TARGETS)),
            ("short", "The last byte is missing.", GOOD_SIGNATURE[:-1]),
            ("long", "A byte too many.", GOOD_SIGNATURE + b"\0"),
            (
                "padded",
                "A zero before r and one before s.",
                b"\0" + GOOD_SIGNATURE[:32] + b"\0" + GOOD_SIGNATURE[32:],
            ),
            ("swapped", "s || r.", GOOD_SIGNATURE[32:] + GOOD_SIGNATURE[:32]),
            (
                "little_endian",
                "Little-endian numbers.",
                GOOD_SIGNATURE[31::-1] + GOOD_SIGNATURE[:31:-1],
            ),
            ("zero", "r = s = 0, which a famous verifier accepted from anyone.", ZERO + ZERO),
            ("r_zero", "r = 0.", ZERO + GOOD_SIGNATURE[32:]),
            ("s_zero", "s = 0.", GOOD_SIGNATURE[:32] + ZERO),
            ("r_order", "r = n, that is 0.", N + GOOD_SIGNATURE[32:]),
            ("s_order", "s = n, that is 0.", GOOD_SIGNATURE[:32] + N),
            ("order", "r = s = n.", N + N),
            ("ones", "r = s = 1.", ONE + ONE),
            ("largest", "All bits.", b"\xff" * 64),
            ("bit", "One bit of s flipped.", GOOD_SIGNATURE[:-1] + bytes([GOOD_SIGNATURE[-1] ^ 1])),
            ("of_other_release", "Over another release.", T.sign(targets(version=2))),
            ("of_field", "Over the field, with its tag and length.", T.sign(e.blob(1, TARGETS))),
            ("of_hash", "Over the hash of the bytes.", T.sign(hashlib.sha256(TARGETS).digest())),
            ("of_prefix", "Over all bytes but the last.", T.sign(TARGETS[:-1])),
        ]
    ),
    Case(
        "signature_of_root_moved",
        "THRESHOLD_NOT_MET",
        "The root's signature under the release.",
        signed_with(R.signature(root())),
    ),
    Case(
        "one_key_twice",
        "THRESHOLD_NOT_MET",
        "Two signatures needed; one key gave both.",
        release(TARGETS, CONTENTS, T, T),
        trusted=TRUSTED_2_OF_2,
    ),
    Case(
        "one_key_twice_other_s",
        "THRESHOLD_NOT_MET",
        "One key, two good signatures that differ.",
        signed_with(T.signature(TARGETS), e.signature_of(T.key_id, e.other_s(GOOD_SIGNATURE))),
        trusted=TRUSTED_2_OF_2,
    ),
    Case(
        "one_key_under_two_names",
        "THRESHOLD_NOT_MET",
        "One key's signature under both keys' ids.",
        signed_with(T.signature(TARGETS), e.signature_of(T2.key_id, GOOD_SIGNATURE)),
        trusted=TRUSTED_2_OF_2,
    ),
    Case(
        "signatures_exchanged",
        "THRESHOLD_NOT_MET",
        "Two good signatures, each under the other's key id.",
        signed_with(
            e.signature_of(T.key_id, T2.sign(TARGETS)), e.signature_of(T2.key_id, T.sign(TARGETS))
        ),
        trusted=TRUSTED_2_OF_2,
    ),
    Case(
        "one_of_two", "THRESHOLD_NOT_MET", "One signature of two.", good(), trusted=TRUSTED_2_OF_2
    ),
    Case(
        "one_and_stranger",
        "THRESHOLD_NOT_MET",
        "One good signature of two, and an unknown key's.",
        release(TARGETS, CONTENTS, T, STRANGER),
        trusted=TRUSTED_2_OF_2,
    ),
    Case(
        "one_and_root_key",
        "THRESHOLD_NOT_MET",
        "One good signature of two, and one by the other role's key.",
        release(TARGETS, CONTENTS, T, R),
        trusted=TRUSTED_2_OF_2,
    ),
    Case(
        "signatures_65",
        "TOO_LARGE",
        "One signature more than there may be; the first is good.",
        signed_with(T.signature(TARGETS), *[e.signature_of(b"?", b"?")] * 64),
    ),
    Case(
        "signature_key_id_255",
        "THRESHOLD_NOT_MET",
        "A key id of 255 bytes, the longest that is read.",
        one(GOOD_SIGNATURE, T.key_id.ljust(255, b"\0")),
    ),
    Case(
        "signature_key_id_256",
        "TOO_LARGE",
        "A key id of 256 bytes next to a good signature.",
        signed_with(e.signature_of(bytes(256), b"?"), T.signature(TARGETS)),
    ),
    Case(
        "signature_of_4096_bytes",
        "THRESHOLD_NOT_MET",
        "A signature of 4096 bytes, the longest that is read.",
        one(GOOD_SIGNATURE.ljust(4096, b"\0")),
    ),
    Case(
        "signature_of_4097_bytes",
        "TOO_LARGE",
        "A signature of 4097 bytes next to a good one.",
        signed_with(e.signature_of(b"?", bytes(4097)), T.signature(TARGETS)),
    ),
    Case(
        "unsigned_and_unsafe",
        "THRESHOLD_NOT_MET",
        "No signature, and an unsafe name: signatures come first.",
        signed_with(metadata=targets({"../x": b"x"})),
    ),
    # Signatures of roots.
    Case(
        "root_unsigned",
        "THRESHOLD_NOT_MET",
        "A new root without a signature.",
        with_root(e.signed(root(2))),
    ),
    Case(
        "root_by_stranger",
        "THRESHOLD_NOT_MET",
        "A stranger's own root.",
        with_root(e.signed(root(2, [STRANGER], [T]), STRANGER)),
    ),
    Case(
        "root_by_targets_key",
        "THRESHOLD_NOT_MET",
        "A root by the key of releases.",
        with_root(e.signed(root(2), T)),
    ),
    Case(
        "root_same_unsigned",
        "THRESHOLD_NOT_MET",
        "The device's own root, unsigned.",
        with_root(e.signed(root())),
    ),
    Case(
        "root_by_old_only",
        "THRESHOLD_NOT_MET",
        "A new root key that did not sign its own root.",
        with_root(e.signed(root(2, [R2]), R)),
    ),
    Case(
        "root_by_new_only",
        "THRESHOLD_NOT_MET",
        "A new root that the old key did not sign.",
        with_root(e.signed(root(2, [R2]), R2)),
    ),
    Case(
        "root_by_both",
        "ACCEPT",
        "Signed by the old key and the new one.",
        with_root(e.signed(root(2, [R2]), R, R2)),
    ),
    Case(
        "root_old_threshold_only",
        "THRESHOLD_NOT_MET",
        "Both old keys signed, and one of the two new ones.",
        with_root(e.signed(root(2, [R2, R3], root_threshold=2), R, R2)),
        trusted=TRUSTED_ROOT_2_OF_2,
    ),
    Case(
        "root_new_threshold_only",
        "THRESHOLD_NOT_MET",
        "Both new keys signed, and one of the two old ones.",
        with_root(e.signed(root(2, [R2, R3], root_threshold=2), R2, R3)),
        trusted=TRUSTED_ROOT_2_OF_2,
    ),
    Case(
        "root_both_thresholds",
        "ACCEPT",
        "Three keys meet both thresholds of two.",
        with_root(e.signed(root(2, [R2, R3], root_threshold=2), R, R2, R3)),
        trusted=TRUSTED_ROOT_2_OF_2,
    ),
    Case(
        "root_lowers_threshold",
        "THRESHOLD_NOT_MET",
        "A new root that needs one signature, with one: the old one needs two.",
        with_root(e.signed(root(2, [R]), R)),
        trusted=TRUSTED_ROOT_2_OF_2,
    ),
    Case(
        "root_raises_threshold",
        "THRESHOLD_NOT_MET",
        "A new root that needs two signatures, with the one that the old needs.",
        with_root(e.signed(root(2, [R, R2], root_threshold=2), R)),
    ),
    Case(
        "root_signature_of_older",
        "THRESHOLD_NOT_MET",
        "Root 2 with the signature of root 1.",
        with_root(e.signed_of(root(2), [R.signature(root())])),
    ),
    Case(
        "release_by_revoked_key",
        "THRESHOLD_NOT_MET",
        "The new root has another targets key; the old one signed.",
        with_root(e.signed(root(2, targets_keys=[T2]), R)),
    ),
    Case(
        "release_by_key_to_come",
        "THRESHOLD_NOT_MET",
        "Signed by a key that only the next root lists, which is not there.",
        good(key=T2),
    ),
]

CASES = KEY_CASES + SIGNATURE_CASES
