"""Tests of the payloads that are read for a verdict."""

import tempfile

import pytest

from software_update.base.hashing import OnChunk, sha256_range
from software_update.format.verdicts import Refused, Verdict
from software_update.testing import encode as e
from software_update.testing.judge import TRUSTED_ROOT, refusal_of
from software_update.testing.signers import TARGETS_KEY
from software_update.verify import bundle_file
from software_update.verify.device import Device
from software_update.verify.roots import trust_root

THREE = {"a": b"first", "b": b"second", "c": b"third"}
EXTRA = e.payload("extra", b"not listed")


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The lengths of the payloads that have been read."""
    lengths = []

    def sha256(fd: int, offset: int, length: int, on_chunk: OnChunk) -> bytes:
        lengths.append(length)
        return sha256_range(fd, offset, length, on_chunk)

    monkeypatch.setattr(bundle_file, "sha256_range", sha256)
    return lengths


def verdict(*payloads: tuple[str, bytes]) -> Verdict:
    metadata = e.targets_entry(e.signed(e.targets(THREE), TARGETS_KEY))
    return refusal_of(metadata + EXTRA + b"".join(e.payload(*each) for each in payloads))[0]


@pytest.mark.parametrize(
    ("first", "second", "expected", "lengths"),
    [
        (b"first", b"second", Verdict.UNLISTED_PAYLOAD, [5, 6, 5]),
        (b"first", b"second and more", Verdict.LENGTH_MISMATCH, [5]),
        (b"First", b"second and more", Verdict.HASH_MISMATCH, [5]),
        (b"first and more", b"second", Verdict.LENGTH_MISMATCH, []),
        (b"first and more", b"Second", Verdict.LENGTH_MISMATCH, []),
        (b"first", b"Second", Verdict.HASH_MISMATCH, [5, 6, 5]),
    ],
    ids=["good", "length", "hash before length", "length of first", "length before hash", "hash"],
)
def test_only_payloads_that_decide_are_read(
    read: list[int], first: bytes, second: bytes, expected: Verdict, lengths: list[int]
) -> None:
    assert verdict(("a", first), ("b", second), ("c", b"third")) == expected
    assert read == lengths


@pytest.mark.parametrize(
    ("app", "boot", "expected", "lengths"),
    [
        (b"App", b"boot", None, []),
        (b"app", b"boot and more", Verdict.LENGTH_MISMATCH, [3]),
        (b"App", b"boot and more", Verdict.HASH_MISMATCH, [3]),
    ],
)
def test_check_lengths(
    read: list[int], app: bytes, boot: bytes, expected: Verdict | None, lengths: list[int]
) -> None:
    """A file with good lengths is judged once it is copied."""
    listed = e.targets({"app": b"app", "boot": b"boot"})
    bundle = e.targets_entry(e.signed(listed, TARGETS_KEY))
    bundle += e.payload("app", app) + e.payload("boot", boot)
    verdict_ = None
    with tempfile.TemporaryFile() as file:
        file.write(bundle)
        file.flush()
        try:
            device = Device(trust_root(TRUSTED_ROOT))
            bundle_file.check_lengths(file.fileno(), device)
        except Refused as refused:
            verdict_ = refused.verdict
    assert (verdict_, read) == (expected, lengths)


def running(*payloads: tuple[str, bytes]) -> list[str]:
    """Returns the names of the payloads in the bundle of a release that the device runs."""
    metadata = e.targets_entry(e.signed(e.targets(THREE), TARGETS_KEY))
    with tempfile.TemporaryFile() as file:
        file.write(metadata + b"".join(e.payload(*each) for each in payloads))
        file.flush()
        verified = bundle_file.verify_running(file.fileno(), Device(trust_root(TRUSTED_ROOT)))
    return [each.name for each in verified.payloads]


def test_bundle_of_a_running_release_may_leave_out_payloads() -> None:
    assert running(("a", b"first")) == ["a"]
    assert running() == []


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        (("a", b"First"), Verdict.HASH_MISMATCH),
        (("a", b"longer"), Verdict.LENGTH_MISMATCH),
        (("d", b""), Verdict.UNLISTED_PAYLOAD),
    ],
)
def test_payloads_in_the_bundle_of_a_running_release_are_checked(
    payload: tuple[str, bytes], expected: Verdict
) -> None:
    with pytest.raises(Refused) as caught:
        running(payload)
    assert caught.value.verdict == expected
