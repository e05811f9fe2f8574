"""Keys that are the same in every run, made from a small number each."""

import functools
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from software_update.keys.private_key import PrivateKey
from software_update.keys.public_key import PublicKey
from software_update.keys.schemes import DEFAULT_SCHEME
from software_update.signing import signature_file, signing_request
from software_update.signing.signature_file import DetachedSignature
from software_update.testing.encode import (
    ORDER,
    PRIME,
    ROOT_KEY,
    ROOT_KEY_2,
    ROOT_KEY_3,
    STRANGER,
    TARGETS_KEY,
    TARGETS_KEY_2,
    TARGETS_KEY_3,
)

__all__ = [
    "ORDER",
    "ROOT_KEY",
    "ROOT_KEY_2",
    "ROOT_KEY_3",
    "STRANGER",
    "TARGETS_KEY",
    "TARGETS_KEY_2",
    "TARGETS_KEY_3",
    "key_id",
    "mirrored",
    "private_pem",
    "public_pem",
    "signer",
    "write_keys",
    "write_signature",
]


@functools.cache
def signer(number: int) -> PrivateKey:
    """The P-256 key whose private scalar is `number`."""
    key = ec.derive_private_key(number, ec.SECP256R1())
    keyval = key.public_key().public_bytes(
        serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
    )
    return PrivateKey(PublicKey(DEFAULT_SCHEME, keyval), key)


def mirrored(key: PublicKey) -> PublicKey:
    """Returns the key with the same X and the other Y; its private scalar is ORDER minus this one's."""
    y = PRIME - int.from_bytes(key.keyval[33:], "big")
    return PublicKey(key.scheme, key.keyval[:33] + y.to_bytes(32, "big"))


def key_id(number: int) -> bytes:
    """The raw key id of signer(number)."""
    return signer(number).public.key_id


def private_pem(number: int) -> bytes:
    """signer(number) as PKCS#8 PEM."""
    return ec.derive_private_key(number, ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def public_pem(number: int) -> bytes:
    """signer(number)'s public key as SubjectPublicKeyInfo PEM."""
    key = ec.derive_private_key(number, ec.SECP256R1())
    return key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def write_keys(folder: Path, **numbers: int) -> None:
    """Writes FOLDER/NAME.pem and FOLDER/NAME.pem.pub of each NAME=number."""
    for name, number in numbers.items():
        (folder / f"{name}.pem").write_bytes(private_pem(number))
        (folder / f"{name}.pem.pub").write_bytes(public_pem(number))


def write_signature(path: Path, data: bytes, number: int) -> str:
    """Writes the signature file of a request with the bytes `data`; returns its path."""
    request = signing_request.parse_request(data)
    signature = DetachedSignature(
        request.sha256,
        request.role,
        request.version,
        key_id(number),
        signer(number).sign(data),
    )
    path.write_bytes(signature_file.build(signature))
    return str(path)
