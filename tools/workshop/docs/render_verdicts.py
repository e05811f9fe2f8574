"""Renders the explanations of verdicts and refusals, which `software-update explain` prints, as a page."""

import textwrap
from collections.abc import Mapping

import markup
from software_update.cli.render.explanations import EXPLANATIONS, REFUSALS, Explanation
from software_update.format.refusals import Refusal
from software_update.format.verdicts import Verdict

_INTRODUCTION = """\
For readers whose bundle was rejected: the meaning of each verdict, and the cure.

`software-update bundle verify` gives a bundle one verdict. The checks run in a fixed order and the
first failure decides, so a bundle with several faults always gets the same verdict. The exit code is
0 for `ACCEPT` and 1 for any other verdict, and the message names the part of the bundle that failed.
`software-update explain NAME` prints the same text as this page.

Never switch a check off because of a verdict. If you made the bundle, apply the cure. If you did not,
and the cure does not help, do not install the bundle: it is not the one that its makers signed.
"""

_REFUSALS = """\
A bundle with the verdict `ACCEPT` can still be refused, because of what is disclosed about the release:
claims, attachments, statements of auditors, and the proof that it is in a public log. These names are
refusals, and not verdicts: the device, build or person that checks a release chooses the checks.
Devices that make none of them, such as microcontrollers, never refuse for these reasons. The exit
code of commands is 1.
"""

# The first verdict below each heading.
_HEADINGS = {
    Verdict.ACCEPT: "Accepted",
    Verdict.MALFORMED: "The form of the bundle",
    Verdict.KEY_ID_MISMATCH: "Keys and signatures",
    Verdict.ROOT_VERSION_GAP: "Versions and time",
    Verdict.RELEASE_ROLLBACK: "The release manifest",
    Verdict.NO_TARGETS: "Targets and payloads",
}
_REFUSAL_HEADINGS = {
    Refusal.MALFORMED_CLAIMS: "Claims",
    Refusal.MISSING_ATTACHMENT: "Attachments and audits",
    Refusal.MISSING_PROOF: "The proof of a log",
}
_COLUMNS = 100


def render(explanations: Mapping[Verdict, Explanation] = EXPLANATIONS) -> str:
    """Returns the page, with the verdicts and refusals in the order of the checks."""
    text = markup.head("Verdicts", "explanations.py") + _INTRODUCTION
    for verdict in Verdict:
        if verdict in _HEADINGS:
            text += f"\n## {_HEADINGS[verdict]}\n"
        text += _entry(verdict, explanations[verdict])
    text += f"\n## Refusals\n\n{_REFUSALS}"
    for refusal in Refusal:
        if refusal in _REFUSAL_HEADINGS:
            text += f"\n## {_REFUSAL_HEADINGS[refusal]}\n"
        text += _entry(refusal, REFUSALS[refusal])
    return text


def _entry(name: str, explanation: Explanation) -> str:
    text = f"\n### `{name}`\n\n{_filled(explanation.meaning)}"
    return f"{text}\n**Cure.** {_filled(explanation.cure)}" if explanation.cure else text


def _filled(paragraph: str) -> str:
    lines = textwrap.wrap(paragraph, _COLUMNS, break_long_words=False, break_on_hyphens=False)
    return "\n".join(lines) + "\n"
