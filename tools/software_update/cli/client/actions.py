"""The subcommands that act on the client: answers, installation, and what follows it."""

import os
import sys
import time
from argparse import Namespace
from collections.abc import Sequence
from typing import Any

from software_update.base.dates import format_date, parse_date
from software_update.base.errors import SoftwareUpdateError, printable
from software_update.base.strict_json import to_text
from software_update.cli.client.arguments import add_domain, add_release, parser_of
from software_update.cli.client.outcome import exit_code
from software_update.cli.client.session import Session, open_session
from software_update.cli.client.text import question_of, status_lines
from software_update.cli.options.arguments import parse_integer
from software_update.client.question_text import question_text

Document = dict[str, Any]
_DAY = 24 * 60 * 60
_PHASES = ("download", "install", "restart")
_PRESETS = ("ask", "auto-security", "auto-all", "never")


class NothingToAnswer(SoftwareUpdateError):
    """No release waits for an answer."""

    exit_code = 1


def run_check(argv: Sequence[str]) -> int:
    """Looks for a release."""
    parser = parser_of(
        "check",
        "Looks for a release in the sources of the configuration, and fetches only its metadata.",
    )
    add_domain(parser, "all, until one offers a release")
    parser.add_argument(
        "--automatic",
        action="store_true",
        help="a timer looks, and not a person: wait for the rollout of a release, and look for nothing "
        "with the preset never",
    )
    args = parser.parse_args(argv)
    with open_session(args.config) as session:
        automatic = args.automatic or None
        return _show(args, session.act("check", domain=args.domain, automatic=automatic))


def run_approve(argv: Sequence[str]) -> int:
    """Says yes."""
    parser = parser_of(
        "approve", "Agrees to the phase that waits, and runs it. Policies may still defer it."
    )
    group = parser.add_mutually_exclusive_group()
    group.add_argument(
        "--phase",
        choices=_PHASES,
        action="append",
        help="agree to this phase, also before it is asked about; may appear several times",
    )
    group.add_argument("--all", action="store_true", help="agree to all phases, the restart too")
    add_release(parser)
    args = parser.parse_args(argv)
    phases = list(_PHASES) if args.all else args.phase
    return _answer(args, "yes", phases=phases)


def run_decline(argv: Sequence[str]) -> int:
    """Says no, or never."""
    parser = parser_of(
        "decline",
        "Declines the release that waits. It can be approved later, as long as it is offered.",
    )
    parser.add_argument("--never", action="store_true", help="do not ask about this release again")
    add_release(parser)
    args = parser.parse_args(argv)
    return _answer(args, "never" if args.never else "no")


def run_postpone(argv: Sequence[str]) -> int:
    """Says later."""
    parser = parser_of("postpone", "Puts off the release that waits, for one day by default.")
    group = parser.add_mutually_exclusive_group()
    group.add_argument("--until", metavar="DATE", help="such as 2031-01-01T00:00:00Z")
    group.add_argument("--days", metavar="N", help="for so many days from now")
    add_release(parser)
    args = parser.parse_args(argv)
    until = args.until
    if until is not None:
        parse_date(until, "--until")
    if args.days is not None:
        days = parse_integer(args.days, "--days", "number of days")
        until = format_date(int(time.time()) + min(days, 36500) * _DAY)
    return _answer(args, "later", until=until)


def run_install(argv: Sequence[str]) -> int:
    """Installs a bundle from a file."""
    parser = parser_of(
        "install",
        "Verifies a bundle in a file, asks on the terminal about each phase, and writes it into a slot that "
        "does not run.",
    )
    parser.add_argument("bundle", metavar="BUNDLE", help="the bundle")
    add_domain(parser, "the only one")
    parser.add_argument(
        "--yes", action="store_true", help="agree to all phases, the restart too; ask nothing"
    )
    args = parser.parse_args(argv)
    with open_session(args.config) as session:
        status = session.act("install", path=os.path.realpath(args.bundle), domain=args.domain)
        return _ask_to_the_end(args, session, status)


def run_recover(argv: Sequence[str]) -> int:
    """Installs the golden bundle."""
    parser = parser_of(
        "recover",
        "Verifies the golden bundle of the configuration, asks on the terminal about each phase, and writes "
        "it into a slot that does not run.",
    )
    add_domain(parser, "the only one")
    parser.add_argument(
        "--below-floor",
        action="store_true",
        help="let a release below the floor run, to fetch a newer one; the floor stays",
    )
    parser.add_argument(
        "--yes", action="store_true", help="agree to all phases, the restart too; ask nothing"
    )
    args = parser.parse_args(argv)
    with open_session(args.config) as session:
        below = args.below_floor or None
        status = session.act("recover", domain=args.domain, below_floor=below)
        return _ask_to_the_end(args, session, status)


def _ask_to_the_end(args: Namespace, session: Session, status: Document) -> int:
    """Asks about each phase of a release that a person has named, also if it was declined earlier."""
    waits = status["asking"] or status["detail"] == "Finished"
    while waits:
        reply = "yes" if args.yes else _ask(status["question"])
        if reply is None:
            break
        status = session.act("answer", reply=reply, **_bound_to(status["question"]))
        waits = status["asking"]
    return _show(args, status)


def run_restart_done(argv: Sequence[str]) -> int:
    """Goes on after a restart."""
    parser = parser_of(
        "restart-done",
        "Asks the boot loader which slot runs, after a restart that the client did not start; then the "
        "health programs run, and the release is committed.",
    )
    return _act(parser.parse_args(argv), "restart-done")


def run_commit(argv: Sequence[str]) -> int:
    """Commits the release that is being tried."""
    parser = parser_of("commit", "Keeps the release that is being tried. It cannot be undone.")
    return _act(parser.parse_args(argv), "commit")


def run_rollback(argv: Sequence[str]) -> int:
    """Ends the plan."""
    parser = parser_of(
        "rollback",
        "Ends the update. If the new release runs already, the device goes back to the one before it, which "
        "works only before the commit.",
    )
    return _act(parser.parse_args(argv), "rollback")


def run_clear(argv: Sequence[str]) -> int:
    """Clears the quarantine and the last result."""
    parser = parser_of(
        "clear",
        "Lifts the quarantine of all releases that failed too often, and forgets the last result.",
    )
    return _act(parser.parse_args(argv), "clear")


def run_factory_reset(argv: Sequence[str]) -> int:
    """Forgets what belongs to the user."""
    parser = parser_of(
        "factory-reset",
        "Forgets answers, postponements and downloads, and sets the presets of the configuration. Roots, "
        "floors, the failures of releases and the history stay.",
    )
    return _act(parser.parse_args(argv), "factory-reset")


def run_policy(argv: Sequence[str]) -> int:
    """Shows or changes the preset."""
    parser = parser_of("policy", "Shows the preset of each domain, or changes it.")
    parser.add_argument(
        "preset",
        metavar="PRESET",
        nargs="?",
        choices=_PRESETS,
        help="ask: ask about each release. auto-security: ask about all but security releases. auto-all: "
        "install all releases. never: switch updates off, and use no network",
    )
    add_domain(parser, "all")
    args = parser.parse_args(argv)
    with open_session(args.config) as session:
        if args.preset:
            status = session.act("policy", preset=args.preset, domain=args.domain)
        else:
            status = session.read("status")
    if args.json:
        print(to_text(status), end="")
    else:
        for name, domain in status["domains"].items():
            print(f"{name}: {domain['preset']}")
    return 0


def _act(args: Namespace, name: str) -> int:
    with open_session(args.config) as session:
        return _show(args, session.act(name))


def _answer(args: Namespace, reply: str, **fields: object) -> int:
    with open_session(args.config) as session:
        status = session.read("status")
        plan = status["plan"]
        if plan is None:
            raise NothingToAnswer("no release waits for an answer")
        # The question of this moment: a later one is not answered.
        waits = status["detail"] == "AwaitingConsent"
        members = _bound_to(plan if waits else {**plan, "phase": None})
        members |= {name: value for name, value in fields.items() if value}
        if args.release:
            members["release"] = args.release
        return _show(args, session.act("answer", reply=reply, **members))


def _bound_to(asked: Document) -> Document:
    """Returns the members of an answer that bind it to a question, or to a plan that was declined."""
    phases = {"phases": [asked["phase"]]} if asked["phase"] else {}
    return {"release": asked["release"], "root": asked["root"], **phases}


def _show(args: Namespace, status: Document) -> int:
    if args.json:
        print(to_text(status), end="")
    else:
        print("\n".join(status_lines(status)))
    code = exit_code(status)
    return code


def _ask(question: Document) -> str | None:
    """Asks on the terminal. Returns the reply; None if there is no terminal, or the person gives none."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return None
    print("\n".join(question_text(question_of(question))), file=sys.stderr)
    print("[y]es, [n]o or [l]ater? ", end="", file=sys.stderr, flush=True)
    typed = printable(sys.stdin.readline().strip().lower())
    return {"y": "yes", "yes": "yes", "n": "no", "no": "no", "l": "later", "later": "later"}.get(
        typed
    )
