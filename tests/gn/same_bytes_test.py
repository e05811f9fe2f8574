"""The same bytes, whichever place, toolchain or tool makes them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from gn_tree import IMPORT, PLACE, Tree, make_tree
from one_product import (
    ALL,
    BUNDLE,
    DEV_ROOT,
    FILE,
    FILES,
    GOALS,
    NAMED,
    REQUEST,
    ROOT,
    built,
    outputs,
)


def ninja_files(tree: Tree) -> dict[str, str]:
    """Returns the files that gn wrote for ninja, by path."""
    files = {
        str(file.relative_to(tree.out)): file.read_text() for file in tree.out.rglob("*.ninja")
    }
    # The command that runs gn again names it, by its path from the build folder.
    again = re.compile(r"^  command = \S*gn\S* .*--regeneration gen \.$", re.M)
    files["build.ninja"], count = again.subn("", files["build.ninja"])
    assert count == 1
    return files


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
        ("device_root", ROOT | NAMED | {f"{DEV_ROOT}.signing_request"}),
    ],
)
def test_another_toolchain(tree: Tree, goal: str, runs: set[str]) -> None:
    tree.write(FILES)
    tree.gen()
    assert tree.build(f":{goal}") == sorted(runs)
    # All of them are those of the default toolchain.
    assert set(tree.build(*GOALS)) == ALL - runs


COMPRESSED = f"""{IMPORT}
software_update_bundle("bundle") {{
  targets = [
    {{ name = "app" file = "$root_out_dir/app.bin" deps = [ ":app" ] }},
    "images/boot_loader.bin > boot/loader",
    {{ name = "stored" file = "app.txt" compression = "none" }},
    {{ name = "images/" folder = "images" }},
    {{ name = "plain/" folder = "images" compression = "none" }},
  ]
  collect = [ "//product" ]
  compression = "zstd"
  compression_level = 3
  user_manifest = "manifest.json"
  version = 7
}}

action("app") {{
  script = "//build/copy_file.py"
  inputs = [ "app.txt" ]
  outputs = [ "$root_out_dir/app.bin" ]
  args = rebase_path(inputs + outputs, root_build_dir)
}}
"""


def test_compressed_payloads(tmp_path: Path, gn: str, python: Path) -> None:
    tree = make_tree(tmp_path / "tree", gn, python)
    files = {name: content for name, content in FILES.items() if " " not in name}
    tree.write({**files, "BUILD.gn": COMPRESSED, "images/boot_loader.bin": "boot"})
    tree.gen()
    compress = {f"//:bundle._compress_{each}" for each in ("0", "1", "folders", "collected")}
    assert compress < set(tree.build(":bundle"))
    tree.software_update(
        *("bundle", "create", "--version=7", "--compression=zstd", "--compression-level=3"),
        *("--target", "app=app.txt", "boot/loader=images/boot_loader.bin", "logo=product/logo.bin"),
        *("stored=app.txt", "images/=images", "plain/=images"),
        *("--compression-of", "stored=none", "plain/boot_loader.bin=none"),
        *(
            "--user-manifest=manifest.json",
            f"--root=out/obj/{PLACE}/tools/dev_keys/dev_root.root.pb",
        ),
        f"--dev-signing-key={PLACE}/tools/dev_keys/throwaway_dev_targets_key.pem",
        "--output=by_hand.bundle",
    )
    assert (tree.top / "by_hand.bundle").read_bytes() == tree.read(BUNDLE)

    # A changed file is the only one that is compressed again.
    tree.write({"app.txt": "another app"})
    again = set(tree.build(":bundle"))
    assert again & compress == {"//:bundle._compress_0"}
    tree.write({"images/boot_loader.bin": "another boot loader"})
    again = set(tree.build(":bundle"))
    assert again & compress == {"//:bundle._compress_folders", "//:bundle._compress_1"}
