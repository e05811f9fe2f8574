"""Makes the inputs: files of random bytes, throw-away keys, and a root that lists one of them."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.peers import Peers, succeed

MIB = 1024 * 1024
DAYS = "36500"


@dataclass(frozen=True)
class Keys:
    """One P-256 key in the forms that the tools read: PKCS#8, SEC1, public, certificate; our root."""

    private: Path
    sec1: Path
    public: Path
    certificate: Path
    root: Path


def make_keys(folder: Path, peers: Peers) -> Keys:
    """A key pair for all tools, and root metadata of ours that lists it for the targets role."""
    folder.mkdir()
    keys = Keys(
        *(folder / name for name in ("key.pem", "sec1.pem", "key.pub", "key.crt", "root.pb"))
    )
    openssl = peers.programs["openssl"]
    make_key(openssl, keys.private, keys.public, keys.sec1)
    request: list[str | Path] = [
        openssl,
        "req",
        "-x509",
        "-new",
        "-key",
        keys.private,
        "-subj",
        "/CN=benchmark",
    ]
    succeed([*request, "-days", DAYS, "-out", keys.certificate])
    root, public = folder / "root.pem", folder / "root.pub"
    make_key(openssl, root, public, folder / "root_sec1.pem")
    command, unsigned = peers.ours.with_name("software-update"), folder / "unsigned.pb"
    listed = [f"--root-key={public}", f"--targets-key={keys.public}"]
    succeed([command, "root", "create", "--version=1", *listed, "-o", unsigned])
    succeed([command, "root", "sign", unsigned, f"--dev-signing-key={root}", "-o", keys.root])
    return keys


def make_key(openssl: str, private: Path, public: Path, sec1: Path) -> None:
    """A P-256 key pair; the private key in both forms that it is read in."""
    succeed([openssl, "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", sec1])
    succeed([openssl, "pkcs8", "-topk8", "-nocrypt", "-in", sec1, "-out", private])
    succeed([openssl, "pkey", "-in", private, "-pubout", "-out", public])


def make_files(folder: Path, count: int, size: int) -> list[Path]:
    """`count` files of `size` random bytes, on the disk, so that no write of theirs disturbs later."""
    folder.mkdir(parents=True)
    paths = [folder / f"{number:05}.img" for number in range(count)]
    for path in paths:
        with open(path, "wb") as file:
            for left in range(size, 0, -4 * MIB):
                file.write(os.urandom(min(left, 4 * MIB)))
    os.sync()
    return paths


def write_list(path: Path, files: Sequence[Path]) -> Path:
    """A list of targets as `bundle create --targets-from` reads it."""
    entries = [{"name": f"f/{at:05}", "file": str(file)} for at, file in enumerate(files)]
    path.write_text(json.dumps({"targets": entries}))
    return path
