"""root holders: names of the people or roles that hold the keys of a root."""

import argparse
from collections.abc import Sequence

from software_update.base import files
from software_update.base.errors import UsageError
from software_update.cli.options.arguments import Parser, add_list, add_output, files_of
from software_update.cli.options.schemes import add_schemes, schemes_of
from software_update.keys.pem import read_checked_public_key
from software_update.signing import holders


def run(argv: Sequence[str]) -> int:
    parser = Parser(
        "root holders",
        "Writes the names of people or roles that hold the keys of a root, for --holders of other commands. "
        "The root does not contain them.",
    )
    add_list(parser, "--key", "PUB", "public keys of the root", required=True)
    add_list(
        parser,
        "--holder",
        "PUB=NAME",
        "names of people or roles, each for a file of --key; default: the name of the file",
    )
    parser.add_argument(
        "--earlier",
        metavar="FILE",
        help="names of the keys of the roots before, to keep; default: none",
    )
    add_schemes(parser)
    add_output(parser)
    args = parser.parse_args(argv)
    names = _names(args)
    earlier = {} if args.earlier is None else holders.read(args.earlier)
    schemes = schemes_of(args)
    found = {read_checked_public_key(path, schemes).key_id: name for path, name in names.items()}
    inputs = [*args.key, *files_of(args.earlier)]
    files.write_output(args.output, holders.build({**earlier, **found}), inputs=inputs)
    return 0


def _names(args: argparse.Namespace) -> dict[str, str]:
    """Returns the names of the holders by the paths of the keys."""
    given = [_parse_holder(each, args.key) for each in args.holder]
    if len(dict(given)) < len(given):
        raise UsageError("--holder: a key has several names; write one for each key")
    return {path: holders.default_name(path) for path in args.key} | dict(given)


def _parse_holder(text: str, paths: Sequence[str]) -> tuple[str, str]:
    """Returns the path of a key and the name of its holder, in `PUB=NAME`. Either may contain a `=`."""
    path = next((each for each in paths if text.startswith(f"{each}=")), None)
    if path is None:
        raise UsageError(
            f"--holder {text}: does not start with a file of --key and a =; write PUB=NAME"
        )
    name = text.removeprefix(f"{path}=")
    problem = holders.name_problem(name)
    if problem:
        raise UsageError(f"--holder {text}: {problem}")
    return path, name
