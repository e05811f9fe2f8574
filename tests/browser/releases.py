"""Two releases of a lamp, and the page of the second one."""

from pathlib import Path

from software_update.format.claims import Claims
from software_update.format.release_manifest import ReleaseManifest, build_release
from software_update.testing import encode as e
from software_update.testing.command import done
from software_update.testing.pages import APP, BOOT, RELEASE

OLD = RELEASE._replace(version="1.0", counter=1, minimum_counter=None)
MORE = APP._replace(reach=("actuators", "network"))


def write_releases(folder: Path, release: ReleaseManifest = RELEASE) -> None:
    """Writes old.bundle, new.bundle and root.pb."""
    (folder / "root.pb").write_bytes(e.signed(e.root(), e.ROOT_KEY))
    for name, version, manifest, claim, app in (
        ("old", 1, OLD, APP, b"the lamp before\n"),
        ("new", 2, release, MORE, b"the lamp\n" * 40_000),
    ):
        contents = {
            "app": app,
            "boot": b"the boot loader\n" * 1000,
            "user_manifest": build_release(manifest, Claims((claim, BOOT))),
        }
        (folder / f"{name}.bundle").write_bytes(e.bundle(contents, version=version))


def page_of(folder: Path, *options: str) -> str:
    """Writes the page of new.bundle, and returns its address."""
    previous = f"--previous={folder}/old.bundle"
    done("bundle", "page", folder / "new.bundle", previous, "-o", folder / "page.html", *options)
    return (folder / "page.html").as_uri()


def verified(folder: Path) -> str:
    """Returns the option that verifies the release."""
    return f"--trusted-root={folder}/root.pb"
