"""step release-list: verify the bundles that a build publishes, and list them in a file."""

import os
from collections.abc import Sequence

from software_update.base import files
from software_update.base.errors import UsageError
from software_update.cli.options.arguments import Parser, add_list, add_output, files_of
from software_update.cli.options.schemes import add_schemes, schemes_of
from software_update.steps.release_list import (
    ListedBundle,
    ReleaseList,
    build,
    check_release_list,
)


def run(argv: Sequence[str]) -> int:
    parser = Parser(
        "step release-list",
        "Verifies bundles as a device would, checks that a repository can list them, and writes "
        "software_update.release_list.v1, which `repository publish` reads.",
    )
    parser.add_argument(
        "--channel", metavar="NAME", required=True, help="the channel of the repository"
    )
    parser.add_argument(
        "--trusted-root",
        metavar="FILE",
        required=True,
        help="the signed root metadata of the product that devices trust",
    )
    add_list(
        parser,
        "--bundle",
        "BUNDLE",
        "the whole bundles of one product, the oldest release first",
        required=True,
    )
    add_list(
        parser,
        "--personalized",
        "BUNDLE",
        "personalized bundles of these releases, each with an --installed",
    )
    add_list(
        parser,
        "--installed",
        "FILE",
        "the releases that devices run for which these bundles were personalized, in the same order: "
        "installed manifests, or bundles",
    )
    parser.add_argument(
        "--repository-root",
        metavar="FILE",
        help="the root of the repository, a JSON file",
    )
    add_schemes(parser)
    add_output(parser)
    args = parser.parse_args(argv)
    if len(args.personalized) != len(args.installed):
        raise UsageError("step release-list: each --personalized needs an --installed")
    bundles = [*map(ListedBundle, args.bundle)]
    bundles += map(ListedBundle, args.personalized, args.installed)
    release_list = ReleaseList(
        args.channel, args.trusted_root, tuple(bundles), args.repository_root
    )
    release_list = check_release_list(release_list, schemes_of(args))
    inputs = [args.trusted_root, *files_of(args.repository_root)]
    inputs += [path for each in bundles for path in files_of(*each)]
    content = build(release_list, os.path.dirname(args.output))
    files.write_output(args.output, content, inputs=inputs)
    return 0
