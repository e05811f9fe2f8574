"""Measures a log of 1,000,000 records: adding one more, its proof, and the check of the proof.

./bazelw run //tests/transparency:benchmark
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from software_update.disclosure.log_add import add_records
from software_update.disclosure.log_folder import CHECKPOINT, UNSIGNED, create_log, put, read_log
from software_update.disclosure.log_prove import prove
from software_update.disclosure.log_tiles import Tiles, append
from software_update.repository.storage import Object
from software_update.repository.storages.folder import FolderStorage
from software_update.testing.memory_log import ORIGIN, MemoryLog, MemoryWitness, policy_text
from software_update.transparency.check import check_proof
from software_update.transparency.checkpoint import Checkpoint
from software_update.transparency.log_policy import parse_log_policy
from software_update.transparency.merkle import inclusion_hashes
from software_update.transparency.note import parse_vkey
from software_update.transparency.proof import build_proof
from software_update.transparency.record import ReleaseRecord

SIZE = 1_000_000
RUNS = 20


class CountingStorage(FolderStorage):
    """A folder that remembers which tiles were read or written."""

    touched: set[str]

    def read(self, name: str, most: int) -> Object | None:
        found = super().read(name, most)
        if found is not None:
            self._note(name)
        return found

    def replace(self, name: str, content: bytes, tag: str | None) -> None:
        self._note(name)
        super().replace(name, content, tag)

    def _note(self, name: str) -> None:
        if name.startswith("tile/"):
            self.touched.add(name)


def record(number: int) -> bytes:
    """Returns the record of a release."""
    return ReleaseRecord("meter", number + 1, 1, f"{1:064x}", f"{number:064x}").content()


def make(folder: Path) -> CountingStorage:
    """Writes a log of SIZE records, without their index."""
    storage, log = CountingStorage(str(folder)), MemoryLog()
    storage.touched = set()
    create_log(storage, parse_vkey(log.vkey))
    new, tiles = append(Tiles(lambda *_: None, 0), [record(number) for number in range(SIZE)])
    for each in new:
        path = folder / each.name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(each.content)
    put(storage, UNSIGNED, Checkpoint(parse_vkey(log.vkey).name, SIZE, tiles.root()).text())
    return storage


def timed(run: Callable[[], object]) -> float:
    """Returns the milliseconds that a call takes."""
    start = time.perf_counter()
    run()
    return (time.perf_counter() - start) * 1000


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        storage = make(Path(name))
        times, most = [], 0
        for number in range(SIZE, SIZE + RUNS):
            storage.touched = set()
            times.append(timed(lambda: add_records(storage, [record(number)])))  # noqa: B023
            most = max(most, len(storage.touched))
        print(f"add one record: {statistics.median(times):.1f} ms, at most {most} tiles touched")
        log, witness = MemoryLog(), MemoryWitness()
        text = read_log(storage).unsigned.text()
        signed = text + b"\n" + log.line(log.sign(text))
        put(storage, CHECKPOINT, signed)
        last = record(SIZE)
        times = [timed(lambda: prove(storage, last)) for _ in range(RUNS)]
        print(f"prove: {statistics.median(times):.1f} ms")
        for size in (1000, 100_000, SIZE):
            hashes = [bytes(32)] * inclusion_hashes(0, size)
            short = Checkpoint(ORIGIN, size, bytes(32)).text() + b"\n" + log.line(bytes(64))
            print(f"proof in a log of {size} records: {len(build_proof(0, hashes, short))} bytes")
        put(storage, CHECKPOINT, signed + witness.cosign(text))
        policy = parse_log_policy(policy_text(log, witness), "policy")
        proof = prove(storage, last)
        times = [timed(lambda: check_proof(proof, policy, last)) for _ in range(RUNS * 10)]
        print(f"check with one witness: {statistics.median(times):.2f} ms")


if __name__ == "__main__":
    main()
