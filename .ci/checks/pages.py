"""Checks of the pages: links, labels, and the example of README.md."""

from __future__ import annotations

import re
from pathlib import Path

from run import TOP, Run, report


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
    """Each label in a command of the pages names a target. Those of the top folder are only examples."""
    pages = "\n".join((TOP / page).read_text() for page in run.tracked("*.md"))
    labels = set(re.findall(r"bazelw (?:build|run|test) (//[\w.][\w/.:+-]*)", pages))
    run.labels(" + ".join(sorted(labels)))


def readme_example(_: Run) -> None:
    """The README's lines for Bazel and GN are those of examples/quickstart."""
    page = (TOP / "README.md").read_text()
    bad = []
    for language, name in (("starlark", "BUILD.bazel"), ("gn", "BUILD.gn")):
        example = (TOP / "examples/quickstart" / name).read_text()
        block = re.search(rf"^```{language}\n(.*?)^```$", page, re.M | re.S)
        call = re.search(r"^software_update_bundle.*", block[1], re.M | re.S) if block else None
        if not call or f"\n{call[0]}" not in example:
            bad.append(
                f"README.md: its first {language} block is not in examples/quickstart/{name}"
            )
    report(bad)
