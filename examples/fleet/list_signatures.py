"""Prints the paths of the signatures of the package in a folder, one a line, for BUILD.gn."""

import sys
from pathlib import Path

package = Path(sys.argv[1])
for path in sorted(package.glob("signatures/*/*.json")):
    print(path.relative_to(package).as_posix())
