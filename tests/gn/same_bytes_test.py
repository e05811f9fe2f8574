"""The same bytes, whichever GN, place, toolchain or tool makes them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from conftest import GN_PROGRAMS, needs
from gn_tree import IMPORT, PLACE, Tree, make_tree

FILES = {
    "BUILD.gn": f"""{IMPORT}
software_update_bundle("bundle") {{
  targets = [
    {{ name = "app" file = "$root_out_dir/app.bin" deps = [ ":app" ] }},
    "images/boot loader.bin > boot/loader",
  ]
  collect = [ "//product" ]
  user_manifest = "manifest.json"
  version = 7
  expires = "2099-01-01T00:00:00Z"
  persist = true
}}

action("app") {{
  script = "//build/copy_file.py"
  inputs = [ "app.txt" ]
  outputs = [ "$root_out_dir/app.bin" ]
  args = rebase_path(inputs + outputs, root_build_dir)
}}

group("device") {{
  deps = [
    ":bundle(//build:device)",
    ":bundle.file(//build:device)",
    ":bundle.inspect(//build:device)",
    ":bundle.installed(//build:device)",
    ":bundle.signing_request(//build:device)",
  ]
}}

group("device_inspect") {{
  deps = [ ":bundle.inspect(//build:device)" ]
}}

group("device_request") {{
  deps = [ ":bundle.signing_request(//build:device)" ]
}}

group("device_root") {{
  deps = [
    "//{PLACE}/tools/dev_keys:dev_root(//build:device)",
    "//{PLACE}/tools/dev_keys:dev_root.file(//build:device)",
    "//{PLACE}/tools/dev_keys:dev_root.signing_request(//build:device)",
  ]
}}
""",
    "product/BUILD.gn": f"""{IMPORT}
software_update_payload("logo") {{
  file = "logo.bin"
}}

group("product") {{
  deps = [ ":logo" ]
}}
""",
    "app.txt": "app",
    "images/boot loader.bin": "boot",
    "manifest.json": "{}",
    "product/logo.bin": "logo",
}
GOALS = (":bundle", ":bundle.inspect")
BUNDLE = "obj/bundle.bundle"
DEV_ROOT = f"//{PLACE}/tools/dev_keys:dev_root"
ROOT = {f"{DEV_ROOT}.unsigned", f"{DEV_ROOT}.file"}
UNSIGNED = {
    "//:app",
    "//:bundle._digest_0",
    "//:bundle._digest_1",
    "//:bundle._digest_collected",
    "//:bundle._digest_user_manifest",
    "//:bundle._targets",
}
REQUEST = UNSIGNED | {"//:bundle.signing_request", f"{DEV_ROOT}.unsigned"}
FILE = UNSIGNED | ROOT | {"//:bundle._sign", "//:bundle.file"}
ALL = FILE | {"//:bundle._verify", "//:bundle._persist", "//:bundle.inspect"}


def built(top: Path, gn: str, python: Path) -> Tree:
    """A tree with everything built."""
    tree = make_tree(top, gn, python)
    tree.write(FILES)
    tree.gen()
    assert tree.build(*GOALS) == sorted(ALL)
    return tree


def ninja_files(tree: Tree) -> dict[str, str]:
    """All that gn wrote for ninja."""
    files = {
        str(file.relative_to(tree.out)): file.read_text() for file in tree.out.rglob("*.ninja")
    }
    # The command that runs gn again names it, by its path from the build folder.
    again = re.compile(r"^  command = \S*gn\S* .*--regeneration gen \.$", re.M)
    files["build.ninja"], count = again.subn("", files["build.ninja"])
    assert count == 1
    return files


def outputs(tree: Tree) -> dict[str, bytes]:
    """All that the build made, but for what is written for ninja alone."""
    folders = [tree.out / name for name in ("gen", "obj")]
    files = [file for folder in folders for file in folder.rglob("*") if file.is_file()]
    return {
        str(file.relative_to(tree.out)): file.read_bytes()
        for file in files
        if file.suffix not in (".d", ".ninja", ".stamp")
    }


def test_two_gns(tmp_path: Path, python: Path) -> None:
    trees = [built(tmp_path / name, needs(name), python) for name in GN_PROGRAMS]
    assert outputs(trees[0]) == outputs(trees[1])


def test_two_places(tmp_path: Path, gn: str, python: Path) -> None:
    here = built(tmp_path / "here", gn, python)
    there = built(tmp_path / "over" / "there, with spaces" / "and $dollars", gn, python)
    assert ninja_files(here) == ninja_files(there)
    assert str(tmp_path) not in "".join(ninja_files(here).values()).replace(str(python), "")
    assert outputs(here) == outputs(there)


def test_command_line(tmp_path: Path, gn: str, python: Path) -> None:
    tree = built(tmp_path / "tree", gn, python)
    tree.software_update(
        *("bundle", "create", "--version=7", "--expires=2099-01-01T00:00:00Z"),
        *("--target", "app=app.txt", "boot/loader=images/boot loader.bin", "logo=product/logo.bin"),
        *(
            "--user-manifest=manifest.json",
            f"--root=out/obj/{PLACE}/tools/dev_keys/dev_root.root.pb",
        ),
        f"--dev-signing-key={PLACE}/tools/dev_keys/throwaway_dev_targets_key.pem",
        "--output=by_hand.bundle",
    )
    assert (tree.top / "by_hand.bundle").read_bytes() == tree.read(BUNDLE)


@pytest.mark.parametrize(
    ("goal", "runs"),
    [
        ("device", ALL | REQUEST),
        ("device_inspect", FILE | {"//:bundle.inspect"}),
        ("device_request", REQUEST),
        ("device_root", ROOT | {f"{DEV_ROOT}.signing_request"}),
    ],
)
def test_another_toolchain(tree: Tree, goal: str, runs: set[str]) -> None:
    tree.write(FILES)
    tree.gen()
    assert tree.build(f":{goal}") == sorted(runs)
    # All of them are those of the default toolchain.
    assert set(tree.build(*GOALS)) == ALL - runs
