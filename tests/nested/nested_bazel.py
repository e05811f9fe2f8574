"""A Bazel inside a test: its own copy of the sources, its own server, no network for pip."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

# Far more than any command here takes; less than the test's own time limit.
SECONDS = 600
BAZEL_CRASHED = 37
# A server that lives for a minute spends up to half of its CPU time on optimizing its own code.
SHORT_LIVED = ("-Xmx1g", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")
# As users have it, with a limit on memory.
LONG_LIVED = ("-Xmx1g",)


@dataclass(frozen=True)
class Spawn:
    """A process that Bazel ran for an action, or found the result of in a cache."""

    mnemonic: str
    label: str
    outputs: tuple[str, ...]
    inputs: tuple[str, ...]
    runner: str  # Such as `remote` or `disk cache hit`.


@dataclass(frozen=True)
class Bazel:
    """A Bazel server of its own, in one workspace."""

    program: str
    workspace: Path
    scratch: Path
    env: dict[str, str] = field(default_factory=dict)
    jvm: tuple[str, ...] = SHORT_LIVED

    def command(self) -> list[str]:
        """Returns the words before a command's name."""
        startup = [f"--output_user_root={self.scratch}/root", f"--output_base={self.scratch}/base"]
        startup += ["--nohome_rc", "--max_idle_secs=60"]
        startup += [f"--host_jvm_args={option}" for option in self.jvm]
        return [self.program, *startup]

    def run(self, *args: str) -> subprocess.CompletedProcess[str]:
        """`bazel ARGS...`, however it ends."""
        return subprocess.run(
            [*self.command(), *args],
            cwd=self.workspace,
            env=self.env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )

    def succeeds(self, *args: str) -> str:
        """Returns the output of `bazel ARGS...`, which must not fail."""
        done = self.run(*args)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def fails(self, *args: str) -> list[str]:
        """The lines on standard error of `bazel ARGS...`, which must fail."""
        done = self.run(*args)
        assert done.returncode not in (0, BAZEL_CRASHED), done.stderr
        return done.stderr.splitlines()

    def build(self, *args: str) -> list[Spawn]:
        """Returns the actions that Bazel ran, or found in a cache, to build the labels."""
        log = self.scratch / "execution_log.json"
        self.succeeds("build", f"--execution_log_json_file={log}", *args)
        return list(_spawns(log.read_text()))

    def output(self, name: str) -> Path:
        """An output of the workspace's root package, or of one below it."""
        return self.workspace / "bazel-bin" / name


def _spawns(log: str) -> Iterator[Spawn]:
    """Reads the execution log, which is JSON objects one after the other."""
    decoder = json.JSONDecoder()
    log = log.strip()
    while log:
        entry, end = decoder.raw_decode(log)
        label = "//" + entry["targetLabel"].partition("//")[2]
        inputs = tuple(each["path"] for each in entry.get("inputs", []))
        outputs = tuple(entry["listedOutputs"])
        yield Spawn(entry["mnemonic"], label, outputs, inputs, entry["runner"])
        log = log[end:].lstrip()


def copy_sources(folder: Path) -> Path:
    """Copies the declared sources, and gives the module in tests/consumer."""
    for source in os.environ["SOURCES"].split():
        copy = folder / source
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, copy)
    return folder / "tests/consumer"


@contextlib.contextmanager
def bazel(
    workspace: Path, scratch: Path, jvm: tuple[str, ...] = SHORT_LIVED, /, **env: str
) -> Iterator[Bazel]:
    """A Bazel whose server ends with the `with`."""
    scratch.mkdir()
    server = Bazel(_program(), workspace, scratch, environment(scratch) | env, jvm)
    try:
        yield server
    finally:
        server.run("shutdown")


def _program() -> str:
    for name in (os.environ.get("BAZEL"), "bazelisk", "bazel"):
        program = shutil.which(name) if name else None
        if program:
            return program
    raise AssertionError(
        f"no bazelisk and no bazel on PATH ({os.environ.get('PATH')});"
        " name one with --test_env=BAZEL=/path/of/bazelisk"
    )


def environment(scratch: Path) -> dict[str, str]:
    """The variables of a small shell, and pip as on a machine without a network."""
    wheels = scratch / "wheels"
    wheels.mkdir()
    for wheel in os.environ["WHEELS"].split():
        (wheels / Path(wheel).name).symlink_to(Path(wheel).resolve())
    inherited = ("BAZELISK_HOME", "HOME", "HTTPS_PROXY", "PATH", "USE_BAZEL_VERSION", "https_proxy")
    env = {name: os.environ[name] for name in inherited if name in os.environ}
    env.setdefault("HOME", str(scratch))
    return env | {
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_FIND_LINKS": str(wheels),
        "PIP_NO_INDEX": "1",
        "TMPDIR": str(scratch),
        "USER": "nobody",
    }
