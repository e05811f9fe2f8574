"""All generated pages of the documentation."""

from pathlib import Path

import render_api
import render_cli
import render_client_configuration
import render_gn
import render_json
import render_python
import render_verdicts

# Folders in which every page is generated.
FOLDERS = (render_cli.FOLDER, "docs/reference/rules")


def pages(api: Path, top: Path) -> dict[str, str]:
    """Returns the text of each generated page by its path.

    `api` is the output of starlark_doc_extract, and `top` the source tree.
    """
    rules = render_api.render(api.read_bytes())
    return {
        **render_cli.render(top),
        **{f"docs/reference/rules/{name}": text for name, text in rules.items()},
        "docs/reference/client_configuration.md": render_client_configuration.render(),
        "docs/reference/gn.md": render_gn.render(top / "gn"),
        "docs/reference/json.md": render_json.render(top / "docs/reference/schemas"),
        "docs/reference/python.md": render_python.render(),
        "docs/reference/verdicts.md": render_verdicts.render(),
    }


def stale(fresh: dict[str, str], top: Path) -> list[str]:
    """Returns the paths of pages in the source tree that differ from `fresh` or are not in it."""
    found = {str(path.relative_to(top)) for folder in FOLDERS for path in (top / folder).iterdir()}
    return sorted(path for path in found | fresh.keys() if _content(top / path) != fresh.get(path))


def _content(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.is_file() else None
