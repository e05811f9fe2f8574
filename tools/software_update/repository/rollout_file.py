"""The target file with the rollout rules of a channel, and the role that lists it."""

from typing import Any

from tuf.api.metadata import TargetFile, Targets

from software_update.base.strict_json import to_text
from software_update.format import catalog, rollout
from software_update.format.rollout import Rollout, build_rollouts
from software_update.repository.names import target_name


def rollout_payload(
    product: str, channel: str, rollouts: tuple[Rollout, ...]
) -> tuple[tuple[str, bytes], Any]:
    """Returns the file as an object, and the role. The role also has the rules, as the file's `custom`.

    So a device reads them with the role, and any other TUF client can fetch the file.
    """
    document = build_rollouts(rollouts)
    content = to_text(document).encode()
    path = catalog.rollout_path(product, channel)
    target = TargetFile.from_data(path, content, ["sha256"])
    target.unrecognized_fields["custom"] = document
    return (target_name(path, target.hashes["sha256"]), content), Targets(targets={path: target})


def rollouts_of(role: Any) -> tuple[Rollout, ...]:
    """Returns the rules that a rollout role has. Raises InputError if they are not valid."""
    found: tuple[Rollout, ...] = ()
    for path, target in role.targets.items():
        found += rollout.parse_rollouts(target.custom, path)
    return found
