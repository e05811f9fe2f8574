"""Tests of a module that depends on this one: its bundles, the same bytes everywhere, no repeated work."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from software_update.cli.main import main as software_update
from software_update.format.proto.update_bundle_pb2 import UpdateBundle
from software_update.keys.pem import read_public_key

from tests.nested.nested_bazel import Bazel, Spawn, bazel, copy_sources

CONSUMER = "tests/consumer"
KEYS = "keys/throwaway_consumer"
TESTS_FAILED = 3
# None of these may depend on where or how it was built.
OUTPUTS = (
    "product-update.bundle",
    "respelled.bundle",
    "version_in_file.bundle",
    "defaults.bundle",
    "root_1.root.pb",
    "root_2.root.pb",
    "product.targets_metadata.unsigned.pb",
)
AFTER_THE_DIGESTS = {
    "SoftwareUpdateTargets": 1,
    "SoftwareUpdateSign": 1,
    "SoftwareUpdateAssemble": 1,
    "SoftwareUpdateVerify": 1,
}
BROKEN = """\
load("@rules_software_update//rules:defs.bzl", "software_update_bundle")

software_update_bundle(
    name = "bundle",
    dev_root = "root.pb",
    dev_signing_keys = ["throwaway_key.pem"],
    targets = {"app": "app.txt"},
    trusted_root = %s,
    version = 1,
)
"""


@pytest.fixture(name="sources", scope="module")
def sources_fixture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The declared sources, read once: they may be edited while a test runs."""
    folder = tmp_path_factory.mktemp("pristine") / "sources"
    copy_sources(folder)
    return folder


@pytest.fixture(name="nested", scope="module")
def nested_fixture(sources: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bazel]:
    """The server that all tests share, with everything built."""
    folder = tmp_path_factory.mktemp("nested")
    shutil.copytree(sources, folder / "sources")
    with bazel(folder / "sources" / CONSUMER, folder / "scratch") as server:
        server.succeeds("build", "//...")
        yield server


def digests(server: Bazel) -> dict[str, str]:
    return {name: hashlib.sha256(server.output(name).read_bytes()).hexdigest() for name in OUTPUTS}


def mnemonics(spawns: list[Spawn]) -> dict[str, int]:
    names = [spawn.mnemonic for spawn in spawns]
    return {name: names.count(name) for name in sorted(names)}


def digested(spawns: list[Spawn]) -> list[str]:
    """The first targets of the records that digest actions have written."""
    paths = [spawn.outputs[0] for spawn in spawns if spawn.mnemonic == "SoftwareUpdateDigest"]
    return sorted(path.partition(".digests/")[2].partition("~")[0].rstrip("/") for path in paths)


def repositories(server: Bazel) -> list[str]:
    """The canonical names of the external repositories that have been fetched."""
    external = Path(server.succeeds("info", "output_base").strip(), "external")
    return [path.name for path in external.iterdir() if path.is_dir()]


# --- the bundles ---


def test_a_device_with_the_old_root_takes_the_bundle(nested: Bazel) -> None:
    bundle = nested.output("product-update.bundle")
    root = nested.output("root_1.root.pb")
    verify = ["bundle", "verify", str(bundle), f"--trusted-root={root}"]
    assert software_update([*verify, "--at=2030-12-31T23:59:59Z"]) == 0
    assert software_update([*verify, "--at=2031-01-01T00:00:01Z"]) == 1


def test_bundle_tests_run(nested: Bazel) -> None:
    nested.succeeds("test", "//:device_test")
    done = nested.run("test", "//:wrong_test", "--test_output=errors")
    assert done.returncode == TESTS_FAILED, done.stderr
    said = "product-update.bundle: expected TARGETS_ROLLBACK, got ACCEPT"
    assert said in done.stdout + done.stderr


def test_three_spellings_give_the_same_bytes(nested: Bazel) -> None:
    names = ("product-update.bundle", "respelled.bundle", "version_in_file.bundle")
    assert len({nested.output(name).read_bytes() for name in names}) == 1


def test_the_command_line_gives_the_same_bytes(nested: Bazel, tmp_path: Path) -> None:
    sources, made = nested.workspace, tmp_path / "made.bundle"
    root = nested.output("root_2.root.pb")
    targets = {
        "app": sources / "app.txt",
        "assets/icons/on.raw": sources / "assets/icons/on.raw",
        "assets/logo.raw": sources / "assets/logo.raw",
        "bootloader": sources / "bootloader.txt",
        "texts/de/text": nested.output("texts/de/text"),
        "texts/text": nested.output("texts/text"),
    }
    create = ["bundle", "create", "--version=7", "--expires=2031-01-01T00:00:00Z"]
    create += [f"--target={name}={file}" for name, file in targets.items()]
    create += [f"--user-manifest={sources}/release.json", f"--root={root}", f"--output={made}"]
    create += [f"--dev-signing-key={sources}/{KEYS}_targets_key.pem"]
    assert software_update(create) == 0
    assert made.read_bytes() == nested.output("product-update.bundle").read_bytes()


def test_inspect_prints_what_is_inside(nested: Bazel) -> None:
    printed = nested.succeeds("run", "//:product.inspect")
    for words in ("version 7", "2031-01-01T00:00:00Z", "assets/icons/on.raw", "texts/de/text"):
        assert words in printed


def test_only_the_runtime_dependencies_are_fetched(nested: Bazel) -> None:
    ours = [name for name in repositories(nested) if name.startswith("rules_software_update")]
    assert [name for name in ours if name.endswith("software_update_pip")]
    assert not [name for name in ours if "test" in name or "blinky" in name]


# --- as much work as is needed ---


def test_nothing_changed_runs_nothing(nested: Bazel) -> None:
    assert nested.build("//...") == []


def test_changing_an_artifact_rehashes_only_its_shard(nested: Bazel) -> None:
    before = digests(nested)
    source = nested.workspace / "bootloader.txt"
    content = source.read_bytes()
    source.write_bytes(b"bootloader, second edition\n")
    try:
        spawns = nested.build("//:product")
        assert mnemonics(spawns) == {"SoftwareUpdateDigest": 1, **AFTER_THE_DIGESTS}
        assert {spawn.runner for spawn in spawns} == {"worker"}
        assert digested(spawns) == ["app"]
        assert {spawn.label for spawn in spawns} == {"//:product", "//:product._metadata"}
        assert digests(nested)["product-update.bundle"] != before["product-update.bundle"]
    finally:
        source.write_bytes(content)
    nested.build("//...")
    assert digests(nested) == before


def test_a_new_asset_is_hashed_with_those_from_its_name_on(nested: Bazel) -> None:
    """In shards of four by name: one moves on; directories stay what they were."""
    before = digests(nested)
    added = nested.workspace / "assets/new.raw"
    added.write_bytes(b"new\n")
    try:
        spawns = nested.build("//:product")
        assert mnemonics(spawns) == {"SoftwareUpdateDigest": 2, **AFTER_THE_DIGESTS}
        assert digested(spawns) == ["app", "bootloader"]
    finally:
        added.unlink()
    nested.build("//...")
    assert digests(nested) == before


def test_a_changed_version_hashes_nothing(nested: Bazel) -> None:
    spawns = nested.build("//:product", "--//:release=8")
    assert mnemonics(spawns) == AFTER_THE_DIGESTS
    nested.build("//...")


def test_a_touched_source_runs_nothing(nested: Bazel) -> None:
    os.utime(nested.workspace / "bootloader.txt", (1, 1))
    (nested.workspace / "app.txt").chmod(0o755)
    assert nested.build("//...") == []


def test_all_packages_of_the_rules_load_and_build(nested: Bazel) -> None:
    """Without the repositories of their tests: no wheel of those is fetched."""
    rules = "@rules_software_update//"
    labels = nested.succeeds("query", f"{rules}...").split()
    assert f"{rules}tools/software_update:cli_test" in labels
    assert f"{rules}tools/workshop/locks:wheels_test" in labels
    # These tests need files that are not in the distribution. .ci/checks/modules.py builds with all files.
    without = f"-{rules}tools/software_update/..."
    nested.succeeds("build", "--nobuild", "--", f"{rules}...", without)
    fetched = [name for name in repositories(nested) if "software_update_pip" in name]
    external = Path(nested.succeeds("info", "output_base").strip(), "external")
    with_wheels = [name for name in fetched if (external / name / "wheels").exists()]
    assert [name.endswith("software_update_pip") for name in with_wheels] == [True]


def test_kinds_of_targets_have_the_names_of_the_rules(nested: Bazel) -> None:
    lines = nested.succeeds("query", "--output=label_kind", "//...").splitlines()
    kinds = {label: kind for kind, _, label in (line.rpartition(" rule ") for line in lines)}
    assert kinds["//:product"] == "software_update_bundle"
    assert kinds["//:root_1"] == "software_update_root"
    assert kinds["//:device_test"] == "software_update_bundle_test"
    assert {kind for kind in kinds.values() if kind.startswith("software_update_")} == {
        "software_update_bundle",
        "software_update_bundle_test",
        "software_update_root",
    }


def test_outputs_are_not_links(nested: Bazel) -> None:
    labels = ("//:product", "//:product.signing_request", "//:root_2", "//:root_2.signing_request")
    nested.succeeds("build", *labels)
    names = {nested.output(name) for name in OUTPUTS}
    names |= {
        nested.output(f"{name}.signing_request{end}")
        for name in ("product", "root_2")
        for end in ("", ".json")
    }
    assert [str(path) for path in names if path.is_symlink() or not path.is_file()] == []


# --- what must fail ---


def add_package(
    server: Bazel, name: str, key: str = "targets", trusted_root: str | None = None
) -> Path:
    """Adds a package with a bundle under root 1, signed with a key of the consumer."""
    package = server.workspace / name
    package.mkdir()
    (package / "BUILD.bazel").write_text(BROKEN % json.dumps(trusted_root or "root.pb"))
    (package / "app.txt").write_text("application\n")
    shutil.copyfile(server.output("root_1.root.pb"), package / "root.pb")
    shutil.copyfile(server.workspace / f"{KEYS}_{key}_key.pem", package / "throwaway_key.pem")
    return package


def the_line(errors: list[str]) -> str:
    """The one line that the command line has said, and no traceback."""
    assert not [line for line in errors if "Traceback" in line]
    lines = [line for line in errors if line.startswith("software-update: ")]
    assert len(lines) == 1, "\n".join(errors)
    return lines[0]


def test_a_good_package_is_good(nested: Bazel) -> None:
    """A release in which each of the next tests breaks one thing."""
    add_package(nested, "good")
    nested.succeeds("build", "//good:bundle")


def test_a_bundle_that_devices_refuse_fails(nested: Bazel) -> None:
    trusted = "@rules_software_update//tools/dev_keys:dev_root"
    add_package(nested, "refused", trusted_root=trusted)
    line = the_line(nested.fails("build", "//refused:bundle"))
    assert "refused/bundle.bundle: THRESHOLD_NOT_MET: root metadata: " in line
    # It can still be signed elsewhere, and looked at.
    nested.succeeds("build", "//refused:bundle.signing_request")
    nested.succeeds("build", "//refused:bundle", "--norun_validations")


def test_a_key_that_the_root_does_not_list_fails(nested: Bazel) -> None:
    add_package(nested, "wrong_key", key="root")
    line = the_line(nested.fails("build", "//wrong_key:bundle"))
    assert "wrong_key/throwaway_key.pem" in line
    nested.succeeds("build", "//wrong_key:bundle.signing_request")


def test_a_tampered_root_fails(nested: Bazel) -> None:
    root = add_package(nested, "tampered") / "root.pb"
    content = bytearray(root.read_bytes())
    content[-1] ^= 1
    root.write_bytes(content)
    line = the_line(nested.fails("build", "//tampered:bundle"))
    assert "tampered/bundle.bundle: THRESHOLD_NOT_MET: root metadata: " in line
    nested.succeeds("build", "//tampered:bundle.signing_request")


# --- a release, signed from the build ---

# Not of //..., which the other tests build.
RELEASE = """\
load(
    "@rules_software_update//rules:defs.bzl",
    "software_update_bundle",
    "software_update_promotion",
    "software_update_root",
)

software_update_root(
    name = "root",
    root_keys = ["root.pem.pub"],
    signatures = glob(["signatures/root/*.json"], allow_empty = True),
    tags = ["manual"],
    targets_keys = ["targets.pem.pub"],
    version = 1,
)

software_update_bundle(
    name = "bundle",
    root = ":root",
    signatures = glob(["signatures/*.json"], allow_empty = True),
    tags = ["manual"],
    targets = {"app": "app.txt"},
    version = 1,
)

software_update_promotion(
    name = "released",
    bundle = ":bundle",
)

software_update_promotion(
    name = "as_tested",
    bundle = ":bundle",
    tested = "tested.bundle",
)
"""
APPLICATION = b"the application of the product\n"
KEY_OF = {"root": "root", "bundle": "targets"}


@pytest.fixture(name="product", scope="module")
def product_fixture(nested: Bazel) -> Path:
    """A package whose keys are outside the workspace; names with spaces."""
    product, keys = nested.workspace / "our product", nested.scratch / "my keys"
    product.mkdir()
    keys.mkdir()
    (product / "BUILD.bazel").write_text(RELEASE)
    (product / "app.txt").write_bytes(APPLICATION)
    for name in KEY_OF.values():
        assert software_update(["key", "generate", f"{keys}/{name}.pem"]) == 0
        shutil.copyfile(keys / f"{name}.pem.pub", product / f"{name}.pem.pub")
    return product


def sign(
    server: Bazel, what: str, *args: str, key: str | None = None, folder: str = "."
) -> subprocess.CompletedProcess[str]:
    """`bazel run` of the package's NAME.sign, called from a folder of the workspace."""
    key = key or f"file:{server.scratch}/my keys/{KEY_OF[what]}.pem"
    caller = dataclasses.replace(server, workspace=server.workspace / folder)
    return caller.run("run", f"//our product:{what}.sign", "--", f"--key={key}", *args)


def signatures(product: Path) -> dict[str, bytes]:
    folder = product / "signatures"
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*.json")}


@pytest.fixture(name="signed")
def signed_fixture(nested: Bazel, product: Path) -> Path:
    """The package, with the signatures that it needs."""
    for what in KEY_OF:
        done = sign(nested, what)
        assert done.returncode == 0, done.stderr
    return product


@pytest.mark.parametrize("what", KEY_OF)
def test_sign_from_another_folder(nested: Bazel, product: Path, what: str) -> None:
    shutil.rmtree(product / "signatures", ignore_errors=True)
    keys = os.path.relpath(nested.scratch / "my keys", nested.workspace / "assets")
    done = sign(nested, what, key=f"file:{keys}/{KEY_OF[what]}.pem", folder="assets")
    assert done.returncode == 0, done.stderr
    assert f"signing our product/{what}.signing_request: " in done.stderr
    [made] = signatures(product)
    folder, _, name = made.rpartition("/")
    assert folder == ("root" if what == "root" else "")
    request = nested.output(f"our product/{what}.signing_request").read_bytes()
    assert name.startswith(hashlib.sha256(request).hexdigest()[:16])
    # As from where it was called.
    assert done.stdout == f"../our product/signatures/{made}\n"


def test_sign_again(nested: Bazel, signed: Path) -> None:
    before = signatures(signed)
    assert len(before) == 2
    done = sign(nested, "bundle")
    assert done.returncode == 0, done.stderr
    assert signatures(signed) == before


@pytest.mark.parametrize(
    ("key", "args", "said"),
    [
        ("file:../../../scratch/my keys/root.pem", (), "not a key that "),
        ("file:nothing.pem", (), "nothing.pem: No such file"),
        (
            "exec:./nothing",
            ("--public=our product/targets.pem.pub",),
            "nothing: cannot be started (No such file or directory)",
        ),
        ("hsm:2?label=t", ("--public=our product/targets.pem.pub",), "software-update sign"),
        ("file:x", ("--folder=/tmp",), "not allowed with argument"),
    ],
    ids=["another role's", "missing", "no program", "a token", "another folder"],
)
def test_sign_refuses(
    nested: Bazel, product: Path, key: str, args: tuple[str, ...], said: str
) -> None:
    shutil.rmtree(product / "signatures", ignore_errors=True)
    done = sign(nested, "bundle", *args, key=key)
    assert said in the_line(done.stderr.splitlines())
    assert done.returncode in (2, 3)
    assert not signatures(product)


def test_no_source_tree_but_the_users(nested: Bazel) -> None:
    other = "@rules_software_update//tools/dev_keys:dev_root"
    nested.succeeds("query", f"{other}.signing_request")
    nested.fails("query", f"{other}.sign")


def test_a_release_is_what_was_tested(nested: Bazel, signed: Path) -> None:
    nested.succeeds("build", "//our product:released")
    released = nested.output("our product/released.bundle").read_bytes()
    assert APPLICATION in released
    nested.succeeds("build", "//our product:bundle")
    tested = nested.output("our product/bundle.bundle").read_bytes()
    assert tested != released
    (signed / "tested.bundle").write_bytes(tested)
    as_tested = nested.output("our product/as_tested.bundle")
    nested.succeeds("build", "//our product:as_tested")
    assert as_tested.read_bytes() == released
    # What was tested was another. No release then, and none that was made before.
    (signed / "tested.bundle").write_bytes(tested.replace(APPLICATION, APPLICATION.upper()))
    line = the_line(nested.fails("build", "//our product:as_tested", "--norun_validations"))
    assert "our product/tested.bundle: HASH_MISMATCH: target 'app'" in line
    assert not as_tested.exists()


def test_no_release_without_signatures(nested: Bazel, signed: Path) -> None:
    (signed / "app.txt").write_bytes(APPLICATION.upper())
    try:
        line = the_line(nested.fails("build", "//our product:released", "--norun_validations"))
        assert "of the same version, but the content is another now; sign again" in line
    finally:
        (signed / "app.txt").write_bytes(APPLICATION)


# --- keys of a release, and who knows them ---

MODES = ("dev", "release", "unsigned")
MODE = "--@rules_software_update//rules/settings:signing="
# What is secret, beside the public keys that the package names.
SECRETS = ("production", "pin.txt", "SIGNING_PIN", "SIGNING_TOKEN", "4711-pin", "0815-token")
ENVIRONMENT = {"SIGNING_PIN": "4711-pin", "SIGNING_TOKEN": "0815-token"}
HANDED_OUT = ("--action_env=SIGNING_PIN", "--action_env=SIGNING_TOKEN=0815-token")
HANDED_OUT_TO_TOOLS = [flag.replace("--", "--host_") for flag in HANDED_OUT]
KEYS_OF_MODE = {
    "dev": {"SoftwareUpdateRootSign", "SoftwareUpdateSign"},
    # It writes their identities, which the attaching action rejects.
    "release": {"SoftwareUpdateIdentify"},
    "unsigned": set[str](),
}
TWO_OF_TWO = """\
load("@rules_software_update//rules:defs.bzl", "software_update_bundle", "software_update_root")

[
    software_update_root(
        name = name,
        previous = previous,
        root_keys = ["root_1.pub", "root_2.pub"],
        root_threshold = 2,
        signatures = glob(["signatures/%s/*.json" % name], allow_empty = True),
        tags = ["manual"],
        targets_keys = ["targets_1.pub", "targets_2.pub"],
        targets_threshold = 2,
        version = version,
    )
    for version, name, previous in [(1, "old_root", None), (2, "root", ":old_root")]
]

software_update_root(
    name = "dev_root",
    dev_signing_keys = ["throwaway_root.pem"],
    root_keys = ["dev_root.pub"],
    tags = ["manual"],
    targets_keys = ["dev_targets.pub"],
    version = 1,
)

software_update_bundle(
    name = "bundle",
    dev_root = ":dev_root",
    dev_signing_keys = ["throwaway_targets.pem"],
    root = ":root",
    signatures = glob(["signatures/bundle/*.json"], allow_empty = True),
    tags = ["manual"],
    targets = {"app": "app.txt"},
    version = 1,
)
"""
REQUESTS = ("bundle", "root", "old_root")
SIGNERS_OF = {"bundle": "targets", "root": "root", "old_root": "root"}


def add_release(server: Bazel, name: str) -> Path:
    """A package, beside whose public keys lie the private ones and a PIN; no attribute names these."""
    package = server.workspace / name
    package.mkdir()
    (package / "BUILD.bazel").write_text(TWO_OF_TWO)
    (package / "app.txt").write_bytes(APPLICATION)
    (package / "pin.txt").write_text("4711-pin\n")
    for key in ("root_1", "root_2", "targets_1", "targets_2"):
        assert software_update(["key", "generate", f"{package}/production_{key}.pem"]) == 0
        (package / f"production_{key}.pem.pub").rename(package / f"{key}.pub")
    for role in ("root", "targets"):
        assert software_update(["key", "generate", f"{package}/throwaway_{role}.pem"]) == 0
        (package / f"throwaway_{role}.pem.pub").rename(package / f"dev_{role}.pub")
    return package


@dataclasses.dataclass(frozen=True)
class Known:
    """Returns everything that an action gets: arguments, those in files, variables, and inputs."""

    mnemonic: str
    texts: tuple[str, ...]

    def names(self, words: Iterable[str]) -> list[str]:
        return [text for text in self.texts for word in words if word in text]


def all_actions(server: Bazel, package: str, *flags: str) -> list[Known]:
    """The actions behind all targets of a package, the tool's own among them."""
    labels = server.succeeds("query", f"kind(rule, //{package}:*)").split()
    query = f"deps(set({' '.join(labels)}))"
    options = ["--output=jsonproto", "--include_param_files", "--include_file_write_contents"]
    graph = json.loads(server.succeeds("aquery", *options, *flags, query))
    paths: dict[int, str] = {}
    for fragment in sorted(graph["pathFragments"], key=lambda each: each["id"]):
        paths[fragment["id"]] = fragment["label"]
    parents = {each["id"]: each.get("parentId") for each in graph["pathFragments"]}

    def path_of(fragment: int | None) -> str:
        return f"{path_of(parents[fragment])}/{paths[fragment]}" if fragment else ""

    artifacts = {each["id"]: path_of(each["pathFragmentId"]) for each in graph["artifacts"]}
    sets = {each["id"]: each for each in graph["depSetOfFiles"]}

    def files_of(ids: Iterable[int]) -> set[str]:
        found: set[str] = set()
        seen, left = set(ids), list(ids)
        while left:
            one = sets[left.pop()]
            found.update(artifacts[each] for each in one.get("directArtifactIds", ()))
            more = set(one.get("transitiveDepSetIds", ())) - seen
            seen |= more
            left += more
        return found

    return [
        Known(
            action["mnemonic"],
            (
                *action.get("arguments", ()),
                *(line for file in action.get("paramFiles", ()) for line in file["arguments"]),
                *(
                    f"{each['key']}={each.get('value', '')}"
                    for each in action.get("environmentVariables", ())
                ),
                action.get("fileContents", ""),
                *files_of(action.get("inputDepSetIds", ())),
            ),
        )
        for action in graph["actions"]
    ]


@pytest.fixture(name="known", scope="module")
def known_fixture(nested: Bazel) -> str:
    """A package with what is asked for to be analyzed: what is in a signature does not matter."""
    package = add_release(nested, "known")
    for request in REQUESTS:
        (package / "signatures" / request).mkdir(parents=True)
        (package / f"signatures/{request}/1.json").write_text("{}")
    return package.name


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("handed_out", [False, True])
def test_no_action_knows_a_secret(nested: Bazel, known: str, mode: str, handed_out: bool) -> None:
    """No production key, PIN or token. Where --action_env hands them out, none of ours takes them."""
    client = dataclasses.replace(nested, env=nested.env | ENVIRONMENT)
    flags = [*HANDED_OUT, *HANDED_OUT_TO_TOOLS] if handed_out else []
    actions = all_actions(client, known, f"{MODE}{mode}", *flags)
    ours = {each.mnemonic for each in actions if each.mnemonic.startswith("SoftwareUpdate")}
    assert {"SoftwareUpdateAssemble", "SoftwareUpdateRequest", "SoftwareUpdateRoot"} <= ours
    knowing = {each.mnemonic: each.names(SECRETS) for each in actions if each.names(SECRETS)}
    assert not ours & knowing.keys()
    if not handed_out:
        assert not knowing
    else:
        # Bazel's own; and no search finds a file.
        assert {text for texts in knowing.values() for text in texts} == {
            "SIGNING_TOKEN=0815-token"
        }
    # Not for want of looking: the search finds the actions' inputs, and also the keys in the tree.
    assert {each.mnemonic for each in actions if each.names(["known/root_1.pub"])} == {
        "SoftwareUpdateRoot"
    }
    assert {each.mnemonic for each in actions if each.names(["throwaway_"])} == KEYS_OF_MODE[mode]
    variables = {
        text for each in actions if each.mnemonic in ours for text in each.names(["PYTHON"])
    }
    assert "PYTHONNOUSERSITE=1" in variables


@pytest.fixture(name="release", scope="module")
def release_fixture(nested: Bazel) -> Path:
    return add_release(nested, "two of two")


def test_no_secret_makes_an_action_run(nested: Bazel, release: Path) -> None:
    """An action depends on its environment: what it has of the caller's would make it run again."""
    label = f"//{release.name}:bundle"
    nested.build(label)
    client = dataclasses.replace(nested, env=nested.env | ENVIRONMENT)
    (release / "pin.txt").write_text("another\n")
    ran = mnemonics(client.build(label, *HANDED_OUT))
    assert not [each for each in ran if each.startswith("SoftwareUpdate")]


def sign_by(server: Bazel, package: Path, request: str, *numbers: int) -> None:
    """Signs the build's requests outside the build, as the holders of the production keys do."""
    label = f"//{package.name}:{request}.signing_request"
    server.succeeds("build", label)
    for number in numbers:
        key = package / f"production_{SIGNERS_OF[request]}_{number}.pem"
        asked = server.output(f"{package.name}/{request}.signing_request")
        folder = f"--folder={package}/signatures/{request}"
        assert software_update(["sign", str(asked), f"--key=file:{key}", folder]) == 0


def read_requests(server: Bazel, package: Path, mode: str) -> list[bytes]:
    labels = [f"//{package.name}:{each}.signing_request" for each in (*REQUESTS, "dev_root")]
    server.succeeds("build", f"{MODE}{mode}", *labels)
    files = [server.output(label.removeprefix("//").replace(":", "/")) for label in labels]
    return [Path(f"{file}{end}").read_bytes() for file in files for end in ("", ".json")]


def test_requests_need_no_signature(nested: Bazel, release: Path) -> None:
    """The same bytes in every mode, with no, some or all signatures."""
    shutil.rmtree(release / "signatures", ignore_errors=True)
    label = f"//{release.name}"
    asked = {mode: read_requests(nested, release, mode) for mode in MODES}
    assert asked["dev"] == asked["release"] == asked["unsigned"]
    # One of two. Nothing can be released, but what is above can be asked for.
    sign_by(nested, release, "old_root", 1)
    sign_by(nested, release, "root", 1)
    assert [read_requests(nested, release, mode) for mode in MODES] == list(asked.values())
    for options in ([], ["--norun_validations"]):
        line = the_line(nested.fails("build", f"{MODE}release", f"{label}:root", *options))
        assert "too few signatures: request " in line
        assert "1 of 2 signatures by its own keys" in line
        assert "1 of 2 signatures by the previous root's keys" in line
    sign_by(nested, release, "old_root", 2)
    sign_by(nested, release, "root", 2)
    sign_by(nested, release, "bundle", 1)
    for options in ([], ["--norun_validations"]):
        line = the_line(nested.fails("build", f"{MODE}release", f"{label}:bundle", *options))
        assert "1 of 2 signatures by the root's keys" in line
    sign_by(nested, release, "bundle", 2)
    assert [read_requests(nested, release, mode) for mode in MODES] == list(asked.values())


@pytest.fixture(name="complete")
def complete_fixture(nested: Bazel, release: Path) -> Path:
    """The package with all signatures."""
    for request in REQUESTS:
        sign_by(nested, release, request, 1, 2)
    return release


def test_modes_differ_only_in_signatures_and_root(nested: Bazel, complete: Path) -> None:
    signed, contents, roots = [], set(), set()
    for mode in MODES:
        nested.succeeds("build", f"{MODE}{mode}", f"//{complete.name}:bundle")
        bundle = UpdateBundle.FromString(
            nested.output(f"{complete.name}/bundle.bundle").read_bytes()
        )
        targets = bundle.targets_metadata["targets"]
        signed.append(len(targets.signatures))
        roots.add(bundle.root_metadata.SerializeToString())
        del targets.signatures[:]
        bundle.ClearField("root_metadata")
        contents.add(bundle.SerializeToString(deterministic=True))
        assert bundle.target_payloads["app"] == APPLICATION
        assert not bundle.root_chain
    assert (signed, len(contents), len(roots)) == ([1, 2, 0], 1, 3)


@pytest.mark.parametrize("options", [(), ("--norun_validations",)], ids=["", "not validated"])
@pytest.mark.parametrize(
    ("dev", "production"), [("root", "root_1"), ("root", "targets_2"), ("targets", "root_2")]
)
def test_no_release_under_a_root_that_lists_a_dev_key(
    nested: Bazel, complete: Path, dev: str, production: str, options: tuple[str, ...]
) -> None:
    """A key is recognised by its id, in the attributes of the bundle and of its dev root."""
    key = complete / f"throwaway_{dev}.pem"
    content = key.read_bytes()
    shutil.copyfile(complete / f"production_{production}.pem", key)
    try:
        errors = nested.fails("build", f"{MODE}release", f"//{complete.name}:bundle", *options)
    finally:
        key.write_bytes(content)
    line = the_line(errors)
    assert f"root.root.pb: lists the dev key {key_id(complete / f'{production}.pub')}" in line
    assert f", whose private key is in the tree, {complete.name}/{key.name}; release under" in line


def key_id(path: Path) -> str:
    return read_public_key(str(path)).key_id.hex()[:16]


def test_no_private_key_gets_into_a_root(nested: Bazel) -> None:
    package = add_release(nested, "guarded")
    public, private = package / "root_2.pub", package / "production_root_2.pem"
    public.write_bytes(public.read_bytes() + private.read_bytes())
    for label in ("root", "bundle.signing_request"):
        line = the_line(nested.fails("build", f"//guarded:{label}", "--norun_validations"))
        assert "guarded/root_2.pub: holds a private key; name the public one. " in line


# --- the consumer's options ---

SELECTED = """\
load("@rules_software_update//rules:defs.bzl", "software_update_bundle")

software_update_bundle(name = "bundle", targets = {"app": "app.txt"}, version = 1, %s)
"""


@pytest.mark.parametrize(
    ("attribute", "reason"),
    [
        ("tags", "Bazel reads tags before it knows the configuration; write a list"),
        (
            "signatures_folder",
            "the source tree does not depend on the configuration; write a string",
        ),
    ],
)
def test_attributes_that_cannot_be_selected(nested: Bazel, attribute: str, reason: str) -> None:
    package = nested.workspace / f"selected_{attribute}"
    package.mkdir()
    value = 'select({"//conditions:default": "x"})'
    (package / "BUILD.bazel").write_text(SELECTED % f"{attribute} = {value}")
    errors = nested.fails("query", f"//{package.name}:all")
    assert (
        f"Error in fail: //{package.name}:bundle: {attribute} = {value}: "
        f"this cannot be a select(), because {reason}"
    ) in errors


def test_error_names_the_flag_as_the_consumer_writes_it(nested: Bazel) -> None:
    """The rule of wrong_test installs a bundle, which has no manifest in this mode."""
    errors = nested.fails("build", f"{MODE}unsigned", "//:wrong_test")
    flag = "--@rules_software_update//rules/settings:signing=dev"
    assert [line for line in errors if line.endswith(f"build with {flag}")]


def test_zipped_programs(nested: Bazel) -> None:
    """Their launcher changes into a folder of its own, without the files of the test."""
    nested.succeeds("test", "--build_python_zip", "//:device_test")
    assert "version 7" in nested.succeeds("run", "--build_python_zip", "//:product.inspect")


# --- another machine ---


@pytest.fixture(name="another", scope="module")
def another_fixture(sources: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bazel]:
    """Other folders, flags, locale, hash seed, time zone, modes and times of the files; no workers."""
    folder = tmp_path_factory.mktemp("another")
    copy = folder / "elsewhere/sources"
    shutil.copytree(sources, copy)
    for number, file in enumerate(sorted(path for path in copy.rglob("*") if path.is_file())):
        file.chmod((0o400, 0o755, 0o640)[number % 3])
        os.utime(file, (number, number))
    # One of our strict flags strips the configuration from every path.
    shutil.copyfile(".bazelrc", copy / CONSUMER / ".bazelrc")
    odd = {"LC_ALL": "tr_TR.UTF-8", "PYTHONHASHSEED": "12345", "TZ": "Pacific/Kiritimati"}
    flags = ["--config=strict", "--spawn_strategy=sandboxed,local"]
    flags += [f"--action_env={name}={odd[name]}" for name in odd]
    with bazel(copy / CONSUMER, folder / "scratch", **odd) as server:
        server.succeeds("build", *flags, "//...")
        yield server


def test_another_machine_makes_the_same_bytes(nested: Bazel, another: Bazel) -> None:
    assert digests(another) == digests(nested)


@pytest.fixture(name="wheels_repository", scope="module")
def wheels_repository_fixture(another: Bazel) -> str:
    [name] = [name for name in repositories(another) if name.endswith("software_update_pip")]
    return name


def test_a_changed_wheel_is_refused(another: Bazel, wheels_repository: str, tmp_path: Path) -> None:
    for wheel in Path(another.env["PIP_FIND_LINKS"]).iterdir():
        changed = b"changed" if wheel.name.startswith("cryptography-") else b""
        (tmp_path / wheel.name).write_bytes(wheel.read_bytes() + changed)
    line = fetch_failure(another, wheels_repository, tmp_path)
    assert "whose sha256 is not in runtime.txt" in line


def test_a_missing_wheel_is_named(another: Bazel, wheels_repository: str, tmp_path: Path) -> None:
    for wheel in Path(another.env["PIP_FIND_LINKS"]).iterdir():
        if not wheel.name.startswith("protobuf-"):
            (tmp_path / wheel.name).symlink_to(wheel)
    line = fetch_failure(another, wheels_repository, tmp_path)
    assert "pip finds no wheel of protobuf" in line


def fetch_failure(server: Bazel, repository: str, wheels: Path) -> str:
    """The line of the repository rule, where it has these wheels and no others."""
    offline = dataclasses.replace(server, env=server.env | {"PIP_FIND_LINKS": str(wheels)})
    errors = offline.fails("fetch", "--config=strict", "--force", f"--repo=@@{repository}")
    lines = [line for line in errors if line.startswith("ERROR: software_update_pip: ")]
    assert len(lines) == 1, "\n".join(errors)
    return lines[0]
