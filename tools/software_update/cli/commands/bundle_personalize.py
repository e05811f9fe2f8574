"""bundle personalize: a bundle without the payloads that a device has."""

from collections.abc import Sequence

from software_update.base import files
from software_update.base.errors import printable
from software_update.bundle.personalize import kept_ranges
from software_update.bundle.writer import copy_ranges
from software_update.cli.options.arguments import Parser, add_output
from software_update.cli.options.schemes import add_schemes, schemes_of
from software_update.format.verdicts import Refused
from software_update.verify.installed import read_installed


def run(argv: Sequence[str]) -> int:
    parser = Parser(
        "bundle personalize",
        "Copies a bundle without the payloads that a device already has. Checks no signature.",
    )
    parser.add_argument("bundle", metavar="BUNDLE", help="the bundle")
    parser.add_argument(
        "--installed",
        metavar="FILE",
        required=True,
        help="the release that the device runs: the installed manifest, or a bundle",
    )
    add_schemes(parser)
    add_output(parser, "the bundle to write")
    args = parser.parse_args(argv)
    on_device = set(read_installed(args.installed, schemes_of(args)).release.targets.targets)
    with files.open_input(args.bundle) as source:
        try:
            ranges = kept_ranges(source, on_device)
        except Refused as refused:
            raise refused.about("", printable(args.bundle)) from None
        with files.new_output(args.output, inputs=[args.bundle, args.installed]) as fd:
            copy_ranges(source, fd, ranges)
    return 0
