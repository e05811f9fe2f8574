"""A product with every kind of payload: source files, an output, a collected one, and a manifest."""

from __future__ import annotations

from pathlib import Path

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
# A request names the holders of the keys that may sign it.
NAMED = {f"{DEV_ROOT}.unsigned", f"{DEV_ROOT}.holders"}
REQUEST = UNSIGNED | NAMED | {"//:bundle.signing_request"}
FILE = UNSIGNED | ROOT | {"//:bundle._sign", "//:bundle.file"}
ALL = FILE | {"//:bundle._verify", "//:bundle._persist", "//:bundle.inspect"}


def built(top: Path, gn: str, python: Path) -> Tree:
    """A tree with everything built."""
    tree = make_tree(top, gn, python)
    tree.write(FILES)
    tree.gen()
    assert tree.build(*GOALS) == sorted(ALL)
    return tree


def outputs(tree: Tree) -> dict[str, bytes]:
    """Returns the outputs of the build, without the files that only ninja reads."""
    folders = [tree.out / name for name in ("gen", "obj")]
    files = [file for folder in folders for file in folder.rglob("*") if file.is_file()]
    return {
        str(file.relative_to(tree.out)): file.read_bytes()
        for file in files
        if file.suffix not in (".d", ".ninja", ".stamp")
    }
