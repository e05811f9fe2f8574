"""Tests of the SBOM of this project itself."""

import json
from pathlib import Path

from own_components import own_components
from software_update.attachments.sbom import Product, build_sbom, check_sbom


def test_sbom_has_every_component_with_its_licence_and_all_hashes() -> None:
    components = [each.component for each in own_components(Path("."))]
    content = build_sbom(Product("rules_software_update", "0.1.0"), components)
    check_sbom("own.cdx.json", content, components)
    document = json.loads(content)
    [own] = [each for each in components if each.name == "cffi"]
    [cffi] = [each for each in document["components"] if each["name"] == "cffi"]
    assert len(cffi["hashes"]) == len(own.sha256.split()) > 10
    assert all(each["licenses"] for each in document["components"])
