"""Finds files of this repository, both in the tree and in a test's runfiles."""

from pathlib import Path

ROOT = Path(__file__).absolute().parents[3]
TOOLS = ROOT / "tools"
DEV_KEYS = TOOLS / "dev_keys"
VECTORS = ROOT / "tests" / "vectors"
