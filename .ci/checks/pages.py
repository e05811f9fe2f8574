"""Checks of the pages: links, labels, and the example of README.md."""

from __future__ import annotations

import re
from pathlib import Path

from run import TOP, CheckError, Run, report


def page_links(run: Run) -> None:
    """A relative link in a page leads to a file, and to a heading where it names one."""
    bad = []
    for page in run.tracked("*.md"):
        for link in re.findall(r"\]\(([^)\s]+)\)", (TOP / page).read_text()):
            path, _, heading = link.partition("#")
            place = (TOP / page).parent / path if path else TOP / page
            if not link.startswith("https://") and not place.exists():
                bad.append(f"{page}: {link} leads nowhere")
            elif heading and not path.startswith("https://") and heading not in headings(place):
                bad.append(f"{page}: {link}: there is no such heading")
    report(bad)


def headings(page: Path) -> set[str]:
    """A page's headings as links name them: lower case, a hyphen for a space, and little else."""
    text = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
    lines = re.findall(r"^#+ (.*)", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", line.lower()).replace(" ", "-") for line in lines}


def page_labels(run: Run) -> None:
    """Every label in a command of the pages is a target's; one in the top folder stands for any."""
    pages = "\n".join((TOP / page).read_text() for page in run.tracked("*.md"))
    labels = set(re.findall(r"bazelw (?:build|run|test) (//[\w.][\w/.:+-]*)", pages))
    run.labels(" + ".join(sorted(labels)))


def readme_example(_: Run) -> None:
    """The README's ten lines to copy are how examples/quickstart begins."""
    example = (TOP / "examples/quickstart/BUILD.bazel").read_text()
    shown = re.findall(r"^```starlark\n(.*?)^```$", (TOP / "README.md").read_text(), re.M | re.S)
    if not any(example.startswith(each) for each in shown):
        raise CheckError("README.md does not show examples/quickstart/BUILD.bazel as it is")
