"""Renders the explanations of the verdicts, which `software-update explain` prints, as a page."""

import textwrap
from collections.abc import Mapping

import markup
from software_update.cli.render.explanations import EXPLANATIONS, Explanation
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

# The first verdict below each heading.
_HEADINGS = {
    Verdict.ACCEPT: "Accepted",
    Verdict.MALFORMED: "The form of the bundle",
    Verdict.KEY_ID_MISMATCH: "Keys and signatures",
    Verdict.ROOT_VERSION_GAP: "Versions and time",
    Verdict.RELEASE_ROLLBACK: "The release manifest",
    Verdict.NO_TARGETS: "Targets and payloads",
}
_COLUMNS = 100


def render(explanations: Mapping[Verdict, Explanation] = EXPLANATIONS) -> str:
    """Returns the page, with the verdicts in the order of the checks."""
    text = markup.head("Verdicts", "explanations.py") + _INTRODUCTION
    for verdict in Verdict:
        if verdict in _HEADINGS:
            text += f"\n## {_HEADINGS[verdict]}\n"
        text += f"\n### `{verdict}`\n\n{_filled(explanations[verdict].meaning)}"
        if explanations[verdict].cure:
            text += f"\n**Cure.** {_filled(explanations[verdict].cure)}"
    return text


def _filled(paragraph: str) -> str:
    lines = textwrap.wrap(paragraph, _COLUMNS, break_long_words=False, break_on_hyphens=False)
    return "\n".join(lines) + "\n"
