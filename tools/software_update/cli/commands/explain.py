"""explain: what a verdict means, and what to do about it."""

import re
import textwrap
from collections.abc import Sequence

from software_update.cli.options.arguments import Parser, verdict_of
from software_update.cli.render.explanations import EXPLANATIONS
from software_update.format.verdicts import Verdict

_COLUMNS = 80


def run(argv: Sequence[str]) -> int:
    parser = Parser("explain", "Explains a verdict and its cure.")
    parser.add_argument(
        "name", metavar="NAME", nargs="?", help="a verdict; default: all of them, one line each"
    )
    args = parser.parse_args(argv)
    if args.name is None:
        for verdict in Verdict:
            print(f"{verdict:26}{_first_sentence(EXPLANATIONS[verdict].meaning)}")
        return 0
    verdict = verdict_of(args.name, "explain")
    explanation = EXPLANATIONS[verdict]
    print(f"{verdict}\n\n{_filled(explanation.meaning)}")
    if explanation.cure:
        print(f"\n{_filled(f'Cure: {explanation.cure}')}")
    return 0


def _first_sentence(text: str) -> str:
    return re.split(r"(?<=\.) ", text, maxsplit=1)[0]


def _filled(text: str) -> str:
    return textwrap.fill(text, _COLUMNS, break_long_words=False, break_on_hyphens=False)
