"""Signing modes: what is asked to be signed is the same in all; what differs is who signs."""

from __future__ import annotations

import json

import pytest
from gn_tree import IMPORT, PLACE, Tree, actions

DEV_KEYS = f"{PLACE}/tools/dev_keys"
BUILD = f"""{IMPORT}
software_update_bundle("bundle") {{
  targets = [ "boot.bin > boot" ]
  version = 7
  root = "//{DEV_KEYS}:dev_root"
}}
"""
MODES = ("dev", "release", "unsigned")


def set_mode(tree: Tree, mode: str, build: str = BUILD) -> None:
    """Generates the build folder."""
    tree.write({"BUILD.gn": build, "boot.bin": "boot"})
    tree.set_args(f'software_update_signing = "{mode}"')
    tree.gen()


def signatures(tree: Tree) -> int:
    """How many signatures the bundle's targets metadata has."""
    described = json.loads(
        tree.software_update("bundle", "inspect", "--json", "out/obj/bundle.bundle")
    )
    return len(described["targets"]["signatures"])


def test_signing_request_is_the_same_in_all(tree: Tree) -> None:
    requests = set()
    for mode in MODES:
        set_mode(tree, mode)
        ran = tree.build(":bundle.signing_request")
        assert set(ran) <= {"//:bundle._digest_0", "//:bundle._targets"}
        requests.add(tree.read("gen/bundle.targets_metadata.unsigned.pb"))
    assert len(requests) == 1


def test_dev(tree: Tree) -> None:
    set_mode(tree, "dev")
    assert "//:bundle._verify" in tree.build(":bundle")
    assert signatures(tree) == 1
    assert json.loads(tree.read("gen/bundle.verdict.json"))["verdict"] == "ACCEPT"


def test_release_fails_until_it_is_signed(tree: Tree) -> None:
    set_mode(tree, "release")
    log = tree.build_fails(":bundle")
    assert {"//:bundle.file", "//:bundle._verify"} < set(actions(log))
    assert "THRESHOLD_NOT_MET" in log
    assert "Traceback" not in log
    assert signatures(tree) == 0
    assert tree.build(":bundle.signing_request") == []


@pytest.mark.parametrize("mode", MODES[1:])
def test_no_dev_key_takes_part(tree: Tree, mode: str) -> None:
    set_mode(tree, mode, BUILD.replace(f"//{DEV_KEYS}:dev_root", "root.pb"))
    files = [*tree.out.rglob("*.ninja"), *tree.out.rglob("*.args")]
    assert "bundle._sign" in "".join(file.read_text() for file in files)
    assert not [file for file in files if "throwaway" in file.read_text()]


@pytest.mark.parametrize("root", [True, False])
def test_unsigned_is_not_verified(tree: Tree, root: bool) -> None:
    build = BUILD if root else "".join(s for s in BUILD.splitlines(True) if "root =" not in s)
    set_mode(tree, "unsigned", build)
    ran = tree.build(":bundle", ":bundle.inspect")
    assert "//:bundle.file" in ran
    assert "//:bundle._verify" not in ran
    assert signatures(tree) == 0


def test_not_verified_where_asked(tree: Tree) -> None:
    set_mode(tree, "dev", BUILD.replace("version = 7", "version = 7 verify = false"))
    assert "//:bundle._verify" not in tree.build(":bundle")
    assert signatures(tree) == 1
