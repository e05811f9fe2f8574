"""The imports of the product itself: only downward, without circles, and listed for GN."""

from pathlib import Path

import imports
import layers
import library
import tool_sources
from software_update.cli.dispatch import COMMANDS

TOP = Path(__file__).absolute().parents[3]
TOOLS = TOP / "tools"
# A reader must be able to follow a command down to the ground. The client, the publisher of a repository, and
# what is disclosed about a release are layers of their own, above the signers and the verifier.
MAX_PATH = 13
MAX_PATH_WITH_LAYERS = 20
_LAYERS = (
    "software_update/attachments/",
    "software_update/cli/repository/",
    "software_update/client/",
    "software_update/disclosure/",
    "software_update/repository/",
    "software_update/transparency/",
)


def test_sources_are_here() -> None:
    assert len(imports.product_modules(TOOLS)) > 50


def test_imports_are_dependencies() -> None:
    assert layers.problems(TOOLS) == []


def test_no_circle_and_no_long_path() -> None:
    graph = imports.graph(TOOLS)
    others = {
        module: {each for each in imported if not each.startswith(_LAYERS)}
        for module, imported in graph.items()
        if not module.startswith(_LAYERS)
    }
    for edges, most in ((others, MAX_PATH), (graph, MAX_PATH_WITH_LAYERS)):
        path = imports.longest_path(edges)
        assert len(path) <= most, "\n".join(path)


def test_lazy_upward_import_fails(tmp_path: Path) -> None:
    """Copies the product, and plants one import into a function of the lowest layer."""
    for path in (TOOLS / imports.PRODUCT).rglob("*"):
        if path.suffix == ".py" or path.name == "BUILD.bazel":
            copy = tmp_path / path.relative_to(TOOLS)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(path.read_bytes())
    with (tmp_path / "software_update/base/text.py").open("a") as module:
        module.write("\n\ndef planted():\n    from software_update.verify import recovery\n")
    [problem] = layers.problems(tmp_path)
    assert problem.startswith(
        "software_update/base/text.py: imports software_update/verify/recovery.py, but "
    )


def test_library_leaves_the_terminal_to_the_command_line() -> None:
    assert library.problems(TOOLS, COMMANDS) == []


def test_gn_lists_the_modules_that_actions_run() -> None:
    fresh = tool_sources.render(TOOLS)
    assert (TOP / tool_sources.PATH).read_text() == fresh, (
        "renew it with: bazel run //tools/workshop/imports:update"
    )
