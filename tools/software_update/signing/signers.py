"""Signers of requests: a key in a file, a program. Their answers are never trusted, but verified."""

import dataclasses
from typing import Protocol

from software_update.base.errors import SignatureError, short_id
from software_update.keys.private_key import PrivateKey
from software_update.keys.public_key import PublicKey
from software_update.signing import exec_protocol
from software_update.signing.exec_program import run_program
from software_update.signing.signature_file import DetachedSignature
from software_update.signing.signing_request import Request, ToSign


class Signer(Protocol):
    """Something that signs with one key. `name` is what the user calls it."""

    @property
    def name(self) -> str: ...
    @property
    def public(self) -> PublicKey: ...
    def sign(self, request: ToSign) -> bytes:
        """Returns a signature in any form of its scheme. The caller must verify it."""
        ...


@dataclasses.dataclass(frozen=True)
class FileSigner:
    """A key in a file."""

    name: str
    key: PrivateKey

    @property
    def public(self) -> PublicKey:
        return self.key.public

    def sign(self, request: ToSign) -> bytes:
        return self.key.sign(request.serialized)


@dataclasses.dataclass(frozen=True)
class ExecSigner:
    """A program that signs. `timeout` is in seconds."""

    program: str
    public: PublicKey
    timeout: int

    @property
    def name(self) -> str:
        return f"exec:{self.program}"

    def sign(self, request: ToSign) -> bytes:
        question = exec_protocol.build_question(request, self.public.key_id)
        status, output = run_program(
            self.program, question, self.timeout, exec_protocol.MAX_ANSWER_BYTES
        )
        return exec_protocol.parse_answer(self.name, status, output)


def signature_by(signer: Signer, request: Request) -> DetachedSignature:
    """Returns a good signature of the request. Raises SignatureError for any other answer of the signer."""
    key_id = signer.public.key_id
    value = raw_signature(signer, request)
    return DetachedSignature(request.sha256, request.role, request.version, key_id, value)


def raw_signature(signer: Signer, request: ToSign) -> bytes:
    """Returns a good signature as on the wire. Raises SignatureError for any other answer of the signer."""
    value = signer.public.raw_form(signer.sign(request), request.serialized)
    if value is None:
        raise SignatureError(
            f"{signer.name}: its answer is not a signature of this request by key "
            f"{short_id(signer.public.key_id)}; nothing is written"
        )
    return value
