"""Tests of trust_files.py."""

from pathlib import Path

import pytest

from software_update.base.errors import Advice, InputError, UsageError
from software_update.format import limits
from software_update.testing import encode as e
from software_update.testing.judge import signed_root
from software_update.testing.signers import ROOT_KEY
from software_update.verify.roots import trust_root
from software_update.verify.trust_files import (
    check_signed_roots,
    parse_root,
    read_root_chain,
    read_trusted_root,
)


def write(folder: Path, *versions: int) -> list[str]:
    for version in versions:
        before = version - 1 if version > 1 else None
        (folder / f"{version}.pb").write_bytes(signed_root(version, before))
    return [f"{folder}/{version}.pb" for version in versions]


def test_trusted_root_needs_no_signature(tmp_path: Path) -> None:
    (tmp_path / "root.pb").write_bytes(e.signed(e.root(3)))
    assert read_trusted_root(f"{tmp_path}/root.pb").common.version == 3


@pytest.mark.parametrize("content", [b"", b"\xff", e.root(), e.signed(e.targets({"a": b""}))])
def test_file_that_is_not_a_root(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "root.pb"
    path.write_bytes(content)
    with pytest.raises(InputError, match=rf"^{path}: not a root to trust \("):
        read_trusted_root(str(path))
    with pytest.raises(InputError, match=rf"^{path}: not root metadata \(") as caught:
        parse_root(str(path), content)
    assert caught.value.advice == Advice.CREATE_ROOT


def test_chain_that_leads_to_the_root(tmp_path: Path) -> None:
    root = trust_root(signed_root(4, 3))
    found = read_root_chain(write(tmp_path, 2, 3), "root.pb", root)
    assert found == [signed_root(2, 1), signed_root(3, 2)]
    assert read_root_chain([], "root.pb", root) == []


@pytest.mark.parametrize(
    ("versions", "text"),
    [
        ((2,), r"2\.pb: version 2, and root\.pb after it has version 4; name each root"),
        ((1, 3), r"1\.pb: version 1, and .*/3\.pb after it has version 3; name each root"),
        ((3, 2), r"3\.pb: version 3, and .*/2\.pb after it has version 2; name each root"),
    ],
)
def test_chain_with_a_gap(tmp_path: Path, versions: tuple[int, ...], text: str) -> None:
    with pytest.raises(InputError, match=text):
        read_root_chain(write(tmp_path, *versions), "root.pb", trust_root(signed_root(4, 3)))


def test_chain_that_is_too_long(tmp_path: Path) -> None:
    paths = write(tmp_path, 1) * (limits.MAX_ROOT_CHAIN + 1)
    with pytest.raises(UsageError, match=rf"1\.pb: the first of a chain of {len(paths)} roots; "):
        read_root_chain(paths, "root.pb", trust_root(signed_root(2, 1)))


def test_each_root_must_verify_by_the_one_before_it() -> None:
    paths = ["1.pb", "2.pb", "3.pb"]
    roots = [signed_root(1), signed_root(2, 1), signed_root(3, 2)]
    check_signed_roots(paths, roots)
    # Root 3 has the signature of its own key only.
    with pytest.raises(InputError, match=r"^3\.pb: a device rejects it \(THRESHOLD_NOT_") as caught:
        check_signed_roots(paths, [*roots[:2], signed_root(3)])
    assert caught.value.advice == Advice.SIGN_ROOT
    with pytest.raises(InputError, match=r"^1\.pb: a device rejects it \(THRESHOLD_NOT_MET"):
        check_signed_roots(["1.pb"], [e.signed(e.root(1, [ROOT_KEY]))])
