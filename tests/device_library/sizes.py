"""The limits of a device that a bundle may exceed, counted without the device library."""

from collections.abc import Mapping

from tests.device_library import subjects
from tests.device_library.subjects import Subject
from tests.mutation import anatomy
from tests.mutation.anatomy import Message

# Keys of open objects that the reader of release manifests has room for (kReleaseKeys). A colon follows each.
RELEASE_KEYS = 24
TARGETS, PAYLOADS, ROOT, CHAIN = 3, 4, 5, 65
COMPRESSION, ALLOWED_TARGETS = 254, 254
P256_KEY_BYTES = 65


def exceeded(subject: Subject, limits: Mapping[str, int]) -> set[str]:
    """Returns the limits that the bundle of a subject exceeds, as the library names them.

    Raises ValueError if the bundle is not a message at all.
    """
    tree = subjects.take_apart(subject.bundle, subjects.BUNDLE)
    found = set()
    roots = _roots(tree) + subjects.nested(
        subjects.take_apart(subject.device.trusted, subjects.SIGNED_ROOT), 1
    )
    sizes = {
        "keys": max(map(_keys, roots), default=0),
        "signatures": max(map(_signatures, _signed(tree)), default=0),
        "targets": sum(len(subjects.nested(each, 2)) for each in _targets(tree)),
        "loose payloads": _loose(tree),
        "roots": len(subjects.nested(tree, CHAIN)),
        "allowed targets": max(map(_allowed, roots), default=0),
        "verifications": 2 * sum(map(_signatures, _signed(tree))),
    }
    for name, size in sizes.items():
        if size > limits[name.replace(" ", "_")]:
            found.add(name)
    if not limits["compression"] and any(map(_is_compressed, _files(tree))):
        found.add("compression")
    if has_unusual_order(tree):
        found.add("order")
    if any(each.count(b":") > RELEASE_KEYS for each in _user_manifests(tree)):
        found.add("release manifest")
    return found


def has_unusual_order(tree: Message) -> bool:
    """Says whether something comes after what needs it: chain, root, targets metadata, payloads."""
    ranks = [(CHAIN, ROOT, TARGETS, PAYLOADS).index(n) for n in _numbers(tree)]
    return ranks != sorted(ranks)


def _numbers(tree: Message) -> list[int]:
    return [field.number for field in tree if field.number in (CHAIN, ROOT, TARGETS, PAYLOADS)]


def _signed_roots(tree: Message) -> list[Message]:
    return subjects.nested(tree, CHAIN) + subjects.nested(tree, ROOT)


def _roots(tree: Message) -> list[Message]:
    return [root for signed in _signed_roots(tree) for root in subjects.nested(signed, 1)]


def _signed_targets(tree: Message) -> list[Message]:
    return [each for entry in subjects.nested(tree, TARGETS) for each in subjects.nested(entry, 2)]


def _targets(tree: Message) -> list[Message]:
    return [each for signed in _signed_targets(tree) for each in subjects.nested(signed, 1)]


def _files(tree: Message) -> list[Message]:
    return [file for targets in _targets(tree) for file in subjects.nested(targets, 2)]


def _signed(tree: Message) -> list[Message]:
    return _signed_roots(tree) + _signed_targets(tree)


def _signatures(signed: Message) -> int:
    return len(subjects.nested(signed, 2))


def _keys(root: Message) -> int:
    """Counts the keys of a root, and the key ids in its roles."""
    roles = [role for number in (4, 7) for role in subjects.nested(root, number)]
    ids = [key_id for role in roles for key_id in anatomy.children(role, 1)]
    return len({*ids, *subjects.key_values((anatomy.Field(1, root),))})


def _allowed(root: Message) -> int:
    return len([field for field in root if field.number == ALLOWED_TARGETS])


def _is_compressed(file: Message) -> bool:
    return any(field.number == COMPRESSION for field in file)


def _names(tree: Message) -> set[bytes]:
    return {name for file in _files(tree) for name in anatomy.children(file, 1)}


def _loose(tree: Message) -> int:
    """Counts the payloads before the targets metadata, and those that it does not list."""
    listed, loose, has_targets = _names(tree), 0, False
    for field in tree:
        has_targets = has_targets or field.number == TARGETS
        if field.number == PAYLOADS and isinstance(field.content, tuple):
            names = anatomy.children(field.content, 1)
            loose += not has_targets or not set(names) <= listed
    return loose


def _user_manifests(tree: Message) -> list[bytes]:
    return [
        content
        for entry in subjects.nested(tree, PAYLOADS)
        if anatomy.children(entry, 1) == [b"user_manifest"]
        for content in anatomy.children(entry, 2)
    ]


def has_late_names(tree: Message) -> bool:
    """Says whether a payload's name comes after its content."""
    numbers = [[field.number for field in entry] for entry in subjects.nested(tree, PAYLOADS)]
    return any({1, 2} <= {*each} and each.index(2) < each.index(1) for each in numbers)


def has_long_keys(tree: Message) -> bool:
    """Says whether a root lists a key that is longer than one of P-256, which a device does not keep."""
    values = [value for signed in _signed_roots(tree) for value in _values(signed)]
    return any(len(value) > P256_KEY_BYTES for value in values)


def _values(signed_root: Message) -> list[bytes]:
    mappings = [
        mapping
        for root in subjects.nested(signed_root, 1)
        for mapping in subjects.nested(root, subjects.KEYS_OF_ROOT)
    ]
    keys = [key for mapping in mappings for key in subjects.nested(mapping, 2)]
    return [value for key in keys for value in anatomy.children(key, 3)]
