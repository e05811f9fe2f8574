"""Makes the corpus next to it: `python -m tests.fuzz.seeds`, from the top folder."""

from pathlib import Path

from software_update.attachments.provenance import Material, provenance
from software_update.format.claims import Attachment, Claims, TargetClaim
from software_update.format.release_manifest import (
    Advisory,
    ReleaseManifest,
    ReleaseTexts,
    build_release,
)
from software_update.testing import encode as e
from software_update.testing import zstd_frames
from software_update.testing.signers import ROOT_KEY, ROOT_KEY_2, TARGETS_KEY

from tests.fuzz.target import INSTALLED, LOG, ROOT_KEYS, TARGETS_KEYS, TRUSTED, WITNESS

SBOM = b"""\
{"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [
 {"name": "a", "version": "1", "licenses": [{"license": {"id": "MIT"}}], "components": [{"name": "b"}]}]}
"""
CORPUS = Path(__file__).absolute().parent / "corpus"


def corpus() -> dict[str, bytes]:
    """The seeds by file name; the device accepts the bundles."""
    release = build_release(
        ReleaseManifest("lamp", "2.0", counter=4, hardware_ids=("lamp-1",), minimum_counter=2)
    )
    for_consent = build_release(
        ReleaseManifest(
            "lamp",
            "2.1",
            counter=5,
            kind="both",
            advisories=(Advisory("CVE-1", "high", "Overflow.", "Restart."),),
            duration=90,
            unavailable_functions=("light",),
            reversible=False,
            texts=(ReleaseTexts("de", "Neu.", ("Licht",)),),
        )
    )
    claimed = build_release(
        ReleaseManifest("lamp", "2.2", counter=6),
        Claims(
            (TargetClaim("app", "lamp", "application", ("network", "radio"), "mpu", False),),
            (Attachment("sbom.cdx.json", 123, "ab" * 32),),
        ),
    )
    contents = {"app": b"application", "boot": b"boot", "user_manifest": release}
    targets = e.targets(contents, version=4, expires=2_000_000_000)
    entry = e.targets_entry(e.signed(targets, TARGETS_KEY))
    roots = [
        e.signed(e.root(2, [ROOT_KEY_2], TARGETS_KEYS[:2]), ROOT_KEY, ROOT_KEY_2),
        e.signed(e.root(3, ROOT_KEYS, TARGETS_KEYS, 2, 2), *ROOT_KEYS),
    ]
    limited = e.root(2, ROOT_KEYS[:2], TARGETS_KEYS[:2])
    limited += e.text(254, "app") + e.text(254, "boot") + e.text(254, "images/*")
    by_two = e.targets_entry(e.signed(e.targets({"app": b"x"}, version=4), *TARGETS_KEYS[1:]))
    stored = zstd_frames.stored(b"application")
    files = [e.compressed("app", stored, b"application")]
    compressed = e.targets_of(e.common("targets", 4), files)
    return {
        "one_target.bundle": e.targets_entry(
            e.signed(e.targets({"app": b"x"}, version=4), TARGETS_KEY)
        )
        + e.payload("app", b"x"),
        "with_root.bundle": e.root_entry(TRUSTED) + entry + e.payloads(contents),
        "personalized.bundle": entry
        + e.payloads({**contents, "boot": b""} | {}).replace(e.payload("boot", b""), b""),
        "chain.bundle": e.chain(roots[0])
        + e.root_entry(roots[1])
        + by_two
        + e.payload("app", b"x"),
        "allowed_targets.bundle": e.root_entry(e.signed(limited, ROOT_KEY))
        + entry
        + e.payloads(contents),
        "compressed.bundle": e.targets_entry(e.signed(compressed, TARGETS_KEY))
        + e.payload("app", stored),
        "release.tlog-proof": LOG.proof(5, WITNESS),
        "provenance.json": provenance(
            bytes(32), ["bazel", "build"], [Material("source", bytes(32))]
        ),
        "sbom.cdx.json": SBOM,
        "root.pb": TRUSTED,
        "installed.pb": INSTALLED,
        "release.json": release,
        "claims.json": claimed,
        "release_for_consent.json": for_consent,
    }


if __name__ == "__main__":
    for name, content in corpus().items():
        (CORPUS / name).write_bytes(content)
