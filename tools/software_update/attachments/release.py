"""The parts of a release that attachments refer to: its digest, its roots and its list of attachments."""

from typing import NamedTuple

from software_update.base.errors import InputError, printable
from software_update.bundle.reader import read_envelope, read_user_manifest
from software_update.format import metadata
from software_update.format.claims import Attachment, read_claims
from software_update.format.metadata import Root, Targets
from software_update.format.verdicts import Refused
from software_update.verify.targets import VerifiedRelease


class Release(NamedTuple):
    """A release and the roots that may sign it, oldest first. `user_manifest` is None if it is not there."""

    targets: Targets
    roots: tuple[Root, ...]
    user_manifest: bytes | None

    @property
    def digest(self) -> bytes:
        """The release digest, 32 bytes."""
        return self.targets.digest

    def listed(self) -> tuple[Attachment, ...]:
        """Returns the attachments in the release manifest. Raises NotDisclosed for malformed claims."""
        return read_claims(self.user_manifest).attachments if self.user_manifest else ()


def verified_release(release: VerifiedRelease) -> Release:
    """Returns the parts of a release that the verifier has accepted."""
    return Release(release.targets, release.trusted.roots, release.user_manifest)


def unverified_release(fd: int, path: str) -> Release:
    """Returns the parts of the bundle file `fd`, of which nothing is verified. `path` names it in errors.

    For people who state something about a release, and do not install it. Raises InputError if the file is
    not a bundle.
    """
    try:
        envelope = read_envelope(fd)
        if envelope.targets is None:
            raise InputError(
                f"{printable(path)}: contains no targets metadata; name a whole bundle"
            )
        _, targets = metadata.parse_signed_targets(envelope.targets)
        signed = [*envelope.root_chain, *([envelope.root] if envelope.root is not None else [])]
        roots = tuple(metadata.parse_signed_root(each)[1] for each in signed)
    except Refused as refused:
        raise InputError(f"{printable(path)}: not a bundle ({refused}); name a bundle") from None
    return Release(targets, roots, read_user_manifest(fd, envelope))
