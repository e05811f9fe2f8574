"""Tests of sign as a build's NAME.sign calls it, and of signing what is signed already."""

import dataclasses
import hashlib
import sys
from pathlib import Path

import pytest

from software_update.testing import workspace
from software_update.testing.command import Result, done, environment, error_line, run
from software_update.testing.signers import TARGETS_KEY, key_id
from software_update.testing.workspace import TARGETS

NAME = f"{hashlib.sha256(TARGETS).hexdigest()[:16]}.{key_id(TARGETS_KEY).hex()[:8]}.json"
# A signature of its own at each call.
PROGRAM = """\
#!{python}
import base64, json, sys
# A program has none of Bazel's environment, in which this test may run.
sys.path[:] = {path!r}
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
question = json.load(sys.stdin)
key = serialization.load_pem_private_key(open({key!r}, "rb").read(), None)
signature = key.sign(base64.b64decode(question["message"]), ec.ECDSA(hashes.SHA256()))
answer = {{"protocol": question["protocol"], "signature": base64.b64encode(signature).decode()}}
print(json.dumps(answer))
"""


@dataclasses.dataclass(frozen=True)
class Build:
    """A workspace, and the folder in which `bazel run` starts a target."""

    workspace: Path
    runfiles: Path

    def sign(self, *args: str, caller: str = "keys", **env: str) -> Result:
        """`bazel run //app:bundle.sign -- ARGS...`, from a folder of the workspace."""
        command = ["sign", "app/request", "--source-folder", "app/signatures", *args]
        variables = {
            "BUILD_WORKSPACE_DIRECTORY": str(self.workspace),
            "BUILD_WORKING_DIRECTORY": str(self.workspace / caller),
        }
        return run(*command, cwd=self.runfiles, env=environment(**variables, **env))

    @property
    def signature(self) -> Path:
        return self.workspace / "app/signatures" / NAME


@pytest.fixture
def build(tmp_path: Path) -> Build:
    build = Build(tmp_path / "our product", tmp_path / "runfiles")
    for folder in (build.workspace / "app", build.runfiles / "app"):
        folder.mkdir(parents=True)
    keys = workspace.make(tmp_path).rename(build.workspace / "keys")
    # Links, as Bazel's runfiles are.
    request = build.runfiles / "app/request"
    (tmp_path / "targets_metadata.unsigned.pb").write_bytes(TARGETS)
    request.symlink_to(tmp_path / "targets_metadata.unsigned.pb")
    done(
        *("step", "request", f"--metadata={request}"),
        *(f"--root={keys}/root.pb", "-o", f"{request}.json"),
    )
    program = keys / "program"
    program.write_text(
        PROGRAM.format(python=sys.executable, path=sys.path, key=f"{keys}/targets.pem")
    )
    program.chmod(0o700)
    return build


def refused(build: Build, status: int, *args: str, caller: str = "keys") -> str:
    """The last line; no signature was written."""
    result = build.sign(*args, caller=caller)
    assert (result.status, result.out) == (status, ""), result
    assert not (build.workspace / "app/signatures").exists()
    return error_line(dataclasses.replace(result, err=result.err.splitlines(keepends=True)[-1]))


@pytest.mark.parametrize("planted", ["app/signatures", "app"])
def test_link_in_the_place_of_the_source_folder_is_not_followed(build: Build, planted: str) -> None:
    elsewhere = build.workspace.parent / "elsewhere"
    (elsewhere / "signatures").mkdir(parents=True)
    (build.workspace / "app").rmdir()
    link = build.workspace / planted
    link.parent.mkdir(exist_ok=True)
    link.symlink_to(elsewhere)
    result = build.sign("--key=file:targets.pem")
    assert (result.status, result.out) == (3, "")
    assert result.err.endswith(f"{NAME}: a link or a file has the name of its folder; remove it\n")
    assert workspace.snapshot(elsewhere) == {}


def test_paths_are_the_callers(build: Build) -> None:
    result = build.sign("--key=file:targets.pem", "--public=targets.pem.pub")
    assert (result.status, result.out) == (0, f"../app/signatures/{NAME}\n"), result
    # The request's is the build's, which is the same for every signer.
    assert result.err.startswith("signing app/request: targets metadata, version 7")
    assert build.signature.exists()
    result = build.sign("--key=exec:keys/program", "--public=keys/targets.pem.pub", caller=".")
    assert (result.status, result.out) == (0, f"app/signatures/{NAME}\n"), result


def test_existing_signatures_stay(build: Build) -> None:
    """No second signature, which could be another: nothing changes in the source tree."""
    program = ("--key=exec:./program", "--public=targets.pem.pub")
    assert build.sign(*program).status == 0
    before, when = build.signature.read_bytes(), build.signature.stat().st_mtime_ns
    again = build.sign(*program)
    assert (again.status, again.out) == (0, f"../app/signatures/{NAME}\n")
    assert again.err.splitlines()[-1] == "  signed already"
    assert (build.signature.read_bytes(), build.signature.stat().st_mtime_ns) == (before, when)
    # By the same key, however it is called; with -o, it is written whatever is there.
    assert build.sign("--key=file:targets.pem").err.endswith("signed already\n")


@pytest.mark.parametrize("damage", ["{}", "", "another request's", "changed"])
def test_a_bad_signature_is_replaced(build: Build, damage: str) -> None:
    assert build.sign("--key=file:targets.pem").status == 0
    good = build.signature.read_text()
    if damage == "another request's":
        damage = good.replace(hashlib.sha256(TARGETS).hexdigest(), "0" * 64)
    elif damage == "changed":
        damage = good.replace('"signature": "', '"signature": "00')[:-5] + '"\n}\n'
    build.signature.write_text(damage)
    result = build.sign("--key=file:targets.pem")
    assert (result.status, "signed already" in result.err) == (0, False), result
    assert build.signature.read_text() == good


def test_options_of_the_installed_command_only(build: Build) -> None:
    line = refused(build, 2, "--key=hsm:2?label=t", "--public=targets.pem.pub", caller=".")
    request = f"{build.runfiles}/app/request"
    assert line.endswith(
        f"install the command, and run: software-update sign {request} --key hsm:... "
        "--folder app/signatures"
    )


def test_errors(build: Build) -> None:
    assert "/stranger.pem (" in refused(build, 3, "--key=file:stranger.pem").replace(":", "/")
    assert "none.pem: No such file" in refused(build, 3, "--key=file:none.pem")
    program = refused(build, 3, "--key=exec:./none", "--public=targets.pem.pub")
    assert program.startswith("exec:./none: cannot be started (No such file or directory)")
    assert "not allowed with" in refused(build, 2, "--key=file:targets.pem", "-o", "x")


def test_without_bazel(build: Build) -> None:
    command = ["sign", "app/request", "--source-folder", "app/signatures", "--key=file:x"]
    result = run(*command, cwd=build.runfiles)
    assert result.status == 2
    assert (
        "only valid for a target that `bazel run` starts; write --folder"
        in result.err.splitlines()[-1]
    )
