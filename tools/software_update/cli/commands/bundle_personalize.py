"""bundle personalize: a bundle without the payloads that a device has."""

from collections.abc import Iterator, Sequence

from software_update.base import files
from software_update.base.errors import printable
from software_update.bundle.envelope import PAYLOAD_FIELD, Envelope
from software_update.bundle.extract import listed_targets
from software_update.bundle.reader import read_envelope, read_fields
from software_update.bundle.writer import copy_ranges
from software_update.cli.options.arguments import Parser, add_output
from software_update.cli.options.schemes import add_schemes, schemes_of
from software_update.format.messages import Target
from software_update.format.names import USER_MANIFEST
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
            envelope = read_envelope(source)
            left_out = _left_out(envelope, on_device)
            ranges = list(_kept(source, envelope, left_out))
        except Refused as refused:
            raise refused.about("", printable(args.bundle)) from None
        with files.new_output(args.output, inputs=[args.bundle, args.installed]) as fd:
            copy_ranges(source, fd, ranges)
    return 0


def _left_out(envelope: Envelope, on_device: set[Target]) -> set[str]:
    """The payloads that the device has, by target name. One that is not as listed stays, to be refused."""
    listed = listed_targets(envelope)
    return {
        entry.name
        for entry in envelope.payloads
        # A device hands the user_manifest of the bundle to the product before it installs.
        if entry.name != USER_MANIFEST
        and listed.get(entry.name) in on_device
        and listed[entry.name].length == entry.length
    }


def _kept(fd: int, envelope: Envelope, left_out: set[str]) -> Iterator[tuple[int, int]]:
    """Start and end of each of the bundle's fields, but for the payloads that are left out."""
    names = iter([entry.name for entry in envelope.payloads])
    for number, start, end in read_fields(fd):
        if number != PAYLOAD_FIELD or next(names, "") not in left_out:
            yield start, end
