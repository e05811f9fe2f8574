"""Tests of the SBOM of this project itself."""

import json
from pathlib import Path

import pytest
from own_components import OwnComponent, own_components
from own_sbom import build_own_sbom, main, module_version, scope
from software_update.attachments.sbom import Component
from software_update.base.errors import InputError

TOP = Path(".")
FEW = [
    OwnComponent(Component("cffi", "2", sha256="ab" * 32), ("tools/python/runtime.txt",)),
    OwnComponent(Component("six", "1"), ("tools/python/sbom.txt", "tools/workshop/locks/test.txt")),
]


def test_sbom_has_every_component_with_its_licence_scope_and_all_hashes(tmp_path: Path) -> None:
    assert main(["-o", str(tmp_path / "own.cdx.json")]) == 0
    document = json.loads((tmp_path / "own.cdx.json").read_text())
    components = own_components(TOP)
    assert len(document["components"]) == len(components)
    [own] = [each.component for each in components if each.component.name == "cffi"]
    [cffi] = [each for each in document["components"] if each["name"] == "cffi"]
    assert len(cffi["hashes"]) == len(own.sha256.split()) > 10
    assert cffi["scope"] == "required"
    assert all(each["licenses"] for each in document["components"])
    named = [each["licenses"][0].get("license", {}) for each in document["components"]]
    assert not [each for each in named if "name" in each], "not an SPDX identifier"
    own_part = document["metadata"]["component"]
    assert own_part["version"] == module_version(TOP)


@pytest.mark.parametrize(
    ("named_in", "expected"),
    [
        (["tools/python/runtime.txt", "tools/workshop/locks/test.txt"], "required"),
        (["MODULE.bazel"], "required"),
        (["tools/python/build.txt", "tools/python/sbom.txt"], "optional"),
        (["tools/python/build.txt"], "excluded"),
        (["tools/workshop/locks/test.txt"], "excluded"),
    ],
)
def test_scope_of_a_component(named_in: list[str], expected: str) -> None:
    assert scope(OwnComponent(Component("x"), tuple(named_in))) == expected


def test_a_changed_component_gives_the_sbom_another_identifier() -> None:
    changed = [FEW[0], FEW[1]._replace(named_in=("tools/workshop/locks/test.txt",))]
    serials = {
        json.loads(build_own_sbom("1", each))["serialNumber"] for each in (FEW, changed, FEW)
    }
    assert len(serials) == 2


def test_a_module_without_a_version_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "MODULE.bazel").write_text(
        'module(\n    name = "x",\n)\n\nbazel_dep(name = "y", version = "1")\n'
    )
    with pytest.raises(InputError, match=r"MODULE\.bazel: has no version"):
        module_version(tmp_path)
