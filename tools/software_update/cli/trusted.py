"""Reads the files that a verdict starts from. A bad one is the user's, not the bundle's."""

from software_update import files, limits, metadata
from software_update.errors import InputError, Refused
from software_update.metadata import Root, Signed, Targets
from software_update.verify import verifier


def read_root_file(path: str) -> bytes:
    """The file's content, read once: what is checked is what goes into a bundle."""
    return files.read_input(path, limits.MAX_ROOT_METADATA_BYTES)


def parse_root(path: str, content: bytes) -> tuple[Signed, Root]:
    """Signed root metadata; InputError where it is none. `path` names it in errors."""
    try:
        signed = metadata.parse_signed(metadata.ROOT, content)
        return signed, metadata.parse_root(signed.serialized)
    except Refused as refused:
        raise InputError(
            f"{path}: no root metadata ({refused}); make it with: root create"
        ) from None


def read_trusted_root(path: str) -> Root:
    """The trust anchor; InputError where it cannot be one."""
    return parse_trusted_root(path, read_root_file(path))


def parse_trusted_root(path: str, content: bytes) -> Root:
    """The trust anchor in a file's content; InputError where it cannot be one."""
    try:
        return verifier.trust_root(content)
    except Refused as refused:
        raise InputError(
            f"{path}: no root to trust ({refused}); name the signed root metadata that the device has"
        ) from None


def read_installed(path: str | None) -> Targets | None:
    """What the device has installed, from its manifest file."""
    if path is None:
        return None
    content = files.read_input(path, limits.MAX_MANIFEST_BYTES)
    try:
        return metadata.parse_manifest(content)
    except Refused as refused:
        raise InputError(
            f"{path}: no manifest of an installed release ({refused}); name the device's own"
        ) from None
