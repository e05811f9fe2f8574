"""The content of a repository: its channels, their releases and rollouts, and when its roles expire."""

from typing import NamedTuple

from software_update.format.catalog import CatalogEntry, parse_entry
from software_update.format.rollout import Rollout
from software_update.repository.check import Expiry
from software_update.repository.current import Current
from software_update.repository.names import ROOT, SNAPSHOT, TIMESTAMP, channel_of, is_bin
from software_update.repository.publication import seconds_of
from software_update.repository.rollout_file import rollouts_of


class Bundle(NamedTuple):
    """A bundle in a channel."""

    path: str
    length: int
    sha256: str
    entry: CatalogEntry


class Channel(NamedTuple):
    """A channel of a product, as paths have its name. The bundles with the highest counter come first.

    `rollouts` also has the rules of releases that left the channel.
    """

    product: str
    channel: str
    bundles: tuple[Bundle, ...]
    rollouts: tuple[Rollout, ...]


class Survey(NamedTuple):
    """The roles with their expiry, without the bins of the archive; and the channels."""

    expiries: tuple[Expiry, ...]
    channels: tuple[Channel, ...]


def survey(current: Current) -> Survey:
    """Reads all roles but the bins of the archive. Raises InputError if one is not valid."""
    expiries = [
        Expiry(name, signed.version, seconds_of(signed.expires))
        for name, signed in (
            (ROOT, current.root),
            (TIMESTAMP, current.timestamp),
            (SNAPSHOT, current.snapshot),
        )
    ]
    channels = []
    for name in current.role_names():
        if is_bin(name):
            continue
        role = current.role(name)
        expiries.append(Expiry(name, role.version, seconds_of(role.expires)))
        found = channel_of(name)
        if found:
            channels.append(_channel(current, *found))
    return Survey(tuple(expiries), tuple(channels))


def _channel(current: Current, product: str, channel: str) -> Channel:
    targets = current.role(f"channel.{product}.{channel}").targets
    bundles = [
        Bundle(path, each.length, each.hashes["sha256"], parse_entry(each.custom, path))
        for path, each in targets.items()
    ]
    bundles.sort(key=lambda each: (-each.entry.counter, each.entry.base, each.path))
    rollout = f"rollout.{product}.{channel}"
    rollouts = rollouts_of(current.role(rollout)) if current.has(rollout) else ()
    return Channel(product, channel, tuple(bundles), rollouts)
