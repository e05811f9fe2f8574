"""Replaces the keys of rollouts, such as a key that is lost or stolen. The targets key names them."""

import copy
from collections.abc import Sequence

from tuf.api.metadata import Key

from software_update.base.errors import UsageError
from software_update.repository.create import Named, rollout_keys
from software_update.repository.current import Current
from software_update.repository.keys import tuf_key
from software_update.repository.names import TARGETS, Kind, kind_of
from software_update.repository.publication import Change, Published, Publisher, publish


def replace_rollout_keys(
    publisher: Publisher, current: Current, named: Sequence[Named]
) -> Published:
    """Makes these the keys of all rollouts, and signs the rules of all channels again. The rules stay.

    Each key may sign. The caller is in the storage's `publishing`. Raises UsageError if one is a targets key,
    and SignatureError if the publisher has no signer for targets, for the snapshot or for one of these keys.
    """
    targets = copy.deepcopy(current.targets)
    delegations = targets.delegations
    former = rollout_keys(targets, current.root)
    kept = {key_id: key for key_id, key in delegations.keys.items() if key_id not in former}
    new: dict[str, Key] = {}
    for name, public in named:
        key = tuf_key(name, public)
        if key.keyid in kept:
            raise UsageError(f"{name}: is a targets key, too; make a key of its own for rollouts")
        new[key.keyid] = key
    delegations.keys = {**kept, **new}
    roles = [name for name in delegations.roles if kind_of(name) == Kind.ROLLOUT]
    for name in roles:
        delegations.roles[name].keyids = sorted(new)
    rules = {name: copy.deepcopy(current.role(name)) for name in roles}
    return publish(publisher, current, Change(roles={TARGETS: targets, **rules}))
