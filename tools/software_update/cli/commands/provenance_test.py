"""Tests of provenance."""

import json
import sys
from pathlib import Path

import pytest

from software_update.attachments.provenance import SOURCE
from software_update.testing import attached
from software_update.testing.attached import RELEASE_DIGEST
from software_update.testing.command import call, done, failed

# It answers as Bazel does, and writes its arguments to a file.
PROGRAM = """#!{python}
import json, pathlib, sys
here = pathlib.Path.cwd()
with (here / "asked").open("a") as asked:
    print(*sys.argv[1:], file=asked)
if sys.argv[1] == "info":
    print(here / "base")
elif "//fails" in sys.argv[-3]:
    sys.exit(7)
else:
    labels = ["lamp", "app.c", "external", "rules_cc+", "a.c", "assets", "bazel-out", "app.o"]
    parents = [0, 1, 0, 3, 4, 1, 0, 7]
    fragments = [dict(id=i + 1, label=a, parentId=b) for i, (a, b) in enumerate(zip(labels, parents))]
    artifacts = [dict(id=each, pathFragmentId=each) for each in (2, 5, 6, 8)]
    print(json.dumps(dict(artifacts=artifacts, pathFragments=fragments)))
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace with a program in the place of Bazel, which is the current folder."""
    folder = attached.make(tmp_path)
    for name in ("lamp/app.c", "lamp/assets/logo", "base/external/rules_cc+/a.c"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    (folder / "bazel").write_text(PROGRAM.format(python=sys.executable))
    (folder / "bazel").chmod(0o755)
    monkeypatch.chdir(folder)
    return folder


ARGS = ("provenance", "release.bundle", "--bazel=./bazel", "-o", "out.json")


def test_provenance_has_the_command_and_all_materials(folder: Path) -> None:
    result = done(*ARGS, "--target=//lamp:bundle", "--build-argument=-c=opt")
    assert result.out == "out.json: 3 files in 2 repositories\n"
    first = (folder / "out.json").read_bytes()
    document = json.loads(first)
    assert document["subject"][0]["digest"]["sha256"] == RELEASE_DIGEST.hex()
    definition = document["predicate"]["buildDefinition"]
    assert definition["externalParameters"]["command"] == [
        *("bazel", "build", "-c=opt", "//lamp:bundle")
    ]
    materials = {each["name"]: each["digest"] for each in definition["resolvedDependencies"]}
    assert materials.keys() == {SOURCE, "@@rules_cc+"}
    assert (folder / "asked").read_text().splitlines() == [
        'aquery -c=opt deps("//lamp:bundle") --output=jsonproto --noinclude_commandline',
        "info output_base",
    ]
    (folder / "lamp/assets/logo").write_text("changed")
    done(*ARGS, "--target=//lamp:bundle", "--build-argument=-c=opt")
    again = json.loads((folder / "out.json").read_bytes())
    changed = again["predicate"]["buildDefinition"]["resolvedDependencies"]
    assert [each["name"] for each in changed if each["digest"] != materials[each["name"]]] == [
        SOURCE
    ]


def test_a_bundle_has_a_target_for_it(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "only valid for a target" in failed(2, *ARGS, "--target=//lamp", "--from-bazel")
    (folder / "work").mkdir()
    monkeypatch.setenv("BUILD_WORKSPACE_DIRECTORY", str(folder))
    monkeypatch.setenv("BUILD_WORKING_DIRECTORY", str(folder / "work"))
    done(*ARGS, "--target=//lamp", "--from-bazel")
    assert (folder / "work/out.json").exists()


@pytest.mark.usefixtures("folder")
def test_a_failure_of_bazel_is_reported() -> None:
    assert failed(3, *ARGS, "--target=//fails") == (
        "./bazel aquery: ended with status 7; correct what it reports above"
    )
    result = call(*ARGS[:2], "--bazel=./absent", *ARGS[3:], "--target=//lamp")
    assert (result.status, "./absent" in result.err) == (3, True)


NINJA = """#!{python}
import sys
assert sys.argv[1] == "-t"
if sys.argv[-1] == "//fails":
    sys.exit(7)
print("../app.bin\\n/etc/hostname" if sys.argv[2] == "inputs" else "a: #deps 0, deps mtime 1 (VALID)")
"""


@pytest.fixture
def ninja(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program in the place of ninja, and a build folder."""
    (folder / "bin").mkdir()
    (folder / "bin/ninja").write_text(NINJA.format(python=sys.executable))
    (folder / "bin/ninja").chmod(0o755)
    monkeypatch.setenv("PATH", str(folder / "bin"))
    (folder / "out").mkdir()
    (folder / "out/build.ninja.d").write_text("build.ninja: ../.gn")
    (folder / ".gn").write_text("")
    return folder


def test_provenance_of_a_build_with_gn(ninja: Path) -> None:
    command = ("provenance", "release.bundle", "--ninja=out", "-o", "out.json")
    result = done(*command, "--target=lamp:bundle")
    assert result.out == "out.json: 3 files\n"
    document = json.loads((ninja / "out.json").read_bytes())["predicate"]
    assert document["runDetails"]["builder"]["id"] == "https://ninja-build.org"
    definition = document["buildDefinition"]
    assert definition["buildType"] == "https://gn.googlesource.com/gn"
    assert definition["externalParameters"] == {
        "command": ["ninja", "-C", "out", "lamp:bundle"],
        "gn_args": "",
    }
    assert [each["name"] for each in definition["resolvedDependencies"]] == [SOURCE, "system"]
    (ninja / "out/args.gn").write_text("is_debug = false\n")
    done(*command, "--target=lamp:bundle")
    definition = json.loads((ninja / "out.json").read_bytes())["predicate"]["buildDefinition"]
    assert definition["externalParameters"]["gn_args"] == "is_debug = false\n"


def test_errors_of_a_build_with_gn(ninja: Path) -> None:
    command = ("provenance", "release.bundle", "--ninja=out", "-o", "out.json")
    assert "ended with status 7" in failed(3, *command, "--target=//fails")
    assert failed(2, *command, "--target=lamp", "--bazel=bazel") == (
        "--build-argument, --bazel, --from-bazel: only valid without --ninja; remove them"
    )
    (ninja / ".gn").unlink()
    assert failed(3, *command, "--target=lamp") == (
        "--ninja out: no folder above it contains .gn; name a build folder of GN"
    )
