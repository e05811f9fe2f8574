"""Verifies a bundle and extracts the payloads of an accepted one."""

from software_update.base import files
from software_update.base.errors import InputError
from software_update.base.trees import check_new_folder, new_folder
from software_update.bundle.extract import write_payloads
from software_update.format.verdicts import Refused
from software_update.verify.bundle_file import Verified, verify_file
from software_update.verify.device import Device
from software_update.verify.targets import VerifiedRelease


def extract_bundle(bundle: str, device: Device, folder: str) -> VerifiedRelease:
    """Writes the payloads of the bundle file `bundle` to `folder`, a new or empty folder.

    It writes exactly the bytes that it verified, and returns the release. Raises Refused if the device
    rejects the bundle, and InputError for a file or folder that cannot be used. An error
    leaves no payloads in the folder.
    """
    check_new_folder(folder)
    with files.open_input(bundle) as fd:
        verified = verify_file(fd, device)
        extract_verified(fd, verified, folder, bundle)
    return verified.release


def extract_verified(fd: int, verified: Verified, folder: str, bundle: str) -> None:
    """Writes the payloads of a verified bundle, and hashes each again while copying it.

    `fd` is the file that was verified, and `bundle` names it in errors. Raises InputError if the file
    changed since.
    """
    listed = {each.name: each for each in verified.release.targets.targets}
    try:
        with new_folder(folder) as new:
            write_payloads(fd, verified.envelope.payloads, listed, new, "extract", decompress=True)
    except Refused as refused:
        raise InputError(
            f"{bundle}: changed after it was verified ({refused}); let its writer finish, and try again"
        ) from None
