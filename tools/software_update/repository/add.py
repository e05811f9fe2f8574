"""Adds releases to a channel: verifies each bundle as a device does, and publishes all of them at once."""

import copy
import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from tuf.api.metadata import DelegatedRole, TargetFile, Targets

from software_update.base.dates import format_date
from software_update.base.errors import Advice, InputError, shown
from software_update.format import catalog
from software_update.format.catalog import MAX_CURRENT, CatalogEntry, build_entry, parse_entry
from software_update.keys.schemes import Schemes
from software_update.repository.attach import Attachment, Bins, RefusedRelease
from software_update.repository.bundle_file import Copied, Described, copy_verified
from software_update.repository.create import rollout_keys
from software_update.repository.current import Current
from software_update.repository.kept import fleet_of, predictions, read_kept
from software_update.repository.names import (
    ARCHIVE,
    KEPT_RELEASES,
    ROOT,
    TARGETS,
    bundle_path,
    target_name,
)
from software_update.repository.publication import (
    Change,
    Published,
    Publisher,
    check,
    publish,
    put_payload,
    seconds_of,
)
from software_update.repository.rollout_file import rollout_payload
from software_update.repository.storage import Spool, Storage, UploadFile
from software_update.verify.fleet import KeptRelease, Prediction


@dataclass(frozen=True)
class NewBundle:
    """A bundle to add. `base` is the release that devices of a personalized bundle run; None if it is full.

    It is a version in the channel, or an entry; then `described.device` has that release installed.
    """

    described: Described
    base: CatalogEntry | str | None = None
    attachments: Sequence[Attachment] = ()


class Added(NamedTuple):
    """A bundle's target path and entry. `is_new` is False if it was published before with the same bytes.

    `restored` says that the object was missing. `fleet` says what devices with the channel's releases do.
    """

    path: str
    entry: CatalogEntry
    length: int
    sha256: str
    is_new: bool
    restored: bool = False
    fleet: tuple[Prediction, ...] = ()


class Addition(NamedTuple):
    """The result of adding: the bundles, the paths that went to the archive, and the publication.

    `published` is None if nothing was new.
    """

    added: list[Added]
    archived: list[str]
    published: Published | None


def add_bundles(
    publisher: Publisher,
    current: Current,
    channel: str,
    bundles: Sequence[NewBundle],
    kept: int = KEPT_RELEASES,
    *,
    fleet: bool = True,
) -> Addition:
    """Publishes bundles of one product into a channel, which keeps the newest `kept` releases.

    `fleet` says whether to predict what devices do: that reads the first part of each bundle in the channel.
    The caller is in `publisher.storage.publishing()`. Raises Refused if a device rejects a bundle, and
    RefusedRelease if its counter is lower than the newest, or its version is published with other bytes.
    """
    product = bundles[0].described.entry.product
    draft = _Draft(current, product, channel, fleet)
    added: list[Added] = []
    _check_expiry(current, publisher.now)
    try:
        for each in bundles:
            added.append(draft.add(publisher, each))
        if not any(each.is_new for each in added) and not draft.is_changed:
            return Addition(added, [], None)
        archived = draft.archive(kept)
        return Addition(added, archived, publish(publisher, current, draft.change()))
    finally:
        draft.close()


def _check_expiry(current: Current, now: int) -> None:
    """Raises InputError if clients reject the repository, whatever it offers: a role above has expired."""
    for name, signed, advice in (
        (ROOT, current.root, Advice.MAKE_REPOSITORY_ROOT),
        (TARGETS, current.targets, Advice.RENEW_REPOSITORY),
    ):
        expires = seconds_of(signed.expires)
        if expires <= now:
            raise InputError(
                f"{current.storage.describe()}: role {name} expired {format_date(expires)}", advice
            )


@dataclass
class _Draft:
    """The roles of a product and channel, while they are changed."""

    current: Current
    product: str
    channel: str
    wants_fleet: bool
    payloads: list[tuple[str, bytes | UploadFile | Spool]] = field(default_factory=list)
    roles: dict[str, Any] = field(default_factory=dict)
    fleet: list[KeptRelease] | None = None

    @property
    def is_changed(self) -> bool:
        return bool(self.roles)

    @property
    def _bins(self) -> Bins:
        return Bins(self.current, self.roles)

    @property
    def role_name(self) -> str:
        return catalog.channel_role(self.product, self.channel)

    def listed(self) -> dict[str, TargetFile]:
        """Returns the bundles of the channel, by their target paths."""
        role = self.roles.get(self.role_name)
        if role is None and self.current.has(self.role_name):
            role = self.current.role(self.role_name)
        return {} if role is None else dict(role.targets)

    def add(self, publisher: Publisher, new: NewBundle) -> Added:
        described, counter = new.described, None
        if described.entry.product != self.product:
            raise InputError(
                f"{described.path}: product '{shown(described.entry.product)}', and the bundle before it has "
                f"'{shown(self.product)}'; add each product by itself"
            )
        if isinstance(new.base, str):
            described, counter = self._personalized(publisher, described, new.base)
        elif new.base is not None:
            entry = described.entry._replace(base=new.base.release)
            described, counter = dataclasses.replace(described, entry=entry), new.base.counter
        entry = described.entry
        path = bundle_path(self.product, self.channel, entry.version, counter)
        before = self.find(path)
        if before is None:
            self._check_counter(described.path, entry)
            targets = self._channel().targets
            check(publisher, self.current, self.change())
        copied = copy_verified(described, publisher.storage)
        restored = False
        if before is None:
            self.payloads.append((target_name(path, copied.sha256), copied.payload))
            hashes, custom = {"sha256": copied.sha256}, {"custom": build_entry(entry)}
            targets[path] = TargetFile(copied.length, hashes, path, custom)
        else:
            restored = _keep_or_restore(publisher.storage, described.path, path, before, copied)
        for each in new.attachments:
            payload = self._bins.attach(path, each)
            self.payloads.extend([payload] if payload else [])
        fleet: list[Prediction] = []
        if self.wants_fleet and before is None and new.base is None:
            kept = self._kept(publisher.storage, described.device.schemes)
            fleet = predictions(described.fd, entry, kept, copied.payloads, publisher.now)
        return Added(
            path, entry, copied.length, copied.sha256, before is None, restored, tuple(fleet)
        )

    def _kept(self, storage: Storage, schemes: Schemes) -> list[KeptRelease]:
        """Returns the releases that the channel had before this publication."""
        if self.fleet is None:
            has = self.current.has(self.role_name)
            targets = self.current.role(self.role_name).targets if has else {}
            self.fleet = fleet_of(storage, targets, schemes)
        return self.fleet

    def _personalized(
        self, publisher: Publisher, described: Described, version: str
    ) -> tuple[Described, int]:
        """Returns a bundle as devices with a release of the channel verify it, and their counter."""
        entry, listed = described.entry, self.listed()
        full = listed.get(bundle_path(self.product, self.channel, entry.version))
        if full is None or parse_entry(full.custom, full.path).release != entry.release:
            raise InputError(
                f"{described.path}: the channel {self.channel} does not have the full bundle of this "
                "release; add that first"
            )
        path = bundle_path(self.product, self.channel, version)
        if path not in listed:
            raise InputError(
                f"version '{shown(version)}': not a release in the channel {self.channel}",
                Advice.LIST_RELEASES,
            )
        schemes = described.device.schemes
        base = parse_entry(listed[path].custom, path)
        kept = read_kept(publisher.storage, path, listed[path], schemes)
        device = described.device._replace(installed=kept.release, installed_root=kept.root)
        entry = entry._replace(base=base.release)
        return dataclasses.replace(described, device=device, entry=entry), base.counter

    def _check_counter(self, path: str, entry: CatalogEntry) -> None:
        counters = [parse_entry(each.custom, name).counter for name, each in self.listed().items()]
        newest = max(counters, default=0)
        if entry.counter < newest and not entry.base:
            raise RefusedRelease(
                f"{path}: release counter {entry.counter}, and the channel {self.channel} has {newest}; "
                "release counters never fall: make the release with a higher one"
            )

    def find(self, path: str) -> TargetFile | None:
        """Returns a target file of the channel or of the archive."""
        return self.listed().get(path) or self._bins.find(path)

    def archive(self, kept: int) -> list[str]:
        """Moves the bundles of older releases to the archive. Returns their target paths."""
        targets = self._channel().targets
        entries = {path: parse_entry(each.custom, path) for path, each in targets.items()}
        stay = releases_to_keep(list(entries.values()), kept)
        leaving = [path for path, entry in entries.items() if entry.release not in stay]
        for path in leaving:
            self._bins.put(path, targets.pop(path))
        if len(targets) > MAX_CURRENT:
            raise InputError(
                f"channel {self.channel}: would list {len(targets)} bundles, and at most {MAX_CURRENT} are "
                "possible; keep fewer releases with --keep, or withdraw some"
            )
        return leaving

    def _channel(self) -> Any:
        if self.role_name not in self.roles:
            if self.current.has(self.role_name):
                self.roles[self.role_name] = copy.deepcopy(self.current.role(self.role_name))
            else:
                self._new_channel()
        return self.roles[self.role_name]

    def _new_channel(self) -> None:
        """Delegates the channel and its rollout. Both are needed: clients expect the roles that they see."""
        targets = copy.deepcopy(self.current.targets)
        delegations = targets.delegations
        archive = delegations.roles.pop(ARCHIVE)
        rollout_name = catalog.rollout_role(self.product, self.channel)
        rollout_path = catalog.rollout_path(self.product, self.channel)
        ids = list(rollout_keys(targets, self.current.root))
        folder = catalog.bundle_folder(self.product, self.channel)
        channels = dict(delegations.roles)
        new = {
            rollout_name: DelegatedRole(
                rollout_name, ids, 1, terminating=True, paths=[rollout_path]
            ),
            self.role_name: DelegatedRole(
                self.role_name, list(archive.keyids), archive.threshold, False, [f"{folder}*"]
            ),
        }
        # Rollouts first, then channels, then the archive: a client searches in this order.
        ordered = sorted(
            {**channels, **new}.items(), key=lambda each: not each[0].startswith("rollout.")
        )
        delegations.roles = {**dict(ordered), ARCHIVE: archive}
        self.roles[TARGETS] = targets
        payload, role = rollout_payload(self.product, self.channel, ())
        self.payloads.append(payload)
        self.roles[rollout_name] = role
        self.roles[self.role_name] = Targets()

    def change(self) -> Change:
        """Returns the change to publish."""
        return Change(self.payloads, self.roles)

    def close(self) -> None:
        """Removes the copies that were not published."""
        for _, payload in self.payloads:
            _abort(payload)


def _abort(payload: object) -> None:
    if not isinstance(payload, bytes | UploadFile):
        payload.abort()  # type: ignore[attr-defined]


def _keep_or_restore(
    storage: Storage, file: str, path: str, before: TargetFile, copied: Copied
) -> bool:
    """Puts the object of a published bundle back if it is missing, and returns whether it was.

    Raises RefusedRelease if the bundle has other bytes than the published one.
    """
    name = target_name(path, copied.sha256)
    try:
        _check_same(file, path, before, copied.sha256)
        storage.open(name).close()
    except FileNotFoundError:
        put_payload(storage, name, copied.payload)
        return True
    finally:
        _abort(copied.payload)
    return False


def _check_same(file: str, path: str, before: TargetFile, sha256: str) -> None:
    published = before.hashes.get("sha256", "")
    if published != sha256:
        raise RefusedRelease(
            f"{file}: {path} is published with other bytes (SHA-256 {published[:16]}...); give the release "
            "another version"
        )


def releases_to_keep(entries: Sequence[CatalogEntry], kept: int) -> set[str]:
    """Returns the digests of the releases that stay in a channel: the newest, and their stepping stones.

    A device below the minimum of the newest release needs another one first, which may have a minimum, too.
    So the releases on the way stay: of those that are possible, the one with the lowest minimum.
    """
    full = sorted((each for each in entries if not each.base), key=lambda each: -each.counter)
    stay = full[:kept]
    if not stay:
        return {each.release for each in entries}
    rest, need = full[kept:], stay[0].minimum_counter or 0
    while need > 0:
        # A kept release may be the stepping stone itself.
        for ways in (stay, rest):
            best = min((each for each in ways if each.counter >= need), key=_least, default=None)
            if best is not None and _least(best) < need:
                break
        else:
            break
        if ways is rest:
            stay.append(best)
        need = _least(best)
    return {each.release for each in stay}


def _least(entry: CatalogEntry) -> int:
    return entry.minimum_counter or 0
