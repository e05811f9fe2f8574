"""The names of targets and the files with their payloads, as a build or a caller states them."""

from collections.abc import Sequence

from software_update.base.errors import Advice, UsageError
from software_update.format.names import USER_MANIFEST, clash, name_problem


def payload_files(
    targets: Sequence[tuple[str, str]], user_manifest: str | None = None
) -> list[tuple[str, str]]:
    """Returns (name, path) pairs of all targets; `user_manifest` is the path of that target's payload.

    Raises UsageError for a name that no target can have, and for two names that are the same or differ
    only in case.
    """
    for name, _ in targets:
        _check_name(name)
    pairs = list(targets)
    if user_manifest is not None:
        pairs.append((USER_MANIFEST, user_manifest))
    check_distinct(pairs)
    return pairs


def _check_name(name: str) -> None:
    problem = name_problem(name)
    if problem:
        raise UsageError(f"target {name!r}: the name {problem}; rename it")
    if name.lower() == USER_MANIFEST:
        raise UsageError(f"target {name!r}: the name is reserved", Advice.STATE_USER_MANIFEST)


def check_distinct(pairs: Sequence[tuple[str, str]]) -> None:
    """Raises UsageError if two of the (name, path) pairs have one name, or names that differ only in case."""
    twice = clash(name for name, _ in pairs)
    if twice:
        one, other = [pair for pair in pairs if pair[0].lower() == twice[0].lower()][:2]
        raise UsageError(
            f"two targets '{one[0]}' ({one[1]}) and '{other[0]}' ({other[1]}); "
            "rename one, or leave it out"
        )
