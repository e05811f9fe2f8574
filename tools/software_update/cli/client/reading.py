"""status, history and verify-installed: subcommands that change nothing, and need no permission."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from software_update.base.strict_json import to_text
from software_update.cli.client.arguments import add_domain, parser_of
from software_update.cli.client.session import Session, open_session
from software_update.cli.client.text import counted, history_line, status_lines

Document = dict[str, Any]
_PAGE = 1000


def run_status(argv: Sequence[str]) -> int:
    """Shows the status."""
    parser = parser_of(
        "status",
        "Shows the state of the client, the question that waits, and the commands that continue.",
    )
    args = parser.parse_args(argv)
    with open_session(args.config) as session:
        status = session.read("status")
    print(to_text(status), end="") if args.json else print("\n".join(status_lines(status)))
    return 0


def run_history(argv: Sequence[str]) -> int:
    """Shows, verifies or exports the history."""
    parser = parser_of(
        "history", "Shows what happened on this device: offers, questions, answers and results."
    )
    group = parser.add_mutually_exclusive_group()
    group.add_argument(
        "--verify",
        action="store_true",
        help="check that no line was changed or removed, instead of showing them",
    )
    group.add_argument(
        "--export",
        action="store_true",
        help="print the lines as the device keeps them, each with the SHA-256 of the line before",
    )
    args = parser.parse_args(argv)
    with open_session(args.config) as session:
        if args.verify:
            found = session.read("history/verify")
            text = f"{counted(found['total'], 'line')}, none changed or removed\n"
            print(to_text(found) if args.json else text, end="")
            return 0
        lines = list(_lines(session))
    if args.json:
        document = {"schema": "software_update.client_history.v1", "after": 0}
        print(to_text({**document, "total": len(lines), "lines": lines}), end="")
        return 0
    for line in lines:
        # As the client writes it: the digests are of exactly these bytes.
        compact = json.dumps(line, separators=(",", ":"), ensure_ascii=False)
        print(compact if args.export else history_line(line))
    return 0


def run_verify_installed(argv: Sequence[str]) -> int:
    """Hashes the slot that runs."""
    parser = parser_of(
        "verify-installed",
        "Hashes the targets in the slot that runs, and compares them with the installed manifest. Of targets "
        "that dm-verity covers, it compares the root hash that the kernel uses. Exit code 1: one differs.",
    )
    add_domain(parser, "the only one")
    args = parser.parse_args(argv)
    query = {"domain": args.domain} if args.domain else {}
    with open_session(args.config) as session:
        found = session.read("verify-installed", **query)
    targets = counted(len(found["targets"]), "target")
    covered = f" ({len(found['by_verity'])} by dm-verity)" if found["by_verity"] else ""
    text = f"slot {found['slot']} has {targets} of version {found['version']}, all unchanged{covered}\n"
    print(to_text(found) if args.json else text, end="")
    return 0


def _lines(session: Session) -> Iterator[Document]:
    after = 0
    while True:
        found = session.read("history", after=str(after), count=str(_PAGE))
        yield from found["lines"]
        after += len(found["lines"])
        if not found["lines"] or after >= found["total"]:
            return
