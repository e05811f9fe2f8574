"""Reads the verified roles of a repository: the bundles and rollout rules of a product and channel."""

import hashlib
import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from software_update.base.errors import InputError, printable, shown
from software_update.client.repository import (
    KEYS_DIGITS,
    Listed,
    Problem,
    RepositoryRejected,
    Versions,
    View,
)
from software_update.format import catalog, limits
from software_update.format.rollout import Rollout, parse_rollouts

if TYPE_CHECKING:
    from tuf.api.metadata import Root, TargetFile, Targets

    from software_update.client.shell.tuf_client import TufClient

_MAX_FIRST_PART = (
    limits.MAX_TARGETS_METADATA_BYTES
    + limits.MAX_USER_MANIFEST_BYTES
    + limits.MAX_ROOT_METADATA_BYTES
)
_PATH = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*(/[A-Za-z0-9][A-Za-z0-9_.-]*)*", re.ASCII)
_SHA256 = re.compile(r"[0-9a-f]{64}")


class Content:
    """The content of one product and channel. `place` names the repository in errors.

    `folder` is that of the target paths of bundles, with `/` at its end, and `rollout_path` the path of the
    rollout rules.
    """

    def __init__(self, place: str, product: str, channel: str) -> None:
        self.folder = catalog.bundle_folder(product, channel)
        self.rollout_path = catalog.rollout_path(product, channel)
        self._place = place
        self._product, self._channel = product, channel
        self._channel_role = catalog.channel_role(product, channel)
        self._rollout_role = catalog.rollout_role(product, channel)

    def view(self, client: "TufClient") -> View:
        """Returns the content of the roles that `client` has visited.

        Raises RepositoryRejected if a role lists what it may not list, or an entry cannot be read.
        """
        channel, rollout = client.role(self._channel_role), client.role(self._rollout_role)
        delegation = client.delegation(self._channel_role)
        if channel is None or delegation is None:
            raise self._rejected(
                Problem.NOT_DELEGATED,
                f"has no channel '{self._channel}' of the product '{shown(self._product)}': the role targets "
                f"does not delegate {self.folder} to {self._channel_role}; check channel and product",
            )
        for name in (self._channel_role, self._rollout_role):
            described = client.snapshot.meta.get(f"{name}.json")
            if described is not None and not (described.hashes or {}).get("sha256"):
                # Otherwise a server could serve another role of the same key and version.
                raise self._rejected(
                    Problem.INCONSISTENT, f"the snapshot lists {name} without its SHA-256"
                )
        for path in channel.targets:
            if not delegation.is_delegated_path(path):
                raise self._rejected(
                    Problem.NOT_DELEGATED, f"{self._channel_role} lists '{shown(path)}'"
                )
        versions = Versions(
            client.root.version,
            client.timestamp.version,
            client.snapshot.version,
            client.targets.version,
            channel.version,
            rollout.version if rollout else 0,
            _online_keys(client.root) + _short_digest(self._channel_role),
            int(client.timestamp.expires.timestamp()),
        )
        targets = channel.targets.items()
        listed = tuple(self.listed(path, target) for path, target in targets if is_bundle(target))
        return View(versions, listed, self._rollouts(rollout) if rollout else {})

    def listed(self, path: str, target: "TargetFile") -> Listed:
        """Returns a bundle that a role may list. Raises RepositoryRejected if its entry is not valid."""
        if not path.startswith(self.folder):
            raise self._rejected(
                Problem.NOT_DELEGATED, f"a role lists '{shown(path)}' for {self.folder}"
            )
        sha256 = target.hashes.get("sha256", "")
        if not _PATH.fullmatch(path) or not _SHA256.fullmatch(sha256):
            raise self._rejected(
                Problem.MALFORMED, f"'{shown(path)}' is not a valid path, or has no SHA-256"
            )
        try:
            entry = catalog.parse_entry(target.custom, f"{self._place}: {path}")
        except InputError as error:
            raise RepositoryRejected(Problem.MALFORMED, str(error)) from None
        if entry.product != self._product:
            raise self._rejected(
                Problem.NOT_DELEGATED,
                f"{path} is a bundle of the product '{shown(entry.product)}', not '{shown(self._product)}'",
            )
        if not 0 < entry.first_part <= min(target.length, _MAX_FIRST_PART):
            raise self._rejected(
                Problem.MALFORMED,
                f"{path} has {target.length} bytes, and a first part of {entry.first_part}",
            )
        return Listed(path, target.length, sha256, entry)

    def _rollouts(self, role: "Targets") -> Mapping[str, Rollout]:
        for path in role.targets:
            if path != self.rollout_path:
                raise self._rejected(
                    Problem.NOT_DELEGATED, f"{self._rollout_role} lists '{shown(path)}'"
                )
        target = role.targets.get(self.rollout_path)
        if target is None:
            return {}
        try:
            rules = parse_rollouts(target.custom, f"{self._place}: {self.rollout_path}")
        except InputError as error:
            raise RepositoryRejected(Problem.MALFORMED, str(error)) from None
        return {each.release: each for each in rules}

    def _rejected(self, problem: Problem, text: str) -> RepositoryRejected:
        return RepositoryRejected(problem, printable(f"{self._place}: {text}"))


def is_bundle(target: "TargetFile") -> bool:
    """Returns whether a target is a bundle. Attachments next to it have no catalog entry."""
    return target.custom is not None


def _online_keys(root: "Root") -> str:
    """Returns the digest of the keys that sign snapshot and timestamp. See `Versions`."""
    keys = []
    for name in ("snapshot", "timestamp"):
        role = root.roles[name]
        # A root may name keys that it does not have; they do not count.
        known = [root.keys[each] for each in role.keyids if each in root.keys]
        public = sorted(json.dumps(each.keyval) for each in known)
        keys.append([name, role.threshold, public])
    return _short_digest(json.dumps(keys))


def _short_digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:KEYS_DIGITS]
