"""Follows docs/guides/signing_many.md: forty bundles, signed as a queue, collected and released."""

import json
from pathlib import Path

import pytest

from tests.nested.reader import follow

BUNDLES = 40
# Two people sign each bundle, and one key the root.
SIGNATURES = 2 * BUNDLES + 1


def test_signing_many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    workspace = follow([Path("docs/guides/signing_many.md")], tmp_path, monkeypatch)
    products = sorted(workspace.glob("product_*"))
    assert len(products) == BUNDLES
    for product in products:
        bundle = workspace / "bazel-bin" / product.name / "bundle.bundle"
        assert (product / "app.bin").read_bytes() in bundle.read_bytes()
    index = json.loads((workspace / "bazel-bin/requests/index.json").read_text())
    folders = {each["signatures_folder"]: each["product"] for each in index["requests"]}
    assert folders == {f"{each.name}/signatures": each.name for each in products} | {
        "signatures/root": None
    }
    assert len(list(workspace.glob("**/signatures/**/*.json"))) == SIGNATURES
