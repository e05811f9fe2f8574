"""A transparency log in a folder with its keys, a witness, a policy and releases, as a vendor has it.

log = LogFolder(tmp_path)
log.add(*releases(3))                     # adds, signs, and lets the witness cosign
proof = log.prove(releases(1)[0])         # the path of a bundle with its proof next to it
"""

import json
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from software_update.testing import encode as e
from software_update.testing.command import done
from software_update.testing.memory_log import COSIGNED, ORIGIN, MemoryLog, MemoryWitness
from software_update.testing.repositories import Release
from software_update.testing.signers import ROOT_KEY

KEY = 40


class LogFolder:
    """A log. Its files are in `path`, and the other files in `folder`.

    `policy` demands the cosignature of `witness`, and `vkey` is the log's key.
    """

    def __init__(self, folder: Path, origin: str = ORIGIN) -> None:
        self.folder = folder
        self.path = folder / "log"
        self.root = folder / "product_root.pb"
        self.root.write_bytes(e.signed(e.root(), ROOT_KEY))
        self.key = folder / "log_key.pem"
        write_ed25519(self.key, KEY)
        self.witness = MemoryWitness()
        public = f"{self.key}.pub"
        done("log", "init", self.path, f"--origin={origin}", f"--public={public}", *self.trusted)
        self.vkey = MemoryLog(origin=origin, number=KEY).vkey
        self.policy = folder / "log-policy.txt"
        self.policy.write_text(f"log {self.vkey}\nwitness w {self.witness.vkey}\nquorum w\n")

    @property
    def trusted(self) -> list[str]:
        """The option that names the root of the product."""
        return [f"--trusted-root={self.root}"]

    def bundle(self, release: Release) -> Path:
        """Writes the bundle of a release."""
        path = self.folder / f"{release.version}.bundle"
        path.write_bytes(release.bundle)
        return path

    def add(self, *new: Release) -> None:
        """Adds releases, and signs the log."""
        done("log", "add", self.path, *map(self.bundle, new), *self.trusted)
        self.sign()

    def sign(self, time: int = COSIGNED) -> None:
        """Signs the log with its key, and cosigns it at `time`, in seconds since 1970."""
        done("log", "sign", self.path, f"--key={self.key}")
        answer = self.folder / "answer.txt"
        answer.write_bytes(self.cosign(time))
        done("log", "witness-merge", self.path, answer, f"--log-policy={self.policy}")

    def cosign(self, time: int = COSIGNED) -> bytes:
        """Returns the answer of the witness to the log's checkpoint."""
        text, _, _ = (self.path / "checkpoint").read_bytes().rpartition(b"\n\n")
        return self.witness.cosign(text + b"\n", time)

    def prove(self, release: Release) -> Path:
        """Writes the proof of a release next to its bundle, and returns the path of the bundle."""
        bundle = self.bundle(release)
        done("log", "prove", self.path, bundle, *self.trusted)
        return bundle

    def announced(self, *releases: Release) -> Path:
        """Writes the vendor's list of these releases."""
        path = self.folder / "releases.json"
        path.write_text(json.dumps([each.digest for each in releases]))
        return path


def write_ed25519(path: Path, number: int) -> None:
    """Writes PATH and PATH.pub, the key of MemoryLog(number=number)."""
    key = Ed25519PrivateKey.from_private_bytes(number.to_bytes(32, "big"))
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    Path(f"{path}.pub").write_bytes(
        key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
    )
