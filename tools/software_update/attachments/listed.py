"""Attachments that the release manifest lists: the release's signature covers their lengths and SHA-256."""

from software_update.format.claims import Attachment
from software_update.format.refusals import NotDisclosed, Refusal


def check_listed(listed: Attachment, length: int, sha256: bytes) -> None:
    """Raises NotDisclosed with ATTACHMENT_MISMATCH if a file is not the listed one.

    `length` is the file's length in bytes, `sha256` the 32 bytes of its digest.
    """
    problem = None
    if length != listed.length:
        problem = f"has {length} bytes, and the release manifest lists {listed.length}"
    elif sha256.hex() != listed.sha256:
        problem = f"has SHA-256 {sha256.hex()}, and the release manifest lists {listed.sha256}"
    if problem:
        raise NotDisclosed(Refusal.ATTACHMENT_MISMATCH, problem, subject=listed.name)


def missing(listed: Attachment) -> NotDisclosed:
    """Returns the refusal of a release of which a listed attachment is not there."""
    return NotDisclosed(
        Refusal.MISSING_ATTACHMENT,
        "is listed in the release manifest, and is missing",
        subject=listed.name,
    )
