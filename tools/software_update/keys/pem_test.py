"""Tests of pem.py."""

import re
import sys
from pathlib import Path

import cryptography
import pytest
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from software_update.base.errors import InputError, WrongSecret
from software_update.cli.render.advice import with_advice
from software_update.keys import pem
from software_update.keys.scheme import Scheme, SchemeMissing
from software_update.keys.schemes import ALL_SCHEMES, ML_DSA_44
from software_update.testing import signers

PEM, DER = serialization.Encoding.PEM, serialization.Encoding.DER
PKCS8, SEC1 = serialization.PrivateFormat.PKCS8, serialization.PrivateFormat.TraditionalOpenSSL
SPKI = serialization.PublicFormat.SubjectPublicKeyInfo
PLAIN = serialization.NoEncryption()
P256_ORDER = signers.ORDER
P256_PRIME = 2**256 - 2**224 + 2**192 + 2**96 - 1
OPENSSH = b"-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n"
CERTIFICATE = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"


def p256() -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(5, ec.SECP256R1())


def write(folder: Path, content: bytes, name: str = "my key.pem") -> str:
    path = folder / name
    path.write_bytes(content)
    return str(path)


def public_error(folder: Path, content: bytes, name: str = "my key.pem") -> str:
    path = write(folder, content, name)
    with pytest.raises(InputError) as caught:
        pem.read_public_key(path)
    return one_line(path, with_advice(caught.value))


def private_error(folder: Path, content: bytes, name: str = "my key.pem") -> str:
    path = write(folder, content, name)
    with pytest.raises(InputError) as caught:
        pem.read_private_key(path)
    return one_line(path, with_advice(caught.value))


def one_line(path: str, text: str) -> str:
    """The text after the file's name, with FILE for the file in the commands in it."""
    assert "\n" not in text
    assert text.startswith(f"{path}: ")
    rest = text.removeprefix(f"{path}: ")
    # A command can be pasted into a shell, whatever the file is called.
    assert path not in rest.replace(f"'{path}'", "").replace(f"'{path}.", "")
    return re.sub(rf"'{re.escape(path)}(\.\w+)?'", r"FILE\1", rest)


def test_reads_what_it_generates(tmp_path: Path) -> None:
    private, public = pem.generate_private_key_pem()
    key = pem.read_private_key(write(tmp_path, private))
    assert pem.read_public_key(write(tmp_path, public, "public")) == key.public
    assert private.startswith(b"-----BEGIN PRIVATE KEY-----\n")
    assert public.startswith(b"-----BEGIN PUBLIC KEY-----\n")
    assert pem.generate_private_key_pem()[0] != private


def test_words_before_the_pem_block_are_fine(tmp_path: Path) -> None:
    commented = b"A comment\n" + signers.public_pem(7)
    assert pem.read_public_key(write(tmp_path, commented)) == signers.signer(7).public


def test_is_private(tmp_path: Path) -> None:
    assert pem.is_private(write(tmp_path, signers.private_pem(7)))
    assert pem.is_private(write(tmp_path, p256().private_bytes(PEM, SEC1, PLAIN)))
    assert pem.is_private(write(tmp_path, OPENSSH))
    assert not pem.is_private(write(tmp_path, signers.public_pem(7)))
    assert not pem.is_private(write(tmp_path, CERTIFICATE))


MAKE_ONE = "make one with: software-update key generate OUT"


def test_public_key_errors(tmp_path: Path) -> None:
    public = p256().public_key()
    start = "not a SubjectPublicKeyInfo PEM key; "
    assert public_error(tmp_path, signers.private_pem(7)) == (
        "this is a private key; make its public key with: "
        "openssl pkey -in FILE -pubout -out FILE.pub"
    )
    assert public_error(tmp_path, p256().private_bytes(PEM, SEC1, PLAIN)).startswith(
        "this is a private key; make its public key"
    )
    assert public_error(tmp_path, CERTIFICATE) == (
        start + "extract the key with: openssl x509 -in FILE -pubkey -noout"
    )
    assert public_error(tmp_path, public.public_bytes(DER, SPKI)) == (
        start + "convert it with: openssl pkey -pubin -inform DER -in FILE -out FILE.pem"
    )
    ssh = public.public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    assert public_error(tmp_path, ssh) == (
        start + "convert it with: ssh-keygen -e -m PKCS8 -f FILE"
    )
    for other in (b"", b"hello", b"-----BEGIN RSA PUBLIC KEY-----\n"):
        assert public_error(tmp_path, other) == (
            f"{start}it begins with -----BEGIN PUBLIC KEY-----; {MAKE_ONE}"
        )
    damaged = signers.public_pem(7).replace(b"MFkwEwYH", b"MFkwEwYI")
    assert public_error(tmp_path, damaged).startswith("damaged public key (")
    assert public_error(tmp_path, b"-----BEGIN PUBLIC KEY-----\n").startswith(
        "damaged public key ("
    )
    assert public_error(tmp_path, bytes(65 * 1024)) == "too large for a key file"


def test_key_files_with_another_encoding(tmp_path: Path) -> None:
    text = signers.public_pem(7).decode()
    for encoding, found in (
        ("utf-16", "is UTF-16 text"),
        ("utf-8-sig", "starts with a UTF-8 byte"),
    ):
        for error in (public_error, private_error):
            problem = error(tmp_path, text.encode(encoding))
            assert problem.startswith(found)
            assert "; save it as UTF-8 without a byte order mark, for example with: " in problem


def test_private_key_errors(tmp_path: Path) -> None:
    start = "not a PKCS#8 PEM private key; "
    encrypted = p256().private_bytes(PEM, PKCS8, serialization.BestAvailableEncryption(b"x"))
    assert private_error(tmp_path, encrypted) == (
        start + "it is encrypted; only software-update sign reads such a key"
    )
    assert private_error(tmp_path, p256().private_bytes(PEM, SEC1, PLAIN)) == (
        start + "convert it with: openssl pkcs8 -topk8 -nocrypt -in FILE -out FILE.pem"
    )
    assert private_error(tmp_path, p256().private_bytes(DER, PKCS8, PLAIN)) == (
        start + "convert it with: openssl pkey -inform DER -in FILE -out FILE.pem"
    )
    assert private_error(tmp_path, signers.public_pem(7)) == (
        start + "this is a public key; name the private one"
    )
    for other in (b"", b"hello", OPENSSH, CERTIFICATE):
        assert private_error(tmp_path, other) == (
            f"{start}it begins with -----BEGIN PRIVATE KEY-----; {MAKE_ONE}"
        )
    damaged = signers.private_pem(7).replace(b"\nMIGHAgEA", b"\nMIGHAgEB")
    assert private_error(tmp_path, damaged).startswith("damaged private key (")


def other_keys() -> dict[str, object]:
    return {
        "P-384": ec.derive_private_key(5, ec.SECP384R1()),
        "secp256k1": ec.derive_private_key(5, ec.SECP256K1()),
        "RSA": rsa.generate_private_key(65537, 1024),
        "Ed25519": ed25519.Ed25519PrivateKey.generate(),
    }


def test_encrypted_keys(tmp_path: Path) -> None:
    encrypted = p256().private_bytes(PEM, PKCS8, serialization.BestAvailableEncryption(b"good"))
    path = write(tmp_path, encrypted)
    assert pem.read_private_key(path, lambda: b"good").sign(b"x") == signers.signer(5).sign(b"x")
    for wrong in (b"bad", b"", b"\xff", b"x" * 5000):
        with pytest.raises(WrongSecret, match="wrong passphrase, or a damaged private key"):
            pem.read_private_key(path, lambda passphrase=wrong: passphrase)  # type: ignore[misc]
    with pytest.raises(InputError, match=r"it is encrypted$"):
        pem.read_private_key(path)
    # The reader does not ask for the passphrase of a key without one.
    plain = write(tmp_path, p256().private_bytes(PEM, PKCS8, PLAIN))
    assert pem.read_private_key(plain, lambda: 1 // 0 * b"")
    sec1 = write(tmp_path, p256().private_bytes(PEM, SEC1, PLAIN))
    with pytest.raises(InputError, match=r"openssl pkcs8 -topk8 -in '"):
        pem.read_private_key(sec1, lambda: b"good")


def test_check_public(tmp_path: Path) -> None:
    public = p256().public_key().public_bytes(PEM, SPKI)
    for single in (public, public.replace(b"\n", b"\r\n") + b"\n\n"):
        read = pem.read_checked_public_key(write(tmp_path, single))
        assert read == signers.signer(5).public
    private = p256().private_bytes(PEM, PKCS8, PLAIN)
    encrypted = p256().private_bytes(PEM, PKCS8, serialization.BestAvailableEncryption(b"p"))
    sec1 = p256().private_bytes(PEM, SEC1, PLAIN)
    for content in (private, encrypted, sec1, OPENSSH, public + private, private + public):
        with pytest.raises(InputError, match="holds a private key; name the public one"):
            pem.read_checked_public_key(write(tmp_path, content))
    with pytest.raises(InputError, match="holds a private key"):
        pem.read_checked_public_key(
            write(tmp_path, public + private.replace(b"PRIVATE KEY", b"Private Key"))
        )
    der = p256().private_bytes(DER, PKCS8, PLAIN)
    body = public.split(b"\n", 1)[1]
    for more in (
        public + der,
        der + public,
        public + der.hex().encode(),
        public + public,
        b'{"kty": "EC", "d": "AAAA"}\n' + public,
        b"-----BEGIN PUBLIC KEY-----\nComment: " + der.hex().encode()[:50] + b"\n\n" + body,
    ):
        with pytest.raises(InputError, match=r"holds more than a public|damaged public key"):
            pem.read_checked_public_key(write(tmp_path, more))
    for none in (b"", der, CERTIFICATE, b"\0" * 100, bytes(100_000), private[40:-40]):
        with pytest.raises(InputError):
            pem.read_checked_public_key(write(tmp_path, none))


def test_other_kinds_of_key(tmp_path: Path) -> None:
    expected = f"not an ECDSA key on NIST P-256; {MAKE_ONE}"
    for kind, key in other_keys().items():
        private = key.private_bytes(PEM, PKCS8, PLAIN)  # type: ignore[attr-defined]
        public = key.public_key().public_bytes(PEM, SPKI)  # type: ignore[attr-defined]
        assert private_error(tmp_path, private) == expected, kind
        assert public_error(tmp_path, public) == expected, kind


def test_no_key_material_in_errors(tmp_path: Path) -> None:
    lines = signers.private_pem(7).splitlines()
    damaged = b"\n".join([lines[0], lines[1], *lines[3:]])
    text = private_error(tmp_path, damaged)
    assert text.startswith("damaged private key (")
    assert lines[1].decode() not in text


@pytest.mark.parametrize("scheme", ALL_SCHEMES.accepted, ids=lambda each: each.name)
def test_reads_what_it_generates_of_each_scheme(tmp_path: Path, scheme: Scheme) -> None:
    private, public = (
        write(tmp_path, content, name)
        for content, name in zip(pem.generate_private_key_pem(scheme), "ab", strict=True)
    )
    key = pem.read_private_key(private, schemes=ALL_SCHEMES)
    assert pem.read_public_key(public, ALL_SCHEMES) == key.public
    assert pem.read_checked_public_key(public, ALL_SCHEMES) == key.public
    assert key.public.scheme is scheme
    assert key.public.verifies(key.sign(b"data"), b"data")


def test_weak_key_is_rejected(tmp_path: Path) -> None:
    neutral = ed25519.Ed25519PublicKey.from_public_bytes((1).to_bytes(32, "little"))
    path = write(tmp_path, neutral.public_bytes(PEM, SPKI))
    with pytest.raises(InputError, match=r"damaged public key \(it is not a valid key\)"):
        pem.read_public_key(path, ALL_SCHEMES)


def test_a_key_that_cryptography_lacks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    private, public = pem.generate_private_key_pem(ML_DSA_44)
    monkeypatch.setitem(sys.modules, "cryptography.hazmat.primitives.asymmetric.mldsa", None)
    with pytest.raises(SchemeMissing, match="does not implement it"):
        pem.read_public_key(write(tmp_path, public), ALL_SCHEMES)
    with pytest.raises(SchemeMissing, match="does not implement it"):
        pem.read_private_key(write(tmp_path, private), schemes=ALL_SCHEMES)
    ecdsa = write(tmp_path, signers.public_pem(7))
    assert pem.read_public_key(ecdsa, ALL_SCHEMES) == signers.signer(7).public


def test_a_kind_of_key_that_cryptography_cannot_load(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise UnsupportedAlgorithm("Unsupported key type: 2.16.840.1.101.3.4.3.17")

    monkeypatch.setattr(serialization, "load_pem_public_key", refuse)
    monkeypatch.setattr(serialization, "load_pem_private_key", refuse)
    expected = (
        f"cryptography {cryptography.__version__} does not implement this kind of key "
        f"(Unsupported key type: 2.16.840.1.101.3.4.3.17); {MAKE_ONE}"
    )
    assert public_error(tmp_path, signers.public_pem(7)) == expected
    assert private_error(tmp_path, signers.private_pem(7)) == expected
