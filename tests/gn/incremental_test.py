"""Tests that ninja reruns exactly the actions that depend on a change."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from gn_tree import IMPORT, PLACE, Tree, actions, make_tree

BUILD = """\
action("app") {
  script = "//build/copy_file.py"
  inputs = [ "app.txt" ]
  outputs = [ "$root_out_dir/app.bin" ]
  args = rebase_path(inputs + outputs, root_build_dir)
}

software_update_root("root") {
  version = 2
  root_keys = [ "keys/root.pub", "keys/spare.pub" ]
  targets_keys = [ "keys/targets.pub", "keys/other.pub" ]
  dev_signing_keys = [ "keys/throwaway_root" ]
  previous = "trusted.root.pb"
}

software_update_bundle("bundle") {
  targets = [
    { name = "app" file = "$root_out_dir/app.bin" deps = [ ":app" ] },
    "boot.bin > boot",
  ]
  collect = [ "//product" ]
  user_manifest = "manifest.json"
  version_file = "VERSION"
  dev_root = ":root"
  root_chain = []
  dev_signing_keys = [ "keys/throwaway_targets" ]
  trusted_root = "trusted.root.pb"
  persist = true
}
"""

LEAF = """\
action("logo") {
  script = "//build/copy_file.py"
  inputs = [ "logo.txt" ]
  outputs = [ "$target_out_dir/logo.bin" ]
  args = rebase_path(inputs + outputs, root_build_dir)
}

software_update_payload("graphics/logo") {
  file = "$target_out_dir/logo.bin"
  deps = [ ":logo" ]
}

software_update_payload("font") {
  file = "font.bin"
}

action("unrelated") {
  script = "//build/copy_file.py"
  inputs = [ "unrelated.txt" ]
  outputs = [ "$target_out_dir/unrelated.bin" ]
  args = rebase_path(inputs + outputs, root_build_dir)
}

group("product") {
  deps = [ ":font", ":graphics/logo", ":unrelated" ]
}
"""

FILES = {
    "BUILD.gn": IMPORT + BUILD,
    "product/BUILD.gn": IMPORT + LEAF,
    "VERSION": "7\n",
    "app.txt": "app",
    "boot.bin": "boot",
    "manifest.json": "{}",
    "product/font.bin": "font",
    "product/logo.txt": "logo",
    "product/unrelated.txt": "nothing of ours",
}

GOALS = (":bundle", ":bundle.inspect", ":root")

# More than 16: in threes, and one that is left.
MANY, MANY_SHARDS = 34, 12

# Short names of what belongs to the bundle.
BUNDLE = {"file", "_verify", "_persist", "inspect"}
SIGNED = BUNDLE | {"_sign"}
LISTED = SIGNED | {"_targets"}
DIGESTS = {f"_digest_{each}" for each in ("0", "1", "user_manifest", "collected")}
ROOT = {f"//:root.{each}" for each in ("unsigned", "file", "_check")}
HOLDERS = {"//:root.holders"}
OURS = ROOT | HOLDERS | DIGESTS | LISTED
EVERYTHING = OURS | {"//:app", "//product:logo", "//product:unrelated"}


@dataclass(frozen=True)
class Change:
    """A change of a tree that is up to date, and the actions that then run."""

    what: str
    change: Callable[[Tree], None]
    runs: set[str]

    def expected(self) -> list[str]:
        """The labels of the actions."""
        return sorted(f"//:bundle.{each}" if each[0] != "/" else each for each in self.runs)


def writes(name: str, content: str | bytes) -> Callable[[Tree], None]:
    """Another content for a file."""
    return lambda tree: tree.write({name: content})


def moves(source: str, target: str) -> Callable[[Tree], None]:
    """A file in the place of another one."""
    return lambda tree: tree.write({target: (tree.top / source).read_bytes()})


def replaces(name: str, old: str, new: str) -> Callable[[Tree], None]:
    """Other words in a file."""
    return lambda tree: tree.replace(name, old, new)


def builds(old: str, new: str) -> Callable[[Tree], None]:
    """Other words in the top BUILD.gn."""
    return replaces("BUILD.gn", old, new)


def appends(name: str, text: str) -> Callable[[Tree], None]:
    """More words in a file of ours."""

    def change(tree: Tree) -> None:
        tree.write({name: (tree.top / name).read_text() + text})

    return change


def removes(name: str) -> Callable[[Tree], None]:
    """An output less."""
    return lambda tree: (tree.out / name).unlink()


def renews_trusted_root(tree: Tree) -> None:
    """Another root of the same version and keys."""
    make_root(tree, "trusted.root.pb", "--expires=2099-01-01T00:00:00Z")


def adds_payload(tree: Tree) -> None:
    """Declares one more payload in a leaf."""
    more = 'software_update_payload("more") { file = "font.bin" }\n'
    leaf = LEAF.replace('deps = [ ":font"', 'deps = [ ":more", ":font"')
    tree.write({"product/BUILD.gn": IMPORT + more + leaf})


CHANGES = (
    Change("nothing", lambda _: None, set()),
    Change("source_payload", writes("boot.bin", "BOOT"), {"_digest_1"} | LISTED),
    Change("built_payload", writes("app.txt", "APP"), {"//:app", "_digest_0"} | LISTED),
    Change("collected_payload", writes("product/font.bin", "FONT"), {"_digest_collected"} | LISTED),
    Change(
        "collected_built_payload",
        writes("product/logo.txt", "LOGO"),
        {"//product:logo", "_digest_collected"} | LISTED,
    ),
    Change(
        "unrelated_in_collected_tree",
        writes("product/unrelated.txt", "still nothing"),
        {"//product:unrelated"},
    ),
    Change("user_manifest", writes("manifest.json", "[]"), {"_digest_user_manifest"} | LISTED),
    Change("version_file", writes("VERSION", "8\n"), LISTED),
    Change(
        "version_instead_of_file",
        builds('version_file = "VERSION"', "version = 7"),
        LISTED,
    ),
    Change("expires", builds("persist", 'expires = "2099-01-01T00:00:00Z"\npersist'), LISTED),
    Change("strict_pigweed", builds("persist", "strict_pigweed = true\npersist"), LISTED),
    Change("dev_key", moves("keys/throwaway_other", "keys/throwaway_targets"), SIGNED),
    Change("root_key", moves("keys/new.pub", "keys/spare.pub"), ROOT | HOLDERS | SIGNED),
    Change(
        "root_expires",
        builds("version = 2", 'version = 2\nexpires = "2099-01-01T00:00:00Z"'),
        ROOT | SIGNED,
    ),
    # Not the root, which does not contain the name.
    Change(
        "holder",
        builds("version = 2", 'version = 2\nholders = [ { key = "keys/root.pub" name = "Anna" } ]'),
        HOLDERS | {"//:root._check"},
    ),
    Change("trusted_root", renews_trusted_root, {"_verify", "//:root._check"}),
    Change("at", builds("persist", 'at = "2030-01-01T00:00:00Z"\npersist'), {"_verify"}),
    Change("out", builds("persist", 'out = "product.bundle"\npersist'), BUNDLE),
    Change("renamed_target", builds("boot.bin > boot", "boot.bin > b"), {"_digest_1"} | LISTED),
    Change(
        "moved_payload",
        builds("boot.bin > boot", "manifest.json > boot"),
        {"_digest_1"} | LISTED,
    ),
    Change(
        "added_target",
        builds('"boot.bin > boot",', '"boot.bin > boot",\n"VERSION > version",'),
        {"_digest_2"} | LISTED,
    ),
    Change(
        "removed_target",
        builds('"boot.bin > boot",', ""),
        LISTED,
    ),
    Change(
        "renamed_collected_payload",
        replaces("product/BUILD.gn", 'file = "font.bin"', 'file = "font.bin"\nname = "type"'),
        {"_digest_collected"} | LISTED,
    ),
    Change(
        "added_collected_payload",
        adds_payload,
        {"_digest_collected"} | LISTED,
    ),
    Change(
        "tool_module",
        appends(f"{PLACE}/tools/software_update/keys/schemes.py", "\n# More.\n"),
        OURS,
    ),
    Change("run_tool", appends(f"{PLACE}/gn/run_tool.py", "\n# More.\n"), OURS),
    Change("no_digest", removes("gen/bundle.digests/boot/~target.json"), {"_digest_1"} | LISTED),
    Change("no_unsigned", removes("gen/bundle.targets_metadata.unsigned.pb"), LISTED),
    Change("no_signed", removes("gen/bundle.targets_metadata.pb"), SIGNED),
    Change("no_bundle", removes("obj/bundle.bundle"), BUNDLE),
    Change("no_verdict", removes("gen/bundle.verdict.json"), {"_verify"}),
    Change("no_description", removes("obj/bundle.inspect.txt"), {"inspect"}),
    Change("no_persisted", removes("obj/bundle.persist/targets/app"), {"_persist"}),
    Change("no_root", removes("obj/root.root.pb"), ROOT - {"//:root.unsigned"} | SIGNED),
    Change("no_installed", removes("gen/bundle.installed.pb"), {"_verify"}),
    Change("no_check", removes("gen/root.check.json"), {"//:root._check"}),
)


def make_root(tree: Tree, name: str, *options: str) -> None:
    """A root that the bundle's root follows, signed."""
    keys = ("--root-key=keys/root.pub", "--targets-key=keys/targets.pub")
    tree.software_update("root", "create", "--version=1", *keys, *options, f"--output={name}")
    tree.software_update("root", "sign", name, "--dev-signing-key=keys/throwaway_root")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, gn: str, python: Path) -> Tree:
    """A tree that is up to date."""
    tree = make_tree(tmp_path_factory.mktemp("built") / "tree", gn, python)
    tree.write(FILES)
    (tree.top / "keys").mkdir()
    for name in ("root", "spare", "targets", "other", "new"):
        tree.software_update("key", "generate", f"keys/throwaway_{name}")
        (tree.top / f"keys/throwaway_{name}.pub").rename(tree.top / f"keys/{name}.pub")
    make_root(tree, "trusted.root.pb")
    tree.gen()
    assert tree.build(*GOALS) == Change("all", lambda _: None, EVERYTHING).expected()
    return tree


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.what)
def test_change_reruns_only_dependent_edges(built: Tree, tmp_path: Path, change: Change) -> None:
    tree = built.copy(tmp_path / "tree")
    change.change(tree)
    assert tree.build(*GOALS) == change.expected()


def test_order_of_targets(built: Tree, tmp_path: Path) -> None:
    tree = built.copy(tmp_path / "tree")
    tree.replace("BUILD.gn", '    "boot.bin > boot",\n', "")
    tree.replace("BUILD.gn", "targets = [\n", 'targets = [\n    "boot.bin > boot",\n')
    # The payloads are the same, under the same names: they are not read again.
    assert tree.build(*GOALS) == sorted(f"//:bundle.{each}" for each in LISTED)
    assert tree.read("obj/bundle.bundle") == built.read("obj/bundle.bundle")


def test_many_targets_are_hashed_together(tmp_path: Path, gn: str, python: Path) -> None:
    tree = make_tree(tmp_path / "tree", gn, python)
    names = [f"file_{number}" for number in range(MANY)]
    listed = "".join(f'"{name} > {name}",\n' for name in names)
    bundle = f'software_update_bundle("bundle") {{\nversion = 1\ntargets = [ {listed} ]\n}}\n'
    tree.write({"BUILD.gn": IMPORT + bundle, **{name: name for name in names}})
    tree.gen()
    digests = {f"//:bundle._digest_{shard}" for shard in range(MANY_SHARDS)}
    assert digests == {each for each in tree.build(":bundle") if "digest" in each}
    tree.write({names[-1]: "another"})
    changed = {"_targets", "_sign", "file", "_verify", f"_digest_{MANY_SHARDS - 1}"}
    assert tree.build(":bundle") == sorted(f"//:bundle.{each}" for each in changed)


def test_list_of_collected_comes_back(built: Tree, tmp_path: Path) -> None:
    # GN writes it, not ninja, so that `gn gen` has to make it again.
    tree = built.copy(tmp_path / "tree")
    removes("gen/bundle.collected.json")(tree)
    assert "bundle.collected.json" in tree.build_fails(*GOALS)
    tree.gen()
    tree.build(*GOALS)


def test_failed_verification_fails_again(built: Tree, tmp_path: Path) -> None:
    tree = built.copy(tmp_path / "tree")
    trusted = (tree.top / "trusted.root.pb").read_bytes()
    keys = ("--root-key=keys/new.pub", "--targets-key=keys/targets.pub")
    strange = tree.top / "strange.root.pb"
    tree.software_update("root", "create", "--version=1", *keys, f"--output={strange}")
    tree.software_update("root", "sign", str(strange), "--dev-signing-key=keys/throwaway_new")
    tree.write({"trusted.root.pb": strange.read_bytes()})
    for _ in range(2):
        log = tree.build_fails(":bundle")
        assert actions(log) == ["//:bundle._verify"]
        assert "THRESHOLD_NOT_MET" in log
        assert "Traceback" not in log
    assert b"THRESHOLD_NOT_MET" in tree.read("gen/bundle.verdict.json")
    tree.write({"trusted.root.pb": trusted})
    assert tree.build(":bundle") == ["//:bundle._verify"]


def test_environment_is_made_once(tmp_path: Path, gn: str, python: Path) -> None:
    tree = make_tree(tmp_path / "tree", gn, python)
    bundle = 'version = 1\ntargets = [ "boot.bin > boot" ]\n'
    tree.write(
        {
            "BUILD.gn": f"""{IMPORT}
software_update_bundle("bundle") {{ {bundle} }}
group("all") {{ deps = [ ":bundle", ":bundle(//build:device)" ] }}
""",
            "boot.bin": "boot",
        }
    )
    wheels = tree.top / "wheels"
    wheels.mkdir()
    for wheel in os.environ["WHEELS"].split():
        shutil.copyfile(wheel, wheels / Path(wheel).name)
    tree.set_args('software_update_wheels = "//wheels"', python=False)
    tree.gen()
    environment = f"//{PLACE}/gn/python:python"
    root = {f"//{PLACE}/tools/dev_keys:dev_root.{each}" for each in ("unsigned", "file")}
    steps = {f"//:bundle.{each}" for each in ("_digest_0", "_targets", "_sign", "file", "_verify")}
    ours = sorted({environment} | root | steps)
    assert tree.build(":all") == ours

    lock = f"{PLACE}/tools/python/runtime.txt"
    tree.write({lock: (tree.top / lock).read_text() + "# More.\n"})
    assert tree.build(":all") == ours
    cffi = next(wheels.glob("cffi*"))
    tree.write({f"wheels/{cffi.name}": cffi.read_bytes()})
    assert tree.build(":all") == ours
    tree.write({"boot.bin": "BOOT"})
    assert tree.build(":all") == sorted(steps)
