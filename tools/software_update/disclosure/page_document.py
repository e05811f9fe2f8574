"""The page of a release as a JSON document, software_update.release_page.v1. Pure."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from software_update.base import strict_json
from software_update.disclosure.page import PageProof, PageProvenance, PageSbom, ReleasePage
from software_update.format.release_manifest import build_release

SCHEMA = "software_update.release_page.v1"

_T = TypeVar("_T")


def page_document(page: ReleasePage) -> dict[str, Any]:
    """Returns the document. `release` is the release manifest, with its claims, as its own schema has it."""
    release, radius = page.manifest, page.radius
    return {
        "schema": SCHEMA,
        "verified": page.is_verified,
        "dev_keys": page.is_dev,
        "file": page.file,
        "size": page.size,
        "release_digest": page.release_digest,
        "release": release and strict_json.parse(build_release(release, page.claims)),
        "targets_version": page.targets_version,
        "targets_expires": page.targets_expires,
        "targets": [each._asdict() for each in page.targets],
        "root": page.root
        and {
            **page.root._asdict(),
            "thresholds": dict(page.root.thresholds),
            "keys": [
                {
                    "key_id": each.key_id,
                    "scheme": each.scheme,
                    "roles": each.roles,
                    "dev_key": each.is_dev,
                }
                for each in page.root.keys
            ],
        },
        "signers": page.signers,
        "not_checked": page.not_checked,
        "previous": page.previous and page.previous._asdict(),
        "components": [each._asdict() for each in radius.components],
        "claimed_before": radius.claimed_before if page.previous else None,
        "powers_gained": [each._asdict() for each in radius.powers_gained]
        if page.previous
        else None,
        "confinement": [each._asdict() for each in radius.confinement],
        "areas": [each._asdict() for each in radius.areas],
        "boot_loader_targets": radius.boot_loader_targets,
        "unclaimed": radius.unclaimed,
        "no_way_back": [{"kind": kind, "name": name} for kind, name in radius.no_way_back],
        "key_changes": _known(
            radius.keys, lambda each: {**each._asdict(), "key_id": each.key_id.hex()}
        ),
        "threshold_changes": _known(radius.thresholds, lambda each: each._asdict()),
        "files": [
            {
                "name": each.name,
                "length": each.length,
                "sha256": each.sha256,
                "listed": each.is_listed,
                "present": each.is_here,
                "matches": each.matches,
                "sbom": _sbom(each.contents) if isinstance(each.contents, PageSbom) else None,
                "provenance": _provenance(each.contents)
                if isinstance(each.contents, PageProvenance)
                else None,
                "proof": each.contents._asdict() if isinstance(each.contents, PageProof) else None,
            }
            for each in page.files
        ],
    }


def _sbom(sbom: PageSbom) -> dict[str, Any]:
    return {
        "format": sbom.format,
        "count": sbom.total,
        "components": [each._asdict() for each in sbom.components],
    }


def _provenance(built: PageProvenance) -> dict[str, Any]:
    return {
        "release": built.release,
        "builder": built.builder,
        "command": built.command,
        "source": built.source or None,
        "count": built.total,
        "materials": [each._asdict() for each in built.materials],
        "signed": built.is_signed,
    }


def _known(values: Sequence[_T] | None, document: Callable[[_T], Any]) -> list[Any] | None:
    """Returns the documents of values; None if the values are not known."""
    return None if values is None else [document(each) for each in values]
