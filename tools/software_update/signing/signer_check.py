"""Probes for signers: what they are asked to sign, and what their answers mean.

A signature of a probe is worthless, whichever key signs. No payload fits a target that the
targets metadata lists (each has no bytes, and a SHA-256 of zeros), and no one has the private keys of the
root metadata, which must sign it too. Besides, both expired in 1970, and have the lowest version.
"""

import base64
import binascii
import contextlib
import dataclasses
import enum
import hashlib
import json
import re
import time
from collections.abc import Callable, Iterator, Sequence

from software_update.base.errors import InputError, SoftwareUpdateError, WrongSecret
from software_update.format import metadata
from software_update.format.messages import Role, Target
from software_update.keys.public_key import PublicKey
from software_update.keys.scheme import Message, Scheme
from software_update.keys.schemes import DEFAULT_SCHEME
from software_update.signing import exec_protocol, signing_request
from software_update.signing.exec_program import run_program
from software_update.signing.exec_protocol import PROTOCOL, ProgramError
from software_update.signing.signers import ExecSigner, Signer
from software_update.signing.signing_request import Authority, Request

SCHEMA = "software_update.signer_check.v1"
AT_ONCE = 10
SLOW_SECONDS = 10.0

_LARGE_BYTES = 1024 * 1024
# As many as follow a signature that was printed as a line.
_MAX_BLANK_BYTES = 2
_VAULT_PREFIX = re.compile(rb"vault:v\d+:")


class Result(enum.StrEnum):
    """The outcome of a probe. A signer is fit for use if none FAILED."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclasses.dataclass(frozen=True)
class Finding:
    """The report on one probe. `seconds`: the time that the signer took, None if it is meaningless."""

    probe: str
    result: Result
    detail: str
    seconds: float | None = None


@dataclasses.dataclass(frozen=True)
class Attempt:
    """The result of a question: an answer, or a problem. `declined`: the signer refuses to sign."""

    answer: bytes | None
    problem: str
    declined: bool
    seconds: float


# Probes


def targets_probe(public: PublicKey, number: int, targets: int = 1) -> Request:
    """Returns a request for worthless targets metadata, different for each number."""
    listed = [
        Target.of(f"signer_check_{index}.worth_nothing", 0, bytes(32)) for index in range(targets)
    ]
    content = metadata.build_targets(1, listed, 1 + number)
    return _probe(content, [Authority("the root", _nobodys_root(0), Role((public.key_id,), 1))])


def root_probe(public: PublicKey, number: int) -> Request:
    """Returns a request for worthless root metadata, which `public` signs for the previous root."""
    root = _nobodys_root(number)
    previous = Authority("the previous root", root, Role((public.key_id,), 1))
    return _probe(root.serialized, [Authority("this root", root, root.root), previous])


def large_probe(public: PublicKey) -> Request:
    """Returns a request for worthless targets metadata of at least 1 MiB."""
    each = len(targets_probe(public, 0, 101).serialized) - len(targets_probe(public, 0).serialized)
    return targets_probe(public, 0, 100 * _LARGE_BYTES // each + 100)


def nobodys_key(number: int) -> PublicKey:
    """Returns a public key without a known private key, made from a sentence; `number` is 0 or 1."""
    x = hashlib.sha256(f"software-update signer check: no known private key {number}".encode())
    return PublicKey(DEFAULT_SCHEME, DEFAULT_SCHEME.keyval_at(x.digest()))


def _nobodys_root(number: int) -> metadata.Root:
    root, targets = (metadata.RoleKeys([nobodys_key(index)], 1) for index in (0, 1))
    return metadata.parse_root(metadata.build_root(1, root, targets, 1 + number))


def _probe(serialized: bytes, authorities: Sequence[Authority]) -> Request:
    request = signing_request.parse_request(serialized)
    document = signing_request.build_document(request, authorities, None)
    return dataclasses.replace(request, document=document)


# Asking


def attempt(signer: Signer, request: Request) -> Attempt:
    """Asks for one signature. Raises WrongSecret, because another try could lock a token."""
    started = time.monotonic()
    answer, problem, declined = None, "", False
    try:
        answer = signer.sign(request)
    except WrongSecret:
        raise
    except SoftwareUpdateError as error:
        problem = str(error).removeprefix(f"{signer.name}: ")
        declined = isinstance(error, ProgramError)
    return Attempt(answer, problem, declined, time.monotonic() - started)


def check(
    signer: Signer, at_once: Callable[[Sequence[Request]], Sequence[Attempt]]
) -> Iterator[Finding]:
    """Yields the findings of all probes. `at_once` asks for many signatures, each in its own process."""
    public = signer.public
    requests = {"targets": targets_probe(public, 0), "root": root_probe(public, 0)}
    attempts = {role: attempt(signer, request) for role, request in requests.items()}
    signs = [role for role in requests if _is_good(public, attempts[role], requests[role])]
    for role, request in requests.items():
        finding = _judge(f"a {role} request", public, attempts[role], request)
        if signs and attempts[role].declined:
            detail = f"{finding.detail}; good, if this key is to sign {signs[0]} metadata only"
            finding = dataclasses.replace(finding, result=Result.WARNING, detail=detail)
        yield finding
    if not signs:
        yield Finding("the rest", Result.SKIPPED, "there is no signature to go on with")
        return
    yield _again(signer, requests[signs[0]], attempts[signs[0]])
    if "targets" in signs:
        large = large_probe(public)
        yield _judge("a large request", public, attempt(signer, large), large)
    else:
        yield Finding("a large request", Result.SKIPPED, "it signs no targets metadata")
    if isinstance(signer, ExecSigner):
        yield from _odd_questions(signer, requests[signs[0]])
    make = targets_probe if "targets" in signs else root_probe
    many = [make(public, number) for number in range(AT_ONCE)]
    yield _judge_all(signer, at_once(many), many)


def _again(signer: Signer, request: Request, first: Attempt) -> Finding:
    """Reports whether the signer is deterministic; both are good."""
    second = attempt(signer, request)
    finding = _judge("the same request again", signer.public, second, request)
    if finding.result is not Result.OK:
        return finding
    same = second.answer == first.answer
    how = "the same signature" if same else "another signature, which is as good"
    return dataclasses.replace(finding, detail=how)


def _odd_questions(signer: ExecSigner, request: Request) -> Iterator[Finding]:
    """Yields the findings for questions that a program must not answer with a signature."""
    question = json.loads(exec_protocol.build_question(request, signer.public.key_id))
    other_key = {**question, "key_id": nobodys_key(0).key_id.hex()}
    other_protocol = {**question, "protocol": PROTOCOL.replace(".v1", ".v0")}
    for probe, asked in {
        "a key that it does not have": json.dumps(other_key).encode() + b"\n",
        "another version of the protocol": json.dumps(other_protocol).encode() + b"\n",
        "a question that is not JSON": b"sign, please\n",
        "no question": b"",
    }.items():
        started = time.monotonic()
        result, detail = _refusal(signer, asked)
        yield _with_time(Finding(probe, result, detail, time.monotonic() - started))


def _refusal(signer: ExecSigner, question: bytes) -> tuple[Result, str]:
    try:
        status, output = run_program(
            signer.program, question, signer.timeout, exec_protocol.MAX_ANSWER_BYTES
        )
    except InputError as error:
        return Result.FAILED, str(error).removeprefix(f"{signer.name}: ")
    try:
        exec_protocol.parse_answer(signer.name, status, output)
    except ProgramError as error:
        return Result.OK, str(error).removeprefix(f"{signer.name}: ")
    except InputError as error:
        if status != 0:
            return Result.OK, f"ended with status {status}, without saying why"
        problem = str(error).removeprefix(f"{signer.name}: ")
        return Result.FAILED, f"neither an error nor a status other than 0: {problem}"
    return Result.FAILED, "it signs; it has to answer with an error"


# Judging


def _is_good(public: PublicKey, made: Attempt, request: Request) -> bool:
    return made.answer is not None and (
        public.raw_form(made.answer, request.serialized) is not None
    )


def _judge(
    probe: str,
    public: PublicKey,
    made: Attempt,
    request: Request,
    others: Sequence[Request] = (),
) -> Finding:
    if made.answer is None:
        return Finding(probe, Result.FAILED, made.problem, made.seconds)
    if not _is_good(public, made, request):
        detail = diagnose(public, made.answer, request, others)
        return Finding(probe, Result.FAILED, detail, made.seconds)
    form = public.scheme.form_of(made.answer)
    return _with_time(Finding(probe, Result.OK, f"a good signature, {form}", made.seconds))


def _with_time(finding: Finding) -> Finding:
    if finding.result is not Result.OK or (finding.seconds or 0) <= SLOW_SECONDS:
        return finding
    detail = f"{finding.detail}, but slow"
    return dataclasses.replace(finding, result=Result.WARNING, detail=detail)


def _judge_all(signer: Signer, attempts: Sequence[Attempt], requests: Sequence[Request]) -> Finding:
    probe = f"{len(requests)} requests at once"
    findings = [
        _judge(probe, signer.public, made, request, [each for each in requests if each != request])
        for made, request in zip(attempts, requests, strict=True)
    ]
    seconds = max(each.seconds for each in attempts)
    wrong = [
        finding.detail
        for finding, made in zip(findings, attempts, strict=True)
        if finding.result is Result.FAILED and made.answer is not None
    ]
    if wrong:
        return Finding(probe, Result.FAILED, f"{len(wrong)} are wrong: {wrong[0]}", seconds)
    problems = [each.problem for each in attempts if each.answer is None]
    if problems:
        # The module of a token limits how many processes may use it at the same time.
        result = Result.FAILED if isinstance(signer, ExecSigner) else Result.WARNING
        detail = f"{len(problems)} got no signature, so sign one at a time: {problems[0]}"
        return Finding(probe, result, detail, seconds)
    return _with_time(Finding(probe, Result.OK, "a good signature of each", seconds))


def diagnose(
    public: PublicKey, answer: bytes, request: Request, others: Sequence[Request] = ()
) -> str:
    """Explains `answer`, which is not a signature of the request by this key in any form it may have."""
    scheme = public.scheme
    for form, signature in _readings(scheme, answer):
        for what, message in _messages(public, request, others):
            if public.verifies_message(signature, message):
                if what:
                    return f"a signature of {what}; {scheme.instruction}"
                return f"a signature of the request, but {form}; give {scheme.form}"
    return (
        f"{len(answer)} bytes that are not a signature by this key of any request; "
        "does the public key belong to the signer's?"
    )


def _readings(scheme: Scheme, answer: bytes) -> Iterator[tuple[str, bytes]]:
    """Yields signatures that an answer may contain, each with what is wrong with its form, "" for nothing."""
    yield from scheme.misread(answer)
    text = answer.strip()
    begun = answer.lstrip()
    # The last byte of a signature may be a blank itself.
    for end in range(len(text), min(len(text) + _MAX_BLANK_BYTES, len(begun)) + 1):
        if begun[:end] != answer:
            yield from _misread(scheme, "with blanks around it", begun[:end])
    plain = _VAULT_PREFIX.sub(b"", text).translate(bytes.maketrans(b"-_", b"+/"))
    with contextlib.suppress(binascii.Error):
        decoded = base64.b64decode(plain + b"=" * (-len(plain) % 4))
        vault = "as Vault writes it, with its vault:v1:"
        form = vault if text.startswith(b"vault:") else "in base64 twice"
        yield from _misread(scheme, form, decoded)
    with contextlib.suppress(ValueError):
        digits = bytes.fromhex(text.decode("ascii"))
        yield from _misread(scheme, "in hexadecimal digits", digits)


def _misread(scheme: Scheme, form: str, answer: bytes) -> Iterator[tuple[str, bytes]]:
    for problem, signature in scheme.misread(answer):
        yield problem or form, signature


def _messages(
    public: PublicKey, request: Request, others: Sequence[Request]
) -> Iterator[tuple[str, Message]]:
    """Yields what a signer may have signed, each with its name, "" for what it should have signed."""
    data, digest = request.serialized, request.sha256
    yield "", Message(data)
    yield from public.scheme.mistaken(data)
    texts = {
        "its SHA-256, which was hashed once more": digest,
        "its SHA-256 in hexadecimal digits": digest.hex().encode(),
        "its SHA-256 in base64": base64.b64encode(digest),
        "the request in base64": base64.b64encode(data),
        "the request in hexadecimal digits": data.hex().encode(),
        "the request": data,
        "the whole question": exec_protocol.build_question(request, public.key_id).rstrip(),
        "nothing: no byte at all": b"",
    }
    for what, text in texts.items():
        yield what, Message(text)
        yield f"{what}, and a newline", Message(text + b"\n")
    for each in others:
        yield "another request, asked at the same time", Message(each.serialized)
