"""The fuzzed function, and the mutation of inputs. This module does not need the fuzzer.

An input is a bundle, as `bundle verify` reads it; or the bytes of a root, a manifest, a release manifest, the
proof of a log, a statement, or an SBOM. Few changes of bytes get past a signature, so most changes are made
to the tree of fields, which is then signed again by keys that the device trusts.
"""

import hashlib
import os
import random
from collections.abc import Callable, Iterator

from software_update.attachments.statement import parse_statement
from software_update.bundle.head import MetadataAfterPayloads, Rest, read_head
from software_update.bundle.reader import read_envelope
from software_update.disclosure.page_contents import contents_of
from software_update.format.claims import read_claims
from software_update.format.metadata import parse_manifest
from software_update.format.refusals import NotDisclosed
from software_update.format.release_manifest import ReleaseManifest, build_release, parse_release
from software_update.format.verdicts import Refused
from software_update.testing import encode as e
from software_update.testing.memory_log import MemoryLog, MemoryWitness, policy_text
from software_update.testing.signers import (
    ROOT_KEY,
    ROOT_KEY_2,
    ROOT_KEY_3,
    STRANGER,
    TARGETS_KEY,
    TARGETS_KEY_2,
    TARGETS_KEY_3,
)
from software_update.transparency.check import check_proof
from software_update.transparency.log_policy import parse_log_policy
from software_update.verify import bundle_file
from software_update.verify.device import Device
from software_update.verify.roots import trust_root

from tests.mutation import anatomy
from tests.mutation.anatomy import Field, Message, Path

ROOT_KEYS = (ROOT_KEY, ROOT_KEY_2, ROOT_KEY_3)
TARGETS_KEYS = (TARGETS_KEY, TARGETS_KEY_2, TARGETS_KEY_3)
# Roots, and targets metadata inside its map entry.
SIGNED = {65: (), 5: (), 3: (1,)}

TRUSTED = e.signed(e.root(1, ROOT_KEYS[:2], TARGETS_KEYS[:2]), ROOT_KEY)
OLD_RELEASE = build_release(ReleaseManifest("lamp", "1.0", counter=3))
INSTALLED = e.manifest(
    e.targets({"boot": b"boot", "user_manifest": OLD_RELEASE}, version=3), OLD_RELEASE
)
DEVICES = (
    Device(trust_root(TRUSTED)),
    Device(trust_root(TRUSTED), parse_manifest(INSTALLED), "lamp-1", at=1_900_000_000),
)
RECORD = b"record 5"
LOG, WITNESS = MemoryLog([b"record %d" % index for index in range(11)]), MemoryWitness()
LOG_POLICY = parse_log_policy(policy_text(LOG, WITNESS), "policy")
BUNDLE = os.memfd_create("bundle")


def judge(data: bytes) -> list[bool]:
    """Returns whether each device accepts the input. Raises everything but a verdict, and a wrong verdict."""
    for read in (
        trust_root,
        parse_manifest,
        parse_release,
        read_claims,
        read_proof,
        read_statement,
    ):
        ends_in_a_verdict(read, data)
    contents_of(data)
    os.ftruncate(BUNDLE, 0)
    os.pwrite(BUNDLE, data, 0)
    reads_the_same_in_two_steps(data)
    return [ends_in_a_verdict(accept, data, device) for device in DEVICES]


def ends_in_a_verdict(function: Callable[..., object], *args: object) -> bool:
    """Returns whether the call raises neither Refused nor NotDisclosed."""
    try:
        function(*args)
    except (NotDisclosed, Refused) as refused:
        assert refused.detail and str(refused).isprintable(), str(refused)
        return False
    return True


def read_proof(data: bytes) -> None:
    """Reads the proof of a log. Nothing but the proof of its record is accepted."""
    checked = check_proof(data, LOG_POLICY, RECORD)
    assert (checked.record_index, checked.checkpoint.size) == (5, len(LOG.records))


def read_statement(data: bytes) -> None:
    parse_statement(data, "statement.json")


class Source:
    """A bundle that can be read from any offset."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.reads: list[tuple[int, int]] = []

    def size(self) -> int:
        return len(self.data)

    def read(self, offset: int, length: int) -> bytes:
        self.reads.append((offset, offset + length))
        return self.data[offset : offset + length]


def reads_the_same_in_two_steps(data: bytes) -> None:
    """Compares a head and the rest with the whole envelope. No byte of a payload is read before its turn."""
    source = Source(data)

    def in_two_steps() -> object:
        rest = Rest(source, read_head(source))
        for payload in rest.payloads():
            start, stop = payload.offset, payload.offset + payload.length
            assert not any(first < stop and start < last for first, last in source.reads)
        return rest.envelope()

    try:
        found = _outcome(in_two_steps)
    except MetadataAfterPayloads:
        return
    assert found == _outcome(lambda: read_envelope(BUNDLE))


def _outcome(read: Callable[[], object]) -> object:
    try:
        return read()
    except Refused as refused:
        return str(refused)


def accept(data: bytes, device: Device) -> None:
    """Looks at what is accepted a second time, without the verifier."""
    release = bundle_file.verify_bundle(BUNDLE, device)
    tree = anatomy.take_apart(data, anatomy.BUNDLE)
    assert {field.number for field in tree} <= set(anatomy.BUNDLE)
    signed = anatomy.take_apart(release.targets.serialized, anatomy.TARGETS)
    listed = [anatomy.content_bytes(field) for field in messages(signed, 2)]
    for name, content in payloads(tree):
        digest = hashlib.sha256(content).digest()
        assert any(name in each and digest in each for each in listed), name
    entries = anatomy.children(anatomy.take_apart(release.root.serialized, anatomy.ROOT), 254)
    for field in messages(signed, 2):
        assert isinstance(field.content, tuple)
        [name] = anatomy.children(field.content, 1)
        assert not entries or allows([*entries, b"user_manifest"], name), name


def allows(entries: list[bytes], name: bytes) -> bool:
    """Says whether an entry is the name, or a folder above it followed by /*."""
    above = [name[:at] + b"/*" for at, byte in enumerate(name) if byte == ord("/")]
    return any(each in entries for each in (name, *above))


# From one input to another


def mutated(
    data: bytes, max_size: int, seed: int, mutate_bytes: Callable[[bytes, int], bytes]
) -> bytes:
    """Another input. `mutate_bytes` is the fuzzer's own way to change bytes, of which it learns."""
    rng = random.Random(seed)
    try:
        tree = anatomy.take_apart(data, anatomy.BUNDLE)
    except ValueError:
        return mutate_bytes(data, max_size)
    if not tree or rng.random() < 0.1:
        return mutate_bytes(data, max_size)

    def mutate(content: bytes) -> bytes:
        return mutate_bytes(content, len(content) + 64)

    path = rng.choice(list(anatomy.paths(tree)))
    tree = anatomy.replaced(tree, path, changed(tree, path, rng, mutate))
    if rng.random() < 0.5:
        tree = listed_again(tree)
    if rng.random() < 0.9:
        tree = signed_again(tree, rng)
    out = anatomy.put_together(tree)
    return out if len(out) <= max_size else mutate_bytes(data, max_size)


def changed(
    tree: Message, path: Path, rng: random.Random, mutate: Callable[[bytes], bytes]
) -> Message:
    """A message of the tree with one change."""
    message = list(anatomy.at(tree, path))
    at = rng.randrange(len(message) + 1)
    change = rng.randrange(6) if message else 5
    if change == 5:
        other = anatomy.at(tree, rng.choice(list(anatomy.paths(tree))))
        message[at:at] = other[:1] if rng.random() < 0.5 else [Field(rng.randrange(1, 80), b"")]
        return tuple(message)
    at = min(at, len(message) - 1)
    if change == 0:
        del message[at]
    elif change == 1:
        message.insert(rng.randrange(len(message) + 1), message[at])
    elif change == 2:
        rng.shuffle(message)
    else:
        field = message[at]
        content = mutate(anatomy.content_bytes(field))
        if field.wire_type == anatomy.NUMBER:
            content = e.varint(int.from_bytes(content[:8], "little"))
        message[at] = Field(field.number, content, field.wire_type)
    return tuple(message)


def listed_again(tree: Message) -> Message:
    """The targets metadata lists the payloads that are there, and no other."""
    files = tuple(
        Field(
            2,
            anatomy.take_apart(
                e.target_of(
                    name.decode(errors="replace"),
                    len(content),
                    [(1, hashlib.sha256(content).digest())],
                ),
                anatomy.TARGETS[2],
            ),
        )
        for name, content in payloads(tree)
    )
    for path in signed_paths(tree, 3):
        for index, field in enumerate(anatomy.at(tree, path)):
            if field.number == 1 and isinstance(field.content, tuple):
                kept = tuple(each for each in field.content if each.number != 2)
                tree = anatomy.replaced(tree, (*path, index), kept + files)
    return tree


def signed_again(tree: Message, rng: random.Random) -> Message:
    """Good signatures on all metadata; sometimes too few, or one by a stranger."""
    for number in SIGNED:
        keys = TARGETS_KEYS if number == 3 else ROOT_KEYS
        signers = keys if rng.random() < 0.7 else rng.sample((*keys, STRANGER), rng.randrange(4))
        for path in signed_paths(tree, number):
            message = anatomy.at(tree, path)
            content = b"".join(anatomy.children(message, 1)[:1])
            signatures = [
                Field(2, anatomy.take_apart(e.signature(content, each), {})) for each in signers
            ]
            kept = [field for field in message if field.number != 2]
            tree = anatomy.replaced(tree, path, (*kept, *signatures))
    return tree


def signed_paths(tree: Message, number: int) -> Iterator[Path]:
    """Returns the range of the signed metadata in that field of the envelope."""
    for index, field in enumerate(tree):
        if field.number == number and isinstance(field.content, tuple):
            if number != 3:
                yield (index,)
                continue
            for inner, value in enumerate(field.content):
                if value.number == 2 and isinstance(value.content, tuple):
                    yield (index, inner)


def messages(tree: Message, number: int) -> Iterator[Field]:
    """The fields of that number that hold a message."""
    return (each for each in tree if each.number == number and isinstance(each.content, tuple))


def payloads(tree: Message) -> list[tuple[bytes, bytes]]:
    """Name and content of each payload."""
    found = []
    for field in messages(tree, 4):
        assert isinstance(field.content, tuple)
        parts = [b"".join(anatomy.children(field.content, number)[:1]) for number in (1, 2)]
        found.append((parts[0], parts[1]))
    return found
