"""Creates a signed bundle from files, in one call.

    new = NewBundle(payload_files([("app", "app.bin")]), 7, "root.pb", ["targets.pem"])
    create_bundle("out.bundle", new)

`create_bundle` checks all that a device checks, except expiry, before it copies a payload. The output is
written completely or not at all.
"""

import contextlib
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from software_update.base import files
from software_update.base.errors import Advice, InputError
from software_update.base.trees import scratch_folder
from software_update.bundle.extract import check_same_user_manifest, check_user_manifest
from software_update.bundle.writer import PayloadFile, draft_targets, plan_payloads, write_bundle
from software_update.format import metadata, pigweed
from software_update.format.messages import Target
from software_update.format.metadata import Root
from software_update.format.names import USER_MANIFEST
from software_update.format.verdicts import Refused, Verdict
from software_update.keys.schemes import DEFAULT_SCHEMES, Schemes
from software_update.signing import private_keys
from software_update.steps.compress import compress_payload
from software_update.steps.unchanged import Earlier, new_list, read_earlier
from software_update.verify.device import Device
from software_update.verify.pigweed_roots import RootFile, chain_problems
from software_update.verify.roots import verify_roots
from software_update.verify.targets import verify_targets
from software_update.verify.trust_files import (
    check_signed_roots,
    parse_trusted_root,
    read_root_chain,
    read_root_file,
)


def _ignore(_line: str) -> None:
    pass


class NewBundle(NamedTuple):
    """The content of a bundle that is to be created.

    `payload_files` are the names of targets and the paths of their payloads. `version` is the version of
    the targets metadata, from 1 to 2**32 - 1; `expires` is its expiry in seconds since 1970, None for
    never. `root` is the path of the signed root metadata that goes into the bundle, and `root_chain` are
    the paths of the roots before it, oldest first. `signing_keys` are paths of development keys
    (PKCS#8 PEM). `schemes` are the signature schemes that keys may have. `unchanged_from` is the path of
    the installed manifest of an earlier release, or of a bundle that `root` accepts: the new bundle lists
    its other targets again, without payloads, except those named in `removes`. `compression_levels` has
    the level, from 1 to 19, of each target whose payload is compressed, by name.
    """

    payload_files: Sequence[tuple[str, str]]
    version: int
    root: str
    signing_keys: Sequence[str]
    root_chain: Sequence[str] = ()
    expires: int | None = None
    schemes: Schemes = DEFAULT_SCHEMES
    unchanged_from: str | None = None
    removes: Sequence[str] = ()
    compression_levels: Mapping[str, int] | None = None


def create_bundle(
    output: str,
    new: NewBundle,
    *,
    other_inputs: Sequence[str] = (),
    warn: Callable[[str], None] = _ignore,
    pigweed_problem: Callable[[str], None] = _ignore,
) -> None:
    """Writes a signed bundle to the path `output`, which must not be an input or in `other_inputs`.

    `warn` gets a line for each doubtful input, and `pigweed_problem` one for each reason why Pigweed's C++
    client rejects the bundle.

    Raises InputError for a file that cannot be used and UsageError for arguments that no bundle can have.
    """
    signed_root = read_root_file(new.root)
    root = parse_trusted_root(new.root, signed_root, new.schemes)
    chain = read_root_chain(new.root_chain, new.root, root)
    check_signed_roots([*new.root_chain, new.root], [*chain, signed_root], new.schemes)
    keys = private_keys.read_keys(new.signing_keys, new.schemes)
    links = list(map(RootFile, new.root_chain, chain))
    for problem in chain_problems(links, RootFile(new.root, signed_root)):
        pigweed_problem(problem)
    private_keys.check_listed(keys, root, metadata.TARGETS)
    user_manifest = dict(new.payload_files).get(USER_MANIFEST)
    earlier = None
    if new.unchanged_from is not None:
        earlier = read_earlier(new.unchanged_from, root, new.schemes)
    checked = check_user_manifest(user_manifest, _names(new, earlier), warn)

    def list_of(targets: list[Target]) -> list[Target]:
        if earlier is None:
            return targets
        return new_list(targets, new.version, earlier, new.removes)

    def metadata_of(targets: list[Target]) -> tuple[bytes, bytes]:
        unsigned = metadata.build_targets(new.version, list_of(targets), new.expires)
        signed = private_keys.sign(metadata.Signed(unsigned, ()), keys)
        return signed_root, metadata.build_signed(metadata.TARGETS, signed)

    paths = [path for _, path in new.payload_files]
    inputs = [new.root, *new.root_chain, *new.signing_keys, *paths, *other_inputs]
    if new.unchanged_from is not None:
        inputs.append(new.unchanged_from)
    with _stored_payloads(output, new) as payloads:
        drafts = draft_targets(payloads)
        for problem in pigweed.problems(list_of(drafts)):
            pigweed_problem(problem)
        # Checks before payloads are copied: none of these checks needs a digest.
        draft = metadata_of(drafts)
        _check_targets(root, draft[1])
        with files.new_output(output, inputs=inputs) as fd:
            targets = write_bundle(fd, payloads, draft, metadata_of, chain)
            if user_manifest is not None:
                check_same_user_manifest(user_manifest, checked, targets)


def _names(new: NewBundle, earlier: Earlier | None) -> set[str]:
    """The names of the targets that the bundle lists."""
    kept = {each.name for each in earlier.targets} if earlier else set()
    return kept.difference(new.removes).union(name for name, _ in new.payload_files)


@contextlib.contextmanager
def _stored_payloads(output: str, new: NewBundle) -> Iterator[list[PayloadFile]]:
    """The payloads as the bundle contains them; compressed ones are next to `output` meanwhile."""
    if not new.compression_levels:
        yield plan_payloads(new.payload_files)
        return
    with scratch_folder(output) as folder:
        paths = dict(new.payload_files)
        compressions = {}
        for index, (name, level) in enumerate(sorted(new.compression_levels.items())):
            stored = os.path.join(folder, str(index))
            target = compress_payload(name, paths[name], stored, level)
            paths[name] = stored
            if target.compression:
                compressions[name] = target.compression
        yield plan_payloads(list(paths.items()), compressions)


def _check_targets(root: Root, signed_targets: bytes) -> None:
    """Checks for faults that a device would reject. Does not check expiry."""
    try:
        device = Device(root)
        verify_targets(device, verify_roots(device, (), None), signed_targets, None)
    except Refused as refused:
        if refused.verdict != Verdict.THRESHOLD_NOT_MET:
            raise
        raise InputError(refused.detail, Advice.SIGN_WITH_MORE_KEYS) from None
