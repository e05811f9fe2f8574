"""Publishes a release in an OCI registry, after verifying it as a device does."""

from collections.abc import Sequence
from dataclasses import dataclass

from software_update.format.catalog import CatalogEntry
from software_update.repository.bundle_file import Described, verified_upload
from software_update.repository.storage import UploadFile
from software_update.repository.storages.oci import OciStorage

_TYPES = {
    ".cdx.json": "application/vnd.cyclonedx+json",
    ".spdx.json": "application/spdx+json",
    ".intoto.json": "application/vnd.in-toto+json",
    ".intoto.jsonl": "application/vnd.in-toto+json",
    ".dsse.json": "application/vnd.dsse.envelope.v1+json",
    "tlog-proof": "application/vnd.software-update.tlog-proof.v1",
}


@dataclass(frozen=True)
class Pushed:
    """A release in a registry.

    `digest` is that of its manifest, `sha256` and `length` are the bundle's, and `url` is the address of the
    bundle, which never changes. `attachments` are the digests of their manifests by name, and `urls` their
    addresses.
    """

    entry: CatalogEntry
    tag: str
    digest: str
    url: str
    sha256: str
    length: int
    attachments: dict[str, str]
    urls: dict[str, str]


def tag_of(version: str) -> str:
    """Returns the tag of a version. A tag cannot contain `+`."""
    return version.replace("+", "_")


def type_of(name: str) -> str:
    """Returns the media type of an attachment."""
    return next(
        (kind for end, kind in _TYPES.items() if name.endswith(end)), "application/octet-stream"
    )


def push(
    storage: OciStorage, bundle: Described, attachments: Sequence[tuple[str, UploadFile]] = ()
) -> Pushed:
    """Publishes a bundle under the tag of its version, and attaches files to it, each with its name.

    Nothing happens if it is published already. Raises Refused if a device rejects the bundle, Conflict if
    the version has another content, and InputError if the registry fails.
    """
    entry, tag = bundle.entry, tag_of(bundle.entry.version)
    file = verified_upload(bundle)
    digest = storage.publish(
        tag,
        file,
        {
            "org.opencontainers.image.title": entry.product,
            "org.opencontainers.image.version": entry.version,
        },
    )
    attached = {
        name: storage.attach(digest, each, type_of(name), name) for name, each in attachments
    }
    urls = {name: storage.blob_url(each.sha256) for name, each in attachments}
    url = storage.blob_url(file.sha256)
    return Pushed(entry, tag, digest, url, file.sha256, file.length, attached, urls)
