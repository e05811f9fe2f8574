"""p256-m is the file that was read and tested, whatever version of Mbed TLS brought it."""

import hashlib
import os
from pathlib import Path

# Of Mbed TLS 3.6.6 and 3.6.7. Another digest means: read the difference, and then state it here.
_PINS = {
    "p256-m.c": "f546b6e993e268dd2fa464c68b740f708498d480c1f74aa1bbda518d1f7bb770",
    "p256-m.h": "ae61836d9e8083177e25168df7e35f77a65c5e3443ca0980053863ca07e334d0",
}


def test_both_files_are_pinned() -> None:
    files = [Path(name) for name in os.environ["SOURCES"].split()]
    assert {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in files} == _PINS
