"""Tests of software_update_sbom: the components that GN's metadata collects, and the SBOM of them."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from gn_tree import IMPORT, Tree, failure, make_tree, run

# The application is built in another toolchain; it needs a library, whose component depends on no other.
BUILD = f"""{IMPORT}
software_update_component("gcc") {{
  component = "gcc"
  version = "14.2.0"
  type = "application"
  licence = "GPL-3.0-or-later WITH GCC-exception-3.1"
}}
software_update_component("zlib_component") {{
  component = "zlib"
  version = "1.3.1"
  licence = "Zlib"
  purl = "pkg:generic/zlib@1.3.1"
  sha256 = "{"ab" * 32}"
}}
software_update_component("not_in_the_product") {{
  component = "left out"
}}
group("zlib") {{
  deps = [ ":zlib_component" ]
}}
copy("app") {{
  sources = [ "app.txt" ]
  outputs = [ "$root_out_dir/app.bin" ]
  deps = [ ":zlib" ]
}}
software_update_sbom("sbom") {{
  artifacts = [ ":app(//build:device)" ]
  components = [ ":gcc" ]
  %s
}}
software_update_release_manifest("release") {{
  product = "lamp"
  release_version = "2.0"
  release_counter = 7
  attachments = [ "$target_gen_dir/sbom.cdx.json" ]
  deps = [ ":sbom" ]
}}
software_update_bundle("bundle") {{
  version = 7
  targets = [ {{ name = "app" file = "app.txt" }} ]
  user_manifest = ":release"
}}
software_update_attachment("sbom_next_to_bundle") {{
  bundle = ":bundle"
  file = "$target_gen_dir/sbom.cdx.json"
  deps = [ ":sbom" ]
}}
"""
PRODUCT = 'product = "lamp" release_version = "2.0"'
SBOM = "gen/sbom.cdx.json"
ATTACHED = "obj/bundle.bundle.attachments/sbom.cdx.json"


def generate(tree: Tree, arguments: str = PRODUCT, **files: str) -> None:
    tree.write({"BUILD.gn": BUILD % arguments, "app.txt": "app", **files})
    tree.gen()


def test_sbom_next_to_a_bundle_that_lists_it(tree: Tree) -> None:
    generate(tree)
    tree.build(":sbom_next_to_bundle")
    sbom = json.loads(tree.read(SBOM))
    assert (sbom["bomFormat"], sbom["specVersion"]) == ("CycloneDX", "1.6")
    assert sbom["metadata"]["component"]["name"] == "lamp"
    gcc, zlib = sbom["components"]
    assert (gcc["name"], gcc["version"], gcc["type"]) == ("gcc", "14.2.0", "application")
    assert (zlib["name"], zlib["purl"]) == ("zlib", "pkg:generic/zlib@1.3.1")
    assert zlib["licenses"] == [{"license": {"id": "Zlib"}}]
    assert zlib["hashes"] == [{"alg": "SHA-256", "content": "ab" * 32}]
    # Everything in this folder is published.
    assert os.listdir(tree.out / "obj/bundle.bundle.attachments") == ["sbom.cdx.json"]
    assert tree.read(ATTACHED) == tree.read(SBOM)


def test_the_same_sbom_in_two_places(tmp_path: Path, gn: str, python: Path) -> None:
    found = []
    for name in ("here", "over there"):
        tree = make_tree(tmp_path / name, gn, python)
        generate(tree)
        tree.build(":sbom")
        found.append(tree.read(SBOM))
    assert found[0] == found[1]


def test_a_component_that_changes_changes_the_sbom(tree: Tree) -> None:
    generate(tree)
    assert tree.build(":sbom") == ["//:sbom"]
    tree.replace("BUILD.gn", 'version = "1.3.1"', 'version = "1.3.2"')
    tree.gen()
    assert tree.build(":sbom") == ["//:sbom"]
    assert b"1.3.2" in tree.read(SBOM)


def test_an_sbom_of_its_own_is_checked(tree: Tree) -> None:
    components = [{"type": "library", "name": name, "version": version} for name, version in OWN]
    own = {"bomFormat": "CycloneDX", "specVersion": "1.6", "components": components}
    generate(tree, 'own = "own.json"', **{"own.json": json.dumps(own)})
    tree.build(":sbom")
    assert json.loads(tree.read(SBOM)) == own
    del components[1]
    tree.write({"own.json": json.dumps(own)})
    assert failure(tree.build_fails(":sbom")) == [
        "software-update: ../own.json: lacks components from which the release is built: zlib@1.3.1; add them"
    ]


def provenance(tree: Tree) -> dict[str, Any]:
    tree.software_update(
        *("provenance", "out/obj/bundle.bundle", "--ninja=out", "--target=bundle"),
        *("-o", "provenance.json"),
    )
    statement: dict[str, Any] = json.loads((tree.top / "provenance.json").read_text())
    return statement


def test_provenance_is_the_same_in_two_places(tmp_path: Path, gn: str, python: Path) -> None:
    found = []
    for name in ("here", "over there"):
        tree = make_tree(tmp_path / name, gn, python)
        generate(tree)
        tree.build(":bundle")
        found.append(provenance(tree))
    assert found[0] == found[1]
    definition = found[0]["predicate"]["buildDefinition"]
    assert definition["externalParameters"]["command"] == ["ninja", "-C", "out", "bundle"]
    assert "software_update_python" in definition["externalParameters"]["gn_args"]
    (source,) = (each for each in definition["resolvedDependencies"] if each["name"] == "source")
    tree.write({"app.txt": "another app"})
    tree.build(":bundle")
    changed = provenance(tree)["predicate"]["buildDefinition"]["resolvedDependencies"]
    assert source not in changed
    tree.write({"app.txt": "app", "build/not_a_part.txt": "x"})
    tree.build(":bundle")
    assert source in provenance(tree)["predicate"]["buildDefinition"]["resolvedDependencies"]


def test_provenance_covers_the_files_of_gn(tree: Tree) -> None:
    generate(tree)
    tree.build(":bundle")
    before = provenance(tree)
    tree.replace("build/BUILD.gn", "STAMP", "stamp")
    tree.gen()
    assert provenance(tree) != before


OWN = [("gcc", "14.2.0"), ("zlib", "1.3.1")]


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (
            'product = "lamp"',
            "//:sbom: product is missing; write product and release_version, or own, the product's own SBOM",
        ),
    ],
)
def test_arguments_that_are_missing(tree: Tree, arguments: str, problem: str) -> None:
    tree.write({"BUILD.gn": BUILD % arguments, "app.txt": "app"})
    assert problem in tree.gen_fails()


def test_packages_come_from_wheels(tree: Tree) -> None:
    wheels = tree.top / "wheels"
    wheels.mkdir()
    for wheel in os.environ["WHEELS"].split():
        (wheels / Path(wheel).name).symlink_to(Path(wheel).resolve())
    tree.write({"BUILD.gn": BUILD % PRODUCT, "app.txt": "app"})
    tree.set_args('software_update_wheels = "//wheels"', python=False)
    tree.gen()
    done = run(tree.out, "ninja", ":sbom")
    assert done.returncode == 0, done.stdout
    assert json.loads(tree.read(SBOM))["components"][0]["name"] == "gcc"
