"""key show: the type and key id of key files."""

from collections.abc import Iterator, Sequence

from software_update.base.errors import printable
from software_update.cli.options.arguments import Parser
from software_update.cli.options.schemes import add_schemes, schemes_of
from software_update.keys.dev_key_ids import DEV_KEY_IDS, DEV_KEYS_WARNING
from software_update.keys.pem import is_private, read_private_key, read_public_key
from software_update.keys.schemes import Schemes


def run(argv: Sequence[str]) -> int:
    parser = Parser("key show", "Shows the type and the key id of each key file.")
    parser.add_argument(
        "file", metavar="FILE", nargs="+", help="private (PKCS#8) or public PEM keys"
    )
    add_schemes(parser)
    args = parser.parse_args(argv)
    paths = args.file
    shown = []
    for path in paths:
        # The output for one file has no name, as scripts read it.
        shown += [f"file: {printable(path)}"] if len(paths) > 1 else []
        shown += _lines(path, schemes_of(args))
    print("\n".join(shown))
    return 0


def _lines(path: str, schemes: Schemes) -> Iterator[str]:
    private = is_private(path)
    public = read_private_key(path, schemes=schemes).public if private else None
    key = public or read_public_key(path, schemes)
    yield f"type: {key.scheme.title}, {'private' if private else 'public'}"
    yield f"key id: {key.key_id.hex()}"
    if key.key_id.hex() in DEV_KEY_IDS:
        yield DEV_KEYS_WARNING
