"""Describes targets metadata to sign, and the keys that may sign them."""

from software_update.base import files
from software_update.base.errors import Advice, InputError
from software_update.format import limits
from software_update.format.metadata import TARGETS, Targets
from software_update.format.names import USER_MANIFEST
from software_update.format.release_manifest import ReleaseManifest, parse_release
from software_update.format.verdicts import Refused
from software_update.keys.schemes import DEFAULT_SCHEMES, Schemes
from software_update.signing import request_files, signing_request
from software_update.signing.holders import NO_HOLDERS, Holders
from software_update.signing.signing_request import Request
from software_update.verify.target_list import check_list


def request_of_targets(
    metadata: str,
    root: str,
    user_manifest: str | None,
    schemes: Schemes = DEFAULT_SCHEMES,
    holders: Holders = NO_HOLDERS,
) -> tuple[Request, bytes]:
    """Returns the request to sign the targets metadata in a file, and the JSON that describes it.

    `root` is the path of the root whose keys sign. `user_manifest` is that of the payload user_manifest;
    if it is a release manifest, the JSON names its product. `holders` names the keys. Raises InputError
    for a bad file, and Refused if the root does not allow one of the targets.
    """
    request = request_files.read_metadata(metadata, TARGETS, schemes)
    authorities = request_files.read_targets_authorities(root, schemes)
    if isinstance(request.content, Targets):
        check_list(request.content, authorities[0].root.allowed_targets)
    release = None if user_manifest is None else _release(user_manifest, request)
    return request, signing_request.build_json(request, authorities, release, holders)


def _release(path: str, request: Request) -> ReleaseManifest | None:
    content = files.read_input(path, limits.MAX_USER_MANIFEST_BYTES)
    if not signing_request.lists(request, USER_MANIFEST, content):
        raise InputError(
            f"{path}: is not the {USER_MANIFEST} that the metadata lists; name that one"
        )
    try:
        return parse_release(content)
    except Refused as refused:
        raise InputError(f"{path}: {refused}", Advice.MAKE_RELEASE_MANIFEST) from None
