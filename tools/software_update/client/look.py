"""Looks at the bundle that a source offers: verifies its head, and makes a plan of it.

It reads metadata and the release manifest only. Nothing is written: the caller keeps the root and the
release, and records the plan.
"""

from dataclasses import dataclass

from software_update.base.errors import short_id
from software_update.bundle.envelope import Envelope
from software_update.bundle.head import Head, read_head, read_whole
from software_update.client.boot_control import BootStatus
from software_update.client.claimed import check_claims
from software_update.client.domain import Domain, installer_of
from software_update.client.release import encode_release, release_digest, slot_targets
from software_update.client.root_chain import new_roots
from software_update.client.source import OpenBundle, first_part_of
from software_update.client.staging import PlanFailed, no_place
from software_update.client.state import Code, Plan
from software_update.format.catalog import CatalogEntry, difference
from software_update.format.metadata import Installed, Root, Targets
from software_update.format.names import USER_MANIFEST
from software_update.format.refusals import NotDisclosed
from software_update.format.verdicts import Refused
from software_update.verify.bundle_file import verify_metadata
from software_update.verify.device import Device
from software_update.verify.recovery import root_to_record
from software_update.verify.roots import TrustedRoot, trust_root, verify_roots
from software_update.verify.targets import VerifiedRelease

# The record has room for so many; a release rarely has more.
MAX_SIGNERS = 8


@dataclass(frozen=True, slots=True)
class Known:
    """The knowledge of the device before it looks.

    `root` is the root in force. `floor` is the last committed release, below which nothing is installed.
    `at` is the time in seconds since 1970 that expiry dates are compared with; None: they do not count. A
    `golden` bundle may have an older root than the device: then the root in force judges it.
    """

    root: Root
    floor: Installed | None
    at: int | None
    golden: bool = False


@dataclass(frozen=True, slots=True)
class Look:
    """The result of looking at a bundle.

    `root` is a newer root that the bundle brought, which the device keeps whatever else happens, and
    `new_roots` are the signed roots that lead to it. `release` is the accepted release and `manifest` the
    content of its file, both None if `problem` says why it is not accepted.
    """

    root: TrustedRoot | None
    release: VerifiedRelease | None
    manifest: bytes
    size: int
    problem: PlanFailed | None
    new_roots: tuple[bytes, ...] = ()


def look(domain: Domain, bundle: OpenBundle, known: Known) -> Look:
    """Verifies the head of a bundle. Raises SourceError if it cannot be read."""
    device = Device(known.root, known.floor, domain.hardware_id, known.at)
    root = None
    newer: tuple[bytes, ...] = ()
    try:
        head = _read_head(bundle)
        envelope = _without_older_root(head.envelope, known) if known.golden else head.envelope
        root = verify_roots(device, envelope.root_chain, envelope.root)
        newer = new_roots(known.root, envelope.root_chain, envelope.root)
        release = verify_metadata(envelope, head.user_manifest, device)
        if head.lacks(release.targets):
            raise PlanFailed(Code.ORDER_NOT_TAKEN, _ORDER)
        _check_places(domain, release)
        check_claims(release.user_manifest, domain.name, domain.grant)
    except (NotDisclosed, Refused) as refused:
        problem = PlanFailed(Code.REFUSED, str(refused))
        return Look(root, None, b"", 0, problem, newer)
    except PlanFailed as problem:
        return Look(root, None, b"", 0, problem, newer)
    accepted_under = root_to_record(known.floor, release.former, release.targets, release.root)
    manifest = encode_release(release.targets, release.user_manifest, accepted_under)
    return Look(root, release, manifest, _payload_bytes(bundle, head), None, newer)


def _without_older_root(envelope: Envelope, known: Known) -> Envelope:
    if envelope.root is None:
        return envelope
    if trust_root(envelope.root).common.version >= known.root.common.version:
        return envelope
    return envelope._replace(root=None, root_chain=())


_ORDER = (
    "the bundle has its metadata or release manifest after payloads, so it cannot be verified before "
    "they are fetched; write the bundle with this project's tools"
)


def _read_head(bundle: OpenBundle) -> Head:
    if bundle.can_reread:
        return read_whole(bundle)
    first_part = first_part_of(bundle)
    head = read_head(bundle, first_part)
    if first_part is not None and (head.end != first_part or head.lacks()):
        raise PlanFailed(
            Code.CATALOG_MISMATCH,
            f"the repository does not describe the release as it is: first_part is {first_part} in the "
            "catalog, and metadata and release manifest end elsewhere",
        )
    if head.lacks():
        raise PlanFailed(Code.ORDER_NOT_TAKEN, _ORDER)
    return head


def _payload_bytes(bundle: OpenBundle, head: Head) -> int:
    """Returns the number of bytes to fetch: known from the headers, or all that comes after the head."""
    if head.end < bundle.size():
        return bundle.size() - head.end
    return sum(each.length for each in head.envelope.payloads if each.name != USER_MANIFEST)


def _check_places(domain: Domain, release: VerifiedRelease) -> None:
    for target in slot_targets(release.targets):
        if installer_of(domain, target.name) is None:
            raise PlanFailed(Code.NO_PLACE, no_place(domain, target.name))


def check_entry(entry: CatalogEntry, found: Look) -> None:
    """Raises PlanFailed if a catalog's entry is not about an accepted release."""
    assert found.release is not None
    manifest, release = found.release.manifest, release_digest(found.release.targets)
    problem = "the release has no release manifest"
    if manifest is not None:
        problem = difference(entry, manifest, release) or ""
    if problem:
        text = f"the repository does not describe the release as it is: {problem}"
        raise PlanFailed(Code.CATALOG_MISMATCH, text)


def check_room(domain: Domain, slot: str, targets: Targets) -> None:
    """Raises PlanFailed if the targets do not fit into the slot; those of one installer share its room."""
    for place in domain.places:
        taken = [
            each
            for each in slot_targets(targets)
            if installer_of(domain, each.name) is place.installer
        ]
        total = sum(each.length for each in taken)
        problem = place.installer.problem(slot, taken[0].name, total) if taken else None
        if problem:
            raise PlanFailed(Code.NO_ROOM, problem)


def inactive_slot(domain: Domain, boot: BootStatus) -> str:
    """Returns the slot to install into: the first that does not run. Raises PlanFailed if there is none."""
    for slot in domain.slots:
        if slot != boot.booted:
            return slot
    raise PlanFailed(
        Code.NO_PLACE, f"domain '{domain.name}' has no slot besides the one that runs; add one"
    )


def make_plan(domain: Domain, found: Look, slot: str, source: int, manifest: str) -> Plan:
    """Returns the plan for an accepted release. `manifest` is the name of its file."""
    release = found.release
    assert release is not None
    said = release.manifest
    version = said.version if said else str(release.targets.common.version)
    return Plan(
        domain=domain.name,
        release=release_digest(release.targets),
        root=release.root.id.sha256.hex(),
        manifest=manifest,
        product=said.product if said else domain.name,
        version=version[:64],
        counter=said.counter if said else None,
        targets_version=release.targets.common.version,
        size=found.size,
        slot=slot,
        source=source,
        staging=domain.staging,
        signers=tuple(short_id(each) for each in release.signers[:MAX_SIGNERS]),
    )
