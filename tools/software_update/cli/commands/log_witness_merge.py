"""log witness-merge: add cosignatures of witnesses to the checkpoint of a transparency log."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from software_update.base import files
from software_update.base.dates import format_date
from software_update.base.errors import InputError, UsageError, printable, shown
from software_update.base.strict_json import to_text
from software_update.cli.log import arguments as options
from software_update.cli.options.arguments import Parser
from software_update.cli.render.warnings import warn
from software_update.transparency.log_policy import LogPolicy
from software_update.transparency.note import MAX_NOTE_BYTES

if TYPE_CHECKING:
    from software_update.repository.current import Readable

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
        nargs="*",
        help="the answers of witnesses: cosigned checkpoints, or lines with cosignatures",
    )
    parser.add_argument(
        "--ask",
        action="store_true",
        help="ask each witness of the policy that has an address there; see https://c2sp.org/tlog-witness",
    )
    options.add_policy(parser)
    options.add_json(parser, _SCHEMA)
    args = parser.parse_args(argv)
    if not args.files and not args.ask:
        raise UsageError("FILE, --ask: name the answers of witnesses, or ask the witnesses")
    from software_update.disclosure.log_sign import merge_cosignatures

    policy, storage = options.policy_of(args), options.folder_of(args)
    answers = {each: files.read_input(each, MAX_NOTE_BYTES) for each in args.files}
    failed = False
    if args.ask:
        asked, failed = _ask(policy, storage)
        answers |= asked
    merged = merge_cosignatures(storage, policy, answers)
    if failed and not policy.quorum_of([each.witness for each in merged]):
        raise InputError(
            f"{printable(args.log)}: too few witnesses cosigned for the policy; ask again later"
        )
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


def _ask(policy: LogPolicy, storage: "Readable") -> tuple[dict[str, bytes], bool]:
    """Returns the answers of the policy's witnesses by address, and whether one did not answer."""
    from software_update.disclosure.log_witness import ask_witness

    answers, failed = {}, False
    for witness in policy.witnesses:
        if not witness.url:
            continue
        try:
            answers[witness.url] = ask_witness(storage, witness.url)
        except InputError as error:
            warn(str(error))
            failed = True
    return answers, failed
