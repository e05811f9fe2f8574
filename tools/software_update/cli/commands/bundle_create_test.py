"""Tests of bundle create, and of the steps that give the same bytes."""

import hashlib
import itertools
import json
import os
import signal
import stat
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from software_update.bundle import extract
from software_update.steps import create
from software_update.testing import encode as e
from software_update.testing import workspace
from software_update.testing.command import (
    call,
    command,
    done,
    environment,
    error_line,
    failed,
    run,
)
from software_update.testing.signers import (
    ROOT_KEY,
    ROOT_KEY_2,
    ROOT_KEY_3,
    TARGETS_KEY,
    TARGETS_KEY_2,
    key_id,
)
from software_update.testing.workspace import APP, BOOT, CONTENTS, create_args, snapshot

GOOD = e.bundle(CONTENTS, version=7)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return workspace.make(tmp_path)


def test_the_bytes(folder: Path) -> None:
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


def steps(folder: Path, out: Path, *more: str) -> None:
    """Makes the bundle of `create_args` with the four steps, and files of arguments as in a build."""
    done("step", "digest", "--target", f"boot={folder}/boot.bin", "-o", out / "boot.json")
    done("step", "digest", "--target", f"app={folder}/app.bin", "-o", out / "app.json")
    done(
        "step",
        "targets",
        "--digests",
        out / "boot.json",
        out / "app.json",
        "--version=7",
        "-o",
        out / "unsigned.pb",
    )
    done(
        "step",
        "sign",
        f"--metadata={out}/unsigned.pb",
        f"--root={folder}/root.pb",
        f"--dev-signing-key={folder}/targets.pem",
        "-o",
        out / "signed.pb",
    )
    (out / "args").write_text(
        f"--root\n{folder}/root.pb\n--targets-metadata\n{out}/signed.pb\n--target\n"
        f"boot={folder}/boot.bin\n--target\napp={folder}/app.bin\n-o\n{out}/steps.bundle\n"
    )
    done("step", "assemble", f"@{out}/args", *more)


def test_create_is_the_steps(folder: Path, tmp_path: Path) -> None:
    steps(folder, tmp_path)
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


def check(folder: Path, status: int, text: str, *args: str) -> None:
    before = snapshot(folder)
    assert text in failed(status, *args)
    assert snapshot(folder) == before


def test_outputs_that_are_inputs(folder: Path) -> None:
    (folder / "list.json").write_text('{"targets": [{"name": "x", "file": "app.bin"}]}')
    (folder / "version.txt").write_text("7")
    (folder / "link").symlink_to("app.bin")
    release = [
        "step",
        "release-manifest",
        "--product=P",
        "--release-version=1",
        "--release-counter=1",
    ]
    done(*release, "-o", f"{folder}/release.json")
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
        check(folder, 2, "the output would replace the input", *args, f"{folder}/{name}", *more)
    by_file = [each for each in args if not each.startswith("--version")]
    by_file.insert(2, f"--version-file={folder}/version.txt")
    check(folder, 2, "the output would replace the input", *by_file, f"{folder}/version.txt")


def test_steps_do_not_replace_their_inputs_either(folder: Path, tmp_path: Path) -> None:
    steps(folder, tmp_path)
    version = folder / "version.txt"
    version.write_text("7")
    sign = ["step", "sign", f"--metadata={tmp_path}/unsigned.pb"]
    sign += [f"--root={folder}/root.pb", f"--dev-signing-key={folder}/targets.pem", "-o"]
    targets = [
        "step",
        "targets",
        f"--digests={tmp_path}/app.json",
        f"--version-file={version}",
        "-o",
    ]
    assemble = ["step", "assemble", f"--root={folder}/root.pb"]
    assemble += [f"--targets-metadata={tmp_path}/signed.pb", "--target"]
    assemble += [f"app={folder}/app.bin", f"boot={folder}/boot.bin", "-o"]
    digest = ["step", "digest", "--target", f"app={folder}/app.bin", "-o"]
    cases: list[tuple[list[str], list[Path]]] = [
        (sign, [tmp_path / "unsigned.pb", folder / "root.pb", folder / "targets.pem"]),
        (targets, [tmp_path / "app.json", version]),
        (assemble, [tmp_path / "signed.pb", folder / "root.pb", folder / "app.bin"]),
        (digest, [folder / "app.bin"]),
        (["step", "sha256", f"{folder}/app.bin", "-o"], [folder / "app.bin"]),
    ]
    for args, inputs in cases:
        for path in inputs:
            check(tmp_path, 2, "the output would replace the input", *args, str(path))


def test_outputs_that_cannot_be(folder: Path) -> None:
    args = create_args(folder)[:-1]
    os.mkfifo(folder / "fifo")
    (folder / "null").symlink_to("/dev/null")
    for place in ("/dev/null", f"{folder}/null", f"{folder}/fifo", f"{folder}"):
        check(folder, 2, "not a regular file; name a file to write", *args, place)
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)
    check(folder, 3, "absent/out: its folder does not exist", *args, f"{folder}/absent/out")


def test_an_output_behind_a_link(folder: Path) -> None:
    (folder / "real").mkdir()
    (folder / "link").symlink_to("real/out.bundle")
    done(*create_args(folder, "link"))
    assert (folder / "link").is_symlink()
    assert (folder / "real/out.bundle").read_bytes() == GOOD


def test_an_old_output_is_replaced_only_at_the_end(folder: Path) -> None:
    (folder / "out.bundle").write_bytes(b"old")
    check(folder, 3, "No such file", *create_args(folder), f"--user-manifest={folder}/absent")
    done(*create_args(folder))
    assert (folder / "out.bundle").read_bytes() == GOOD


@pytest.mark.parametrize(
    ("more", "status", "text"),
    [
        (["--target", "app=x"], 2, "two targets 'app' (FOLDER/app.bin) and 'app' (x); rename one"),
        (["--target", "APP=x"], 2, "two targets 'app' (FOLDER/app.bin) and 'APP' (x); rename one"),
        (["--target", "a b=x"], 2, "target 'a b': the name has characters other than"),
        (["--target", "../x=x"], 2, "target '../x': the name has the part '..'"),
        (["--target", "=x"], 2, "target '': the name is empty"),
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
    check(folder, status, text.replace("FOLDER", str(folder)), *create_args(folder), *more)


def test_no_targets(folder: Path) -> None:
    args = create_args(folder)
    start, end = args.index("--target"), args.index("-o")
    check(folder, 2, "no targets", *args[:start], *args[end:])


def test_roots_that_no_device_takes(folder: Path) -> None:
    for root in (e.signed(e.root()), e.signed(e.root(), TARGETS_KEY)):
        (folder / "root.pb").write_bytes(root)
        text = "root.pb: a device rejects it (THRESHOLD_NOT_MET: root metadata: 0 of 1"
        check(folder, 3, text, *create_args(folder))


# A chain of roots


@pytest.fixture
def roots(folder: Path) -> list[bytes]:
    """root.pb is version 4; root-1.pb to root-3.pb lead to it, each with a root key of its own."""
    keys = [ROOT_KEY, ROOT_KEY_2, ROOT_KEY_3, ROOT_KEY]
    signed = [e.signed(e.root(1, [keys[0]]), keys[0])]
    for index in (1, 2, 3):
        signers = sorted({keys[index - 1], keys[index]}, key=key_id)
        signed.append(e.signed(e.root(index + 1, [keys[index]]), *signers))
    for version, content in enumerate(signed[:3], 1):
        (folder / f"root-{version}.pb").write_bytes(content)
    (folder / "root.pb").write_bytes(signed[3])
    return signed


def chain_args(folder: Path, *versions: int) -> list[str]:
    return ["--root-chain", *(f"{folder}/root-{each}.pb" for each in versions)]


@pytest.mark.parametrize("versions", [(), (3,), (2, 3), (1, 2, 3)])
def test_a_chain_of_roots(
    folder: Path, tmp_path: Path, roots: list[bytes], versions: tuple[int, ...]
) -> None:
    args = chain_args(folder, *versions)
    done(*create_args(folder), *args)
    made = (folder / "out.bundle").read_bytes()
    chain = e.chain(*(roots[each - 1] for each in versions))
    assert made == chain + e.bundle(CONTENTS, version=7, signed_root=roots[3])
    steps(folder, tmp_path, *args)
    assert (tmp_path / "steps.bundle").read_bytes() == made
    # A device at the root before the chain, or later, takes it. One that slept longer does not.
    for trusted in (1, 2, 3):
        root = f"--trusted-root={folder}/root-{trusted}.pb"
        status = call("bundle", "verify", folder / "out.bundle", root).status
        assert status == (0 if trusted >= 3 - len(versions) else 1)


@pytest.mark.usefixtures("roots")
@pytest.mark.parametrize(
    ("versions", "text"),
    [
        ([1], "root-1.pb: version 1, and FOLDER/root.pb after it has version 4; name each root"),
        ([1, 3], "root-1.pb: version 1, and FOLDER/root-3.pb after it has version 3; name each"),
        ([3, 2], "root-3.pb: version 3, and FOLDER/root-2.pb after it has version 2; name each"),
        ([3, 3], "root-3.pb: version 3, and FOLDER/root-3.pb after it has version 3; name each"),
    ],
)
def test_a_chain_with_gaps(folder: Path, tmp_path: Path, versions: list[int], text: str) -> None:
    text = text.replace("FOLDER", str(folder))
    check(folder, 3, text, *create_args(folder), *chain_args(folder, *versions))
    steps(folder, tmp_path)
    args = [f"@{tmp_path}/args", *chain_args(folder, *versions)]
    check(folder, 3, text, "step", "assemble", *args)


@pytest.mark.usefixtures("roots")
def test_chains_that_cannot_be(folder: Path) -> None:
    args = create_args(folder)
    check(folder, 3, "app.bin: not root metadata", *args, "--root-chain", f"{folder}/app.bin")
    check(folder, 3, "No such file", *args, "--root-chain", f"{folder}/absent")
    many = ["--root-chain"] + [f"{folder}/root-1.pb"] * 257
    check(folder, 2, ": the first of a chain of 257 roots; name at most 256", *args, *many)
    for version in (1, 2, 3):
        out = ["-o", f"{folder}/root-{version}.pb"]
        chain = chain_args(folder, 1, 2, 3)
        result = call(*args, *chain, *out)
        assert result.status == 2
        assert "the output would replace the input" in result.err.splitlines()[-1]


@pytest.mark.usefixtures("roots")
def test_strict_pigweed_with_a_chain(folder: Path, tmp_path: Path) -> None:
    """The client skips the chain, and root.pb is not signed by the key of root-2.pb."""
    problem = (
        f"{folder}/root.pb: the keys of an older root did not sign it, so devices need the chain"
    )
    steps(folder, tmp_path)
    chain = chain_args(folder, 2, 3)
    for args in (create_args(folder), ["step", "assemble", f"@{tmp_path}/args"]):
        check(folder, 2, problem, *args, *chain, "--strict-pigweed")
        warning = done(*args, *chain).err
        assert f"software-update: warning: {problem}" in warning
    signers = (ROOT_KEY, ROOT_KEY_2, ROOT_KEY_3)
    (folder / "root.pb").write_bytes(e.signed(e.root(4, [ROOT_KEY]), *signers))
    args = [*create_args(folder, "signed.bundle"), *chain, "--strict-pigweed"]
    assert done(*args).err == ""


def test_strict_pigweed_in_the_request_of_a_root(folder: Path) -> None:
    new = e.root(2, [ROOT_KEY, ROOT_KEY_2, ROOT_KEY_3])
    (folder / "new.pb").write_bytes(e.signed(new))
    args = ["root", "request", f"{folder}/new.pb"]
    out = ["-o", f"{folder}/request"]
    previous = f"--previous={folder}/root.pb"
    problem = f"{folder}/new.pb: its signed bytes end at {len(e.signed(new))}, after the "
    check(folder, 2, problem, *args, previous, "--strict-pigweed", *out)
    check(
        folder, 2, "--strict-pigweed: only valid with --previous", *args, "--strict-pigweed", *out
    )
    assert f"software-update: warning: {problem}" in done(*args, previous, *out).err


def test_each_link_of_a_chain_verifies(folder: Path, roots: list[bytes]) -> None:
    """create looks at signatures; assemble puts together what others sign later."""
    bad = {
        1: e.signed(e.root(1, [ROOT_KEY]), ROOT_KEY_2),
        2: e.signed(e.root(2, [ROOT_KEY_2]), ROOT_KEY_2),
        3: e.signed(e.root(3, [ROOT_KEY_3]), ROOT_KEY_2),
    }
    for version, content in bad.items():
        (folder / f"root-{version}.pb").write_bytes(content)
        text = f"root-{version}.pb: a device rejects it (THRESHOLD_NOT_MET: root metadata: 0"
        args = [*create_args(folder), *chain_args(folder, 1, 2, 3)]
        check(folder, 3, text, *args)
        (folder / f"root-{version}.pb").write_bytes(roots[version - 1])
    (folder / "root.pb").write_bytes(e.signed(e.root(4, [ROOT_KEY]), ROOT_KEY))
    check(folder, 3, f"{folder}/root.pb: a device rejects it (THRESHOLD_NOT_MET", *args)


@pytest.mark.parametrize(
    ("content", "version"),
    [
        ("7", 7),
        (" 7 \n", 7),
        ("4294967295\n", 2**32 - 1),
        ("", None),
        ("0", None),
        ("seven", None),
        ("7 8", None),
        ("7" + " " * 100 + "8", None),
        ("\u0667", None),
        ("4294967296", None),
    ],
)
def test_version_files(folder: Path, content: str, version: int | None) -> None:
    (folder / "v").write_text(content)
    args = [each for each in create_args(folder) if not each.startswith("--version")]
    args += ["--version-file", f"{folder}/v"]
    if version is None:
        check(folder, 3, f"{folder}/v: ", *args)
    else:
        done(*args)
        assert (folder / "out.bundle").read_bytes() == e.bundle(CONTENTS, version=version)


@pytest.mark.parametrize(
    ("kind", "problem"), [("fifo", "not a regular file"), ("folder", "is a folder; give a file")]
)
def test_a_version_file_that_is_none(folder: Path, kind: str, problem: str) -> None:
    os.mkfifo(folder / "fifo")
    (folder / "folder").mkdir()
    args = [each for each in create_args(folder) if not each.startswith("--version")]
    check(folder, 3, problem, *args, "--version-file", f"{folder}/{kind}")


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "{}",
        "null",
        '{"targets": "ab"}',
        '{"targets": {"name": "a"}}',
        '{"targets": ["a"]}',
        '{"targets": [{"name": "a"}]}',
        '{"targets": [{"name": "a", "file": ""}]}',
        '{"targets": [{"name": 1, "file": "app.bin"}]}',
        '{"targets": [{"name": "a", "file": ["app.bin"]}]}',
        "[" * 32,
        "\xff",
    ],
)
def test_bad_lists_of_targets(folder: Path, content: str) -> None:
    (folder / "list.json").write_bytes(content.encode("latin-1"))
    text = 'list.json: not of the form {"targets": [{"name": "app", "file": "app.bin"}]}'
    check(folder, 3, text, *create_args(folder), f"--targets-from={folder}/list.json")


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (
            b'{"targets": [{"name": "x", "file": "app.bin"}], "targets": []}',
            "has the key 'targets' twice in one object; remove one",
        ),
        (
            b'{"targets": [{"name": "x", "name": "y", "file": "app.bin"}]}',
            "has the key 'name' twice in one object; remove one",
        ),
        (b"[" * 100_000, "has arrays and objects nested more than 32 deep; nest them less"),
        ('{"targets": []}'.encode("utf-16-le"), "is UTF-16LE text; save it as UTF-8 without"),
    ],
)
def test_rejected_json_in_lists_of_targets(folder: Path, content: bytes, text: str) -> None:
    (folder / "list.json").write_bytes(content)
    list_ = f"{folder}/list.json"
    check(folder, 3, f"{list_}: {text}", *create_args(folder), f"--targets-from={list_}")


def test_version_file_with_a_byte_order_mark(folder: Path) -> None:
    args = [each for each in create_args(folder) if not each.startswith("--version")]
    path = folder / "version.txt"
    for content, problem in (
        ("7\r\n".encode("utf-16"), "is UTF-16 text"),
        ("7".encode("utf-8-sig"), "starts with a UTF-8 byte order mark"),
    ):
        path.write_bytes(content)
        text = f"{path}: {problem}; save it as UTF-8 without a byte order mark, for example with: "
        check(folder, 3, text, *args, f"--version-file={path}")


def test_a_user_manifest_that_changes_after_it_was_checked(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bundle never contains a user_manifest that was not checked."""
    path = folder / "release.json"
    path.write_bytes(b"{}")
    check = extract.check_user_manifest

    def then_change(checked: str | None, warn: Callable[[str], None]) -> bytes | None:
        sha256 = check(checked, warn)
        path.write_bytes(b"[]")
        return sha256

    monkeypatch.setattr(create, "check_user_manifest", then_change)
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
    release = [
        "step",
        "release-manifest",
        "--product=P",
        "--release-version=1",
        "--release-counter=1",
    ]
    done(*release, "-o", f"{folder}/release.json")
    assert done(*create_args(folder), f"--user-manifest={folder}/release.json").err == ""


def test_lists_of_targets_are_checked_as_arguments_are(folder: Path) -> None:
    for name, file, status, text in [
        ("app", "app.bin", 2, f"two targets 'app' ({folder}/app.bin) and 'app' ({folder}/app.bin)"),
        ("../a", "app.bin", 2, "the name has the part '..'"),
        ("user_manifest", "app.bin", 2, "the name is reserved"),
        ("a\n", "app.bin", 2, "the name has characters other than"),
        ("a", "no\0file", 3, "not a valid file name"),
        ("a", "\ud800", 3, "not a valid file name"),
        ("a", "absent", 3, "my work/absent: No such file"),
    ]:
        (folder / "list.json").write_text(json.dumps({"targets": [{"name": name, "file": file}]}))
        check(folder, status, text, *create_args(folder), f"--targets-from={folder}/list.json")


def test_warnings_about_pigweeds_limits(folder: Path) -> None:
    long_name = "n" * 33
    args = [*create_args(folder), "--target", f"{long_name}={folder}/app.bin"]
    result = call(*args)
    assert result.status == 0
    assert [line.split(": ")[:3] for line in result.err.splitlines()] == [
        ["software-update", "warning", f"target '{long_name}'"],
    ]
    (folder / "out.bundle").unlink()
    check(
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


# The steps


def test_digest_step(folder: Path) -> None:
    args = ["--target", f"b={folder}/boot.bin", "--user-manifest", f"{folder}/app.bin"]
    done("step", "digest", *args, "-o", folder / "record")
    assert json.loads((folder / "record").read_bytes()) == {
        "schema": "software_update.digests.v1",
        "targets": [
            {"name": "b", "length": len(BOOT), "sha256": hashlib.sha256(BOOT).hexdigest()},
            {
                "name": "user_manifest",
                "length": len(APP),
                "sha256": hashlib.sha256(APP).hexdigest(),
            },
        ],
    }


def test_sha256_step(folder: Path) -> None:
    done("step", "sha256", folder / "app.bin", "-o", folder / "app.sha256")
    checked = subprocess.run(
        ["sha256sum", "-c", "app.sha256"], cwd=folder, capture_output=True, check=True
    )
    assert checked.stdout == b"app.bin: OK\n"


@pytest.mark.parametrize(
    ("name", "escaped"),
    [
        ("a\nb", r"a\nb"),
        ("a\rb", r"a\rb"),
        ("a\\b", r"a\\b"),
        ("\\n\n", r"\\n\n"),
        ("a b\t*", None),
    ],
)
def test_sha256_step_escapes_names(folder: Path, name: str, escaped: str | None) -> None:
    (folder / name).write_bytes(APP)
    done("step", "sha256", folder / name, "-o", folder / "sums")
    digest = hashlib.sha256(APP).hexdigest()
    line = f"{digest}  {name}\n" if escaped is None else f"\\{digest}  {escaped}\n"
    assert (folder / "sums").read_bytes() == line.encode()


def test_targets_step_errors(folder: Path) -> None:
    step = ["step", "targets", "--version=7", "-o", f"{folder}/o", "--digests"]
    done("step", "digest", "--target", f"app={folder}/app.bin", "-o", folder / "a")
    done("step", "digest", "--target", f"APP={folder}/app.bin", "-o", folder / "b")
    done("step", "digest", "-o", folder / "none")
    text = f"two targets 'app' ({folder}/a) and 'APP' ({folder}/b); rename one"
    check(folder, 2, text, *step, f"{folder}/a", f"{folder}/b")
    text = f"two targets 'app' ({folder}/a) and 'app' ({folder}/a); rename one"
    check(folder, 2, text, *step, f"{folder}/a", f"{folder}/a")
    check(folder, 2, "none: 0 targets, and none was collected", *step, f"{folder}/none")
    check(folder, 3, "app.bin: not a digest record", *step, f"{folder}/app.bin")


def test_sign_step_errors(folder: Path) -> None:
    (folder / "t").write_bytes(e.targets(CONTENTS))
    sign = ["step", "sign", "-o", f"{folder}/o", f"--metadata={folder}/t"]
    key = ["--dev-signing-key", f"{folder}/targets.pem"]
    root = f"--root={folder}/root.pb"
    stranger = ["--dev-signing-key", f"{folder}/stranger.pem"]
    check(folder, 3, "stranger.pem (", *sign, *stranger, root)
    check(folder, 3, "app.bin: not root metadata", *sign, *key, f"--root={folder}/app.bin")
    done(*sign, *key, root)
    signed = (folder / "o").read_bytes()
    assert signed == e.signed(e.targets(CONTENTS), TARGETS_KEY)
    # What is signed already is not signed again as if it were not.
    (folder / "t").write_bytes(signed)
    check(folder, 3, "t: not targets metadata (", *sign, *key)
    check(folder, 2, "--unsigned: not allowed with argument --dev", *sign, *key, "--unsigned")
    check(folder, 2, "one of the arguments --dev-signing-key --unsigned is req", *sign)
    app = f"--root={folder}/app.bin"
    (folder / "t").write_bytes(e.targets(CONTENTS))
    check(folder, 3, "app.bin: not root metadata", *sign, "--unsigned", app)


def test_sign_step_notes_a_root_that_hides_its_dev_keys(folder: Path) -> None:
    (folder / "t").write_bytes(e.targets(CONTENTS))
    sign = ["step", "sign", f"--metadata={folder}/t", "-o", f"{folder}/o"]
    sign += [f"--root={folder}/root.pb"]
    key = f"--dev-signing-key={folder}/targets.pem"
    assert done(*sign, key).err == (
        f"software-update: note: {folder}/root.pb does not say DEV KEYS, and dev keys sign under it; "
        "make it with: root create --dev-keys\n"
    )
    assert done(*sign, "--unsigned").err == ""
    (folder / "root.pb").write_bytes(e.signed(e.root() + e.number(255, 1)))
    assert done(*sign, key).err == ""


def test_sign_step_without_a_key(folder: Path) -> None:
    (folder / "t").write_bytes(e.targets(CONTENTS, 7))
    sign = ["step", "sign", f"--metadata={folder}/t", "--unsigned"]
    done(*sign, f"--root={folder}/root.pb", "-o", folder / "o")
    assert (folder / "o").read_bytes() == e.signed(e.targets(CONTENTS, 7))
    assemble = ["step", "assemble", f"--root={folder}/root.pb", f"--targets-metadata={folder}/o"]
    targets = ["--target", f"app={folder}/app.bin", f"boot={folder}/boot.bin"]
    done(*assemble, *targets, "-o", folder / "out.bundle")
    assert (folder / "out.bundle").read_bytes() == e.bundle(CONTENTS, version=7, signers=())


def test_sign_step_rejects_a_root(folder: Path) -> None:
    (folder / "r").write_bytes(e.root())
    sign = ["step", "sign", f"--metadata={folder}/r", "-o", f"{folder}/o"]
    sign += [f"--dev-signing-key={folder}/root.pem"]
    check(folder, 3, "r: not targets metadata (WRONG_ROLE: ", *sign)
    check(folder, 2, "unrecognized argument: --role; ", *sign, "--role=root")


def test_assemble_step_errors(folder: Path) -> None:
    (folder / "t").write_bytes(e.signed(e.targets(CONTENTS, 7), TARGETS_KEY))
    step = ["step", "assemble", f"--root={folder}/root.pb", f"--targets-metadata={folder}/t"]
    step += ["-o", f"{folder}/o", "--target", f"app={folder}/app.bin"]
    boot = f"boot={folder}/boot.bin"
    check(folder, 3, "t: target 'boot' has no payload; add its payload", *step)
    check(folder, 3, "t: target 'x' is not listed in it", *step, boot, f"x={folder}/app.bin")
    check(folder, 3, "good.bundle: not the payload that", *step, f"boot={folder}/good.bundle")
    (folder / "boot.bin").write_bytes(BOOT[:-1] + b"!")
    check(folder, 3, "boot.bin: not the payload that the metadata lists for 'boot'", *step, boot)
    (folder / "t").write_bytes(e.targets(CONTENTS, 7))
    check(folder, 3, "t: not signed targets metadata", *step, boot)


def test_files_of_arguments(folder: Path) -> None:
    (folder / "args").write_text(f"--target\na={folder}/app.bin\n-o\n{folder}/o\n")
    done("step", "digest", f"@{folder}/args")
    assert json.loads((folder / "o").read_bytes())["targets"][0]["name"] == "a"
    assert "absent: No such file" in failed(3, "step", "digest", f"@{folder}/absent")
    odd = folder / "a\x0cb\u2028c @ d=e"
    odd.write_bytes(APP)
    (folder / "args").write_text(f"-o\n{folder}/o\n--target\nb={odd}")
    done("step", "digest", f"@{folder}/args", "--target", f"a={folder}/app.bin")
    assert [each["name"] for each in json.loads((folder / "o").read_bytes())["targets"]] == [
        "a",
        "b",
    ]
    (folder / "empty").write_bytes(b"")
    done("step", "digest", f"@{folder}/empty", f"@{folder}/args")


def test_argument_files_with_another_encoding(folder: Path) -> None:
    args = folder / "args"
    for content, text in (
        (b"\xef\xbb\xbf--help", "starts with a UTF-8 byte order mark; save it as UTF-8 without"),
        (
            "--help".encode("utf-16-le"),
            "is UTF-16LE text; save it as UTF-8 without a byte order mark",
        ),
        (b"--dev-signing-key\na\0b", "contains a zero byte; write one argument a line"),
    ):
        args.write_bytes(content)
        assert failed(3, "step", "sign", f"@{args}").startswith(f"{args}: {text}")
    # Elsewhere it is a name like any other.
    assert "@x: No such file" in failed(3, "bundle", "inspect", "@x")


# Written to meanwhile


@pytest.mark.parametrize("size", [100_000, 3 * 1024**2, 20 * 1024**2])
def test_a_payload_that_is_written_to_meanwhile(folder: Path, size: int) -> None:
    """Either the payloads in the bundle match its metadata, or create makes no bundle."""
    source, bundle = folder / "app.bin", folder / "out.bundle"
    source.write_bytes(bytes(size))
    stopped = threading.Event()

    def write() -> None:
        with open(source, "r+b") as file:
            for turn in itertools.count(1):
                for offset in range(0, size, 65536):
                    os.pwrite(file.fileno(), bytes([turn % 256]) * 100, offset)
                    if stopped.is_set():
                        return

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for _ in range(3):
            done(*create_args(folder))
            done("bundle", "verify", bundle, f"--trusted-root={folder}/root.pb")
    finally:
        stopped.set()
        writer.join()


# Ended half-way


def without_warnings(err: bytes) -> list[bytes]:
    # Pigweed's client takes no such large target.
    return [line for line in err.splitlines() if b": warning: " not in line]


def test_terminated_half_way(folder: Path) -> None:
    """SIGTERM, as Bazel sends it, once the bundle is being written: nothing of it stays."""
    with open(folder / "large", "wb") as large:
        large.truncate(4 * 1024**3)
    before = {path.name for path in folder.iterdir()}
    args = [*create_args(folder), "--target", f"large={folder}/large"]
    process = subprocess.Popen(
        command(args), env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    deadline = time.monotonic() + 30
    written = 0
    while written < 1024**2 and time.monotonic() < deadline:
        assert process.poll() is None, process.communicate()
        written = sum(path.stat().st_size for path in folder.glob(".software-update-*"))
        time.sleep(0.005)
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (143, b"")
    assert without_warnings(err) == []
    assert {path.name for path in folder.iterdir()} == before


def test_interrupted(folder: Path) -> None:
    with open(folder / "large", "wb") as large:
        large.truncate(4 * 1024**3)
    before = {path.name for path in folder.iterdir()}
    args = [*create_args(folder), "--target", f"large={folder}/large"]
    process = subprocess.Popen(command(args), env=environment(), stderr=subprocess.PIPE)
    deadline = time.monotonic() + 30
    while not list(folder.glob(".software-update-*")) and time.monotonic() < deadline:
        time.sleep(0.005)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert without_warnings(err) == [b"software-update: interrupted"]
    assert {path.name for path in folder.iterdir()} == before


def test_a_full_disk(folder: Path) -> None:
    """A limit on the size of files stands for it: the kernel refuses the write in the same place."""
    for size, payload in ((300, APP), (100_000, bytes(2 * 1024**2))):
        (folder / "app.bin").write_bytes(payload)
        before = snapshot(folder)
        words = command(create_args(folder))
        ended = subprocess.run(
            ["prlimit", f"--fsize={size}", "--", *words],
            env=environment(),
            capture_output=True,
            timeout=60,
            check=False,
        )
        assert ended.stderr.decode() == (f"software-update: {folder}/out.bundle: File too large\n")
        assert ended.returncode == 3
        assert snapshot(folder) == before
