"""Bundles, and the ways in which they arrive at a device, for tests of the library's own code."""

import dataclasses
import tempfile
from collections.abc import Iterator
from pathlib import Path

from software_update.testing import encode as e

from tests.attacks import product
from tests.device_library import (
    edges,
    fake_signatures,
    installed_manifests,
    mutants,
    python_judge,
    signatures,
    subjects,
)
from tests.device_library.edges import WHOLE, Question
from tests.device_library.installed_manifests import PIECES
from tests.device_library.library import BARE, FULL, SMALL, TAKES_ROOTS, USUAL, Library
from tests.device_library.signatures import of_all_cases


@dataclasses.dataclass(frozen=True)
class InstalledQuestion:
    """A manifest of a device, to be read."""

    manifest: bytes
    hardware_id: str | None
    piece: int

    def answer(self, tested: Library) -> str:
        """Returns the manifest as the library reads it."""
        return str(tested.read_installed(self.manifest, self.hardware_id, self.piece))


# Piece, sink and limits.
_WAYS = ((WHOLE, 0, USUAL), (7, 1, SMALL), (1, 0, USUAL), (64, 2, USUAL), (7, 1, BARE))
_WAYS_OF_LARGE = _WAYS[:2]
_LARGE = 20_000
_PIECES = (WHOLE, 64, 7, 1)


def cases() -> Iterator[Question | InstalledQuestion]:
    """Yields the edges and all cases, with their good signatures, and manifests of devices."""
    for number, found in enumerate(installed_manifests.manifests()):
        yield InstalledQuestion(*found, PIECES[number % len(PIECES)])
    for edge in edges.all_edges():
        yield dataclasses.replace(edge.question, listed=edges.good_signatures())
    for way in _WAYS:
        for each in subjects.kept():
            if len(each.bundle) < _LARGE or way in _WAYS_OF_LARGE:
                piece, sink, limits = way
                yield Question(
                    each.bundle, each.device, piece, sink, limits=limits, listed=of_all_cases()
                )


def huge() -> Iterator[Question]:
    """Yields bundles at the limits of the format, of up to 32 MiB."""
    # Names that are not ASCII count four times: these, and "targets", "app" and "boot", are at the limit.
    long = [b"\x7f%04095d" % number for number in range(1021)]
    other = [b"\xc3\xa9%04094d" % number for number in range(1019)]
    other.append(b"\xc3\xa9%04090d" % 1019)
    for names in (long, [*other, b"zz"], [*other, b"zzz"]):
        payloads = b"".join(e.blob(4, e.blob(1, name) + e.blob(2, b"")) for name in names)
        yield Question(product.good() + payloads, edges.DEVICE, WHOLE, limits=FULL)
    for size in (kib := 2**19, kib + 1):
        filler = size - len(e.signed(product.root(2) + e.blob(200, bytes(kib)), product.R)) + kib
        signed = e.signed(product.root(2) + e.blob(200, bytes(filler)), product.R)
        yield Question(product.good(roots=e.root_entry(signed)), edges.DEVICE, WHOLE)
    for size in (mib := 2**25, mib + 1):
        filler = size - len(e.signed(product.targets() + e.blob(200, bytes(mib)), product.T)) + mib
        metadata = product.targets() + e.blob(200, bytes(filler))
        yield Question(product.release(metadata), edges.DEVICE, WHOLE)
    for case in subjects.huge():
        if case.name not in (*subjects.SLOW, "targets_over_32_mib", "root_over_512_kib"):
            with tempfile.TemporaryDirectory() as scratch:
                found = subjects.subject(case, Path(scratch))
            listed = signatures.good([found])
            yield Question(found.bundle, found.device, WHOLE, limits=FULL, listed=listed)


def signed_mutants(first: int, count: int) -> Iterator[Question]:
    """Yields the usable ones of the mutants FIRST, FIRST + 1 and so on, `count` of them."""
    for number in range(first, first + count):
        mutant = mutants.one(f"code/{number}", fake_signatures.sign)
        if python_judge.is_usable(mutant.device):
            piece = _PIECES[number % 4]
            yield Question(mutant.bundle, mutant.device, piece, fake=True, roots=TAKES_ROOTS)
