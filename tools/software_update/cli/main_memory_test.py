"""Memory does not grow with payloads, with cores, or with what a rejected bundle would make of itself."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from software_update.format import limits
from software_update.testing import encode as e
from software_update.testing import workspace, zstd_frames
from software_update.testing.peak import MIB, peak_bytes
from software_update.testing.workspace import create_args

LIMIT = 50 * MIB
FLOOD_LIMIT = 96 * MIB
DECOMPRESSION_LIMIT = 64 * MIB


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return workspace.make(tmp_path)


def sparse(path: Path, size: int) -> None:
    with open(path, "wb") as file:
        file.truncate(size)


def check(folder: Path, create: list[str], cores: int) -> None:
    bundle = f"{folder}/out.bundle"
    verify = ["bundle", "verify", bundle, f"--trusted-root={folder}/root.pb"]
    for args in (
        create,
        verify,
        ["bundle", "inspect", bundle],
        ["bundle", "extract", bundle, f"-o{folder}/extracted"],
    ):
        peak = peak_bytes(args, cores=cores)
        print(f"{args[1]}: {peak / MIB:.1f} MiB")
        assert peak < LIMIT, f"{args[1]}: {peak / MIB:.1f} MiB"


def test_many_compressed_payloads_with_the_largest_window(folder: Path) -> None:
    """Eight threads decompress 100 MiB each, and every frame needs a window of 8 MiB."""
    size = 100 * MIB
    blocks = [zstd_frames.rle(b"a", 128 * 1024)] * (size // (128 * 1024))
    stored = zstd_frames.frame(size, blocks, window=13 << 3)
    # Empty blocks, so that it is larger than what is hashed without a thread.
    stored = stored[:-4] + bytes(3) * 200_000 + stored[-4:]
    original = hashlib.sha256(b"a" * size).digest()
    compression = e.number(1, 1) + e.number(2, size) + e.blob(3, original)
    names = [f"payload_{index}" for index in range(8)]
    listed = [e.compressed_of(name, stored, compression) for name in names]
    targets = e.targets_of(e.common("targets"), listed)
    path = folder / "out.bundle"
    path.write_bytes(
        e.targets_entry(e.signed(targets, e.TARGETS_KEY))
        + b"".join(e.payload(name, stored) for name in names)
    )
    verify = ["bundle", "verify", str(path), f"--trusted-root={folder}/root.pb"]
    peak = peak_bytes(verify, cores=8)
    print(f"decompress: {peak / MIB:.1f} MiB")
    assert peak < DECOMPRESSION_LIMIT, f"{peak / MIB:.1f} MiB"


# The metadata of a bundle without a signature: 32 MiB on disk, and much more once it is parsed.
COMMON = e.blob(1, e.common("targets"))
FLOOD_BYTES = limits.MAX_TARGETS_METADATA_BYTES - 128


def filled(head: bytes, part: bytes) -> bytes:
    return head + part * ((FLOOD_BYTES - len(head)) // len(part))


@pytest.mark.parametrize(
    ("signed", "detail"),
    [
        (
            lambda: e.signed(filled(COMMON, e.blob(2, b""))),
            "TargetsMetadata.target_files appears more than 65536 times",
        ),
        (
            lambda: e.signed(COMMON + e.blob(2, filled(e.text(1, "app"), e.blob(3, b"")))),
            "TargetFile.hashes appears more than 2 times",
        ),
        (
            lambda: filled(e.signed(COMMON), e.blob(2, b"")),
            "SignedTargetsMetadata.signatures appears more than 64 times",
        ),
        (
            lambda: e.signed(filled(COMMON, e.number(15, 0))),
            "more than 65536 unknown fields",
        ),
    ],
    ids=["targets", "hashes", "signatures", "fields"],
)
def test_large_inputs_take_little_memory(
    folder: Path, signed: Callable[[], bytes], detail: str
) -> None:
    (folder / "flood").write_bytes(e.targets_entry(signed()))
    report = folder / "report.json"
    args = ["bundle", "verify", f"{folder}/flood", f"--trusted-root={folder}/root.pb"]
    peak = peak_bytes([*args, "--expect=TOO_LARGE", f"--report={report}"])
    print(f"{peak / MIB:.1f} MiB")
    assert peak < FLOOD_LIMIT
    assert json.loads(report.read_bytes())["detail"] == detail


def test_flood_of_parts_within_the_limits(folder: Path) -> None:
    """No signature: the list of targets is counted, but not parsed."""
    file = e.blob(2, e.target_of("n" * 255, 2**64 - 1, [(1, bytes(32))] * 2))
    (folder / "flood").write_bytes(e.targets_entry(e.signed(COMMON + file * limits.MAX_TARGETS)))
    args = ["bundle", "verify", f"{folder}/flood", f"--trusted-root={folder}/root.pb"]
    assert peak_bytes([*args, "--expect=THRESHOLD_NOT_MET"]) < FLOOD_LIMIT


def test_one_large_payload(folder: Path) -> None:
    sparse(folder / "large", 300 * MIB)
    check(folder, [*create_args(folder), "--target", f"large={folder}/large"], cores=2)


def test_large_payloads_and_many_cores(folder: Path) -> None:
    sparse(folder / "large", 8 * MIB)
    many = [f"large/{index}={folder}/large" for index in range(30)]
    check(folder, [*create_args(folder), "--target", *many], cores=64)


def test_many_payloads(folder: Path) -> None:
    many = [f"file/{index:05}={folder}/app.bin" for index in range(1000)]
    check(folder, [*create_args(folder), "--target", *many], cores=2)
