"""log sign: sign the checkpoint of a transparency log."""

from collections.abc import Sequence

from software_update.base import files
from software_update.base.errors import UsageError, printable
from software_update.base.strict_json import to_text
from software_update.cli.log import arguments as options
from software_update.cli.options import signer_arguments
from software_update.cli.options.arguments import Parser

_SCHEMA = "software_update.log_signed.v1"
_SIGNATURE_BYTES = 64


def run(argv: Sequence[str]) -> int:
    parser = Parser(
        "log sign",
        "Signs the records that were added to a log with the log's own key, and shows them. It checks first "
        "that the log continues the records that it signed last.",
    )
    options.add_log(parser)
    signer_arguments.add_signer(parser, required=False, all_schemes=True)
    parser.add_argument(
        "--signature",
        metavar="FILE",
        help="instead of --key: the 64 bytes of an Ed25519 signature of the file unsigned-checkpoint, "
        "made elsewhere",
    )
    options.add_json(parser, _SCHEMA)
    args = parser.parse_args(argv)
    if (args.key is None) == (args.signature is None):
        raise UsageError("--key, --signature: name one of the two")
    from software_update.disclosure.log_sign import add_signature, sign_checkpoint

    storage = options.folder_of(args)
    if args.key is not None:
        signer_arguments.check_signer(args)
        signed, is_new = sign_checkpoint(storage, signer_arguments.open_signer(args))
    else:
        signature = files.read_input(args.signature, _SIGNATURE_BYTES)
        signed, is_new = add_signature(storage, signature)
    checkpoint = signed.checkpoint
    if args.json:
        document = {
            "schema": _SCHEMA,
            "log": checkpoint.origin,
            "size": checkpoint.size,
            "root": checkpoint.root.hex(),
            "signed": is_new,
        }
        print(to_text(document), end="")
    else:
        what = "signed" if is_new else "is signed already"
        print(f"{printable(args.log)}: {what}, {checkpoint.size} records")
    return 0
