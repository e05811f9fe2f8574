"""Reads the files that a verdict starts from. A bad one is the user's, not the bundle's."""

import itertools
from collections.abc import Sequence

from software_update.base import files
from software_update.base.errors import Advice, InputError, UsageError
from software_update.format import limits, metadata
from software_update.format.metadata import Root, Signed
from software_update.format.verdicts import Refused
from software_update.keys.schemes import DEFAULT_SCHEMES, Schemes
from software_update.verify.device import Device
from software_update.verify.roots import trust_root, verify_roots


def read_root_file(path: str) -> bytes:
    """The file's content, read once: what is checked is what goes into a bundle."""
    return files.read_input(path, limits.MAX_ROOT_METADATA_BYTES)


def parse_root(path: str, content: bytes) -> tuple[Signed, Root]:
    """Signed root metadata; InputError where it is none. `path` names it in errors."""
    try:
        return metadata.parse_signed_root(content)
    except Refused as refused:
        raise InputError(f"{path}: not root metadata ({refused})", Advice.CREATE_ROOT) from None


def read_root_chain(paths: Sequence[str], root_path: str, root: Root) -> list[bytes]:
    """The signed roots in `paths`, which lead to `root`: each one version after the one before."""
    if len(paths) > limits.MAX_ROOT_CHAIN:
        raise UsageError(
            f"{paths[0]}: the first of a chain of {len(paths)} roots; name at most {limits.MAX_ROOT_CHAIN}"
        )
    chain = [read_root_file(path) for path in paths]
    versions = [
        (path, parse_root(path, content)[1].common.version)
        for path, content in zip(paths, chain, strict=True)
    ]
    versions.append((root_path, root.common.version))
    for (path, version), (after, next_version) in itertools.pairwise(versions):
        if next_version != version + 1:
            raise InputError(
                f"{path}: version {version}, and {after} after it has version {next_version}; "
                "name each root on the way, oldest first"
            )
    return chain


def check_signed_roots(
    paths: Sequence[str], signed_roots: Sequence[bytes], schemes: Schemes = DEFAULT_SCHEMES
) -> None:
    """Checks that each root verifies by the one before it, and the first by itself. Ignores expiry.

    Raises InputError if one does not.
    """
    root = parse_trusted_root(paths[0], signed_roots[0], schemes)
    for path, signed_root in zip(paths, signed_roots, strict=True):
        try:
            root = verify_roots(Device(root, schemes=schemes), (), signed_root).root
        except Refused as refused:
            raise InputError(f"{path}: a device rejects it ({refused})", Advice.SIGN_ROOT) from None


def read_trusted_root(path: str, schemes: Schemes = DEFAULT_SCHEMES) -> Root:
    """Reads a trust anchor whose keys are of `schemes`. Raises InputError for any other file."""
    return parse_trusted_root(path, read_root_file(path), schemes)


def parse_trusted_root(path: str, content: bytes, schemes: Schemes = DEFAULT_SCHEMES) -> Root:
    """As `read_trusted_root`, for the content of a file."""
    try:
        return trust_root(content, schemes)
    except Refused as refused:
        raise InputError(
            f"{path}: not a root to trust ({refused}); name the signed root metadata that the device has"
        ) from None
