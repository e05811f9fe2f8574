"""Builds the documentation site: `./bazelw build //docs:site`.

It stages the pages of `docs` and the files that they lead to, and runs MkDocs on them. A page that
docs/README.md does not reach, or a link or anchor that leads nowhere, is an error.
"""

import argparse
import json
import logging
import os
import re
import sys
import tempfile
from collections.abc import Iterable
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

from markdown_source import anchor, for_python_markdown, replace_links
from mkdocs.commands.build import build
from mkdocs.config import load_config
from mkdocs.exceptions import MkDocsException
from navigation import OUTSIDE, navigation, pages

_LANGUAGES = {
    ".bazelrc": "ini",
    ".bzl": "starlark",
    ".bazel": "starlark",
    ".cc": "cpp",
    ".gn": "text",
    ".gni": "text",
    ".h": "cpp",
    ".json": "json",
    ".mk": "make",
    ".proto": "proto",
    ".py": "python",
    ".service": "ini",
    ".sh": "sh",
    ".toml": "toml",
    ".yml": "yaml",
}
_COPIED = (".png", ".svg", ".json", ".toml", ".txt", ".jpg")


class SiteError(Exception):
    """One line for the user."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--files", type=Path, required=True, help="lines FILE=PATH, below the top of the tree"
    )
    parser.add_argument(
        "--theme", type=Path, required=True, help="the folder of our changes to the theme"
    )
    parser.add_argument("--out", type=Path, required=True, help="the folder to write the site to")
    arguments = parser.parse_args()
    lines = arguments.files.read_text(encoding="utf-8").splitlines()
    sources = {path: Path(file) for file, _, path in (line.partition("=") for line in lines)}
    try:
        with tempfile.TemporaryDirectory() as folder:
            stage(sources, Path(folder, "docs"))
            build_site(Path(folder, "docs"), arguments.theme, arguments.out)
    except SiteError as error:
        print(f"site: {error}", file=sys.stderr)
        return 1
    return 0


def place(path: str) -> str:
    """Returns the place on the site of a file of the source tree; a source becomes a page about it."""
    if path.startswith("docs/"):
        return path.removeprefix("docs/")
    # MkDocs leaves out files and folders whose names begin with a dot.
    path = re.sub(r"(^|/)\.", r"\1dot-", path)
    is_page = path.endswith((".md", ".png", ".svg", ".jpg"))
    return f"{OUTSIDE}/{path}" if is_page else f"{OUTSIDE}/{path}.md"


def stage(sources: dict[str, Path], out: Path) -> None:
    """Writes pages and other files as MkDocs reads them. The keys are paths in the source tree.

    A path that ends with `.folder` names the JSON list of a folder.
    """
    known = {path.removesuffix(".folder"): place(path.removesuffix(".folder")) for path in sources}
    # A folder with a README.md is read there.
    for path in [each.removesuffix(".folder") for each in sources if each.endswith(".folder")]:
        if f"{path}/README.md" in known:
            known[path] = known[f"{path}/README.md"]
    for folder, names in folders_of_docs(sources).items():
        known.setdefault(folder, known.get(f"{folder}/README.md", f"{OUTSIDE}/{folder}.md"))
        target = out / f"{OUTSIDE}/{folder}.md"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(folder_page(folder, sorted(names)), encoding="utf-8")
    for name, file in sources.items():
        path = name.removesuffix(".folder")
        target = out / place(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        if path.endswith(".md"):
            text = file.read_text(encoding="utf-8")
            moved = replace_links(text, partial(moved_link, path, known=known))
            target.write_text(for_python_markdown(moved), encoding="utf-8")
        elif name.endswith(".folder"):
            names = json.loads(file.read_text(encoding="utf-8"))
            target.write_text(folder_page(path, names), encoding="utf-8")
        elif path.startswith("docs/") or not target.name.endswith(".md"):
            if path.endswith(_COPIED):
                target.write_bytes(file.read_bytes())
        else:
            target.write_text(source_page(path, file.read_text(encoding="utf-8")), encoding="utf-8")


def folders_of_docs(sources: Iterable[str]) -> dict[str, set[str]]:
    """Returns the names in each folder below `docs`."""
    folders: dict[str, set[str]] = {}
    for path in sources:
        parts = path.split("/")
        for depth in range(1, len(parts)):
            if parts[0] == "docs":
                name = parts[depth] + "/" * (depth + 1 < len(parts))
                folders.setdefault("/".join(parts[:depth]), set()).add(name)
    return folders


def moved_link(page: str, link: str, known: dict[str, str]) -> str:
    """Returns a link of a page as it is on the site. One that leads nowhere stays, and MkDocs reports it."""
    path, hash_sign, rest = link.strip("<>").partition("#")
    if not path:
        return link
    target = os.path.normpath(PurePosixPath(page).parent / path)
    if target not in known:
        return link
    relative = os.path.relpath(known[target], PurePosixPath(place(page)).parent)
    return f"{relative}{hash_sign}{rest}"


def source_page(path: str, text: str) -> str:
    """Returns a page that shows a file of the source tree."""
    suffix = PurePosixPath(path).suffix
    fence = "`" * max(3, 1 + max((len(each) for each in re.findall("`+", text)), default=0))
    language = _LANGUAGES.get(suffix or PurePosixPath(path).name, "text")
    return (
        f"---\nsearch:\n  exclude: true\n---\n\n# {PurePosixPath(path).name}\n\n"
        f"The file `{path}` of the source tree.\n\n{fence}{language}\n{text.rstrip()}\n{fence}\n"
    )


def folder_page(path: str, names: list[str]) -> str:
    """Returns a page that lists a folder of the source tree."""
    rows = "".join(f"- `{each}`\n" for each in names)
    return (
        f"---\nsearch:\n  exclude: true\n---\n\n# {PurePosixPath(path).name}\n\n"
        f"The folder `{path}` of the source tree contains:\n\n{rows}"
    )


def check_reached(docs: Path, reached: set[str]) -> None:
    """Raises SiteError if docs/README.md does not lead to a page of `docs`."""
    for file in sorted(docs.rglob("*.md")):
        path = str(file.relative_to(docs))
        if path not in reached and not path.startswith(f"{OUTSIDE}/"):
            raise SiteError(f"docs/{path}: no table leads to it; add a row to docs/README.md")


def settings(docs: Path, theme: Path, out: Path) -> dict[str, Any]:
    """Returns the configuration of MkDocs."""
    nav = navigation(docs)
    check_reached(docs, set(pages(nav)))
    return {
        "site_name": "rules_software_update",
        "site_description": "Signed, reproducible software-update bundles with Bazel and GN",
        "docs_dir": str(docs),
        "site_dir": str(out.resolve()),
        "nav": nav,
        "strict": True,
        "theme": {
            "name": "material",
            "custom_dir": str(theme.resolve()),
            "font": False,
            "language": "en",
            "icon": {"logo": "material/package-variant-closed-check"},
            "features": [
                "content.code.copy",
                "navigation.footer",
                "navigation.indexes",
                "navigation.prune",
                "navigation.tabs",
                "navigation.top",
                "search.highlight",
                "search.suggest",
                "toc.follow",
            ],
            "palette": [
                _palette("", "default", "theme-light-dark", "Light colours"),
                _palette(": light", "default", "weather-sunny", "Dark colours"),
                _palette(": dark", "slate", "weather-night", "Colours of the system"),
            ],
        },
        "plugins": ["search", "offline"],
        # Our own copy replaces the address of another host, which the plugin `offline` would add.
        "extra": {"polyfills": ["assets/iframe-worker.js"], "generator": False},
        "extra_css": ["assets/site.css"],
        "extra_javascript": ["assets/site.js"],
        "markdown_extensions": [
            "attr_list",
            "md_in_html",
            "tables",
            "toc",
            "pymdownx.details",
            "pymdownx.highlight",
            "pymdownx.inlinehilite",
            "pymdownx.superfences",
        ],
        "mdx_configs": {"toc": {"permalink": "#", "toc_depth": 3}},
        "validation": {
            "nav": {"absolute_links": "warn", "not_found": "warn", "omitted_files": "ignore"},
            "links": {
                "absolute_links": "warn",
                "anchors": "warn",
                "not_found": "warn",
                "unrecognized_links": "warn",
            },
        },
    }


def _palette(preference: str, scheme: str, icon: str, name: str) -> dict[str, Any]:
    """Returns the colours for a preference of the reader; `name` says what the button leads to."""
    return {
        "media": f"(prefers-color-scheme{preference})",
        "scheme": scheme,
        "primary": "indigo",
        "accent": "indigo",
        "toggle": {"icon": f"material/{icon}", "name": name},
    }


def build_site(docs: Path, theme: Path, out: Path) -> None:
    """Runs MkDocs on staged pages. Raises SiteError with all its warnings."""
    # MkDocs reads the date from there; it would be in the site otherwise.
    os.environ["SOURCE_DATE_EPOCH"] = "0"
    warnings = Warnings()
    logging.getLogger("mkdocs").addHandler(warnings)
    chosen = settings(docs, theme, out)
    extensions = chosen.pop("markdown_extensions")
    options = chosen.pop("mdx_configs")
    options["toc"]["slugify"] = lambda title, _: anchor(title)
    configured = [{each: options[each]} if each in options else each for each in extensions]
    file = docs.parent / "mkdocs.yml"
    # JSON is YAML.
    file.write_text(json.dumps({key: value for key, value in chosen.items() if key != "strict"}))
    try:
        config = load_config(str(file), markdown_extensions=configured)
        config.plugins.on_startup(command="build", dirty=False)
        build(config)
        config.plugins.on_shutdown()
    except MkDocsException as error:
        warnings.lines.append(str(error))
    if warnings.lines:
        raise SiteError(f"{len(warnings.lines)} problems\n" + "\n".join(warnings.lines))
    for name in ("sitemap.xml", "sitemap.xml.gz"):
        # They need the address of the site, which we do not know.
        (out / name).unlink(missing_ok=True)
    for page in out.rglob("*.html"):
        # A screen reader would announce an empty heading of a table, and then nothing.
        text = page.read_text(encoding="utf-8")
        page.write_text(re.sub(r"<th([^>]*)></th>", r"<td\1></td>", text), encoding="utf-8")


class Warnings(logging.Handler):
    """Keeps the warnings of MkDocs as lines."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())


if __name__ == "__main__":
    sys.exit(main())
