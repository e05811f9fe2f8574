"""Puts an attachment next to its bundle, if it belongs to the release."""

import os
from collections.abc import Collection

from software_update.attachments.folder import check_file
from software_update.attachments.release import unverified_release
from software_update.base import files
from software_update.keys.public_key import PublicKey


def lay_attachment(
    path: str, name: str, bundle: str, keys: Collection[PublicKey], output: str
) -> None:
    """Copies the attachment `path` to `output`. `name` is its name in the folder next to the bundle.

    Raises NotDisclosed if it is neither the file of this name that the release manifest lists nor a statement
    about the release, which one of `keys`, if there are any, has signed. The bytes that are checked are those
    of the copy. The bundle itself is not verified.
    """
    with files.open_input(bundle) as fd:
        release = unverified_release(fd, bundle)
    with (
        files.open_input(path) as source,
        files.new_output(output, inputs=[path, bundle]) as copy,
    ):
        files.copy_range(source, copy, os.fstat(source).st_size)
        check_file(copy, name, release, keys)
