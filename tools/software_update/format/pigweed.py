"""Targets that Pigweed's C++ client rejects, or installs compressed, and other verifiers accept."""

from collections.abc import Iterable, Iterator

from software_update.format.limits import PIGWEED_MAX_NAME_BYTES, PIGWEED_MAX_TARGET_BYTES
from software_update.format.messages import Target


def problems(targets: Iterable[Target]) -> Iterator[str]:
    """Yields a line for each target that the client rejects, and one for all compressed ones."""
    compressed = []
    for target in targets:
        problem = _problem(target)
        if problem:
            yield f"target '{target.name}': {problem}"
        if target.compression:
            compressed.append(target.name)
    if compressed:
        names = f"target '{compressed[0]}'" + (
            f" and {len(compressed) - 1} more" if len(compressed) > 1 else ""
        )
        yield (
            f"{names}: compressed; Pigweed's client would install the compressed bytes; "
            "compress only for other clients"
        )


def _problem(target: Target) -> str | None:
    if len(target.name) > PIGWEED_MAX_NAME_BYTES:
        return f"Pigweed's client takes names of at most {PIGWEED_MAX_NAME_BYTES} bytes; shorten it"
    if target.length > PIGWEED_MAX_TARGET_BYTES:
        return "Pigweed's client rejects a target over 100 MiB by default"
    return None
