"""Tests of the keys of a release: which actions know them, and which requests they sign."""

from __future__ import annotations

import dataclasses
import json
import shutil
from collections.abc import Iterable
from pathlib import Path

import pytest
from software_update.cli.main import main as software_update
from software_update.format.proto.update_bundle_pb2 import UpdateBundle
from software_update.keys.pem import read_public_key

from tests.nested.consumer.workspace import APPLICATION, MODE, MODES, mnemonics, the_line
from tests.nested.nested_bazel import Bazel

# What is secret, next to the public keys that the package names.
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
    """A package, next to whose public keys lie the private ones and a PIN; no attribute names these."""
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
def test_actions_have_no_secrets(nested: Bazel, known: str, mode: str, handed_out: bool) -> None:
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
        "SoftwareUpdateHolders",
        "SoftwareUpdateRoot",
    }
    assert {each.mnemonic for each in actions if each.names(["throwaway_"])} == KEYS_OF_MODE[mode]
    variables = {
        text for each in actions if each.mnemonic in ours for text in each.names(["PYTHON"])
    }
    assert "PYTHONNOUSERSITE=1" in variables


@pytest.fixture(name="release", scope="module")
def release_fixture(nested: Bazel) -> Path:
    return add_release(nested, "two of two")


def test_changed_secret_reruns_no_action(nested: Bazel, release: Path) -> None:
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


def test_rejects_a_private_key_as_a_key_of_a_root(nested: Bazel) -> None:
    package = add_release(nested, "guarded")
    public, private = package / "root_2.pub", package / "production_root_2.pem"
    public.write_bytes(public.read_bytes() + private.read_bytes())
    for label in ("root", "bundle.signing_request"):
        errors = nested.fails("build", f"//guarded:{label}", "--norun_validations")
        # Two actions read the keys side by side, and each may report the same line.
        line = the_line(list(dict.fromkeys(errors)))
        assert "guarded/root_2.pub: holds a private key; name the public one. " in line
