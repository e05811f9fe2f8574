"""sign: sign a request with a key that is not in the build."""

import os
import sys
from collections.abc import Sequence

from software_update import files
from software_update.cli import requests, signer_arguments
from software_update.cli.arguments import Parser
from software_update.errors import InputError, printable
from software_update.keys import DEV_KEY_IDS, DEV_KEYS_WARNING
from software_update.limits import MAX_REQUEST_JSON_BYTES
from software_update.signing import signature_file, signing_request
from software_update.signing.signature_file import DetachedSignature
from software_update.signing.signers import Signer, signature_by
from software_update.signing.signing_request import Request


def run(argv: Sequence[str]) -> int:
    parser = Parser(
        "sign", "Signs a signing request, and writes the signature. Shows what it signs before."
    )
    parser.add_argument(
        "request", metavar="REQUEST", help="the bytes to sign; REQUEST.json is held to them"
    )
    signer_arguments.add_signer(parser)
    group = parser.add_mutually_exclusive_group()
    group.add_argument("-o", "--output", metavar="OUT", help="the signature to write")
    group.add_argument(
        "--folder",
        metavar="DIR",
        default=".",
        help="where to write it, under a name of its own; default: the current folder",
    )
    args = parser.parse_args(argv)
    signer_arguments.check_signer(args)
    request = requests.parse_metadata(args.request, requests.read_metadata(args.request), role=None)
    beside = f"{args.request}.json"
    listed = _read_listed(beside, request)
    said = requests.lines(f"signing {printable(args.request)}", request)
    print("\n".join(said), file=sys.stderr, flush=True)
    signature = _sign(request, signer_arguments.open_signer(args), listed, beside)
    inputs = [args.request, beside, *signer_arguments.inputs_of(args)]
    path = args.output
    if path is None:
        os.makedirs(args.folder, exist_ok=True)
        path = os.path.join(args.folder, signature.file_name)
        print(printable(path))
    files.write_output(path, signature_file.build(signature), inputs=inputs)
    return 0


def _read_listed(path: str, request: Request) -> frozenset[bytes] | None:
    """The keys that the JSON beside the request lists; None where there is no such file."""
    if not os.path.lexists(path):
        print(
            f"software-update: note: no {printable(path)}: who may sign is not checked",
            file=sys.stderr,
        )
        return None
    return signing_request.check_json(path, files.read_input(path, MAX_REQUEST_JSON_BYTES), request)


def _sign(
    request: Request, signer: Signer, listed: frozenset[bytes] | None, beside: str
) -> DetachedSignature:
    """The signature, which has been verified."""
    key_id = signer.public.key_id
    if listed is not None and key_id not in listed:
        raise InputError(
            f"{signer.name}: key {key_id.hex()[:16]} is none of those that {beside} asks; "
            "name one of these"
        )
    dev = f"  {DEV_KEYS_WARNING}" if key_id.hex() in DEV_KEY_IDS else ""
    print(f"  by key {key_id.hex()}{dev}", file=sys.stderr, flush=True)
    return signature_by(signer, request)
