"""Bundles that contain parts of a product, and the same from the command line."""

from __future__ import annotations

import json
from pathlib import Path

from gn_tree import IMPORT, PLACE, make_tree
from software_update.testing import encode as e
from software_update.testing.signers import ROOT_KEY

ROOT = f"obj/{PLACE}/tools/dev_keys/dev_root.root.pb"
KEY = f"{PLACE}/tools/dev_keys/throwaway_dev_targets_key.pem"
VERSION_7 = """software_update_bundle("bundle_7") {
  targets = [ "app.bin > app", "boot.bin > boot", "logo.bin > logo" ]
  version = 7
}
"""
# From a bundle of the same build, and from the file that a product keeps.
NAMES = ("of_label", "of_file")
GOALS = tuple(f":{name}" for name in NAMES)
VERSION_8 = """foreach(_name, [ "of_label", "of_file" ]) {
  software_update_bundle(_name) {
    targets = [ "new_app.bin > app" ]
    unchanged_from = ":bundle_7"
    if (_name == "of_file") {
      unchanged_from = "kept.installed.pb"
    }
    removes = [ "logo" ]
    version = 8
  }
}
"""
WITH_FOLDERS = """software_update_bundle("folders") {
  targets = [
    "app.bin > app",
    { name = "assets/" folder = "images" },
    {
      name = ""
      folder = "$target_gen_dir/made"
      inputs = [ "$target_gen_dir/made.stamp" ]
      deps = [ ":made" ]
    },
  ]
  version = 7
  persist = true
}
action("made") {
  script = "make_folder.py"
  inputs = [ "made.txt" ]
  outputs = [ "$target_gen_dir/made.stamp" ]
  args = rebase_path(inputs + outputs + [ "$target_gen_dir/made" ], root_build_dir)
}
"""
MAKE_FOLDER = """import os, shutil, sys
source, stamp, folder = sys.argv[1:]
shutil.rmtree(folder, ignore_errors=True)
for name in open(source).read().split():
    os.makedirs(os.path.dirname(f"{folder}/{name}"), exist_ok=True)
    open(f"{folder}/{name}", "w").write(name)
open(stamp, "w").close()
"""
OF_RELEASE = """software_update_bundle("later") {
  targets = [ "app.bin > app" ]
  unchanged_from = "kept.installed.pb"
  root = "release_root.pb"
  version = 8
}
"""
FILES = {
    "BUILD.gn": IMPORT + VERSION_7 + VERSION_8,
    "app.bin": "app",
    "boot.bin": "boot",
    "logo.bin": "logo",
    "new_app.bin": "new app",
}


def test_partial_bundles(tmp_path: Path, gn: str, python: Path) -> None:
    """One test, because each build takes seconds."""
    tree = make_tree(tmp_path / "tree", gn, python)
    tree.write(FILES | {"kept.installed.pb": ""})
    tree.gen()
    tree.build(":bundle_7")
    tree.write({"kept.installed.pb": tree.read("gen/bundle_7.installed.pb")})

    # The signing requests wait for no signature.
    ran = tree.build(*(f":{name}.signing_request" for name in NAMES))
    assert [each for each in ran if each.endswith(("._sign", ".file", "._verify"))] == []

    # The bytes are those of the command line, and the verification knows the earlier release.
    assert {"//:of_label._verify", "//:of_file._verify"} <= set(tree.build(*GOALS))
    tree.software_update(
        *("bundle", "create", "--version=8", "--target=app=new_app.bin", "--removes=logo"),
        *("--unchanged-from=out/obj/bundle_7.bundle", f"--root=out/{ROOT}"),
        *(f"--dev-signing-key={KEY}", "--output=by_hand.bundle"),
    )
    bundle = (tree.top / "by_hand.bundle").read_bytes()
    assert [tree.read(f"obj/{name}.bundle") for name in NAMES] == [bundle, bundle]
    report = json.loads(tree.read("gen/of_file.verdict.json"))
    assert (report["left_out"], report["no_longer_listed"]) == (["boot"], ["logo"])

    # The earlier release is an input.
    tree.write({"boot.bin": "new boot", "kept.installed.pb": tree.read("obj/bundle_7.bundle")})
    ran = tree.build(*GOALS)
    for name in NAMES:
        assert {f"//:{name}._targets", f"//:{name}.file", f"//:{name}._verify"} <= set(ran)

    # The metadata to sign is the same in every mode.
    unsigned = [f"gen/{name}.targets_metadata.unsigned.pb" for name in NAMES]
    in_dev = [tree.read(each) for each in unsigned]
    tree.set_args('software_update_signing = "unsigned"')
    tree.gen()
    tree.build(*GOALS)
    assert [tree.read(each) for each in unsigned] == in_dev


def test_file_of_releases_in_a_build_with_dev_keys(tmp_path: Path, gn: str, python: Path) -> None:
    """Devices with dev keys have another root than the one that the file names, but the same targets."""
    tree = make_tree(tmp_path / "tree", gn, python)
    manifest = e.manifest(e.targets({"boot": b"boot"}, 7), None, (1, e.root()))
    tree.write({"kept.installed.pb": manifest, "release_root.pb": e.signed(e.root(), ROOT_KEY)})
    tree.write({"BUILD.gn": IMPORT + OF_RELEASE, "app.bin": "app"})
    tree.gen()
    tree.build(":later")
    report = json.loads(tree.read("gen/later.verdict.json"))
    assert (report["verdict"], report["left_out"]) == ("ACCEPT", ["boot"])


def test_folders(tmp_path: Path, gn: str, python: Path) -> None:
    tree = make_tree(tmp_path / "tree", gn, python)
    tree.write({"BUILD.gn": IMPORT + WITH_FOLDERS, "make_folder.py": MAKE_FOLDER, "app.bin": "app"})
    tree.write({"images/logo.raw": "logo", "images/icons/on.raw": "on", "made.txt": "one sub/two"})
    tree.gen()

    def names() -> list[str]:
        described = tree.software_update("bundle", "inspect", "--json", "out/obj/folders.bundle")
        return [each["name"] for each in json.loads(described)["payloads"]]

    tree.build(":folders")
    assert names() == ["app", "assets/icons/on.raw", "assets/logo.raw", "one", "sub/two"]
    tree.software_update(
        *("bundle", "create", "--version=7", f"--dev-signing-key={KEY}", f"--root=out/{ROOT}"),
        *("--target", "app=app.bin", "assets/=images", "=out/gen/made", "-o", "by_hand.bundle"),
    )
    assert (tree.top / "by_hand.bundle").read_bytes() == tree.read("obj/folders.bundle")
    assert tree.read("obj/folders.persist/targets/sub/two") == b"sub/two"

    # A change of a file, a new file, and another content of the made folder.
    tree.write({"images/icons/on.raw": "off"})
    ran = tree.build(":folders")
    assert {"//:folders._digest_folders", "//:folders.file"} <= set(ran)
    assert "//:folders._digest_0" not in ran
    assert b"off" in tree.read("obj/folders.bundle")
    tree.write({"images/icons/new.raw": "new"})
    tree.build(":folders")
    assert "assets/icons/new.raw" in names()
    tree.write({"made.txt": "three"})
    tree.build(":folders")
    assert names()[-2:] == ["assets/logo.raw", "three"]
