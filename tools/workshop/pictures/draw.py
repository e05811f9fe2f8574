"""Draws the pictures of the documentation: `./bazelw run //docs:pictures`.

A picture is a TOML file in docs/pictures, and its SVG is next to it. Each box has a place on a grid;
arrows are straight, or have right angles. The colours follow the reader's colour scheme. The keys:

- `title`, `desc`: the name of the picture, and its content in words
- `pitch`, `box`: pixels from the middle of a box to that of the next one, and the size of a box
- `boxes`: `id`; `at`, column and row; `text`, the first line bold; `kind`; `size` in pixels
- `groups`: `id`; `around`, the boxes in it; `text`
- `arrows`: `from` and `to`, a box or group with `.SIDE` or `.SIDE:PART`; `text`; `via`, places on the
  grid; `at`, the place of the text on the grid; `dashed`
- `notes`: `at`; `text`, words without a box
"""

import os
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

MARGIN = 24
LINE = 17
SNAP = 12
# Pixels of a letter, on average, of 13 pixels in a usual font.
LETTER, BOLD = 6.6, 7.2
KINDS = ("plain", "person", "key", "file", "good", "bad", "start")

_STYLE = """\
svg { --bg: #ffffff; --fg: #1b1f27; --line: #59616e; --plain: #f1f3f7; --person: #e3edfb;
  --key: #fdf0cf; --file: #ece6f8; --good: #def3e2; --bad: #fbe1e0; --frame: #8a92a0; }
@media (prefers-color-scheme: dark) {
  svg { --bg: #1e2129; --fg: #eceef2; --line: #aab2bf; --plain: #2e323d; --person: #233a57;
    --key: #4d3f17; --file: #3b3155; --good: #1f4429; --bad: #562726; --frame: #7d8594; }
}
text { font: 13px system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif;
  fill: var(--fg); text-anchor: middle; }
.first { font-weight: 600; }
.left { text-anchor: start; }
.back { fill: var(--bg); }
.box { stroke: var(--line); stroke-width: 1.2; }
.group { fill: none; stroke: var(--frame); stroke-dasharray: 2 3; }
.arrow { fill: none; stroke: var(--line); stroke-width: 1.5; stroke-linejoin: round; }
.dashed { stroke-dasharray: 6 4; }
.head { fill: var(--line); }
"""


class PictureError(Exception):
    """One line for the user: the place, and what is wrong."""


@dataclass(frozen=True)
class Frame:
    """A rectangle, in pixels: its middle and its size."""

    x: float
    y: float
    width: float
    height: float

    def point(self, side: str, part: float) -> tuple[float, float]:
        """Returns a point on a side, at a part of its length from the left or the top."""
        left, top = self.x - self.width / 2, self.y - self.height / 2
        return {
            "left": (left, top + part * self.height),
            "right": (left + self.width, top + part * self.height),
            "top": (left + part * self.width, top),
            "bottom": (left + part * self.width, top + self.height),
        }[side]

    def overlaps(self, other: "Frame") -> bool:
        """Returns whether the two have a point in common."""
        return (
            abs(self.x - other.x) < (self.width + other.width) / 2
            and abs(self.y - other.y) < (self.height + other.height) / 2
        )


class Picture:
    """The content of a picture, with the place of each part."""

    def __init__(self, name: str, content: dict[str, Any]) -> None:
        self.name, self.content = name, content
        self.pitch = content.get("pitch", [190, 90])
        self.size = content.get("box", [150, 50])
        self.frames: dict[str, Frame] = {}
        self.points: list[tuple[float, float]] = []
        for box in content.get("boxes", []):
            width, height = box.get("size", self.size)
            frame = Frame(*self.place(box["at"]), width, height)
            for other, known in self.frames.items():
                if frame.overlaps(known):
                    raise PictureError(f"{name}: {box['id']} and {other} overlap")
            self._check_text(box, frame)
            self.frames[box["id"]] = frame
        for group in content.get("groups", []):
            self.frames[group["id"]] = self._group(group["around"])

    def place(self, at: list[float]) -> tuple[float, float]:
        """Returns the pixels of a place on the grid."""
        return at[0] * self.pitch[0], at[1] * self.pitch[1]

    def _check_text(self, box: dict[str, Any], frame: Frame) -> None:
        if box.get("kind") == "start":
            return
        lines = box["text"].split("\n")
        for number, line in enumerate(lines):
            if len(line) * (LETTER if number else BOLD) > frame.width - 8:
                raise PictureError(f"{self.name}: {line!r} is wider than its box {box['id']}")
        if len(lines) * LINE > frame.height - 6:
            raise PictureError(f"{self.name}: {box['id']} has too many lines")

    def _group(self, around: list[str]) -> Frame:
        inside = [self.frames[each] for each in around]
        left = min(each.x - each.width / 2 for each in inside) - 16
        right = max(each.x + each.width / 2 for each in inside) + 16
        top = min(each.y - each.height / 2 for each in inside) - 30
        bottom = max(each.y + each.height / 2 for each in inside) + 14
        return Frame((left + right) / 2, (top + bottom) / 2, right - left, bottom - top)

    def end(self, text: str, other: str) -> tuple[float, float, str]:
        """Returns the point at which an arrow ends, and the side."""
        name, _, where = text.partition(".")
        side, _, part = where.partition(":")
        frame = self.frames.get(name)
        if frame is None:
            raise PictureError(
                f"{self.name}: an arrow names {name!r}, which is neither a box nor a group"
            )
        if not side:
            towards = self.frames[other.partition(".")[0]]
            dx, dy = towards.x - frame.x, towards.y - frame.y
            gap_x = abs(dx) - (frame.width + towards.width) / 2
            if gap_x >= abs(dy) - (frame.height + towards.height) / 2:
                side = "right" if dx > 0 else "left"
            else:
                side = "bottom" if dy > 0 else "top"
        return *frame.point(side, float(part or 0.5)), side

    def path(self, arrow: dict[str, Any]) -> list[tuple[float, float]]:
        """Returns the points of an arrow."""
        x1, y1, side1 = self.end(arrow["from"], arrow["to"])
        x2, y2, side2 = self.end(arrow["to"], arrow["from"])
        first, last = side1 in ("left", "right"), side2 in ("left", "right")
        # A small step in a line looks like a mistake.
        if not first and not last and abs(x1 - x2) < SNAP:
            x1 = x2
        if first and last and abs(y1 - y2) < SNAP:
            y1 = y2
        points = [(x1, y1)]
        for x, y in [self.place(each) for each in arrow.get("via", [])]:
            # A place of the grid fixes only the part that the side leaves open.
            before_x, before_y = points[-1]
            points.append((x, before_y) if first else (before_x, y))
            first = not first
        if points[-1][0] != x2 and points[-1][1] != y2:
            before_x, before_y = points[-1]
            if first and last:
                middle = (before_x + x2) / 2
                points += [(middle, before_y), (middle, y2)]
            elif not first and not last:
                middle = (before_y + y2) / 2
                points += [(before_x, middle), (x2, middle)]
            else:
                points.append((x2, before_y) if first else (before_x, y2))
        return [*points, (x2, y2)]


def svg(name: str, content: dict[str, Any]) -> str:
    """Returns the SVG of a picture. Raises PictureError."""
    picture = Picture(name, content)
    parts: list[str] = []
    extent: list[tuple[float, float]] = []
    for group in content.get("groups", []):
        frame = picture.frames[group["id"]]
        parts.append(_rectangle(frame, "group"))
        x, y = frame.point("top", 0)
        parts.append(_text(x + 10, y + 18, group["text"], "left"))
        extent += [frame.point("left", 0), frame.point("right", 1)]
    labels: list[str] = []
    for arrow in content.get("arrows", []):
        points = picture.path(arrow)
        extent += points
        parts += _arrow(points, arrow)
        if arrow.get("text"):
            x, y = picture.place(arrow["at"]) if "at" in arrow else _middle(points)
            labels += _lines(x, y, arrow["text"], label=True)
            extent += _extent_of_text(x, y, arrow["text"])
    for box in content.get("boxes", []):
        frame = picture.frames[box["id"]]
        kind = box.get("kind", "plain")
        if kind not in KINDS:
            raise PictureError(f"{name}: {box['id']} is of the kind {kind!r}; use one of {KINDS}")
        if kind == "start":
            parts.append(f'<circle class="head" cx="{_n(frame.x)}" cy="{_n(frame.y)}" r="8"/>')
        else:
            parts.append(_rectangle(frame, "box", f' fill="var(--{kind})"'))
            parts += _lines(frame.x, frame.y, box["text"], first="first")
        extent += [frame.point("left", 0), frame.point("right", 1)]
    for note in content.get("notes", []):
        x, y = picture.place(note["at"])
        labels += _lines(x, y, note["text"], label=True)
        extent += _extent_of_text(x, y, note["text"])
    left, top = min(x for x, _ in extent) - MARGIN, min(y for _, y in extent) - MARGIN
    width = max(x for x, _ in extent) + MARGIN - left
    height = max(y for _, y in extent) + MARGIN - top
    box = f"{_n(left)} {_n(top)} {_n(width)} {_n(height)}"
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box}" width="{_n(width)}" '
            f'height="{_n(height)}" role="img" aria-labelledby="title desc">',
            f"<!-- Drawn from {name}.toml; renew with: ./bazelw run //docs:pictures -->",
            f'<title id="title">{escape(content["title"])}</title>',
            f'<desc id="desc">{escape(" ".join(content["desc"].split()))}</desc>',
            f"<style>\n{_STYLE}</style>",
            _rectangle(Frame(left + width / 2, top + height / 2, width, height), "back"),
            *parts,
            *labels,
            "</svg>",
            "",
        ]
    )


def _n(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def _rectangle(frame: Frame, name: str, more: str = "") -> str:
    x, y = frame.point("left", 0)
    return (
        f'<rect class="{name}" x="{_n(x)}" y="{_n(y)}" width="{_n(frame.width)}" '
        f'height="{_n(frame.height)}" rx="6"{more}/>'
    )


def _text(x: float, y: float, text: str, name: str) -> str:
    attribute = f' class="{name}"' if name else ""
    return f'<text{attribute} x="{_n(x)}" y="{_n(y)}">{escape(text)}</text>'


def _lines(x: float, y: float, text: str, first: str = "", label: bool = False) -> Iterator[str]:
    lines = text.split("\n")
    top = y - (len(lines) - 1) * LINE / 2 + 4.5
    if label:
        # The line of the arrow ends at its words.
        (left, upper), (right, lower) = _extent_of_text(x, y, text)
        yield _rectangle(Frame(x, y, right - left, lower - upper), "back")
    for number, line in enumerate(lines):
        yield _text(x, top + number * LINE, line, "" if number else first)


def _extent_of_text(x: float, y: float, text: str) -> list[tuple[float, float]]:
    lines = text.split("\n")
    wide = max(map(len, lines)) * LETTER / 2 + 6
    tall = len(lines) * LINE / 2
    return [(x - wide, y - tall), (x + wide, y + tall)]


def _middle(points: list[tuple[float, float]]) -> tuple[float, float]:
    """Returns the middle of the longest part of a path, for its text."""
    pairs = list(pairwise(points))
    (x1, y1), (x2, y2) = max(
        pairs, key=lambda pair: abs(pair[0][0] - pair[1][0]) + abs(pair[0][1] - pair[1][1])
    )
    return (x1 + x2) / 2, (y1 + y2) / 2


def _arrow(points: list[tuple[float, float]], arrow: dict[str, Any]) -> Iterator[str]:
    (x1, y1), (x2, y2) = points[-2:]
    length = max(abs(x2 - x1) + abs(y2 - y1), 1)
    dx, dy = (x2 - x1) / length, (y2 - y1) / length
    line = " ".join(f"{_n(x)},{_n(y)}" for x, y in [*points[:-1], (x2 - 7 * dx, y2 - 7 * dy)])
    name = "arrow dashed" if arrow.get("dashed") else "arrow"
    yield f'<polyline class="{name}" points="{line}"/>'
    a, b = (
        (x2 - 9 * dx + 4.5 * dy, y2 - 9 * dy - 4.5 * dx),
        (x2 - 9 * dx - 4.5 * dy, y2 - 9 * dy + 4.5 * dx),
    )
    head = " ".join(f"{_n(x)},{_n(y)}" for x, y in ((x2, y2), a, b))
    yield f'<polygon class="head" points="{head}"/>'


def pictures(folder: Path) -> dict[str, str]:
    """Returns the SVG of each picture in a folder, under the name of its file. Raises PictureError."""
    return {
        f"{each.stem}.svg": svg(each.stem, tomllib.loads(each.read_text(encoding="utf-8")))
        for each in sorted(folder.glob("*.toml"))
    }


def main() -> int:
    top = Path(os.environ.get("BUILD_WORKSPACE_DIRECTORY", "."))
    folder = top / "docs/pictures"
    try:
        drawn = pictures(folder)
    except (PictureError, tomllib.TOMLDecodeError) as error:
        print(f"pictures: {error}", file=sys.stderr)
        return 1
    for name, text in drawn.items():
        (folder / name).write_text(text, encoding="utf-8")
    print(f"pictures: wrote {len(drawn)} files in docs/pictures")
    return 0


if __name__ == "__main__":
    sys.exit(main())
