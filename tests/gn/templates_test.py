"""Tests of the templates' outputs: files, names, collected trees, visibility."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from gn_tree import IMPORT, PLACE, Tree, actions, failure

BUNDLE = "obj/bundle.bundle"


def bundle(text: str, more: str = "") -> str:
    """A BUILD.gn with a bundle."""
    return f'{IMPORT}\nsoftware_update_bundle("bundle") {{\n  version = 7\n{text}\n}}\n{more}'


def generate(tree: Tree, build: str, files: dict[str, str] | None = None, args: str = "") -> None:
    """Writes a BUILD.gn with what it names, and generates the build folder."""
    tree.write({"BUILD.gn": build, "boot.bin": "boot"} | (files or {}))
    tree.set_args(args)
    tree.gen()


def target_names(tree: Tree, file: str = BUNDLE) -> list[str]:
    """The targets in a bundle."""
    described = json.loads(tree.software_update("bundle", "inspect", "--json", f"out/{file}"))
    return [target["name"] for target in described["targets"]["targets"]]


# --- names ---


NAMES = (
    "a+b",
    "a.b-c_d+e/f/g.h",
    "~".join(["n" * 255]),
    "/".join(["d" * 100, "e" * 100, "f" * 53]),
    "c++/lib",
    "CON",
    "a",
    "0",
    "-h",
    "...",
)


def test_names(tree: Tree) -> None:
    targets = "".join(f'{{ name = "{name}" file = "boot.bin" }},\n' for name in NAMES)
    generate(tree, bundle(f"targets = [ {targets} ]\npersist = true"))
    tree.build(":bundle")
    assert target_names(tree) == sorted(NAMES)
    for name in NAMES:
        assert tree.read(f"obj/bundle.persist/targets/{name}") == b"boot"


def test_file_names(tree: Tree) -> None:
    files = (
        "with space.bin",
        "a=b",
        "@args",
        "-o",
        "ünïcode",
        "semi;colon",
        "it's",
        "a&b",
        "#",
        "a,b",
    )
    targets = "".join(
        f'{{ name = "t{index}" file = "{name}" }},\n' for index, name in enumerate(files)
    )
    generate(tree, bundle(f"targets = [ {targets} ]"), {name: name for name in files})
    tree.build(":bundle")
    tree.software_update("bundle", "extract", "out/obj/bundle.bundle", "--output=extracted")
    for index, name in enumerate(files):
        assert (tree.top / "extracted" / f"t{index}").read_text() == name


def test_other_spelling(tree: Tree) -> None:
    build = bundle(
        'targets = [ "$root_out_dir/app.bin > app", "  a b.bin>  x/y ", ]\ndeps = [ ":app" ]',
        """
action("app") {
  script = "//build/copy_file.py"
  inputs = [ "boot.bin" ]
  outputs = [ "$root_out_dir/app.bin" ]
  args = rebase_path(inputs + outputs, root_build_dir)
}
""",
    )
    generate(tree, build, {"a b.bin": "a b"})
    tree.build(":bundle")
    assert target_names(tree) == ["app", "x/y"]


def test_2000_targets(tree: Tree) -> None:
    # Ninja gives each command to a shell, which takes no more than 128 KiB.
    targets = "".join(f'{{ name = "t/{i}" file = "boot.bin" }},\n' for i in range(2000))
    generate(tree, bundle(f"targets = [ {targets} ]"))
    for output in (BUNDLE, "gen/bundle.targets_metadata.unsigned.pb"):
        command = tree.ninja("-t", "commands", "-s", output).stdout
        assert len(command) < 1000
    arguments = tree.read("gen/bundle.payloads.args").decode().splitlines()
    assert arguments[-1] == "--target=t/1999=../boot.bin"
    assert len(arguments) == 2000


# --- outputs ---


def test_out(tree: Tree) -> None:
    generate(tree, bundle('targets = [ "boot.bin > boot" ]\nout = "sub/product-7.swu"'))
    tree.build(":bundle")
    assert target_names(tree, "obj/sub/product-7.swu") == ["boot"]
    assert not (tree.out / BUNDLE).exists()


def test_persist(tree: Tree) -> None:
    text = 'targets = [ "boot.bin > a/boot" ]\nuser_manifest = "m.json"\npersist = true'
    generate(tree, bundle(f'{text}\ncollect = [ ":logo" ]', payload("logo")), {"m.json": "{}"})
    tree.build(":bundle")
    folder = tree.out / "obj/bundle.persist"
    files = {str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file()}
    payloads = {f"targets/{name}" for name in ("a/boot", "logo", "user_manifest")}
    assert files == payloads | {"metadata/root.pb", "metadata/targets.pb"}
    # A target that goes leaves nothing behind.
    tree.replace("BUILD.gn", "a/boot", "b/boot")
    tree.build(":bundle")
    assert not (folder / "targets/a").exists()


def test_persist_of_a_name_below_another(tree: Tree) -> None:
    generate(tree, bundle('targets = [ "boot.bin > a", "boot.bin > a/b" ]\npersist = true'))
    tree.build(":bundle.file")
    for _ in range(2):
        [line] = failure(tree.build_fails(":bundle"))
        assert "target 'a/b': another target's name is a folder" in line


def test_persist_where_a_name_becomes_a_folder(tree: Tree) -> None:
    generate(tree, bundle('targets = [ "boot.bin > a" ]\npersist = true'))
    tree.build(":bundle")
    tree.replace("BUILD.gn", "> a", "> a/b")
    tree.build(":bundle")
    assert tree.read("obj/bundle.persist/targets/a/b") == b"boot"
    tree.replace("BUILD.gn", "> a/b", "> a")
    tree.build(":bundle")
    assert tree.read("obj/bundle.persist/targets/a") == b"boot"


def test_clean(tree: Tree) -> None:
    text = 'targets = [ "boot.bin > boot" ]\ncollect = [ ":logo" ]\npersist = true'
    generate(tree, bundle(text, payload("logo")))
    first = tree.build(":bundle")
    tree.ninja("-t", "clean")
    assert not (tree.out / BUNDLE).exists()
    assert tree.build(":bundle") == first


def test_bundle_in_a_bundle(tree: Tree) -> None:
    text = 'targets = [ { name = "inside" file = "$target_out_dir/inside.bundle" deps = [ ":inside" ] } ]'
    inner = bundle('targets = [ "boot.bin > boot" ]').replace('"bundle"', '"inside"')
    generate(tree, inner + bundle(text).replace(IMPORT, ""))
    assert "//:inside._verify" in tree.build(":bundle")
    assert target_names(tree) == ["inside"]


def test_every_input_is_made_by_the_build(tree: Tree) -> None:
    keys = f"//{PLACE}/tools/dev_keys/throwaway_dev"
    made = {
        "VERSION": "//VERSION",
        "manifest.json": "//boot.bin",
        "root.pub": f"{keys}_root_key.pem.pub",
        "targets.pub": f"{keys}_targets_key.pem.pub",
        "throwaway_root": f"{keys}_root_key.pem",
        "throwaway_targets": f"{keys}_targets_key.pem",
    }
    copies = "".join(
        f"""
action("{name}") {{
  script = "//build/copy_file.py"
  inputs = [ "{source}" ]
  outputs = [ "$root_out_dir/made/{name}" ]
  args = rebase_path(inputs + outputs, root_build_dir)
}}
"""
        for name, source in made.items()
    )
    text = """
  version_file = "$root_out_dir/made/VERSION"
  targets = [ "$root_out_dir/made/VERSION > version" ]
  user_manifest = "$root_out_dir/made/manifest.json"
  dev_root = ":root"
  trusted_root = "$target_out_dir/root.root.pb"
  dev_signing_keys = [ "$root_out_dir/made/throwaway_targets" ]
  deps = [ ":made", ":root" ]
"""
    more = (
        copies
        + group("made", *[f":{name}" for name in made], kind="public_deps")
        + """
software_update_root("root") {
  version = 1
  root_keys = [ "$root_out_dir/made/root.pub" ]
  targets_keys = [ "$root_out_dir/made/targets.pub" ]
  dev_signing_keys = [ "$root_out_dir/made/throwaway_root" ]
  deps = [ ":made" ]
}
"""
    )
    generate(tree, bundle(text, more).replace("version = 7", ""), {"VERSION": "7"})
    tree.build(":bundle")
    tree.write({"VERSION": "8"})
    # GN takes a label as a whole: what of it changed does not matter.
    steps = {"_digest_0", "_digest_user_manifest", "_targets", "_sign", "file", "_verify"}
    expected = {f"//:bundle.{step}" for step in steps} | {"//:root.unsigned", "//:root.file"}
    assert set(tree.build(":bundle")) == expected | {"//:VERSION"}


def test_targets_that_a_root_does_not_allow(tree: Tree) -> None:
    """GN cannot read the list of another label; the signing request and the verification fail."""
    keys = f"//{PLACE}/tools/dev_keys/throwaway_dev"
    more = f"""
software_update_root("root") {{
  version = 1
  root_keys = [ "{keys}_root_key.pem.pub" ]
  targets_keys = [ "{keys}_targets_key.pem.pub" ]
  dev_signing_keys = [ "{keys}_root_key.pem" ]
  allowed_targets = [ "images/*", "app" ]
}}
"""
    text = """
  targets = [ "boot.bin > app", "boot.bin > images/boot" ]
  dev_root = ":root"
"""
    generate(tree, bundle(text, more))
    tree.build(":bundle", ":bundle.signing_request")
    options = ["--root-key", f"{keys[2:]}_root_key.pem.pub"]
    options += ["--targets-key", f"{keys[2:]}_targets_key.pem.pub"]
    options += ["--allowed-target", "app", "images/*", "--output", "by_hand.pb"]
    tree.software_update("root", "create", "--version=1", "--dev-keys", *options)
    made = tree.read("gen/root.root.unsigned.pb")
    assert (tree.top / "by_hand.pb").read_bytes() == made
    tree.replace("BUILD.gn", "boot.bin > images/boot", "boot.bin > images")
    tree.gen()
    message = "TARGET_NOT_ALLOWED: target 'images': the root does not allow this name"
    for label in (":bundle", ":bundle.signing_request"):
        assert message in tree.build_fails(label)


VALUES = {
    "expires": "2099-01-01T00:00:00Z",
    "minimum_release_counter": "6",
    "release_counter": "7",
    "release_version": "1.4.0-3-g12ab",
    "root_expires": "2098-01-01T00:00:00Z",
    "support_until": "2031-01-01T00:00:00Z",
    "version": "42",
}


RELEASE = ("minimum_release_counter", "release_counter", "release_version", "support_until")


def of_values(spelt: Callable[[str, str], str], deps: str = "") -> str:
    """A root, a release manifest and a bundle whose values are spelt so."""
    keys = f"//{PLACE}/tools/dev_keys/throwaway_dev"
    return f"""
software_update_root("root") {{
  version = 1
  root_keys = [ "{keys}_root_key.pem.pub" ]
  targets_keys = [ "{keys}_targets_key.pem.pub" ]
  dev_signing_keys = [ "{keys}_root_key.pem" ]
  {spelt("expires", "root_expires")}
  {deps}
}}

software_update_release_manifest("release") {{
  product = "clock"
  {" ".join(spelt(name, name) for name in RELEASE)}
  {deps}
}}

software_update_bundle("bundle") {{
  targets = [ "boot.bin > boot" ]
  user_manifest = ":release"
  dev_root = ":root"
  {spelt("version", "version")}
  {spelt("expires", "expires")}
  {deps}
}}
"""


def test_values_in_files_give_the_same_bytes_and_rerun_their_readers(tree: Tree) -> None:
    def literal(name: str, of: str) -> str:
        text = VALUES[of]
        return f"{name} = {text}" if text.isdigit() else f'{name} = "{text}"'

    def in_file(name: str, of: str) -> str:
        return f'{name}_file = "$root_out_dir/made/{of}"'

    goals = ("release", "root.unsigned", "bundle._targets")
    outputs = (
        "gen/release.json",
        "gen/root.root.unsigned.pb",
        "gen/bundle.targets_metadata.unsigned.pb",
    )
    generate(tree, IMPORT + of_values(literal), {name: f"{VALUES[name]}\n" for name in VALUES})
    tree.build(*goals)
    by_literals = {name: tree.read(name) for name in outputs}
    of_release = [f"--{n.replace('_', '-')}-file={n}" for n in VALUES if n in RELEASE]
    release = ("step", "release-manifest", "--product=clock", *of_release, "--output=by_hand.json")
    tree.software_update(*release)
    assert (tree.top / "by_hand.json").read_bytes() == by_literals["gen/release.json"]
    made = "".join(
        f"""
action("make_{name}") {{
  script = "//build/copy_file.py"
  inputs = [ "{name}" ]
  outputs = [ "$root_out_dir/made/{name}" ]
  args = rebase_path(inputs + outputs, root_build_dir)
}}
"""
        for name in VALUES
    )
    made += group("made", *[f":make_{name}" for name in VALUES], kind="public_deps")
    tree.write({"BUILD.gn": IMPORT + made + of_values(in_file, 'deps = [ ":made" ]')})
    tree.gen()
    tree.build(*goals)
    assert {name: tree.read(name) for name in outputs} == by_literals
    tree.write({"release_counter": "8\n"})
    assert tree.build("release") == ["//:make_release_counter", "//:release"]
    tree.write({"support_until": "soon\n"})
    line = failure(tree.build_fails("release"))[-1]
    assert line.endswith(
        "support_until: 'soon' is not a date; write it as 2031-01-01T00:00:00Z (UTC)"
    )


def test_trusted_root_by_label(tree: Tree) -> None:
    text = f"""
  targets = [ "boot.bin > boot" ]
  trusted_root = "//{PLACE}/tools/dev_keys:dev_root(//build:device)"
"""
    generate(tree, bundle(text))
    tree.build(":bundle")


def test_inspect(tree: Tree) -> None:
    generate(tree, bundle('targets = [ "boot.bin > boot" ]'))
    assert "//:bundle._verify" not in tree.build(":bundle.inspect", ":bundle.index")
    text = tree.read("obj/bundle.inspect.txt").decode()
    assert "version 7" in text
    assert "DEV KEYS" in text
    index = json.loads(tree.read("gen/bundle.index.json"))
    assert (index["version"], index["file"]) == (7, "bundle.bundle")
    assert index["size"] == len(tree.read(BUNDLE))


def test_two_bundles_in_one_file(tree: Tree) -> None:
    build = bundle('targets = [ "boot.bin > boot" ]')
    generate(tree, build + build.partition("\n")[2].replace('"bundle"', '"other"'))
    tree.build(":bundle", ":other")
    assert tree.read(BUNDLE) == tree.read("obj/other.bundle")


# --- collected payloads ---


def payload(name: str, text: str = "") -> str:
    """A payload called so."""
    return f'software_update_payload("{name}") {{\n  file = "boot.bin"\n{text}\n}}\n'


def group(name: str, *deps: str, barrier: bool = False, kind: str = "deps") -> str:
    """A group, which may stop the collecting."""
    metadata = "metadata = { software_update_barrier = [] }" if barrier else ""
    labels = ", ".join(f'"{each}"' for each in deps)
    return f'group("{name}") {{\n  {kind} = [ {labels} ]\n  {metadata}\n}}\n'


def test_collects_up_to_barriers(tree: Tree) -> None:
    more = "".join(
        [
            payload("one"),
            payload("two", 'name = "second/two"'),
            payload("hidden"),
            group("barrier", ":hidden", barrier=True),
            group("public", ":two", kind="public_deps"),
            group("data", ":three", kind="data_deps"),
            payload("three"),
            group("product", ":one", ":barrier", ":public", ":data"),
        ]
    )
    generate(tree, bundle('collect = [ ":product" ]', more))
    tree.build(":bundle")
    assert target_names(tree) == ["one", "second/two", "three"]


def test_the_payloads_of_an_inner_bundle_are_not_collected(tree: Tree) -> None:
    inner = bundle('collect = [ ":inner" ]', payload("inner")).replace('"bundle"', '"inside"')
    more = payload("outer") + group("all", ":inside", ":outer", ":inside.file")
    generate(tree, inner + bundle('collect = [ ":all" ]', more).replace(IMPORT, ""))
    tree.build(":bundle", ":inside")
    assert target_names(tree) == ["outer"]
    assert target_names(tree, "obj/inside.bundle") == ["inner"]


def test_payload_of_two_toolchains(tree: Tree) -> None:
    more = payload("one") + group("all", ":one", ":one(//build:device)")
    generate(tree, bundle('collect = [ ":all" ]', more))
    tree.build(":bundle")
    # One file is one payload; two files are not.
    more = more.replace('"boot.bin"', '"$target_out_dir/one.bin"\ndeps = [ ":make" ]')
    make = """
copy("make") {
  sources = [ "boot.bin" ]
  outputs = [ "$target_out_dir/one.bin" ]
}
"""
    generate(tree, bundle('collect = [ ":all" ]', more + make))
    [line] = failure(tree.build_fails(":bundle"))
    assert "two targets 'one'" in line


def test_collected_clash(tree: Tree) -> None:
    text = 'targets = [ "boot.bin > One" ]\ncollect = [ ":one" ]'
    generate(tree, bundle(text, payload("one")))
    [line] = failure(tree.build_fails(":bundle"))
    assert "'One'" in line
    assert "'one'" in line


def test_nothing_collected(tree: Tree) -> None:
    generate(tree, bundle('collect = [ ":nothing" ]', group("nothing")))
    [line] = failure(tree.build_fails(":bundle"))
    assert "0 targets" in line


def test_collected_file_names(tree: Tree) -> None:
    # The depfile names them to ninja, which reads it as make would.
    files = ("with space", "two  spaces", "a#b", "a%b", "a:b", "a=b", "it's", "ünïcode")
    more = "".join(
        payload(f"p{index}").replace("boot.bin", file) for index, file in enumerate(files)
    )
    labels = [f":p{index}" for index in range(len(files))]
    build = bundle('collect = [ ":all" ]', more + group("all", *labels))
    generate(tree, build, dict.fromkeys(files, ""))
    tree.build(":bundle")
    for file in files:
        before = (tree.top / file).stat()
        tree.write({file: ""})
        would_run = actions(tree.ninja("-n", ":bundle").stdout)
        assert "//:bundle._digest_collected" in would_run, file
        os.utime(tree.top / file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert actions(tree.ninja("-n", ":bundle").stdout) == []


def test_collected_file_name_that_a_depfile_cannot_contain(tree: Tree) -> None:
    build = bundle('collect = [ ":one" ]', payload("one").replace("boot.bin", "a;b"))
    generate(tree, build, {"a;b": ""})
    [line] = failure(tree.build_fails(":bundle"))
    assert "ninja takes no such name from a depfile" in line


def test_collected_file_without_a_maker(tree: Tree) -> None:
    made = payload("one", 'deps = [ ":maker" ]').replace("boot.bin", "$root_out_dir/no.bin")
    more = made + group("maker")
    generate(tree, bundle('collect = [ ":one" ]', more))
    [line] = failure(tree.build_fails(":bundle"))
    assert "no.bin" in line


# --- who may use what ---


PRIVATE = (
    "bundle._collected",
    "bundle._collected_order",
    "bundle._digest_0",
    "bundle._digest_collected",
    "bundle._digest_user_manifest",
    "bundle._persist",
    "bundle._sign",
    "bundle._targets",
    "bundle._verify",
    "limits._header",
    "published._personalize_1",
    "root._check",
    "root._previous",
    "smaller._verify",
)
PUBLIC = (
    *(f"bundle{each}" for each in ("", ".file", ".index", ".inspect", ".installed")),
    *("bundle.signing_request", "bundle.signing_requests"),
    "manifest",
    *(
        f"root{each}"
        for each in (
            *("", ".dev_signing_keys", ".earlier_roots", ".file", ".holders", ".roots"),
            *(".signing_request", ".signing_requests", ".trusted_root", ".unsigned"),
        )
    ),
    *(f"smaller{each}" for each in ("", ".file")),
    "known",
    "differs",
    "image",
    "lasts",
    "limits",
    "lives",
    *(f"page{each}" for each in ("", ".json", ".text")),
    "promoted",
    "published",
    "takes_it",
)

FULL = bundle(
    """
  targets = [ "boot.bin > boot" ]
  collect = [ ":logo" ]
  user_manifest = "boot.bin"
  persist = true
  SCOPE
""",
    payload("logo", "SCOPE")
    + """
software_update_root("root") {
  version = 1
  root_keys = [ "a.pub" ]
  targets_keys = [ "b.pub" ]
  dev_signing_keys = [ "throwaway_a" ]
  previous = "root.pb"
  SCOPE
}

software_update_release_manifest("manifest") {
  product = "clock"
  release_version = "1"
  release_counter = 1
  SCOPE
}

software_update_promotion("promoted") {
  bundle = ":bundle"
  tested = "tested.bundle"
  trusted_root = ":root"
  SCOPE
}

software_update_repository("published") {
  releases = [ ":bundle" ]
  channel = "stable"
  trusted_root = ":root"
  personalized_for = [ ":bundle" ]
  SCOPE
}

software_update_bundle_test("takes_it") {
  bundle = ":bundle"
  trusted_root = ":root"
  installed = ":bundle"
  SCOPE
}

software_update_device_image("image") {
  bundle = ":bundle"
  trusted_root = ":root"
  layout = "layout.json"
  configuration = "client.toml"
  other_roots = [ { domain = "other" root = ":root" } ]
  files = [ { place = "esp:/boot.efi" file = "boot.bin" } ]
  places = [ { target = "boot" place = "esp:/boot" } ]
  domain = "main"
  slot = "a"
  SCOPE
}

software_update_device_limits("limits") {
  limits = "limits.json"
  SCOPE
}

software_update_fleet_test("known") {
  bundle = ":bundle"
  installed = [ ":bundle" ]
  trusted_roots = [ ":root" ]
  table = "fleet.md"
  SCOPE
}

software_update_device_test("lives") {
  script = "life.txt"
  trusted_root = ":root"
  bundles = [ ":bundle" ]
  SCOPE
}

software_update_expiry_test("lasts") {
  bundles = [ ":bundle" ]
  roots = [ ":root" ]
  at = "2031-01-01T00:00:00Z"
  SCOPE
}

software_update_personalized_bundle("smaller") {
  bundle = ":bundle"
  trusted_root = ":root"
  installed = ":bundle"
  SCOPE
}

software_update_diff("differs") {
  old = ":bundle"
  new = ":bundle"
  trusted_root = ":root"
  SCOPE
}

software_update_release_page("page") {
  bundle = ":bundle"
  trusted_root = ":root"
  SCOPE
}
""",
)


LIMITS = f"""{IMPORT}
software_update_device_limits("device_limits") {{
  limits = "limits.json"
}}

software_update_bundle("bundle") {{
  targets = [ "boot.bin > boot", "boot.bin > app" ]
  device_limits = "limits.json"
  version = 7
}}

group("firmware") {{
  deps = [ ":device_limits(//build:device)" ]
}}
"""


def limits(targets: int) -> dict[str, str]:
    schema = "software_update.device_limits.v1"
    return {"limits.json": json.dumps({"schema": schema, "targets": targets})}


def test_device_limits(tree: Tree) -> None:
    generate(tree, LIMITS, limits(1))
    log = tree.build_fails(":bundle")
    assert "beyond the device's limits: 2 targets, at most 1" in log
    assert not (tree.out / BUNDLE).exists()
    tree.write(limits(2))
    assert "//:bundle.file" in tree.build(":bundle")
    assert tree.build(":firmware") == ["//:device_limits._header"]
    tree.software_update("device", "limits", "limits.json", "-o", "device_limits.h")
    assert tree.read("gen/device_limits.h") == (tree.top / "device_limits.h").read_bytes()
    tree.write(limits(3))
    ran = ["//:bundle._verify", "//:bundle.file", "//:device_limits._header"]
    assert tree.build(":bundle", ":firmware") == ran
    for toolchain in ("", "(//build:device)"):
        label = f"//:device_limits._include{toolchain}"
        assert tree.run_gn("desc", "out", label, "include_dirs").stdout == "//out/gen/\n"


def user(label: str) -> dict[str, str]:
    """A BUILD.gn elsewhere, with a group on a label."""
    return {"user/BUILD.gn": group("user", label)}


def all_of(build: str) -> str:
    """With something that loads the BUILD.gn elsewhere."""
    return build + group("all", "//user")


def test_no_other_targets(tree: Tree) -> None:
    generate(tree, FULL.replace("SCOPE", ""))
    labels = tree.run_gn("ls", "out", "//:*").stdout.split()
    assert labels == sorted(f"//:{name}" for name in (*PRIVATE, *PUBLIC, "logo"))


def described(tree: Tree, toolchain: str = "") -> dict[str, Any]:
    """Returns the description of each target of the top BUILD.gn, by its name."""
    generate(tree, (tree.top / "BUILD.gn").read_text())
    done = tree.run_gn("desc", "out", f"//:*{toolchain}", "--format=json")
    found: dict[str, Any] = json.loads(done.stdout)
    return {label.removeprefix("//:").removesuffix(toolchain): found[label] for label in found}


# Visibility of targets in the same BUILD.gn only, as `gn desc` shows it.
_HERE = {"//.:*"}


def on_all(toolchain: str) -> str:
    """A group on all public labels of a toolchain: GN makes no other targets of it."""
    return group("all_of_them", *(f":{name}{toolchain}" for name in (*PUBLIC, "logo")))


def test_private_labels(tree: Tree) -> None:
    tree.write({"BUILD.gn": FULL.replace("SCOPE", "")})
    found = described(tree)
    assert all(set(found[name]["visibility"]) == _HERE for name in PRIVATE)
    assert all(found[name]["visibility"] == ["*"] for name in PUBLIC)
    # GN then rejects a dependency from elsewhere.
    tree.write({"BUILD.gn": all_of(FULL.replace("SCOPE", ""))} | user("//:bundle._sign"))
    output = tree.gen_fails()
    assert "Dependency not allowed." in output
    assert "//:bundle._sign" in output


@pytest.mark.parametrize("toolchain", ["", "(//build:device)"])
def test_public_labels(tree: Tree, toolchain: str) -> None:
    users = "".join(group(f"user_{i}", f"//:{name}{toolchain}") for i, name in enumerate(PUBLIC))
    users += group("user", *[f":user_{i}" for i in range(len(PUBLIC))])
    generate(tree, all_of(FULL.replace("SCOPE", "")), {"user/BUILD.gn": users})


@pytest.mark.parametrize("toolchain", ["", "(//build:device)"])
def test_visibility(tree: Tree, toolchain: str) -> None:
    build = FULL.replace("SCOPE", 'visibility = [ ":*" ]')
    tree.write({"BUILD.gn": build + on_all(toolchain)})
    found = described(tree, toolchain)
    assert all(set(found[name]["visibility"]) == _HERE for name in (*PUBLIC, "logo"))
    tree.write({"BUILD.gn": all_of(build)} | user(f"//:bundle{toolchain}"))
    assert "Dependency not allowed." in tree.gen_fails()


@pytest.mark.parametrize("toolchain", ["", "(//build:device)"])
def test_testonly(tree: Tree, toolchain: str) -> None:
    build = FULL.replace("SCOPE", "testonly = true")
    more = on_all(toolchain).replace("deps", "testonly = true\n  deps")
    tree.write({"BUILD.gn": build + more})
    found = described(tree, toolchain)
    assert all(found[name]["testonly"] for name in (*PUBLIC, "logo"))
    tree.write({"BUILD.gn": all_of(build)} | user(f"//:bundle{toolchain}"))
    assert "Test-only dependency not allowed." in tree.gen_fails()


def test_bundle_of_testonly_targets(tree: Tree) -> None:
    text = """
  testonly = true
  targets = [ { name = "boot" file = "boot.bin" deps = [ ":helper" ] } ]
  collect = [ ":logo" ]
  deps = [ ":helper" ]
  persist = true
  user_manifest = "boot.bin"
"""
    helper = 'group("helper") {\n  testonly = true\n}\n'
    generate(tree, bundle(text, payload("logo", "testonly = true") + helper))
    tree.build(":bundle")


# --- the Python that runs the tools ---


def first_failure(tree: Tree, args: str) -> str:
    """The one line of the one action that fails."""
    tree.write({"BUILD.gn": bundle('targets = [ "boot.bin > boot" ]'), "boot.bin": "boot"})
    tree.set_args(args, python=False)
    tree.gen()
    done = tree.ninja("-j1", ":bundle")
    assert done.returncode != 0
    [line] = failure(done.stdout)
    return line


def test_python_without_the_packages(tree: Tree, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    subprocess.run([str(tree.python), "-m", "venv", "--without-pip", str(empty)], check=True)
    program = empty / "bin/python"
    line = first_failure(tree, f'software_update_python = "{program}"')
    assert re.search(r"No module named .*install \S*tools/python/runtime.txt for it with pip", line)


def test_no_wheels(tree: Tree) -> None:
    line = first_failure(tree, 'software_update_wheels = "//no/such folder"')
    assert "there is no such folder" in line
    assert f"{PLACE}/gn/python/fetch.py --out" in line


def test_python_that_is_not_there(tree: Tree) -> None:
    line = first_failure(tree, 'software_update_python = "/no/such/python"')
    assert line == (
        "run_tool.py: /no/such/python: No such file or directory; set the GN argument"
        " software_update_python to a Python, 3.11 or later"
    )
