"""Personalizes a bundle for a device: leaves out the payloads that the device has."""

from collections.abc import Iterator, Set

from software_update.bundle.envelope import (
    PAYLOAD_FIELD,
    ROOT_CHAIN_FIELD,
    ROOT_FIELD,
    TARGETS_FIELD,
    Envelope,
    payload_order,
)
from software_update.bundle.extract import listed_targets
from software_update.bundle.reader import read_envelope, read_fields
from software_update.format.messages import Target
from software_update.format.names import USER_MANIFEST

# The order in which the writer writes fields.
_FIELDS = {ROOT_CHAIN_FIELD: 0, ROOT_FIELD: 1, TARGETS_FIELD: 2, PAYLOAD_FIELD: 3}


def kept_ranges(fd: int, on_device: Set[Target]) -> list[tuple[int, int]]:
    """Returns start and end of each field of the bundle file `fd` that the device needs.

    They are in the writer's order, even if the fields of the file are not.
    `on_device` are the targets that the device has installed, each compressed or not. Metadata and
    `user_manifest` are always kept. Checks no signature. Raises Refused if the bundle is malformed.
    """
    envelope = read_envelope(fd)
    kept = sorted(_kept(fd, envelope, _left_out(envelope, on_device)))
    return [(start, end) for *_, start, end in kept]


def _left_out(envelope: Envelope, on_device: Set[Target]) -> set[str]:
    """The payloads that the device has, by target name. One that is not as listed stays, to be refused."""
    listed = listed_targets(envelope)
    originals = {each.original for each in on_device}
    return {
        entry.name
        for entry in envelope.payloads
        # A device hands the user_manifest of the bundle to the product before it installs.
        if entry.name != USER_MANIFEST
        and entry.name in listed
        and listed[entry.name].original in originals
        and listed[entry.name].length == entry.length
    }


def _kept(
    fd: int, envelope: Envelope, left_out: set[str]
) -> Iterator[tuple[int, tuple[bool, str], int, int]]:
    """Yields two sort keys for the writer's order, and the start and end, of each field to keep."""
    names = iter([entry.name for entry in envelope.payloads])
    for number, start, end in read_fields(fd):
        name = next(names, "") if number == PAYLOAD_FIELD else None
        if name not in left_out:
            # Another field comes only from a file that changed meanwhile; a device rejects it.
            yield _FIELDS.get(number, len(_FIELDS)), payload_order(name or ""), start, end
