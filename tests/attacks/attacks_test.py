"""Tests of the generated cases, and of the warnings about what Pigweed's client rejects."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import pytest
from software_update.bundle.reader import read_envelope
from software_update.format import pigweed
from software_update.format.messages import Target
from software_update.format.metadata import parse_manifest, parse_signed, parse_targets
from software_update.format.proto import tuf_pb2
from software_update.verify.pigweed_roots import RootFile, chain_problems, move_problems

from tests.attacks.generate import CASES, FOLDER, files
from tests.attacks.product import Case
from tests.vectors import cases

ACCEPTED = [case for case in cases.load(FOLDER) if case.verdict == "ACCEPT" and case.bundle]
# Needs of that client that our tools cannot see, or bundles that they never write.
NOT_WARNED = {
    "length_absent": "our tools always write the length",
    "recovery_path_root_given": "only the device knows which root it had before",
    "signature_without_id_too": "our tools write only signatures by keys that must sign",
    "signatures_64": "as before",
}


@pytest.mark.parametrize("case", ACCEPTED, ids=[case.name for case in ACCEPTED])
def test_tools_warn_of_what_pigweeds_client_rejects(case: cases.Case) -> None:
    """A bundle without a warning has all that the client needs, as the bundle format lists it.

    A warning is for all devices, so it may be about another device than that of the case.
    """
    assert case.bundle is not None
    with case.bundle.open("rb") as file:
        bundle = read_envelope(file.fileno())
    trusted = RootFile("trusted", case.trusted_root.read_bytes())
    signed = parse_signed("targets", bundle.targets or b"")
    targets = parse_targets(signed.serialized)
    listed = [Target.of(each.name, each.length, b"") for each in targets.targets]
    problems = list(pigweed.problems(listed))
    if bundle.root is not None:
        root = RootFile("root", bundle.root)
        problems += move_problems(trusted, root)
        problems += chain_problems([RootFile("link", each) for each in bundle.root_chain], root)
    accepted = needs_met(case, signed.serialized, [s.key_id for s in signed.signatures])
    accepted &= bundle.root is None or can_move(trusted.content, bundle.root)
    if case.name in NOT_WARNED:
        assert (accepted, problems) == (False, [])
    else:
        assert accepted or problems


def needs_met(case: cases.Case, targets: bytes, signers: Sequence[bytes]) -> bool:
    """Says whether Pigweed's client finds all that it needs in targets metadata."""
    parsed = tuf_pb2.TargetsMetadata.FromString(targets)
    if case.installed is not None:
        installed = parse_manifest(case.installed.read_bytes())
        if parsed.common_metadata.version < installed.targets.common.version:
            return False
    return all(len(signer) == 32 for signer in signers) and all(
        len(file.file_name) <= 32 and file.length <= 100 * 1024**2 and file.HasField("length")
        for file in parsed.target_files
    )


def can_move(trusted: bytes, signed_root: bytes) -> bool:
    """Says whether Pigweed's client moves to a bundle's root at once; it knows no chain."""
    old, new = (tuf_pb2.SignedRootMetadata.FromString(each) for each in (trusted, signed_root))
    role = tuf_pb2.RootMetadata.FromString(old.serialized_root_metadata).root_signature_requirement
    by_old = {each.key_id for each in new.signatures} & set(role.key_ids)
    field_1 = tuf_pb2.SignedRootMetadata(serialized_root_metadata=new.serialized_root_metadata)
    return len(by_old) >= role.threshold and field_1.ByteSize() <= len(trusted)


def test_bundles_of_cases_differ() -> None:
    """No two cases test the same."""

    def what_is_judged(case: Case) -> tuple[object, ...]:
        device = (case.trusted, case.installed, case.installed_root, case.at, case.hardware_id)
        return case.bundle, *device

    judged = Counter(what_is_judged(case) for case in CASES if case.huge is None)
    assert not [case.name for case in CASES if judged[what_is_judged(case)] > 1]


def test_files_are_what_the_generator_makes() -> None:
    """No file is missing or left over, and each has the same bytes again."""
    kept = {path.name: path.read_bytes() for path in FOLDER.iterdir()}
    made = files(CASES)
    assert sorted(kept) == sorted(made)
    assert [name for name in made if kept[name] != made[name]] == []
