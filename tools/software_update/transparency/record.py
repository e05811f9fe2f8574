"""The record of a release in a log: text that a device computes from verified metadata.

A personalized bundle has the same record, because the record names no payload. A record names the root in
force after the release is verified, so a bundle should contain its root.
"""

import re
from typing import NamedTuple

from software_update.base.errors import shown
from software_update.format.refusals import NotDisclosed, Refusal
from software_update.verify.targets import VerifiedRelease

MAX_PRODUCT_BYTES = 1024

_FIRST_LINE = "software-update-release/v1"
_MAX_NUMBER = 2**32 - 1
# Control characters, and separators of lines and paragraphs.
_REJECTED = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_RECORD = re.compile(
    rf"{_FIRST_LINE}\n"
    r"product=([^\n]+)\n"
    r"release_counter=([1-9][0-9]{0,9})\n"
    r"root_version=([1-9][0-9]{0,9})\n"
    r"root_sha256=([0-9a-f]{64})\n"
    r"release_digest=([0-9a-f]{64})\n"
)


class ReleaseRecord(NamedTuple):
    """The record of a release. The digests are SHA-256 in lower-case hexadecimal.

    `root_sha256` is the digest of the signed bytes of the root in force, without signatures.
    """

    product: str
    release_counter: int
    root_version: int
    root_sha256: str
    release_digest: str

    def content(self) -> bytes:
        """Returns the bytes that a log contains."""
        return "".join(
            f"{each}\n"
            for each in (
                _FIRST_LINE,
                f"product={self.product}",
                f"release_counter={self.release_counter}",
                f"root_version={self.root_version}",
                f"root_sha256={self.root_sha256}",
                f"release_digest={self.release_digest}",
            )
        ).encode()


def record_of(release: VerifiedRelease) -> ReleaseRecord:
    """Returns the record of a release.

    Raises NotDisclosed with MISSING_PROOF if no log can contain it: it has no release manifest, or a
    product that is not one line of text of at most MAX_PRODUCT_BYTES.
    """
    import hashlib

    if release.manifest is None:
        raise _no_record("the release has no release manifest, so no log can list it; make one")
    product = release.manifest.product
    if not _is_product(product):
        raise _no_record(
            f"the product '{shown(product)}' is not a line of at most {MAX_PRODUCT_BYTES} bytes, "
            "so no log can list it; rename the product"
        )
    root = release.root.id
    return ReleaseRecord(
        product,
        release.manifest.counter,
        root.version,
        root.sha256.hex(),
        hashlib.sha256(release.targets.serialized).hexdigest(),
    )


def parse_record(content: bytes) -> ReleaseRecord | None:
    """Returns the record in an entry of a log; None if the entry is something else."""
    try:
        match = _RECORD.fullmatch(content.decode())
    except UnicodeDecodeError:
        return None
    if not match or not _is_product(match[1]):
        return None
    record = ReleaseRecord(match[1], int(match[2]), int(match[3]), match[4], match[5])
    small = max(record.release_counter, record.root_version) <= _MAX_NUMBER
    return record if small else None


def _is_product(text: str) -> bool:
    try:
        return len(text.encode()) <= MAX_PRODUCT_BYTES and not _REJECTED.search(text)
    except UnicodeEncodeError:
        return False


def _no_record(detail: str) -> NotDisclosed:
    return NotDisclosed(Refusal.MISSING_PROOF, detail)
