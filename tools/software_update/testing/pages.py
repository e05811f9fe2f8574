"""Releases, and the pages that show them."""

import functools
from typing import Any

from software_update.disclosure.disclosed import Disclosed
from software_update.disclosure.page import (
    PageComponent,
    PageFile,
    PageMaterial,
    PageProof,
    PageProvenance,
    PageSbom,
    ReleasePage,
)
from software_update.disclosure.page_of_release import page_of_release
from software_update.format import metadata
from software_update.format.claims import Claims, TargetClaim
from software_update.format.release_manifest import (
    Advisory,
    ReleaseManifest,
    ReleaseTexts,
    build_release,
)
from software_update.testing import encode as e

APP = TargetClaim("app", "lamp control", "application", ("actuators",), "process", True)
BOOT = TargetClaim("boot", "boot loader", "boot_loader", ("storage", "updates"), None, False)

RELEASE = ReleaseManifest(
    "Blinky",
    "1.1",
    2,
    hardware_ids=("blinky-1",),
    minimum_counter=1,
    notes="The lamp blinks evenly.\nThe radio no longer listens after a reset.",
    severity="high",
    support_until="2036-01-01T00:00:00Z",
    kind="security",
    advisories=(
        Advisory(
            "CVE-2031-1234",
            "high",
            "Anyone in range could restart the lamp.",
            "Change the password of the lamp.",
        ),
    ),
    duration=180,
    unavailable_functions=("light", "remote control"),
    reversible=False,
    texts=(ReleaseTexts("de", "Die Lampe blinkt gleichmäßig.", ("Licht", "Fernbedienung")),),
)

FILES = (
    PageFile(
        "sbom.cdx.json",
        1714,
        "ef" * 32,
        is_listed=True,
        is_here=True,
        contents=PageSbom(
            "CycloneDX 1.6",
            2,
            (PageComponent("gcc", "15.2.0", "GPL-3.0-or-later"), PageComponent("//lamp", "", "")),
        ),
    ),
    PageFile(
        "provenance.dsse.json",
        2300,
        "fe" * 32,
        is_listed=False,
        is_here=True,
        contents=PageProvenance(
            "ab" * 32,
            "https://bazel.build",
            ("bazel", "build", "//lamp:bundle"),
            "cd" * 32,
            1,
            (PageMaterial("source", "cd" * 32),),
            is_signed=True,
        ),
    ),
    PageFile(
        "blinky.bundle.tlog-proof",
        400,
        "ba" * 32,
        is_listed=False,
        is_here=True,
        contents=PageProof(
            "log.example.com/lamp", 6, 9, ("log.example.com/lamp", "witness.example.org")
        ),
    ),
)


def disclosed(
    release: ReleaseManifest | None = RELEASE,
    claims: Claims = Claims((APP, BOOT)),  # noqa: B008 (It is a constant.)
    **contents: bytes,
) -> Disclosed:
    """Returns a release with the targets app and boot, and any others or other contents."""
    manifest = None if release is None else build_release(release, claims)
    files = {"app": b"app", "boot": b"boot", **contents}
    if manifest is not None:
        files["user_manifest"] = manifest
    root = _root()
    return Disclosed(
        metadata.parse_targets(e.targets(dict(sorted(files.items())), 7)),
        root,
        root.id,
        (e.pair(e.TARGETS_KEY).key_id,),
        manifest,
        release,
        claims,
        (),
        True,
    )


@functools.cache
def _root() -> metadata.Root:
    return metadata.parse_signed_root(e.signed(e.root(), e.ROOT_KEY))[1]


def page(**changes: Any) -> ReleasePage:
    """Returns the page of that release, verified, with some facts changed."""
    shown = page_of_release(disclosed(), is_verified=True, file="blinky.bundle", size=3_400_000)
    return shown._replace(**changes)
