"""Bundles, and the ways in which they arrive at a device, for tests of the library's own code."""

from collections.abc import Iterator

from tests.device_library import edges, fake_signatures, mutants, python_judge, subjects
from tests.device_library.edges import WHOLE, Question
from tests.device_library.library import BARE, SMALL, TAKES_ROOTS, USUAL

_WAYS = ((WHOLE, 0, USUAL), (1, 0, USUAL), (64, 2, USUAL), (7, 1, SMALL), (7, 1, BARE))


def questions(count: int) -> Iterator[Question]:
    """Yields all cases, the edges, and `count` signed mutants."""
    for piece, sink, limits in _WAYS:
        for each in subjects.kept():
            yield Question(each.bundle, each.device, piece, sink, limits=limits, is_listed=True)
    for edge in edges.all_edges():
        yield edge.question
    pieces = (WHOLE, 64, 7, 1)
    for number in range(count):
        mutant = mutants.one(f"code/{number}", fake_signatures.sign)
        if python_judge.is_usable(mutant.device):
            piece = pieces[number % 4]
            yield Question(mutant.bundle, mutant.device, piece, fake=True, roots=TAKES_ROOTS)
