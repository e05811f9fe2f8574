"""provenance: state how a release was built with Bazel."""

import argparse
import os
import subprocess
from collections.abc import Iterator, Sequence

from software_update.attachments.provenance import group_materials, provenance, source_paths
from software_update.attachments.release import unverified_release
from software_update.base import files, strict_json
from software_update.base.errors import InputError, UsageError, printable
from software_update.base.hashing import digest_files
from software_update.cli.options.arguments import Parser


def run(argv: Sequence[str]) -> int:
    args = _arguments(argv)
    with files.open_input(args.bundle) as fd:
        release = unverified_release(fd, args.bundle)
    workspace = _workspace(args)
    flags = [*args.build_argument, args.target]
    query = [f"deps({_quoted(args.target)})", "--output=jsonproto", "--noinclude_commandline"]
    aquery = _bazel(args.bazel, workspace, "aquery", *args.build_argument, *query)
    output_base = _bazel(args.bazel, workspace, "info", "output_base").decode().strip()
    paths = dict(_files(source_paths(strict_json.parse_object(aquery)), workspace, output_base))
    digests = digest_files(list(paths.values()))
    materials = group_materials(
        {path: sha256 for path, (_, sha256) in zip(paths, digests, strict=True)}
    )
    command = ["bazel", "build", *flags]
    statement = provenance(release.digest, command, materials, args.builder)
    files.write_output(args.output, statement, inputs=[args.bundle])
    print(f"{printable(args.output)}: {len(paths)} files in {len(materials)} repositories")
    return 0


def _arguments(argv: Sequence[str]) -> argparse.Namespace:
    parser = Parser(
        "provenance",
        "Writes how a release was built with Bazel, as an in-toto statement with SLSA's provenance: the "
        "command, and digests of all files that the build read.",
    )
    parser.add_argument("bundle", metavar="BUNDLE", help="the release")
    parser.add_argument(
        "--target", metavar="LABEL", required=True, help="the label that makes BUNDLE"
    )
    parser.add_argument(
        "--build-argument",
        metavar="ARGUMENT",
        action="append",
        default=[],
        help="an argument of the build, such as --build-argument=--config=release; repeat it for several",
    )
    parser.add_argument(
        "--bazel", metavar="PROGRAM", default="bazel", help="the program to ask; default: bazel"
    )
    parser.add_argument(
        "--builder",
        metavar="URI",
        default="https://bazel.build",
        help="a URI that identifies the one who built; default: https://bazel.build",
    )
    parser.add_argument(
        "--from-bazel",
        action="store_true",
        help="for the target that a bundle has: BUNDLE is in its runfiles, OUT in the current folder",
    )
    parser.add_argument(
        "-o",
        "--output",
        metavar="OUT",
        required=True,
        help="the statement, which attachment sign signs",
    )
    return parser.parse_args(argv)


def _workspace(args: argparse.Namespace) -> str:
    """Returns the top of the source tree, and goes to the folder that OUT is relative to."""
    if not args.from_bazel:
        return os.getcwd()
    try:
        workspace = os.environ["BUILD_WORKSPACE_DIRECTORY"]
        args.bundle = os.path.abspath(args.bundle)
        os.chdir(os.environ["BUILD_WORKING_DIRECTORY"])
    except KeyError:
        raise UsageError(
            "--from-bazel: only valid for a target that `bazel run` starts; remove it"
        ) from None
    return workspace


def _quoted(label: str) -> str:
    return f'"{label}"'


def _bazel(program: str, workspace: str, *arguments: str) -> bytes:
    """Returns the output of Bazel. Its messages go to standard error."""
    done = subprocess.run(
        [program, *arguments],
        cwd=workspace,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        check=False,
    )
    if done.returncode != 0:
        raise InputError(
            f"{program} {arguments[0]}: ended with status {done.returncode}; correct what it reports above"
        )
    return done.stdout


def _files(paths: Sequence[str], workspace: str, output_base: str) -> Iterator[tuple[str, str]]:
    """Yields each path with the place of its file; for a folder, those of the files below it."""
    for path in paths:
        folder = output_base if path.startswith("external/") else workspace
        place = os.path.join(folder, path)
        if not os.path.isdir(place):
            yield path, place
            continue
        for parent, _, names in os.walk(place):
            for name in names:
                inside = os.path.join(parent, name)
                yield os.path.relpath(inside, folder), inside
