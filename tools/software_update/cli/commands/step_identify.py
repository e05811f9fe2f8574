"""step identify: write which development keys a source tree has, without their private part."""

from collections.abc import Sequence

from software_update.base import files
from software_update.cli.options.arguments import Parser, add_output
from software_update.cli.options.collected import depfile
from software_update.cli.options.schemes import add_schemes, schemes_of
from software_update.keys.pem import read_private_key
from software_update.signing import dev_keys


def run(argv: Sequence[str]) -> int:
    parser = Parser(
        "step identify",
        "Writes the public identities of development keys "
        "(software_update.dev_key_identities.v1). With them, step attach rejects roots "
        "that list such a key, and reads no private key.",
    )
    parser.add_argument(
        "--dev-signing-key",
        metavar="PRIV",
        nargs="*",
        action="extend",
        required=True,
        help="development keys (PKCS#8 PEM), perhaps none",
    )
    parser.add_argument(
        "--depfile", metavar="FILE", help="a depfile to write for ninja: OUT depends on the keys"
    )
    add_schemes(parser)
    add_output(parser, "the identities to write")
    args = parser.parse_args(argv)
    paths, schemes = args.dev_signing_key, schemes_of(args)
    found = {read_private_key(path, schemes=schemes).public.identity: path for path in paths}
    with depfile(args, paths, paths):
        files.write_output(args.output, dev_keys.build_identities(found), inputs=paths)
    return 0
