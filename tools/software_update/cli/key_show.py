"""key show: the type and key id of a key file."""

from collections.abc import Sequence

from software_update import keys
from software_update.cli.arguments import Parser


def run(argv: Sequence[str]) -> int:
    parser = Parser("key show", "Shows the type and the key id of a key file.")
    parser.add_argument("file", metavar="FILE", help="a private (PKCS#8) or public PEM key")
    args = parser.parse_args(argv)
    private = keys.is_private(args.file)
    key = keys.read_private_key(args.file).public if private else keys.read_public_key(args.file)
    print(f"type: ECDSA on NIST P-256 with SHA-256, {'private' if private else 'public'}")
    print(f"key id: {key.key_id.hex()}")
    if key.key_id.hex() in keys.DEV_KEY_IDS:
        print(keys.DEV_KEYS_WARNING)
    return 0
