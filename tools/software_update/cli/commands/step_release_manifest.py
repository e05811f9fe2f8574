"""step release-manifest: write a release manifest, the payload of the target user_manifest."""

import argparse
from collections.abc import Sequence

from software_update.base import files
from software_update.base.dates import parse_date
from software_update.base.errors import InputError, UsageError
from software_update.base.text import check_encoding
from software_update.cli.options import arguments
from software_update.format import release_manifest
from software_update.format.limits import MAX_USER_MANIFEST_BYTES
from software_update.format.release_manifest import ReleaseManifest


def run(argv: Sequence[str]) -> int:
    parser = arguments.Parser(
        "step release-manifest",
        "Writes a release manifest (JSON), for --user-manifest of other commands.",
    )
    parser.add_argument("--product", metavar="P", required=True, help="the product")
    parser.add_argument(
        "--release-version", metavar="V", required=True, help="the release's version, for people"
    )
    parser.add_argument(
        "--release-counter",
        metavar="N",
        required=True,
        help="the release counter; devices reject a release with a lower counter than the "
        "installed one",
    )
    parser.add_argument(
        "--hardware-id",
        metavar="ID",
        nargs="+",
        action="extend",
        default=[],
        help="the hardware ids that the release is for; default: any",
    )
    parser.add_argument(
        "--minimum-release-counter",
        metavar="N",
        help="the release counter that a device must have installed before",
    )
    notes = parser.add_mutually_exclusive_group()
    notes.add_argument("--notes", metavar="TEXT", help="the changes in this release, for people")
    notes.add_argument(
        "--notes-file", metavar="FILE", help="a file (UTF-8) with the changes in this release"
    )
    parser.add_argument(
        "--severity", choices=release_manifest.SEVERITIES, help="the importance of the release"
    )
    parser.add_argument(
        "--support-until",
        metavar="T",
        help="the time until which the release is supported, such as 2031-01-01T00:00:00Z",
    )
    arguments.add_output(parser, "the release manifest to write")
    args = parser.parse_args(argv)
    content = release_manifest.build_release(_release(args))
    if len(content) > MAX_USER_MANIFEST_BYTES:
        raise UsageError(
            f"{args.output}: {len(content)} bytes, a device reads at most {MAX_USER_MANIFEST_BYTES}; "
            "shorten --notes"
        )
    files.write_output(args.output, content, inputs=arguments.files_of(args.notes_file))
    return 0


def _release(args: argparse.Namespace) -> ReleaseManifest:
    counter, minimum = _counter(args, "release_counter"), _counter(args, "minimum_release_counter")
    assert counter is not None  # It is required.
    if minimum is not None and minimum > counter:
        raise UsageError(
            f"--minimum-release-counter: {minimum} is over the release's own counter, {counter}; "
            "no device could install it"
        )
    for index, each in enumerate(args.hardware_id):
        if each in args.hardware_id[:index]:
            raise UsageError(f"--hardware-id: {each!r} appears twice; name each once")
    if args.support_until is not None:
        parse_date(args.support_until, "--support-until")
    return ReleaseManifest(
        product=_text(args.product, "--product"),
        version=_text(args.release_version, "--release-version"),
        counter=counter,
        hardware_ids=tuple(_text(each, "--hardware-id") for each in args.hardware_id),
        minimum_counter=minimum,
        notes=_notes(args),
        severity=args.severity,
        support_until=args.support_until,
    )


def _counter(args: argparse.Namespace, name: str) -> int | None:
    text = getattr(args, name)
    option = f"--{name.replace('_', '-')}"
    return None if text is None else arguments.parse_integer(text, option, "release counter")


def _text(text: str, option: str) -> str:
    if not text:
        raise UsageError(f"{option}: empty; write a text")
    return arguments.text_of(text, option)


def _notes(args: argparse.Namespace) -> str | None:
    if args.notes_file is None:
        return None if args.notes is None else _text(args.notes, "--notes")
    content = files.read_input(args.notes_file, MAX_USER_MANIFEST_BYTES)
    check_encoding(args.notes_file, content)
    try:
        text = content.decode()
    except UnicodeDecodeError:
        raise InputError(f"{args.notes_file}: not UTF-8; save the release notes as UTF-8") from None
    if not text:
        raise InputError(
            f"{args.notes_file}: empty; write release notes, or leave --notes-file out"
        )
    return text
