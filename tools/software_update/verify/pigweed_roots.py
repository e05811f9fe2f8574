"""Moves from root to root that Pigweed's C++ client does not make."""

from collections.abc import Sequence
from typing import NamedTuple

from software_update.base.errors import printable
from software_update.format import metadata, wire
from software_update.format.metadata import ROOT, Root, Signed
from software_update.format.verdicts import Refused
from software_update.keys.schemes import DEFAULT_SCHEME
from software_update.verify.quorum import quorum
from software_update.verify.recovery import FormerRoot, versions_start_again

_KEY_ID_BYTES = 32
# A signature that Pigweed's client accepts, on the wire: with its key id, its own tag and length.
_SIGNATURE_BYTES = len(
    wire.encode_field(
        2,
        wire.encode_field(1, bytes(_KEY_ID_BYTES))
        + wire.encode_field(2, bytes(DEFAULT_SCHEME.signature_bytes)),
    )
)


class RootFile(NamedTuple):
    """A SignedRootMetadata file whose form and keys were checked."""

    path: str
    content: bytes

    def parse(self) -> tuple[Signed, Root]:
        return metadata.parse_signed_root(self.content)


def move_problems(before: RootFile, root: RootFile) -> list[str]:
    """Returns a line for each reason why the client does not move from `before` to `root` at once."""
    return list(filter(None, [_too_long(before, root), _starts_again(before, root)]))


def chain_problems(chain: Sequence[RootFile], root: RootFile) -> list[str]:
    """Returns what `move_problems` does, for each device that a bundle reaches through a chain of roots.

    The client skips the chain: it moves from its own root to `root`, or not at all. Each problem is
    reported once.
    """
    if not chain:
        return []
    problems = [_several_hops(chain, root)]
    for problem_of in (_too_long, _starts_again):
        found = (problem_of(before, root) for before in chain)
        problems.append(next(filter(None, found), None))
    return list(filter(None, problems))


def _several_hops(chain: Sequence[RootFile], root: RootFile) -> str | None:
    if _signed_for_all(chain, root):
        return None
    return (
        f"{root.path}: the keys of an older root did not sign it, so devices need the chain of roots; "
        "Pigweed's client makes one hop; make a bundle for each root, or have the older keys sign, too"
    )


def _signed_for_all(chain: Sequence[RootFile], root: RootFile) -> bool:
    """Says whether `root` is signed for each root of the chain, and for the one before the chain.

    That one is not at hand, but its keys signed the first root of the chain.
    """
    signed, _ = root.parse()
    first, _ = chain[0].parse()
    before = {each.key_id for each in first.signatures}
    if not before or not before <= {each.key_id for each in signed.signatures}:
        return False
    return all(_has_signed(before, signed) for before in chain)


def _has_signed(before: RootFile, signed: Signed) -> bool:
    _, old = before.parse()
    try:
        return quorum(signed, old, old.root, "its own").met
    except Refused as refused:
        raise refused.about(ROOT, printable(before.path)) from None


def _too_long(before: RootFile, root: RootFile) -> str | None:
    signed, old = before.parse()
    # Until it is signed, the file of a root is shorter than the one on devices.
    missing = max(0, old.root.threshold - len(signed.signatures))
    length = len(before.content) + missing * _SIGNATURE_BYTES
    end = _end_of_signed_bytes(root.content)
    if end <= length:
        return None
    return (
        f"{root.path}: its signed bytes end at {end}, after the {length} bytes of {before.path}; "
        "Pigweed's client rejects it on the first attempt and accepts it on the second; list fewer "
        "keys or allowed targets, or let devices try again"
    )


def _starts_again(before: RootFile, root: RootFile) -> str | None:
    _, old = before.parse()
    if not versions_start_again(FormerRoot(old.id, old, True), root.parse()[1]):
        return None
    return (
        f"{root.path}: targets versions start again, because it removes targets keys of "
        f"{before.path}; Pigweed's client still compares them; raise the version in each release"
    )


def _end_of_signed_bytes(content: bytes) -> int:
    return next((each.end for each in wire.fields(content, 0, len(content)) if each.number == 1), 0)
