"""Tests of bundle create; the steps of a build give the same bytes."""

import os
import stat
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from software_update.testing import encode as e
from software_update.testing import workspace
from software_update.testing.command import (
    call,
    done,
    environment,
    error_line,
    failed,
    run,
)
from software_update.testing.signers import (
    ROOT_KEY,
    TARGETS_KEY,
    TARGETS_KEY_2,
    key_id,
)
from software_update.testing.workspace import (
    APP,
    CONTENTS,
    check_fails,
    create_args,
    run_steps,
    snapshot,
)

GOOD = e.bundle(CONTENTS, version=7)


RELEASE = (
    *("step", "release-manifest", "--product=P"),
    *("--release-version=1", "--release-counter=1"),
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return workspace.make(tmp_path)


def test_bundle_has_the_expected_bytes(folder: Path) -> None:
    result = done(*create_args(folder))
    assert (result.out, result.err) == ("", "")
    assert (folder / "out.bundle").read_bytes() == GOOD


def test_everything_at_once(folder: Path) -> None:
    (folder / "release.json").write_bytes(b"{}")
    (folder / "more").mkdir()
    (folder / "more/logo.raw").write_bytes(b"logo")
    (folder / "more/list.json").write_text(
        '{"targets": [{"name": "assets/logo.raw", "file": "logo.raw"}]}'
    )
    (folder / "version.txt").write_text("12\n")
    args = [each for each in create_args(folder) if not each.startswith("--version")]
    done(
        *args,
        f"--version-file={folder}/version.txt",
        f"--user-manifest={folder}/release.json",
        f"--targets-from={folder}/more/list.json",
        "--expires=2031-01-01T00:00:00Z",
    )
    contents = {**CONTENTS, "assets/logo.raw": b"logo", "user_manifest": b"{}"}
    expected = e.bundle(dict(sorted(contents.items())), version=12, expires=1924992000)
    assert (folder / "out.bundle").read_bytes() == expected


def test_two_keys(folder: Path) -> None:
    root = e.signed(e.root(1, [ROOT_KEY], [TARGETS_KEY, TARGETS_KEY_2], 1, 2), ROOT_KEY)
    (folder / "root.pb").write_bytes(root)
    signers = sorted((TARGETS_KEY, TARGETS_KEY_2), key=key_id)
    done(*create_args(folder), f"--dev-signing-key={folder}/targets2.pem")
    expected = e.bundle(CONTENTS, version=7, signed_root=root, signers=signers)
    assert (folder / "out.bundle").read_bytes() == expected
    text = failed(3, *create_args(folder, "other"))
    assert text.endswith("; sign with more --dev-signing-key")
    assert "1 of 2 signatures" in text
    assert not (folder / "other").exists()


# The same bytes


def test_create_is_the_steps(folder: Path, tmp_path: Path) -> None:
    run_steps(folder, tmp_path)
    assert (tmp_path / "unsigned.pb").read_bytes() == e.targets(CONTENTS, 7)
    assert (tmp_path / "signed.pb").read_bytes() == e.signed(e.targets(CONTENTS, 7), TARGETS_KEY)
    assert (tmp_path / "steps.bundle").read_bytes() == GOOD


@pytest.mark.parametrize(
    ("env", "umask", "elsewhere"),
    [
        ({"LC_ALL": "C", "PYTHONHASHSEED": "0", "TZ": "Asia/Tokyo"}, 0o077, False),
        ({"LC_ALL": "de_DE.UTF-8", "PYTHONHASHSEED": "1", "PYTHONUTF8": "1"}, 0o000, True),
        ({"PYTHONCOERCECLOCALE": "0", "LC_ALL": "POSIX", "PYTHONUTF8": "0"}, 0o027, True),
    ],
)
def test_the_same_bytes_elsewhere(
    folder: Path, tmp_path: Path, env: dict[str, str], umask: int, elsewhere: bool
) -> None:
    os.chmod(folder / "app.bin", 0o700)
    os.utime(folder / "boot.bin", (1, 1))
    args = [*create_args(folder)[:-1], f"{folder}/out.bundle"]
    cwd = tmp_path
    if not elsewhere:
        args, cwd = [each.replace(f"{folder}/", "") for each in args], folder
    result = run(*args, env=environment(**env), umask=umask, cwd=cwd)
    assert (result.status, result.err) == (0, "")
    assert (folder / "out.bundle").read_bytes() == GOOD
    assert stat.S_IMODE((folder / "out.bundle").stat().st_mode) == 0o666 & ~umask


def test_names_that_are_not_utf_8(folder: Path) -> None:
    odd = os.fsencode(folder) + b"/\xff\xe9.bin"
    with open(odd, "wb") as file:
        file.write(APP)
    args = [each.replace(f"{folder}/app.bin", os.fsdecode(odd)) for each in create_args(folder)]
    for locale in ("C.UTF-8", "POSIX"):
        result = run(*args, env=environment(LC_ALL=locale))
        assert (result.status, result.err) == (0, "")
        assert (folder / "out.bundle").read_bytes() == GOOD
    with open(folder / "args", "wb") as file:
        file.write(b"--target\na=" + odd + b"\n-o\n" + os.fsencode(folder) + b"/record\n")
    result = run("step", "digest", f"@{folder}/args", env=environment(LC_ALL="POSIX"))
    assert (result.status, result.err) == (0, "")
    os.unlink(odd)
    result = run(*args)
    assert result.status == 3
    assert error_line(result).endswith("\\udcff\\udce9.bin: No such file or directory")


@settings(max_examples=15, deadline=None)
@given(
    st.dictionaries(
        st.from_regex(r"[a-z0-9_]{1,6}(/[a-z]{1,3})?", fullmatch=True),
        st.binary(max_size=2000),
        min_size=1,
        max_size=6,
    ),
    st.integers(1, 2**32 - 1),
)
def test_a_created_bundle_verifies_and_extracts(contents: dict[str, bytes], version: int) -> None:
    names = set(contents)
    # On a disk, a file cannot be a folder as well.
    contents = {
        name: value
        for name, value in contents.items()
        if not {other for other in names if other.startswith(f"{name}/")}
    }
    contents.pop("user_manifest", None)
    contents = contents or {"app": b""}
    with tempfile.TemporaryDirectory() as parent:
        folder = workspace.make(Path(parent))
        pairs = []
        for index, (name, content) in enumerate(contents.items()):
            (folder / f"{index}.in").write_bytes(content)
            pairs.append(f"{name}={folder}/{index}.in")
        args = create_args(folder, version=version)
        start, end = args.index("--target"), args.index("-o")
        done(*args[:start], "--target", *pairs, *args[end:])
        bundle = folder / "out.bundle"
        assert done("bundle", "verify", bundle, "--trusted-root", folder / "root.pb").status == 0
        done("bundle", "extract", bundle, "-o", folder / "extracted")
        assert snapshot(folder / "extracted") == contents


# Errors leave everything as it was


def test_outputs_that_are_inputs(folder: Path) -> None:
    (folder / "list.json").write_text('{"targets": [{"name": "x", "file": "app.bin"}]}')
    (folder / "version.txt").write_text("7")
    (folder / "link").symlink_to("app.bin")
    done(*RELEASE, "-o", f"{folder}/release.json")
    args = create_args(folder)[:-1]
    more = [f"--targets-from={folder}/list.json", f"--user-manifest={folder}/release.json"]
    for name in (
        "root.pb",
        "targets.pem",
        "app.bin",
        "boot.bin",
        "link",
        "list.json",
        "release.json",
    ):
        check_fails(
            folder, 2, "the output would replace the input", *args, f"{folder}/{name}", *more
        )
    by_file = [each for each in args if not each.startswith("--version")]
    by_file.insert(2, f"--version-file={folder}/version.txt")
    check_fails(folder, 2, "the output would replace the input", *by_file, f"{folder}/version.txt")


def test_outputs_that_cannot_be(folder: Path) -> None:
    args = create_args(folder)[:-1]
    os.mkfifo(folder / "fifo")
    (folder / "null").symlink_to("/dev/null")
    for place in ("/dev/null", f"{folder}/null", f"{folder}/fifo", f"{folder}"):
        check_fails(folder, 2, "not a regular file; name a file to write", *args, place)
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)
    check_fails(folder, 3, "absent/out: its folder does not exist", *args, f"{folder}/absent/out")


def test_an_output_behind_a_link(folder: Path) -> None:
    (folder / "real").mkdir()
    (folder / "link").symlink_to("real/out.bundle")
    done(*create_args(folder, "link"))
    assert (folder / "link").is_symlink()
    assert (folder / "real/out.bundle").read_bytes() == GOOD


def test_an_old_output_is_replaced_only_at_the_end(folder: Path) -> None:
    (folder / "out.bundle").write_bytes(b"old")
    check_fails(folder, 3, "No such file", *create_args(folder), f"--user-manifest={folder}/absent")
    done(*create_args(folder))
    assert (folder / "out.bundle").read_bytes() == GOOD


@pytest.mark.parametrize(
    ("more", "status", "text"),
    [
        (["--target", "app=x"], 2, "two targets 'app' (FOLDER/app.bin) and 'app' (x); rename one"),
        (["--target", "APP=x"], 2, "two targets 'app' (FOLDER/app.bin) and 'APP' (x); rename one"),
        (["--target", "a b=x"], 2, "target 'a b': the name has characters other than"),
        (["--target", "../x=x"], 2, "target '../x': the name has the part '..'"),
        (["--target", "=x"], 3, "x: No such file or directory"),
        (["--target", "x="], 2, "--target 'x=': write NAME=FILE"),
        (["--target", "x"], 2, "--target 'x': write NAME=FILE"),
        (["--target", "user_manifest=x"], 2, "the name is reserved; use --user-manifest FILE"),
        (["--target", "User_Manifest=x"], 2, "the name is reserved; use --user-manifest FILE"),
        (["--target", "x=FOLDER"], 3, "is a folder; give a file, or in Bazel glob("),
        (["--root", "FOLDER"], 3, "is a folder; give a file, or in Bazel glob("),
        (["--dev-signing-key", "FOLDER"], 3, "is a folder; give a file, or in Bazel glob("),
        (["--user-manifest", "FOLDER"], 3, "is a folder; give a file, or in Bazel glob("),
        (["--target", "x=/dev/zero"], 3, "/dev/zero: not a regular file"),
        (["--version", "8", "--version-file", "x"], 2, "not allowed with argument --version"),
        (["--expires", "soon"], 2, "--expires: 'soon' is not a date"),
        (["--dev-signing-key", "FOLDER/root.pem"], 3, "not a targets key of the root"),
        (["--dev-signing-key", "FOLDER/targets.pem"], 3, "name each key once"),
        (["--dev-signing-key", "FOLDER/targets.pem.pub"], 3, "this is a public key"),
        (["--root", "FOLDER/app.bin"], 3, "app.bin: not a root to trust"),
    ],
)
def test_create_errors(folder: Path, more: list[str], status: int, text: str) -> None:
    more = [each.replace("FOLDER", str(folder)) for each in more]
    check_fails(folder, status, text.replace("FOLDER", str(folder)), *create_args(folder), *more)


def test_no_targets(folder: Path) -> None:
    args = create_args(folder)
    start, end = args.index("--target"), args.index("-o")
    check_fails(folder, 2, "no targets", *args[:start], *args[end:])


def test_roots_that_devices_reject(folder: Path) -> None:
    for root in (e.signed(e.root()), e.signed(e.root(), TARGETS_KEY)):
        (folder / "root.pb").write_bytes(root)
        text = "root.pb: a device rejects it (THRESHOLD_NOT_MET: root metadata: 0 of 1"
        check_fails(folder, 3, text, *create_args(folder))


def test_a_user_manifest_that_changes_after_it_was_checked(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bundle never contains a user_manifest that was not checked."""
    path = workspace.manifest_that_changes(folder, monkeypatch)
    result = call(*create_args(folder), f"--user-manifest={path}")
    assert result.status == 3
    assert result.err.endswith(
        f"{path}: changed while it was read; let its writer finish, and try again\n"
    )
    assert not (folder / "out.bundle").exists()


def test_warning_of_a_user_manifest_of_another_kind(folder: Path) -> None:
    """Both commands that make bundles warn. A release manifest gives no warning."""
    path = folder / "notes\x1b.txt"
    path.write_bytes(b"opaque")
    result = done(*create_args(folder), f"--user-manifest={path}")
    warning = (
        f"warning: {folder}/notes\\x1b.txt: this user_manifest is not a release manifest, "
        "so its counter and hardware are not checked; replace it with one"
    )
    assert error_line(result) == warning
    targets = e.targets({"user_manifest": b"opaque"})
    (folder / "signed.pb").write_bytes(e.signed(targets, TARGETS_KEY))
    assemble = ["step", "assemble", f"--root={folder}/root.pb", f"--user-manifest={path}"]
    assemble += [f"--targets-metadata={folder}/signed.pb", "-o", f"{folder}/out.bundle"]
    assert error_line(done(*assemble)) == warning
    done(*RELEASE, "-o", f"{folder}/release.json")
    assert done(*create_args(folder), f"--user-manifest={folder}/release.json").err == ""


def test_warnings_about_pigweeds_limits(folder: Path) -> None:
    long_name = "n" * 33
    args = [*create_args(folder), "--target", f"{long_name}={folder}/app.bin"]
    result = call(*args)
    assert result.status == 0
    assert [line.split(": ")[:3] for line in result.err.splitlines()] == [
        ["software-update", "warning", f"target '{long_name}'"],
    ]
    (folder / "out.bundle").unlink()
    check_fails(
        folder,
        2,
        f"target '{long_name}': Pigweed's client takes names of at most 32 bytes",
        *args,
        "--strict-pigweed",
    )


def test_an_empty_target(folder: Path) -> None:
    """Its length is written, which is all that Pigweed's client needs."""
    (folder / "empty").write_bytes(b"")
    args = [*create_args(folder), "--target", f"empty={folder}/empty", "--strict-pigweed"]
    assert done(*args).err == ""
    bundle = (folder / "out.bundle").read_bytes()
    assert e.blob(2, e.target("empty", b"")) in bundle
    assert done("bundle", "verify", folder / "out.bundle", "--trusted-root", folder / "root.pb")
    done("bundle", "extract", folder / "out.bundle", "-o", folder / "extracted")
    assert (folder / "extracted" / "empty").read_bytes() == b""
