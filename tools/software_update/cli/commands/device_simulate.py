"""device simulate: the life of a simulated device, from a script, with the real client."""

import argparse
import os
from collections.abc import Mapping, Sequence

from software_update.base import files
from software_update.base.errors import UsageError, shown
from software_update.base.strict_json import to_text
from software_update.cli.options.arguments import Parser, add_list, text_of
from software_update.cli.options.expected_file import check_expected, in_workspace
from software_update.client.scenario.play import play
from software_update.client.scenario.script import read_script

_MAX_SCRIPT_BYTES = 1024 * 1024
# The simulated device holds its bundles in memory.
_MAX_BUNDLE_BYTES = 256 * 1024 * 1024
_SUFFIX = ".bundle"


def run(argv: Sequence[str]) -> int:
    args = _arguments(argv)
    text = files.read_input(args.script, _MAX_SCRIPT_BYTES).decode(errors="replace")
    transcript = play(
        read_script(text, args.script),
        args.script,
        _releases(args.bundle),
        files.read_input(args.trusted_root, _MAX_SCRIPT_BYTES),
        hardware_id=text_of(args.hardware_id, "--hardware-id") if args.hardware_id else None,
        vendor=text_of(args.vendor, "--vendor"),
    )
    if args.json:
        lines = transcript.splitlines()
        document = {"schema": "software_update.device_transcript.v1", "lines": lines}
        print(to_text({**document, "as_expected": transcript == text}), end="")
    elif args.output or args.source_file:
        path = args.output or in_workspace(args.source_file)
        # The transcript may replace its script: that renews it.
        files.write_output(path, transcript.encode(), inputs=[args.trusted_root, *args.bundle])
    elif not args.test:
        print(transcript, end="")
    if args.test:
        check_expected(
            args.script,
            transcript,
            name="this build",
            what="the device did",
            renew_with=args.renew_with
            or f"software-update device simulate {args.script} ... -o {args.script}",
        )
    return 0


def _arguments(argv: Sequence[str]) -> argparse.Namespace:
    parser = Parser(
        "device simulate",
        "Plays a script on a simulated device: releases, answers, the clock, power cuts. Prints the script "
        "with what the device did below each command.",
    )
    parser.add_argument("script", metavar="SCRIPT", help="the script; results in it are ignored")
    parser.add_argument(
        "--trusted-root",
        metavar="FILE",
        required=True,
        help="the signed root in the device's image",
    )
    add_list(
        parser,
        "--bundle",
        "FILE",
        "the bundles that the script names, by the names of their files without .bundle",
    )
    parser.add_argument(
        "--hardware-id", metavar="ID", help="the hardware id of the device; default: unknown"
    )
    parser.add_argument(
        "--vendor",
        metavar="NAME",
        default="the vendor",
        help="the vendor in the device's configuration, as questions show it; default: the vendor",
    )
    parser.add_argument(
        "--test",
        action="store_true",
        help="exit with 4 if the results differ from those in SCRIPT, and print the lines that differ",
    )
    parser.add_argument(
        "--json", action="store_true", help="print software_update.device_transcript.v1"
    )
    parser.add_argument(
        "-o", "--output", metavar="OUT", help="write the transcript to OUT, which may be SCRIPT"
    )
    parser.add_argument(
        "--source-file",
        metavar="FILE",
        help="for bazel run: write the transcript to FILE, a path below the workspace",
    )
    parser.add_argument(
        "--renew-with", metavar="TEXT", help="the command that an error of --test names"
    )
    args = parser.parse_args(argv)
    if args.output and args.source_file:
        raise UsageError("--source-file: not with --output; remove one of them")
    return args


def _releases(paths: Sequence[str]) -> Mapping[str, bytes]:
    releases: dict[str, bytes] = {}
    for path in paths:
        name = os.path.basename(path).removesuffix(_SUFFIX)
        if name in releases:
            raise UsageError(
                f"--bundle: two bundles have the name '{shown(name)}'; rename the file of one"
            )
        releases[name] = files.read_input(path, _MAX_BUNDLE_BYTES)
    return releases
