"""explain: what a verdict or a refusal means, and what to do about it."""

import re
import textwrap
from collections.abc import Sequence

from software_update.cli.options.arguments import Parser, verdict_of
from software_update.cli.render.explanations import EXPLANATIONS, REFUSALS, Explanation
from software_update.format.refusals import Refusal

_COLUMNS = 80
_LABEL = 31


def run(argv: Sequence[str]) -> int:
    parser = Parser("explain", "Explains a verdict or a refusal, and its cure.")
    parser.add_argument(
        "name",
        metavar="NAME",
        nargs="?",
        help="a verdict or refusal; default: all of them, one line each",
    )
    args = parser.parse_args(argv)
    if args.name is None:
        for each, explanation in (*EXPLANATIONS.items(), *REFUSALS.items()):
            print(f"{each:{_LABEL}}{_first_sentence(explanation.meaning)}")
        return 0
    name, explanation = _explained(args.name)
    print(f"{name}\n\n{_filled(explanation.meaning)}")
    if explanation.cure:
        print(f"\n{_filled(f'Cure: {explanation.cure}')}")
    return 0


def _explained(text: str) -> tuple[str, Explanation]:
    name = text.upper()
    if name in Refusal.__members__:
        return name, REFUSALS[Refusal(name)]
    verdict = verdict_of(text, "explain", others=tuple(Refusal))
    return verdict, EXPLANATIONS[verdict]


def _first_sentence(text: str) -> str:
    return re.split(r"(?<=\.) ", text, maxsplit=1)[0]


def _filled(text: str) -> str:
    return textwrap.fill(text, _COLUMNS, break_long_words=False, break_on_hyphens=False)
