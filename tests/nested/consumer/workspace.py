"""The workspace of a module that depends on this one, and what tests ask of its outputs."""

from __future__ import annotations

import hashlib
from pathlib import Path

from tests.nested.nested_bazel import Bazel, Spawn

CONSUMER = "tests/consumer"
KEYS = "keys/throwaway_consumer"
# None of these may depend on where or how it was built.
OUTPUTS = (
    "product-update.bundle",
    "respelled.bundle",
    "version_in_file.bundle",
    "defaults.bundle",
    "root_1.root.pb",
    "root_2.root.pb",
    "product.targets_metadata.unsigned.pb",
)
MODES = ("dev", "release", "unsigned")
MODE = "--@rules_software_update//rules/settings:signing="
APPLICATION = b"the application of the product\n"


def digests(server: Bazel) -> dict[str, str]:
    return {name: hashlib.sha256(server.output(name).read_bytes()).hexdigest() for name in OUTPUTS}


def mnemonics(spawns: list[Spawn]) -> dict[str, int]:
    names = [spawn.mnemonic for spawn in spawns]
    return {name: names.count(name) for name in sorted(names)}


def repositories(server: Bazel) -> list[str]:
    """The canonical names of the external repositories that have been fetched."""
    external = Path(server.succeeds("info", "output_base").strip(), "external")
    return [path.name for path in external.iterdir() if path.is_dir()]


def the_line(errors: list[str]) -> str:
    """The one line that the command line has said, and no traceback."""
    assert not [line for line in errors if "Traceback" in line]
    lines = [line for line in errors if line.startswith("software-update: ")]
    assert len(lines) == 1, "\n".join(errors)
    return lines[0]
