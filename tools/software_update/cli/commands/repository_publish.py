"""repository publish: publish the bundles that a build lists."""

import argparse
import os
import shlex
from collections.abc import Sequence

from software_update.base.errors import UsageError
from software_update.cli.options.arguments import Parser
from software_update.cli.options.signer_arguments import as_uri
from software_update.cli.repository import arguments as options
from software_update.cli.repository.adding import (
    BundleFile,
    add_publication,
    check_publication,
    publish,
)
from software_update.steps.release_list import ReleaseList, read

# Keys that need no package besides those of the build.
_IN_THE_BUILD = ("file", "exec")


def run(argv: Sequence[str]) -> int:
    args = _arguments(argv)
    path = os.path.abspath(args.list)
    listed = read(path)
    if args.from_bazel:
        _check_keys(args, path)
        _change_to_caller()
    args.channel, args.trusted_root = listed.channel, listed.trusted_root
    args.repository_root = _repository_root(args, listed)
    options.check_channel(args)
    publish(args, [BundleFile(each.path, each.base) for each in listed.bundles])
    return 0


def _arguments(argv: Sequence[str]) -> argparse.Namespace:
    parser = Parser(
        "repository publish",
        "Publishes the bundles that a build lists, after it has verified each as a device does. Releases "
        "that the repository already has stay as they are.",
    )
    parser.add_argument(
        "list",
        metavar="FILE",
        help="the file NAME.release_list.json of a software_update_repository",
    )
    options.add_storage(parser, "--to")
    options.add_trusted_root(parser, "the one that the list names")
    add_publication(parser)
    parser.add_argument(
        "--from-bazel",
        action="store_true",
        help="for a target that `bazel run` starts: paths other than FILE are relative to the folder where "
        "Bazel was called",
    )
    args = parser.parse_args(argv)
    check_publication(args)
    return args


def _check_keys(args: argparse.Namespace, path: str) -> None:
    """UsageError for a key that needs packages which the build does not have."""
    for kind in ("targets", "snapshot", "rollout"):
        for text in getattr(args, f"{kind}_key"):
            scheme = as_uri(text).partition(":")[0]
            if scheme not in _IN_THE_BUILD:
                raise UsageError(
                    f"--{kind}-key {scheme}: needs packages that the build lacks; install the command, and "
                    f"run: software-update repository publish {shlex.quote(path)} ..."
                )


def _change_to_caller() -> None:
    """Changes to the folder where `bazel run` was called: it starts programs in a folder of its own."""
    try:
        os.chdir(os.environ["BUILD_WORKING_DIRECTORY"])
    except KeyError:
        raise UsageError(
            "--from-bazel: only valid for a target that `bazel run` starts; remove it"
        ) from None


def _repository_root(args: argparse.Namespace, listed: ReleaseList) -> str:
    found: str | None = args.repository_root or listed.repository_root
    if found is None:
        raise UsageError(
            "--repository-root: is missing, and the list names none; name the root.json of the repository"
        )
    return found
