"""Renews roles that expire soon, without a change of their content."""

import copy

from software_update.repository.current import Current
from software_update.repository.names import kind_of
from software_update.repository.publication import Change, Published, Publisher, publish, seconds_of


def renew(publisher: Publisher, current: Current, within: int) -> Published | None:
    """Signs again the roles that expire in at most `within` seconds, if their keys are at hand.

    It reads all roles, because only they say when they expire. Returns None if no role needs it. The caller
    is in the storage's `publishing`.
    """
    roles = {
        name: copy.deepcopy(current.role(name))
        for name in current.role_names()
        if publisher.signers.get(kind_of(name))
        and seconds_of(current.role(name).expires) - publisher.now <= within
    }
    return publish(publisher, current, Change([], roles)) if roles else None
