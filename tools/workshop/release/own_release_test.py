"""Whole releases of a small tree in a repository of its own, and the reasons for which there is none."""

import base64
import contextlib
import gzip
import hashlib
import io
import json
import os
import re
import shutil
import subprocess
import tarfile
from pathlib import Path

import own_checks
import own_release
import own_tree
import pytest

PROGRAM = Path(os.environ["RELEASE"]).resolve()
SOFTWARE_UPDATE = Path(os.environ["SOFTWARE_UPDATE"]).resolve()
SOURCES = os.environ["SOURCES"].split()
VERSION = "7.8.9"
ARCHIVE = f"rules_software_update-v{VERSION}.tar.gz"
WHEEL = f"rules_software_update-{VERSION}-py3-none-any.whl"
SDIST = f"rules_software_update-{VERSION}.tar.gz"
BUNDLE = f"rules_software_update-{VERSION}.bundle"
REHEARSAL = f"rules_software_update-{VERSION}.rehearsal.bundle"
ENVIRONMENT = {
    "GIT_AUTHOR_DATE": "2031-01-02T03:04:05Z",
    "GIT_AUTHOR_EMAIL": "author@example.com",
    "GIT_AUTHOR_NAME": "Author",
    "GIT_COMMITTER_DATE": "2031-01-02T03:04:05Z",
    "GIT_COMMITTER_EMAIL": "author@example.com",
    "GIT_COMMITTER_NAME": "Author",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
}
GUIDE = Path("docs/guides/releasing_this_project.md")
WORKFLOW = Path(".github/workflows/release.yml")
CHANGELOG = "# Changelog\n\n## 7.8.9 (2031-01-02)\n\nIt is good.\n\n## 7.8.8 (2030-01-01)\n\nOld.\n"


def run(*command: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        cwd=cwd,
        env={**os.environ, **ENVIRONMENT},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def succeeds(*command: str | Path, cwd: Path) -> str:
    done = run(*command, cwd=cwd)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def release(tree: Path, *args: str | Path) -> str:
    """Returns the report of a release that must be made."""
    return succeeds(PROGRAM, VERSION, "--top", tree, *args, cwd=tree.parent)


def refusal(tree: Path, *args: str, status: int = 1, version: str = VERSION) -> str:
    """Returns the last line on standard error of a release that must not be made. Runs in this process."""
    command = [version, "--top", str(tree), "--output", "refused", *args]
    errors = io.StringIO()
    with contextlib.chdir(tree.parent), contextlib.redirect_stderr(errors):
        assert own_release.run(command) == status, errors.getvalue()
    assert not (tree.parent / "refused").exists()
    line = errors.getvalue().splitlines()[-1]
    assert line.startswith("release: "), errors.getvalue()
    return line


def write(tree: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_text(text)
    succeeds("git", "add", "--all", cwd=tree)
    succeeds("git", "commit", "--quiet", "-m", "Change", cwd=tree)


def replaced(tree: Path, name: str, old: str, new: str) -> dict[str, str]:
    text = (tree / name).read_text()
    assert old in text
    return {name: text.replace(old, new, 1)}


@pytest.fixture(name="template", scope="module")
def template_fixture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Makes a repository with the sources of the package, version 7.8.9."""
    tree = tmp_path_factory.mktemp("template") / "tree"
    for source in SOURCES:
        (tree / source).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, tree / source)
    succeeds("git", "init", "--quiet", cwd=tree)
    package = "tools/software_update/__init__.py"
    current = (tree / package).read_text().split('__version__ = "')[1].partition('"')[0]
    files = {"CHANGELOG.md": CHANGELOG, ".ci/run": "echo '1 passed, 0 failed'\n"}
    files |= replaced(tree, "MODULE.bazel", f'version = "{current}"', f'version = "{VERSION}"')
    files |= replaced(tree, package, f'__version__ = "{current}"', f'__version__ = "{VERSION}"')
    files["README.md"] = (tree / "README.md").read_text().replace(f'"{current}"', f'"{VERSION}"')
    write(tree, files)
    return tree


@pytest.fixture(name="root", scope="module")
def root_fixture(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Makes the signed root of releases, next to its keys. Returns its path."""
    here = tmp_path_factory.mktemp("root")
    for name in ("root_key", "targets_key"):
        succeeds(SOFTWARE_UPDATE, "key", "generate", name, cwd=here)
    keys = ("--root-key", "root_key.pub", "--targets-key", "targets_key.pub")
    succeeds(SOFTWARE_UPDATE, "root", "create", "--version", "1", *keys, "-o", "root.pb", cwd=here)
    succeeds(SOFTWARE_UPDATE, "root", "sign", "root.pb", "--dev-signing-key", "root_key", cwd=here)
    return str(here / "root.pb")


@pytest.fixture(name="tree")
def tree_fixture(template: Path, tmp_path: Path) -> Path:
    """Makes a copy of the repository."""
    shutil.copytree(template, tmp_path / "tree", symlinks=True)
    return tmp_path / "tree"


def files_of(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_two_rehearsals_give_the_same_bytes_and_say_what_is_missing(tree: Path) -> None:
    first = release(tree, "--rehearse", "--output", "one", "--check", "test -f MODULE.bazel")
    # Settings of a machine and of a clone change nothing.
    (tree / ".git/info").mkdir(exist_ok=True)
    (tree / ".git/info/attributes").write_text("* export-ignore\n")
    succeeds("git", "config", "core.autocrlf", "true", cwd=tree)
    succeeds("git", "config", "tar.umask", "0077", cwd=tree)
    repository = ("--repository", "acme/updates")
    release(tree, "--rehearse", "--output", "two", *repository)
    one, two = files_of(tree.parent / "one"), files_of(tree.parent / "two")
    registry = {name: two.pop(name) for name in list(two) if name.startswith("registry/")}
    assert one == two
    assert sorted(one) == sorted(
        [
            "SHA256SUMS",
            f"attachments/rules_software_update-{VERSION}.cdx.json",
            f"attachments/rules_software_update-{VERSION}.provenance.json",
            "rehearsal_root.pb",
            "release_manifest.json",
            ARCHIVE,
            REHEARSAL,
            SDIST,
            WHEEL,
        ]
    )
    assert "test -f MODULE.bazel: passed" in first
    assert ".ci/run" in first.partition("not checked")[2]
    for content in one.values():
        assert str(tree).encode() not in content
    check_registry(registry, one)
    check_content(tree, one)
    verified = tree.parent / "verified"
    verify = ("bundle", "verify", f"one/{REHEARSAL}", "--trusted-root", "one/rehearsal_root.pb")
    extract = ("--attachments", "one/attachments", "--extract", verified)
    shown = succeeds(SOFTWARE_UPDATE, *verify, *extract, cwd=tree.parent)
    assert "DEV KEYS: anyone can sign this" in shown
    succeeds("sha256sum", "--check", verified / "SHA256SUMS", cwd=tree.parent / "one")


def check_registry(registry: dict[str, bytes], files: dict[str, bytes]) -> None:
    """Checks the entry of a Bazel registry."""
    module = "registry/modules/rules_software_update"
    entry = json.loads(registry[f"{module}/{VERSION}/source.json"])
    digest = base64.b64encode(hashlib.sha256(files[ARCHIVE]).digest()).decode()
    assert entry == {
        "integrity": f"sha256-{digest}",
        "strip_prefix": f"rules_software_update-{VERSION}",
        "url": f"https://github.com/acme/updates/releases/download/v{VERSION}/{ARCHIVE}",
    }
    metadata = json.loads(registry[f"{module}/metadata.json"])
    assert (metadata["versions"], metadata["repository"]) == ([VERSION], ["github:acme/updates"])
    assert b"e2e/smoke" in registry[f"{module}/{VERSION}/presubmit.yml"]
    assert f'version = "{VERSION}"'.encode() in registry[f"{module}/{VERSION}/MODULE.bazel"]


def check_content(tree: Path, files: dict[str, bytes]) -> None:
    """Checks the archive, the manifest and the provenance against the tree."""
    tracked = succeeds("git", "ls-files", cwd=tree).splitlines()
    archive = tree.parent / "one" / ARCHIVE
    with tarfile.open(archive) as file:
        members = [each for each in file.getmembers() if each.isfile()]
    assert [each.name for each in members] == [
        f"rules_software_update-{VERSION}/{name}" for name in sorted(tracked)
    ]
    assert {(each.uid, each.gid, each.mtime) for each in members} == {(0, 0, 1925089445)}
    manifest = json.loads(files["release_manifest.json"])
    assert (manifest["version"], manifest["release_counter"]) == (VERSION, 7008009)
    assert manifest["notes"] == "It is good."
    statement = json.loads(files[f"attachments/rules_software_update-{VERSION}.provenance.json"])
    subjects = {each["name"]: each["digest"]["sha256"] for each in statement["subject"]}
    assert set(subjects) == {ARCHIVE, WHEEL, SDIST, f"rules_software_update-{VERSION}.cdx.json"}
    assert subjects[ARCHIVE] == hashlib.sha256(files[ARCHIVE]).hexdigest()
    definition = statement["predicate"]["buildDefinition"]
    head = succeeds("git", "rev-parse", "HEAD", cwd=tree).strip()
    assert {"name": "source", "digest": {"gitCommit": head}} in definition["resolvedDependencies"]
    assert len(definition["resolvedDependencies"]) > 1
    [tar] = statement["predicate"]["runDetails"]["byproducts"]
    found = hashlib.sha256(gzip.decompress(files[ARCHIVE])).hexdigest()
    assert tar["digest"]["sha256"] == found


def test_people_sign_a_release_and_the_program_attaches_their_signatures(
    tree: Path, root: str
) -> None:
    here = tree.parent
    made = ("--output", "made", "--root", root)
    report = release(tree, *made)
    assert ".ci/run: passed" in report
    assert not list((here / "made").glob("*.bundle"))
    key = str(Path(root).with_name("targets_key"))
    sign = ("sign", "made/signing_request/targets.pb", "--key", key, "-o", "signature")
    assert (
        f"product: rules_software_update, version: {VERSION}"
        in succeeds(SOFTWARE_UPDATE, *sign, cwd=here).replace("\n", ", ")
        or (here / "signature").is_file()
    )
    sums = (here / "made/SHA256SUMS").read_text()
    (here / "made/SHA256SUMS").write_text(sums.replace("a", "b", 1))
    done = run(PROGRAM, VERSION, "--top", tree, *made, "--attach", "signature", cwd=here)
    assert done.returncode == 1
    assert "its files are not those of SHA256SUMS; make the release again" in done.stderr
    (here / "made/SHA256SUMS").write_text(sums)
    (here / "other").write_text((here / "signature").read_text().replace('"', "'"))
    done = run(PROGRAM, VERSION, "--top", tree, *made, "--attach", "other", cwd=here)
    assert done.returncode == 1
    assert not list((here / "made").glob("*.bundle"))
    release(tree, *made, "--attach", "signature")
    verify = ("bundle", "verify", f"made/{BUNDLE}", "--trusted-root", root)
    shown = succeeds(SOFTWARE_UPDATE, *verify, "--attachments", "made/attachments", cwd=here)
    assert "DEV KEYS" not in shown


def test_an_existing_folder_is_not_replaced(tree: Path) -> None:
    (tree.parent / "full").mkdir()
    (tree.parent / "full/file").touch()
    done = run(PROGRAM, VERSION, "--top", tree, "--rehearse", "--output", "full", cwd=tree.parent)
    assert done.returncode == 2
    assert "full: not empty" in done.stderr


def test_a_changed_or_unknown_file_is_refused(tree: Path) -> None:
    (tree / "unknown").touch()
    assert "files differ from the commit: unknown; commit or remove them" in refusal(
        tree, "--rehearse"
    )
    (tree / "unknown").unlink()
    (tree / "LICENSE").write_text("")
    assert "files differ from the commit: LICENSE" in refusal(tree, "--rehearse")


def test_files_that_state_another_version_are_refused(tree: Path) -> None:
    assert f"MODULE.bazel: says version {VERSION}, and the release is 7.8.10" in refusal(
        tree, "--rehearse", version="7.8.10"
    )
    assert "7.8: not a version" in refusal(tree, "--rehearse", version="7.8", status=2)
    page = 'bazel_dep(name = "rules_software_update", version = "7.8.8")\n'
    write(tree, {"docs/guides/page.md": page})
    assert "docs/guides/page.md: says version 7.8.8" in refusal(tree, "--rehearse")
    write(tree, {"docs/guides/page.md": ""})
    write(tree, replaced(tree, "tools/software_update/__init__.py", VERSION, "7.8.7"))
    assert "__init__.py: says version 7.8.7" in refusal(tree, "--rehearse")


def test_a_changelog_without_the_version_or_its_day_is_refused(tree: Path, root: str) -> None:
    write(tree, {"CHANGELOG.md": CHANGELOG.replace("2031-01-02", "not released")})
    assert f"CHANGELOG.md: says that {VERSION} is not released" in refusal(tree, "--root", root)
    write(tree, {"CHANGELOG.md": CHANGELOG.replace("2031-01-02", "soon")})
    assert f"'## {VERSION} (soon)' has no date" in refusal(tree, "--rehearse")
    write(tree, {"CHANGELOG.md": CHANGELOG.replace(VERSION, "7.8.10")})
    assert f"has no section '## {VERSION} (YEAR-MONTH-DAY)'" in refusal(tree, "--rehearse")


def test_a_failed_check_is_refused(tree: Path, root: str) -> None:
    assert "check 'false': ended with 1" in refusal(tree, "--rehearse", "--check", "false")
    assert "check './missing'" in refusal(tree, "--rehearse", "--check", "./missing")
    changes = refusal(tree, "--rehearse", "--check", "touch made_by_a_check")
    assert "files differ from the commit: made_by_a_check" in changes
    (tree / "made_by_a_check").unlink()
    write(tree, {".ci/run": "exit 3\n"})
    assert "check 'bash .ci/run': ended with 3" in refusal(tree, "--root", root)


def test_the_log_of_ci_must_be_about_this_commit_and_good(tree: Path, root: str) -> None:
    head = succeeds("git", "rev-parse", "HEAD", cwd=tree).strip()
    args = ("--root", root, "--ci-log", "ci.log")
    cases = {
        f"commit {head}\n...\n7 passed, 1 failed\n": ("7 passed, 1 failed; correct", 1),
        f"commit {'ab' * 20}\n7 passed, 0 failed\n": ("run .ci/run on it", 1),
        f"commit {head} with changes\n7 passed, 0 failed\n": ("run .ci/run on it", 1),
        f"commit {head}\n7 passed\n": ("not the whole output of .ci/run", 3),
        "": ("not the whole output of .ci/run", 3),
    }
    log = tree.parent / "ci.log"
    for text, (error, status) in cases.items():
        log.write_text(text)
        assert error in refusal(tree, *args, status=status), text
    log.write_text(f"commit {head}\n7 passed, 0 failed\n")
    assert own_checks.read_ci_log(log, own_tree.clean_commit(tree)) == "7 passed, 0 failed"


@pytest.mark.parametrize("path", [GUIDE, WORKFLOW])
def test_the_guide_and_the_workflow_use_options_that_exist(path: Path) -> None:
    calls = re.findall(r"//tools/workshop:release -- ((?:.|\\\n|\n +--)*)", path.read_text())
    used = {option for call in calls for option in re.findall(r"--[a-z-]+", call)}
    assert {"--root", "--ci-log", "--repository"} <= used
    shown = succeeds(PROGRAM, "--help", cwd=Path.cwd())
    assert used <= set(re.findall(r"^  (--[a-z-]+)", shown, re.MULTILINE))


@pytest.mark.parametrize(
    ("args", "error"),
    [
        ((), "--root, --rehearse: write one of them"),
        (("--root", "r", "--rehearse"), "--root, --rehearse: write one of them"),
        (("--root", "r", "--attach", "s", "--check", "true"), "--attach: only valid with"),
        (("--rehearse", "--ci-log", "log"), "--ci-log: only valid with --root"),
        (("--rehearse", "--repository", "acme"), "'acme': write OWNER/NAME"),
    ],
)
def test_wrong_usage(tree: Path, args: tuple[str, ...], error: str) -> None:
    assert error in refusal(tree, *args, status=2)


@pytest.mark.parametrize("command", ["", "'"])
def test_a_check_is_a_command(tree: Path, command: str) -> None:
    done = run(PROGRAM, VERSION, "--top", tree, "--rehearse", "--check", command, cwd=tree.parent)
    assert done.returncode == 2
    assert f"--check: '{command}': write a command" in done.stderr


def test_a_package_that_cannot_make_a_bundle_is_refused(tree: Path) -> None:
    write(tree, {"tools/software_update/cli/commands/bundle_create.py": "raise SystemExit(9)\n"})
    line = refusal(tree, "--rehearse")
    assert f"{WHEEL}: 'software-update bundle create' ended with 9" in line
