"""Measurements of the command line. Each function in WORK is one `--only NAME`."""

from __future__ import annotations

import contextlib
import json
import logging
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from tests.benchmarks.commands import OUR_TOOL, OURS, Work, make_files, make_keys
from tests.benchmarks.installing import installations
from tests.benchmarks.measure import Command, in_turn, run
from tests.benchmarks.peers import Peers, prepare
from tests.benchmarks.results import GIB, MIB, Row, Tables

KIB = 1024
CREATE_OF_ONE = (
    "software-update bundle create --version={version} --root={{keys}}/root.pb"
    " --dev-signing-key={{keys}}/key.pem --target image={path} -o {{artifact}}"
)
DIFF = (
    "software-update bundle diff {folder}/1.bundle {folder}/2.bundle --trusted-root={keys}/root.pb"
    " --no-diffoscope"
)

DESCRIBE = (
    "software-update step release-manifest --product=lamp --release-version=1 --release-counter=1"
    " --notes=notes --claims={folder}/claims.json -o {artifact}"
)
CREATE_DESCRIBED = (
    "software-update bundle create --version=1 --root={keys}/root.pb --dev-signing-key={keys}/key.pem"
    " --targets-from={folder}/targets.json --user-manifest={folder}/release.json -o {artifact}"
)
PAGE = (
    "software-update bundle page {folder}/1.bundle --trusted-root={keys}/root.pb --out {artifact}"
)


@dataclass(frozen=True)
class Sizes:
    """The size of the work; goals and titles of tables are for the full sizes."""

    one_file: Sequence[int] = (MIB, 16 * MIB, 64 * MIB, 256 * MIB, GIB)
    sixteen: int = 64 * MIB
    thousand: int = 1000
    targets: Sequence[int] = (1000, 4096, 16384, 32768, 65536)
    bazel_targets: int = 1000
    bazel_bundles: int = 500
    resigned: int = GIB
    rounds: int = 5


QUICK = Sizes(
    one_file=(MIB, 4 * MIB, 16 * MIB),
    sixteen=MIB,
    thousand=100,
    targets=(1000, 2000, 4000),
    bazel_targets=100,
    bazel_bundles=20,
    resigned=16 * MIB,
    rounds=2,
)


@dataclass(frozen=True)
class Bench:
    """The peers, keys, folder and sizes that all measurements share, and the actions that Bazel ran."""

    peers: Peers
    keys: Path
    folder: Path
    sizes: Sizes
    facts: dict[str, list[str]] = field(default_factory=dict)

    @contextmanager
    def work(self, name: str, count: int, size: int, listed: int = 0) -> Iterator[Work]:
        """Makes files, which are listed again up to `listed`, in a folder that is removed at the end."""
        folder = self.folder / name
        made = make_files(folder / "files", count, size)
        work = Work(
            [made[at % count] for at in range(listed or count)], folder, self.keys, self.peers
        )
        work.describe()
        try:
            yield work
        finally:
            shutil.rmtree(folder)

    def measure(self, *commands: Command) -> list[Row]:
        """Runs the commands in turn."""
        return in_turn(commands, self.sizes.rounds)


@contextmanager
def bench_of(sizes: Sizes) -> Iterator[Bench]:
    """Gets the peers, and makes keys and a folder; removes the folder at the end."""
    logging.basicConfig(format="%(asctime)s %(message)s", datefmt="%H:%M:%S", level=logging.INFO)
    logging.info("getting the other tools")
    peers = prepare()
    with tempfile.TemporaryDirectory(prefix="benchmarks") as name:
        yield Bench(peers, make_keys(Path(name, "keys"), peers), Path(name), sizes)


def one_file(bench: Bench) -> Tables:
    """Measures one artifact of one file, of several sizes."""
    tables: Tables = {"one_file_create": [], "one_file_verify": []}
    for size in bench.sizes.one_file:
        for name, rows in many_files(bench, "one_file", 1, size).items():
            tables[name] += rows
    return tables


def sixteen_files(bench: Bench) -> Tables:
    """Measures one artifact of 16 large files."""
    return many_files(bench, "sixteen_files", 16, bench.sizes.sixteen, without="swugenerator")


def thousand_files(bench: Bench) -> Tables:
    """Measures one artifact of many small files."""
    return many_files(bench, "thousand_files", bench.sizes.thousand, 10 * KIB)


def targets(bench: Bench) -> Tables:
    """Measures up to 65,536 targets of four small files: the cost of a target without its bytes."""
    tables: Tables = {"targets_create": [], "targets_verify": [], "targets_inspect": []}
    for count in bench.sizes.targets:
        with bench.work("targets", 4, 100, count) as work:
            command = "software-update bundle inspect --json {artifact}"
            inspect = work.command(OURS, command, OUR_TOOL.artifact, count)
            run(work.create(OUR_TOOL, count))
            tables["targets_verify"] += bench.measure(work.verify(OUR_TOOL, count))
            tables["targets_inspect"] += bench.measure(inspect)
            tables["targets_create"] += bench.measure(work.create(OUR_TOOL, count))
    return tables


def start(bench: Bench) -> Tables:
    """Measures the time until the first result."""
    with bench.work("start", 1, 1000) as work:
        digest = "software-update step digest --target app={inputs}/00000.img -o {artifact}"
        step = work.command(f"{OURS} step digest", digest, "record")
        commands = [
            work.command("python -c pass", "our-python -c pass"),
            work.command(f"{OURS} --help", "software-update --help"),
            replace(step, artifact=work.folder / "record"),
        ]
        return {"start": bench.measure(*commands)}


def install(bench: Bench) -> Tables:
    """Measures the installation of one file into a raw slot; our client reads it back as well."""
    size = bench.sizes.one_file[-1]
    with bench.work("install", 1, size) as work, contextlib.ExitStack() as stack:
        commands = installations(work, size, stack)
        return {"install": bench.measure(*commands)}


def diff(bench: Bench) -> Tables:
    """Measures the comparison of two bundles of one large file each, which differ in all bytes."""
    size = bench.sizes.one_file[-1]
    with bench.work("diff", 2, size) as work:
        for version, path in enumerate(work.files):
            create = CREATE_OF_ONE.format(version=version + 1, path=path)
            run(work.command(OURS, create, f"{version + 1}.bundle"))
        compare = replace(work.command(OURS, DIFF, size=2 * size), says="verified: ")
        return {"diff": bench.measure(work.floor(2 * size), compare)}


def page(bench: Bench) -> Tables:
    """Measures the page of a release of 40 targets with a claim each."""
    with bench.work("page", 40, 10 * KIB) as work:
        claim = {"component": "lamp", "area": "application", "reach": ["network", "storage"]}
        claims = {f"f/{at:05}": claim for at in range(len(work.files))}
        (work.folder / "claims.json").write_text(json.dumps(claims))
        run(work.command(OURS, DESCRIBE, "release.json"))
        run(work.command(OURS, CREATE_DESCRIBED, "1.bundle"))
        command = work.command(OURS, PAGE, "page.html")
        return {"page": bench.measure(replace(command, artifact=work.folder / "page.html"))}


def many_files(bench: Bench, name: str, count: int, size: int, without: str = "") -> Tables:
    """Measures all tools that can do the work, and the floor; artifacts to check are made once more."""
    total = count * size
    with bench.work(name, count, size) as work:
        tools = work.tools(without)
        create = bench.measure(work.floor(total), *(work.create(tool, total) for tool in tools))
        checked = [tool for tool in tools if tool.verify]
        for tool in checked:
            run(work.create(tool, total))
        verify = bench.measure(work.floor(total), *(work.verify(tool, total) for tool in checked))
    return {f"{name}_create": create, f"{name}_verify": verify}


WORK: dict[str, Callable[[Bench], Tables]] = {
    "one_file": one_file,
    "sixteen_files": sixteen_files,
    "thousand_files": thousand_files,
    "targets": targets,
    "start": start,
    "install": install,
    "diff": diff,
    "page": page,
}
