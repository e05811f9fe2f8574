"""Shows a question to a person on a terminal, as lines of plain text in a fixed order. Pure.

Texts of a release are not trusted: its maker must not be able to send commands to the terminal, or to make a
text look like another line of the question. So all characters that do not print are escaped, and each line
of the release notes and advisories begins with `> `, and is short enough not to wrap.
"""

import textwrap
import unicodedata
from collections.abc import Iterator, Sequence

from software_update.base.dates import format_date
from software_update.base.errors import shown
from software_update.base.text import readable
from software_update.client.decision import Decision
from software_update.client.question import LogFacts, Phase, Question
from software_update.format.claims import AREAS, CONFINED_BY, REACH

_LABEL = 22
_COLUMNS = 72
_MAX_QUOTED_LINES = 40
_MAX_QUOTED_CHARACTERS = 4000
_MAX_ENTRIES = 16
_NOT_STATED = "not stated"
_SIZES = ((10**9, "GB"), (10**6, "MB"), (10**3, "kB"))


def question_text(question: Question) -> list[str]:
    """Returns the question as lines without line ends."""
    return [_asked(question), "", *_facts(question), *_advisories(question), *_notes(question)]


def decisions_text(decisions: Sequence[tuple[str, Decision]]) -> list[str]:
    """Returns the decision of each policy with its reason, as lines without line ends."""
    return [line for name, decision in decisions for line in _decision(name, decision)]


def _decision(name: str, decision: Decision) -> Iterator[str]:
    until = "" if decision.until is None else f"; asked again at {format_date(decision.until)}"
    text = readable(f"{decision.choice.name.lower()}, {decision.reason}{until}")
    lines = textwrap.wrap(text, _columns(text) - _LABEL)
    for label, line in zip([f"{shown(name)}:", *[""] * len(lines)], lines, strict=False):
        yield f"{label:<{_LABEL}}{line}"


def _asked(question: Question) -> str:
    verb = {
        Phase.DOWNLOAD: "Download and install" if question.download_installs else "Download",
        Phase.INSTALL: "Install",
        Phase.RESTART: "Restart into",
    }[question.phase]
    return f"{verb} version {shown(question.to_version)} of {shown(question.product)}?"


def _facts(question: Question) -> Iterator[str]:
    before = "nothing known" if question.from_version is None else shown(question.from_version)
    yield _fact("Vendor", _cut(question.vendor))
    yield _fact("Product", shown(question.product))
    yield _fact("Version", f"{before} -> {shown(question.to_version)}")
    if question.later_versions:
        yield from _list("Goes on to", question.later_versions)
    yield _fact("Kind", shown(question.kind or _NOT_STATED))
    yield _fact("Severity", shown(question.severity or _NOT_STATED))
    yield from _list("Closes", [f"{each.id} ({each.severity})" for each in question.advisories])
    yield _fact("Download", _size(question.download_bytes))
    yield _fact("Installation", _size(question.install_bytes))
    yield _fact("Duration", _duration(question.duration))
    yield from _list("Does not work then", question.unavailable_functions)
    undone = {True: "yes", False: "no", None: _NOT_STATED}[question.reversible]
    yield _fact("Can be undone", undone)
    yield from _list("Signed by", question.signers)
    if question.log is not None:
        yield from _log(question.log)
    if question.auditors:
        yield from _list("Audited by", question.auditors)
    yield _fact("Release digest", shown(question.release))
    yield _fact("Slot", _cut(question.slot) if question.slot else _NOT_STATED)
    yield from _allowed("Allowed powers", question.powers)
    yield from _allowed("Allowed areas", question.areas)
    yield from _claims(question)


def _allowed(label: str, words: Sequence[str] | None) -> Iterator[str]:
    """Yields the device's own limit for the trust domain."""
    yield _fact(label, "not limited" if words is None else _cut(", ".join(words) or "none"))


def _claims(question: Question) -> Iterator[str]:
    """Yields the vendor's claims. A word comes before the names of components, which could be long."""
    if not question.claims:
        yield _fact("Claims", _NOT_STATED)
        return
    yield _fact("Claims", "the vendor's words, which nothing has checked")
    areas = [(each.area, each.component) for each in question.components]
    yield from _by_word("Changes", areas, AREAS)
    powers = [(word, each.component) for each in question.claims for word in each.reach]
    yield from _by_word("Powers", powers, REACH)
    gained = [(each.word, each.component) for each in question.powers_gained]
    yield from _by_word("Gains powers", gained, REACH)
    confined = [(each.confined_by or "none", each.component) for each in question.claims]
    yield from _by_word("Confined by", confined, CONFINED_BY)
    if question.not_reversible:
        yield from _list("Cannot be undone", question.not_reversible)
    if question.unclaimed:
        yield from _list("Changes, no claim", question.unclaimed)


def _by_word(label: str, pairs: Sequence[tuple[str, str]], known: Sequence[str]) -> Iterator[str]:
    """Yields a line for each word with its components; words that this version does not know come last."""
    components: dict[str, dict[str, None]] = {}
    for word, component in pairs:
        components.setdefault(word, {})[component] = None
    words = [each for each in known if each in components]
    lines = [f"{word}: {', '.join(components[word])}" for word in words]
    for word in sorted(components.keys() - {*known}):
        lines.append(f"{word} (unknown): {', '.join(components[word])}")
    yield from _list(label, lines or ["none"])


def _log(log: LogFacts) -> Iterator[str]:
    if log.origin is None:
        yield _fact("In a public log", "NOT PROVEN")
        problem = readable(log.problem or _NOT_STATED)
        yield from _list("Because", textwrap.wrap(problem, _columns(problem) - _LABEL))
        return
    yield _fact("In a public log", _cut(log.origin))
    if log.witnesses:
        yield from _list("Cosigned by", log.witnesses)


def _fact(label: str, text: str) -> str:
    return f"{label + ':':<{_LABEL}}{text}"


def _list(label: str, texts: Sequence[str]) -> Iterator[str]:
    """Yields a line for each text, the first one with the label."""
    if not texts:
        yield _fact(label, _NOT_STATED)
        return
    for index, text in enumerate(texts[:_MAX_ENTRIES]):
        prefix = f"{label}:" if index == 0 else ""
        yield f"{prefix:<{_LABEL}}{_cut(text)}"
    if len(texts) > _MAX_ENTRIES:
        yield f"{'':<{_LABEL}}and {len(texts) - _MAX_ENTRIES} more"


def _cut(text: str) -> str:
    room = _columns(text) - _LABEL
    start = readable(text[: room + 1])
    return start if len(start) <= room else f"{start[: room - 3]}..."


def _advisories(question: Question) -> Iterator[str]:
    paragraphs = []
    for each in question.advisories:
        paragraphs.append(f"{each.id}: {each.text}")
        if each.action:
            paragraphs.append(f"{each.id}, what to do: {each.action}")
    yield from _quoted("Advisories", "\n".join(paragraphs))


def _notes(question: Question) -> Iterator[str]:
    yield from _quoted("Notes", question.notes or "")


def _quoted(label: str, text: str) -> Iterator[str]:
    """Yields a text of the release after a mark, and nothing for an empty one."""
    text = text.strip()
    if not text:
        return
    yield _fact(label, "the vendor's words, in the lines that begin with >")
    lines = [
        line
        for paragraph in text[:_MAX_QUOTED_CHARACTERS].splitlines()
        for line in _wrapped(readable(paragraph))
    ]
    yield from (f"> {line}".rstrip() for line in lines[:_MAX_QUOTED_LINES])
    if len(lines) > _MAX_QUOTED_LINES or len(text) > _MAX_QUOTED_CHARACTERS:
        yield "> [...]"


def _wrapped(paragraph: str) -> list[str]:
    return textwrap.wrap(paragraph, _columns(paragraph)) or [""]


def _columns(text: str) -> int:
    """Returns how many characters of a text fit into a line: half as many if some are wide."""
    wide = any(unicodedata.east_asian_width(each) in "WF" for each in text)
    return _COLUMNS // 2 if wide else _COLUMNS


def _size(length: int) -> str:
    for unit, name in _SIZES:
        if length >= unit:
            return f"{length / unit:.1f} {name}"
    return f"{length} bytes"


def _duration(seconds: int | None) -> str:
    if seconds is None:
        return _NOT_STATED
    if seconds < 120:
        return f"about {seconds} seconds"
    if seconds < 2 * 60 * 60:
        return f"about {-(-seconds // 60)} minutes"
    return f"about {-(-seconds // 3600)} hours"
