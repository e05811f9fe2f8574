"""Every bundle of cases.json gets its verdict, and nothing else."""

from __future__ import annotations

import contextlib
import io
import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from software_update import pigweed
from software_update.bundle.reader import read_envelope
from software_update.cli import main
from software_update.errors import Verdict
from software_update.metadata import Target, parse_manifest, parse_signed, parse_targets
from software_update.pigweed_roots import RootFile, check_chain, check_move
from software_update.proto import tuf_pb2

from tests.attacks.generate import CASES, HERE, files
from tests.attacks.product import Case

LISTED: list[dict[str, Any]] = json.loads((HERE / "cases.json").read_bytes())
HUGE = {case.name: case for case in CASES if case.huge is not None}
# Names that a device takes, and that one folder cannot hold.
NOT_FILES = {"name_in_folder_of_another"}


def call(*args: str | Path) -> tuple[int, str, str]:
    """How the command line ends, and what it says."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = main([str(each) for each in args])
    return status, out.getvalue(), err.getvalue()


@pytest.fixture
def bundle(case: dict[str, Any], tmp_path: Path) -> Path:
    """The file of a case, made now where it is too large to keep."""
    huge = HUGE.get(case["name"])
    if huge is None:
        return HERE / str(case["bundle"])
    assert huge.huge is not None
    path = tmp_path / "huge.bundle"
    path.write_bytes(huge.huge())
    return path


def arguments(case: dict[str, Any], bundle: Path) -> Sequence[str | Path]:
    """The command that judges a case."""
    args: list[str | Path] = ["bundle", "verify", bundle, "--json", "--at", case["at"]]
    args += ["--trusted-root", HERE / case["trusted_root"]]
    if "installed" in case:
        args += ["--installed", HERE / case["installed"]]
    if "installed_root" in case:
        args += ["--installed-root", HERE / case["installed_root"]]
    if "hardware_id" in case:
        args += ["--hardware-id", case["hardware_id"]]
    return args


each_case = pytest.mark.parametrize("case", LISTED, ids=[case["name"] for case in LISTED])


@each_case
def test_verdict(case: dict[str, Any], bundle: Path) -> None:
    status, out, err = call(*arguments(case, bundle))
    assert (status, err) == (0 if case["verdict"] == "ACCEPT" else 1, ""), (case["what"], out)
    report = json.loads(out)
    assert report["verdict"] == case["verdict"], (case["what"], report)
    assert report["verdict"] == "ACCEPT" or report["detail"]


@each_case
def test_inspect_and_extract_end_well(case: dict[str, Any], bundle: Path, tmp_path: Path) -> None:
    """They judge no signature, so either may take a bad bundle; neither may break."""
    refused = (1, 3) if case["name"] in NOT_FILES else (1,)
    commands: tuple[Sequence[str | Path], ...] = (
        ["inspect", bundle],
        ["inspect", bundle, "--json"],
        ["extract", bundle, "-o", tmp_path / "extracted"],
    )
    for args in commands:
        status, out, err = call("bundle", *args)
        if status != 0:
            assert (status in refused, out) == (True, "")
            assert err.startswith("software-update: ")
            assert (err[-1], err[:-1].isprintable()) == ("\n", True)
    outside = {path.name for path in tmp_path.iterdir()} - {"extracted", "huge.bundle"}
    assert not outside, "written beside the folder"


ACCEPTED = [case for case in LISTED if case["verdict"] == "ACCEPT" and case["name"] not in HUGE]
# What that client needs and our tools cannot see, or never write.
NOT_WARNED = {
    "length_absent": "our tools always write the length",
    "recovery_path_root_given": "only the device knows which root it had before",
    "signature_without_id_too": "our tools write only signatures by keys that must sign",
    "signatures_64": "as before",
}


@pytest.mark.parametrize("case", ACCEPTED, ids=[case["name"] for case in ACCEPTED])
def test_tools_warn_of_what_pigweeds_client_rejects(
    case: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    """A bundle without a warning has all that the client needs, as the bundle format lists it.

    A warning is for all devices, so it may be of another device than that of the case.
    """
    with (HERE / case["bundle"]).open("rb") as file:
        bundle = read_envelope(file.fileno())
    trusted = RootFile("trusted", (HERE / case["trusted_root"]).read_bytes())
    signed = parse_signed("targets", bundle.targets or b"")
    targets = parse_targets(signed.serialized)
    pigweed.check([Target(each.name, each.length, b"") for each in targets.targets], strict=False)
    if bundle.root is not None:
        root = RootFile("root", bundle.root)
        check_move(trusted, root, strict=False)
        check_chain([RootFile("link", each) for each in bundle.root_chain], root, strict=False)
    accepted = needs_met(case, signed.serialized, [s.key_id for s in signed.signatures])
    accepted &= bundle.root is None or can_move(trusted.content, bundle.root)
    if case["name"] in NOT_WARNED:
        assert (accepted, capsys.readouterr().err) == (False, "")
    else:
        assert accepted or capsys.readouterr().err


def needs_met(case: dict[str, Any], targets: bytes, signers: Sequence[bytes]) -> bool:
    """Says whether Pigweed's client finds all that it needs in targets metadata."""
    parsed = tuf_pb2.TargetsMetadata.FromString(targets)
    if "installed" in case:
        installed = parse_manifest((HERE / case["installed"]).read_bytes())
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


def test_names_differ() -> None:
    assert not [
        name for name, count in Counter(each["name"] for each in LISTED).items() if count > 1
    ]


def test_every_verdict_has_a_case() -> None:
    assert {case["verdict"] for case in LISTED} == set(Verdict)


def test_bundles_of_cases_differ() -> None:
    """Two cases are never one."""

    def what_is_judged(case: Case) -> tuple[object, ...]:
        device = (case.trusted, case.installed, case.installed_root, case.at, case.hardware_id)
        return case.bundle, *device

    judged = Counter(what_is_judged(case) for case in CASES if case.huge is None)
    assert not [case.name for case in CASES if judged[what_is_judged(case)] > 1]


def test_files_are_what_the_generator_makes() -> None:
    """None is missing, none is left over, and each has the same bytes again."""
    kept = {
        path.relative_to(HERE).as_posix(): path.read_bytes()
        for path in [HERE / "cases.json", *(HERE / "cases").iterdir()]
    }
    made = files(CASES)
    assert sorted(kept) == sorted(made)
    assert [name for name in made if kept[name] != made[name]] == []
