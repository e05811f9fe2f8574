"""//device:verify gives the verdicts and exit codes of `software-update bundle verify`."""

import json
import os
import re
import subprocess
from pathlib import Path
from typing import NamedTuple

import pytest
from software_update.base.dates import format_date, parse_date
from software_update.testing import encode as e
from software_update.testing import workspace
from software_update.testing.command import call
from software_update.testing.signers import ROOT_KEY, TARGETS_KEY
from software_update.testing.workspace import CONTENTS

from tests.vectors import cases
from tests.vectors.cases import Case

VERIFY = os.path.abspath(os.environ["VERIFY"])
BUNDLE = Path(os.environ["BUNDLE"])
DEV_ROOT = os.environ["DEV_ROOT"]
BEYOND = 4
ALL = [
    case
    for folder in cases.FOLDERS
    for case in cases.load(folder)
    if not case.experimental_schemes and case.bundle is not None
]
# Every one of the few that name an installed root, and a part of the others.
SAMPLE = [case for number, case in enumerate(ALL) if number % 10 == 0 or case.installed_root]
MANIFEST = b'{"schema": "software_update.release.v1", "product": "a", "version": "1", "release_counter": 5}'


class Result(NamedTuple):
    status: int
    out: str
    err: str


def verify(*args: object) -> Result:
    command = [VERIFY, *map(str, args)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return Result(done.returncode, done.stdout, done.stderr)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = workspace.make(tmp_path)
    (folder / "bad.bundle").write_bytes(e.bundle(CONTENTS, version=7)[:-1] + b"!")
    (folder / "installed").write_bytes(e.manifest(e.targets({"app": b"old"}, 6)))
    return folder


def arguments(folder: Path, bundle: str = "good.bundle") -> list[str]:
    return [f"{folder}/{bundle}", f"--trusted-root={folder}/root.pb"]


def failed(status: int, *args: object) -> str:
    """The one line of an error with this exit code."""
    result = verify(*args)
    assert (result.status, result.out) == (status, "")
    assert result.err.startswith("verify: ")
    assert result.err.count("\n") == 1
    return result.err.removeprefix("verify: ").rstrip()


def test_verdicts_of_the_cases(tmp_path: Path) -> None:
    for case in SAMPLE:
        python = call(*(args := case.arguments(case.file(tmp_path))))
        program = verify(*args[2:])
        if program.status == BEYOND:
            assert is_compressed(case), case.name
            continue
        assert program.status == python.status, case.name
        assert json.loads(program.out)["verdict"] == json.loads(python.out)["verdict"], case.name


def is_compressed(case: Case) -> bool:
    return case.name.startswith(("compression_", "zstd_"))


def test_versions_of_an_accepted_bundle_as_json(folder: Path) -> None:
    (folder / "release.bundle").write_bytes(
        e.bundle({**CONTENTS, "user_manifest": MANIFEST}, version=7)
    )
    for bundle in ("good.bundle", "release.bundle"):
        args = [*arguments(folder, bundle), "--json", "--at=none"]
        program, python = verify(*args), call("bundle", "verify", *args)
        assert program.status == python.status == 0
        ours, theirs = json.loads(program.out), json.loads(python.out)
        release = theirs["release"]
        assert ours.pop("release_counter") == (release and release["release_counter"])
        assert ours == {name: theirs[name] for name in ours}
        assert len(ours) == 4


def test_a_bundle_that_the_build_made() -> None:
    args: list[str | Path] = [BUNDLE, "--trusted-root", DEV_ROOT, "--json"]
    for read_bytes in (1, 64, 4096, 65536):
        program, python = verify(*args, "--read-bytes", read_bytes), call("bundle", "verify", *args)
        assert program.status == python.status == 0
        ours, theirs = json.loads(program.out), json.loads(python.out)
        assert [ours[name] for name in ("verdict", "targets")] == [
            theirs[name] for name in ("verdict", "targets")
        ]


def test_a_changed_byte_of_a_bundle_that_the_build_made(tmp_path: Path) -> None:
    content, changed = BUNDLE.read_bytes(), tmp_path / "changed"
    for at in range(0, len(content), max(1, len(content) // 16)):
        changed.write_bytes(content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :])
        args: list[str | Path] = [changed, "--trusted-root", DEV_ROOT, "--json"]
        program, python = verify(*args), call("bundle", "verify", *args)
        assert program.status == python.status == 1
        assert json.loads(program.out)["verdict"] == json.loads(python.out)["verdict"]


def test_text(folder: Path) -> None:
    result = verify(*arguments(folder), "--at=none")
    assert result == Result(
        0,
        f"{folder}/good.bundle: ACCEPT\n  root 1, targets 7, 2 targets\n"
        "  not checked: expiry: no time was given\n"
        "  not checked: rollback: no installed manifest was given\n"
        "  not checked: hardware: no hardware id was given\n",
        "",
    )
    bad = f"{folder}/bad.bundle"
    assert failed(1, *arguments(folder, "bad.bundle")) == f"{bad}: HASH_MISMATCH; do not install it"


def test_installed_manifest_that_python_wrote(folder: Path) -> None:
    release = folder / "release.bundle"
    release.write_bytes(e.bundle({**CONTENTS, "user_manifest": MANIFEST}, version=7))
    root, manifest = f"--trusted-root={folder}/root.pb", folder / "manifest"
    assert call("bundle", "verify", release, root, f"--write-installed={manifest}").status == 0
    installed = f"--installed={manifest}"
    assert verify(release, root, installed).status == 0
    for bundle, verdict in (
        (e.bundle(CONTENTS, version=6), "TARGETS_ROLLBACK"),
        (e.bundle(CONTENTS, version=7), "TARGETS_MIX_UP"),
        (e.bundle(CONTENTS, version=8), "RELEASE_ROLLBACK"),
    ):
        (folder / "x").write_bytes(bundle)
        assert verify(folder / "x", root, installed, f"--expect={verdict}").status == 0, verdict
    # Without the payloads, which are installed.
    release.write_bytes(
        e.targets_entry(
            e.signed(e.targets({**CONTENTS, "user_manifest": MANIFEST}, 8), TARGETS_KEY)
        )
    )
    for args in ([installed], []):
        python, program = (
            call("bundle", "verify", release, root, *args),
            verify(release, root, *args),
        )
        assert python.status == program.status == (0 if args else 1)


def test_dates(folder: Path) -> None:
    """The second before a bundle expires, and that second."""
    for date in (
        *("0001-01-01T00:00:01Z", "1969-12-31T23:59:59Z", "1970-01-01T00:00:00Z"),
        *("2000-02-29T12:34:56Z", "2000-03-01T00:00:00Z", "2024-02-29T00:00:00Z"),
        *("2100-03-01T00:00:00Z", "9999-12-31T23:59:59Z"),
    ):
        seconds = parse_date(date, "date")
        (folder / "x").write_bytes(e.bundle(CONTENTS, expires=seconds))
        for at, verdict in ((seconds - 1, "ACCEPT"), (seconds, "TARGETS_EXPIRED")):
            args = [*arguments(folder, "x"), f"--at={format_date(at)}", f"--expect={verdict}"]
            assert verify(*args).status == call("bundle", "verify", *args).status == 0


@pytest.mark.parametrize(
    "date",
    [
        *(
            "",
            "tomorrow",
            "2031",
            "2031-01-01",
            "2031-01-01T00:00:00",
            "2031-01-01T00:00:00z",
            "NOW",
        ),
        *(
            "0000-01-01T00:00:00Z",
            "2031-02-29T00:00:00Z",
            "2100-02-29T00:00:00Z",
            "2031-13-01T00:00:00Z",
        ),
        *(
            "2031-00-01T00:00:00Z",
            "2031-01-00T00:00:00Z",
            "2031-04-31T00:00:00Z",
            "2031-01-01T24:00:00Z",
        ),
        *(
            "2031-01-01T23:60:00Z",
            "2031-01-01T23:59:60Z",
            "2031-01-01T00:00:0-Z",
            "2031-01-01 00:00:00Z",
        ),
    ],
)
def test_times_that_are_not_dates(folder: Path, date: str) -> None:
    assert call("bundle", "verify", *arguments(folder), f"--at={date}").status == 2
    text = failed(2, *arguments(folder), f"--at={date}")
    assert text == "--at: not a date; write it as 2031-01-01T00:00:00Z (UTC)"


def test_now(folder: Path) -> None:
    for expires, status in ((1_000_000_000, 1), (2**33, 0)):
        (folder / "x").write_bytes(e.bundle(CONTENTS, expires=expires))
        for args in ([], ["--at", "now"]):
            assert verify(*arguments(folder, "x"), *args).status == status


def test_expected_verdict(folder: Path) -> None:
    bad = arguments(folder, "bad.bundle")
    result = verify(*bad, "--expect=HASH_MISMATCH")
    assert result == Result(0, f"{bad[0]}: HASH_MISMATCH, as expected\n", "")
    assert verify(*arguments(folder), "--expect=ACCEPT").status == 0
    assert failed(1, *bad, "--expect=ACCEPT") == f"{bad[0]}: expected ACCEPT, got HASH_MISMATCH"
    assert "not a verdict" in failed(2, *bad, "--expect=HASH")


def test_wrong_arguments(folder: Path) -> None:
    good = arguments(folder)
    for args, text in (
        ([], "BUNDLE: is missing; see --help"),
        (good[:1], "--trusted-root: is missing; see --help"),
        ([*good, "x"], "x: a second bundle; name one"),
        ([*good, "--unknown"], "--unknown: not an option; see --help"),
        ([*good, "--hardware-id"], "--hardware-id: needs a value; add it"),
        ([*good, "--hardware-id", b"\xff"], "--hardware-id: is not UTF-8; write it in UTF-8"),
        ([*good, "--read-bytes=0"], "--read-bytes: not a number from 1 to 65536"),
        ([*good, "--read-bytes=65537"], "--read-bytes: not a number from 1 to 65536"),
        ([*good, "--read-bytes=-1"], "--read-bytes: not a number from 1 to 65536"),
        ([*good, "--installed-root=x"], "--installed-root: only valid with --installed; "),
        (
            [*good, "--ignore-installed-root"],
            "--ignore-installed-root: only valid with --installed; ",
        ),
        (
            [*good, "--installed=x", "--installed-root=x", "--ignore-installed-root"],
            "--ignore-installed-root: not valid with --installed-root; remove one",
        ),
    ):
        command = [VERIFY, *(each if isinstance(each, bytes) else str(each) for each in args)]
        done = subprocess.run(command, capture_output=True, check=False)
        assert (done.returncode, done.stdout) == (2, b"")
        assert done.stderr.decode().startswith(f"verify: {text}")


def test_options_are_those_of_the_python_command_or_say_so(folder: Path) -> None:
    python = set(re.findall(r"--[a-z-]+", call("bundle", "verify", "--help").out))
    ours = set(re.findall(r"  (--[a-z-]+)", verify("--help").out))
    assert ours - python == {"--read-bytes"}
    for option in python - ours:
        text = failed(2, *arguments(folder), f"{option}=x")
        assert text == f"{option}: not an option of this program; use software-update bundle verify"


def test_files_that_are_not_what_they_should_be(folder: Path) -> None:
    good, bad_root = arguments(folder)
    for args in (
        [f"{folder}/absent", bad_root],
        [folder, bad_root],
        [good, f"--trusted-root={folder}/absent"],
        [good, f"--trusted-root={folder}/app.bin"],
        [good, f"--trusted-root={good}"],
        [good, bad_root, f"--installed={folder}/absent"],
        [good, bad_root, f"--installed={folder}/app.bin"],
        [good, bad_root, f"--installed={folder}/installed", f"--installed-root={folder}/app.bin"],
    ):
        assert call("bundle", "verify", *map(str, args)).status == 3, args
        failed(3, *args)


@pytest.mark.parametrize(
    "manifest",
    [
        b"",
        e.manifest(e.targets({"app": b"old"}, 0)),
        e.manifest(e.targets({"app": b"old"}, 6)) + b"\x08",
        e.manifest(e.targets({"app": b"old"}, 6)) * 2,
        e.manifest(e.targets_of(e.common("root"), [])),
        e.manifest(e.targets({"app": b"old"}, 6), b'{"schema": "software_update.release.v1"}'),
        e.manifest(e.targets({"app": b"old"}, 6), None, (0, e.root())),
        e.manifest(e.targets({"app": b"old"}, 6)) + e.number(65, 1),
    ],
)
def test_manifests_that_are_not_valid(folder: Path, manifest: bytes) -> None:
    (folder / "installed").write_bytes(manifest)
    args = [*arguments(folder), f"--installed={folder}/installed"]
    assert call("bundle", "verify", *args).status == 3
    assert "not an installed manifest" in failed(3, *args)


def test_roots_of_the_installed_release(folder: Path) -> None:
    """The trusted root must be that root or a later one, and the installed root the one that it names."""
    roots = {version: e.root(version) for version in (1, 2, 3)}
    other = e.root(2, expires=2**32)
    for name, root in (
        *((str(version), root) for version, root in roots.items()),
        ("other", other),
    ):
        (folder / name).write_bytes(e.signed(root, ROOT_KEY))
    targets = e.targets({"app": b"old"}, 6)
    statuses = set()
    for named in (None, (2, roots[2])):
        (folder / "installed").write_bytes(e.manifest(targets, None, named))
        for trusted in ("1", "2", "3", "other"):
            for args in (
                [],
                ["--ignore-installed-root"],
                *([f"--installed-root={folder}/{name}"] for name in ("1", "2", "3", "other")),
            ):
                device = [f"{folder}/good.bundle", f"--trusted-root={folder}/{trusted}"]
                device += [f"--installed={folder}/installed", *args]
                expected = call("bundle", "verify", *device).status
                assert verify(*device).status == expected, device
                statuses.add(expected)
    assert statuses == {0, 1, 3}
