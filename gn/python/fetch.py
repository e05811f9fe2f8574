"""Fetches the wheels that GN builds need, with pip; run it once, before them, with a network.

Takes what tools/python/runtime.txt locks, for this platform and every supported CPython. pip's own
settings say where from. Needs Python 3.9 or later with pip; never writes a wheel by halves.
"""

import os
import sys

if sys.version_info < (3, 9):  # noqa: UP036
    sys.exit("fetch.py: this is Python {}.{}; run it with 3.9 or later".format(*sys.version_info))

import argparse
import contextlib
import platform
import signal
import tempfile
from pathlib import Path

_HERE = Path(os.path.abspath(__file__)).parent
_LOCKS = _HERE.parent.parent / "tools" / "python"
sys.path[:0] = [str(_HERE), str(_LOCKS)]
sys.dont_write_bytecode = True

import fetch_wheels  # noqa: E402
import wheel_folder  # noqa: E402

LOCK = _LOCKS / "runtime.txt"
SBOM_LOCK = _LOCKS / "sbom.txt"
DEFAULT_OUT = _HERE / "wheels"


def main() -> int:
    """Entry point. 0: all wheels are there; 1: one line on stderr says what is wrong."""
    description, _, _ = (__doc__ or "").partition("\n")
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument(
        "--out", type=Path, default=DEFAULT_OUT, help="folder to fill (default: %(default)s)"
    )
    parser.add_argument(
        "--sbom",
        action="store_true",
        help="also fetch the packages that software_update_sbom needs",
    )
    args = parser.parse_args()
    out = args.out
    # As an exception, so that what is half done is taken away.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        for lock in (LOCK, SBOM_LOCK) if args.sbom else (LOCK,):
            fetch(lock, out)
    except fetch_wheels.FetchError as error:
        return _fail(str(error), 1)
    except OSError as error:
        reason = error.strerror or error
        return _fail(f"{error.filename or out}: {reason}; name a folder to write with --out", 1)
    except KeyboardInterrupt:
        return _fail("interrupted", 130)
    print(f"the wheels are in {out}")
    return 0


def fetch(lock: Path, out: Path) -> None:
    """Downloads the wheels that are missing in `out`, and keeps the right ones that are there."""
    fetch_wheels.check_platform(platform.system(), platform.machine(), platform.libc_ver()[0])
    if not _is_complete(lock, out):
        _download(lock, out)
        # Other builds of a locked release, which pip does not know of: a build would refuse them.
        wheel_folder.find_wheels(out, lock)


def _is_complete(lock: Path, out: Path) -> bool:
    try:
        wheels = wheel_folder.find_wheels(out, lock)
    except fetch_wheels.FetchError:
        return False  # One that changed: the right one takes its place.
    return not any(wheel_folder.missing(wheels, lock, each) for each in fetch_wheels.PYTHONS)


def _download(lock: Path, out: Path) -> None:
    was_there = out.is_dir()
    out.mkdir(parents=True, exist_ok=True)
    try:
        # In the folder, so that each wheel gets to its place in one step.
        with tempfile.TemporaryDirectory(prefix=".new-", dir=out) as new:
            fetch_wheels.download(lock, Path(new))
            for wheel in sorted(Path(new).glob("*.whl")):
                os.replace(wheel, out / wheel.name)
    except BaseException:
        if not was_there:
            with contextlib.suppress(OSError):
                out.rmdir()
        raise


def _fail(text: str, status: int) -> int:
    print(f"fetch.py: {text}", file=sys.stderr)
    return status


if __name__ == "__main__":
    sys.exit(main())
