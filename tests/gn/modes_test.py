"""Signing modes: what is asked to be signed is the same in all; what differs is who signs."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from gn_tree import IMPORT, PLACE, Tree, actions
from software_update import keys

DEV_KEYS = f"{PLACE}/tools/dev_keys"
ROOT_KEYS = ("one", "two")
TARGETS_KEYS = ("three", "four")
BUILD = f"""{IMPORT}
software_update_root("root") {{
  version = 1
  root_keys = [ "one.pub", "two.pub" ]
  root_threshold = 2
  targets_keys = [ "three.pub", "four.pub" ]
  targets_threshold = 2
  signatures = [ "root.one.json", "root.two.json" ]
}}
software_update_bundle("bundle") {{
  targets = [ "boot.bin > boot" ]
  version = 7
  root = ":root"
  signatures = [ "bundle.three.json", "bundle.four.json" ]
}}
"""
MODES = ("dev", "release", "unsigned")
REQUESTS = ("bundle", "root")


def set_mode(tree: Tree, mode: str, build: str = BUILD) -> None:
    """Generates the build folder, in a tree with public keys; the private ones are elsewhere."""
    for name in (*ROOT_KEYS, *TARGETS_KEYS):
        public = tree.top / f"{name}.pub"
        if not public.exists():
            private, content = keys.generate_private_key_pem()
            tree.write({public.name: content})
            private_file(tree, name).parent.mkdir(exist_ok=True)
            private_file(tree, name).write_bytes(private)
    tree.write({"BUILD.gn": build, "boot.bin": "boot"})
    tree.set_args(f'software_update_signing = "{mode}"')
    tree.gen()


def private_file(tree: Tree, name: str) -> Path:
    """Where a signer keeps the private key."""
    return tree.top.parent / "safe" / f"{name}.pem"


def sign(tree: Tree, request: str, *names: str) -> None:
    """Signs a request outside the build, and brings the signatures into the tree."""
    tree.build(f":{request}.signing_request")
    for name in names:
        tree.software_update(
            "sign",
            f"out/gen/{request}.signing_request",
            f"--key=file:{private_file(tree, name)}",
            f"--output={request}.{name}.json",
        )


def signatures(tree: Tree) -> int:
    """How many signatures the bundle's targets metadata has."""
    described = json.loads(
        tree.software_update("bundle", "inspect", "--json", "out/obj/bundle.bundle")
    )
    return len(described["targets"]["signatures"])


def test_signing_requests_are_the_same_in_all(tree: Tree) -> None:
    requests = set()
    for mode in MODES:
        set_mode(tree, mode)
        ran = tree.build(*(f":{each}.signing_request" for each in REQUESTS))
        assert set(ran) <= {
            "//:bundle._digest_0",
            "//:bundle._request",
            "//:bundle._targets",
            "//:root.signing_request",
            "//:root.unsigned",
        }
        files = [f"gen/{each}.signing_request" for each in REQUESTS]
        requests.add(tuple(tree.read(each) for name in files for each in (name, f"{name}.json")))
    assert len(requests) == 1
    content, summary, *_ = requests.pop()
    assert content == tree.read("gen/bundle.targets_metadata.unsigned.pb")
    assert json.loads(summary)["sha256"] == hashlib.sha256(content).hexdigest()
    assert json.loads(summary)["signers"][0]["threshold"] == len(TARGETS_KEYS)


def test_dev(tree: Tree) -> None:
    set_mode(tree, "dev")
    assert "//:bundle._verify" in tree.build(":bundle")
    assert signatures(tree) == 1
    assert json.loads(tree.read("gen/bundle.verdict.json"))["verdict"] == "ACCEPT"


def test_release(tree: Tree) -> None:
    set_mode(tree, "release")
    sign(tree, "root", *ROOT_KEYS)
    sign(tree, "bundle", *TARGETS_KEYS)
    assert "//:bundle._verify" in tree.build(":bundle")
    assert signatures(tree) == len(TARGETS_KEYS)
    verdict = json.loads(tree.read("gen/bundle.verdict.json"))
    assert verdict["verdict"] == "ACCEPT"


def test_release_fails_until_it_is_signed(tree: Tree) -> None:
    set_mode(tree, "release", BUILD.replace(', "bundle.four.json"', ""))
    sign(tree, "root", *ROOT_KEYS)
    sign(tree, "bundle", "three")
    log = tree.build_fails(":bundle")
    assert "//:bundle._sign" in actions(log)
    assert "//:bundle.file" not in actions(log)
    assert "too few signatures" in log
    assert "Traceback" not in log
    assert not (tree.out / "obj/bundle.bundle").exists()


def test_release_under_a_root_that_nobody_signed(tree: Tree) -> None:
    unsigned = BUILD.replace('  signatures = [ "root.one.json", "root.two.json" ]\n', "")
    set_mode(tree, "release", unsigned)
    sign(tree, "bundle", *TARGETS_KEYS)
    assert "THRESHOLD_NOT_MET" in tree.build_fails(":bundle")


@pytest.mark.parametrize("mode", MODES[1:])
def test_no_private_key_takes_part(tree: Tree, mode: str) -> None:
    dev_root = """software_update_root("dev_root") {
  version = 1
  root_keys = [ "one.pub" ]
  targets_keys = [ "three.pub" ]
  dev_signing_keys = [ "throwaway.pem" ]
}
"""
    set_mode(tree, mode, BUILD + dev_root)
    files = [*tree.out.rglob("*.ninja"), *tree.out.rglob("*.args")]
    assert "bundle._sign" in "".join(file.read_text() for file in files)
    assert not [file for file in files if "throwaway" in file.read_text()]
    tree.build(":dev_root")
    assert tree.read("obj/dev_root.root.pb") == tree.read("gen/dev_root.root.unsigned.pb")


@pytest.mark.parametrize("root", [True, False])
def test_unsigned_is_not_verified(tree: Tree, root: bool) -> None:
    build = BUILD if root else BUILD.replace('  root = ":root"\n', "")
    set_mode(tree, "unsigned", build)
    ran = tree.build(":bundle", ":bundle.inspect")
    assert "//:bundle.file" in ran
    assert "//:bundle._verify" not in ran
    assert signatures(tree) == 0


def test_not_verified_where_asked(tree: Tree) -> None:
    set_mode(tree, "dev", BUILD.replace("version = 7", "version = 7 verify = false"))
    assert "//:bundle._verify" not in tree.build(":bundle")
    assert signatures(tree) == 1
