"""sign: sign a request with a key that is not in the build, or all in a queue."""

import argparse
import dataclasses
import os
import sys
from collections.abc import Sequence

from software_update import files
from software_update.cli import requests, signer_arguments
from software_update.cli.arguments import Parser
from software_update.errors import InputError, UsageError, printable
from software_update.keys import DEV_KEY_IDS, DEV_KEYS_WARNING
from software_update.limits import MAX_REQUEST_JSON_BYTES
from software_update.signing import signature_file, signing_request
from software_update.signing.signature_file import DetachedSignature
from software_update.signing.signers import Signer, signature_by
from software_update.signing.signing_request import Request


def run(argv: Sequence[str]) -> int:
    parser = Parser(
        "sign",
        "Signs a signing request, or all in a queue, and writes the signature. Shows what it signs before.",
    )
    parser.add_argument(
        "request",
        metavar="REQUEST",
        nargs="?",
        help="the bytes to sign; REQUEST.json is held to them",
    )
    signer_arguments.add_signer(parser)
    group = parser.add_mutually_exclusive_group()
    group.add_argument("-o", "--output", metavar="OUT", help="the signature to write")
    group.add_argument(
        "--folder",
        metavar="DIR",
        help="where to write it, under a name of its own; default: the current folder",
    )
    group.add_argument(
        "--queue",
        metavar="DIR",
        help="in place of REQUEST: sign what waits there for this key, into DIR/signatures",
    )
    parser.add_argument(
        "--serve", action="store_true", help="with --queue: look again every second, until stopped"
    )
    parser.add_argument(
        "--yes",
        action="store_true",
        help="with --queue: sign whatever is there, instead of asking before each request",
    )
    args = parser.parse_args(argv)
    signer_arguments.check_signer(args)
    if (args.request is None) == (args.queue is None):
        raise UsageError("sign: name a REQUEST or a --queue, one of the two")
    if args.queue is not None:
        return _sign_queue(args)
    if args.serve or args.yes:
        raise UsageError("--serve, --yes: for --queue alone; leave them out")
    return _sign_request(args)


def _sign_request(args: argparse.Namespace) -> int:
    request, listed = _read_request(args.request)
    said = requests.lines(f"signing {printable(args.request)}", request)
    print("\n".join(said), file=sys.stderr, flush=True)
    beside = f"{args.request}.json"
    signature = _sign(request, signer_arguments.open_signer(args), listed, beside)
    inputs = [args.request, beside, *signer_arguments.inputs_of(args)]
    path = args.output
    if path is None:
        folder = args.folder or "."
        os.makedirs(folder, exist_ok=True)
        path = os.path.join(folder, signature.file_name)
        print(printable(path))
    files.write_output(path, signature_file.build(signature), inputs=inputs)
    return 0


def _read_request(path: str) -> tuple[Request, frozenset[bytes] | None]:
    """The request, and the keys that the JSON beside it lists; None where there is no such file."""
    request = requests.parse_metadata(path, requests.read_metadata(path), role=None)
    beside = f"{path}.json"
    if not os.path.lexists(beside):
        print(
            f"software-update: note: no {printable(beside)}: who may sign is not checked",
            file=sys.stderr,
        )
        return request, None
    document = files.read_input(beside, MAX_REQUEST_JSON_BYTES)
    listed = signing_request.check_json(beside, document, request)
    return dataclasses.replace(request, document=document), listed


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


def _sign_queue(args: argparse.Namespace) -> int:
    if os.name != "posix":
        raise UsageError("--queue: only on Linux and macOS")
    from software_update.cli import terminal
    from software_update.cli.queue_signer import QueueSigner
    from software_update.signing.queue import Queue

    if not args.yes and not terminal.has_terminal():
        raise UsageError("--queue: there is no terminal to ask at; --yes signs without asking")
    # Before any passphrase is asked.
    with Queue.open(args.queue):
        pass
    queue_signer = QueueSigner(
        args.queue,
        signer_arguments.open_signer(args),
        lambda request: args.yes or terminal.confirm(f"sign {request}?"),
    )
    if args.serve:
        queue_signer.serve()
        return 0
    queue_signer.look()
    return queue_signer.exit_code
