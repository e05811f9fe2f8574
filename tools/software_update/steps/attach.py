"""Attaches detached signatures to metadata, for a release.

    release = MetadataToRelease("targets", "targets.pb", ["alice.json"], root="root.pb")
    attach_signatures("targets.signed.pb", release)

Each signature must be good, they must meet the thresholds, and no root of the release may list a
development key. The output is written completely or not at all.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from software_update.base import files
from software_update.base.errors import InputError, SignatureError
from software_update.format import metadata
from software_update.format.limits import MAX_DEV_KEY_IDENTITIES_BYTES
from software_update.format.metadata import Root
from software_update.keys.schemes import DEFAULT_SCHEMES, Schemes
from software_update.signing import holders as key_holders
from software_update.signing import request_files, signature_file
from software_update.signing.attach import TooFewSignatures, attach
from software_update.signing.dev_keys import check_no_dev_keys, parse_identities
from software_update.signing.earlier_keys import EarlierSignature, split_earlier
from software_update.signing.holders import NO_HOLDERS, Holders
from software_update.signing.signature_file import DetachedSignature
from software_update.signing.signing_request import Authority, Request
from software_update.verify.trust_files import (
    check_signed_roots,
    parse_root,
    read_root_file,
    read_trusted_root,
)


class UnsignedRoot(InputError):
    """The root of a release has no signatures. The caller may know the request to sign."""


class MetadataToRelease(NamedTuple):
    """Metadata of a release, as paths of files.

    `signatures` are detached signatures. For targets metadata, `root` lists the keys, and `root_chain` are
    the signed roots before it, oldest first. For root metadata, `previous` is the root before it; None for
    the first root. `trusted_roots` are roots on devices. `dev_key_identities` names the development keys
    of the source tree. `holders` names the keys in errors.
    """

    role: str
    metadata: str
    signatures: Sequence[str]
    root: str | None = None
    previous: str | None = None
    root_chain: Sequence[str] = ()
    trusted_roots: Sequence[str] = ()
    dev_key_identities: str | None = None
    holders: str | None = None

    @property
    def inputs(self) -> list[str]:
        """The paths of all files."""
        optional = (self.root, self.previous, self.dev_key_identities, self.holders)
        named = [each for each in optional if each is not None]
        return [self.metadata, *named, *self.root_chain, *self.trusted_roots, *self.signatures]


def attach_signatures(
    output: str,
    release: MetadataToRelease,
    *,
    other_inputs: Sequence[str] = (),
    schemes: Schemes = DEFAULT_SCHEMES,
    warn: Callable[[str], None] = lambda text: None,
) -> tuple[str, ...]:
    """Writes signed metadata to the path `output`, which must not be an input or in `other_inputs`.

    Returns the files that were left out because they sign other metadata. Leaves out signatures by keys
    of earlier roots too, and calls `warn` with a line for each. Raises SignatureError for bad
    or missing signatures, Refused for a root that may not follow, InputError for a file that cannot be
    used, and its subclass UnsignedRoot.
    """
    request = request_files.read_metadata(release.metadata, release.role, schemes)
    dev_keys = _dev_keys(release.dev_key_identities, schemes)
    if isinstance(request.content, Root):
        authorities = request_files.read_root_authorities(
            release.metadata, request.content, release.previous, schemes
        )
        check_no_dev_keys(release.metadata, request.content, dev_keys)
        _check_no_dev_keys(release, dev_keys, schemes)
    else:
        assert release.root is not None
        authorities = request_files.read_targets_authorities(release.root, schemes)
        _check_no_dev_keys(release, dev_keys, schemes)
        _check_roots(release.root, release.root_chain, schemes)
    signatures = [(path, signature_file.read(path, schemes)) for path in release.signatures]
    holders = NO_HOLDERS if release.holders is None else key_holders.read(release.holders)
    current, earlier = _split_earlier(release, request, authorities[0], signatures, schemes)
    try:
        signed, left_out = attach(request, authorities, current, holders)
    except TooFewSignatures as error:
        raise _explained(error, earlier, holders) from None
    for each in earlier:
        consequence = f"; {each.consequence}" if each.consequence else ""
        warn(
            f"{each.describe(holders)}, so the signature is left out; remove the file{consequence}"
        )
    content = metadata.build_signed(release.role, signed)
    files.write_output(output, content, inputs=[*release.inputs, *other_inputs])
    return left_out


def _split_earlier(
    release: MetadataToRelease,
    request: Request,
    authority: Authority,
    signatures: Sequence[tuple[str, DetachedSignature]],
    schemes: Schemes,
) -> tuple[Sequence[tuple[str, DetachedSignature]], Sequence[EarlierSignature]]:
    """Separates the signatures by keys that only roots before the root of the release list."""
    if release.root is None:
        return signatures, ()
    paths = (*release.root_chain, *release.trusted_roots)
    roots = [read_trusted_root(each, schemes) for each in paths]
    return split_earlier(request, authority.root, roots, signatures)


def _explained(
    error: TooFewSignatures, earlier: Sequence[EarlierSignature], holders: Holders
) -> SignatureError:
    """Returns the error that says which signature does not count because the root was rotated."""
    if not earlier:
        return error
    first = earlier[0]
    consequence = f"; {first.consequence}" if first.consequence else ""
    return SignatureError(
        f"{first.describe(holders)}; keys of the new root must sign{consequence}; {error}"
    )


def _dev_keys(path: str | None, schemes: Schemes) -> Mapping[bytes, str]:
    if path is None:
        return {}
    return parse_identities(path, files.read_input(path, MAX_DEV_KEY_IDENTITIES_BYTES), schemes)


def _check_no_dev_keys(
    release: MetadataToRelease, dev_keys: Mapping[bytes, str], schemes: Schemes
) -> None:
    """Rejects roots that a release makes devices trust, or starts from, if anyone can sign under them."""
    optional = [each for each in (release.root, release.previous) if each is not None]
    for path in (*release.root_chain, *optional, *release.trusted_roots):
        check_no_dev_keys(path, read_trusted_root(path, schemes), dev_keys)


def _check_roots(path: str, chain_paths: Sequence[str], schemes: Schemes) -> None:
    """Raises InputError if a device rejects a root on the way to the release."""
    root = read_root_file(path)
    if not parse_root(path, root)[0].signatures:
        raise UnsignedRoot(f"{path}: has no signatures")
    chain = [read_root_file(each) for each in chain_paths]
    check_signed_roots([*chain_paths, path], [*chain, root], schemes)
