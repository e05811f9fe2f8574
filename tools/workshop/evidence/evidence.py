"""Writes the evidence report of this project into a folder.

./bazelw run //docs:evidence -- --output DIR
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import figures
from figures import Measure, Origin
from own_sbom import module_version
from report import JSON_NAME, MARKDOWN_NAME, SBOM_NAME, collect, differences, markdown
from software_update.base.errors import SoftwareUpdateError
from subjects import MEASURES

# Measurements of at most this many minutes run without --full and --quick.
SHORT_MINUTES = 2


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="evidence", description=(__doc__ or "").splitlines()[0], allow_abbrev=False
    )
    act = parser.add_mutually_exclusive_group(required=True)
    act.add_argument(
        "--output", metavar="DIR", help="the folder for the report, which is made if it is missing"
    )
    act.add_argument(
        "--check", metavar="DIR", help="compare the report in this folder with the tree"
    )
    speed = parser.add_mutually_exclusive_group()
    speed.add_argument(
        "--quick",
        action="store_true",
        help="measure nothing; take all that takes longer from recorded results",
    )
    speed.add_argument(
        "--full", action="store_true", help="measure everything again, in more than an hour"
    )
    args = parser.parse_args(argv)
    top = Path(os.environ.get("BUILD_WORKSPACE_DIRECTORY", "."))
    folder = Path(os.environ.get("BUILD_WORKING_DIRECTORY", ".")) / (args.output or args.check)
    try:
        if args.check:
            return check(top, folder)
        return write(top, folder, measures(args.quick, args.full))
    except OSError as error:
        place = error.filename or folder
        print(f"evidence: {place}: {error.strerror}", file=sys.stderr)
        return 3
    except KeyError as error:
        print(
            f"evidence: {folder / JSON_NAME}: lacks {error}; it is not a whole report",
            file=sys.stderr,
        )
        return 3
    except (ValueError, SoftwareUpdateError) as error:
        print(f"evidence: {error}", file=sys.stderr)
        return 3


def measures(quick: bool, full: bool) -> list[Measure]:
    """Returns the measurements that run now."""
    if full:
        return [*MEASURES]
    return [] if quick else [each for each in MEASURES if each.minutes <= SHORT_MINUTES]


def write(top: Path, folder: Path, measured: Sequence[Measure]) -> int:
    """Writes the report, and prints what is missing. The files appear only when all of them are complete."""
    state = figures.now(top)
    evidence = collect(top, module_version(top), measured, state)
    folder.mkdir(parents=True, exist_ok=True)
    contents = {
        SBOM_NAME: evidence.sbom,
        JSON_NAME: (json.dumps(evidence.document, indent=1, ensure_ascii=False) + "\n").encode(),
        MARKDOWN_NAME: markdown(evidence.document).encode(),
    }
    for name, content in contents.items():
        (folder / f"{name}.part").write_bytes(content)
    for name in contents:
        (folder / f"{name}.part").replace(folder / name)
    found = evidence.document["figures"]
    missing = [each for each in found if each["origin"] == Origin.MISSING.value]
    for each in found:
        if "\nnow the command fails" in each["note"]:
            problem = each["note"].rpartition("\nnow ")[2]
            print(f"recorded result used: {each['name']}: {problem}")
    for each in missing:
        print(f"not measured: {each['name']}: {each['note']}")
    print(
        f"{folder / MARKDOWN_NAME}: {len(found) - len(missing)} figures, {len(missing)} not measured"
    )
    return 0


def check(top: Path, folder: Path) -> int:
    """Prints the differences between a report and the tree. Returns 1 if there are any."""
    document = json.loads((folder / JSON_NAME).read_bytes())
    found = differences(top, document, (folder / SBOM_NAME).read_bytes())
    if (folder / MARKDOWN_NAME).read_text(encoding="utf-8") != markdown(document):
        found.append(f"{MARKDOWN_NAME}: is not made from {JSON_NAME}")
    for each in found:
        print(f"evidence: {each}", file=sys.stderr)
    if not found:
        print(f"{folder / JSON_NAME}: all counted figures are those of the tree")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
