"""Reads metadata to sign, and the roots whose keys must sign them, from files.

    request = read_request("app.signing_request")
    authorities = read_targets_authorities("root.pb")

Raises InputError for a bad file. Raises Refused if a root may not follow the previous one.
"""

import os

from software_update.base import files
from software_update.base.errors import InputError, printable
from software_update.format import limits, metadata
from software_update.format.metadata import Root, Signed
from software_update.format.verdicts import Refused
from software_update.keys.schemes import DEFAULT_SCHEMES, Schemes
from software_update.signing import signing_request
from software_update.signing.signing_request import Authority, Request
from software_update.verify.roots import check_successor
from software_update.verify.trust_files import read_trusted_root


def read_metadata(
    path: str, role: str | None = None, schemes: Schemes = DEFAULT_SCHEMES
) -> Request:
    """Reads metadata to sign, of `role`; None for the role that they state."""
    content = files.read_input(path, limits.MAX_TARGETS_METADATA_BYTES)
    try:
        return signing_request.parse_request(content, role, schemes)
    except Refused as refused:
        what = f"{role} metadata" if role else "metadata"
        raise InputError(
            f"{path}: not {what} that a device accepts ({refused}); make another one"
        ) from None


def read_request(path: str, schemes: Schemes = DEFAULT_SCHEMES) -> Request:
    """Reads metadata to sign, and the JSON next to them if there is one."""
    if os.path.lexists(json_path(path)):
        return read_described_request(path, schemes)
    return read_metadata(path, None, schemes)


def read_described_request(path: str, schemes: Schemes = DEFAULT_SCHEMES) -> Request:
    """Reads metadata to sign, and the JSON next to them, which must be there."""
    request = read_metadata(path, None, schemes)
    beside = json_path(path)
    document = files.read_input(beside, limits.MAX_REQUEST_JSON_BYTES)
    return signing_request.with_json(beside, document, request)


def json_path(path: str) -> str:
    """Returns the path of the JSON next to the bytes to sign."""
    return f"{path}.json"


def read_targets_authorities(root: str, schemes: Schemes = DEFAULT_SCHEMES) -> list[Authority]:
    """Returns the authorities that must sign targets metadata under the root in the file `root`."""
    try:
        return signing_request.authorities_of_targets(read_trusted_root(root, schemes))
    except Refused as refused:
        raise _cannot_be_signed(root, refused) from None


def read_root_authorities(
    path: str, new: Root, previous: str | None, schemes: Schemes = DEFAULT_SCHEMES
) -> list[Authority]:
    """Returns the authorities that must sign the root `new`. Raises Refused if it may not follow `previous`.

    `path` names the new root in errors, and `previous` is a file.
    """
    old = None if previous is None else read_trusted_root(previous, schemes)
    try:
        authorities = signing_request.authorities_of_root(new, old)
    except Refused as refused:
        raise _cannot_be_signed(path, refused) from None
    if old is not None:
        unsigned = metadata.build_signed(metadata.ROOT, Signed(new.serialized, ()))
        try:
            check_successor(old, unsigned, schemes)
        except Refused as refused:
            raise refused.about(metadata.ROOT, printable(path)) from None
    return authorities


def _cannot_be_signed(path: str, refused: Refused) -> InputError:
    return InputError(f"{path}: it cannot be signed ({refused}); make another root")
