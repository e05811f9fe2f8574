"""Measurements in Bazel: a module that depends on ours, with its own Bazel server."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.commands import make_files, make_keys
from tests.benchmarks.measure import Command, reason
from tests.benchmarks.results import BenchmarkError, Tables
from tests.benchmarks.work import Bench
from tests.nested import nested_bazel

MODULE = """\
module(name = "benchmark")

bazel_dep(name = "rules_software_update", version = "0.1.0")
local_path_override(
    module_name = "rules_software_update",
    path = "../sources",
)
"""
BAZELRC = "common --lockfile_mode=off\n"
LOAD = 'load("@rules_software_update//rules:defs.bzl", "software_update_bundle")\n\n'

# The list is what a build would make of the same files without us. It has no sandbox to pay for.
THOUSAND = """\
FILES = glob(["files/*.img"])

software_update_bundle(
    name = "bundle",
    targets = {file: file for file in FILES},
    version = 1,
)

genrule(
    name = "list",
    srcs = FILES,
    outs = ["list.txt"],
    cmd = "echo $(SRCS) > $@",
    local = True,
)
"""
# Bundles that all have the same files.
BUNDLES = """\
[
    software_update_bundle(
        name = "bundle_%d" % number,
        targets = {{"target_%d" % at: "files/" + ("0000%d.img" % at)[-9:] for at in range({targets})}},
        version = number + 1,
    )
    for number in range({bundles})
]

filegroup(
    name = "bundles",
    srcs = ["bundle_%d" % number for number in range({bundles})],
)
"""
SIGNED = """\
software_update_bundle(
    name = "bundle",
    dev_root = "{key}/root.pb",
    dev_signing_keys = ["{key}/key.pem"],
    targets = {{"payload": "files/00000.img"}},
    version = 1,
)
"""


@dataclass(frozen=True)
class Module:
    """The module, and its Bazel."""

    server: nested_bazel.Bazel
    folder: Path

    def package(self, name: str, text: str) -> None:
        """Says what a package builds."""
        (self.folder / name / "BUILD.bazel").write_text(LOAD + text)

    def bundles(self, name: str, bundles: int, targets: int, size: int) -> str:
        """The label of bundles with `targets` targets each, of `size` bytes: the same in all of them."""
        make_files(self.folder / name / "files", targets, size)
        self.package(name, BUNDLES.format(bundles=bundles, targets=targets))
        return f"//{name}:bundles"

    def build(self, name: str, label: str, *before: Callable[[], object]) -> Command:
        """Returns `bazel build LABEL`, after steps that are not timed."""
        return Command(
            name,
            (*self.server.command(), "build", label),
            f"bazel build {label}",
            prepare=lambda: [step() for step in before],
            environment=self.server.env,
            folder=self.folder,
        )

    def clean(self) -> None:
        """Removes all outputs and the record of actions. The server and fetched repositories stay.

        Outputs are moved away instead of removed: ext4 creates files slowly for a minute after many were
        removed, which does not happen in a fresh checkout.
        """
        built = Path(self.server.succeeds("info", "output_path").strip())
        if built.exists():
            built.rename(tempfile.mkdtemp(prefix="built_", dir=self.server.scratch))
        self.server.succeeds("clean")


@contextmanager
def module(bench: Bench) -> Iterator[Module]:
    """A module in a folder of its own, next to a copy of the sources."""
    workspace = bench.folder / "module"
    workspace.mkdir()
    try:
        nested_bazel.copy_sources(bench.folder / "sources")
        (workspace / "MODULE.bazel").write_text(MODULE)
        (workspace / ".bazelrc").write_text(BAZELRC)
        scratch = bench.folder / "scratch"
        with nested_bazel.bazel(workspace, scratch, nested_bazel.LONG_LIVED) as server:
            yield Module(server, workspace)
    except AssertionError as error:
        raise BenchmarkError(f"Bazel: {reason(str(error))}") from error


def bazel_thousand(bench: Bench, inside: Module) -> Tables:
    """Builds one bundle of many small targets: clean, with one of them changed, with nothing changed."""
    count = bench.sizes.bazel_targets
    files = make_files(inside.folder / "thousand/files", count, 10 * 1024)
    inside.package("thousand", THOUSAND)
    bundle, listed = "//thousand:bundle", "//thousand:list"

    def change() -> None:
        files[count // 2].write_bytes(os.urandom(10 * 1024))

    clean = bench.measure(
        inside.build("a list of the files", listed, inside.clean),
        inside.build("a bundle", bundle, inside.clean),
    )
    again = bench.measure(
        inside.build("one target changed", bundle, change),
        inside.build("nothing changed", bundle),
    )
    inside.clean()
    bench.facts["bazel_clean"] = _actions(inside.server.build(bundle))
    change()
    bench.facts["bazel_changed"] = _actions(inside.server.build(bundle))
    bench.facts["bazel_unchanged"] = _actions(inside.server.build(bundle))
    return {"bazel_thousand_clean": clean, "bazel_thousand_again": again}


def bazel_bundles(bench: Bench, inside: Module) -> Tables:
    """Builds many small bundles at once."""
    label = inside.bundles("many", bench.sizes.bazel_bundles, 4, 10 * 1024)
    return {"bazel_bundles": bench.measure(inside.build("bundles", label, inside.clean))}


def bazel_sign(bench: Bench, inside: Module) -> Tables:
    """Signs one large payload with another key: which actions read it again?"""
    [payload] = make_files(inside.folder / "signed/files", 1, bench.sizes.resigned)
    for key in ("one", "other"):
        make_keys(inside.folder / "signed" / key, bench.peers)

    def sign_with(key: str) -> Callable[[], None]:
        return lambda: inside.package("signed", SIGNED.format(key=key))

    bundle = "//signed:bundle"
    rows = bench.measure(
        inside.build("clean", bundle, sign_with("one"), inside.clean),
        inside.build("another key", bundle, sign_with("other")),
    )
    sign_with("one")()
    spawns = inside.server.build(bundle)
    read = (f"files/{payload.name}", "/bundle.bundle")
    readers = [spawn for spawn in spawns if any(each.endswith(read) for each in spawn.inputs)]
    bench.facts["bazel_signed"] = _actions(spawns)
    bench.facts["bazel_signed_readers"] = _actions(readers)
    return {"bazel_sign": rows}


def _actions(spawns: Sequence[nested_bazel.Spawn]) -> list[str]:
    return sorted(spawn.mnemonic for spawn in spawns)


BAZEL_WORK: dict[str, Callable[[Bench, Module], Tables]] = {
    "bazel_thousand": bazel_thousand,
    "bazel_bundles": bazel_bundles,
    "bazel_sign": bazel_sign,
}
