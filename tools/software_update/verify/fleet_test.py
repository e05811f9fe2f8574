"""Tests of fleet.py."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from software_update.base.errors import InputError
from software_update.format import metadata
from software_update.format.release_manifest import ReleaseManifest, build_release
from software_update.format.verdicts import Refused, Verdict
from software_update.testing import encode as e
from software_update.testing.signers import ROOT_KEY, TARGETS_KEY
from software_update.verify import bundle_file, fleet
from software_update.verify.fleet import KeptRelease, predict, stepping_stones, trusted_by
from software_update.verify.roots import trust_root

ROOT = trust_root(e.signed(e.root(), ROOT_KEY))
OTHER_ROOT = trust_root(e.signed(e.root(2), ROOT_KEY))


def manifest(
    counter: int, minimum: int | None = None, hardware: tuple[str, ...] = (), product: str = "clock"
) -> bytes:
    return build_release(ReleaseManifest(product, f"1.{counter}", counter, hardware, minimum))


def kept(counter: int, *, content: bytes | None = None, version: int | None = None) -> KeptRelease:
    content = content or manifest(counter)
    targets = e.targets({"user_manifest": content}, version or counter)
    installed = metadata.parse_manifest(e.manifest(targets, content))
    return KeptRelease(installed, ROOT)


def bundle(release: bytes, version: int = 9, app: bytes = b"app") -> bytes:
    contents = {"app": b"app", "user_manifest": release}
    targets = e.signed(e.targets(contents, version), TARGETS_KEY)
    return e.targets_entry(targets) + e.payloads({**contents, "app": app})


@pytest.fixture
def fd(tmp_path: Path) -> Iterator[int]:
    """An empty file, open for reading and writing."""
    number = os.open(tmp_path / "x.bundle", os.O_RDWR | os.O_CREAT)
    yield number
    os.close(number)


def verdicts(fd: int, content: bytes, releases: list[KeptRelease], *hardware: str) -> list[str]:
    os.pwrite(fd, content, 0)
    return [each.verdict for each in predict(fd, releases, hardware, None)]


def test_one_verdict_for_each_release_and_hardware_id(fd: int) -> None:
    content = bundle(manifest(9, minimum=5, hardware=("a",)))
    releases = [kept(4), kept(5), kept(8, version=10)]
    assert verdicts(fd, content, releases, "a", "b") == [
        *("RELEASE_GAP", "RELEASE_GAP"),
        *("ACCEPT", "WRONG_HARDWARE"),
        *("TARGETS_ROLLBACK", "TARGETS_ROLLBACK"),
    ]


def test_payloads_are_hashed_once(fd: int, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []
    hash_payloads = bundle_file.hash_payloads

    def counted(*args: object) -> object:
        calls.append(args)
        return hash_payloads(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(fleet, "hash_payloads", counted)
    assert verdicts(fd, bundle(manifest(9)), [kept(7), kept(8)]) == ["ACCEPT", "ACCEPT"]
    assert len(calls) == 1


def test_wrong_payload_is_a_verdict_for_each(fd: int) -> None:
    content = bundle(manifest(9), app=b"APP")
    assert verdicts(fd, content, [kept(7), kept(8)]) == ["HASH_MISMATCH", "HASH_MISMATCH"]


def test_rejects_a_file_that_is_not_a_bundle(fd: int) -> None:
    with pytest.raises(Refused, match="MALFORMED"):
        verdicts(fd, b"\x1a\xff", [kept(1)])


def test_names_the_way_of_a_device_that_needs_another_release_first(fd: int) -> None:
    os.pwrite(fd, bundle(manifest(9, minimum=5)), 0)
    releases = [kept(3), kept(5), kept(6)]
    found = {each.kept.name: (each.verdict, each.first) for each in predict(fd, releases, (), None)}
    assert found["clock 1.3"] == (Verdict.RELEASE_GAP, ("clock 1.6",))
    assert found["clock 1.5"] == (Verdict.ACCEPT, ())


def stones(start: KeptRelease, releases: list[KeptRelease], hardware: str | None = None) -> str:
    return " ".join(stepping_stones(start, hardware, [start, *releases], 7, 9))


def test_way_over_several_releases() -> None:
    releases = [kept(5, content=manifest(5, 3)), kept(7, content=manifest(7, 5))]
    assert stones(kept(3), releases) == "clock 1.5 clock 1.7"
    assert stones(kept(2), releases) == ""


@pytest.mark.parametrize(
    "content", [manifest(8, hardware=("b",)), manifest(8, product="radio"), manifest(8, minimum=6)]
)
def test_release_that_the_device_does_not_accept_is_not_on_the_way(content: bytes) -> None:
    assert stones(kept(5), [kept(8, content=content)], "a") == ""
    assert stones(kept(5), [kept(8)], "a") == "clock 1.8"


def test_release_after_the_bundle_is_not_on_the_way() -> None:
    assert stones(kept(5), [kept(8), kept(9)]) == "clock 1.9"
    assert stones(kept(5), [kept(8), kept(10)]) == "clock 1.8"
    assert stones(kept(5), [kept(10)]) == ""


def test_release_without_a_manifest_has_no_way() -> None:
    targets = e.targets({"app": b"app"}, 3)
    start = KeptRelease(metadata.parse_manifest(e.manifest(targets)), ROOT)
    assert start.name == "targets version 3"
    assert stones(start, [kept(8)]) == ""


def test_device_trusts_the_root_that_its_manifest_names() -> None:
    roots = [("1.pb", ROOT), ("2.pb", OTHER_ROOT)]
    installed = kept(1).release
    assert trusted_by("x", installed, roots) is ROOT
    assert trusted_by("x", installed._replace(root=OTHER_ROOT.id), roots) is OTHER_ROOT
    with pytest.raises(InputError, match=r"^x: its device trusts root version 2 \(SHA-256"):
        trusted_by("x", installed._replace(root=OTHER_ROOT.id), roots[:1])
