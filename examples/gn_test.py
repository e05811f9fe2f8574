"""GN builds the examples to the bytes that Bazel builds them to; today's GN, and that of December 2022."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from software_update.cli.main import main

_BUNDLES = {
    "blinky/bundle": os.environ["BLINKY"],
    "fleet/camera_board_a_eu": os.environ["FLEET_CAMERA"],
    "fleet/camera_board_a_eu_fix": os.environ["FLEET_FIX"],
    "fleet/radio_board_a": os.environ["FLEET_RADIO"],
    "key_rotation/release_5": os.environ["KEY_ROTATION"],
    "quickstart/bundle": os.environ["QUICKSTART"],
    "release/bundle": os.environ["RELEASE_DEV"],
}
# Those that are released, in release mode.
_RELEASED = {
    "fleet/camera_board_a_eu_fix": os.environ["FLEET_FIX_RELEASED"],
    "release/bundle": os.environ["RELEASE_RELEASED"],
}
_RELEASE_LIST = "gen/examples/release/repository.release_list.json"
# For blinky, which is only built in dev mode.
_P256M = f'blinky_p256m="{Path(os.environ["P256M"].split()[0]).parent.absolute()}"'
_RELEASE_MODE = 'software_update_signing="release"'


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of the sources, with the wheels in their place."""
    for source in os.environ["SOURCES"].split():
        copy = tmp_path / "checkout" / source
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, copy)
    wheels = tmp_path / "checkout/gn/python/wheels"
    wheels.mkdir()
    for wheel in os.environ["WHEELS"].split():
        shutil.copyfile(wheel, wheels / Path(wheel).name)
    return tmp_path / "checkout"


@pytest.mark.parametrize("gn", os.environ["GN_PROGRAMS"].split())
@pytest.mark.parametrize(
    ("arguments", "bundles"),
    [(_P256M, _BUNDLES), (_RELEASE_MODE, _RELEASED)],
    ids=["dev", "release"],
)
def test_the_same_bytes_as_bazel(
    checkout: Path, gn: str, arguments: str, bundles: dict[str, str]
) -> None:
    for program in (gn, "ninja"):
        if not shutil.which(program):
            pytest.skip(f"no {program} on PATH: see docs/guides/gn.md")
    run(checkout, gn, "gen", "out", f"--args={arguments}")
    assert "no work to do" not in run(checkout, "ninja", "-C", "out")
    for name, of_bazel in bundles.items():
        of_gn = checkout / f"out/obj/examples/{name}.bundle"
        assert of_gn.read_bytes() == Path(of_bazel).read_bytes(), name
    assert "no work to do" in run(checkout, "ninja", "-C", "out")
    if bundles is _RELEASED:
        check_same_repository(checkout / "out" / _RELEASE_LIST, Path(os.environ["RELEASE_LIST"]))


def check_same_repository(of_gn: Path, of_bazel: Path) -> None:
    """Publishes the release lists of both builds, each into a repository with the same keys."""
    keys = of_gn.parent
    for kind in ("root", "targets", "snapshot", "rollout"):
        assert main(["key", "generate", f"{keys}/{kind}.pem"]) == 0
    found = [published(each, keys / name, keys) for name, each in (("a", of_gn), ("b", of_bazel))]
    assert any(name.endswith(".1.0.0.bundle") for name in found[0])
    assert found[0] == found[1]


def published(release_list: Path, folder: Path, keys: Path) -> dict[str, bytes]:
    """Publishes a release list into a new repository, and returns its files."""

    def repository(command: str, *arguments: object, kinds: tuple[str, ...]) -> None:
        options = [f"--{kind}-key={keys}/{kind}.pem" for kind in kinds]
        now = "--now=2031-01-01T00:00:00Z"
        assert main(["repository", command, *map(str, arguments), *options, now]) == 0

    root = f"{folder}.root.json"
    public = f"--rollout-public={keys}/rollout.pem.pub"
    repository("init", folder, public, "-o", root, kinds=("root", "targets", "snapshot"))
    to = (f"--to={folder}", f"--repository-root={root}")
    repository("publish", release_list, *to, kinds=("targets", "snapshot", "rollout"))
    files = (each for each in folder.rglob("*") if each.is_file())
    return {str(each.relative_to(folder)): each.read_bytes() for each in files}


def test_format(checkout: Path) -> None:
    if not shutil.which("gn"):
        pytest.skip("no gn on PATH: see docs/guides/gn.md")
    files = [*checkout.glob(".gn"), *checkout.glob("examples/**/*.gn")]
    assert len(files) > 5
    run(checkout, "gn", "format", "--dry-run", *map(str, files))


def run(folder: Path, *command: str) -> str:
    done = subprocess.run(
        command,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout
