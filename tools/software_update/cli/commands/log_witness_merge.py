"""log witness-merge: add cosignatures of witnesses to the checkpoint of a transparency log."""

from collections.abc import Sequence

from software_update.base import files
from software_update.base.dates import format_date
from software_update.base.errors import shown
from software_update.base.strict_json import to_text
from software_update.cli.log import arguments as options
from software_update.cli.options.arguments import Parser
from software_update.transparency.note import MAX_NOTE_BYTES

_SCHEMA = "software_update.log_cosigned.v1"


def run(argv: Sequence[str]) -> int:
    parser = Parser(
        "log witness-merge",
        "Adds cosignatures of witnesses to the checkpoint of a log, after checking them. A newer one by the "
        "same witness replaces an older one.",
    )
    options.add_log(parser)
    parser.add_argument(
        "files",
        metavar="FILE",
        nargs="+",
        help="the answers of witnesses: cosigned checkpoints, or lines with cosignatures",
    )
    options.add_policy(parser)
    options.add_json(parser, _SCHEMA)
    args = parser.parse_args(argv)
    from software_update.disclosure.log_sign import merge_cosignatures

    policy = options.policy_of(args)
    answers = {each: files.read_input(each, MAX_NOTE_BYTES) for each in args.files}
    merged = merge_cosignatures(options.folder_of(args), policy, answers)
    if args.json:
        found = [
            {"witness": each.witness, "time": format_date(each.time), "added": each.is_new}
            for each in merged
        ]
        print(to_text({"schema": _SCHEMA, "cosignatures": found}), end="")
        return 0
    for each in merged:
        what = "added" if each.is_new else "is there already, or a newer one"
        print(f"{shown(each.witness)}: cosigned {format_date(each.time)}: {what}")
    return 0
