"""A remote execution engine on this machine: BuildGrid on PostgreSQL, and workers of buildbox.

All of it ends with who started it, however that ends: the kernel sees to it (`setpriv --pdeathsig`).
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

# Far more than anything here takes to start or to happen.
SECONDS = 60
_PACKAGES = "install Debian's packages buildbox and postgresql"
_PYTHON_PACKAGES = "/usr/lib/python3/dist-packages"
_CONFIG = Path(__file__).with_name("buildgrid.yml")
# Of the environment, nothing is needed.
_ENV = {"LC_ALL": "C.UTF-8", "PATH": "/usr/local/bin:/usr/bin:/bin"}
# In the folder that all are started in: its whole path could be too long for a socket.
_CASD = "casd.socket"


@dataclass(frozen=True)
class Worker:
    """A process that runs actions, up to two at once."""

    process: subprocess.Popen[bytes]
    log: Path

    def catch_action(self, words: str) -> None:
        """Waits until an action with these words in its command line runs, and stops it there."""

        def caught() -> bool:
            running = descendants(self.process.pid)
            return any(_stop(pid) for pid in running if words in _command_line(pid))

        assert wait_until(caught), f"no action with {words} has run"

    def lose(self) -> None:
        """Ends it without a word to anyone, with all that it runs, as when a machine loses power."""
        below = descendants(self.process.pid)
        self.process.kill()
        self.process.wait()
        _kill(below)

    def actions(self) -> set[str]:
        """The actions that it has begun, by the names that BuildGrid gave them."""
        begun = r"Starting worker thread for leaseId ([0-9a-f-]+)"
        return set(re.findall(begun, self.log.read_text(errors="replace")))


@dataclass(frozen=True)
class Engine:
    """The addresses that Bazel calls, and the processes that run."""

    scratch: Path
    address: str
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    workers: list[Worker] = field(default_factory=list)

    def start_worker(self) -> Worker:
        """Starts one more worker, which asks for work at once."""
        name = f"worker_{len(self.workers) + 1}"
        runner = (_program("setpriv"), "--pdeathsig=KILL", _program("buildbox-run-hosttools"))
        process = self.start(
            name,
            *_without_python_packages(),
            _program("buildbox-worker"),
            f"--bots-remote=http://{self.address}",
            f"--cas-remote=unix:{_CASD}",
            f"--buildbox-run={runner[0]}",
            *(f"--runner-arg={word}" for word in (*runner[1:], "--staging-mode=copy-or-link")),
            "--platform=OSFamily=linux",
            "--concurrent-jobs=2",
            "--max-wait-time=2",
            "--log-level=debug",  # Which names the actions.
            name,
        )
        log = self.log(name)
        self.wait_for(name, lambda: "Updating bot session" in log.read_text(errors="replace"))
        self.workers.append(Worker(process, log))
        return self.workers[-1]

    def start(self, name: str, *argv: str | Path, **env: str) -> subprocess.Popen[bytes]:
        """Starts a process that the kernel ends when this one is gone."""
        with self.log(name).open("wb") as log:
            process = subprocess.Popen(
                ["setpriv", f"--pdeathsig={_ending(name).name}", *argv],
                cwd=self.scratch,
                env=_ENV | {"TMPDIR": str(self.scratch)} | env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                process_group=0,
            )
        self.processes[name] = process
        return process

    def wait_for(self, name: str, ready: Callable[[], bool]) -> None:
        """Waits until what was started is ready; it may not have ended before."""
        process = self.processes[name]
        assert wait_until(lambda: process.poll() is not None or ready()) and ready(), (
            f"{name} does not start:\n{self.log(name).read_text(errors='replace')}"
        )

    def log(self, name: str) -> Path:
        """Returns the output of a process."""
        return self.scratch / f"{name}.log"


@contextlib.contextmanager
def engine(scratch: Path, bgd: Path) -> Iterator[Engine]:
    """An engine without workers; `bgd` is BuildGrid's command."""
    scratch.mkdir()
    with _free_port() as port:
        made = Engine(scratch, f"127.0.0.1:{port}")
        try:
            _start_grid(made, bgd, _start_database(made))
            _start_casd(made)
            yield made
        finally:
            for name, process in reversed(made.processes.items()):
                _end(process, _ending(name))


def _start_database(made: Engine) -> str:
    """Starts PostgreSQL on a new folder, and gives its URL."""
    folder = made.scratch / "database"
    folder.mkdir(mode=0o700)
    user: list[str] = []
    if os.geteuid() == 0:
        # It refuses to run as root, and the folders above its own may be closed to others.
        shutil.chown(folder, "postgres", "postgres")
        user = ["--reuid=postgres", "--regid=postgres", "--clear-groups"]
        user += ["--inh-caps=+dac_override", "--ambient-caps=+dac_override"]
    programs = _database_programs()
    initdb = ["--auth=trust", "--username=bgd", "--encoding=UTF8", "--locale=C", "--no-sync"]
    process = made.start("initdb", *user, programs / "initdb", f"--pgdata={folder}", *initdb)
    made.wait_for("initdb", lambda: process.poll() == 0)
    # In Linux's abstract namespace, so no file either.
    name = f"software_update_{secrets.token_hex(8)}"
    settings = {"listen_addresses": "", "unix_socket_directories": f"@{name}"}
    # What is lost with the test may be; nothing of it is to stay in /dev/shm.
    settings |= {"fsync": "off", "dynamic_shared_memory_type": "mmap"}
    words = [f"--{setting}={value}" for setting, value in settings.items()]
    made.start("postgres", *user, programs / "postgres", "-D", folder, *words)
    log = made.log("postgres")
    made.wait_for("postgres", lambda: "ready to accept connections" in log.read_text())
    return f"postgresql+psycopg2://bgd@/postgres?host=%40{name}"


def _start_grid(made: Engine, bgd: Path, database: str) -> None:
    migration = made.start("migration", bgd, "migrate", "apply", database)
    made.wait_for("migration", lambda: migration.poll() == 0)
    settings = {
        "DATABASE_URL": database,
        "GRID_ADDRESS": made.address,
        "STORAGE": str(made.scratch / "storage"),
    }
    made.start("grid", bgd, "server", "start", "-v", _CONFIG.absolute(), **settings)
    host, _, port = made.address.partition(":")

    def answers() -> bool:
        with contextlib.suppress(OSError), socket.create_connection((host, int(port))):
            return True
        return False

    made.wait_for("grid", answers)


def _start_casd(made: Engine) -> None:
    """Starts what holds the files of this machine's workers."""
    remote = f"--cas-remote=http://{made.address}"
    files = made.scratch / "files"
    made.start("casd", _program("buildbox-casd"), remote, f"--bind=unix:{_CASD}", files)
    made.wait_for("casd", (made.scratch / _CASD).is_socket)


@contextlib.contextmanager
def _free_port() -> Iterator[int]:
    """A TCP port that only a process of this user can listen on, as long as the context lasts."""
    with socket.socket() as reserved:
        reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        reserved.bind(("127.0.0.1", 0))
        yield reserved.getsockname()[1]


def _without_python_packages() -> list[str]:
    """Returns the words before a program for which Debian's packages for Python are an empty folder.

    The machine may have some of them for other tests, and a worker must not need them.
    """
    words = [_program("unshare"), "--mount", *([] if os.geteuid() == 0 else ["--map-root-user"])]
    hide = f"[ ! -d {_PYTHON_PACKAGES} ] || mount -t tmpfs none {_PYTHON_PACKAGES}"
    return [*words, "sh", "-ec", f'{hide}; exec setpriv --pdeathsig=KILL "$@"', "sh"]


def _program(name: str) -> str:
    """The path of a program, which must be there."""
    found = shutil.which(name)
    assert found, f"no {name} on PATH; {_PACKAGES}"
    return found


def _database_programs() -> Path:
    """The folder of PostgreSQL's programs, which Debian keeps out of PATH."""
    found = list(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    assert found, f"no PostgreSQL in /usr/lib/postgresql; {_PACKAGES}"
    return max(found, key=lambda path: int(path.parts[-3])).parent


def wait_until(condition: Callable[[], bool], seconds: float = SECONDS) -> bool:
    """Returns whether the condition came true in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.005)
    return True


# --- processes ---


def descendants(pid: int) -> list[int]:
    """The processes that a process has started, and that those have started."""
    with contextlib.suppress(OSError):
        threads = list(Path(f"/proc/{pid}/task").iterdir())
        lists = [(thread / "children").read_text() for thread in threads]
        children = [int(word) for words in lists for word in words.split()]
        return children + [below for child in children for below in descendants(child)]
    return []


def gone(pid: int) -> bool:
    """Returns whether a process has ended."""
    return _state(pid) in "XZ"


def _state(pid: int) -> str:
    """One letter: T where the process is stopped, X where there is none."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    return "X"


def _command_line(pid: int) -> str:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_text(errors="replace").replace("\0", " ")
    return ""


def _stop(pid: int) -> bool:
    """Stops a process, unless it ends first."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGSTOP)
    return wait_until(lambda: _state(pid) in "TXZ") and _state(pid) == "T"


def _ending(name: str) -> signal.Signals:
    """The signal that ends a process at once; PostgreSQL's leaves no process and no shared memory."""
    return signal.SIGQUIT if name == "postgres" else signal.SIGKILL


def _end(process: subprocess.Popen[bytes], how: signal.Signals) -> None:
    """Ends a process, and what it leaves of those that it has started."""
    below = descendants(process.pid)
    process.send_signal(how)
    process.wait(SECONDS)
    # A helper that Python has given BuildGrid removes its semaphores yet.
    wait_until(lambda: all(gone(pid) for pid in below), seconds=2)
    _kill(below)


def _kill(pids: list[int]) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
