"""step sbom: write the SBOM of a release, or check the product's own."""

import argparse
from collections.abc import Sequence

from software_update.attachments.sbom import (
    Component,
    Product,
    build_sbom,
    check_sbom,
    merged,
    parse_components,
)
from software_update.base import files
from software_update.base.errors import UsageError
from software_update.cli.options.arguments import Parser, add_list, add_output, files_of

_MAX_BYTES = 64 * 1024 * 1024


def run(argv: Sequence[str]) -> int:
    parser = Parser(
        "step sbom",
        "Writes the SBOM of a release, CycloneDX 1.6 in JSON. Rejects an SBOM that is not valid, or lacks a "
        "component.",
    )
    add_list(
        parser,
        "--components",
        "FILE",
        "JSON lists of the components from which the release is built",
        required=True,
    )
    parser.add_argument("--product", metavar="P", help="the product's name")
    parser.add_argument("--release-version", metavar="V", help="the version of the release")
    parser.add_argument(
        "--own",
        metavar="FILE",
        help="the product's own SBOM, which is checked and copied; no other is written",
    )
    add_output(parser)
    args = parser.parse_args(argv)
    if args.own is None and not (args.product and args.release_version):
        raise UsageError("--product, --release-version: are missing; write both, or --own FILE")
    components: list[Component] = []
    for path in args.components:
        components += parse_components(path, files.read_input(path, _MAX_BYTES))
    components = merged(components)
    content = _content(args, components)
    check_sbom(args.own or args.output, content, components)
    files.write_output(args.output, content, inputs=[*args.components, *files_of(args.own)])
    return 0


def _content(args: argparse.Namespace, components: Sequence[Component]) -> bytes:
    if args.own is not None:
        return files.read_input(args.own, _MAX_BYTES)
    return build_sbom(Product(args.product, args.release_version), components)
