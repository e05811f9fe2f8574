"""Warnings of targets that Pigweed's C++ client rejects and other verifiers accept."""

import sys
from collections.abc import Iterable

from software_update.base.errors import UsageError
from software_update.format.limits import PIGWEED_MAX_NAME_BYTES, PIGWEED_MAX_TARGET_BYTES
from software_update.format.messages import Target


def check(targets: Iterable[Target], *, strict: bool) -> None:
    """Warns of each target that the client rejects; UsageError if `strict`."""
    found = ((target.name, _problem(target)) for target in targets)
    report((f"target '{name}': {problem}" for name, problem in found if problem), strict=strict)


def report(problems: Iterable[str], *, strict: bool) -> None:
    """Prints each problem as a warning on standard error; if `strict`, the first is a UsageError."""
    for problem in problems:
        if strict:
            raise UsageError(problem)
        print(f"software-update: warning: {problem}", file=sys.stderr)


def _problem(target: Target) -> str | None:
    if len(target.name) > PIGWEED_MAX_NAME_BYTES:
        return f"Pigweed's client takes names of at most {PIGWEED_MAX_NAME_BYTES} bytes; shorten it"
    if target.length > PIGWEED_MAX_TARGET_BYTES:
        return "Pigweed's client rejects a target over 100 MiB by default"
    return None
