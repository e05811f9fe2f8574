"""The user who asks the client for something: from the process or the socket, never from a request."""

import grp
import os
import pwd
from dataclasses import dataclass

from software_update.base.errors import UsageError, shown
from software_update.client.config import Approvers


@dataclass(frozen=True, slots=True)
class Caller:
    """A user of the device. `own` says that the client runs as this user.

    `name` is the user's name, or `uid 1234` if the user has none.
    """

    name: str
    groups: frozenset[str]
    own: bool = False


def caller_of(uid: int, gid: int) -> Caller:
    """Returns the user with these numbers, as the peer credentials of a socket have them."""
    try:
        name = pwd.getpwuid(uid).pw_name
        numbers = os.getgrouplist(name, gid)
    except (KeyError, OSError):
        name, numbers = ("root" if uid == 0 else f"uid {uid}"), [gid]
    return Caller(name, frozenset(_group_names(numbers)), own=uid == os.geteuid())


def this_process() -> Caller:
    """Returns the user of this process."""
    return caller_of(os.geteuid(), os.getegid())


def may_answer(caller: Caller, approvers: Approvers) -> bool:
    """Returns whether a user may answer questions and change the policy.

    The user as whom the client runs always may: that user can change the client's files anyway.
    """
    return caller.own or caller.name in approvers.users or bool(caller.groups & approvers.groups)


def user_id(name: str) -> int:
    """Returns the id of a user. Raises UsageError."""
    try:
        return pwd.getpwnam(name).pw_uid
    except KeyError:
        raise UsageError(f"user: there is no user '{shown(name)}'") from None


def _group_names(numbers: list[int]) -> list[str]:
    names = []
    for number in numbers:
        try:
            names.append(grp.getgrgid(number).gr_name)
        except KeyError:
            continue  # A group without a name approves nothing.
    return names
