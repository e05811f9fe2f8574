"""Changes the rollout rules of a channel: bands, halts, and their end."""

from typing import Any, NamedTuple

from software_update.base.errors import Advice, InputError, shown
from software_update.format import catalog
from software_update.format.catalog import CatalogEntry, parse_entry
from software_update.format.rollout import Band, Rollout
from software_update.repository.current import Current
from software_update.repository.names import ARCHIVE, bundle_path
from software_update.repository.publication import Change, Published, Publisher, publish
from software_update.repository.rollout_file import rollout_payload, rollouts_of


class Wish(NamedTuple):
    """A change of the rules for a release. None and False leave a part as it is.

    `halt` is the reason of a halt. `remove` takes the rules away: only people who ask then install.
    """

    bands: tuple[Band, ...] | None = None
    halt: str | None = None
    resume: bool = False
    remove: bool = False


class Changed(NamedTuple):
    """The rules of the channel after a change."""

    release: str
    rollouts: tuple[Rollout, ...]
    published: Published


def change_rules(
    publisher: Publisher, current: Current, product: str, channel: str, version: str, wish: Wish
) -> Changed:
    """Changes the rules for the release with this version. The caller is in the storage's `publishing`.

    Rules of releases that left the channel go, except halts. Raises InputError if the channel lacks the
    release, or if the rules would not be valid.
    """
    entry = find_release(current, product, channel, version)
    role = catalog.rollout_role(product, channel)
    before = rollouts_of(current.role(role))
    listed = {each.release for each in entries_of(current, product, channel).values()}
    rest = [
        each
        for each in before
        if each.release != entry.release and (each.halted or each.release in listed)
    ]
    mine = next((each for each in before if each.release == entry.release), None)
    after = _changed(mine or Rollout(entry.release, ()), wish)
    rollouts = tuple(rest) if wish.remove else (*rest, after)
    payload, new = rollout_payload(product, channel, rollouts)
    published = publish(publisher, current, Change([payload], {role: new}))
    return Changed(entry.release, rollouts, published)


def _changed(rollout: Rollout, wish: Wish) -> Rollout:
    if wish.bands is not None:
        rollout = rollout._replace(bands=wish.bands)
    if wish.halt is not None:
        return rollout._replace(halted=True, reason=wish.halt)
    return rollout._replace(halted=False, reason="") if wish.resume else rollout


def entries_of(current: Current, product: str, channel: str) -> dict[str, CatalogEntry]:
    """Returns the entries of a channel by target path. Raises InputError if there is no such channel."""
    role = catalog.channel_role(product, channel)
    if not current.has(role):
        raise InputError(
            f"{current.storage.describe()}: has no channel '{shown(channel)}' of the product "
            f"'{shown(product)}'",
            Advice.LIST_RELEASES,
        )
    return {
        path: parse_entry(each.custom, path) for path, each in current.role(role).targets.items()
    }


def find_release(current: Current, product: str, channel: str, version: str) -> CatalogEntry:
    """Returns the entry of a release's full bundle, from the channel or the archive."""
    path = bundle_path(product, channel, version)
    entry = entries_of(current, product, channel).get(path)
    if entry is not None:
        return entry
    target = archived(current, path)
    if target is None:
        raise InputError(
            f"{current.storage.describe()}: the channel {channel} of '{shown(product)}' has no release "
            f"'{shown(version)}'",
            Advice.LIST_RELEASES,
        )
    return parse_entry(target.custom, path)


def archived(current: Current, path: str) -> Any:
    """Returns a target file of the archive; None if it is not there."""
    bins = current.role(ARCHIVE).delegations.succinct_roles
    return current.role(bins.get_role_for_target(path)).targets.get(path)
