"""bundle extract: write a bundle's payloads to a folder."""

import sys
from collections.abc import Sequence

from software_update.base import files
from software_update.base.errors import UsageError, printable
from software_update.base.trees import new_folder
from software_update.bundle.envelope import Envelope, Payload
from software_update.bundle.extract import check_names, listed_targets, write_payloads
from software_update.bundle.reader import read_envelope
from software_update.cli.options.arguments import Parser
from software_update.format.messages import Target
from software_update.format.verdicts import Refused


def run(argv: Sequence[str]) -> int:
    parser = Parser(
        "bundle extract",
        "Writes payloads to a folder. Each must match the metadata. Checks no signature.",
    )
    parser.add_argument("bundle", metavar="BUNDLE", help="the bundle")
    parser.add_argument(
        "-o", "--output", metavar="DIR", required=True, help="a new or empty folder"
    )
    parser.add_argument(
        "--target",
        metavar="NAME",
        nargs="+",
        action="extend",
        help="the targets to write; default: all",
    )
    args = parser.parse_args(argv)
    with files.open_input(args.bundle) as fd:
        try:
            envelope = read_envelope(fd)
            listed = listed_targets(envelope)
            entries = _wanted(args.bundle, envelope, listed, args.target)
            with new_folder(args.output) as folder:
                write_payloads(fd, entries, listed, folder, "extract", decompress=True)
        except Refused as refused:
            raise refused.about("", printable(args.bundle)) from None
    print("signatures not checked; see: software-update bundle verify", file=sys.stderr)
    return 0


def _wanted(
    path: str, envelope: Envelope, listed: dict[str, Target], names: list[str] | None
) -> list[Payload]:
    present = {entry.name: entry for entry in envelope.payloads}
    for name in names if names is not None else ():
        if name not in present:
            raise UsageError(
                f"{path}: contains no payload {name!r}; list them with: software-update bundle inspect"
            )
    entries = [present[name] for name in dict.fromkeys(names or present)]
    check_names(entries, listed)
    return entries
