"""sign: sign a request with a key that is not in the build, or all in a queue."""

import argparse
import os
import shlex
import sys
from collections.abc import Sequence

from software_update.base import files
from software_update.base.errors import InputError, UsageError, printable
from software_update.cli.options import signer_arguments
from software_update.cli.options.arguments import Parser
from software_update.cli.options.schemes import schemes_of
from software_update.cli.render.requests import key_line, request_lines
from software_update.format import metadata
from software_update.keys.public_key import name_of
from software_update.keys.schemes import Schemes
from software_update.signing import request_files, signature_file
from software_update.signing.holders import named
from software_update.signing.signature_file import is_good
from software_update.signing.signers import Signer, signature_by
from software_update.signing.signing_request import Request

# Key ids in an error; a JSON may list any number.
_MAX_LISTED = 8


def run(argv: Sequence[str]) -> int:
    parser = Parser(
        "sign",
        "Signs a signing request, or all requests in a queue, and writes the signature. "
        "Before it signs, it shows the content.",
    )
    parser.add_argument(
        "request",
        metavar="REQUEST",
        nargs="?",
        help="the bytes to sign; REQUEST.json must describe them",
    )
    signer_arguments.add_signer(parser)
    group = parser.add_mutually_exclusive_group()
    group.add_argument("-o", "--output", metavar="OUT", help="the file for the signature")
    group.add_argument(
        "--folder",
        metavar="DIR",
        help="a folder for the signature, under the name DIGEST.KEY.json; default: the "
        "current folder, and with --queue a folder next to each request",
    )
    group.add_argument(
        "--source-folder",
        metavar="DIR",
        help="for a target that `bazel run` starts: a folder in the workspace for the "
        "signature; other paths are relative to the folder where Bazel was called",
    )
    parser.add_argument(
        "--queue",
        metavar="DIR",
        help="instead of REQUEST: sign the requests in DIR and its subfolders that list this "
        "key; each signature goes into --folder, or by default into a folder `signatures` next to its "
        "request",
    )
    parser.add_argument(
        "--role",
        choices=(metadata.ROOT, metadata.TARGETS),
        help="sign only metadata of this role; default: both",
    )
    parser.add_argument(
        "--serve", action="store_true", help="with --queue: look again every second, until stopped"
    )
    parser.add_argument(
        "--yes",
        action="store_true",
        help="with --queue: sign every request without asking",
    )
    args = parser.parse_args(argv)
    signer_arguments.check_signer(args)
    if (args.request is None) == (args.queue is None):
        raise UsageError("sign: name a REQUEST or a --queue, one of the two")
    if args.queue is not None:
        for option in ("output", "source_folder"):
            if getattr(args, option) is not None:
                name = option.replace("_", "-")
                raise UsageError(f"--{name}: not allowed with --queue; write --folder")
        return _sign_queue(args)
    if args.serve or args.yes:
        raise UsageError("--serve, --yes: only valid with --queue; remove them")
    return _sign_request(args)


def _sign_request(args: argparse.Namespace) -> int:
    request = _read_request(args.request, schemes_of(args))
    if args.role not in (None, request.role):
        raise InputError(
            f"{args.request}: {request.role} metadata, and --role is {args.role}; name a request of "
            "that role"
        )
    said = request_lines(f"signing {printable(args.request)}", request)
    print("\n".join(said), file=sys.stderr, flush=True)
    beside = request_files.json_path(args.request)
    inputs = [os.path.abspath(args.request), os.path.abspath(beside)]
    folder, chosen = _folder(args)
    signer = signer_arguments.open_signer(args)
    _check_listed(signer, request, beside)
    name = signature_file.file_name(request.sha256, signer.public.key_id)
    path = args.output or os.path.join(folder, name)
    if args.output is None and _is_signed(path, request, signer):
        print("  signed already", file=sys.stderr)
    else:
        content = signature_file.build(signature_by(signer, request))
        if args.output is None:
            files.make_folder(chosen)
        files.write_output(
            path,
            content,
            inputs=[*inputs, *signer_arguments.inputs_of(args)],
            below=chosen if args.output is None else None,
        )
    if args.output is None:
        print(printable(path))
    return 0


def _folder(args: argparse.Namespace) -> tuple[str, str]:
    """The folder for a signature, and the part of its path that the user chose.

    `bazel run` starts this program in a folder of Bazel's, and a BUILD file names the folder in the
    workspace: changes to the caller's folder.
    """
    if args.source_folder is None:
        folder = args.folder or "."
        return folder, folder
    # Through no link: the file that it leads to has another name than the JSON next to it.
    request = os.path.abspath(args.request)
    try:
        workspace = os.environ["BUILD_WORKSPACE_DIRECTORY"]
        os.chdir(os.environ["BUILD_WORKING_DIRECTORY"])
    except KeyError:
        raise UsageError(
            "--source-folder: only valid for a target that `bazel run` starts; write --folder"
        ) from None
    folder = os.path.relpath(os.path.join(workspace, args.source_folder))
    scheme = args.key.partition(":")[0]
    if scheme not in ("file", "exec"):
        raise UsageError(
            f"--key {scheme}: needs packages that the build lacks; install the command, and run: "
            f"software-update sign {shlex.quote(request)} --key {scheme}:... --folder {shlex.quote(folder)}"
        )
    return folder, workspace


def _is_signed(path: str, request: Request, signer: Signer) -> bool:
    """Says whether the file holds a good signature by that key, so that no other one is needed.

    A link does not: others may change the file that it leads to.
    """
    if os.path.islink(path):
        return False
    try:
        found = signature_file.read(path, Schemes((signer.public.scheme,)))
        return is_good(found, request, signer.public)
    except (InputError, OSError):
        return False


def _read_request(path: str, schemes: Schemes) -> Request:
    """Reads the request, with the JSON next to it if there is one."""
    request = request_files.read_request(path, schemes)
    if request.document is None:
        beside = printable(request_files.json_path(path))
        print(f"software-update: note: no {beside}: who may sign is not checked", file=sys.stderr)
    return request


def _check_listed(signer: Signer, request: Request, beside: str) -> None:
    """InputError if the JSON next to the request does not list the key. Says which key signs."""
    key_id = signer.public.key_id
    if request.document is not None and key_id not in request.key_ids:
        first = sorted(request.key_ids)[:_MAX_LISTED]
        listed = ", ".join(named(each, request.holders) for each in first)
        more = ", ..." if len(request.key_ids) > _MAX_LISTED else ""
        raise InputError(
            f"{name_of(signer.name, signer.public)}: not a key that {beside} asks for; sign with "
            f"one of these: {listed or 'none'}{more}"
        )
    print(key_line(key_id, request.holders), file=sys.stderr, flush=True)


def _sign_queue(args: argparse.Namespace) -> int:
    if os.name != "posix":
        raise UsageError("--queue: only on Linux and macOS")
    from software_update.cli.options.queue_signer import QueueSigner
    from software_update.cli.render import terminal
    from software_update.signing.queue import Queue

    if not args.yes and not terminal.has_terminal():
        raise UsageError("--queue: there is no terminal to ask at; --yes signs without asking")
    # Before any passphrase is asked.
    with Queue.open(args.queue, schemes_of(args), args.folder):
        pass
    queue_signer = QueueSigner(
        args.queue,
        signer_arguments.open_signer(args),
        args.role,
        lambda request: args.yes or terminal.confirm(f"sign {request}?"),
        schemes_of(args),
        args.folder,
    )
    if args.serve:
        queue_signer.serve()
        return 0
    queue_signer.look()
    return queue_signer.exit_code
