"""The SBOM of this project: CycloneDX 1.6 from its locks and its MODULE.bazel.

    ./bazelw run //tools/workshop/release:own_sbom -- -o rules_software_update.cdx.json

The same tree gives the same bytes. Nothing is fetched.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import sys
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from own_components import PRODUCT_LOCKS, OwnComponent, own_components
from software_update.attachments.sbom import Product, build_sbom, check_sbom
from software_update.base import files
from software_update.base.errors import InputError, SoftwareUpdateError
from software_update.cli.main import run_in_process

NAME = "rules_software_update"
MODULE = "MODULE.bazel"
# The scopes of CycloneDX: users of the product need `required` components, users of some of its parts need
# `optional` ones, and only work on this project needs `excluded` ones.
REQUIRED, OPTIONAL, EXCLUDED = "required", "optional", "excluded"

_RUNTIME = f"{PRODUCT_LOCKS}/runtime.txt"
# Its packages make a wheel of this project.
_BUILD = f"{PRODUCT_LOCKS}/build.txt"
_VERSION = re.compile(r'^module\(\n(?:    .*\n)*?    version = "([^"]+)",$', re.MULTILINE)
_PROGRAM = "own_sbom"


def module_version(top: Path) -> str:
    """Returns the version in MODULE.bazel. Raises InputError if there is none."""
    if found := _VERSION.search((top / MODULE).read_text(encoding="utf-8")):
        return found[1]
    raise InputError(f"{MODULE}: has no version; write it into module()")


def scope(component: OwnComponent) -> str:
    """Returns the scope of a component, one of CycloneDX."""
    if {_RUNTIME, MODULE} & {*component.named_in}:
        return REQUIRED
    own = [each for each in component.named_in if each.startswith(f"{PRODUCT_LOCKS}/")]
    return OPTIONAL if {*own} - {_BUILD} else EXCLUDED


def build_own_sbom(version: str, components: Sequence[OwnComponent]) -> bytes:
    """Returns the SBOM of this project as JSON, which is valid CycloneDX 1.6."""
    plain = [each.component for each in components]
    document = json.loads(build_sbom(Product(NAME, version), plain))
    document["metadata"]["component"] |= {
        "type": "application",
        "purl": f"pkg:generic/{NAME}@{version}",
        "licenses": [{"license": {"id": "Apache-2.0"}}],
    }
    by_reference = {each.component.reference: each for each in components}
    for part in document["components"]:
        component = by_reference[part["bom-ref"]]
        part["scope"] = scope(component)
        part["properties"] = [
            {"name": f"{NAME}:named_in", "value": each} for each in component.named_in
        ]
    document["serialNumber"] = _serial_number(document)
    content = f"{json.dumps(document, indent=1, sort_keys=True)}\n".encode()
    check_sbom(f"{NAME}.cdx.json", content, plain)
    return content


def _serial_number(document: Mapping[str, Any]) -> str:
    """Returns the identifier of the SBOM: a UUID that comes from its whole content (RFC 9562, version 8)."""
    rest = {name: value for name, value in document.items() if name != "serialNumber"}
    digest = bytearray(hashlib.sha256(json.dumps(rest, sort_keys=True).encode()).digest()[:16])
    digest[6] = digest[6] & 0x0F | 0x80
    digest[8] = digest[8] & 0x3F | 0x80
    return uuid.UUID(bytes=bytes(digest)).urn


def main(argv: Sequence[str]) -> int:
    """Writes the SBOM of the tree. Its version is that of MODULE.bazel."""
    parser = argparse.ArgumentParser(prog=_PROGRAM, description="Writes the SBOM of this project.")
    parser.add_argument(
        "--top",
        default=os.environ.get("BUILD_WORKSPACE_DIRECTORY", "."),
        help="the top of the source tree; default: that of `bazel run`, or the current folder",
    )
    parser.add_argument("-o", "--output", required=True, help="the SBOM to write")
    args = parser.parse_args(argv)
    top = Path(args.top).resolve()
    os.chdir(os.environ.get("BUILD_WORKING_DIRECTORY", "."))
    components = own_components(top)
    files.write_output(args.output, build_own_sbom(module_version(top), components), inputs=[])
    print(f"{args.output}: {len(components)} components")
    return 0


def _run() -> int:
    try:
        return main(sys.argv[1:])
    except SoftwareUpdateError as error:
        print(f"{_PROGRAM}: {error}", file=sys.stderr)
        return error.exit_code


if __name__ == "__main__":
    sys.exit(run_in_process(_run, _PROGRAM))
