"""The wheel and the sdist of a release, which hatchling makes from the source archive; checks the wheel."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from own_sbom import NAME
from own_tree import Commit, NotReleasable

# A program that imports the wheel: a bundle that it makes verifies, and a changed one does not.
_ROUND_TRIP = (
    ("key", "generate", "root.pem"),
    ("key", "generate", "targets.pem"),
    (
        *("root", "create", "--version", "1", "--root-key", "root.pem.pub"),
        *("--targets-key", "targets.pem.pub", "--dev-keys", "-o", "root.pb"),
    ),
    ("root", "sign", "root.pb", "--dev-signing-key", "root.pem"),
    (
        *("bundle", "create", "--version", "1", "--target", "app=root.pem.pub"),
        *("--root", "root.pb", "--dev-signing-key", "targets.pem", "-o", "good.bundle"),
    ),
    ("bundle", "verify", "good.bundle", "--trusted-root", "root.pb"),
)
_REJECTED = 1


def packages(version: str) -> tuple[str, str]:
    """Returns the file names of the wheel and the sdist."""
    return f"{NAME}-{version}-py3-none-any.whl", f"{NAME}-{version}.tar.gz"


def write_packages(source: Path, commit: Commit, version: str, folder: Path) -> None:
    """Writes the wheel and the sdist of an unpacked source archive into a folder.

    Their times are that of the commit, so each run gives the same bytes.
    """
    targets = ("--target", "wheel", "--target", "sdist", "--directory", str(folder))
    done = _python(
        ("-m", "hatchling", "build", *targets), source, SOURCE_DATE_EPOCH=str(commit.time)
    )
    if done.returncode != 0:
        raise NotReleasable(f"hatchling: {_last_line(done)}; correct pyproject.toml")
    for name in packages(version):
        if not (folder / name).is_file():
            raise NotReleasable(f"hatchling: wrote no {name}; correct pyproject.toml")


def check_wheel(wheel: Path) -> None:
    """Makes and verifies a bundle with the command in a wheel. Raises NotReleasable if a step fails."""
    with tempfile.TemporaryDirectory(prefix="own_packages.") as scratch:
        folder = Path(scratch)
        for arguments in _ROUND_TRIP:
            _software_update(wheel, folder, arguments, 0)
        bundle = bytearray((folder / "good.bundle").read_bytes())
        bundle[-1] ^= 1
        (folder / "bad.bundle").write_bytes(bundle)
        verify = ("bundle", "verify", "bad.bundle", "--trusted-root", "root.pb")
        _software_update(wheel, folder, verify, _REJECTED)


def _software_update(wheel: Path, folder: Path, arguments: Sequence[str], status: int) -> None:
    # Python imports from a wheel, because it is a zip file.
    script = f"import sys; sys.path.insert(0, {str(wheel)!r}); import software_update"
    script += f"; assert software_update.__file__.startswith({str(wheel)!r})"
    script += "; from software_update.__main__ import console; sys.exit(console())"
    done = _python(("-c", script, *arguments), folder)
    if done.returncode != status:
        raise NotReleasable(
            f"{wheel.name}: 'software-update {' '.join(arguments[:2])}' ended with {done.returncode}, "
            f"not {status}: {_last_line(done)}; correct the package"
        )


def _python(
    arguments: Sequence[str], folder: Path, **variables: str
) -> subprocess.CompletedProcess[str]:
    """Runs this Python with the modules that this process can import."""
    path = os.pathsep.join(each for each in sys.path if each)
    return subprocess.run(
        [sys.executable, "-sB", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": path, "PYTHONSAFEPATH": "1", **variables},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )


def _last_line(done: subprocess.CompletedProcess[str]) -> str:
    return ((done.stderr or done.stdout).splitlines() or ["no output"])[-1]
