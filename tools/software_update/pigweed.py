"""What Pigweed's C++ client does not take, beyond what every verifier refuses."""

import sys
from collections.abc import Iterable

from software_update.errors import UsageError
from software_update.limits import PIGWEED_MAX_NAME_BYTES, PIGWEED_MAX_TARGET_BYTES
from software_update.metadata import Target


def check(targets: Iterable[Target], *, strict: bool) -> None:
    """Warns on standard error of each target that the client refuses; UsageError if `strict`."""
    for target in targets:
        problem = _problem(target)
        if problem and strict:
            raise UsageError(f"target '{target.name}': {problem}")
        if problem:
            print(f"software-update: warning: target '{target.name}': {problem}", file=sys.stderr)


def _problem(target: Target) -> str | None:
    if len(target.name) > PIGWEED_MAX_NAME_BYTES:
        return f"Pigweed's client takes names of at most {PIGWEED_MAX_NAME_BYTES} bytes; shorten it"
    if target.length > PIGWEED_MAX_TARGET_BYTES:
        return "Pigweed's client takes no target over 100 MiB unless it is told to"
    return None
