"""The facts on the page of a release, as plain data. Nothing here judges them."""

from typing import NamedTuple

from software_update.disclosure.blast_radius import BlastRadius
from software_update.format.claims import Claims
from software_update.format.release_manifest import ReleaseManifest

# The change of a target since the previous release.
ADDED, CHANGED, SAME = "added", "changed", "same"


class PageTarget(NamedTuple):
    """A target of the release. `length` is in bytes, `sha256` is in hexadecimal.

    They are the payload's; `original_length` and `original_sha256` are those of the content that a device
    installs if the payload is compressed, else None. `change` is ADDED, CHANGED or SAME; None without a
    previous release. `in_bundle` says whether the bundle contains the payload.
    """

    name: str
    length: int
    sha256: str
    original_length: int | None = None
    original_sha256: str | None = None
    change: str | None = None
    in_bundle: bool = True


class PageKey(NamedTuple):
    """A key that a root lists. `key_id` is in hexadecimal; `roles` are those that it signs for."""

    key_id: str
    scheme: str
    roles: tuple[str, ...]
    is_dev: bool = False


class PageRoot(NamedTuple):
    """A root. `sha256` is that of its signed bytes, in hexadecimal. `expires` is a date; None means never.

    `thresholds` are the names of the roles, and the number of keys that must sign.
    """

    version: int
    sha256: str
    expires: str | None
    thresholds: tuple[tuple[str, int], ...]
    keys: tuple[PageKey, ...]
    allowed_targets: tuple[str, ...] = ()


class PageComponent(NamedTuple):
    """A component of a product. `version` and `licence` are empty if the SBOM does not state them."""

    name: str
    version: str
    licence: str


class PageSbom(NamedTuple):
    """The contents of an SBOM: a format such as `CycloneDX 1.6`, and the first of its `total` components."""

    format: str
    total: int
    components: tuple[PageComponent, ...]


class PageMaterial(NamedTuple):
    """Files from which the release was built: their name, and the SHA-256 in hexadecimal."""

    name: str
    sha256: str


class PageProvenance(NamedTuple):
    """The contents of a provenance: the builder, the command, and the first of `total` materials.

    `release` is the release digest that it is about, in hexadecimal. `source` is the SHA-256 of the vendor's
    own files, empty if it is not stated. `is_signed` says whether it is in an envelope, whose signature
    nothing has checked.
    """

    release: str
    builder: str
    command: tuple[str, ...]
    source: str
    total: int
    materials: tuple[PageMaterial, ...]
    is_signed: bool


class PageProof(NamedTuple):
    """The contents of a proof, of which nothing was checked: the name of the log, and a record of `size`.

    `signers` are the names of the log and the witnesses that say they have signed the checkpoint.
    """

    log: str
    record: int
    size: int
    signers: tuple[str, ...]


Contents = PageSbom | PageProvenance | PageProof


class PageFile(NamedTuple):
    """A file that accompanies the release: an attachment, or the proof from a log.

    `length` is in bytes, `sha256` in hexadecimal. `is_listed` says whether the release manifest lists it, so
    that the signatures of the release cover it. `is_here` says whether it was next to the bundle, and
    `matches` whether that file is the listed one. `contents` are those of an SBOM, a provenance or a
    proof, None for another file.
    """

    name: str
    length: int
    sha256: str
    is_listed: bool
    is_here: bool
    matches: bool = True
    contents: Contents | None = None


class Previous(NamedTuple):
    """The release before, and the names of its targets that the new one lists no more. None: not stated."""

    version: str | None
    counter: int | None
    removed: tuple[str, ...] = ()


class ReleasePage(NamedTuple):
    """The facts on the page of a release. A fact that is not known is None or empty.

    `is_verified` says whether the metadata and payloads were verified; `not_checked` lists the open
    questions. `file` is the name of the bundle, and `size` its length in bytes. `release_digest` is in
    hexadecimal. `signers` are key ids in hexadecimal: of verified signatures, or of claimed ones if nothing
    was verified. `radius` compares the release with `previous`, or with nothing without it. `commands` are
    the labels and texts of commands that check the release.

    `is_on_device` says that a device shows the page before it has the payloads, so only the metadata was
    verified. The device then also knows its `vendor`, and the limits of its trust domain, `device_powers` and
    `device_areas`, None if it has none; `signers` are names for people. If it demands a log, `log` is the log
    with the release, with the `witnesses` that cosigned it, and `log_problem` says why the release is not
    proven to be in one. `auditors` are those who say that they have rebuilt it.
    """

    is_verified: bool
    is_dev: bool
    file: str
    size: int
    release_digest: str
    manifest: ReleaseManifest | None
    radius: BlastRadius
    claims: Claims = Claims()
    targets_version: int | None = None
    targets_expires: str | None = None
    targets: tuple[PageTarget, ...] = ()
    root: PageRoot | None = None
    signers: tuple[str, ...] = ()
    not_checked: tuple[str, ...] = ()
    previous: Previous | None = None
    files: tuple[PageFile, ...] = ()
    commands: tuple[tuple[str, str], ...] = ()
    is_on_device: bool = False
    vendor: str | None = None
    device_powers: tuple[str, ...] | None = None
    device_areas: tuple[str, ...] | None = None
    log: str | None = None
    witnesses: tuple[str, ...] = ()
    log_problem: str | None = None
    auditors: tuple[str, ...] = ()
