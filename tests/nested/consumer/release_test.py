"""Tests of a release that is signed from the build."""

from __future__ import annotations

import dataclasses
import hashlib
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from software_update.cli.main import main as software_update

from tests.nested.consumer.workspace import APPLICATION, the_line
from tests.nested.nested_bazel import Bazel

# Not of //..., which the other tests build.
RELEASE = """\
load(
    "@rules_software_update//rules:defs.bzl",
    "software_update_bundle",
    "software_update_promotion",
    "software_update_root",
)

software_update_root(
    name = "root",
    root_keys = ["root.pem.pub"],
    signatures = glob(["signatures/root/*.json"], allow_empty = True),
    tags = ["manual"],
    targets_keys = ["targets.pem.pub"],
    version = 1,
)

software_update_bundle(
    name = "bundle",
    root = ":root",
    signatures = glob(["signatures/*.json"], allow_empty = True),
    tags = ["manual"],
    targets = {"app": "app.txt"},
    version = 1,
)

software_update_promotion(
    name = "released",
    bundle = ":bundle",
)

software_update_promotion(
    name = "as_tested",
    bundle = ":bundle",
    tested = "tested.bundle",
)
"""
KEY_OF = {"root": "root", "bundle": "targets"}


@pytest.fixture(name="product", scope="module")
def product_fixture(nested: Bazel) -> Path:
    """A package whose keys are outside the workspace; names with spaces."""
    product, keys = nested.workspace / "our product", nested.scratch / "my keys"
    product.mkdir()
    keys.mkdir()
    (product / "BUILD.bazel").write_text(RELEASE)
    (product / "app.txt").write_bytes(APPLICATION)
    for name in KEY_OF.values():
        assert software_update(["key", "generate", f"{keys}/{name}.pem"]) == 0
        shutil.copyfile(keys / f"{name}.pem.pub", product / f"{name}.pem.pub")
    return product


def sign(
    server: Bazel, what: str, *args: str, key: str | None = None, folder: str = "."
) -> subprocess.CompletedProcess[str]:
    """`bazel run` of the package's NAME.sign, called from a folder of the workspace."""
    key = key or f"file:{server.scratch}/my keys/{KEY_OF[what]}.pem"
    caller = dataclasses.replace(server, workspace=server.workspace / folder)
    return caller.run("run", f"//our product:{what}.sign", "--", f"--key={key}", *args)


def signatures(product: Path) -> dict[str, bytes]:
    folder = product / "signatures"
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*.json")}


@pytest.fixture(name="signed")
def signed_fixture(nested: Bazel, product: Path) -> Path:
    """The package, with the signatures that it needs."""
    for what in KEY_OF:
        done = sign(nested, what)
        assert done.returncode == 0, done.stderr
    return product


@pytest.mark.parametrize("what", KEY_OF)
def test_sign_from_another_folder(nested: Bazel, product: Path, what: str) -> None:
    shutil.rmtree(product / "signatures", ignore_errors=True)
    keys = os.path.relpath(nested.scratch / "my keys", nested.workspace / "assets")
    done = sign(nested, what, key=f"file:{keys}/{KEY_OF[what]}.pem", folder="assets")
    assert done.returncode == 0, done.stderr
    assert f"signing our product/{what}.signing_request: " in done.stderr
    [made] = signatures(product)
    folder, _, name = made.rpartition("/")
    assert folder == ("root" if what == "root" else "")
    request = nested.output(f"our product/{what}.signing_request").read_bytes()
    assert name.startswith(hashlib.sha256(request).hexdigest()[:16])
    # As from where it was called.
    assert done.stdout == f"../our product/signatures/{made}\n"


def test_sign_again(nested: Bazel, signed: Path) -> None:
    before = signatures(signed)
    assert len(before) == 2
    done = sign(nested, "bundle")
    assert done.returncode == 0, done.stderr
    assert signatures(signed) == before


@pytest.mark.parametrize(
    ("key", "args", "said"),
    [
        ("file:../../../scratch/my keys/root.pem", (), "not a key that "),
        ("file:nothing.pem", (), "nothing.pem: No such file"),
        (
            "exec:./nothing",
            ("--public=our product/targets.pem.pub",),
            "nothing: cannot be started (No such file or directory)",
        ),
        ("hsm:2?label=t", ("--public=our product/targets.pem.pub",), "software-update sign"),
        ("file:x", ("--folder=/tmp",), "not allowed with argument"),
    ],
    ids=["another role's", "missing", "no program", "a token", "another folder"],
)
def test_sign_refuses(
    nested: Bazel, product: Path, key: str, args: tuple[str, ...], said: str
) -> None:
    shutil.rmtree(product / "signatures", ignore_errors=True)
    done = sign(nested, "bundle", *args, key=key)
    assert said in the_line(done.stderr.splitlines())
    assert done.returncode in (2, 3)
    assert not signatures(product)


def test_no_source_tree_but_the_users(nested: Bazel) -> None:
    other = "@rules_software_update//tools/dev_keys:dev_root"
    nested.succeeds("query", f"{other}.signing_request")
    nested.fails("query", f"{other}.sign")


def test_release_contains_the_tested_payloads(nested: Bazel, signed: Path) -> None:
    nested.succeeds("build", "//our product:released")
    released = nested.output("our product/released.bundle").read_bytes()
    assert APPLICATION in released
    nested.succeeds("build", "//our product:bundle")
    tested = nested.output("our product/bundle.bundle").read_bytes()
    assert tested != released
    (signed / "tested.bundle").write_bytes(tested)
    as_tested = nested.output("our product/as_tested.bundle")
    nested.succeeds("build", "//our product:as_tested")
    assert as_tested.read_bytes() == released
    # What was tested was another. No release then, and none that was made before.
    (signed / "tested.bundle").write_bytes(tested.replace(APPLICATION, APPLICATION.upper()))
    line = the_line(nested.fails("build", "//our product:as_tested", "--norun_validations"))
    assert "our product/tested.bundle: HASH_MISMATCH: target 'app'" in line
    assert not as_tested.exists()


def test_no_release_without_signatures(nested: Bazel, signed: Path) -> None:
    (signed / "app.txt").write_bytes(APPLICATION.upper())
    try:
        line = the_line(nested.fails("build", "//our product:released", "--norun_validations"))
        assert "of the same version, but the content is another now; sign again" in line
    finally:
        (signed / "app.txt").write_bytes(APPLICATION)
