"""Tests of keys.py."""

import hashlib
import re
import sys
from pathlib import Path

import cryptography
import pytest
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa, utils
from hypothesis import given
from hypothesis import strategies as st

from software_update.base.dependencies import NEEDED
from software_update.base.errors import InputError, WrongSecret
from software_update.keys import keys
from software_update.testing import signers, tree

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
        keys.read_public_key(path)
    return one_line(path, str(caught.value))


def private_error(folder: Path, content: bytes, name: str = "my key.pem") -> str:
    path = write(folder, content, name)
    with pytest.raises(InputError) as caught:
        keys.read_private_key(path)
    return one_line(path, str(caught.value))


def one_line(path: str, text: str) -> str:
    """The text after the file's name, with FILE for the file in the commands in it."""
    assert "\n" not in text
    assert text.startswith(f"{path}: ")
    rest = text.removeprefix(f"{path}: ")
    # A command can be pasted into a shell, whatever the file is called.
    assert path not in rest.replace(f"'{path}'", "").replace(f"'{path}.", "")
    return re.sub(rf"'{re.escape(path)}(\.\w+)?'", r"FILE\1", rest)


# Key ids and signatures


def test_key_id_vector() -> None:
    keyval = bytes.fromhex(
        "04490e591c6d7c7645e4d41ff4e25c379102d1f1c4a1108dd7e725e0e8a0f699f0964b171ea7e2bc1e64a26d1e05"
        "02a7a44cb3f6b0dc4836835e494fc1b24e1345"
    )
    expected = "91f13321d5277c1460d840e87b3b4af8dce1c763abfac6cad1409d4073442593"
    assert keys.key_id(3, 3, keyval).hex() == expected
    assert keys.PublicKey(keyval).key_id.hex() == expected
    assert keys.PublicKey(keyval).is_on_curve()
    assert keys.key_id(3, 2, keyval).hex() != expected


# RFC 6979, A.2.5: P-256 and SHA-256.
RFC_6979_X = 0xC9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721
RFC_6979_SIGNATURES = {
    b"sample": "EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716"
    "F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8",
    b"test": "F1ABB023518351CD71D881567B1EA663ED3EFCF6C5132B354F28D3B0B7D38367"
    "019F4113742A2B14BD25926B49C649155F267E60D3814B4C0CC84250E46F0083",
}


@pytest.mark.parametrize("message", RFC_6979_SIGNATURES)
def test_rfc_6979_vectors(tmp_path: Path, message: bytes) -> None:
    path = write(
        tmp_path, ec.derive_private_key(RFC_6979_X, ec.SECP256R1()).private_bytes(PEM, PKCS8, PLAIN)
    )
    key = keys.read_private_key(path)
    assert key.sign(message).hex().upper() == RFC_6979_SIGNATURES[message]
    assert key.public.verifies(key.sign(message), message)


def test_mirrored_key_has_the_same_identity() -> None:
    key = signers.signer(5).public
    mirrored = signers.signer(P256_ORDER - 5).public
    assert mirrored == signers.mirrored(key)
    assert mirrored.key_id != key.key_id
    assert mirrored.identity == key.identity == key.keyval[1:33]
    assert signers.signer(6).public.identity != key.identity


def test_identity_of_other_kinds_is_the_whole_key() -> None:
    keyval = bytes(range(65))
    for kind in ((2, 2), (3, 2), (2, 3)):
        assert keys.identity(*kind, keyval) == keyval


def test_verifies_nothing_but_the_signature() -> None:
    key = signers.signer(signers.ROOT_KEY)
    good = key.sign(b"data")
    assert len(good) == 64
    assert key.public.verifies(good, b"data")
    assert not key.public.verifies(good, b"datA")
    assert not signers.signer(signers.STRANGER).public.verifies(good, b"data")
    for bad in (b"", good[:63], good + b"\0", bytes(64), b"\xff" * 64, good[32:] + good[:32]):
        assert not key.public.verifies(bad, b"data")
    for bit in range(0, 512, 37):
        changed = bytearray(good)
        changed[bit // 8] ^= 1 << bit % 8
        assert not key.public.verifies(bytes(changed), b"data")


def test_the_der_form_of_a_signature_is_none() -> None:
    key = signers.signer(signers.ROOT_KEY)
    good = key.sign(b"data")
    der = utils.encode_dss_signature(
        int.from_bytes(good[:32], "big"), int.from_bytes(good[32:], "big")
    )
    assert not key.public.verifies(der, b"data")


@given(st.binary(max_size=200))
def test_raw_form(data: bytes) -> None:
    # Of many: r and s with and without the zero byte that DER puts before a high bit.
    key = signers.signer(signers.ROOT_KEY)
    raw = key.sign(data)
    der = utils.encode_dss_signature(
        int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big")
    )
    assert key.public.raw_form(raw, data) == key.public.raw_form(der, data) == raw
    other = signers.signer(signers.STRANGER).public
    for bad in (b"", raw + b"\0", der + b"\0", der[:-1], raw[::-1]):
        assert key.public.raw_form(bad, data) is None
    assert other.raw_form(raw, data) is None
    assert other.raw_form(der, data) is None


@given(st.binary(max_size=100))
def test_raw_form_is_total(signature: bytes) -> None:
    assert signers.signer(signers.ROOT_KEY).public.raw_form(signature, b"data") is None


def test_either_half_of_s_is_accepted() -> None:
    key = signers.signer(signers.ROOT_KEY)
    good = key.sign(b"data")
    other_s = P256_ORDER - int.from_bytes(good[32:], "big")
    assert key.public.verifies(good[:32] + other_s.to_bytes(32, "big"), b"data")
    too_large_s = other_s + P256_ORDER
    if too_large_s < 2**256:
        assert not key.public.verifies(good[:32] + too_large_s.to_bytes(32, "big"), b"data")


@given(st.binary(max_size=200))
def test_signing_is_deterministic_and_verifies(data: bytes) -> None:
    key = signers.signer(signers.TARGETS_KEY)
    assert key.sign(data) == key.sign(data)
    assert key.public.verifies(key.sign(data), data)


def test_points_off_the_curve_and_other_forms() -> None:
    good = signers.signer(signers.ROOT_KEY).public.keyval
    x, y = good[1:33], good[33:]
    assert keys.PublicKey(good).is_on_curve()
    off = y[:-1] + bytes([y[-1] ^ 1])
    compressed = bytes([2 + y[-1] % 2]) + x
    hybrid = bytes([6 + y[-1] % 2]) + x + y
    too_large_x = P256_PRIME.to_bytes(32, "big")
    for bad in (
        b"\x04" + x + off,
        b"\x04" + bytes(64),
        b"\x04" + too_large_x + y,
        b"\x00",
        b"",
        good[:-1],
        good + b"\0",
        compressed,
        compressed + bytes(32),
        hybrid,
        b"\x05" + x + y,
    ):
        assert not keys.PublicKey(bad).is_on_curve(), bad.hex()


def test_a_private_key_does_not_show_itself() -> None:
    assert "_key" not in repr(signers.signer(signers.ROOT_KEY))


# Key files


def test_reads_what_it_generates(tmp_path: Path) -> None:
    private, public = keys.generate_private_key_pem()
    key = keys.read_private_key(write(tmp_path, private))
    assert keys.read_public_key(write(tmp_path, public, "public")) == key.public
    assert private.startswith(b"-----BEGIN PRIVATE KEY-----\n")
    assert public.startswith(b"-----BEGIN PUBLIC KEY-----\n")
    assert keys.generate_private_key_pem()[0] != private


def test_words_before_the_pem_block_are_fine(tmp_path: Path) -> None:
    pem = b"A comment\n" + signers.public_pem(7)
    assert keys.read_public_key(write(tmp_path, pem)) == signers.signer(7).public


def test_is_private(tmp_path: Path) -> None:
    assert keys.is_private(write(tmp_path, signers.private_pem(7)))
    assert keys.is_private(write(tmp_path, p256().private_bytes(PEM, SEC1, PLAIN)))
    assert keys.is_private(write(tmp_path, OPENSSH))
    assert not keys.is_private(write(tmp_path, signers.public_pem(7)))
    assert not keys.is_private(write(tmp_path, CERTIFICATE))


MAKE_ONE = "make one with: software-update key generate OUT"


def test_public_key_errors(tmp_path: Path) -> None:
    public = p256().public_key()
    start = "no SubjectPublicKeyInfo PEM key; "
    assert public_error(tmp_path, signers.private_pem(7)) == (
        "this is a private key, a public one is needed; make it with: "
        "openssl pkey -in FILE -pubout -out FILE.pub"
    )
    assert public_error(tmp_path, p256().private_bytes(PEM, SEC1, PLAIN)).startswith(
        "this is a private key, a public one is needed"
    )
    assert public_error(tmp_path, CERTIFICATE) == (
        start + "take it out with: openssl x509 -in FILE -pubkey -noout"
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
    start = "no PKCS#8 PEM private key; "
    encrypted = p256().private_bytes(PEM, PKCS8, serialization.BestAvailableEncryption(b"x"))
    assert private_error(tmp_path, encrypted) == (
        start
        + "it is encrypted, as development keys are not; software-update sign takes such a key"
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
    assert keys.read_private_key(path, lambda: b"good").sign(b"x") == signers.signer(5).sign(b"x")
    for wrong in (b"bad", b"", b"\xff", b"x" * 5000):
        with pytest.raises(WrongSecret, match="wrong passphrase, or a damaged private key"):
            keys.read_private_key(path, lambda passphrase=wrong: passphrase)  # type: ignore[misc]
    with pytest.raises(InputError, match="software-update sign takes such a key"):
        keys.read_private_key(path)
    # Nobody is asked for the passphrase of a key that has none.
    plain = write(tmp_path, p256().private_bytes(PEM, PKCS8, PLAIN))
    assert keys.read_private_key(plain, lambda: 1 // 0 * b"")
    sec1 = write(tmp_path, p256().private_bytes(PEM, SEC1, PLAIN))
    with pytest.raises(InputError, match=r"openssl pkcs8 -topk8 -in '"):
        keys.read_private_key(sec1, lambda: b"good")


def test_check_public(tmp_path: Path) -> None:
    public = p256().public_key().public_bytes(PEM, SPKI)
    for alone in (public, public.replace(b"\n", b"\r\n") + b"\n\n"):
        read = keys.read_checked_public_key(write(tmp_path, alone))
        assert read == signers.signer(5).public
    private = p256().private_bytes(PEM, PKCS8, PLAIN)
    encrypted = p256().private_bytes(PEM, PKCS8, serialization.BestAvailableEncryption(b"p"))
    sec1 = p256().private_bytes(PEM, SEC1, PLAIN)
    for content in (private, encrypted, sec1, OPENSSH, public + private, private + public):
        with pytest.raises(InputError, match="holds a private key; name the public one"):
            keys.read_checked_public_key(write(tmp_path, content))
    with pytest.raises(InputError, match="holds a private key"):
        keys.read_checked_public_key(
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
            keys.read_checked_public_key(write(tmp_path, more))
    for none in (b"", der, CERTIFICATE, b"\0" * 100, bytes(100_000), private[40:-40]):
        with pytest.raises(InputError):
            keys.read_checked_public_key(write(tmp_path, none))


def test_other_kinds_of_key(tmp_path: Path) -> None:
    expected = f"not an ECDSA key on NIST P-256, the one kind that devices take; {MAKE_ONE}"
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


# The keys that everybody has


def test_dev_key_ids_are_those_of_the_files() -> None:
    files = sorted(tree.DEV_KEYS.glob("*.pub"))
    found = [keys.read_public_key(str(path)) for path in files]
    assert len(files) == 2
    ids = {key.key_id.hex() for each in found for key in (each, signers.mirrored(each))}
    assert ids == keys.DEV_KEY_IDS
    for path in files:
        private = keys.read_private_key(str(path.with_suffix("")))
        assert private.public == keys.read_public_key(str(path))


def test_sha_256_is_what_signs() -> None:
    key = signers.signer(7)
    public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), key.public.keyval)
    signature = key.sign(b"data")
    public.verify(
        utils.encode_dss_signature(
            int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
        ),
        hashlib.sha256(b"data").digest(),
        ec.ECDSA(utils.Prehashed(hashes.SHA256())),
    )


@pytest.mark.parametrize(
    "error", [TypeError("unexpected argument"), UnsupportedAlgorithm("not in this OpenSSL")]
)
def test_signing_with_an_old_cryptography(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise error

    key = signers.signer(signers.TARGETS_KEY)
    monkeypatch.setattr(ec, "ECDSA", refuse)
    with pytest.raises(InputError) as caught:
        key.sign(b"")
    assert str(caught.value) == (
        f"cryptography {cryptography.__version__}: cannot sign ({error}); install {NEEDED} for "
        f"{sys.executable}"
    )
