"""log init: make a transparency log in a folder."""

from collections.abc import Sequence

from software_update.base import files
from software_update.base.errors import InputError, UsageError, shown
from software_update.base.strict_json import to_text
from software_update.cli.log import arguments as options
from software_update.cli.options.arguments import Parser, add_list
from software_update.keys.pem import read_checked_public_key
from software_update.keys.schemes import ALL_SCHEMES, ED25519
from software_update.transparency.note import ED25519_SIGNATURE, NoteKey, is_key_name
from software_update.verify.trust_files import read_trusted_root

_SCHEMA = "software_update.log.v1"
_MAX_ORIGIN_BYTES = 255


def run(argv: Sequence[str]) -> int:
    parser = Parser(
        "log init",
        "Makes an empty transparency log in a folder, and prints the line of the log for policies.",
    )
    options.add_log(parser)
    parser.add_argument(
        "--origin",
        metavar="NAME",
        required=True,
        help="the name of the log, such as log.example.com/firmware; usually its address without https://",
    )
    parser.add_argument(
        "--public",
        metavar="PUB",
        required=True,
        help="the public key of the log (Ed25519, PEM), which is a key of nothing else",
    )
    add_list(
        parser,
        "--trusted-root",
        "FILE",
        "the roots of the products in the log; a log with one of their keys is refused",
        required=True,
    )
    options.add_json(parser, _SCHEMA)
    args = parser.parse_args(argv)
    from software_update.disclosure.log_add import check_key
    from software_update.disclosure.log_folder import create_log

    if not is_key_name(args.origin) or len(args.origin.encode()) > _MAX_ORIGIN_BYTES:
        raise UsageError(
            f"--origin '{shown(args.origin)}': write a name without spaces and +, of at most "
            f"{_MAX_ORIGIN_BYTES} bytes"
        )
    public = read_checked_public_key(args.public, ALL_SCHEMES)
    if public.scheme is not ED25519:
        raise InputError(
            f"{args.public}: is {public.scheme.kind}, and a log needs an Ed25519 key; make one with: "
            "software-update key generate NAME --use log"
        )
    key = NoteKey(args.origin, ED25519_SIGNATURE, public.keyval)
    check_key(key, [read_trusted_root(each, ALL_SCHEMES) for each in args.trusted_root])
    files.make_folder(args.log)
    create_log(options.folder_of(args), key)
    if args.json:
        print(to_text({"schema": _SCHEMA, "log": key.name, "key": key.vkey}), end="")
    else:
        print(f"log {key.vkey}")
    return 0
