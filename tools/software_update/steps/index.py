"""Describes a bundle for a server or a web page: what it is for, and the file to download."""

import os
from typing import Any

from software_update.base import files, hashing
from software_update.base.errors import printable
from software_update.bundle.reader import read_envelope, read_user_manifest
from software_update.format import metadata
from software_update.format.release_manifest import parse_release
from software_update.format.verdicts import Refused, Verdict

SCHEMA = "software_update.index.v1"


def describe_bundle(path: str) -> dict[str, Any]:
    """Returns the index of the bundle at `path`, as JSON has it. Reads the whole file once, to hash it.

    Checks no signature and no payload. Raises Refused for a file that is not a bundle.
    """
    with files.open_input(path) as fd:
        try:
            envelope = read_envelope(fd)
            if envelope.targets is None:
                raise Refused(Verdict.MISSING_ROLE_METADATA, "has no targets metadata")
            _, targets = metadata.parse_signed_targets(envelope.targets)
            release = parse_release(read_user_manifest(fd, envelope) or b"")
        except Refused as refused:
            raise refused.about("", printable(path)) from None
        sha256 = hashing.sha256_range(fd, 0, envelope.size, lambda _: None)
    return {
        "schema": SCHEMA,
        "name": release.product if release else None,
        "version": targets.common.version,
        "release_version": release.version if release else None,
        "release_counter": release.counter if release else None,
        "hardware_ids": list(release.hardware_ids) if release else [],
        "size": envelope.size,
        "sha256": sha256.hex(),
        "file": os.path.basename(path),
    }
