"""Prints the signatures in a folder, one path a line, for BUILD.gn: GN has no glob."""

import sys
from pathlib import Path

for path in sorted(Path(sys.argv[1]).glob("*.json")):
    print(path)
