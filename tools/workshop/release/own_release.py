"""Makes a release of this project: archives, checksums, SBOM, provenance, and the request that people sign.

    ./bazelw run //tools/workshop:release -- 0.1.0 --rehearse
    ./bazelw run //tools/workshop:release -- 0.1.0 --root root.pb --ci-log ci.log
    ./bazelw run //tools/workshop:release -- 0.1.0 --root root.pb --attach SIGNATURE...

docs/guides/releasing_this_project.md explains the steps. The program never has a key of production.
"""

from __future__ import annotations

import argparse
import os
import shlex
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import own_archive
import own_checks
import own_packages
import own_registry
import own_signing
import own_statement
import own_tree
from own_components import own_components
from own_sbom import NAME, build_own_sbom
from software_update.base.errors import UsageError
from software_update.base.trees import check_new_folder, new_folder
from software_update.cli.dispatch import with_errors
from software_update.cli.main import run_in_process
from software_update.verify.trust_files import read_trusted_root

_PROGRAM = "release"
_SUMS = "SHA256SUMS"


class Paths(NamedTuple):
    """Folders and files, as absolute paths: the source tree, the release, and the root of its signatures."""

    top: Path
    output: Path
    root: Path | None


def main(argv: Sequence[str]) -> int:
    """Makes a release, or attaches its signatures."""
    args = _arguments(argv)
    own_signing.counter_of(args.version)
    paths = _paths(args)
    own_tree.check_versions(paths.top, args.version)
    if args.attach:
        _attach(args, paths)
    else:
        _make(args, paths)
    return 0


def _arguments(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog=_PROGRAM,
        description="Makes a release of this project in a new folder, or attaches signatures to one.",
    )
    parser.add_argument("version", metavar="VERSION", help="the version, such as 0.1.0")
    parser.add_argument(
        "--output",
        metavar="DIR",
        help="the folder of the release; default: dist/VERSION in the tree",
    )
    parser.add_argument(
        "--root", metavar="FILE", help="the signed root metadata that lists the keys of the release"
    )
    parser.add_argument(
        "--rehearse",
        action="store_true",
        help="sign with the throw-away keys of the tree, and do not run .ci/run: for a try",
    )
    parser.add_argument(
        "--attach",
        nargs="+",
        metavar="SIGNATURE",
        help="signatures of people, for the release in DIR",
    )
    parser.add_argument(
        "--ci-log",
        metavar="FILE",
        help="the output of .ci/run for this commit; without it, the program runs .ci/run",
    )
    parser.add_argument(
        "--check",
        action="append",
        default=[],
        type=_command,
        metavar="COMMAND",
        help="another command that must pass at the top of the tree; repeat it for several",
    )
    parser.add_argument(
        "--repository",
        metavar="OWNER/NAME",
        help="the repository on GitHub that will have the release: writes the entry of a Bazel registry",
    )
    parser.add_argument(
        "--builder",
        metavar="URI",
        default=own_statement.BUILDER,
        help=f"a URI that identifies the one who builds; default: {own_statement.BUILDER}",
    )
    parser.add_argument(
        "--top",
        metavar="DIR",
        default=os.environ.get("BUILD_WORKSPACE_DIRECTORY", "."),
        help="the top of the source tree; default: that of `bazel run`, or the current folder",
    )
    args = parser.parse_args(argv)
    if bool(args.root) == args.rehearse:
        raise UsageError(
            "--root, --rehearse: write one of them: --root FILE for a release that people sign"
        )
    if args.attach and (args.rehearse or args.ci_log or args.check or args.repository):
        raise UsageError("--attach: only valid with --root, --output and --top; remove the others")
    if args.rehearse and args.ci_log:
        raise UsageError("--ci-log: only valid with --root; remove it")
    return args


def _command(text: str) -> list[str]:
    """Returns the words of a command line."""
    try:
        words = shlex.split(text)
    except ValueError:
        words = []
    if not words:
        raise argparse.ArgumentTypeError(f"'{text}': write a command, with each quote closed")
    return words


def _paths(args: argparse.Namespace) -> Paths:
    """Returns the absolute paths. Those on the command line are relative to the caller's folder."""
    caller = Path(os.environ.get("BUILD_WORKING_DIRECTORY", "."))
    top = Path(args.top).resolve()
    output = (caller / args.output).resolve() if args.output else top / "dist" / args.version
    return Paths(top, output, (caller / args.root).resolve() if args.root else None)


def _make(args: argparse.Namespace, paths: Paths) -> None:
    """Makes a release in a new folder, whole or not at all."""
    check_new_folder(str(paths.output))
    if args.repository:
        own_registry.parse_repository(args.repository)
    if paths.root:
        read_trusted_root(str(paths.root))
    commit = own_tree.clean_commit(paths.top)
    entry = own_tree.changelog_entry(paths.top, args.version)
    if not args.rehearse:
        own_tree.check_released(args.version, entry)
    checked = _check(args, paths, commit)
    paths.output.parent.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(prefix="own_release.") as scratch,
        new_folder(str(paths.output)) as folder,
    ):
        # Relative names: no path of this machine gets into a file.
        os.chdir(folder)
        _write(args, paths, commit, entry, Path(scratch))
        os.chdir(paths.top)
    _report(args, paths, commit, entry, checked)


def _check(args: argparse.Namespace, paths: Paths, commit: own_tree.Commit) -> list[str]:
    """Runs the checks. Returns a line about each that passed."""
    passed = []
    if args.ci_log:
        log = Path(os.environ.get("BUILD_WORKING_DIRECTORY", "."), args.ci_log)
        passed.append(
            f"{own_checks.CI}: {own_checks.read_ci_log(log, commit)} (read from {args.ci_log})"
        )
    elif not args.rehearse:
        own_checks.run_check(paths.top, ("bash", own_checks.CI))
        passed.append(f"{own_checks.CI}: passed")
    for command in args.check:
        own_checks.run_check(paths.top, command)
        passed.append(f"{shlex.join(command)}: passed")
    if own_tree.clean_commit(paths.top) != commit:
        raise own_tree.NotReleasable(
            f"{paths.top}: has another commit than before the checks; begin again"
        )
    return passed


def _downloads(version: str) -> list[str]:
    """Returns the names of the files that people download."""
    return [own_archive.archive_name(version), *own_packages.packages(version)]


def _payloads(version: str) -> dict[str, str]:
    """Returns the names of the targets of the bundle, with their files."""
    source, wheel, sdist = _downloads(version)
    return {"source": source, "wheel": wheel, "sdist": sdist, _SUMS: _SUMS}


def _write(
    args: argparse.Namespace,
    paths: Paths,
    commit: own_tree.Commit,
    entry: own_tree.Entry,
    scratch: Path,
) -> None:
    """Writes all files of a release into the current folder."""
    version, here = args.version, Path()
    archive = own_archive.write_archive(paths.top, commit, version, here)
    source = own_archive.unpack(here / archive.file, version, scratch)
    wheel, _ = own_packages.packages(version)
    own_packages.write_packages(source, commit, version, here.absolute())
    own_packages.check_wheel((here / wheel).absolute())
    downloads = _downloads(version)
    sbom = f"{own_signing.ATTACHMENTS}/{own_statement.sbom_name(version)}"
    statement = f"{own_signing.ATTACHMENTS}/{own_statement.statement_name(version)}"
    Path(own_signing.ATTACHMENTS).mkdir()
    Path(sbom).write_bytes(build_own_sbom(version, own_components(source)))
    subjects = {name: own_statement.sha256_of(here / name) for name in downloads}
    subjects[own_statement.sbom_name(version)] = own_statement.sha256_of(Path(sbom))
    Path(statement).write_bytes(
        own_statement.build_own_statement(subjects, version, commit, archive, source, args.builder)
    )
    sums = own_statement.checksums(here, [*downloads, sbom, statement])
    Path(_SUMS).write_text(sums, encoding="utf-8")
    own_signing.write_manifest(version, entry.text, [sbom, statement], scratch)
    if args.repository:
        own_registry.write_registry(source, version, args.repository, here)
    if paths.root:
        own_signing.write_request(version, _payloads(version), str(paths.root), scratch)
    else:
        own_signing.write_rehearsal(version, _payloads(version), source, _rehearsal(version))


def _attach(args: argparse.Namespace, paths: Paths) -> None:
    """Attaches signatures to the release in the output folder, which must be whole."""
    assert paths.root is not None
    caller = Path(os.environ.get("BUILD_WORKING_DIRECTORY", "."))
    signatures = [str((caller / each).resolve()) for each in args.attach]
    names = [
        *_downloads(args.version),
        f"{own_signing.ATTACHMENTS}/{own_statement.sbom_name(args.version)}",
        f"{own_signing.ATTACHMENTS}/{own_statement.statement_name(args.version)}",
    ]
    os.chdir(paths.output)
    if own_statement.checksums(Path(), names) != Path(_SUMS).read_text(encoding="utf-8"):
        raise own_tree.NotReleasable(
            f"{paths.output}: its files are not those of {_SUMS}; make the release again"
        )
    with tempfile.TemporaryDirectory(prefix="own_release.") as scratch:
        own_signing.attach(
            _payloads(args.version),
            str(paths.root),
            signatures,
            paths.top,
            Path(scratch),
            _bundle(args.version),
        )
    print(f"{paths.output / _bundle(args.version)}: signed; publish the folder")


def _bundle(version: str) -> str:
    return f"{NAME}-{version}.bundle"


def _rehearsal(version: str) -> str:
    return f"{NAME}-{version}.rehearsal.bundle"


def _report(
    args: argparse.Namespace,
    paths: Paths,
    commit: own_tree.Commit,
    entry: own_tree.Entry,
    checked: Sequence[str],
) -> None:
    """Prints the files, the checks that ran and those that did not, and the next step."""
    kind = "rehearsal of " if args.rehearse else ""
    print(f"{paths.output}: {kind}{NAME} {args.version}, commit {commit.id}")
    for file in sorted(paths.output.rglob("*")):
        if file.is_file():
            print(f"  {file.relative_to(paths.output)}: {file.stat().st_size} bytes")
    print("checked:")
    print("  the tree is clean, and its files agree about the version")
    print("  the command in the wheel makes and verifies a bundle, and rejects a changed one")
    for line in checked:
        print(f"  {line}")
    missing = []
    if args.rehearse:
        missing.append(f"{own_checks.CI}")
        missing.append(
            "signatures of people: throw-away keys signed the rehearsal, and anyone has them"
        )
    if entry.date == own_tree.NOT_RELEASED:
        missing.append(
            f"the day of the release: {own_tree.CHANGELOG} says '{own_tree.NOT_RELEASED}'"
        )
    if not args.repository:
        missing.append("the entry of a Bazel registry: --repository OWNER/NAME writes it")
    if missing:
        print("not checked, or not made:")
        for line in missing:
            print(f"  {line}")
    if not args.rehearse:
        print("next:")
        print(
            f"  software-update sign {paths.output / own_signing.REQUEST} --key KEY --public KEY.pub"
        )
        print(f"  {own_statement.COMMAND} {args.version} --root ROOT --attach SIGNATURE...")


def run(argv: Sequence[str]) -> int:
    """Runs `main`. An error is one line on standard error, and the exit code."""
    return with_errors(lambda: main(argv), _PROGRAM)


if __name__ == "__main__":
    sys.exit(run_in_process(lambda: run(sys.argv[1:]), _PROGRAM))
