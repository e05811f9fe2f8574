"""python-tuf as a command, for it is a library: signs targets metadata for files, and checks them.

    tuf_tool.py create KEY.pem METADATA.json LIST [--copy-to DIR]
    tuf_tool.py verify KEY.pub METADATA.json LIST

LIST has the path of a file on each line.

Runs in the peers' virtual environment, and imports nothing of ours.
"""

import argparse
import shutil
from datetime import UTC, datetime
from pathlib import Path

from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key
from securesystemslib.signer import CryptoSigner, SSlibKey
from tuf.api.metadata import Metadata, TargetFile, Targets

NEVER = datetime(2100, 1, 1, tzinfo=UTC)


def create(key: Path, metadata: Path, files: list[Path], copies: Path | None) -> None:
    """Hashes the files, signs, and copies them where the repository would have them."""
    private = load_pem_private_key(key.read_bytes(), None)
    signer = CryptoSigner(private, SSlibKey.from_crypto(private.public_key()))
    names = {str(path): path for path in files}
    targets = {name: TargetFile.from_file(name, str(path)) for name, path in names.items()}
    if copies:
        copies.mkdir()
        for number, path in enumerate(files):
            shutil.copyfile(path, copies / f"{number}")
    signed = Metadata(Targets(version=7, expires=NEVER, targets=targets))
    signed.sign(signer)
    signed.to_file(str(metadata))


def verify(key: Path, metadata: Path, files: list[Path]) -> None:
    """Checks the signature, and length and hashes of every file."""
    public = SSlibKey.from_crypto(load_pem_public_key(key.read_bytes()))
    signed: Metadata[Targets] = Metadata.from_file(str(metadata))
    [signature] = signed.signatures.values()
    public.verify_signature(signature, signed.signed_bytes)
    for path in files:
        with open(path, "rb") as file:
            signed.signed.targets[str(path)].verify_length_and_hashes(file)


def main() -> None:
    """Entry point."""
    parser = argparse.ArgumentParser()
    parser.add_argument("work", choices=["create", "verify"])
    parser.add_argument("key", type=Path)
    parser.add_argument("metadata", type=Path)
    parser.add_argument("list", type=Path)
    parser.add_argument("--copy-to", type=Path)
    args = parser.parse_args()
    files = [Path(line) for line in args.list.read_text().splitlines()]
    if args.work == "create":
        create(args.key, args.metadata, files, args.copy_to)
    else:
        verify(args.key, args.metadata, files)


if __name__ == "__main__":
    main()
