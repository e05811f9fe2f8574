"""Two releases of a lamp, and the page of the second one."""

import json
from pathlib import Path

from software_update.attachments.provenance import Material, provenance
from software_update.format.claims import Claims
from software_update.format.release_manifest import ReleaseManifest, build_release
from software_update.testing import encode as e
from software_update.testing.command import done
from software_update.testing.pages import APP, BOOT, RELEASE

OLD = RELEASE._replace(version="1.0", counter=1, minimum_counter=None)
MORE = APP._replace(reach=("actuators", "network"))


def write_releases(folder: Path, release: ReleaseManifest = RELEASE) -> None:
    """Writes old.bundle, new.bundle with an SBOM and a provenance next to it, and root.pb."""
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
    attachments = folder / "new.bundle.attachments"
    attachments.mkdir(exist_ok=True)
    # Long names, which must not make a page wider than a phone, and a name that a test chooses.
    names = [release.product, *(f"{'component_' * 9}{number}" for number in range(9))]
    components = [
        {"name": name, "version": "1.0", "licenses": [{"expression": "MIT"}]} for name in names
    ]
    sbom = {"bomFormat": "CycloneDX", "specVersion": "1.6", "components": components}
    (attachments / "sbom.cdx.json").write_text(json.dumps(sbom))
    materials = [Material(f"@@{'module_' * 12}{number}", bytes(32)) for number in range(3)]
    built = provenance(bytes(32), ["bazel", "build", f"//{'lamp/' * 30}:bundle"], materials)
    (attachments / "provenance.json").write_bytes(built)


def page_of(folder: Path, *options: str) -> str:
    """Writes the page of new.bundle, and returns its address."""
    previous = f"--previous={folder}/old.bundle"
    done("bundle", "page", folder / "new.bundle", previous, "-o", folder / "page.html", *options)
    return (folder / "page.html").as_uri()


def verified(folder: Path) -> str:
    """Returns the option that verifies the release."""
    return f"--trusted-root={folder}/root.pb"
