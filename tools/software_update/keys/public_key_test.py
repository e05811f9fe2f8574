"""Tests of public_key.py."""

from software_update.keys.public_key import PublicKey, key_id
from software_update.keys.schemes import ECDSA_P256


def test_key_id_vector() -> None:
    keyval = bytes.fromhex(
        "04490e591c6d7c7645e4d41ff4e25c379102d1f1c4a1108dd7e725e0e8a0f699f0964b171ea7e2bc1e64a26d1e05"
        "02a7a44cb3f6b0dc4836835e494fc1b24e1345"
    )
    expected = "91f13321d5277c1460d840e87b3b4af8dce1c763abfac6cad1409d4073442593"
    assert key_id(3, 3, keyval).hex() == expected
    assert PublicKey(ECDSA_P256, keyval).key_id.hex() == expected
    assert ECDSA_P256.is_key(keyval)
    assert key_id(3, 2, keyval).hex() != expected
