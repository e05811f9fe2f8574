"""Measures the service: memory, wake-ups, and the time to write and read back 1 GiB next to dd and sha256sum.

Usage: python -m tests.service.measure FOLDER [ROUNDS]

FOLDER needs 4 GiB on the medium to measure. Each round measures the client and its peer one after the other,
and the medians count. It prints lines of text.
"""

import hashlib
import json
import os
import re
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from software_update.client.config import Approvers
from software_update.client.domain import Domain, Place
from software_update.client.installers.raw import RawInstaller
from software_update.client.shell.build import machine
from software_update.client.shell.callers import this_process
from software_update.client.shell.client import Client
from software_update.client.shell.control import Control
from software_update.client.sources.file import FileSource
from software_update.client.state import Detail, State
from software_update.testing import encode as e
from software_update.testing.fake_device import FakeBoot

GIB = 1 << 30
MIB = 1 << 20
IDLE_SECONDS = 60
RUN = (
    "import sys; from software_update.cli.client.dispatch import main; sys.exit(main(sys.argv[1:]))"
)


def make_bundle(folder: Path) -> None:
    """Writes the root, and a bundle with a target of 1 GiB that is never in memory as a whole."""
    piece = os.urandom(MIB)
    digest = hashlib.sha256()
    for _ in range(GIB // MIB):
        digest.update(piece)
    listed = e.target_of("rootfs", GIB, [(1, digest.digest())])
    targets = e.targets_of(e.common("targets", 1), [listed])
    root = e.signed(e.root(), e.ROOT_KEY)
    (folder / "root.pb").write_bytes(root)
    # The entry of a payload: its name, and the head of its content.
    name, content = e.text(1, "rootfs"), e.tag(2, 2) + e.varint(GIB)
    entry = e.tag(4, 2) + e.varint(len(name) + len(content) + GIB) + name + content
    with (folder / "update.bundle").open("wb") as file:
        file.write(e.root_entry(root) + e.targets_entry(e.signed(targets, e.TARGETS_KEY)) + entry)
        for _ in range(GIB // MIB):
            file.write(piece)
        os.fsync(file.fileno())


# Memory and wake-ups.


def configure(folder: Path, root: Path, source: str) -> None:
    """Writes client.toml for a service with two slots, which are folders. `source` is TOML."""
    slots = folder / "slots"
    for slot in "AB":
        (slots / slot).mkdir(parents=True)
    (slots / "current").symlink_to("A")
    (folder / "client.toml").write_text(
        f"""
        vendor = "Example"
        state = "{folder}/state"
        [check]
        interval = "1d"
        [socket]
        path = "{folder}/socket"
        [domains.main]
        root = "{root}"
        slots = ["A", "B"]
        restart = ["/bin/true"]
        [[domains.main.sources]]
        {source}
        [[domains.main.installers]]
        type = "directory"
        targets = ["*"]
        slots = {{ A = "{slots}/A", B = "{slots}/B" }}
        [domains.main.boot]
        type = "directory"
        link = "{slots}/current"
        slots = {{ A = "{slots}/A", B = "{slots}/B" }}
        """,
        encoding="utf-8",
    )


def measure_memory(folder: Path) -> None:
    """Starts the command's service and lets it install; prints its idle wake-ups, and its memory."""
    source = f"""
        type = "file"
        path = "{folder}/update.bundle"
    """
    configure(folder, folder / "root.pb", source)
    arguments = ["run", "--config", str(folder / "client.toml")]
    process = subprocess.Popen([sys.executable, "-c", RUN, *arguments])
    try:
        while not (folder / "socket").exists():
            assert process.poll() is None
            time.sleep(0.1)
        time.sleep(1)
        idle = memory(process.pid, "VmRSS")
        before = wake_ups(process.pid)
        time.sleep(IDLE_SECONDS)
        print(f"wake-ups: {wake_ups(process.pid) - before} in {IDLE_SECONDS} s without a check")
        ask(folder, "policy", {"preset": "auto-all"})
        ask(folder, "check", {})
        while ask(folder, "status")["detail"] != Detail.FINISHED.value:
            time.sleep(0.5)
        most = memory(process.pid, "VmHWM")
    finally:
        process.terminate()
        process.wait()
    print(
        f"memory: idle {idle / 1024:.1f} MiB, while installing 1 GiB at most {most / 1024:.1f} MiB"
    )


def memory(pid: int, name: str) -> int:
    """Returns a figure of a process, in KiB."""
    text = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    found = re.search(rf"^{name}:\s+(\d+) kB$", text, re.MULTILINE)
    assert found is not None
    return int(found[1])


def wake_ups(pid: int) -> int:
    """Returns how often the threads of a process have waited so far."""
    found = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        text = (task / "status").read_text(encoding="utf-8")
        found += int(text.partition("\nvoluntary_ctxt_switches:")[2].split()[0])
    return found


def ask(folder: Path, name: str, fields: object = None) -> dict[str, str]:
    """Sends a request to the service."""
    body = b"" if fields is None else json.dumps(fields).encode()
    method = "GET" if fields is None else "POST"
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.connect(str(folder / "socket"))
        head = f"{method} /v1/{name} HTTP/1.1\r\nContent-Length: {len(body)}\r\n\r\n"
        connection.sendall(head.encode() + body)
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    found: dict[str, str] = json.loads(answer.partition(b"\r\n\r\n")[2])
    return found


# Time.


def measure_times(folder: Path, rounds: int) -> None:
    """Prints the medians of the client and its peers, and of their ratios."""
    writes, reads = [], []
    slot, bundle = folder / "rootfs_B", folder / "update.bundle"
    for each in "AB":
        (folder / f"rootfs_{each}").touch()
    for number in range(rounds):
        wrote, read = install(folder, number)
        peer_wrote = seconds(lambda: run(f"dd if={bundle} of={slot} bs=1M conv=fsync status=none"))
        peer_read = seconds(lambda: run(f"dd if={slot} iflag=direct bs=1M status=none | sha256sum"))
        writes.append((wrote, peer_wrote))
        reads.append((read, peer_read))
    for name, pairs in (("write", writes), ("read back", reads)):
        ours, peers = zip(*pairs, strict=True)
        ratio = statistics.median(one / other for one, other in pairs)
        print(
            f"{name}: client {statistics.median(ours):.2f} s, peer {statistics.median(peers):.2f} s, "
            f"median ratio {ratio:.2f}"
        )


def install(folder: Path, number: int) -> tuple[float, float]:
    """Installs into the raw slot. Returns the seconds of writing and of reading back."""
    system = machine()
    times: dict[object, float] = {}
    slots = {slot: str(folder / f"rootfs_{slot}") for slot in "AB"}
    domain = Domain(
        name="main",
        vendor="Example",
        anchor=(folder / "root.pb").read_bytes(),
        hardware_id=None,
        slots=("A", "B"),
        sources=[FileSource(system.storage, str(folder / "update.bundle"))],
        places=[Place(("rootfs",), RawInstaller(system.storage, "rootfs", slots))],
        boot=FakeBoot(),
    )

    def changed(state: State) -> None:
        times.setdefault(state.detail, time.monotonic())

    client = Client(system, str(folder / f"state{number}"), {"main": domain}, changed)
    client.start()
    control = Control(client, Approvers(frozenset(), frozenset()))
    control.set_preset(this_process(), "auto-all")
    control.check(this_process())
    client.run()
    assert client.state.detail == Detail.AWAITING_RESTART
    began, wrote, read = (
        times[each] for each in (Detail.DOWNLOADING, Detail.VERIFYING, Detail.AWAITING_RESTART)
    )
    return wrote - began, read - wrote


def run(command: str) -> None:
    """Runs a command of the shell."""
    subprocess.run(command, shell=True, check=True, stdout=subprocess.DEVNULL)


def seconds(work: Callable[[], None]) -> float:
    """Returns the seconds that work takes."""
    began = time.monotonic()
    work()
    return time.monotonic() - began


def main(folder: Path, rounds: int) -> None:
    """Measures everything in an empty folder."""
    make_bundle(folder)
    measure_memory(folder)
    measure_times(folder, rounds)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 5)
