"""provenance: state how a release was built with Bazel, or with GN and ninja."""

import argparse
import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence

from software_update.attachments import ninja
from software_update.attachments.provenance import (
    Material,
    group_materials,
    provenance,
    source_paths,
)
from software_update.attachments.release import unverified_release
from software_update.base import files, strict_json
from software_update.base.errors import InputError, UsageError, printable
from software_update.base.hashing import digest_files
from software_update.cli.options.arguments import Parser

_BAZEL_BUILDER = "https://bazel.build"
_MAX_BYTES = 64 * 1024 * 1024


def run(argv: Sequence[str]) -> int:
    args = _arguments(argv)
    with files.open_input(args.bundle) as fd:
        release = unverified_release(fd, args.bundle)
    if args.ninja is not None:
        statement, summary = _of_ninja(args, release.digest)
    else:
        statement, summary = _of_bazel(args, release.digest)
    files.write_output(args.output, statement, inputs=[args.bundle])
    print(f"{printable(args.output)}: {summary}")
    return 0


def _of_bazel(args: argparse.Namespace, release_digest: bytes) -> tuple[bytes, str]:
    workspace = _workspace(args)
    flags = [*args.build_argument, args.target]
    query = [f"deps({_quoted(args.target)})", "--output=jsonproto", "--noinclude_commandline"]
    aquery = _bazel(args.bazel, workspace, "aquery", *args.build_argument, *query)
    output_base = _bazel(args.bazel, workspace, "info", "output_base").decode().strip()
    paths = dict(_files(source_paths(strict_json.parse_object(aquery)), workspace, output_base))
    materials = _materials(paths)
    statement = provenance(
        release_digest,
        ["bazel", "build", *flags],
        materials,
        args.builder or _BAZEL_BUILDER,
    )
    return statement, f"{len(paths)} files in {len(materials)} repositories"


def _of_ninja(args: argparse.Namespace, release_digest: bytes) -> tuple[bytes, str]:
    top = _source_root(args.ninja)
    out = os.path.relpath(args.ninja, top)
    inputs = _output("ninja", ["-t", "inputs", args.target], args.ninja).decode()
    deps = _output("ninja", ["-t", "deps"], args.ninja).decode()
    made_by = files.read_input(os.path.join(args.ninja, "build.ninja.d"), _MAX_BYTES).decode()
    place = os.path.join(args.ninja, "args.gn")
    gn_args = files.read_input(place, _MAX_BYTES).decode() if os.path.exists(place) else ""
    found = ninja.read_paths(out, inputs, deps, made_by, args.target)
    paths = dict(_files(found, top, top))
    materials = _materials(paths)
    statement = provenance(
        release_digest,
        ["ninja", "-C", out, args.target],
        materials,
        args.builder or ninja.BUILDER,
        ninja.BUILD_TYPE,
        {"gn_args": gn_args},
    )
    return statement, f"{len(paths)} files"


def _materials(paths: Mapping[str, str]) -> list[Material]:
    """Returns the materials of files. `paths` has the place of each by its path."""
    digests = digest_files(list(paths.values()))
    return group_materials({path: sha256 for path, (_, sha256) in zip(paths, digests, strict=True)})


def _source_root(out: str) -> str:
    """Returns the folder above a build folder that contains .gn, as GN finds it."""
    folder = os.path.abspath(out)
    while not os.path.isfile(os.path.join(folder, ".gn")):
        folder, below = os.path.dirname(folder), folder
        if folder == below:
            raise InputError(
                f"--ninja {out}: no folder above it contains .gn; name a build folder of GN"
            )
    return folder


def _arguments(argv: Sequence[str]) -> argparse.Namespace:
    parser = Parser(
        "provenance",
        "Writes how a release was built with Bazel, or with GN and ninja, as an in-toto statement with "
        "SLSA's provenance: the command, and digests of all files that the build read.",
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
    parser.add_argument("--bazel", metavar="PROGRAM", help="the program to ask; default: bazel")
    parser.add_argument(
        "--ninja",
        metavar="DIR",
        help="the release was built with GN and ninja, in the build folder DIR; LABEL is then the target for "
        "ninja",
    )
    parser.add_argument(
        "--builder",
        metavar="URI",
        help="a URI that identifies the one who built; default: https://bazel.build or https://ninja-build.org",
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
    args = parser.parse_args(argv)
    if args.ninja is not None and (args.build_argument or args.bazel or args.from_bazel):
        raise UsageError(
            "--build-argument, --bazel, --from-bazel: only valid without --ninja; remove them"
        )
    args.bazel = args.bazel or "bazel"
    return args


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
    return _output(program, arguments, workspace)


def _output(program: str, arguments: Sequence[str], folder: str) -> bytes:
    """Returns the output of a program. Its messages go to standard error."""
    done = subprocess.run(
        [program, *arguments],
        cwd=folder,
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
