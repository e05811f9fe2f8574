"""The interface of a TUF repository, in which the client finds releases and learns whether they are fresh.

    view = repository.refresh(state.repository, now)
    entry = the entry that the client chooses from view.entries
    bundle = repository.open(entry)                     # an OpenBundle, as from any source

The repository decides nothing that the bundle's own metadata does not allow: it offers, and it stops.
"""

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from software_update.client.source import OpenBundle, SourceError
from software_update.format.catalog import CatalogEntry
from software_update.format.rollout import Rollout


@dataclass(frozen=True, slots=True)
class Versions:
    """The versions of the roles that the client has verified: it accepts no lower one.

    `targets` is the top-level role, `channel` and `rollout` are the roles of the client's product and
    channel.

    `keys` has two parts of 8 hexadecimal digits, each the start of a SHA-256: of the keys of snapshot and
    timestamp, and of the name of the channel's role. After a root with other keys, only its own version is a
    floor, because a thief of the former keys may have signed any version (TUF 1.0, 5.3.11). With another
    product or channel in the configuration, the versions of `channel` and `rollout` do not count.

    `fresh_until` is the expiry of the timestamp, in seconds since 1970. After it, the client refreshes before
    each phase.
    """

    root: int = 0
    timestamp: int = 0
    snapshot: int = 0
    targets: int = 0
    channel: int = 0
    rollout: int = 0
    keys: str = ""
    fresh_until: int = 0

    def lowered(self, found: "Versions") -> str | None:
        """Returns the first role that has a lower version in `found` than in these floors; None if none."""
        new_keys = found.root > self.root and found.keys[:KEYS_DIGITS] != self.keys[:KEYS_DIGITS]
        roles = ("root",) if new_keys else _TOP_LEVEL
        if not new_keys and found.keys[KEYS_DIGITS:] == self.keys[KEYS_DIGITS:]:
            roles = (*roles, "channel", "rollout")
        return next((each for each in roles if getattr(found, each) < getattr(self, each)), None)


_TOP_LEVEL = ("root", "timestamp", "snapshot", "targets")
# Of each part of `Versions.keys`.
KEYS_DIGITS = 8


class Problem(enum.Enum):
    """The reason why a repository is rejected, apart from a network that fails."""

    EXPIRED = "REPOSITORY_EXPIRED"
    """A role is past its expiry: the repository is not maintained, or the server withholds newer metadata."""
    ROLLED_BACK = "REPOSITORY_ROLLED_BACK"
    """A role has a lower version than one that the device has seen."""
    INCONSISTENT = "REPOSITORY_INCONSISTENT"
    """Roles do not fit together: another length, hash or version than the role above lists."""
    UNSIGNED = "REPOSITORY_UNSIGNED"
    """A role has too few valid signatures of the keys that count."""
    NOT_DELEGATED = "REPOSITORY_NOT_DELEGATED"
    """A role lists a target that it may not list: such as a rollout that lists a bundle."""
    TOO_LARGE = "REPOSITORY_TOO_LARGE"
    """The server sends more bytes than the role may have."""
    TOO_SLOW = "SOURCE_TOO_SLOW"
    """The server sends fewer bytes in a second than the configuration demands."""
    MALFORMED = "REPOSITORY_MALFORMED"
    """A role, a catalog entry or a rollout cannot be read."""


class RepositoryRejected(SourceError):
    """A repository, or a server of bundles, that the client does not trust now, for a reason with a name.

    It tries again later, as after any failure.
    """

    def __init__(self, problem: Problem, text: str) -> None:
        super().__init__(text)
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Listed:
    """A bundle that the repository lists: its target path, length in bytes, SHA-256, and catalog entry."""

    path: str
    length: int
    sha256: str
    entry: CatalogEntry


@dataclass(frozen=True, slots=True)
class View:
    """The content of a repository for one product and channel, at one moment.

    Record `versions` as they are, in place of the former ones. `rollouts` are the rules by release digest.
    """

    versions: Versions
    listed: tuple[Listed, ...]
    rollouts: Mapping[str, Rollout]


class Repository(Protocol):
    """The repository of one trust domain, for one product and channel."""

    def refresh(self, floors: Versions, at: int) -> View:
        """Fetches what has changed since the last refresh, and verifies it.

        `at` is the time in seconds since 1970 that expiries are compared with. Raises RepositoryRejected,
        also if a version is below `floors`, and SourceError if the network fails.
        """

    def find(self, path: str) -> Listed | None:
        """Returns the bundle at a target path, also an older one in the archive; None if there is none.

        It needs a `refresh` before it, and raises as that does.
        """

    def open(self, listed: Listed) -> OpenBundle:
        """Opens a bundle, and requests its first part by one exact range.

        Raises SourceError, and RepositoryRejected if the bundle has another length than listed.
        """

    def describe(self) -> str:
        """Returns the place in words for a person, without credentials."""


@dataclass(frozen=True, slots=True)
class RepositorySource:
    """A repository among the sources of a trust domain, for one product.

    Other sources offer one bundle. A repository lists many, of which the client chooses. `root` identifies
    the repository's root metadata in the image: the start of its SHA-256 in hexadecimal. With another one,
    the maker has chosen another repository, for which recorded versions do not hold.
    """

    repository: Repository
    product: str
    root: str = ""

    def describe(self) -> str:
        """Returns the place in words for a person, without credentials."""
        return self.repository.describe()
