"""provision: the factory states which release a device has, and the first preset."""

import os
import sys
from collections.abc import Sequence

from software_update.base import files
from software_update.base.errors import UsageError, printable
from software_update.base.strict_json import to_text
from software_update.cli.client.arguments import PROGRAM, add_domain, parser_of
from software_update.cli.client.session import open_local
from software_update.cli.client.text import status_lines
from software_update.client.shell.callers import this_process
from software_update.client.shell.control import ActionRefused

_MAX_MANIFEST_BYTES = 64 << 20


def run_provision(argv: Sequence[str]) -> int:
    """Provisions a device. The service must not run."""
    parser = parser_of(
        "provision",
        "States the release that the factory has put on the device, which raises the floor, and writes the "
        "first preset. Stop the service before. Without it, a device starts with the root in its image, no "
        "floor, and the preset ask. The line in the history also has the slots, powers and areas of the "
        "domain in the configuration.",
    )
    group = parser.add_mutually_exclusive_group()
    group.add_argument("--bundle", metavar="FILE", help="the bundle of the factory's release")
    group.add_argument(
        "--manifest", metavar="FILE", help="the installed manifest of the factory's release"
    )
    parser.add_argument(
        "--preset",
        choices=("ask", "auto-security", "auto-all", "never"),
        help="the first preset; default: that of the configuration",
    )
    add_domain(parser, "the only one; without a release, all")
    parser.add_argument(
        "--slot", metavar="NAME", help="the slot with the release; default: the one that runs"
    )
    args = parser.parse_args(argv)
    states_release = bool(args.bundle or args.manifest)
    if args.slot and not states_release:
        raise UsageError("--slot: is only valid with --bundle or --manifest; remove it")
    with open_local(args.config) as session:
        control, who = session.control, this_process()
        problems = control.problems()
        if problems:
            raise ActionRefused(problems[0])
        for warning in control.warnings():
            print(f"{PROGRAM}: warning: {printable(warning)}", file=sys.stderr)
        manifest = None
        if args.manifest:
            manifest = files.read_input(args.manifest, _MAX_MANIFEST_BYTES)
        elif args.bundle:
            manifest = control.manifest_of(os.path.realpath(args.bundle), args.domain)
        presets = {each.name: each.policy.preset for each in session.config.domains}
        names = [args.domain] if args.domain or states_release else list(presets)
        for name in names:
            preset = args.preset or presets[name or next(iter(presets))]
            status = control.provision(who, manifest, preset, name, args.slot)
    print(to_text(status) if args.json else "\n".join([*status_lines(status), ""]), end="")
    return 0
