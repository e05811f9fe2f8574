"""Tests of the imports of a command: a process that does little takes as long as its imports.

The lists are budgets. Lengthen one for what that command cannot do without, and nothing else.
"""

import subprocess
from collections.abc import Iterable
from pathlib import Path

import pytest

from software_update.testing import workspace
from software_update.testing.command import done, environment, python
from software_update.testing.workspace import TARGETS

HELP = {
    "software_update",
    "software_update.base",
    "software_update.base.errors",
    "software_update.cli",
    "software_update.cli.dispatch",
    "software_update.cli.main",
}
HELP_LIBRARY = {"collections.abc", "enum", "gc", "importlib", "os", "signal", "sys", "typing"}

DIGEST = HELP | {
    "software_update.base.files",
    "software_update.base.hashing",
    "software_update.base.progress",
    "software_update.base.strict_json",
    "software_update.base.text",
    "software_update.cli.commands",
    "software_update.cli.commands.step_digest",
    "software_update.cli.options",
    "software_update.cli.options.arguments",
    "software_update.cli.options.collected",
    "software_update.steps.target_lists",
    "software_update.format",
    "software_update.format.digest_record",
    "software_update.format.limits",
    "software_update.format.names",
    "software_update.format.verdicts",
    "software_update.steps",
    "software_update.steps.digest",
    "software_update.steps.payload_files",
}
# gettext and locale are argparse's own, when it is first used.
DIGEST_LIBRARY = HELP_LIBRARY | {
    "argparse",
    "contextlib",
    "contextvars",
    "errno",
    "functools",
    "gettext",
    "hashlib",
    "json",
    "locale",
    "re",
    "stat",
    "time",
}

RUN = """
import sys
from software_update.cli.main import main
assert main(sys.argv[1:]) == 0
print(*sorted(sys.modules), sep="\\n", file=sys.stderr)
"""
IMPORT = """
import importlib, sys
for name in sys.argv[1:]:
    importlib.import_module(name)
print(*sorted(sys.modules), sep="\\n", file=sys.stderr)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return workspace.make(tmp_path)


def modules_after(program: str, *args: str | Path) -> set[str]:
    """The modules that a Python has imported once it has run `program`."""
    ended = subprocess.run(
        python("-c", program, *map(str, args)),
        env=environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    return set(ended.stderr.splitlines())


def check(args: Iterable[str | Path], ours: set[str], library: set[str]) -> None:
    """`args` import exactly `ours`, and nothing else but `library` with what that imports itself."""
    modules = modules_after(RUN, *args)
    found = {name for name in modules if name.split(".")[0] == "software_update"}
    assert found == ours
    assert modules - found - modules_after(IMPORT, *library) == set()


@pytest.mark.parametrize("args", [["--help"], ["bundle", "--help"], ["step", "--help"]])
def test_help(args: list[str]) -> None:
    check(args, HELP, HELP_LIBRARY)


def test_digest_step(folder: Path) -> None:
    (folder / "list.json").write_text(f'[{{"name": "c", "file": "{folder}/app.bin"}}]')
    targets = ["--target", f"a={folder}/app.bin", f"b={folder}/boot.bin"]
    collected = [f"--collected={folder}/list.json", f"--depfile={folder}/d"]
    for args in (targets, collected, [*targets, *collected]):
        check(["step", "digest", *args, "-o", folder / "o"], DIGEST, DIGEST_LIBRARY)


def third_party_of(*args: str | Path) -> set[str]:
    modules = modules_after(RUN, *args)
    return {name.split(".")[0] for name in modules} & {"cryptography", "google"}


def test_which_steps_need_which_packages(folder: Path) -> None:
    done("step", "digest", "--target", f"a={folder}/app.bin", "-o", folder / "record")
    sha256 = ["step", "sha256", f"{folder}/app.bin"]
    targets = ["step", "targets", f"--digests={folder}/record", "--version=1"]
    sign = ["step", "sign", f"--metadata={folder}/t"]
    out = ["-o", f"{folder}/o"]
    assert third_party_of(*sha256, *out) == set()
    assert third_party_of(*targets, "-o", f"{folder}/t") == {"google"}
    assert third_party_of(*sign, f"--dev-signing-key={folder}/targets.pem", *out) == {
        "cryptography",
        "google",
    }


def test_verify(folder: Path) -> None:
    verify = ["bundle", "verify", f"{folder}/good.bundle", f"--trusted-root={folder}/root.pb"]
    modules = modules_after(RUN, *verify)
    assert {"cryptography", "software_update.keys.schemes"} < modules
    assert modules & {"concurrent.futures", "dataclasses", "google", "inspect"} == set()
    # These are for encryption, and load slowly.
    assert "cryptography.hazmat.primitives.ciphers" not in modules


def test_reading_metadata_needs_no_protobuf(folder: Path) -> None:
    modules = modules_after(IMPORT, "software_update.format.metadata")
    assert modules & {"cryptography", "google"} == set()
    root, installed = folder / "root.pb", folder / "installed.pb"
    verify = ["bundle", "verify", f"{folder}/good.bundle", f"--trusted-root={root}"]
    done(*verify, f"--write-installed={installed}")
    request = folder / "request"
    request.write_bytes(TARGETS)
    for args in (
        [*verify, f"--installed={installed}"],
        ["bundle", "inspect", f"{folder}/good.bundle"],
        ["bundle", "extract", f"{folder}/good.bundle", f"-o{folder}/extracted"],
        ["root", "inspect", f"{root}"],
        ["step", "request", f"--metadata={request}", f"--root={root}", f"-o{request}.json"],
        ["sign", f"{request}", f"--key=file:{folder}/targets.pem", f"--folder={folder}"],
    ):
        assert "google" not in third_party_of(*args)


def test_threads_are_for_several_large_files(folder: Path) -> None:
    for index in range(2):
        (folder / f"large{index}").write_bytes(bytes(1024 * 1024))
    large = [f"large{index}={folder}/large{index}" for index in range(2)]
    for targets, threads in ((large, True), (large[:1], False), ([f"a={folder}/app.bin"], False)):
        modules = modules_after(RUN, "step", "digest", "--target", *targets, "-o", folder / "o")
        assert ("concurrent.futures" in modules) == threads


def test_only_work_on_a_repository_imports_tuf(folder: Path) -> None:
    verify = ["bundle", "verify", f"{folder}/good.bundle", f"--trusted-root={folder}/root.pb"]
    for args in (verify, ["key", "show", f"{folder}/root.pem.pub"], ["repository", "--help"]):
        assert modules_after(RUN, *args) & {"tuf", "securesystemslib"} == set()
    assert "tuf" in modules_after(IMPORT, "software_update.repository.current")
