"""device image: make the disk image for the factory, with the state of a device that has never started."""

import argparse
import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from software_update.base import files
from software_update.base.errors import UsageError, printable, shown
from software_update.base.strict_json import to_text
from software_update.cli.options.arguments import Parser, add_list, add_output, check_apart
from software_update.cli.options.collected import depfile
from software_update.provisioning.image import Request, create_image
from software_update.provisioning.programs import installed_programs
from software_update.signing.dev_keys import parse_identities

_MAX_IDENTITIES_BYTES = 1 << 24
_MAX_PROGRAMS_BYTES = 1 << 16


def run(argv: Sequence[str]) -> int:
    args = _parser().parse_args(argv)
    request = Request(
        bundle=args.bundle,
        trusted_root=args.trusted_root,
        layout=args.layout,
        configuration=args.configuration,
        domain=args.domain,
        slot=args.slot,
        other_roots=_pairs(args.other_root, "--other-root", "DOMAIN=FILE"),
        places=_pairs(args.place, "--place", "TARGET=PLACE"),
        files=_pairs(args.file, "--file", "PLACE=FILE"),
        dev_keys=_dev_keys(args),
        programs=_programs(args.programs),
    )
    check_apart(args, "output", "report", "depfile")
    # Of other commands, the inputs are all that a build must know; here, the programs decide, too.
    with (
        depfile(args, sorted(installed_programs()), request.inputs()),
        _report_file(args, request) as write,
    ):
        report = create_image(args.output, request)
        write(to_text(report))
    if args.json:
        print(to_text(report), end="")
    elif not args.report:
        print("\n".join(_lines(args.output, report)))
    return 0


def _parser() -> Parser:
    parser = Parser(
        "device image",
        "Makes the disk image for the factory: partitions, a verified release in a slot, files such as the "
        "boot loader, and the client's state with the floor and the preset. The same inputs give the same "
        "bytes. The image contains no secret: a device makes its own at its first start. Exit code 1: the "
        "device would reject the release.",
    )
    parser.add_argument(
        "--bundle", metavar="FILE", required=True, help="the bundle that devices ship with"
    )
    parser.add_argument(
        "--trusted-root",
        metavar="FILE",
        required=True,
        help="the signed root that the device trusts for the domain of the bundle",
    )
    parser.add_argument(
        "--layout",
        metavar="FILE",
        required=True,
        help="the partitions, software_update.device_layout.v1",
    )
    parser.add_argument(
        "--configuration",
        metavar="FILE",
        required=True,
        help="the configuration of the client on the device, client.toml",
    )
    parser.add_argument(
        "--domain", metavar="NAME", help="the trust domain of the bundle; default: the only one"
    )
    parser.add_argument(
        "--slot", metavar="NAME", help="the slot that gets the release; default: the first one"
    )
    add_list(parser, "--other-root", "DOMAIN=FILE", "the signed roots of the other domains")
    add_list(
        parser,
        "--file",
        "PLACE=FILE",
        "more files; PLACE is PARTITION, or PARTITION:/PATH such as esp:/EFI/BOOT/BOOTX64.EFI",
    )
    add_list(
        parser,
        "--place",
        "TARGET=PLACE",
        "the places of targets, if not those of the installers in the configuration",
    )
    group = parser.add_argument_group("release mode")
    group.add_argument(
        "--release",
        action="store_true",
        help="refuse roots that list development keys",
    )
    group.add_argument(
        "--dev-key-identities",
        metavar="FILE",
        help="with --release: more development keys to refuse, from step identify",
    )
    parser.add_argument(
        "--programs",
        metavar="FILE",
        help="lines such as mke2fs=/usr/sbin/mke2fs: the only programs to use, instead of those on the PATH",
    )
    parser.add_argument(
        "--depfile",
        metavar="FILE",
        help="a depfile to write for ninja: OUT depends on the programs on the PATH",
    )
    parser.add_argument(
        "--report",
        metavar="FILE",
        help="write software_update.device_image.v1 to FILE, and print nothing",
    )
    parser.add_argument("--json", action="store_true", help="print software_update.device_image.v1")
    add_output(parser, "the image to write")
    return parser


def _pairs(texts: Sequence[str], option: str, form: str) -> dict[str, str]:
    """Returns the arguments of an option by what is before their first `=`. Raises UsageError."""
    found: dict[str, str] = {}
    for each in texts:
        name, sign, value = each.partition("=")
        if not sign or not name or not value:
            raise UsageError(f"{option}: '{shown(each)}' is not {form}")
        if name in found:
            raise UsageError(f"{option}: '{shown(name)}' appears twice; remove one")
        found[name] = value
    return found


def _programs(path: str | None) -> dict[str, str] | None:
    if path is None:
        return None
    content = files.read_input(path, _MAX_PROGRAMS_BYTES).decode(errors="replace")
    lines = [each for each in content.splitlines() if each and not each.startswith("#")]
    return _pairs(lines, "--programs", "NAME=PATH")


def _dev_keys(args: argparse.Namespace) -> dict[bytes, str] | None:
    if args.dev_key_identities is None:
        return {} if args.release else None
    if not args.release:
        raise UsageError("--dev-key-identities: is only valid with --release; remove it")
    content = files.read_input(args.dev_key_identities, _MAX_IDENTITIES_BYTES)
    return parse_identities(args.dev_key_identities, content)


@contextlib.contextmanager
def _report_file(args: argparse.Namespace, request: Request) -> Iterator[Callable[[str], None]]:
    """Yields a function that writes the report, to a file if the arguments name one."""
    if args.report is None:
        yield lambda _: None
        return
    with files.new_output(args.report, inputs=request.inputs()) as fd:
        yield lambda text: files.write_all(fd, text.encode())


def _lines(output: str, report: dict[str, Any]) -> Iterator[str]:
    """Yields the report as lines of text."""
    hardware = report["hardware_id"] or "any hardware"
    yield f"{printable(output)}: {report['size']} bytes, for {hardware} of {report['vendor']}"
    for each in report["partitions"]:
        where = f" at {each['mount']}" if each["mount"] else ""
        kind = "" if each["filesystem"] == "none" else f", {each['filesystem']}{where}"
        yield f"  partition {each['name']}: {each['size']} bytes{kind}"
    for each in report["domains"]:
        floor = each["floor"]
        state = f"release {floor['version']} in slot {each['running']}" if floor else "no release"
        yield f"  domain {each['name']}: {state}, preset {each['preset']}"
    for path in report["not_in_image"]:
        yield f"  {path}: is on no partition; the release must contain it"
