"""The progress of a root's signatures as lines of text."""

from collections.abc import Iterator

from software_update.base.errors import printable
from software_update.keys.dev_key_ids import DEV_KEYS_WARNING
from software_update.signing.root_progress import NOT_CHECKED, RootState


def lines(state: RootState) -> Iterator[str]:
    """Yields lines about a root: the thresholds, who has signed, and whose signatures are missing."""
    before = "the first root"
    if state.previous:
        before = f"follows version {state.previous.common.version}"
    yield f"{printable(state.path)}: version {state.root.common.version}, {before}"
    yield f"  sha256 {state.request.sha256.hex()}"
    if state.root.is_dev:
        yield f"  {DEV_KEYS_WARNING}"
    for keys, found in state.quorums():
        yield f"  {keys}: {len(found.signers)} signed, {found.threshold} must"
        yield from (f"    signed: {each.hex()}" for each in found.signers)
        yield from (f"    not signed: {each.hex()}" for each in found.missing)
    for problem in state.uncounted():
        yield f"  signature that does not count: {problem}"
    yield f"  not checked: {NOT_CHECKED}"
    yield "  complete" if state.complete else f"  incomplete: {state.missing}"
