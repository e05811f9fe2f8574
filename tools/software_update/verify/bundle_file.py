"""Judges a bundle file: reads it as a stream, and lets the verifier decide."""

import concurrent.futures
import dataclasses
from collections.abc import Sequence

from software_update.bundle.envelope import Envelope, PayloadEntry
from software_update.bundle.reader import read_envelope
from software_update.digest import SMALL_BYTES, sha256_range, thread_count
from software_update.errors import Refused
from software_update.metadata import Root, Targets
from software_update.progress import Progress
from software_update.verify import verifier


@dataclasses.dataclass(frozen=True)
class HashedPayload:
    """A payload of the bundle, and its SHA-256."""

    name: str
    length: int
    sha256: bytes


def verify_bundle(
    fd: int, trusted: Root, installed: Targets | None, at: int | None
) -> verifier.Release:
    """The release in the bundle file `fd`, or Refused. Nothing is hashed until the metadata is good."""
    try:
        envelope = read_envelope(fd)
    except Refused as refused:
        raise refused.about("", "bundle") from None
    release = verify_metadata(envelope, trusted, installed, at)
    verifier.verify_payloads(release, hash_payloads(fd, envelope.payloads), installed)
    return release


def verify_metadata(
    envelope: Envelope, trusted: Root, installed: Targets | None, at: int | None
) -> verifier.Release:
    """The release that the bundle's metadata describes, or Refused."""
    root = verifier.verify_roots(trusted, envelope.root_chain, envelope.root, at)
    return verifier.verify_targets(root, envelope.targets, installed, at)


def hash_payloads(fd: int, payloads: Sequence[PayloadEntry]) -> list[HashedPayload]:
    """The SHA-256 of each payload; large ones side by side."""
    progress = Progress("verify", sum(each.length for each in payloads))
    try:
        with concurrent.futures.ThreadPoolExecutor(thread_count()) as pool:

            def start(entry: PayloadEntry) -> "concurrent.futures.Future[bytes] | bytes":
                if entry.length <= SMALL_BYTES:
                    return sha256_range(fd, entry.offset, entry.length, progress.add)
                return pool.submit(sha256_range, fd, entry.offset, entry.length, progress.add)

            digests = [start(entry) for entry in payloads]
            return [
                HashedPayload(
                    entry.name,
                    entry.length,
                    digest if isinstance(digest, bytes) else digest.result(),
                )
                for entry, digest in zip(payloads, digests, strict=True)
            ]
    finally:
        progress.close()
