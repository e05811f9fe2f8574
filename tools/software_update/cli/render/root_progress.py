"""The progress of a root's signatures as lines of text."""

from collections.abc import Iterator

from software_update.base.errors import printable
from software_update.format.metadata import Root
from software_update.keys.dev_key_ids import DEV_KEYS_WARNING
from software_update.signing.holders import NO_HOLDERS, Holders, named_in_full
from software_update.signing.root_progress import NOT_CHECKED, RootState


def lines(state: RootState, holders: Holders = NO_HOLDERS) -> Iterator[str]:
    """Yields lines about a root: the thresholds, who has signed, and whose signatures are missing."""
    before = "the first root"
    if state.previous:
        before = f"follows version {state.previous.common.version}"
    yield f"{printable(state.path)}: version {state.root.common.version}, {before}"
    yield f"  sha256 {state.request.sha256.hex()}"
    if state.root.is_dev:
        yield f"  {DEV_KEYS_WARNING}"
    yield from _allowed_targets(state.root, state.previous)
    for keys, found in state.quorums():
        yield f"  {keys}: {len(found.signers)} signed, {found.threshold} must"
        yield from (f"    signed: {named_in_full(each, holders)}" for each in found.signers)
        yield from (f"    not signed: {named_in_full(each, holders)}" for each in found.missing)
    for problem in state.uncounted(holders):
        yield f"  signature that does not count: {problem}"
    yield f"  not checked: {NOT_CHECKED}"
    yield "  complete" if state.complete else f"  incomplete: {state.missing}"


def _allowed_targets(root: Root, previous: Root | None) -> Iterator[str]:
    """Yields the allowed targets of a root, and how they differ from those of the previous one."""
    new = root.allowed_targets
    old = previous.allowed_targets if previous else ()
    if not new and not old:
        return
    yield f"  allowed targets: {', '.join(new) or 'all'}"
    if previous and not (new and old):
        yield f"    before: {', '.join(old) or 'all'}"
    elif previous:
        yield from (f"    no longer: {each}" for each in sorted({*old} - {*new}))
        yield from (f"    new: {each}" for each in sorted({*new} - {*old}))
