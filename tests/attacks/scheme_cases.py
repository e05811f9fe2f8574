"""Writes tests/vectors/schemes: roots and bundles whose keys are of experimental schemes.

Run `PYTHONPATH=tools python -m tests.attacks.scheme_cases` in the top folder. ML-DSA signatures contain
random bytes, so each run makes other bundles. A run keeps each file that differs from the new one only
in signatures: `Made.signatures` says where these are.
"""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ed25519, mldsa
from software_update.testing import encode as e

from tests.attacks import folders
from tests.attacks.product import AT, CONTENTS, TRUSTED, R, T, targets

FOLDER = Path(__file__).absolute().parents[1] / "vectors/schemes"
# The order of Ed25519's group (RFC 8032, 5.1).
ORDER = 2**252 + 27742317777372353535851937790883648493
# Y of a point of order 8.
ORDER_8 = 0x7A03AC9277FDC74EC6CC392CFA53202A0F67100D760B3CBA4FD84D3D706A17C7

_SIGNED: list[bytes] = []


@dataclasses.dataclass(frozen=True)
class Scheme:
    """The numbers of a scheme, and its keys: the private key of a seed of 32 bytes."""

    name: str
    key_type: int
    number: int
    private: Callable[[bytes], Any]


ED25519 = Scheme("ed25519", 2, 2, ed25519.Ed25519PrivateKey.from_private_bytes)
ML_DSA_44 = Scheme("ml_dsa_44", 65, 65, mldsa.MLDSA44PrivateKey.from_seed_bytes)
SCHEMES = (ED25519, ML_DSA_44)


@dataclasses.dataclass(frozen=True)
class Key:
    """A key pair that protects nothing: its seed is derived from its name."""

    scheme: Scheme
    name: str

    @functools.cached_property
    def private(self) -> Any:
        return self.scheme.private(e.sha256(f"a worthless key: {self.name}".encode()))

    @property
    def keyval(self) -> bytes:
        keyval: bytes = self.private.public_key().public_bytes_raw()
        return keyval

    @property
    def listed(self) -> bytes:
        """KeyMapping."""
        return e.key_of(self.keyval, self.scheme.key_type, self.scheme.number)

    @property
    def key_id(self) -> bytes:
        return e.key_id_of(self.keyval, self.scheme.key_type, self.scheme.number)

    def sign(self, content: bytes, **context: bytes) -> bytes:
        """Returns the signature, and remembers that its bytes may differ in the next run."""
        value: bytes = self.private.sign(content, **context)
        _SIGNED.append(value)
        return value

    def signature(self, content: bytes) -> bytes:
        """Signature."""
        return e.signature_of(self.key_id, self.sign(content))


@dataclasses.dataclass(frozen=True)
class Made:
    """A case: its bundle, the verdict, and the places (start and end) of signatures in the bundle."""

    name: str
    verdict: str
    what: str
    bundle: bytes
    signatures: tuple[tuple[int, int], ...]
    trusted: bytes = TRUSTED
    experimental: bool = True

    def masked(self, bundle: bytes) -> bytes:
        """Returns a bundle with zeros in the place of this case's signatures."""
        content = bytearray(bundle)
        for start, end in self.signatures:
            content[start:end] = bytes(end - start)
        return bytes(content)

    def is_kept(self) -> bool:
        """Says whether the folder's bundle of this case differs at most in signatures."""
        path = FOLDER / f"{self.name}.bundle"
        if not path.exists():
            return False
        kept = path.read_bytes()
        return len(kept) == len(self.bundle) and self.masked(kept) == self.masked(self.bundle)


def roots_of(scheme: Scheme) -> tuple[Key, Key]:
    """Returns the scheme's root key and targets key."""
    return Key(scheme, "root"), Key(scheme, "targets")


def next_root(
    root_keys: Sequence[bytes], targets_keys: Sequence[bytes], threshold: int = 1
) -> bytes:
    """RootMetadata of version 2, of KeyMappings; `threshold` is that of the targets keys."""
    return e.root_of(
        e.common("root", 2),
        [*root_keys, *targets_keys],
        e.role(map(_id, root_keys)),
        e.role(map(_id, targets_keys), threshold),
    )


def _id(listed: bytes) -> bytes:
    # The first field of KeyMapping: a tag, a length, and 32 bytes.
    return listed[2:34]


def bundle_of(root: bytes, root_signatures: Sequence[bytes], *signatures: bytes) -> bytes:
    """A bundle with a root of version 2, which R signed too."""
    signed_root = e.signed_of(root, [R.signature(root), *root_signatures])
    signed_targets = e.targets_entry(e.signed_of(targets(), signatures))
    return e.root_entry(signed_root) + signed_targets + e.payloads(CONTENTS)


def good(scheme: Scheme) -> bytes:
    """A bundle with nothing wrong in it, whose root and targets metadata the scheme's keys sign."""
    return with_signature(scheme, lambda key, content: key.sign(content))


def with_signature(scheme: Scheme, sign: Callable[[Key, bytes], bytes]) -> bytes:
    """As `good`, with another signature of the targets metadata."""
    root_key, targets_key = roots_of(scheme)
    root = next_root([root_key.listed], [targets_key.listed])
    value = sign(targets_key, targets())
    signature = e.signature_of(targets_key.key_id, value)
    return bundle_of(root, [root_key.signature(root)], signature)


def with_key(listed: bytes) -> bytes:
    """A bundle whose root lists one faulty targets key; the fault is found before any signature."""
    root = next_root([R.listed], [listed])
    return bundle_of(root, [], T.signature(targets()))


def of_all_schemes(count: int) -> bytes:
    """A bundle that needs a signature of every scheme, with the first `count` of them."""
    keys: list[e.Key | Key] = [T, *(roots_of(scheme)[1] for scheme in SCHEMES)]
    root = next_root([R.listed], [key.listed for key in keys], len(keys))
    return bundle_of(root, [], *(key.signature(targets()) for key in keys[:count]))


def with_ecdsa(scheme: Scheme, threshold: int, *, signatures: int = 2) -> bytes:
    """A bundle for the scheme's key and an ECDSA key; the ECDSA key signs first, the other second."""
    keys: list[e.Key | Key] = [T, roots_of(scheme)[1]]
    root = next_root([R.listed], [key.listed for key in keys], threshold)
    return bundle_of(root, [], *(key.signature(targets()) for key in keys[:signatures]))


def flipped(key: Key, content: bytes) -> bytes:
    value = key.sign(content)
    changed = bytes([value[0] ^ 1]) + value[1:]
    _SIGNED.append(changed)
    return changed


def with_larger_s(key: Key, content: bytes) -> bytes:
    """S plus the group's order: the same number to a careless verifier (RFC 8032, 5.1.7)."""
    value = key.sign(content)
    s = int.from_bytes(value[32:], "little") + ORDER
    changed = value[:32] + s.to_bytes(32, "little")
    _SIGNED.append(changed)
    return changed


def _of_scheme(scheme: Scheme) -> Iterator[tuple[str, str, str, Callable[[], bytes]]]:
    key = roots_of(scheme)[1]
    keyval, key_type = key.keyval, scheme.key_type
    yield "good", "ACCEPT", "A good bundle: the scheme's keys in both roles.", lambda: good(scheme)
    for name, what, sign in (
        ("flipped_bit", "A signature with one other bit.", flipped),
        (
            "signature_of_digest",
            "A signature of the SHA-256 instead of the bytes.",
            lambda key, content: key.sign(e.sha256(content)),
        ),
        ("short", "A signature without its last byte.", lambda key, data: _cut(key.sign(data))),
        ("long", "A signature with another byte.", lambda key, data: key.sign(data) + b"\0"),
        ("zeros", "A signature of zeros.", lambda key, data: bytes(len(key.sign(data)))),
        (
            "other_metadata",
            "A signature of other metadata.",
            lambda key, content: key.sign(content + e.text(200, "more")),
        ),
    ):
        yield name, "THRESHOLD_NOT_MET", what, functools.partial(with_signature, scheme, sign)
    for name, verdict, what, count in (
        ("with_ecdsa", "ACCEPT", "Signed by both keys of a role: this and an ECDSA key.", 2),
        ("only_ecdsa", "THRESHOLD_NOT_MET", "As before, signed only by the ECDSA key.", 1),
    ):
        yield name, verdict, what, functools.partial(with_ecdsa, scheme, 2, signatures=count)
    for name, what, listed in (
        ("scheme_of_ecdsa", "The scheme's type with the number of ECDSA.", (keyval, key_type, 3)),
        ("type_of_ecdsa", "ECDSA's type with the scheme's number.", (keyval, 3, scheme.number)),
        ("keyval_of_ecdsa", "A P-256 key under the scheme's numbers.", (T.keyval, key_type)),
        ("keyval_short", "A key without its last byte.", (keyval[:-1], key_type)),
        ("keyval_long", "A key with another byte.", (keyval + b"\0", key_type)),
    ):
        faulty = e.key_of(*listed) if len(listed) == 3 else e.key_of(*listed, scheme.number)
        yield name, "KEY_TYPE_MISMATCH", what, functools.partial(with_key, faulty)


def _cut(signature: bytes) -> bytes:
    _SIGNED.append(signature[:-1])
    return signature[:-1]


def _ed25519_point(y: int) -> Callable[[], bytes]:
    return functools.partial(with_key, e.key_of(y.to_bytes(32, "little"), 2, 2))


def _all() -> Iterator[Made]:
    for scheme in SCHEMES:
        for name, verdict, what, bundle in _of_scheme(scheme):
            yield _made(f"{scheme.name}_{name}", verdict, what, bundle)
        for name, what, bundle in (
            (
                "without_option",
                "A device that implements only ECDSA meets a good bundle.",
                functools.partial(good, scheme),
            ),
            (
                "with_ecdsa_without_option",
                "A device that implements only ECDSA meets a role that an ECDSA key is in too.",
                functools.partial(with_ecdsa, scheme, 2),
            ),
            (
                "with_one_ecdsa_without_option",
                "As before; the ECDSA key's signature is enough for the threshold.",
                functools.partial(with_ecdsa, scheme, 1),
            ),
        ):
            made = _made(f"{scheme.name}_{name}", "KEY_TYPE_MISMATCH", what, bundle)
            yield dataclasses.replace(made, experimental=False)
    prime = 2**255 - 19
    for name, what, y in (
        ("neutral", "The neutral element, with which anyone can sign.", 1),
        ("order_2", "A point of order 2.", prime - 1),
        ("order_4", "A point of order 4.", 0),
        ("order_8", "A point of order 8.", ORDER_8),
        ("not_reduced", "A Y that is not below the prime.", prime + 3),
        ("off_curve", "A Y that no point has.", 2),
    ):
        yield _made(f"ed25519_{name}", "INVALID_KEY", what, _ed25519_point(y))
    yield _made(
        "ed25519_larger_s",
        "THRESHOLD_NOT_MET",
        "An S that is not below the group's order.",
        functools.partial(with_signature, ED25519, with_larger_s),
    )
    yield _made(
        "ml_dsa_44_context",
        "THRESHOLD_NOT_MET",
        "A signature with a context that is not empty.",
        functools.partial(
            with_signature, ML_DSA_44, lambda key, data: key.sign(data, context=b"update")
        ),
    )
    count = 1 + len(SCHEMES)
    yield _made(
        "all_schemes", "ACCEPT", "A role with a key of each scheme.", lambda: of_all_schemes(count)
    )
    yield _made(
        "all_schemes_but_one",
        "THRESHOLD_NOT_MET",
        "As before, without the last signature.",
        lambda: of_all_schemes(count - 1),
    )
    yield _made("ecdsa_with_option", "ACCEPT", "A bundle with ECDSA keys only.", of_ecdsa)


def of_ecdsa() -> bytes:
    """A good bundle, as every device accepts it."""
    return bundle_of(next_root([R.listed], [T.listed]), [], T.signature(targets()))


def _made(name: str, verdict: str, what: str, bundle: Callable[[], bytes]) -> Made:
    _SIGNED.clear()
    content = bundle()
    starts = [(content.find(value), len(value)) for value in _SIGNED]
    places = {(start, start + length) for start, length in starts if start >= 0}
    return Made(name, verdict, what, content, tuple(sorted(places)))


def cases() -> list[Made]:
    """Returns all cases, with new signatures."""
    return list(_all())


def files(made: Sequence[Made]) -> dict[str, bytes]:
    """Returns every file by its name: bundles, roots and `cases.json`."""
    found: dict[str, bytes] = {}
    described = []
    for case in made:
        root = f"{hashlib.sha256(case.trusted).hexdigest()[:8]}.root.pb"
        bundle = f"{case.name}.bundle"
        found |= {root: case.trusted, bundle: case.bundle}
        entry: dict[str, object] = {"name": case.name, "verdict": case.verdict, "what": case.what}
        entry |= {"trusted_root": root, "bundle": bundle, "at": AT}
        if case.experimental:
            entry["experimental_schemes"] = True
        described.append(entry)
    found["cases.json"] = folders.document(described)
    return found


def main() -> int:
    made = cases()
    kept = {f"{each.name}.bundle" for each in made if each.is_kept()}
    folders.write(FOLDER, files(made), kept)
    return 0


if __name__ == "__main__":
    sys.exit(main())
