"""Withdraws a release: no client finds it any more. It cannot be recalled from devices that have it."""

import copy
from typing import Any, NamedTuple

from software_update.format import catalog
from software_update.repository.current import Current
from software_update.repository.names import ARCHIVE
from software_update.repository.publication import Change, Published, Publisher, publish
from software_update.repository.rules import find_release


class Withdrawn(NamedTuple):
    """The target paths that are not listed any more, and the publication."""

    release: str
    paths: list[str]
    published: Published


def withdraw(
    publisher: Publisher, current: Current, product: str, channel: str, version: str
) -> Withdrawn:
    """Removes all bundles of a release from the lists. The caller is in the storage's `publishing`.

    Its attachments stay, and its objects stay until `prune`. Raises InputError if the channel and the
    archive lack the release.
    """
    release = find_release(current, product, channel, version).release
    roles: dict[str, Any] = {}
    name = catalog.channel_role(product, channel)
    paths = _remove(current, name, release, catalog.bundle_folder(product, channel), roles)
    if not paths:
        # A personalized bundle may be in any bin.
        for each in current.role(ARCHIVE).delegations.succinct_roles.get_roles():
            paths += _remove(current, each, release, catalog.bundle_folder(product, channel), roles)
    return Withdrawn(release, sorted(paths), publish(publisher, current, Change([], roles)))


def _remove(
    current: Current, role: str, release: str, folder: str, roles: dict[str, Any]
) -> list[str]:
    """Removes a release's bundles from a role, which goes into `roles` if it changed. Returns the paths."""
    targets = current.role(role).targets
    found = [
        path
        for path, each in targets.items()
        if path.startswith(folder) and (each.custom or {}).get("release") == release
    ]
    if found:
        roles[role] = copy.deepcopy(current.role(role))
        for path in found:
            del roles[role].targets[path]
    return found
