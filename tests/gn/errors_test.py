"""Errors of `gn gen`: each names the label and says what to write."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from gn_tree import IMPORT, PLACE, Tree, make_tree

_THROWAWAY = f"//{PLACE}/tools/dev_keys:dev_root"
_LONG = "a" * 256


@dataclass(frozen=True)
class Case:
    """A mistake and the line that `gn gen` prints."""

    what: str
    build: str
    message: str
    args: str = ""


def bundle(text: str, message: str, what: str, args: str = "") -> Case:
    """A mistake in the parameters of a bundle."""
    build = f'software_update_bundle("bundle") {{\n{text}\n}}\n'
    return Case(f"bundle_{what}", build, f"//:bundle: {message}", args)


def target(name: str, message: str, what: str) -> Case:
    """A mistake in a target's name."""
    scope = f'{{ name = "{name}" file = "boot.bin" }}'
    return bundle(f"version = 1\ntargets = [ {scope} ]", f"target name '{name}': {message}", what)


def root(message: str, what: str, **changes: str) -> Case:
    """A mistake in the parameters of a root."""
    parameters = {
        "version": "1",
        "root_keys": '[ "a.pub" ]',
        "targets_keys": '[ "b.pub", "c.pub" ]',
    } | changes
    text = "\n".join(f"{name} = {value}" for name, value in parameters.items() if value)
    build = f'software_update_root("root") {{\n{text}\n}}\n'
    return Case(f"root_{what}", build, f"//:root: {message}")


def release(message: str, what: str, **changes: str) -> Case:
    """A mistake in the parameters of a release manifest."""
    parameters = {"product": '"clock"', "release_version": '"1"', "release_counter": "1"} | changes
    return declared("release_manifest", message, what, parameters)


def promotion(message: str, what: str, **changes: str) -> Case:
    """A mistake in the parameters of a promotion."""
    files = ("bundle", "tested", "trusted_root")
    parameters = {name: f'"{name}"' for name in files} | changes
    return declared("promotion", message, what, parameters)


def judged(template: str, message: str, missing: str) -> Case:
    """A missing parameter of a template that verifies a bundle."""
    files = ("bundle", "installed", "trusted_root")
    parameters = {name: f'"{name}"' for name in files if name != missing}
    return declared(template, message, f"no_{missing}", parameters)


def declared(template: str, message: str, what: str, parameters: Mapping[str, str]) -> Case:
    """A mistake in the parameters of a template."""
    text = "\n".join(f"{name} = {value}" for name, value in parameters.items() if value)
    build = f'software_update_{template}("x") {{\n{text}\n}}\n'
    return Case(f"{template}_{what}", build, f"//:x: {message}")


def _without_in_diff(missing: str) -> dict[str, str]:
    """The parameters of a diff, except for one."""
    diff = {"old": '"x.pb"', "new": '"x.bundle"', "trusted_root": '"root.pb"'}
    return {name: value for name, value in diff.items() if name != missing}


def _without(missing: str) -> dict[str, str]:
    """The parameters of a fleet test, except for one."""
    fleet = {
        "bundle": '"x.bundle"',
        "installed": '[ "x.pb" ]',
        "table": '"x.md"',
        "trusted_roots": '[ "root.pb" ]',
    }
    return {name: value for name, value in fleet.items() if name != missing}


_REPOSITORY = {"releases": '[ "x.bundle" ]', "channel": '"stable"', "trusted_root": '"root.pb"'}
_IMAGE = {
    "bundle": '"x.bundle"',
    "trusted_root": '"root.pb"',
    "layout": '"layout.json"',
    "configuration": '"client.toml"',
}
_TARGETS = 'targets = [ "boot.bin > boot" ]\n'
_CHARACTERS = "contains a character that is not allowed; write only A-Z a-z 0-9 . _ + - and /"
_PARTS = "has an empty, . or .. part; write parts such as boot/loader"
_NUMBER = "write an integer from 1 to 4294967295"
_ONE_VERSION = 'write exactly one of version = 7 and version_file = "FILE"'
_ONE_EXPIRES = 'write exactly one of expires = "2031-01-01T00:00:00Z" and expires_file = "FILE"'
_FOLDER = 'write a path below the package, such as "signatures"'
_QUOTES = "version is a string; write it without quotes"

CASES = (
    bundle(_TARGETS, _ONE_VERSION, "no_version"),
    bundle(f'{_TARGETS} version = 1 version_file = "VERSION"', _ONE_VERSION, "two_versions"),
    bundle(f'{_TARGETS} version = "7"', _QUOTES, "version_string"),
    bundle(
        f'{_TARGETS} version = 1 expires = "never" expires_file = "EXPIRES"',
        _ONE_EXPIRES,
        "two_dates",
    ),
    *(
        bundle(
            f"{_TARGETS} version = {number}",
            f"version = {number}; {_NUMBER}, higher than the last release's",
            f"version_{number}",
        )
        for number in ("0", "-1", "4294967296")
    ),
    *(
        bundle(
            f"version = 1 {text}",
            'targets is missing; write targets = [ ... ], or collect = [ "//product" ]',
            what,
        )
        for what, text in (("no_targets", ""), ("empty_targets", "targets = [] collect = []"))
    ),
    bundle(
        f'version = 1 {_TARGETS} removes = [ "logo" ]',
        "removes: there is no earlier release; write unchanged_from or remove this argument",
        "removes_of_nothing",
    ),
    bundle(
        f'version = 1 {_TARGETS} removes = [ "../logo" ] unchanged_from = "x.pb"',
        f"target name '../logo': {_PARTS}",
        "removes_bad_name",
    ),
    *(
        bundle(
            f'version = 1 {_TARGETS} removes = [ "{name}" ] unchanged_from = "x.pb" user_manifest = "x"',
            f"removes '{name}': the bundle contains a payload for this target; remove it from one of the two",
            f"removes_own_{name}",
        )
        for name in ("boot", "user_manifest")
    ),
    Case(
        "signing",
        f'software_update_bundle("bundle") {{ version = 1 {_TARGETS} }}',
        'software_update_signing = "prod"; write "dev", "release" or "unsigned" into args.gn',
        'software_update_signing = "prod"',
    ),
    bundle(
        f"version = 1 {_TARGETS} dev_signing_keys = []",
        "dev_signing_keys is empty; write at least one key, or remove it to use the throw-away key",
        "no_key",
    ),
    bundle(
        f"version = 1 {_TARGETS}",
        'root is missing; write root = ":root", which releases are signed under',
        "no_root",
        'software_update_signing = "release"',
    ),
    bundle(
        f'version = 1 {_TARGETS} root = "root.pb" verify = false',
        "verify = false; remove it: a release is always verified",
        "release_not_verified",
        'software_update_signing = "release"',
    ),
    bundle(
        f'version = 1 {_TARGETS} root = "{_THROWAWAY}"',
        f'root = "{_THROWAWAY}" is the root of the throw-away keys; write a root whose keys only'
        " your team has",
        "release_under_throwaway_root",
        'software_update_signing = "release"',
    ),
    bundle(
        'version = 1 targets = [ "boot.bin" ]',
        'target "boot.bin": write "FILE > NAME"',
        "no_arrow",
    ),
    bundle(
        'version = 1 targets = [ "boot.bin > a > b" ]',
        'target "boot.bin > a > b": write "FILE > NAME"',
        "two_arrows",
    ),
    bundle(
        'version = 1 targets = [ { name = "app" } ]',
        'target {\n  name = "app"\n}; write { name = "app" file = "app.bin" }',
        "no_file",
    ),
    bundle(
        'version = 1 targets = [ { file = "app.bin" } ]',
        'target {\n  file = "app.bin"\n}; write { name = "app" file = "app.bin" }',
        "no_name",
    ),
    bundle(
        'version = 1 targets = [ "boot.bin > " ]',
        "the name of a target is empty; write a name",
        "empty_name_after_arrow",
    ),
    bundle(
        'version = 1 targets = [ { name = "" file = "boot.bin" } ]',
        "the name of a target is empty; write a name",
        "empty_name",
    ),
    # One name for each message: names_test.py checks the names of tests/vectors/names.json.
    target("ä", _CHARACTERS, "character"),
    target(_LONG, "has 256 characters; write at most 255", "long_name"),
    target("a/../b", _PARTS, "part"),
    target("user_manifest", "is reserved; write the file into user_manifest", "reserved"),
    *(
        bundle(
            f'version = 1 targets = [ "boot.bin > app", "boot.bin > {name}" ]',
            f"two targets are named '{name}', or differ only in case; rename one",
            f"two_{name}",
        )
        for name in ("app", "APP")
    ),
    *(
        bundle(
            f'version = 1 {_TARGETS} out = "{out}"',
            f'out = "{out}"; write the name of a file below $target_out_dir',
            f"out_{index}",
        )
        for index, out in enumerate(("", "/x.bundle", "../x.bundle", "a//x.bundle", "./x.bundle"))
    ),
    bundle(
        'version = 1 targets = [ { name = "app" file = "boot.bin" dep = [] } ]',
        "target 'app': write only name, file, deps and compression",
        "unknown_field",
    ),
    bundle(
        f'version = 1 {_TARGETS} compression = "gzip"',
        'compression = gzip: write "none" or "zstd"',
        "compression",
    ),
    bundle(
        f'version = 1 {_TARGETS} compression = "zstd" compression_level = 20',
        "compression_level = 20: write an integer from 1 to 19",
        "compression_level",
    ),
    bundle(
        'version = 1 targets = [ { name = "app" file = "boot.bin" compression = "gzip" } ]',
        'target \'app\': compression = gzip: write "none" or "zstd"',
        "compression_of_a_target",
    ),
    bundle(
        'version = 1 targets = [ { folder = "assets" file = "a" name = "assets/" } ]',
        'target {\n  file = "a"\n  folder = "assets"\n  name = "assets/"\n}; write { name = "assets/" '
        'folder = "assets" }',
        "folder_and_file",
    ),
    bundle(
        'version = 1 targets = [ { name = "assets/" folder = "assets" dep = [] } ]',
        "target 'assets/': write only name, folder, inputs, deps and compression",
        "unknown_field_of_a_folder",
    ),
    bundle(
        'version = 1 targets = [ { name = "assets" folder = "assets" } ]',
        "target 'assets': is not a prefix; end the name of a folder in /, or write an empty name",
        "folder_without_slash",
    ),
    bundle(
        'version = 1 targets = [ { name = "a/../" folder = "assets" } ]',
        f"target name 'a/../x': {_PARTS}",
        "folder_goes_up",
    ),
    bundle(
        'version = 1 targets = [ { name = "" folder = "$root_out_dir/x" } ]',
        "target '': inputs is missing; write outputs of the label that makes //out/x, such as a stamp "
        "file",
        "folder_without_inputs",
    ),
    Case(
        "payload_no_deps",
        'software_update_payload("x") { file = "$root_out_dir/app.bin" }',
        "//:x: deps is missing; write deps = [ ... ], labels that make //out/app.bin",
    ),
    *(
        bundle(
            f'{_TARGETS} version = 1 out = "{out}"',
            f'out = "{out}"; write the name of a file below $target_out_dir',
            f"out_{index}",
        )
        for index, out in enumerate(("//out/obj/x.bundle", "/x.bundle", "../x.bundle", "x/"))
    ),
    bundle(
        'version = 1 targets = [ { name = "boot" file = "boot.bin" depz = [] } ]',
        "target 'boot': write only name, file, deps and compression",
        "misspelled_key",
    ),
    Case(
        "payload_no_deps",
        'software_update_payload("x") { file = "$target_out_dir/x.bin" }',
        "//:x: deps is missing; write deps = [ ... ], labels that make //out/obj/x.bin",
    ),
    Case(
        "payload_no_file",
        'software_update_payload("x") { }',
        '//:x: file is missing; write file = "...", the payload',
    ),
    Case(
        "payload_name",
        'software_update_payload("x") { name = "a b" file = "boot.bin" }',
        f"//:x: target name 'a b': {_CHARACTERS}",
    ),
    root("version is missing; write version = 1 for a first root", "no_version", version=""),
    root(_QUOTES, "version_string", version='"1"'),
    *(
        root(
            f"version = {number}; {_NUMBER}, one more than the last root's",
            f"version_{number}",
            version=number,
        )
        for number in ("0", "-1", "4294967296")
    ),
    root(_ONE_EXPIRES, "two_dates", expires='"never"', expires_file='"EXPIRES"'),
    root(
        "allowed_targets is empty, which would allow all targets; write at least one entry, or remove"
        " the argument",
        "allowed_empty",
        allowed_targets="[]",
    ),
    *(
        root(
            'an entry of holders has no key or no name; write { key = "FILE" name = "NAME" }',
            what,
            holders=f"[ {{ {entry} }} ]",
        )
        for what, entry in (("holder_no_key", 'name = "Anna"'), ("holder_no_name", 'key = "a.pub"'))
    ),
    root(
        "holders names other.pub, which is not in root_keys or targets_keys; write one of these files",
        "holder_of_no_key",
        holders='[ { key = "other.pub" name = "Anna" } ]',
    ),
    root(
        "allowed_targets has 17 entries; write at most 16, such as a prefix that ends in /*",
        "allowed_17",
        allowed_targets=json.dumps([f"t{index}" for index in range(17)]),
    ),
    *(
        root(message, what, allowed_targets=entries)
        for what, entries, message in (
            ("twice", '[ "a", "a" ]', "allowed target 'a': appears twice; write it once"),
            ("no_text", '[ "" ]', "an allowed target is empty; write a name"),
            ("no_name", '[ "/*" ]', "allowed target '/*': write a name before the /*"),
            ("star", '[ "a*" ]', "allowed target 'a*': write a * only in a /* at the end"),
            ("space", '[ "a b/*" ]', f"allowed target 'a b/*': {_CHARACTERS}"),
        )
    ),
    *(
        root(f"{role}_keys is missing; write at least one public key", what, **{f"{role}_keys": to})
        for role in ("root", "targets")
        for what, to in ((f"no_{role}_keys", ""), (f"empty_{role}_keys", "[]"))
    ),
    *(
        root(
            f"{role}_threshold = {number}; write a number from 1 to {count}, the number of"
            f" {role}_keys",
            f"{role}_threshold_{number}",
            **{f"{role}_threshold": str(number)},
        )
        for role, count in (("root", 1), ("targets", 2))
        for number in (0, count + 1)
    ),
    root(
        "dev_signing_keys and signatures are both given; remove one of the two",
        "signed_twice",
        dev_signing_keys='[ "throwaway_a" ]',
        signatures='[ "a.json" ]',
    ),
    root(
        "//b.pub is in root_keys and in targets_keys; give each role its own keys",
        "key_of_both",
        root_keys='[ "//b.pub" ]',
    ),
    release("product is missing; write the product's name", "no_product", product=""),
    *(
        release(
            f'write exactly one of {name} = {example} and {name}_file = "FILE"',
            f"{what}_{name}",
            **{name: value, f"{name}_file": file},
        )
        for name, example in (
            ("release_version", '"1.4.0"'),
            ("release_counter", "7"),
            ("minimum_release_counter", "7"),
            ("support_until", '"2031-01-01T00:00:00Z"'),
        )
        for what, value, file in (("no", "", ""), ("two", example, '"X"'))
        # These two need not be given.
        if what == "two" or name not in ("minimum_release_counter", "support_until")
    ),
    *(
        release(message, f"{name}_{number}", **{name: number})
        for name in ("release_counter", "minimum_release_counter")
        for number, message in (
            ('"1"', f"{name} is a string; write it without quotes"),
            ("0", f"{name} = 0; {_NUMBER}"),
            ("4294967296", f"{name} = 4294967296; {_NUMBER}"),
        )
    ),
    *(
        bundle(
            f'{_TARGETS} version = 1 signatures_folder = "{folder}"',
            f'signatures_folder = "{folder}"; {_FOLDER}',
            f"signatures_folder_{index}",
        )
        for index, folder in enumerate(("", "/x", "../x", "a/./x", "a//x"))
    ),
    root(f'signatures_folder = "x/"; {_FOLDER}', "signatures_folder", signatures_folder='"x/"'),
    *(
        declared("signing_requests", message, what, parameters)
        for what, parameters in (("no_bundles", {}), ("empty_bundles", {"bundles": "[]"}))
        for message in ('bundles is missing; write bundles = [ ":bundle" ]',)
    ),
    release('kind = "bugfix"; write "security", "feature" or "both"', "kind", kind='"bugfix"'),
    release('reversible = "yes"; write true or false', "reversible", reversible='"yes"'),
    release(f"duration = 0; {_NUMBER}, in seconds", "duration", duration="0"),
    release(
        'an entry of texts has no language or no file; write { language = "de" file = "FILE" }',
        "texts",
        texts='[ { language = "de" } ]',
    ),
    release(
        'severity = "urgent"; write "low", "medium", "high" or "critical"',
        "severity",
        severity='"urgent"',
    ),
    *(
        judged(template, 'bundle is missing; write bundle = ":bundle"', "bundle")
        for template in ("bundle_test", "personalized_bundle", "release_page")
    ),
    judged(
        "bundle_test",
        'trusted_root is missing; write trusted_root = ":root", the root that the device trusts',
        "trusted_root",
    ),
    declared("device_test", 'script is missing; write script = "device.txt"', "no_script", {}),
    declared(
        "device_test",
        'trusted_root is missing; write trusted_root = ":root", the root in the device\'s image',
        "no_root",
        {"script": '"x.txt"'},
    ),
    *(
        declared(
            "device_image",
            f"{name} is missing; write {name} = {cure}",
            f"no_{name}",
            {each: value for each, value in _IMAGE.items() if each != name},
        )
        for name, cure in (
            ("bundle", '":bundle"'),
            ("trusted_root", '":root", the root that the devices trust'),
            ("layout", '"layout.json"'),
            ("configuration", '"client.toml"'),
        )
    ),
    *(
        declared(
            "device_image",
            f"an entry of {name} has no {first} or no {second}; write {{ {first} = {cure} }}",
            f"wrong_{name}",
            {**_IMAGE, name: f'[ {{ {first} = "x" }} ]'},
        )
        for name, first, second, cure in (
            ("other_roots", "domain", "root", '"NAME" root = ":root"'),
            ("files", "place", "file", '"PARTITION:/PATH" file = "FILE"'),
            ("places", "target", "place", '"NAME" place = "PARTITION:/PATH"'),
        )
    ),
    declared("device_limits", 'limits is missing; write limits = "limits.json"', "no_limits", {}),
    declared(
        "expiry_test",
        'at is missing; write at = "2031-01-01T00:00:00Z", the time from which to count',
        "no_at",
        {"roots": '[ "root.pb" ]'},
    ),
    *(
        declared("fleet_test", f"{name} is missing; write {written}", f"no_{name}", _without(name))
        for name, written in (
            ("bundle", 'bundle = ":bundle"'),
            ("installed", 'installed = [ "1.0.installed.pb" ], the releases that devices run'),
            ("trusted_roots", 'trusted_roots = [ ":root" ], the roots that devices trust'),
            ("table", 'table = "fleet.md", an empty file at first'),
        )
    ),
    declared(
        "expiry_test",
        "bundles and roots are empty; write at least one bundle or root",
        "no_files",
        {"at": '"2031-01-01T00:00:00Z"', "bundles": "[]"},
    ),
    *(
        declared("diff", message, f"no_{missing}", _without_in_diff(missing))
        for missing, message in (
            ("old", 'old is missing; write old = ":installed_bundle"'),
            ("new", 'new is missing; write new = ":bundle"'),
            (
                "trusted_root",
                'trusted_root is missing; write trusted_root = ":root", the root that the devices trust',
            ),
        )
    ),
    *(
        judged(
            template,
            'trusted_root is missing; write trusted_root = ":root", the root that the devices trust',
            "trusted_root",
        )
        for template in ("personalized_bundle", "release_page")
    ),
    judged(
        "personalized_bundle",
        'installed is missing; write installed = ":bundle_6", the release that the devices run',
        "installed",
    ),
    *(
        promotion(f"{name} is missing; write {name} = {cure}", f"no_{name}", **{name: ""})
        for name, cure in (
            ("bundle", '":bundle"'),
            ("tested", '"tested.bundle", the file that you tested'),
            ("trusted_root", '":root", the root that devices trust'),
        )
    ),
    promotion(
        'tested = ":bundle" is a label; write the path of the file that you tested',
        "tested_label",
        tested='":bundle"',
    ),
    promotion('out = "../x"; write the name of a file below $target_out_dir', "out", out='"../x"'),
    declared(
        "attachment",
        'bundle is missing; write bundle = ":bundle"',
        "no_bundle",
        {"file": '"sbom.json"'},
    ),
    declared(
        "attachment",
        'file is missing; write file = "sbom.cdx.json"',
        "no_file",
        {"bundle": '":bundle"'},
    ),
    declared(
        "attachment",
        'bundle = "//other:bundle" is in another BUILD.gn; write the attachment there, because its '
        "file is next to the bundle",
        "other_folder",
        {"bundle": '"//other:bundle"', "file": '"sbom.json"'},
    ),
    *(
        declared(
            "repository",
            f"{name} is missing; write {name} = {cure}",
            f"no_{name}",
            {each: value for each, value in _REPOSITORY.items() if each != name},
        )
        for name, cure in (
            ("releases", '[ ":bundle" ], the oldest release first'),
            ("channel", '"stable"'),
            ("trusted_root", '":root", the root that devices trust'),
        )
    ),
    declared("component", "component is missing; write the component's name", "no_component", {}),
    declared(
        "sbom",
        "artifacts is missing; write the labels that make the artifacts of the release",
        "no_artifacts",
        {"product": '"clock"', "release_version": '"1"'},
    ),
    declared(
        "sbom",
        "product is missing; write product and release_version, or own, the product's own SBOM",
        "no_product",
        {"artifacts": '[ ":app" ]'},
    ),
)


def said(output: str) -> str:
    """Returns the message of an assert, without GN's own words around it."""
    found = re.search(r"Assertion failed\.\n.*?\n *\^-*\n(.*?)\nSee //", output, re.DOTALL)
    assert found, output
    return found[1]


@pytest.fixture(scope="module", name="tree")
def tree_fixture(tmp_path_factory: pytest.TempPathFactory, gn: str, python: Path) -> Tree:
    """One source tree for all tests: `gn gen` fails in each, and leaves nothing behind."""
    return make_tree(tmp_path_factory.mktemp("errors") / "tree", gn, python)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.what)
def test_rejects_wrong_arguments(tree: Tree, case: Case) -> None:
    tree.write({"BUILD.gn": IMPORT + case.build})
    tree.set_args(case.args)
    assert said(tree.gen_fails()) == case.message


def asserts() -> list[str]:
    """Returns the messages of all asserts in the templates, as patterns."""
    texts = [
        Path(name).read_text() for name in os.environ["SOURCES"].split() if name[-4:] == ".gni"
    ]
    calls = [
        call for text in texts for call in re.findall(r"^ *assert\((.*?)\)$", text, re.M | re.S)
    ]
    literals = [re.findall(r'"(?:[^"\\]|\\.)*"', call)[-1][1:-1] for call in calls]
    assert sum(len(re.findall(r"\bassert\(", text)) for text in texts) == len(literals)
    variable = r"\\\$\\\{.+?\\\}|\\\$\w+"
    return [re.sub(variable, ".*", re.escape(re.sub(r"\\(.)", r"\1", one))) for one in literals]


@pytest.mark.parametrize("pattern", asserts())
def test_each_assert_has_a_case(pattern: str) -> None:
    assert any(re.fullmatch(pattern, case.message, re.DOTALL) for case in CASES)


_JUDGED = 'bundle = "x.bundle" trusted_root = "root.pb" installed = "x.pb"'


@pytest.mark.parametrize(
    "template",
    [
        *("bundle", "bundle_test", "component", "device_image", "device_limits", "device_test"),
        *("diff", "expiry_test", "fleet_test", "payload", "personalized_bundle", "promotion"),
        *("release_manifest", "release_page", "repository", "root", "sbom"),
    ],
)
def test_refuses_an_unknown_parameter(tree: Tree, template: str) -> None:
    parameters = {
        "bundle": f"version = 1 {_TARGETS}",
        "bundle_test": _JUDGED,
        "component": 'component = "zlib"',
        "device_image": " ".join(f"{name} = {value}" for name, value in _IMAGE.items()),
        "device_limits": 'limits = "limits.json"',
        "device_test": 'script = "x.txt" trusted_root = "root.pb"',
        "expiry_test": 'roots = [ "root.pb" ] at = "2031-01-01T00:00:00Z"',
        "fleet_test": " ".join(f"{name} = {value}" for name, value in _without("").items()),
        "payload": 'file = "boot.bin"',
        "diff": 'old = "x.pb" new = "x.bundle" trusted_root = "root.pb"',
        "personalized_bundle": _JUDGED,
        "promotion": 'bundle = "x.bundle" tested = "y.bundle" trusted_root = "root.pb"',
        "release_manifest": 'product = "clock" release_version = "1" release_counter = 1',
        "release_page": 'bundle = "x.bundle" trusted_root = "root.pb" previous = "x.pb"',
        "repository": " ".join(f"{name} = {value}" for name, value in _REPOSITORY.items()),
        "root": 'version = 1 root_keys = [ "a.pub" ] targets_keys = [ "b.pub" ]',
        "sbom": 'artifacts = [ ":app" ] product = "clock" release_version = "1"',
    }[template]
    text = f'software_update_{template}("x") {{ {parameters} expired = "never" }}\n'
    tree.write({"BUILD.gn": IMPORT + text})
    tree.set_args()
    output = tree.gen_fails()
    assert "Assignment had no effect" in output
    assert "expired" in output


def test_rejects_a_payload_without_a_maker(tree: Tree) -> None:
    file = "$root_out_dir/app.bin"
    text = f'targets = [ {{ name = "app" file = "{file}" }} ]'
    tree.write({"BUILD.gn": f'{IMPORT}software_update_bundle("bundle") {{ version = 1 {text} }}\n'})
    tree.set_args()
    output = tree.gen_fails()
    assert "//:bundle._digest_0" in output
    assert "app.bin" in output
