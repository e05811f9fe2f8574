"""Personalizes a bundle for a device: leaves out the payloads that the device has."""

from collections.abc import Iterator, Set

from software_update.bundle.envelope import PAYLOAD_FIELD, Envelope
from software_update.bundle.extract import listed_targets
from software_update.bundle.reader import read_envelope, read_fields
from software_update.format.messages import Target
from software_update.format.names import USER_MANIFEST


def kept_ranges(fd: int, on_device: Set[Target]) -> list[tuple[int, int]]:
    """Returns start and end of each part of the bundle file `fd` that the device needs.

    `on_device` are the targets that the device has installed, each compressed or not. Metadata and
    `user_manifest` are always kept. Checks no signature. Raises Refused if the bundle is malformed.
    """
    envelope = read_envelope(fd)
    return list(_kept(fd, envelope, _left_out(envelope, on_device)))


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


def _kept(fd: int, envelope: Envelope, left_out: set[str]) -> Iterator[tuple[int, int]]:
    """Start and end of each of the bundle's fields, but for the payloads that are left out."""
    names = iter([entry.name for entry in envelope.payloads])
    for number, start, end in read_fields(fd):
        if number != PAYLOAD_FIELD or next(names, "") not in left_out:
            yield start, end
