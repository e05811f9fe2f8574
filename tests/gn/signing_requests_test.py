"""Gathered signing requests: the same in every mode, signed as a queue, and collected into the tree."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from gn_tree import IMPORT, Tree, failure, make_tree
from software_update.keys.pem import generate_private_key_pem
from software_update.testing.workspace import snapshot

KEYS = ("one", "two", "three", "four")
# Bundles under one root, each with the signatures that are in its folder.
MANY = {
    "BUILD.gn": f"""{IMPORT}
software_update_root("root") {{
  version = 1
  root_keys = [ "one.pub", "two.pub" ]
  root_threshold = 2
  targets_keys = [ "three.pub", "four.pub" ]
  targets_threshold = 2
  signatures = exec_script("//build/list_files.py",
                           [ rebase_path("signatures/root") ], "list lines")
}}
software_update_signing_requests("requests") {{
  bundles = [ "//camera:bundle", "//lock:bundle" ]
}}
group("device_requests") {{
  deps = [ ":requests(//build:device)" ]
}}
""",
    "build/list_files.py": """import glob, sys
for path in sorted(glob.glob(f"{sys.argv[1]}/*.json")):
    print(path)
""",
    "boot.bin": "boot",
} | {
    f"{name}/BUILD.gn": f"""{IMPORT}
software_update_bundle("bundle") {{
  targets = [ "//boot.bin > boot" ]
  version = {version}
  root = "//:root"
  signatures = exec_script("//build/list_files.py",
                           [ rebase_path("signed") ], "list lines")
  signatures_folder = "signed"
}}
"""
    for name, version in (("camera", 7), ("lock", 8))
}


@pytest.fixture(name="tree")
def tree_fixture(tmp_path: Path, gn: str, python: Path) -> Tree:
    """The tree of MANY with public keys; the private ones are next to it."""
    made = make_tree(tmp_path / "tree", gn, python)
    made.write({**MANY})
    for name in KEYS:
        private, public = generate_private_key_pem()
        (tmp_path / f"{name}.pem").write_bytes(private)
        made.write({f"{name}.pub": public})
    return made


def set_mode(tree: Tree, mode: str) -> None:
    """Generates the build folder."""
    tree.set_args(f'software_update_signing = "{mode}"')
    tree.gen()


def test_gathered_requests_are_signed_and_collected(tree: Tree) -> None:
    gathered = set()
    for mode in ("dev", "release", "unsigned"):
        set_mode(tree, mode)
        ran = tree.build(":device_requests")
        assert [each for each in ran if each.endswith((".file", "._sign"))] in (
            [],
            ["//:root.file"],
        )
        gathered.add(tuple(sorted(snapshot(tree.out / "obj/requests").items())))
    assert len(gathered) == 1
    index = json.loads(tree.read("obj/requests/index.json"))
    assert {each["label"]: each["signatures_folder"] for each in index["requests"]} == {
        "//:root": "signatures/root",
        "//camera:bundle": "camera/signed",
        "//lock:bundle": "lock/signed",
    }
    set_mode(tree, "release")
    unsigned = "has no signatures; build //:root.signing_request"
    assert unsigned in tree.build_fails("camera:bundle")
    for name in KEYS:
        key = f"--key=file:{tree.top.parent}/{name}.pem"
        tree.software_update("sign", "--queue=out/obj/requests", key, "--yes", "--folder=signed")
    collect = ("signatures", "collect", "signed", "--index=out/obj/requests/index.json")
    assert tree.software_update(*collect, "--workspace=.").endswith(
        "all 3 requests have their signatures\n"
    )
    tree.gen()
    ran = tree.build("camera:bundle", "lock:bundle")
    assert {"//camera:bundle._verify", "//lock:bundle._verify"} <= set(ran)


def gather_by_hand(tree: Tree) -> dict[str, bytes]:
    """Gathers the requests with the arguments of the Bazel rule; returns the files in the folder."""
    folders = {
        "//:root": ("root", "signatures/root"),
        "//camera:bundle": ("camera/bundle", "camera/signed"),
        "//lock:bundle": ("lock/bundle", "lock/signed"),
    }
    tree.software_update(
        *("step", "gather", "--root=out/gen/root.root.unsigned.pb", "--output=by_hand"),
        *(f"--label={label}" for label in folders),
        *(f"--request=out/gen/{name}.signing_request" for name, _ in folders.values()),
        *(f"--signatures-folder={folder}" for _, folder in folders.values()),
    )
    return snapshot(tree.top / "by_hand")


def test_gathered_requests_follow_a_changed_payload(tree: Tree) -> None:
    set_mode(tree, "dev")
    tree.build(":requests")
    before = snapshot(tree.out / "obj/requests")
    assert before == gather_by_hand(tree)
    tree.write({"boot.bin": "another"})
    tree.build(":requests")
    after = snapshot(tree.out / "obj/requests")
    assert before.keys() == after.keys()
    assert before != after
    tree.replace("BUILD.gn", '"//camera:bundle", ', "")
    tree.build(":requests")
    names = {name.split("-")[0] for name in snapshot(tree.out / "obj/requests")}
    assert names == {"index.json", "lock", "root"}


def test_bundle_that_anyone_can_sign_is_not_gathered(tree: Tree) -> None:
    set_mode(tree, "dev")
    tree.replace("lock/BUILD.gn", '  root = "//:root"\n', "")
    [line] = failure(tree.build_fails(":requests"))
    assert line.startswith("software-update: //lock:bundle: anyone can sign under its root")
