"""Tokens that SoftHSM keeps in a folder, and keys on them, made by OpenSC's pkcs11-tool."""

from __future__ import annotations

import functools
import glob
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

PIN, SO_PIN = "73528146", "90817263"
_MODULES = (
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib/*/softhsm/libsofthsm2.so",
    "/usr/lib*/pkcs11/libsofthsm2.so",
    "/opt/homebrew/lib/softhsm/libsofthsm2.so",
)


@functools.cache
def module() -> str:
    """SoftHSM's PKCS#11 module."""
    found = [path for pattern in _MODULES for path in glob.glob(pattern)]
    return found[0] if found else _missing("SoftHSM's module", "softhsm2")


@functools.cache
def program(name: str, package: str) -> str:
    """The path of a program, which comes with a Debian package."""
    return shutil.which(name) or _missing(name, package)


def _missing(what: str, package: str) -> str:
    raise FileNotFoundError(
        f"{what} is missing; install it (Debian: apt-get install {package}), or use ./bazelw"
    )


@dataclass(frozen=True)
class SoftHsm:
    """The tokens in one folder."""

    folder: Path

    @classmethod
    def make(cls, folder: Path) -> SoftHsm:
        """None yet."""
        (folder / "tokens").mkdir()
        settings = f"directories.tokendir = {folder}/tokens\nobjectstore.backend = file\n"
        (folder / "softhsm2.conf").write_text(settings)
        return cls(folder)

    @property
    def settings(self) -> str:
        """The value of SOFTHSM2_CONF."""
        return str(self.folder / "softhsm2.conf")

    def run(self, *words: str) -> str:
        """Returns the output of a command."""
        env = os.environ | {"SOFTHSM2_CONF": self.settings}
        done = subprocess.run(words, env=env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def make_token(self, label: str) -> Token:
        """A new token. Several may have one label."""
        tool = program("softhsm2-util", "softhsm2")
        pins = ("--pin", PIN, "--so-pin", SO_PIN)
        said = self.run(tool, "--init-token", "--free", "--label", label, *pins)
        return Token(self, said.split()[-1])


@dataclass(frozen=True)
class Token:
    """A token, in a slot that SoftHSM has given it."""

    hsm: SoftHsm
    slot: str

    def tool(self, *args: str) -> str:
        """Returns the output of `pkcs11-tool ARGS...`."""
        tool = program("pkcs11-tool", "opensc")
        return self.hsm.run(tool, "--module", module(), "--slot", self.slot, *args)

    def make_key(self, key_id: str, kind: str = "EC:prime256v1", *more: str) -> None:
        """Makes a key pair; the id in hexadecimal digits."""
        pair = ("--keypairgen", "--key-type", kind, "--id", key_id, "--usage-sign")
        self.tool("--login", "--pin", PIN, *pair, *more)

    def write_public(self, key_id: str, path: Path) -> None:
        """Writes the public key as PEM."""
        der = path.with_suffix(".der")
        self.tool("--read-object", "--type", "pubkey", "--id", key_id, "-o", str(der))
        convert = ("pkey", "-pubin", "-inform", "DER", "-in", str(der), "-out", str(path))
        self.hsm.run(program("openssl", "openssl"), *convert)
        der.unlink()
