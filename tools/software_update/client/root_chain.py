"""The roots that a device has moved through, in one file, and the decision which one is in force. Pure.

The file is data: it proves nothing by itself. At each start, `settle` verifies it again from the root in the
image (the anchor), which verified boot protects. It holds the signed roots from the first one that the device
has trusted to the one in force, each after its length in 4 bytes, big-endian.

    | "SUROOTS1" | length | signed root | length | signed root | ...
"""

from collections.abc import Sequence
from dataclasses import dataclass

from software_update.base.errors import short_id
from software_update.client.state import Code
from software_update.format.metadata import Root
from software_update.format.verdicts import Refused
from software_update.verify.device import Device
from software_update.verify.roots import trust_root, verify_roots

_MAGIC = b"SUROOTS1"
_LENGTH_BYTES = 4
MIN_FINGERPRINT_DIGITS = 20
# The record takes so many in any case, so the same reason at the next start is not news.
_MAX_TEXT = 200


class ChainBroken(Exception):
    """The file is not a chain of roots, or one of its roots does not follow from the one before."""


@dataclass(frozen=True, slots=True)
class Settled:
    """The roots of a domain after a start.

    `chain` has the signed roots to store, and `root` is the one in force. `refusal` and `text` say why there
    is none: no release is installed until a person has decided. Then `chain` is empty.
    """

    chain: tuple[bytes, ...]
    root: Root | None
    refusal: Code | None = None
    text: str = ""


def encode_chain(signed: Sequence[bytes]) -> bytes:
    """Returns the content of the file."""
    return _MAGIC + b"".join(len(each).to_bytes(_LENGTH_BYTES, "big") + each for each in signed)


def decode_chain(content: bytes) -> tuple[bytes, ...]:
    """Returns the signed roots, of which there is at least one. Raises ChainBroken."""
    if not content.startswith(_MAGIC):
        raise ChainBroken("is not a chain of roots")
    found, offset = [], len(_MAGIC)
    while offset < len(content):
        start = offset + _LENGTH_BYTES
        end = start + int.from_bytes(content[offset:start], "big")
        if end > len(content) or end == start:
            raise ChainBroken("ends in the middle of a root")
        found.append(content[start:end])
        offset = end
    if not found:
        raise ChainBroken("has no root")
    return tuple(found)


def fingerprint(root: Root) -> str:
    """Returns the SHA-256 of a root's signed bytes, in hexadecimal."""
    return root.id.sha256.hex()


def readable(digits: str) -> str:
    """Returns the first digits of a fingerprint in groups of four, which people can compare and type.

    80 bits suffice: an attacker would have to find a root with the fingerprint of a given one.
    """
    short = digits[:MIN_FINGERPRINT_DIGITS]
    return " ".join(short[start : start + 4] for start in range(0, len(short), 4))


def settle(anchor: bytes, between: Sequence[bytes], stored: Sequence[bytes]) -> Settled:
    """Returns the root in force: that of the image, or a later one that follows from it.

    `between` are the roots in the image that lead from earlier roots to the anchor, oldest first. `stored` is
    the chain in the file, empty on a new device. An older anchor never lowers the stored root.
    """
    image = trust_root(anchor)
    if not stored:
        return Settled((anchor,), image)
    try:
        kept = _last(trust_root(stored[0]), stored[1:])
    except Refused as refused:
        return _broken(f"a stored root does not follow from the one before ({refused})")
    try:
        if image.common.version <= kept.common.version:
            return Settled(tuple(stored), _last(image, stored))
        newer = _newer_than(kept, (*between, anchor))
        return Settled((*stored, *newer), _last(kept, newer))
    except Refused as refused:
        text = (
            f"the root in the image ({_named(image)}) and the stored root ({_named(kept)}) do not lead from "
            f"one to the other ({refused.verdict.name})"
        )
        return Settled((), None, Code.ANCHOR_REFUSED, text[:_MAX_TEXT])


def unreadable(reason: str) -> Settled:
    """Returns the roots of a domain whose file is missing or damaged."""
    return _broken(reason)


def _broken(reason: str) -> Settled:
    text = f"the stored roots cannot be used: {reason}"
    return Settled((), None, Code.ROOT_CHAIN_BROKEN, text[:_MAX_TEXT])


def _last(first: Root, chain: Sequence[bytes]) -> Root:
    """Follows a chain from a root. Raises Refused. Expiry does not count: nothing new is accepted here."""
    return verify_roots(Device(first), chain[:-1], chain[-1]).root if chain else first


def _newer_than(root: Root, chain: Sequence[bytes]) -> tuple[bytes, ...]:
    return tuple(each for each in chain if trust_root(each).common.version > root.common.version)


def new_roots(root: Root, chain: Sequence[bytes], incoming: bytes | None) -> tuple[bytes, ...]:
    """Returns the verified roots of a bundle that come after a root, for the chain in the file."""
    return _newer_than(root, (*chain, incoming)) if incoming is not None else ()


def _named(root: Root) -> str:
    return f"version {root.common.version}, {short_id(root.id.sha256)}..."
