"""The SBOM of a release."""

import json
import sys
from typing import Any

import pytest

from software_update.attachments import sbom as module
from software_update.attachments.sbom import (
    Component,
    IncompleteSbom,
    Product,
    build_sbom,
    check_sbom,
    merged,
    parse_components,
)
from software_update.base.errors import InputError
from software_update.testing.examples import run_example

GCC = Component(
    "gcc", "14.2", "application", "GPL-3.0-or-later WITH GCC-exception-3.1", "pkg:generic/gcc@14.2"
)
PICOLIBC = Component("picolibc", "1.8.6", sha256="ab" * 32, licence="BSD-3-Clause")
DEVICE = Component("//device")
COMPONENTS = [DEVICE, GCC, PICOLIBC]
PRODUCT = Product("blinky", "7")
SBOM = build_sbom(PRODUCT, COMPONENTS)


def changed(**fields: Any) -> bytes:
    return json.dumps(json.loads(SBOM) | fields).encode()


def problem(content: bytes, components: list[Component] = COMPONENTS) -> str:
    with pytest.raises(IncompleteSbom) as caught:
        check_sbom("own.cdx.json", content, components)
    return str(caught.value)


def test_the_example_in_the_docstring_works() -> None:
    run_example(module, content=json.dumps([each._asdict() for each in COMPONENTS]).encode())


def test_component_with_a_file_for_each_platform_has_several_hashes() -> None:
    component = Component("wheels", "1", sha256=f"{'ab' * 32} {'cd' * 32}")
    content = build_sbom(PRODUCT, [component])
    check_sbom("two.cdx.json", content, [component])
    [part] = json.loads(content)["components"]
    assert [each["content"] for each in part["hashes"]] == ["ab" * 32, "cd" * 32]


def test_the_sbom_has_all_fields_of_its_components() -> None:
    document = json.loads(SBOM)
    assert (document["bomFormat"], document["specVersion"]) == ("CycloneDX", "1.6")
    assert document["metadata"] == {
        "component": {
            "bom-ref": "product:blinky@7",
            "name": "blinky",
            "type": "firmware",
            "version": "7",
        }
    }
    by_name = {each["name"]: each for each in document["components"]}
    assert by_name == {
        "//device": {"bom-ref": "//device", "name": "//device", "type": "library"},
        "gcc": {
            "bom-ref": "gcc@14.2",
            "name": "gcc",
            "version": "14.2",
            "type": "application",
            "purl": "pkg:generic/gcc@14.2",
            "licenses": [{"expression": "GPL-3.0-or-later WITH GCC-exception-3.1"}],
        },
        "picolibc": {
            "bom-ref": "picolibc@1.8.6",
            "name": "picolibc",
            "version": "1.8.6",
            "type": "library",
            "licenses": [{"license": {"id": "BSD-3-Clause"}}],
            "hashes": [{"alg": "SHA-256", "content": "ab" * 32}],
        },
    }
    assert document["dependencies"][-1] == {
        "ref": "product:blinky@7",
        "dependsOn": ["//device", "gcc@14.2", "picolibc@1.8.6"],
    }


def test_the_same_input_gives_the_same_bytes() -> None:
    assert build_sbom(PRODUCT, COMPONENTS) == SBOM
    assert build_sbom(PRODUCT, COMPONENTS[::-1]) != build_sbom(PRODUCT, COMPONENTS[1:])
    numbers = {
        json.loads(build_sbom(product, components))["serialNumber"]
        for product in (PRODUCT, Product("blinky", "8"))
        for components in (COMPONENTS, COMPONENTS[1:])
    }
    assert len(numbers) == 4


def test_a_complete_sbom_is_accepted() -> None:
    check_sbom("own.cdx.json", SBOM, COMPONENTS)
    check_sbom("own.cdx.json", build_sbom(PRODUCT, [*COMPONENTS, Component("more")]), COMPONENTS)


@pytest.mark.parametrize("missing", COMPONENTS, ids=lambda each: each.name)
def test_a_planted_missing_component_is_found(missing: Component) -> None:
    rest = [each for each in COMPONENTS if each != missing]
    assert problem(build_sbom(PRODUCT, rest)) == (
        f"own.cdx.json: lacks components from which the release is built: {missing.reference}; add them"
    )


def test_another_version_of_a_component_is_not_the_component() -> None:
    other = [GCC._replace(version="13.1"), PICOLIBC, DEVICE]
    assert "gcc@14.2" in problem(build_sbom(PRODUCT, other))


def test_a_component_without_a_version_is_any_version() -> None:
    own = [GCC._replace(version=""), PICOLIBC, DEVICE._replace(version="1")]
    check_sbom("own.cdx.json", build_sbom(PRODUCT, own), COMPONENTS)


def test_components_inside_components_count() -> None:
    document = json.loads(SBOM)
    [*rest, last] = document["components"]
    rest[0]["components"] = [last]
    check_sbom("own.cdx.json", json.dumps(document | {"components": rest}).encode(), COMPONENTS)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"\xff", "not a JSON object in UTF-8"),
        (b"[]", "not a JSON object in UTF-8"),
        (changed(specVersion="1.5"), "not CycloneDX 1.6"),
        (changed(components=[{"name": "x"}]), "not CycloneDX 1.6 ("),
        (changed(unknown=1), "not CycloneDX 1.6 ("),
        (changed(serialNumber="7"), "not CycloneDX 1.6 ("),
    ],
)
def test_files_that_are_not_cyclonedx_are_refused(content: bytes, expected: str) -> None:
    assert problem(content).startswith(f"own.cdx.json: {expected}")


def test_components_are_sorted_and_once() -> None:
    content = json.dumps([each._asdict() for each in (PICOLIBC, GCC, PICOLIBC)]).encode()
    assert parse_components("a.json", content) == [GCC, PICOLIBC]


def test_a_component_of_which_only_the_name_is_known_is_merged() -> None:
    only_named = [Component("gcc", type="application"), Component("picolibc"), Component("libc")]
    assert merged([*only_named, *COMPONENTS]) == sorted([*COMPONENTS, Component("libc")])


@pytest.mark.parametrize("content", [b"{", b"[1]", b'[{"a": "b"}]', b'[{"name": 1}]', b'"text"'])
def test_other_files_are_not_components(content: bytes) -> None:
    with pytest.raises(InputError, match=r"a\.json: not a list of components"):
        parse_components("a.json", content)


@pytest.mark.parametrize(
    ("component", "expected"),
    [
        (GCC._replace(type="compiler"), "component gcc: 'compiler' is not a type; use one of"),
        (GCC._replace(purl="gcc"), "component gcc: not a package URL"),
    ],
)
def test_a_wrong_field_of_a_component_is_named(component: Component, expected: str) -> None:
    with pytest.raises(InputError) as caught:
        build_sbom(PRODUCT, [component])
    assert str(caught.value).startswith(expected)


def test_without_the_library_the_error_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "cyclonedx", None)
    monkeypatch.delitem(sys.modules, "cyclonedx.validation", raising=False)
    monkeypatch.delitem(sys.modules, "cyclonedx.validation.json", raising=False)
    with pytest.raises(InputError, match=r"pip install '\.\[sbom\]'"):
        build_sbom(PRODUCT, [])
