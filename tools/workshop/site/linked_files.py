"""Prints the files outside of `docs` that the pages lead to, for the repository rule in sources.bzl.

It runs with the machine's own Python before any action, so it imports only the module next to it.
"""

import json
import os
import sys
from pathlib import Path, PurePosixPath

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from markdown_source import links

# Pages that the site contains even if no page leads to them.
FIRST = ("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "LICENSE")


def resolve(page: str, link: str) -> str:
    """Returns the path of a link below the top of the source tree, without its anchor."""
    path = link.strip("<>").split("#")[0]
    return os.path.normpath(PurePosixPath(page).parent / path) if path else page


def linked_files(top: Path) -> tuple[list[str], list[str]]:
    """Returns the files and folders outside of `docs` that pages lead to, and all pages that were read.

    Pages that are linked are read as well. Links that lead nowhere are left out: the site's builder
    reports them.
    """
    pages = sorted(str(each.relative_to(top)) for each in (top / "docs").rglob("*.md"))
    waiting = [*FIRST, *pages]
    found: set[str] = set()
    read: list[str] = []
    while waiting:
        path = waiting.pop()
        if path in found or path in read or path.startswith("..") or not (top / path).exists():
            continue
        if not path.startswith("docs/"):
            found.add(path)
        if path.endswith(".md"):
            read.append(path)
            text = (top / path).read_text(encoding="utf-8")
            waiting += [resolve(path, each) for each in links(text)]
    outside = sorted(each for each in found if each not in {".", "docs"})
    return outside, sorted(read)


def folder_list(folder: Path) -> list[str]:
    """Returns the names in a folder, of folders with a slash, without those of caches."""
    names = (each.name + "/" * each.is_dir() for each in folder.iterdir())
    return sorted(each for each in names if not each.startswith((".", "__pycache__", "bazel-")))


def main() -> None:
    top = Path(sys.argv[1])
    files, read = linked_files(top)
    json.dump(
        {
            "files": [each for each in files if (top / each).is_file()],
            "folders": {each: folder_list(top / each) for each in files if (top / each).is_dir()},
            "read": read,
        },
        sys.stdout,
    )


if __name__ == "__main__":
    main()
