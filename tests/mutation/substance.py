"""The parts of an accepted bundle that no change may touch.

An accepted mutant has the substance of the bundle that it was made from. It may differ from it only in
the order of fields; signatures, as long as enough of them stay as they were; roots left out, or
twice in the chain; roots at the chain's start that the device has passed, of which it uses nothing;
payloads left out that it has.
"""

import dataclasses
import hashlib

from tests.mutation import anatomy
from tests.mutation.anatomy import Message
from tests.mutation.subjects import Subject

ROOT_ROLE, TARGETS_ROLE = 4, 7


@dataclasses.dataclass(frozen=True)
class Signed:
    """Signed bytes, and the signatures over them: key id and signature."""

    content: bytes
    signatures: frozenset[tuple[bytes, bytes]]


@dataclasses.dataclass(frozen=True)
class Substance:
    """The targets metadata, each root from the device's on, oldest first, and the payloads."""

    targets: Signed
    roots: tuple[Signed, ...]
    payloads: dict[str, bytes]


def substance(bundle: bytes, subject: Subject) -> Substance:
    """A bundle's substance. ValueError where it has anything else."""
    tree = anatomy.take_apart(bundle, anatomy.BUNDLE)
    if not {field.number for field in tree} <= set(anatomy.BUNDLE):
        raise ValueError("an unknown field")
    [targets] = _messages(tree, 3)
    payloads = [_map_entry(entry) for entry in _messages(tree, 4)]
    if len(dict(payloads)) != len(payloads):
        raise ValueError("a payload twice")
    name, signed_targets = _map_entry(targets)
    if name != "targets":
        raise ValueError(f"metadata of {name}")
    chain, root = _messages(tree, 65), _messages(tree, 5)
    if len(root) > 1:
        raise ValueError("a root twice")
    used = _used_roots(chain, root, _version(_signed(subject.trusted).content))
    return Substance(_signed(signed_targets), used, dict(payloads))


def difference(mutant: bytes, subject: Subject) -> str:
    """Returns the reason why a device must not accept the mutant; empty if the device may accept it."""
    old = substance(subject.bundle, subject)
    try:
        new = substance(mutant, subject)
    except ValueError as error:
        return f"not a bundle: {error}"
    if new.targets.content != old.targets.content:
        return "other targets metadata"
    trusted = _signed(subject.trusted)
    known = {each.content for each in (*old.roots, trusted)}
    if not {each.content for each in new.roots} <= known:
        return "other roots"
    for name in new.payloads:
        if new.payloads[name] != old.payloads.get(name):
            return f"another payload {name}"
    missing = _listed(old.targets.content) - {_target(*each) for each in new.payloads.items()}
    if not missing <= _installed(subject):
        return f"without {sorted(name for name, _ in missing)}"
    return _missing_signatures(old, new, trusted.content)


def _missing_signatures(old: Substance, new: Substance, root: bytes) -> str:
    """Counts, role by role, the signatures that are there as they were."""
    untouched = {
        signature for signed in (old.targets, *old.roots) for signature in signed.signatures
    }
    for each in new.roots:
        kept = each.signatures & untouched
        if not (_is_met(root, ROOT_ROLE, kept) and _is_met(each.content, ROOT_ROLE, kept)):
            return "too few signatures of a root"
        root = each.content
    if not _is_met(root, TARGETS_ROLE, new.targets.signatures & untouched):
        return "too few signatures of the targets metadata"
    return ""


def _is_met(root: bytes, role: int, signatures: frozenset[tuple[bytes, bytes]]) -> bool:
    [requirement] = _messages(anatomy.take_apart(root, {role: {}}), role)
    [threshold] = anatomy.children(requirement, 2)
    signed = {key_id for key_id, _ in signatures} & {*anatomy.children(requirement, 1)}
    return len(signed) >= anatomy.number_of(threshold)


def _used_roots(chain: list[Message], root: list[Message], has: int) -> tuple[Signed, ...]:
    """The roots in the order of their use. Roots that a device has passed are at the chain's start."""
    used: list[Signed] = []
    for each in chain + root:
        signed = _signed(anatomy.put_together(each))
        if used or each in root or _version(signed.content) >= has:
            used.append(signed)
    return tuple(used)


def _messages(tree: Message, *numbers: int) -> list[Message]:
    return [
        field.content
        for number in numbers
        for field in tree
        if field.number == number and isinstance(field.content, tuple)
    ]


def _map_entry(entry: Message) -> tuple[str, bytes]:
    """Returns key and value, which appear once each, in any order."""
    if sorted(field.number for field in entry) != [1, 2]:
        raise ValueError("an odd entry")
    [name], [value] = anatomy.children(entry, 1), anatomy.children(entry, 2)
    return name.decode(), value


def _signed(data: bytes) -> Signed:
    """Beside what is signed there are signatures, and in these nothing but key id and signature."""
    message = anatomy.take_apart(data, {2: {}})
    signatures = set()
    for signature in _messages(message, 2):
        numbers = [field.number for field in signature]
        if not {1, 2} >= {*numbers} or len(numbers) > len({*numbers}):
            raise ValueError("an odd signature")
        fields = [b"".join(anatomy.children(signature, number)) for number in (1, 2)]
        signatures.add((fields[0], fields[1]))
    if not {1, 2} >= {field.number for field in message}:
        raise ValueError("odd metadata")
    [content] = anatomy.children(message, 1)
    return Signed(content, frozenset(signatures))


def _version(root: bytes) -> int:
    [common] = anatomy.children(anatomy.take_apart(root, {1: {}}), 1)
    [version] = anatomy.children(anatomy.take_apart(common, {}), 2)
    return anatomy.number_of(version)


def _target(name: str, content: bytes) -> tuple[str, bytes]:
    return name, hashlib.sha256(content).digest()


def _listed(targets: bytes) -> set[tuple[str, bytes]]:
    """Name and SHA-256 of each target in targets metadata."""
    listed = set()
    for file in _messages(anatomy.take_apart(targets, anatomy.TARGETS), 2):
        [name], [hash_] = anatomy.children(file, 1), _messages(file, 3)
        [digest] = anatomy.children(hash_, 2)
        listed.add((name.decode(), digest))
    return listed


def _installed(subject: Subject) -> set[tuple[str, bytes]]:
    if subject.installed is None:
        return set()
    [entry] = _messages(anatomy.take_apart(subject.installed, {1: {}}), 1)
    return _listed(_map_entry(entry)[1])
