"""Bundles, and the ways in which they arrive at a device, for tests of the library's own code."""

import dataclasses
from collections.abc import Iterator

from tests.device_library import edges, fake_signatures, mutants, python_judge, signatures, subjects
from tests.device_library.edges import WHOLE, Question
from tests.device_library.library import BARE, SMALL, TAKES_ROOTS, USUAL
from tests.device_library.signatures import of_all_cases
from tests.device_library.subjects import Subject

# Piece, sink and limits.
_WAYS = ((WHOLE, 0, USUAL), (7, 1, SMALL), (1, 0, USUAL), (64, 2, USUAL), (7, 1, BARE))
_WAYS_OF_LARGE = _WAYS[:2]
_LARGE = 20_000
_PIECES = (WHOLE, 64, 7, 1)


def cases() -> Iterator[Question]:
    """Yields all cases and the edges, with their good signatures."""
    for each in subjects.kept():
        for piece, sink, limits in _WAYS if len(each.bundle) < _LARGE else _WAYS_OF_LARGE:
            yield Question(
                each.bundle, each.device, piece, sink, limits=limits, listed=of_all_cases()
            )
    found = edges.all_edges()
    devices = [(each.question.bundle, each.same_device or each.question.device) for each in found]
    usable = [Subject("", "", *each) for each in devices if python_judge.is_usable(each[1])]
    listed = b"".join((of_all_cases(), signatures.good(usable)))
    for edge in found:
        yield dataclasses.replace(edge.question, listed=listed)


def signed_mutants(first: int, count: int) -> Iterator[Question]:
    """Yields the usable ones of the mutants FIRST, FIRST + 1 and so on, `count` of them."""
    for number in range(first, first + count):
        mutant = mutants.one(f"code/{number}", fake_signatures.sign)
        if python_judge.is_usable(mutant.device):
            piece = _PIECES[number % 4]
            yield Question(mutant.bundle, mutant.device, piece, fake=True, roots=TAKES_ROOTS)
