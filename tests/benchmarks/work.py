"""Measurements of the command line. Each function in WORK is one `--only NAME`."""

from __future__ import annotations

import dataclasses
import logging
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.benchmarks import tools
from tests.benchmarks.data import MIB, Keys, make_files, make_keys, write_list
from tests.benchmarks.measure import Command, in_turn, run, wait_for_quiet
from tests.benchmarks.peers import Peers, cache_folder, prepare, source_folder
from tests.benchmarks.results import BenchmarkError, Row, Table

KIB = 1024


@dataclass(frozen=True)
class Sizes:
    """The size of the work; goals are for the full sizes."""

    one_file: tuple[int, ...] = (MIB, 16 * MIB, 64 * MIB, 256 * MIB, 1024 * MIB)
    sixteen: int = 64 * MIB
    thousand: int = 1000
    targets: tuple[int, ...] = (1000, 4096, 16384, 32768, 65536)
    bazel_targets: int = 1000
    bazel_bundles: int = 500
    resigned: int = 1024 * MIB
    rounds: int = 5


QUICK = Sizes(
    one_file=(MIB, 4 * MIB, 16 * MIB),
    sixteen=MIB,
    thousand=100,
    targets=(1000, 2000, 4000),
    bazel_targets=100,
    bazel_bundles=20,
    resigned=16 * MIB,
)


@dataclass(frozen=True)
class Bench:
    """The peers, keys, folder and sizes that all measurements share, and the actions that Bazel ran."""

    peers: Peers
    keys: Keys
    folder: Path
    sizes: Sizes
    facts: dict[str, tuple[str, ...]] = field(default_factory=dict)

    @contextmanager
    def work(self, name: str, files: int, size: int) -> Iterator[tools.Work]:
        """Makes files for artifacts, and a folder next to them; removes both at the end."""
        folder = self.folder / name
        made = make_files(folder / "files", files, size)
        try:
            yield tools.Work(made, folder, self.keys, self.peers)
        finally:
            shutil.rmtree(folder)

    def measure(self, commands: Sequence[Command | None]) -> tuple[Row, ...]:
        """Runs the commands in turn, without those that are None."""
        return in_turn([each for each in commands if each], self.sizes.rounds, wait_for_quiet)


@contextmanager
def bench_of(sizes: Sizes, gib: int) -> Iterator[Bench]:
    """Gets the peers, and makes keys and a folder with so much space; removes the folder at the end."""
    logging.info("getting the other tools")
    peers = prepare(cache_folder(), source_folder())
    with tempfile.TemporaryDirectory(prefix="benchmarks") as name:
        folder = Path(name)
        free = shutil.disk_usage(folder).free // 2**30
        if free < gib:
            raise BenchmarkError(
                f"{folder.parent} has {free} GiB free; set TMPDIR to a folder with {gib} GiB"
            )
        yield Bench(peers, make_keys(folder / "keys", peers), folder, sizes)


def exit_status(work: Callable[[], None]) -> int:
    """Runs a benchmark program; returns its exit status. Progress and errors go to standard error."""
    logging.basicConfig(format="%(asctime)s %(message)s", datefmt="%H:%M:%S", level=logging.INFO)
    try:
        work()
    except (BenchmarkError, OSError) as error:
        logging.error("%s", error)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def leave_out_broken(bench: Bench) -> None:
    """Tries all tools on a small file, so that a broken peer cannot stop a long run."""
    with bench.work("trial", 1, KIB) as work:
        for tool in tools.available(tools.TOOLS, bench.peers, 1):
            try:
                run(tool.creates(work, KIB))
                verify = tool.verifies(work, KIB)
                if verify:
                    run(verify)
            except BenchmarkError as error:
                if tool.name == tools.OURS:
                    raise
                logging.warning("%s", error)
                bench.peers.missing[tool.needs[0]] = "it fails on this machine"


def one_file(bench: Bench) -> list[Table]:
    """One artifact of one file, of several sizes."""
    created: list[Row] = []
    verified: list[Row] = []
    for size in bench.sizes.one_file:
        with bench.work("one_file", 1, size) as work:
            create, verify = _create_and_verify(bench, work, size)
        created += create
        verified += verify
    title = f"one file of {_bytes(bench.sizes.one_file[-1])}"
    return [
        Table("one_file_create", f"Make a signed artifact of {title}", tuple(created), "bytes"),
        Table("one_file_verify", f"Check a signed artifact of {title}", tuple(verified), "bytes"),
    ]


def sixteen_files(bench: Bench) -> list[Table]:
    """One artifact of 16 large files."""
    return _many_files(bench, "sixteen_files", 16, bench.sizes.sixteen, without="swugenerator")


def thousand_files(bench: Bench) -> list[Table]:
    """One artifact of many small files."""
    return _many_files(bench, "thousand_files", bench.sizes.thousand, 10 * KIB)


def targets(bench: Bench) -> list[Table]:
    """Up to 65,536 targets of four small files, to measure the cost of a target without its bytes."""
    rows: dict[str, list[Row]] = {"create": [], "verify": [], "inspect": []}
    with bench.work("targets", 4, 100) as work:
        small = work.files
        for count in bench.sizes.targets:
            files = [small[number % len(small)] for number in range(count)]
            create, bundle = create_of(work, files, count)
            run(create)
            verify = tools.TOOLS[0].verifies(work, count)
            command = "software-update bundle inspect --json {artifact}"
            inspect = dataclasses.replace(work.command(tools.OURS, command, bundle), size=count)
            rows["verify"] += bench.measure([verify])
            rows["inspect"] += bench.measure([inspect])
            rows["create"] += bench.measure([create])
    return [
        Table(f"targets_{name}", f"bundle {name}, by number of targets", tuple(found), "targets")
        for name, found in rows.items()
    ]


def start(bench: Bench) -> list[Table]:
    """The time until the first result."""
    with bench.work("start", 1, 1000) as work:
        record = work.folder / "record"
        digest = "software-update step digest --target app={inputs}/00000.img -o {artifact}"
        commands = [
            work.command("python -c pass", "our-python -c pass", record),
            work.command(f"{tools.OURS} --help", "software-update --help", record),
            dataclasses.replace(
                work.command(f"{tools.OURS} step digest", digest, record), outputs=(record,)
            ),
        ]
        return [Table("start", "Start-up", bench.measure(commands))]


def create_of(work: tools.Work, files: Sequence[Path], count: int) -> tuple[Command, Path]:
    """Returns the command that makes one bundle of files, some listed more than once, and the bundle."""
    write_list(work.folder / "targets.json", files)
    return tools.TOOLS[0].creates(work, count), work.folder / tools.TOOLS[0].artifact


def _many_files(bench: Bench, name: str, count: int, size: int, without: str = "") -> list[Table]:
    with bench.work(name, count, size) as work:
        create, verify = _create_and_verify(bench, work, count * size, without)
    of = f"a signed artifact of {count} files of {_bytes(size)}"
    return [
        Table(f"{name}_create", f"Make {of}", create),
        Table(f"{name}_verify", f"Check {of}", verify),
    ]


def _create_and_verify(
    bench: Bench, work: tools.Work, size: int, without: str = ""
) -> tuple[tuple[Row, ...], tuple[Row, ...]]:
    """Measures all tools that can do the work, and the floor; artifacts to check are made once more."""
    floor = tools.floor(work, size)
    there = tools.available(tools.TOOLS, bench.peers, len(work.files))
    chosen = [tool for tool in there if tool.name != without]
    create = bench.measure([floor, *(tool.creates(work, size) for tool in chosen)])
    checked = [(tool, tool.verifies(work, size)) for tool in chosen]
    for tool, verify in checked:
        if verify:
            run(tool.creates(work, size))
    return create, bench.measure([floor, *(verify for _, verify in checked)])


def _bytes(size: int) -> str:
    for unit, name in ((1024 * MIB, "GiB"), (MIB, "MiB"), (KIB, "KiB")):
        if size >= unit and size % unit == 0:
            return f"{size // unit} {name}"
    return f"{size} bytes"


WORK: dict[str, Callable[[Bench], list[Table]]] = {
    "one_file": one_file,
    "sixteen_files": sixteen_files,
    "thousand_files": thousand_files,
    "targets": targets,
    "start": start,
}
