"""Tests of the root chain of bundle create, which step assemble writes alike."""

from pathlib import Path

import pytest

from software_update.testing import encode as e
from software_update.testing import workspace
from software_update.testing.command import (
    call,
    done,
)
from software_update.testing.signers import (
    ROOT_KEY,
    ROOT_KEY_2,
    ROOT_KEY_3,
    key_id,
)
from software_update.testing.workspace import CONTENTS, check_fails, create_args, run_steps


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return workspace.make(tmp_path)


@pytest.fixture
def roots(folder: Path) -> list[bytes]:
    """root.pb is version 4; root-1.pb to root-3.pb lead to it, each with a root key of its own."""
    keys = [ROOT_KEY, ROOT_KEY_2, ROOT_KEY_3, ROOT_KEY]
    signed = [e.signed(e.root(1, [keys[0]]), keys[0])]
    for index in (1, 2, 3):
        signers = sorted({keys[index - 1], keys[index]}, key=key_id)
        signed.append(e.signed(e.root(index + 1, [keys[index]]), *signers))
    for version, content in enumerate(signed[:3], 1):
        (folder / f"root-{version}.pb").write_bytes(content)
    (folder / "root.pb").write_bytes(signed[3])
    return signed


def chain_args(folder: Path, *versions: int) -> list[str]:
    return ["--root-chain", *(f"{folder}/root-{each}.pb" for each in versions)]


@pytest.mark.parametrize("versions", [(), (3,), (2, 3), (1, 2, 3)])
def test_a_chain_of_roots(
    folder: Path, tmp_path: Path, roots: list[bytes], versions: tuple[int, ...]
) -> None:
    args = chain_args(folder, *versions)
    done(*create_args(folder), *args)
    made = (folder / "out.bundle").read_bytes()
    chain = e.chain(*(roots[each - 1] for each in versions))
    assert made == chain + e.bundle(CONTENTS, version=7, signed_root=roots[3])
    run_steps(folder, tmp_path, *args)
    assert (tmp_path / "steps.bundle").read_bytes() == made
    # A device at the root before the chain, or later, takes it. One that slept longer does not.
    for trusted in (1, 2, 3):
        root = f"--trusted-root={folder}/root-{trusted}.pb"
        status = call("bundle", "verify", folder / "out.bundle", root).status
        assert status == (0 if trusted >= 3 - len(versions) else 1)


@pytest.mark.usefixtures("roots")
@pytest.mark.parametrize(
    ("versions", "text"),
    [
        ([1], "root-1.pb: version 1, and FOLDER/root.pb after it has version 4; name each root"),
        ([1, 3], "root-1.pb: version 1, and FOLDER/root-3.pb after it has version 3; name each"),
        ([3, 2], "root-3.pb: version 3, and FOLDER/root-2.pb after it has version 2; name each"),
        ([3, 3], "root-3.pb: version 3, and FOLDER/root-3.pb after it has version 3; name each"),
    ],
)
def test_a_chain_with_gaps(folder: Path, tmp_path: Path, versions: list[int], text: str) -> None:
    text = text.replace("FOLDER", str(folder))
    check_fails(folder, 3, text, *create_args(folder), *chain_args(folder, *versions))
    run_steps(folder, tmp_path)
    args = [f"@{tmp_path}/args", *chain_args(folder, *versions)]
    check_fails(folder, 3, text, "step", "assemble", *args)


@pytest.mark.usefixtures("roots")
def test_chains_that_cannot_be(folder: Path) -> None:
    args = create_args(folder)
    check_fails(folder, 3, "app.bin: not root metadata", *args, "--root-chain", f"{folder}/app.bin")
    check_fails(folder, 3, "No such file", *args, "--root-chain", f"{folder}/absent")
    many = ["--root-chain"] + [f"{folder}/root-1.pb"] * 257
    check_fails(folder, 2, ": the first of a chain of 257 roots; name at most 256", *args, *many)
    for version in (1, 2, 3):
        out = ["-o", f"{folder}/root-{version}.pb"]
        chain = chain_args(folder, 1, 2, 3)
        result = call(*args, *chain, *out)
        assert result.status == 2
        assert "the output would replace the input" in result.err.splitlines()[-1]


@pytest.mark.usefixtures("roots")
def test_strict_pigweed_with_a_chain(folder: Path, tmp_path: Path) -> None:
    """The client skips the chain, and root.pb is not signed by the key of root-2.pb."""
    problem = (
        f"{folder}/root.pb: the keys of an older root did not sign it, so devices need the chain"
    )
    run_steps(folder, tmp_path)
    chain = chain_args(folder, 2, 3)
    for args in (create_args(folder), ["step", "assemble", f"@{tmp_path}/args"]):
        check_fails(folder, 2, problem, *args, *chain, "--strict-pigweed")
        warning = done(*args, *chain).err
        assert f"software-update: warning: {problem}" in warning
    signers = (ROOT_KEY, ROOT_KEY_2, ROOT_KEY_3)
    (folder / "root.pb").write_bytes(e.signed(e.root(4, [ROOT_KEY]), *signers))
    args = [*create_args(folder, "signed.bundle"), *chain, "--strict-pigweed"]
    assert done(*args).err == ""


def test_each_link_of_a_chain_verifies(folder: Path, roots: list[bytes]) -> None:
    """create looks at signatures; assemble puts together what others sign later."""
    bad = {
        1: e.signed(e.root(1, [ROOT_KEY]), ROOT_KEY_2),
        2: e.signed(e.root(2, [ROOT_KEY_2]), ROOT_KEY_2),
        3: e.signed(e.root(3, [ROOT_KEY_3]), ROOT_KEY_2),
    }
    for version, content in bad.items():
        (folder / f"root-{version}.pb").write_bytes(content)
        text = f"root-{version}.pb: a device rejects it (THRESHOLD_NOT_MET: root metadata: 0"
        args = [*create_args(folder), *chain_args(folder, 1, 2, 3)]
        check_fails(folder, 3, text, *args)
        (folder / f"root-{version}.pb").write_bytes(roots[version - 1])
    (folder / "root.pb").write_bytes(e.signed(e.root(4, [ROOT_KEY]), ROOT_KEY))
    check_fails(folder, 3, f"{folder}/root.pb: a device rejects it (THRESHOLD_NOT_MET", *args)
