"""The difference of two lists of lines, in bounded time."""

import difflib
from collections.abc import Iterable, Iterator, Sequence

# In the worst case, the time of difflib grows with the cube of the number of lines.
MAX_COMPARED_LINES = 1000
_MAX_LINE_CHARACTERS = 200


def text_difference(
    old: Sequence[str], new: Sequence[str], context_lines: int = 3
) -> Iterator[str]:
    """Yields the lines of a unified diff without the names of files, nothing for equal lists.

    A line has at most 204 characters. It can contain control characters, which the caller must escape. If
    more than 1000 lines lie between the first and the last difference, the diff only says how many. Without
    `context_lines`, no line tells the place of a difference.
    """
    start = _common(zip(old, new, strict=False))
    shorter = min(len(old), len(new)) - start
    end = _common((old[-1 - index], new[-1 - index]) for index in range(shorter))
    removed, added = len(old) - start - end, len(new) - start - end
    if max(removed, added) > MAX_COMPARED_LINES:
        yield f"@@ -{start + 1},{removed} +{start + 1},{added} @@ too many lines to compare"
        return
    first = max(0, start - context_lines)
    last = max(0, end - context_lines)
    yield from _unified(
        old[first : len(old) - last], new[first : len(new) - last], first, context_lines
    )


def _common(pairs: Iterable[tuple[str, str]]) -> int:
    """Returns the number of pairs before the first one that differs."""
    count = 0
    for old, new in pairs:
        if old != new:
            break
        count += 1
    return count


def _unified(
    old: Sequence[str], new: Sequence[str], skipped: int, context_lines: int
) -> Iterator[str]:
    """Yields the diff of lines before which `skipped` equal lines were left out."""
    matcher = difflib.SequenceMatcher(None, old, new)
    for group in matcher.get_grouped_opcodes(context_lines):
        (_, old_start, _, new_start, _), (_, _, old_end, _, new_end) = group[0], group[-1]
        if context_lines:
            yield (
                f"@@ -{skipped + old_start + 1},{old_end - old_start} "
                f"+{skipped + new_start + 1},{new_end - new_start} @@"
            )
        for tag, old_from, old_to, new_from, new_to in group:
            if tag == "equal":
                yield from (_shown(" ", each) for each in old[old_from:old_to])
            else:
                yield from (_shown("-", each) for each in old[old_from:old_to])
                yield from (_shown("+", each) for each in new[new_from:new_to])


def _shown(mark: str, line: str) -> str:
    cut = line[:_MAX_LINE_CHARACTERS]
    return f"{mark}{cut}" if cut == line else f"{mark}{cut}..."
