"""A transparency log in memory, and a witness. They share no code with the product's reader of proofs."""

import base64
import hashlib
from collections.abc import Sequence

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

ORIGIN = "log.example/firmware"
# Seconds since 1970.
COSIGNED = 1_800_000_000


class NamedKey:
    """An Ed25519 key that is the same in every run, made from a number, with the name of a note's key.

    `kind` is its signature type: 1 of a log, 4 of a witness.
    """

    def __init__(self, name: str, number: int, kind: int) -> None:
        self._private = Ed25519PrivateKey.from_private_bytes(number.to_bytes(32, "big"))
        self._name = name
        self._public = bytes([kind]) + self._private.public_key().public_bytes_raw()

    @property
    def _key_id(self) -> bytes:
        return hashlib.sha256(self._name.encode() + b"\n" + self._public).digest()[:4]

    @property
    def vkey(self) -> str:
        return f"{self._name}+{self._key_id.hex()}+{base64.b64encode(self._public).decode()}"

    def sign(self, data: bytes) -> bytes:
        return self._private.sign(data)

    def line(self, signature: bytes) -> bytes:
        encoded = base64.b64encode(self._key_id + signature).decode()
        return f"— {self._name} {encoded}\n".encode()


class MemoryWitness(NamedKey):
    """A witness that cosigns everything."""

    def __init__(self, name: str = "witness.example", number: int = 50) -> None:
        super().__init__(name, number, 4)

    def cosign(self, text: bytes, time: int = COSIGNED) -> bytes:
        """Returns the signature line for a checkpoint's text."""
        signature = self.sign(b"cosignature/v1\ntime %d\n" % time + text)
        return self.line(time.to_bytes(8, "big") + signature)


class MemoryLog(NamedKey):
    """A log of records, such as b"record"."""

    def __init__(
        self, records: Sequence[bytes] = (), origin: str = ORIGIN, number: int = 40
    ) -> None:
        super().__init__(origin, number, 1)
        self.records = list(records)

    def root(self, size: int) -> bytes:
        """The root of the first `size` records."""
        return _root(self.records[:size])

    def text(self, size: int | None = None) -> bytes:
        """The text of the checkpoint of the first `size` records."""
        size = len(self.records) if size is None else size
        root = base64.b64encode(self.root(size)).decode()
        return f"{self._name}\n{size}\n{root}\n".encode()

    def checkpoint(
        self, *witnesses: MemoryWitness, time: int = COSIGNED, size: int | None = None
    ) -> bytes:
        """A checkpoint that the log signs and the witnesses cosign."""
        text = self.text(size)
        lines = [self.line(self.sign(text)), *(each.cosign(text, time) for each in witnesses)]
        return text + b"\n" + b"".join(lines)

    def inclusion(self, index: int, size: int) -> list[bytes]:
        """The hashes that prove the record at `index`, from its sibling up (RFC 6962, 2.1.1)."""
        return _path(index, self.records[:size])

    def consistency(self, old: int, new: int) -> list[bytes]:
        """The hashes that prove that the tree of `new` records continues that of `old` (RFC 6962, 2.1.2)."""
        return _subproof(old, self.records[:new], True) if 0 < old < new else []

    def proof(self, index: int, *witnesses: MemoryWitness, time: int = COSIGNED) -> bytes:
        """The proof of the record at `index`."""
        hashes = map(base64.b64encode, self.inclusion(index, len(self.records)))
        head = [b"c2sp.org/tlog-proof@v1", b"index %d" % index, *hashes]
        return b"\n".join(head) + b"\n\n" + self.checkpoint(*witnesses, time=time)


def policy_text(log: MemoryLog, *witnesses: MemoryWitness) -> bytes:
    """A policy of a log, of which all witnesses must cosign."""
    names = [f"w{index}" for index in range(len(witnesses))]
    lines = [f"log {log.vkey}"]
    lines += [f"witness {name} {each.vkey}" for name, each in zip(names, witnesses, strict=True)]
    if names:
        lines += [f"group everyone all {' '.join(names)}"]
    lines += [f"quorum {'everyone' if names else 'none'}"]
    return "".join(f"{each}\n" for each in lines).encode()


def _root(records: Sequence[bytes]) -> bytes:
    if not records:
        return hashlib.sha256(b"").digest()
    if len(records) == 1:
        return hashlib.sha256(b"\0" + records[0]).digest()
    half = _half(len(records))
    return _node(_root(records[:half]), _root(records[half:]))


def _path(index: int, records: Sequence[bytes]) -> list[bytes]:
    if len(records) == 1:
        return []
    half = _half(len(records))
    if index < half:
        return [*_path(index, records[:half]), _root(records[half:])]
    return [*_path(index - half, records[half:]), _root(records[:half])]


def _subproof(old: int, records: Sequence[bytes], whole: bool) -> list[bytes]:
    if old == len(records):
        return [] if whole else [_root(records)]
    half = _half(len(records))
    if old <= half:
        return [*_subproof(old, records[:half], whole), _root(records[half:])]
    return [*_subproof(old - half, records[half:], False), _root(records[:half])]


def _half(size: int) -> int:
    """The largest power of two below `size`."""
    return 1 << ((size - 1).bit_length() - 1)


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\1" + left + right).digest()
