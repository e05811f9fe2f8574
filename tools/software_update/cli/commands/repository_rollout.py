"""repository rollout: say which share of the devices installs a release, and halt it."""

import argparse
import itertools
from collections.abc import Sequence
from typing import TYPE_CHECKING

from software_update.base.errors import UsageError
from software_update.base.strict_json import to_text
from software_update.cli.options.arguments import Parser, parse_date_argument
from software_update.cli.repository import arguments as options
from software_update.cli.repository import text

if TYPE_CHECKING:
    from software_update.format.rollout import Band

_MAX_REASON = 200


def run(argv: Sequence[str]) -> int:
    args = _arguments(argv)
    from software_update.repository.rules import Wish, change_rules

    publisher = options.publisher_of(args, "rollout", "snapshot")
    bands = _bands(args.band, publisher.now) if args.band else None
    wish = Wish(bands, args.halt, args.resume, args.remove)
    with publisher.storage.publishing():
        current = options.current_of(args, publisher)
        changed = change_rules(publisher, current, args.product, args.channel, args.release, wish)
    if args.json:
        print(to_text(text.rollout_document(changed)), end="")
    else:
        print("\n".join(text.rollout_lines(args.release, changed)))
    return 0


def _arguments(argv: Sequence[str]) -> argparse.Namespace:
    parser = Parser(
        "repository rollout",
        "Changes the rollout rules of a release: the share of devices that installs it by itself, and "
        "from when on; a halt, and its end.",
    )
    options.add_storage(parser)
    options.add_channel(parser)
    parser.add_argument(
        "--release", metavar="VERSION", required=True, help="the version of the release"
    )
    parser.add_argument(
        "--band",
        metavar="PERCENT=TIME",
        action="append",
        default=[],
        help="from TIME on, a date or now, so many percent of the devices may install; repeat it with rising "
        "percents and times; the bands replace the earlier ones",
    )
    group = parser.add_mutually_exclusive_group()
    group.add_argument(
        "--halt",
        metavar="REASON",
        help="stop the release: no device installs it, even if a person asks; REASON is shown to people",
    )
    group.add_argument("--resume", action="store_true", help="end a halt")
    group.add_argument(
        "--remove",
        action="store_true",
        help="remove the rules of the release: only people who ask install it then",
    )
    options.add_trusted_root(parser)
    options.add_keys(parser, "rollout", "snapshot")
    options.add_lifetimes(parser, "rollout", "snapshot", "timestamp")
    options.add_now(parser)
    options.add_json(parser, text.ROLLOUT)
    args = parser.parse_args(argv)
    options.check_channel(args)
    if not (args.band or args.halt is not None or args.resume or args.remove):
        raise UsageError("repository rollout: name a --band, --halt, --resume or --remove")
    if args.remove and args.band:
        raise UsageError("--remove: not with --band; leave one out")
    if args.halt is not None and not 0 < len(args.halt) <= _MAX_REASON:
        raise UsageError(f"--halt: write a reason of 1 to {_MAX_REASON} characters")
    return args


def _bands(arguments: Sequence[str], now: int) -> "tuple[Band, ...]":
    from software_update.format.rollout import MAX_BANDS

    bands = tuple(_band(each, now) for each in arguments)
    if len(bands) > MAX_BANDS:
        raise UsageError(f"--band: {len(bands)} bands; state at most {MAX_BANDS}")
    for before, after in itertools.pairwise(bands):
        if after.percent <= before.percent or after.not_before < before.not_before:
            raise UsageError(
                f"--band: {after.percent} % comes after {before.percent} %; state the bands with rising "
                "percents and times"
            )
    return bands


def _band(argument: str, now: int) -> "Band":
    from software_update.format.rollout import Band

    percent, equals, time = argument.partition("=")
    if not (equals and percent.isascii() and percent.isdigit() and 1 <= int(percent) <= 100):
        raise UsageError(
            f"--band '{argument}': write PERCENT=TIME, such as 5=2031-01-01T00:00:00Z, or 5=now"
        )
    return Band(int(percent), now if time == "now" else parse_date_argument(time, "--band"))
