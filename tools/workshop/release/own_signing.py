"""The signed description of a release: a bundle of its files, made with this project's own commands.

People sign the request outside this program. The bundle contains the files, and its release manifest
lists the SBOM and the provenance, so the signatures cover everything. A rehearsal signs with the published
throw-away keys of the tree instead, and its bundle says so: `software-update bundle verify` shows DEV KEYS.

`payloads` are the names of the bundle's targets, with their files. The names are short, because Pigweed's
client takes no longer ones.

All paths are relative to the folder of the release, which is the current folder.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from own_sbom import NAME
from own_tree import NotReleasable
from software_update.base import files
from software_update.base.errors import UsageError
from software_update.cli.dispatch import run_command

ATTACHMENTS = "attachments"
MANIFEST = "release_manifest.json"
REQUEST = "signing_request/targets.pb"
REHEARSAL_ROOT = "rehearsal_root.pb"

_DEV_KEYS = "tools/dev_keys/throwaway_dev_{role}_key.pem"
_VERSION = re.compile(r"(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})")


def counter_of(version: str) -> int:
    """Returns the release counter of a version: 2.3.4 is 2003004. It never falls if versions rise.

    Raises UsageError if it is not three numbers below 1000.
    """
    found = _VERSION.fullmatch(version)
    if not found:
        raise UsageError(f"{version}: not a version; write MAJOR.MINOR.PATCH, such as 0.1.0")
    major, minor, patch = map(int, found.groups())
    return (major * 1000 + minor) * 1000 + patch


def write_manifest(version: str, notes: str, attachments: Sequence[str], scratch: Path) -> None:
    """Writes the release manifest, which lists the attachments."""
    file = scratch / "notes.md"
    file.write_text(notes, encoding="utf-8")
    _run(
        *("step", "release-manifest", "--product", NAME, "--release-version", version),
        *("--release-counter", str(counter_of(version)), "--notes-file", str(file)),
        *("--attachment", *attachments, "-o", MANIFEST),
    )


def write_request(version: str, payloads: Mapping[str, str], root: str, scratch: Path) -> None:
    """Writes the metadata to sign, and the JSON that describes it to the people who sign."""
    digests = str(scratch / "digests.json")
    Path(REQUEST).parent.mkdir()
    _run("step", "digest", *_targets(payloads), "--user-manifest", MANIFEST, "-o", digests)
    number = str(counter_of(version))
    _run("step", "targets", "--digests", digests, "--version", number, "-o", REQUEST)
    described = ("--root", root, "--user-manifest", MANIFEST, "-o", f"{REQUEST}.json")
    _run("step", "request", "--metadata", REQUEST, *described)


def write_rehearsal(version: str, payloads: Mapping[str, str], source: Path, bundle: str) -> None:
    """Writes a bundle that the throw-away keys of the tree sign, and their root."""
    keys = {role: str(source / _DEV_KEYS.format(role=role)) for role in ("root", "targets")}
    public = ("--root-key", f"{keys['root']}.pub", "--targets-key", f"{keys['targets']}.pub")
    _run("root", "create", "--version", "1", *public, "--dev-keys", "-o", REHEARSAL_ROOT)
    _run("root", "sign", REHEARSAL_ROOT, "--dev-signing-key", keys["root"])
    content = (*_targets(payloads), "--user-manifest", MANIFEST, "--root", REHEARSAL_ROOT)
    signed = ("--dev-signing-key", keys["targets"], "-o", bundle)
    _run("bundle", "create", "--version", str(counter_of(version)), *content, *signed)
    verify(bundle, REHEARSAL_ROOT)


def attach(
    payloads: Mapping[str, str],
    root: str,
    signatures: Sequence[str],
    source: Path,
    scratch: Path,
    bundle: str,
) -> None:
    """Writes the bundle of a release that people signed, and verifies it as a device does.

    Raises NotReleasable if signatures are bad or too few, or if the root lists a throw-away key of the tree.
    """
    identities, signed = str(scratch / "identities.json"), str(scratch / "signed.pb")
    keys = [str(source / _DEV_KEYS.format(role=role)) for role in ("root", "targets")]
    _run("step", "identify", "--dev-signing-key", *keys, "-o", identities)
    _run(
        *("step", "attach", "--role", "targets", "--metadata", REQUEST, "--root", root),
        *("--trusted-root", root, "--dev-key-identities", identities),
        *("--signature", *signatures, "-o", signed),
    )
    content = (*_targets(payloads), "--user-manifest", MANIFEST)
    made = str(scratch / "made.bundle")
    _run("step", "assemble", "--root", root, "--targets-metadata", signed, *content, "-o", made)
    verify(made, root)
    files.write_output(bundle, Path(made).read_bytes(), inputs=[])


def verify(bundle: str, root: str) -> None:
    """Verifies a bundle and its attachments as a device does. Prints the report."""
    _run("bundle", "verify", bundle, "--trusted-root", root, "--attachments", ATTACHMENTS)


def _targets(payloads: Mapping[str, str]) -> list[str]:
    return ["--target", *(f"{name}={file}" for name, file in payloads.items())]


def _run(*argv: str) -> None:
    """Runs a command of this project, whose error is on standard error."""
    status = run_command(argv)
    if status != 0:
        raise NotReleasable(
            f"software-update {argv[0]} {argv[1]}: ended with {status}; correct what it reports above"
        )
