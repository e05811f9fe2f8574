"""Assembles a bundle from signed metadata and payloads.

The payloads must be the ones that the metadata lists: each is hashed while it is copied. The output is
written completely or not at all.
"""

from collections.abc import Callable, Sequence, Set
from typing import NamedTuple

from software_update.base import files
from software_update.base.errors import Advice, InputError, shown
from software_update.bundle.extract import check_same_user_manifest, check_user_manifest
from software_update.bundle.writer import PayloadFile, plan_payloads, write_bundle
from software_update.format import limits, metadata
from software_update.format.device_limits import DeviceLimits
from software_update.format.messages import Target
from software_update.format.names import USER_MANIFEST
from software_update.format.verdicts import Refused
from software_update.steps.unchanged import Earlier
from software_update.verify.device_limits import (
    BeyondDevice,
    Parts,
    beyond,
    beyond_text,
    needed_limits,
)
from software_update.verify.pigweed_roots import RootFile, chain_problems
from software_update.verify.trust_files import parse_root, read_root_chain, read_root_file


class SignedContent(NamedTuple):
    """The content of a bundle whose metadata is signed already.

    `payload_files` are the names of targets and the paths of their payloads. `root` and
    `targets_metadata` are paths of signed metadata, and `root_chain` are the paths of the signed roots
    before `root`, oldest first. `earlier` is the release whose unchanged targets need no payload.
    """

    payload_files: Sequence[tuple[str, str]]
    root: str
    targets_metadata: str
    root_chain: Sequence[str] = ()
    earlier: Earlier | None = None


class DeviceWithLimits(NamedTuple):
    """A device that must have room for a bundle.

    `limits` are its limits and `limits_path` the path of their file. `trusted_root` is the path of the
    signed root that it trusts.
    """

    limits: DeviceLimits
    limits_path: str
    trusted_root: str


def assemble_bundle(
    output: str,
    content: SignedContent,
    *,
    device: DeviceWithLimits | None = None,
    other_inputs: Sequence[str] = (),
    warn: Callable[[str], None],
    pigweed_problem: Callable[[str], None],
) -> None:
    """Writes a bundle to the path `output`, which must not be an input or in `other_inputs`.

    `warn` gets a line for each doubtful input, and `pigweed_problem` one for each reason why Pigweed's C++
    client rejects the bundle. Raises BeyondDevice if `device` has no room for the bundle, and InputError
    for a file that cannot be used, and for a payload that differs from the metadata.
    """
    signed_root = read_root_file(content.root)
    _, root = parse_root(content.root, signed_root)
    chain = read_root_chain(content.root_chain, content.root, root)
    links = list(map(RootFile, content.root_chain, chain))
    for problem in chain_problems(links, RootFile(content.root, signed_root)):
        pigweed_problem(problem)
    signed_targets = files.read_input(content.targets_metadata, limits.MAX_TARGETS_METADATA_BYTES)
    listed = _listed(content.targets_metadata, signed_targets)
    paths = dict(content.payload_files)
    user_manifest = paths.get(USER_MANIFEST)
    if device:
        release = user_manifest and files.read_input(user_manifest, limits.MAX_USER_MANIFEST_BYTES)
        _check_room(device, Parts(chain, signed_root, signed_targets, release or None), output)
    checked = check_user_manifest(user_manifest, listed, warn)
    compressions = {name: each.compression for name, each in listed.items() if each.compression}
    payloads = plan_payloads(content.payload_files, compressions)
    unchanged = content.earlier.payloads if content.earlier else frozenset()
    _check_complete(payloads, listed, unchanged, content.targets_metadata)
    inputs = [content.root, *content.root_chain, content.targets_metadata, *paths.values()]
    with files.new_output(output, inputs=[*inputs, *other_inputs]) as fd:
        signed = (signed_root, signed_targets)
        targets = write_bundle(fd, payloads, signed, lambda _: signed, chain)
        if user_manifest is not None:
            check_same_user_manifest(user_manifest, checked, targets)
        for target in targets:
            if target != listed[target.name]:
                raise _differs(paths[target.name], target.name)


def _check_room(device: DeviceWithLimits, bundle: Parts, output: str) -> None:
    trusted = read_root_file(device.trusted_root)
    parse_root(device.trusted_root, trusted)
    found = beyond(needed_limits(trusted, bundle), device.limits)
    if found:
        raise BeyondDevice(f"{output}: {beyond_text(found, device.limits_path)}")


def _listed(path: str, signed_targets: bytes) -> dict[str, Target]:
    try:
        _, targets = metadata.parse_signed_targets(signed_targets)
        return {each.name: each.as_written() for each in targets.targets}
    except Refused as refused:
        raise InputError(
            f"{path}: not signed targets metadata ({refused})", Advice.SIGN_TARGETS_METADATA
        ) from None


def _check_complete(
    payloads: Sequence[PayloadFile],
    listed: dict[str, Target],
    unchanged: Set[Target],
    path: str,
) -> None:
    names = {payload.name for payload in payloads}
    for name in sorted(names ^ set(listed)):
        if listed.get(name) in unchanged:
            continue
        where = (
            "has no payload; add its payload"
            if name in listed
            else "is not listed in it; remake it"
        )
        raise InputError(f"{path}: target '{shown(name)}' {where}")
    for payload in payloads:
        if payload.length != listed[payload.name].length:
            raise _differs(payload.path, payload.name)


def _differs(path: str, name: str) -> InputError:
    return InputError(
        f"{path}: not the payload that the metadata lists for '{shown(name)}'; make the metadata again"
    )
