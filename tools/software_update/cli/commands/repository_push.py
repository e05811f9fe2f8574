"""repository push: publish a release in an OCI registry."""

import argparse
import contextlib
import hashlib
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from software_update.base import files
from software_update.base.strict_json import to_text
from software_update.cli.options.arguments import Parser, add_list
from software_update.cli.options.schemes import add_schemes, schemes_of
from software_update.cli.repository import arguments as options
from software_update.cli.repository.beside import files_with

if TYPE_CHECKING:
    from software_update.repository.storage import UploadFile
    from software_update.repository.storages.push import Pushed

SCHEMA = "software_update.repository_pushed.v1"


def run(argv: Sequence[str]) -> int:
    args = _arguments(argv)
    from software_update.repository.bundle_file import describe
    from software_update.repository.storages.oci import oci_storage
    from software_update.repository.storages.push import push
    from software_update.verify.device import Device
    from software_update.verify.trust_files import read_trusted_root

    storage, schemes = oci_storage(args.registry), schemes_of(args)
    root = read_trusted_root(args.trusted_root, schemes)
    device = Device(root, at=options.now_of(args), schemes=schemes)
    with contextlib.ExitStack() as stack:
        fd = stack.enter_context(files.open_input(args.bundle))
        attachments = [
            (name, _upload(path, stack.enter_context(files.open_input(path))))
            for name, path in files_with(args.bundle, args.attach).items()
        ]
        pushed = push(storage, describe(args.bundle, fd, device), attachments)
    if args.json:
        print(to_text(_document(pushed)), end="")
        return 0
    print(f"{pushed.entry.product} {pushed.entry.version}: is {args.registry}:{pushed.tag}")
    print(f"its bundle: {pushed.url}")
    for name in pushed.attachments:
        print(f"attached: {name}: {pushed.urls[name]}")
    return 0


def _arguments(argv: Sequence[str]) -> argparse.Namespace:
    parser = Parser(
        "repository push",
        "Publishes a release in an OCI registry, after it has verified the bundle as a device does. A "
        "registry gives devices no list of releases, and says nothing about freshness.",
    )
    parser.add_argument(
        "registry", metavar="REGISTRY", help="the place, written as oci://HOST/NAME"
    )
    parser.add_argument("bundle", metavar="BUNDLE", help="the bundle, with a release manifest")
    parser.add_argument(
        "--trusted-root",
        metavar="FILE",
        required=True,
        help="the product's signed root, which devices trust",
    )
    add_list(
        parser,
        "--attach",
        "FILE",
        "files to attach to the release, such as its SBOM, besides the proof and the "
        "attachments next to BUNDLE",
    )
    options.add_now(parser)
    add_schemes(parser)
    options.add_json(parser, SCHEMA)
    return parser.parse_args(argv)


def _upload(path: str, fd: int) -> "UploadFile":
    from software_update.repository.storage import UploadFile

    length = os.fstat(fd).st_size
    hasher = hashlib.sha256()
    for chunk in files.read_range(fd, 0, length, 1 << 20):
        hasher.update(chunk)
    return UploadFile(path, fd, length, hasher.hexdigest())


def _document(pushed: "Pushed") -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "product": pushed.entry.product,
        "version": pushed.entry.version,
        "release": pushed.entry.release,
        "tag": pushed.tag,
        "digest": pushed.digest,
        "url": pushed.url,
        "sha256": pushed.sha256,
        "length": pushed.length,
        "attachments": [
            {"name": name, "digest": digest, "url": pushed.urls[name]}
            for name, digest in pushed.attachments.items()
        ],
    }
