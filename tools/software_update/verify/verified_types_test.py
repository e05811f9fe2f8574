"""Only verification makes the types that tell that something was verified."""

import ast
from collections.abc import Iterator
from pathlib import Path

from software_update.testing import tree

# The type, and the module that makes its values.
MAKERS = {
    "TrustedRoot": "software_update/verify/roots.py",
    "VerifiedRelease": "software_update/verify/targets.py",
}


def sources() -> Iterator[tuple[str, ast.AST]]:
    for path in sorted((tree.TOOLS / "software_update").rglob("*.py")):
        yield str(path.relative_to(tree.TOOLS)), ast.parse(path.read_text(encoding="utf-8"))


def uses(name: str, node: ast.AST) -> bool:
    """Returns whether a node calls a type, or something of it such as `_make`, or copies a value."""
    if not isinstance(node, ast.Call):
        return False
    parts = [getattr(each, "id", getattr(each, "attr", "")) for each in ast.walk(node.func)]
    return name in parts


def test_where_verified_values_are_made() -> None:
    found = {
        (name, path)
        for path, source in sources()
        for node in ast.walk(source)
        for name in MAKERS
        if uses(name, node)
    }
    assert found == set(MAKERS.items())


def test_no_copy_with_other_values() -> None:
    """Only these modules use `_replace`, and none of them on a verified value.

    Apart from messages, the values are parts of URLs, devices, catalog entries, rollout rules, lifetimes,
    claims, pages of releases and their files, lists of releases, and envelopes that are not verified yet.
    """
    copies = {
        path
        for path, source in sources()
        for node in ast.walk(source)
        if isinstance(node, ast.Attribute) and node.attr == "_replace"
    }
    products = {path for path in copies if not Path(path).stem.endswith("_test")}
    # Bazel shows the test only the modules of the libraries that it depends on.
    assert products <= {
        "software_update/bundle/head.py",
        "software_update/cli/commands/bundle_page.py",
        "software_update/cli/repository/arguments.py",
        "software_update/client/claimed.py",
        "software_update/client/look.py",
        "software_update/client/shell/network.py",
        "software_update/client/simulator/repository.py",
        "software_update/client/sources/address.py",
        "software_update/disclosure/page_consent.py",
        "software_update/disclosure/page_files.py",
        "software_update/format/messages.py",
        "software_update/repository/add.py",
        "software_update/repository/rules.py",
        "software_update/repository/web.py",
        "software_update/steps/release_list.py",
        "software_update/testing/pages.py",
    }
