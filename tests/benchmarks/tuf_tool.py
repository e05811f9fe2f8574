"""python-tuf as a command, because it is a library: signs targets metadata for files, and checks them.

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


def create(key: bytes, metadata: str, files: list[str], copies: Path | None) -> None:
    """Hashes the files, signs, and copies them where the repository would have them."""
    private = load_pem_private_key(key, None)
    signer = CryptoSigner(private, SSlibKey.from_crypto(private.public_key()))
    targets = {path: TargetFile.from_file(path, path) for path in files}
    if copies:
        copies.mkdir()
        for number, path in enumerate(files):
            shutil.copyfile(path, copies / f"{number}")
    signed = Metadata(Targets(version=7, expires=NEVER, targets=targets))
    signed.sign(signer)
    signed.to_file(metadata)


def verify(key: bytes, metadata: str, files: list[str]) -> None:
    """Checks the signature, and length and hashes of every file."""
    public = SSlibKey.from_crypto(load_pem_public_key(key))
    signed: Metadata[Targets] = Metadata.from_file(metadata)
    [signature] = signed.signatures.values()
    public.verify_signature(signature, signed.signed_bytes)
    for path in files:
        with open(path, "rb") as file:
            signed.signed.targets[path].verify_length_and_hashes(file)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("work", choices=["create", "verify"])
    parser.add_argument("key", type=Path)
    parser.add_argument("metadata")
    parser.add_argument("list", type=Path)
    parser.add_argument("--copy-to", type=Path)
    args = parser.parse_args()
    work = (args.key.read_bytes(), args.metadata, args.list.read_text().splitlines())
    if args.work == "create":
        create(*work, args.copy_to)
    else:
        verify(*work)
