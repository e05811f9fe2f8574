"""Manifests of devices, for the reader of the device library and for Python's."""

import functools
from collections.abc import Iterator

from software_update.format.verdicts import Refused, Verdict
from software_update.testing import encode as e

from tests.attacks import compression_cases
from tests.attacks.product import CONTENTS, HARDWARE, release_json, targets
from tests.device_library import packed, subjects
from tests.device_library.library import MOST_INSTALLED, Library

# The device library leaves these checks out: the device has accepted the metadata.
_LEFT_OUT = (Verdict.UNSUPPORTED_SPEC_VERSION,)
PIECES = (1, 7, 1 << 20)


@functools.cache
def manifests() -> tuple[tuple[bytes, str | None], ...]:
    """Returns the manifests of all cases, each with the device's hardware id."""
    found = {(each.device.installed, each.device.hardware_id) for each in subjects.kept()}
    cases = [(data, name) for data, name in found if data is not None]
    return tuple(sorted(cases, key=lambda each: (each[0], each[1] or "")))


def changed() -> Iterator[tuple[bytes, str | None]]:
    """Yields manifests that are cut at every byte, with every bit the other way, or with odd parts."""
    files = [
        e.target("app", CONTENTS["app"]),
        compression_cases.GOOD_TARGET,
        e.target("user_manifest", b"x"),
        e.target_of("two", 1, [(1, bytes(32)), (1, b"x" * 32), (2, bytes(32)), (1, b"short")]),
        e.compressed_of("none", b"x", e.number(1, 1)),
        e.target_of("nothing", 5),
    ]
    for number, listed in enumerate((files[:1], files[1:3], files[3:], files)):
        metadata = e.targets_of(e.common("targets", 7), listed)
        root = (3, b"a root") if number % 2 else None
        release = release_json(5, minimum_release_counter=2, hardware_ids=["board-2"])
        manifest = e.manifest(metadata, release if number > 1 else None, root)
        yield manifest, HARDWARE
        if number < 3:
            yield from ((bundle, HARDWARE) for _, bundle in subjects.cuts_and_bits(manifest))
    good = e.manifest(targets())
    for more in (
        e.number(65, 1),
        e.blob(66, bytes(32)),
        e.number(65, 0) + e.blob(66, bytes(32)),
        e.number(65, 1) + e.blob(66, bytes(31)),
        e.number(65, 1) + e.blob(66, bytes(33)),
        e.blob(2, b"opaque"),
        e.blob(2, b""),
        e.blob(2, release_json(0)),
        e.blob(1, e.text(1, "targets") + e.blob(2, targets())),
        e.blob(99, b"unknown"),
    ):
        yield good + more, None
    for role, name in (("root", "targets"), ("targets", "Targets"), ("targets", "targetsx")):
        metadata = e.targets_of(e.common(role, 1), [])
        yield e.blob(1, e.text(1, name) + e.blob(2, metadata)), None
    yield e.blob(1, e.text(1, "targets")), None
    yield e.manifest(e.targets_of(e.common("targets", 0), [])), None
    yield b"", None


def expected(manifest: bytes, hardware_id: str | None) -> bytes | None:
    """Returns what Python reads; None if it refuses the manifest, b"" if only for a check left out."""
    try:
        return packed.packed_manifest(manifest, hardware_id)
    except Refused as refused:
        return b"" if refused.verdict in _LEFT_OUT else None


def different(tested: Library) -> list[str]:
    """Returns the manifests that the two readers read differently."""
    found = []
    for number, (manifest, hardware_id) in enumerate((*manifests(), *changed())):
        wanted = expected(manifest, hardware_id)
        answer = tested.read_installed(manifest, hardware_id, PIECES[number % len(PIECES)])
        if wanted not in (b"", answer):
            found.append(f"{manifest.hex()} {hardware_id}: {answer!r}, not {wanted!r}")
    return found


def too_many(tested: Library) -> bool:
    """Says whether a release of more targets than fit is not taken."""
    names = [f"target{number}" for number in range(MOST_INSTALLED + 1)]
    fitting, more = (
        e.manifest(targets(dict.fromkeys(names[:count], b"x"))) for count in (256, 257)
    )
    return (
        tested.read_installed(fitting, None) is not None
        and tested.read_installed(more, None) is None
        and tested.read_installed(more, None, capacity=0) is None
    )
