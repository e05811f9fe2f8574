"""Signing modes: what is asked to be signed is the same in all; what differs is who signs."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

import pytest
from gn_tree import IMPORT, PLACE, Tree, actions, failure
from software_update.keys.pem import generate_private_key_pem
from software_update.testing import encode as e

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
            private, content = generate_private_key_pem()
            tree.write({public.name: content})
            private_file(tree, name).parent.mkdir(exist_ok=True)
            private_file(tree, name).write_bytes(private)
    tree.write({"BUILD.gn": build, "boot.bin": "boot"})
    tree.set_args(f'software_update_signing = "{mode}"')
    tree.gen()


def private_file(tree: Tree, name: str) -> Path:
    """Returns the path of a signer's private key."""
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
    """Returns the number of signatures of the bundle's targets metadata."""
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
            "//:bundle.signing_request",
            "//:bundle._targets",
            "//:root.holders",
            "//:root.signing_request",
            "//:root.unsigned",
        }
        files = [f"gen/{each}.signing_request" for each in REQUESTS]
        requests.add(tuple(tree.read(each) for name in files for each in (name, f"{name}.json")))
    assert len(requests) == 1
    content, summary, *_ = requests.pop()
    assert content == tree.read("gen/bundle.targets_metadata.unsigned.pb")
    assert json.loads(summary)["sha256"] == hashlib.sha256(content).hexdigest()
    assert json.loads(summary)["authorities"][0]["threshold"] == len(TARGETS_KEYS)


def test_dev(tree: Tree) -> None:
    set_mode(tree, "dev")
    assert "//:bundle._verify" in tree.build(":bundle")
    assert signatures(tree) == 1
    assert json.loads(tree.read("gen/bundle.verdict.json"))["verdict"] == "ACCEPT"


def test_dev_devices_have_only_the_dev_root(tree: Tree) -> None:
    """Arguments about devices in the field do not keep the dev bundle from devices on a desk."""
    field = '  root = ":root"\n  root_chain = [ ":root" ]\n  trusted_root = ":root"\n'
    set_mode(tree, "dev", BUILD.replace('  root = ":root"\n', field))
    assert "//:root.file" not in tree.build(":bundle")
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


def test_release_under_a_root_without_signatures(tree: Tree) -> None:
    unsigned = BUILD.replace('  signatures = [ "root.one.json", "root.two.json" ]\n', "")
    set_mode(tree, "release", unsigned)
    sign(tree, "bundle", *TARGETS_KEYS)
    assert (
        "software-update: obj/root.root.pb: has no signatures; build //:root.signing_request, sign it "
        "with software-update sign, and list the signatures in the root's signatures\n"
    ) in tree.build_fails(":bundle")


def test_release_without_signatures_names_the_request_to_sign(tree: Tree) -> None:
    set_mode(tree, "release", BUILD.replace('"bundle.three.json", "bundle.four.json"', ""))
    sign(tree, "root", *ROOT_KEYS)
    [line] = failure(tree.build_fails(":bundle"))
    assert "0 of 2 signatures by the root's keys, not signed: " in line
    assert line.endswith(
        "; build //:bundle.signing_request, sign it with software-update sign, and list the signatures "
        "in signatures"
    )


DEV_ROOT = """software_update_root("dev_root") {
  version = 1
  root_keys = [ "five.pub" ]
  targets_keys = [ "six.pub" ]
  dev_signing_keys = [ "throwaway five.pem" ]
}
"""
# Another team's, under which this product's first root was made.
FIRST_ROOT = DEV_ROOT.replace('"dev_root"', '"first_root"').replace("five", "seven")
WITH_DEV_KEYS = (
    BUILD.replace(
        '  root = ":root"\n',
        '  root = ":root"\n  dev_root = ":dev_root"\n  dev_signing_keys = [ "throwaway six.pem" ]\n',
    )
    + DEV_ROOT
)
DEV_NAMES = ("five", "six", "seven")


def write_dev_keys(tree: Tree, **names: str) -> None:
    """Puts the private keys of `names` into the tree, under the names of dev keys."""
    for dev, name in ({each: each for each in DEV_NAMES} | names).items():
        if not private_file(tree, name).exists():
            private, public = generate_private_key_pem()
            private_file(tree, name).parent.mkdir(exist_ok=True)
            private_file(tree, name).write_bytes(private)
            tree.write({f"{name}.pub": public})
        public = (tree.top / f"{name}.pub").read_bytes()
        tree.write({f"throwaway {dev}.pem": private_file(tree, name).read_bytes()})
        tree.write({f"{dev}.pub": public})


def edges_that_name(tree: Tree, text: str) -> set[str]:
    """The rules and outputs of edges whose command, inputs or arguments in a file name `text`."""
    named = [text, *(file.name for file in tree.out.rglob("*.args") if text in file.read_text())]
    ninja_files = [file for file in tree.out.rglob("*.ninja") if file.name != "build.ninja"]
    content = "\n".join(file.read_text() for file in ninja_files)
    blocks = re.split(r"^(?:build|rule) ", content, flags=re.MULTILINE)[1:]
    found = {block.split()[0].rstrip(":") for block in blocks if any(map(block.count, named))}
    # Those run nothing.
    return {each for each in found if not each.startswith("phony/")}


@pytest.mark.parametrize("mode", MODES)
def test_which_edges_know_a_private_key(tree: Tree, mode: str) -> None:
    """In "release" only the action that identifies them; in "unsigned" none."""
    write_dev_keys(tree)
    (tree.top / "production.pem").write_bytes(private_file(tree, "five").read_bytes())
    set_mode(tree, mode, WITH_DEV_KEYS)
    bundle = {"___bundle._sign___build_host__rule", "gen/bundle.targets_metadata.pb"}
    dev_root = {"___dev_root.file___build_host__rule", "obj/dev_root.root.pb"}
    identities = {
        "___bundle._identify___build_host__rule",
        "gen/bundle.dev_key_identities.json",
    }
    expected = {"dev": bundle | dev_root, "release": identities, "unsigned": set[str]()}
    assert edges_that_name(tree, "throwaway") == expected[mode]
    assert edges_that_name(tree, "production") == set()
    tree.build(":dev_root")
    signed = tree.read("obj/dev_root.root.pb")
    assert (signed == tree.read("gen/dev_root.root.unsigned.pb")) == (mode != "dev")


def test_request_states_dev_keys_in_every_mode(tree: Tree) -> None:
    """The request is of the same bytes in each, so the root says it in each."""
    write_dev_keys(tree)
    found = set()
    for mode in MODES:
        set_mode(tree, mode, WITH_DEV_KEYS)
        tree.build(":dev_root", ":dev_root.signing_request")
        shown = tree.software_update("root", "inspect", "out/obj/dev_root.root.pb")
        assert "  DEV KEYS: anyone can sign this\n" in shown
        found.add(tree.read("gen/dev_root.signing_request"))
    assert len(found) == 1
    set_mode(tree, "dev", WITH_DEV_KEYS)
    tree.build(":bundle", ":bundle.inspect")
    assert tree.read("obj/bundle.inspect.txt").count(b"DEV KEYS: anyone can sign this\n") == 2
    assert json.loads(tree.read("gen/bundle.verdict.json"))["dev_keys"] is True


# Releases without dev keys


def release_error(tree: Tree, build: str = WITH_DEV_KEYS) -> str:
    """Returns the error of a release with all signatures."""
    set_mode(tree, "release", build)
    sign(tree, "root", *ROOT_KEYS)
    sign(tree, "bundle", *TARGETS_KEYS)
    log = tree.build_fails(":bundle")
    assert not (tree.out / "obj/bundle.bundle").exists()
    [line] = failure(log)
    return line.removeprefix("software-update: ")


@pytest.mark.parametrize(("dev", "name"), [("five", "one"), ("six", "three"), ("six", "two")])
def test_release_under_a_root_that_lists_a_dev_key(tree: Tree, dev: str, name: str) -> None:
    """The key of the dev root or of the dev bundle, in either role of the root."""
    set_mode(tree, "release")
    write_dev_keys(tree, **{dev: name})
    line = release_error(tree)
    assert line.startswith("obj/root.root.pb: lists the dev key ")
    assert f", whose private key is in the tree, ../throwaway {dev}.pem; release under" in line


def test_dev_keys_that_the_build_makes(tree: Tree) -> None:
    """The build makes keys before the action that identifies them."""
    set_mode(tree, "release")
    write_dev_keys(tree, five="one")
    made = """action("made") {
  script = "//build/copy_file.py"
  inputs = [ "throwaway five.pem" ]
  outputs = [ "$root_out_dir/made.pem" ]
  args = rebase_path(inputs + outputs, root_build_dir)
}
"""
    key = '[ "throwaway five.pem" ]'
    assert WITH_DEV_KEYS.count(key) == 1
    build = WITH_DEV_KEYS.replace(key, '[ "$root_out_dir/made.pem" ]\n  deps = [ ":made" ]') + made
    line = release_error(tree, build)
    assert ", whose private key is in the tree, made.pem; release under" in line


def test_dev_keys_that_change_are_looked_at_again(tree: Tree) -> None:
    write_dev_keys(tree)
    set_mode(tree, "release", WITH_DEV_KEYS)
    sign(tree, "root", *ROOT_KEYS)
    sign(tree, "bundle", *TARGETS_KEYS)
    tree.build(":bundle")
    write_dev_keys(tree, five="one")
    assert "lists the dev key " in tree.build_fails(":bundle")


@pytest.mark.parametrize("where", ["bundle", "root"])
def test_dev_keys_of_the_roots_before(tree: Tree, where: str) -> None:
    """A key of the first root, which the second lists still: as the chain, or by `previous`."""
    set_mode(tree, "release")
    write_dev_keys(tree, seven="one")
    build = WITH_DEV_KEYS + FIRST_ROOT
    if where == "bundle":
        build = build.replace(
            '  root = ":root"\n', '  root = ":root"\n  trusted_root = ":first_root"\n'
        )
        line = release_error(tree, build)
        assert line.startswith("obj/root.root.pb: lists the dev key ")
    else:
        root = '  version = 1\n  root_keys = [ "one.pub", "two.pub" ]\n'
        assert root in build
        build = build.replace(root, root.replace("1", "2", 1) + '  previous = ":first_root"\n')
        set_mode(tree, "release", build)
        sign(tree, "root", *ROOT_KEYS)
        [line] = failure(tree.build_fails(":root.file"))
        assert line.startswith("software-update: gen/root.signing_request: lists the dev key ")
    assert ", whose private key is in the tree, ../throwaway seven.pem; release under" in line


def test_dev_root_in_the_chain(tree: Tree) -> None:
    write_dev_keys(tree)
    chain = '  root = ":root"\n  root_chain = [ ":dev_root" ]\n  trusted_root = ":root"\n'
    build = WITH_DEV_KEYS.replace('  root = ":root"\n', chain)
    line = release_error(tree, build)
    assert line.startswith("obj/dev_root.root.pb: says 'DEV KEYS: anyone can sign this'")


@pytest.mark.parametrize("where", ["trusted_root", "previous"])
def test_release_that_starts_from_a_dev_root(tree: Tree, where: str) -> None:
    """Only the root that devices have says DEV KEYS; the release's own root lists none of its keys."""
    write_dev_keys(tree)
    build = WITH_DEV_KEYS + FIRST_ROOT
    if where == "trusted_root":
        release = '  root = ":root"\n  trusted_root = ":first_root"\n'
        line = release_error(tree, build.replace('  root = ":root"\n', release))
        assert line.startswith("obj/first_root.root.pb: says 'DEV KEYS: anyone can sign this'")
    else:
        root = '  version = 1\n  root_keys = [ "one.pub", "two.pub" ]\n'
        build = build.replace(root, root.replace("1", "2", 1) + '  previous = ":first_root"\n')
        set_mode(tree, "release", build)
        sign(tree, "root", *ROOT_KEYS)
        sign_as_previous = ["sign", "out/gen/root.signing_request", "--output=root.two.json"]
        tree.software_update(*sign_as_previous, f"--key=file:{private_file(tree, 'seven')}")
        [line] = failure(tree.build_fails(":root.file"))
        assert "gen/first_root.root.unsigned.pb: says 'DEV KEYS: anyone can sign this'" in line


@pytest.mark.parametrize("marked", [True, False])
def test_release_under_a_dev_root_that_is_a_file(tree: Tree, marked: bool) -> None:
    """The file says DEV KEYS, or lists a throw-away key and does not say so."""
    set_mode(tree, "release")
    public = ["one.pub", "three.pub"]
    if not marked:
        public = [f"{DEV_KEYS}/throwaway_dev_{role}_key.pem.pub" for role in ("root", "targets")]
    tree.software_update(
        *("root", "create", "--version=1", f"--root-key={public[0]}", f"--targets-key={public[1]}"),
        *(["--dev-keys"] if marked else []),
        "--output=file.root.pb",
    )
    set_mode(tree, "release", BUILD.replace('root = ":root"', 'root = "file.root.pb"'))
    key = private_file(tree, "three") if marked else DEV_KEYS + "/throwaway_dev_targets_key.pem"
    tree.build(":bundle.signing_request")
    tree.software_update(
        *("sign", "out/gen/bundle.signing_request", f"--key=file:{key}"),
        "--output=bundle.three.json",
    )
    tree.write({"bundle.four.json": (tree.top / "bundle.three.json").read_bytes()})
    [line] = failure(tree.build_fails(":bundle"))
    said = "says 'DEV KEYS: anyone can sign this'" if marked else "lists the dev key "
    assert line.startswith(f"software-update: ../file.root.pb: {said}")


def two_roots() -> str:
    """A BUILD.gn whose bundle is released under the second of two roots."""
    second = BUILD.replace('"root"', '"second"', 1).replace("version = 1", "version = 2")
    second = second.replace(
        '  signatures = [ "root.', '  previous = ":root"\n  signatures = [ "root.'
    )
    second = second.replace('"root.', '"second.')
    first = BUILD.split("software_update_bundle", maxsplit=1)[0].removeprefix(IMPORT)
    return second.replace('  root = ":root"\n', '  root = ":second"\n') + first


def test_release_under_a_second_root(tree: Tree) -> None:
    set_mode(tree, "release", two_roots())
    for request in ("root", "second"):
        sign(tree, request, *ROOT_KEYS)
    sign(tree, "bundle", *TARGETS_KEYS)
    tree.build(":bundle")
    assert json.loads(tree.read("gen/bundle.verdict.json"))["trusted_root_version"] == 1
    # A file in `previous` does not say which roots a release needs.
    tree.write({"root.pb": tree.read("obj/root.root.pb")})
    tree.replace("BUILD.gn", 'previous = ":root"', 'previous = "root.pb"')
    log = tree.build_fails(":bundle")
    assert "//:second: previous is a file, ../root.pb" in log
    assert "//:bundle._sign" in actions(log)


PROMOTION = """software_update_promotion("promotion") {
  bundle = ":bundle"
  tested = "tested.bundle"
  trusted_root = ":root"
}
"""


def test_promotion(tree: Tree) -> None:
    set_mode(tree, "dev", BUILD + PROMOTION)
    tree.build(":bundle.file")
    tested = tree.read("obj/bundle.bundle")
    tree.write({"tested.bundle": tested})
    # Only a release is promoted.
    assert tree.build(":promotion") == []
    set_mode(tree, "release", BUILD + PROMOTION)
    sign(tree, "root", *ROOT_KEYS)
    sign(tree, "bundle", *TARGETS_KEYS)
    assert "//:bundle._verify" not in tree.build(":promotion")
    assert tree.read("obj/promotion.bundle") == tree.read("obj/bundle.bundle") != tested
    assert json.loads(tree.read("gen/promotion.promotion.json"))["promoted"] is True
    tree.write({"tested.bundle": tested[:-1] + b"X"})
    log = tree.build_fails(":promotion")
    assert actions(log) == ["//:promotion"]
    assert "software-update: ../tested.bundle: " in log
    tree.write({"tested.bundle": tested})
    assert tree.build(":promotion") == ["//:promotion"]
    # With another time, name and root, which devices do not have, and with the release that they run.
    tree.write({"installed.pb": e.manifest(e.targets({"boot": b"old"}, 6))})
    more = 'out = "sub/release.swu"\n  at = "2030-01-01T00:00:00Z"\n  installed = "installed.pb"\n'
    more += "  trusted_root"
    tree.replace("BUILD.gn", "  trusted_root", f"  {more}")
    tree.build(":promotion")
    assert tree.read("obj/sub/release.swu") == tree.read("obj/bundle.bundle")
    assert b"rollback: no installed" not in tree.read("gen/promotion.promotion.json")
    dev_root = f'trusted_root = "//{DEV_KEYS}:dev_root"'
    tree.replace("BUILD.gn", 'trusted_root = ":root"', dev_root)
    assert "THRESHOLD_NOT_MET" in tree.build_fails(":promotion")


@pytest.mark.parametrize("mode", MODES)
def test_requests_need_no_signatures(tree: Tree, mode: str) -> None:
    """Requests under the second root can be made before the first root has signatures."""
    build = two_roots()
    set_mode(tree, mode, build)
    ran = tree.build(":bundle.signing_request", ":second.signing_request")
    assert set(ran) <= {
        *("//:bundle._digest_0", "//:bundle.signing_request", "//:bundle._targets"),
        *("//:root.holders", "//:root.unsigned"),
        *("//:second.holders", "//:second.signing_request", "//:second.unsigned"),
    }
    # A root that may not follow gives no request.
    tree.replace("BUILD.gn", "version = 2", "version = 3")
    tree.gen()
    assert "ROOT_VERSION_GAP" in tree.build_fails(":second.signing_request")


@pytest.mark.parametrize("root", [True, False])
def test_unsigned_is_not_verified(tree: Tree, root: bool) -> None:
    build = BUILD if root else BUILD.replace('  root = ":root"\n', "")
    set_mode(tree, "unsigned", build)
    ran = tree.build(":bundle", ":bundle.inspect")
    assert "//:bundle.file" in ran
    assert "//:bundle._verify" not in ran
    assert signatures(tree) == 0


def test_verify_false_skips_the_verification(tree: Tree) -> None:
    set_mode(tree, "dev", BUILD.replace("version = 7", "version = 7 verify = false"))
    assert "//:bundle._verify" not in tree.build(":bundle")
    assert signatures(tree) == 1


NEXT_ROOT = """software_update_root("next_root") {
  version = 2
  previous = ":root"
  root_keys = [ "one.pub" ]
  targets_keys = [ "two_targets.pub" ]
  holders = [
    {
      key = "one.pub"
      name = "quality"
    },
  ]
  signatures = [ "next_root.one.json", "next_root.two.json" ]
}
"""


def test_rotation_while_a_release_is_in_flight(tree: Tree) -> None:
    """Signatures by keys of the root before do not count, and errors and requests name the people."""
    private, public = generate_private_key_pem()
    tree.write({"two_targets.pub": public})
    private_file(tree, "two_targets").parent.mkdir()
    private_file(tree, "two_targets").write_bytes(private)
    holders = 'holders = [ { key = "three.pub" name = "Anna" } ]'
    first = BUILD.replace("  version = 1\n", f"  version = 1\n  {holders}\n")
    set_mode(tree, "release", first)
    for request, names in (("root", ROOT_KEYS), ("bundle", TARGETS_KEYS)):
        sign(tree, request, *names)
    set_mode(tree, "release", first.replace('root = ":root"', 'root = ":next_root"') + NEXT_ROOT)
    sign(tree, "next_root", *ROOT_KEYS)
    request = json.loads(tree.read("gen/next_root.signing_request.json"))
    assert {"quality", "two_targets.pub", "two.pub"} == {
        each["name"] for each in request["holders"]
    }
    [line] = failure(tree.build_fails(":bundle"))
    assert re.match(
        r"software-update: \.\./bundle\.three\.json: signed by key Anna \([0-9a-f]{16}\) of the previous "
        r"root, version 1; root version 2 does not list this key; keys of the new root must sign; it "
        r"revokes keys, so targets versions start again: .*, not signed: two_targets\.pub \(",
        line,
    )
    sign(tree, "bundle", "two_targets")
    tree.replace("BUILD.gn", '"bundle.four.json"', '"bundle.two_targets.json"')
    tree.build(":bundle")
    assert signatures(tree) == 1
