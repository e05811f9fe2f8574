"""device limits: the limits of a device as a C++ header, for the device library."""

from collections.abc import Sequence

from software_update.base import files
from software_update.cli.options.arguments import Parser, add_output
from software_update.cli.options.device_limits import read_device_limits
from software_update.steps.device_limits import device_limits_header, struct_name


def run(argv: Sequence[str]) -> int:
    parser = Parser(
        "device limits",
        "Writes the limits of a device as a C++ header, for the device library. The struct in it is named "
        "like the header: the struct Limits is in limits.h.",
    )
    parser.add_argument(
        "limits",
        metavar="FILE",
        help="the limits of the device, software_update.device_limits.v1",
    )
    add_output(parser, "the header to write, such as limits.h")
    args = parser.parse_args(argv)
    struct = struct_name(args.output)
    limits = read_device_limits(args.limits)
    header = device_limits_header(limits, struct)
    files.write_output(args.output, header.encode(), inputs=[args.limits])
    return 0
