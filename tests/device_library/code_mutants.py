"""Mutants of C++ sources: one operator, constant or statement changed in each."""

import dataclasses
import re
from collections import Counter
from collections.abc import Iterator

# Comments, texts and lines of the preprocessor stay as they are.
_NOT_CODE = re.compile(
    r"//[^\n]*|/\*.*?\*/|\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'|^#[^\n]*", re.S | re.M
)
_OPERATORS = {
    " == ": (" != ",),
    " != ": (" == ",),
    " < ": (" <= ", " >= "),
    " <= ": (" < ",),
    " > ": (" >= ", " <= "),
    " >= ": (" > ",),
    " && ": (" || ",),
    " || ": (" && ",),
    " + ": (" - ",),
    " - ": (" + ",),
    " & ": (" | ",),
    " | ": (" & ",),
    " << ": (" >> ",),
    " >> ": (" << ",),
    "++": ("--",),
    "!": ("",),
    "true": ("false",),
    "false": ("true",),
}
_OPERATOR = re.compile(r" (?:==|!=|<=|>=|<<|>>|&&|\|\||[<>+\-&|]) |\+\+|!(?!=)|\btrue\b|\bfalse\b")
_NUMBER = re.compile(r"(?<![\w.])(?:0x[0-9a-f]+|\d+)(?=u?\b)")
_CONSTANT = re.compile(r"(?<=Verdict::)k[A-Z]\w+")
_CONDITION = re.compile(r"\b(if|while) \((?=[^\n]*\) \{\n)")
# A statement on a line of its own.
_STATEMENT = re.compile(
    r"^( +)((?!return\b|case\b|const\b|using\b|static\b|break\b)[\w*&(:][^;{}\n]*;)\n", re.M
)


@dataclasses.dataclass(frozen=True)
class CodeMutant:
    """A source with one change at a line, the first being 1. `before` is that line without the change.

    `number`: counts equal changes of equal lines, from 1.
    """

    file: str
    line: int
    before: str
    change: str
    text: str
    number: int = 1

    @property
    def key(self) -> str:
        """A name by the line's content, so that other lines may change."""
        again = f" ({self.number})" if self.number > 1 else ""
        return f"{self.file}: {self.change}: {self.before}{again}"


def mutants_of(file: str, text: str) -> Iterator[CodeMutant]:
    """Yields all mutants of a source. Some of them do not compile."""
    numbers = Counter[str]()
    for mutant in _all_mutants_of(file, text):
        numbers[mutant.key] += 1
        yield dataclasses.replace(mutant, number=numbers[mutant.key])


def _all_mutants_of(file: str, text: str) -> Iterator[CodeMutant]:
    code = _NOT_CODE.sub(lambda found: re.sub(r"[^\n]", "\0", found[0]), text)

    def changed(start: int, end: int, new: str) -> CodeMutant:
        before = text[start:end].strip() or text[start:end]
        change = f"{before} -> {new.strip() or 'nothing'}"
        line = text.count("\n", 0, start)
        whole = text.splitlines()[line].strip()
        return CodeMutant(file, line + 1, whole, change, text[:start] + new + text[end:])

    for found in _OPERATOR.finditer(code):
        for new in _OPERATORS[found[0]]:
            yield changed(found.start(), found.end(), new)
    for found in _NUMBER.finditer(code):
        value = int(found[0], 0)
        for number in {value + 1, max(0, value - 1)} - {value}:
            yield changed(found.start(), found.end(), str(number))
    for found in _CONSTANT.finditer(code):
        new = "kTooLarge" if found[0] == "kMalformed" else "kMalformed"
        yield changed(found.start(), found.end(), new)
    for found in _CONDITION.finditer(code):
        end = code.index(") {\n", found.start())
        if found[1] == "if":
            yield changed(found.end(), end, "true")
        yield changed(found.end(), end, "false")
    for found in _STATEMENT.finditer(code):
        yield changed(found.start(2), found.end(2), ";")
