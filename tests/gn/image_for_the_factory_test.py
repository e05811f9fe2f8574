"""Tests of software_update_device_image in GN, with the programs that make file systems."""

import json
import os
from pathlib import Path

import pytest
from gn_tree import IMPORT, PLACE, Tree, failure, make_tree
from software_update.provisioning.programs import PACKAGES

_CONFIGURATION = """
vendor = "Example Gateways Ltd"
state = "/state"
[domains.main]
root = "/usr/share/root.pb"
slots = ["a", "b"]
sources = [{type = "folder", path = "/media"}]
installers = [{type = "raw", targets = ["app"], slots = {a = "/dev/sda2", b = "/dev/sda3"}}]
boot = {type = "systemd-boot", names = {a = "fw-a", b = "fw-b"}}
"""
_BUILD = f"""{IMPORT}
software_update_bundle("bundle") {{
  targets = [ "app.bin > app" ]
  version = 7
}}

software_update_device_image("factory") {{
  bundle = ":bundle"
  trusted_root = "//{PLACE}/tools/dev_keys:dev_root"
  layout = "layout.json"
  configuration = "client.toml"
  files = [ {{
        place = "esp:/EFI/a loader.efi"
        file = "app.bin"
      }} ]
}}
"""


def _partition(name: str, size: str, **more: str) -> dict[str, str]:
    return {"name": name, "type": "linux", "size": size, **more}


_LAYOUT = {
    "schema": "software_update.device_layout.v1",
    "partitions": [
        _partition("esp", "8 MiB", filesystem="fat"),
        _partition("slot_a", "1 MiB", device="/dev/sda2"),
        _partition("slot_b", "1 MiB", device="/dev/sda3"),
        _partition("state", "8 MiB", filesystem="ext4", mount="/state"),
    ],
}


@pytest.fixture
def tree(tmp_path: Path, gn: str, python: Path) -> Tree:
    made = make_tree(tmp_path / "tree", gn, python)
    made.write({"BUILD.gn": _BUILD, "client.toml": _CONFIGURATION, "app.bin": "application"})
    made.write({"layout.json": json.dumps(_LAYOUT)})
    return made


def test_image_is_that_of_the_command(tree: Tree) -> None:
    tree.gen()
    assert "//:factory" in tree.build(":factory")
    tree.software_update(
        *("device", "image", "--bundle", "out/obj/bundle.bundle", "--layout", "layout.json"),
        *("--trusted-root", f"out/obj/{PLACE}/tools/dev_keys/dev_root.root.pb"),
        *("--configuration", "client.toml", "--file", "esp:/EFI/a loader.efi=app.bin"),
        *("-o", "factory.img", "--report", "factory.json"),
    )
    assert tree.read("obj/factory.img") == (tree.top / "factory.img").read_bytes()
    assert tree.read("gen/factory.device_image.json") == (tree.top / "factory.json").read_bytes()


def test_each_input_makes_it_again(tree: Tree) -> None:
    tree.gen()
    tree.build(":factory")
    for name in ("layout.json", "client.toml"):
        tree.write({name: (tree.top / name).read_text() + "\n"})
        assert tree.build(":factory") == ["//:factory"]
    programs = (tree.out / "gen/factory.device_image.d").read_text().split(": ")[1].split()
    assert sorted(map(os.path.basename, programs)) == sorted(PACKAGES)
    assert all(map(os.path.exists, programs))


def test_unsigned_mode_makes_nothing(tree: Tree) -> None:
    tree.set_args('software_update_signing = "unsigned"')
    tree.gen()
    assert tree.build(":factory") == []


def test_release_mode_refuses_development_keys(tree: Tree) -> None:
    tree.gen()
    tree.build(":bundle")
    root = tree.read(f"obj/{PLACE}/tools/dev_keys/dev_root.root.pb")
    tree.write({"signed.bundle": tree.read("obj/bundle.bundle"), "root.pb": root})
    _, _, image = _BUILD.partition("software_update_device_image")
    image = image.replace('":bundle"', '"signed.bundle"')
    image = image.replace(f'"//{PLACE}/tools/dev_keys:dev_root"', '"root.pb"')
    tree.write({"BUILD.gn": f"{IMPORT}software_update_device_image{image}"})
    tree.set_args('software_update_signing = "release"')
    tree.gen()
    [line] = failure(tree.build_fails(":factory"))
    assert "root.pb: says 'DEV KEYS: anyone can sign this'" in line
