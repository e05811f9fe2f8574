"""bundle fleet: what devices in the field do with a bundle, as a table."""

import argparse
from collections.abc import Sequence

from software_update.base import files
from software_update.base.errors import UsageError, printable, shown
from software_update.base.strict_json import to_text
from software_update.cli.options.arguments import Parser, add_at, add_list, text_of, time_of
from software_update.cli.options.expected_file import check_expected, in_workspace
from software_update.cli.options.schemes import add_schemes, schemes_of
from software_update.cli.render import fleet
from software_update.format.verdicts import Refused
from software_update.verify.fleet import KeptRelease, predict, trusted_by
from software_update.verify.installed import read_installed
from software_update.verify.trust_files import read_trusted_root


def run(argv: Sequence[str]) -> int:
    args = _arguments(argv)
    schemes = schemes_of(args)
    roots = [(path, read_trusted_root(path, schemes)) for path in args.trusted_root]
    kept = []
    for path in args.installed:
        found = read_installed(path, schemes)
        kept.append(
            KeptRelease(found.release, found.root or trusted_by(path, found.release, roots))
        )
    hardware_ids = _hardware_ids(args.hardware_id)
    with files.open_input(args.bundle) as fd:
        try:
            predictions = list(predict(fd, kept, hardware_ids, time_of(args)))
        except Refused as refused:
            raise refused.about("", printable(args.bundle)) from None
    if args.json:
        print(to_text(fleet.describe(predictions)), end="")
        return 0
    table = "".join(f"{line}\n" for line in fleet.table(predictions))
    if args.output or args.source_file:
        path = args.output or in_workspace(args.source_file)
        inputs = [args.bundle, *args.installed, *args.trusted_root]
        files.write_output(path, table.encode(), inputs=inputs)
    elif args.expect is None:
        print(table, end="")
    if args.expect is not None:
        check_expected(
            args.expect,
            table,
            name="this bundle",
            what="devices do with this bundle",
            renew_with=args.renew_with or f"software-update bundle fleet ... -o {args.expect}",
        )
    return 0


def _arguments(argv: Sequence[str]) -> argparse.Namespace:
    parser = Parser(
        "bundle fleet",
        "Shows what devices in the field do with a bundle: a row for each release that they run and each "
        "hardware id.",
    )
    parser.add_argument("bundle", metavar="BUNDLE", help="the bundle")
    add_list(
        parser,
        "--installed",
        "FILE",
        "the releases that devices run: installed manifests, or bundles",
        required=True,
    )
    add_list(
        parser,
        "--trusted-root",
        "FILE",
        "the signed roots that devices trust; a device trusts the one that its installed manifest "
        "names, or the first if it names none",
        required=True,
    )
    add_list(parser, "--hardware-id", "ID", "the hardware ids of the devices; default: unknown")
    add_at(parser)
    add_schemes(parser)
    parser.add_argument("--json", action="store_true", help="print software_update.fleet.v1")
    parser.add_argument("-o", "--output", metavar="OUT", help="write the table to OUT")
    parser.add_argument(
        "--source-file",
        metavar="FILE",
        help="for bazel run: write the table to FILE, a path below the workspace",
    )
    parser.add_argument(
        "--expect", metavar="FILE", help="for tests: exit with 1 if the table differs from FILE"
    )
    parser.add_argument(
        "--renew-with", metavar="TEXT", help="the command that an error names to renew --expect"
    )
    args = parser.parse_args(argv)
    if args.output and args.source_file:
        raise UsageError("--source-file: not with --output; remove one of them")
    return args


def _hardware_ids(arguments: Sequence[str]) -> list[str]:
    ids = [text_of(each, "--hardware-id") for each in arguments]
    for index, each in enumerate(ids):
        if not each:
            raise UsageError(
                "--hardware-id: an id is empty; write the id of a device, or remove it"
            )
        if each in ids[:index]:
            raise UsageError(f"--hardware-id: '{shown(each)}' appears twice; name each once")
    return ids
