"""Tests of keys.py."""

from dataclasses import dataclass
from types import SimpleNamespace

import pytest
from tuf.api.metadata import Metadata, Snapshot

from software_update.base.errors import InputError, SignatureError
from software_update.keys import pem
from software_update.keys.private_key import PrivateKey
from software_update.keys.public_key import PublicKey
from software_update.keys.scheme import Scheme
from software_update.keys.schemes import ECDSA_P256, ED25519, ML_DSA_44
from software_update.repository import keys
from software_update.signing.library_signer import LibrarySigner
from software_update.signing.signers import FileSigner
from software_update.signing.signing_request import ToSign


def signer(scheme: Scheme) -> FileSigner:
    private = scheme.generate()
    keyval = scheme.keyval_of(private.public_key())
    assert keyval is not None
    return FileSigner(scheme.name, PrivateKey(PublicKey(scheme, keyval), private))


@pytest.mark.parametrize("scheme", [ECDSA_P256, ED25519])
def test_signatures_are_good_for_tuf(scheme: Scheme) -> None:
    one = signer(scheme)
    metadata = Metadata(Snapshot(7))
    keys.sign(metadata, "snapshot", [one])
    key = keys.tuf_key("k", one.public)
    key.verify_signature(metadata.signatures[key.keyid], metadata.signed_bytes)
    assert keys.public_key(key) == one.public


def test_scheme_that_tuf_clients_lack_is_refused() -> None:
    with pytest.raises(InputError, match=r"k.pem: is an ML-DSA-44 key, which clients"):
        keys.tuf_key("k.pem", PublicKey(ML_DSA_44, bytes(1312)))


def test_key_of_another_kind_in_a_root_is_an_error() -> None:
    key = keys.tuf_key("k", signer(ED25519).public)
    key.keyval["public"] = "no hex"
    with pytest.raises(InputError, match="is not a valid Ed25519 key"):
        keys.public_key(key)
    key = keys.tuf_key("k", signer(ECDSA_P256).public)
    key.keyval["public"] = pem.generate_private_key_pem()[0].decode()
    with pytest.raises(InputError, match=r"key .*this is a private key"):
        keys.public_key(key)


def test_token_or_cloud_signs_through_its_library() -> None:
    one = signer(ECDSA_P256)

    def sign(payload: bytes) -> object:
        return SimpleNamespace(signature=one.key.sign(payload).hex())

    token = LibrarySigner("hsm:2?label=t", one.public, SimpleNamespace(sign=sign))
    metadata = Metadata(Snapshot(7))
    keys.sign(metadata, "snapshot", [token])
    key = keys.tuf_key("k", one.public)
    key.verify_signature(metadata.signatures[key.keyid], metadata.signed_bytes)


@dataclass
class Liar:
    """A signer that signs other bytes, and notes its questions."""

    key: FileSigner
    asked: list[ToSign]
    name: str = "exec:liar"

    @property
    def public(self) -> PublicKey:
        return self.key.public

    def sign(self, request: ToSign) -> bytes:
        self.asked.append(request)
        return self.key.key.sign(request.serialized + b" ")


def test_wrong_answer_of_a_signer_is_an_error_and_its_question_names_the_role() -> None:
    liar = Liar(signer(ECDSA_P256), [])
    metadata = Metadata(Snapshot(7))
    with pytest.raises(SignatureError, match="exec:liar: its answer is not a signature"):
        keys.sign(metadata, "snapshot", [liar])
    assert metadata.signatures == {}
    asked = liar.asked[0]
    assert (asked.role, asked.version, asked.document) == ("repository.snapshot", 7, None)
    assert asked.serialized == metadata.signed_bytes
