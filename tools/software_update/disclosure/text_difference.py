"""The difference of two texts, line by line, in bounded time."""

import difflib
from collections.abc import Iterator, Sequence

_CONTEXT_LINES = 3
# The longest time of difflib grows with the cube of the number of lines: 2 s for so many.
MAX_COMPARED_LINES = 1000
_MAX_LINE_CHARACTERS = 200


def text_difference(old: str, new: str) -> Iterator[str]:
    """Yields the lines of a unified diff without the names of files, nothing for equal texts.

    A line has at most 204 characters. It can contain control characters, which the caller must escape. If
    more than 1000 lines lie between the first and the last difference, the diff only says how many.
    """
    old_lines, new_lines = _lines(old), _lines(new)
    start = _common(zip(old_lines, new_lines, strict=False))
    rest = zip(reversed(old_lines[start:]), reversed(new_lines[start:]), strict=False)
    end = _common(rest)
    removed, added = len(old_lines) - start - end, len(new_lines) - start - end
    if max(removed, added) > MAX_COMPARED_LINES:
        yield f"@@ -{start + 1},{removed} +{start + 1},{added} @@ too many lines to compare"
        return
    first = max(0, start - _CONTEXT_LINES)
    last = max(0, end - _CONTEXT_LINES)
    yield from _unified(
        old_lines[first : len(old_lines) - last], new_lines[first : len(new_lines) - last], first
    )


def _lines(text: str) -> list[str]:
    # Not splitlines: it takes other characters for ends of lines, such as a form feed.
    return text.split("\n")


def _common(pairs: Iterator[tuple[str, str]]) -> int:
    """Returns the number of pairs before the first one that differs."""
    count = 0
    for old, new in pairs:
        if old != new:
            break
        count += 1
    return count


def _unified(old: Sequence[str], new: Sequence[str], skipped: int) -> Iterator[str]:
    """Yields the diff of lines before which `skipped` equal lines were left out."""
    matcher = difflib.SequenceMatcher(None, old, new)
    for group in matcher.get_grouped_opcodes(_CONTEXT_LINES):
        (_, old_start, _, new_start, _), (_, _, old_end, _, new_end) = group[0], group[-1]
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
