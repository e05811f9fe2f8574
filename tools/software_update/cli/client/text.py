"""The client's JSON as lines for a person, with the commands that continue. Pure."""

import dataclasses
from collections.abc import Iterator
from typing import Any

from software_update.base.errors import printable
from software_update.cli.client.arguments import PROGRAM
from software_update.client.documents import read_decision
from software_update.client.question import Advisory, Component, LogFacts, Phase, Question
from software_update.client.question_text import decisions_text, question_text
from software_update.format.claims import Power, TargetClaim

Document = dict[str, Any]

_MEANINGS = {
    "check": "look for a release now",
    "install": "install a bundle from a file",
    "approve": "agree",
    "decline": "do not install this release",
    "postpone": "ask again later",
    "restart-done": "go on after the restart",
    "commit": "keep this release",
    "rollback": "end the update",
    "clear": "lift the quarantine, and forget this result",
    "trust": "compare and confirm the root in the image",
}
_ARGUMENTS = {"install": "install BUNDLE"}


def status_lines(status: Document) -> list[str]:
    """Returns a status as lines without line ends."""
    return [
        f"{status['state']} ({status['number']}), {_detail(status)}",
        printable(status["sentence"]),
        *_question(status),
        *_last_result(status),
        *(line for name, each in status["domains"].items() for line in _domain(name, each)),
        *_failures(status),
        *([f"Problem: {printable(status['problem'])}"] if status["problem"] else []),
        *([f"Next check: {status['next_check']}"] if status["next_check"] else []),
        *_actions(status),
    ]


def question_of(document: Document) -> Question:
    """Returns a question from its JSON."""
    values = {
        field.name: document[field.name]
        for field in dataclasses.fields(Question)
        if field.name in document
    }
    values = {
        name: tuple(value) if isinstance(value, list) else value for name, value in values.items()
    }
    claims = [TargetClaim(**{**each, "reach": tuple(each["reach"])}) for each in document["claims"]]
    log = document.get("log")
    values |= {
        "phase": Phase(document["phase"]),
        "advisories": tuple(Advisory(**each) for each in document["advisories"]),
        "claims": tuple(claims),
        "components": tuple(Component(**each) for each in document["components"]),
        "powers_gained": tuple(Power(**each) for each in document["powers_gained"]),
        "log": LogFacts(**{**log, "witnesses": tuple(log["witnesses"])}) if log else None,
    }
    return Question(**values)


def counted(count: int, noun: str) -> str:
    """Returns a number with its noun."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def history_line(line: Document) -> str:
    """Returns a line of the history for a person."""
    from software_update.base.dates import format_date

    parts = [format_date(line["at"]), line["event"], line["detail"]]
    answer = line.get("answer") or {}
    if answer:
        parts.append(f"{answer['who']}: {answer['reply']} to {answer['phase']}")
    parts += [
        line[name] for name in ("version", "choice", "reason", "result", "text") if name in line
    ]
    if "rollout" in line:
        parts.append(f"rollout {line['rollout']}")
    if "who" in line:
        parts.append(line["who"])
    return printable("  ".join(str(each) for each in parts if each))


def _detail(status: Document) -> str:
    plan = status["plan"]
    if status["detail"] == "AwaitingConsent" and plan:
        return f"AwaitingConsent({plan['phase']})"
    return str(status["detail"])


def _question(status: Document) -> Iterator[str]:
    if status["asking"] and status["question"]:
        yield ""
        yield from question_text(question_of(status["question"]))
        yield ""
    yield from decisions_text(
        [(each["policy"], read_decision(each)) for each in status["decisions"]]
    )


def _last_result(status: Document) -> Iterator[str]:
    result = status["result"]
    if result is not None:
        yield f"Last result: {result['code']}, {printable(result['text'])} ({result['at']})"


def _domain(name: str, domain: Document) -> Iterator[str]:
    running = domain["slots"].get(domain["running"])
    version = printable(running["version"]) if running else "an unknown release"
    root = "" if domain["root_version"] is None else f", root version {domain['root_version']}"
    slot = f"slot {domain['running']} runs" if domain["running"] else "no slot runs, but"
    yield f"{name}: {slot} {version}{root}, preset {domain['preset']}"
    if domain["root_refused"]:
        yield f"{name}: {domain['root_refused']}: no root is in force, and nothing is installed"
    if domain["damaged_slot"]:
        yield f"{name}: SLOT_DAMAGED: slot {domain['damaged_slot']} has other bytes than its release"
    for member in ("powers", "areas"):
        if domain[member] is not None:
            yield f"{name}: {member} {', '.join(domain[member]) or 'none'}"
    if domain["repository"]:
        fresh = domain["repository"]["fresh_until"]
        yield f"{name}: the repository is fresh until {fresh}"
    if domain["below_floor"]:
        floor = printable(domain["floor"]["version"])
        yield (
            f"{name}: BelowFloor: this device had {floor} before, and installs only releases that are not "
            "older"
        )


def _failures(status: Document) -> Iterator[str]:
    for each in status["failures"]:
        state = "quarantined" if each["quarantined"] else "may be tried again"
        times, release = counted(each["count"], "time"), each["release"][:16]
        yield f"{each['domain']}: release {release}... failed {times}: {state}"


def _actions(status: Document) -> Iterator[str]:
    for name in status["actions"]:
        yield f"  {PROGRAM} {_ARGUMENTS.get(name, name):18}{_MEANINGS[name]}"
