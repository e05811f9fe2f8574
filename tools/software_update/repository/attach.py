"""Attachments of a release: files next to its bundle that its signatures do not cover, such as its proof.

They are in the bins of the archive, so a device that does not ask for them fetches neither them nor their
list. The path of an attachment is that of the full bundle, a dot, and its name.
"""

import copy
from collections.abc import Sequence
from typing import Any, NamedTuple

from tuf.api.metadata import TargetFile

from software_update.base.errors import InputError, SoftwareUpdateError
from software_update.repository.current import Current
from software_update.repository.names import ARCHIVE, attachment_path, bundle_path, target_name
from software_update.repository.publication import Change, Published, Publisher, publish
from software_update.repository.rules import find_release


class RefusedRelease(SoftwareUpdateError):
    """A release that the channel must not have: devices could go back, or see two of one name."""

    exit_code = 1


class Attachment(NamedTuple):
    """A file next to a bundle, such as its SBOM: its name, and its content."""

    name: str
    content: bytes


class Bins:
    """The bins of the archive while they are changed. `roles` gets each that changes, by its name."""

    def __init__(self, current: Current, roles: dict[str, Any]) -> None:
        self._current = current
        self._roles = roles

    def find(self, path: str) -> TargetFile | None:
        """Returns a target file of the archive; None if it is not there."""
        if not self._current.has(ARCHIVE):
            return None
        name = self._name(path)
        targets: dict[str, TargetFile] = (self._roles.get(name) or self._current.role(name)).targets
        return targets.get(path)

    def put(self, path: str, target: TargetFile) -> None:
        """Lists a target file in its bin."""
        name = self._name(path)
        if name not in self._roles:
            self._roles[name] = copy.deepcopy(self._current.role(name))
        self._roles[name].targets[path] = target

    def attach(
        self, bundle: str, attachment: Attachment, *, replace: bool = False
    ) -> tuple[str, bytes] | None:
        """Lists an attachment of the bundle at a target path. Returns the object to write.

        It returns None if the attachment is listed already. Raises RefusedRelease if another content has its
        name, unless `replace` says that it is replaced.
        """
        path = attachment_path(bundle, attachment.name)
        target = TargetFile.from_data(path, attachment.content, ["sha256"])
        before = self.find(path)
        if before is not None and before.hashes == target.hashes:
            return None
        if before is not None and not replace:
            raise RefusedRelease(
                f"{path}: is published with other bytes; attach the file under another name, or replace it"
            )
        self.put(path, target)
        return target_name(path, target.hashes["sha256"]), attachment.content

    def _name(self, path: str) -> str:
        bins = self._current.role(ARCHIVE).delegations.succinct_roles
        return str(bins.get_role_for_target(path))


class Attached(NamedTuple):
    """The release digest, the target path of each attachment and whether it is new, and the publication.

    `published` is None if nothing was new.
    """

    release: str
    paths: dict[str, bool]
    published: Published | None


def attach(
    publisher: Publisher,
    current: Current,
    product: str,
    channel: str,
    version: str,
    attachments: Sequence[Attachment],
    *,
    replace: bool = False,
) -> Attached:
    """Publishes attachments of a release that is published already. The caller is in `publishing`.

    Raises InputError if the channel and the archive lack the release, or an attachment is named twice, and
    RefusedRelease as `Bins.attach`.
    """
    names = [each.name for each in attachments]
    twice = next((each for each in names if names.count(each) > 1), None)
    if twice is not None:
        raise InputError(f"{twice}: two files have this name; rename one")
    release = find_release(current, product, channel, version).release
    bundle = bundle_path(product, channel, version)
    change = Change()
    bins = Bins(current, change.roles)
    paths = {}
    for each in attachments:
        payload = bins.attach(bundle, each, replace=replace)
        change.payloads.extend([payload] if payload else [])
        paths[attachment_path(bundle, each.name)] = payload is not None
    published = publish(publisher, current, change) if change.roles else None
    return Attached(release, paths, published)
