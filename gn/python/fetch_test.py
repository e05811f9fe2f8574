"""Tests of fetch.py: real pip, on the folder of wheels that Bazel fetched instead of an index."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import fetch
import locked_wheels
import pytest

_HALF = """\
import sys, time
sys.path.insert(0, {here!r})
import fetch, fetch_wheels
def download(lock, wheels):
    (wheels / "half-1.0-py3-none-any.whl").write_bytes(b"half")
    print("started", flush=True)
    time.sleep(60)
fetch_wheels.download = download
sys.argv[1:] = ["--out", {out!r}]
sys.exit(fetch.main())
"""


@pytest.fixture(autouse=True)
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that pip takes wheels from, and nowhere else."""
    folder = locked_wheels.copy_wheels(tmp_path / "index")
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setenv("PIP_CACHE_DIR", str(tmp_path / "cache"))
    return folder


def run(out: Path, **env: str) -> subprocess.CompletedProcess[str]:
    """`python fetch.py --out OUT`, as a user types it."""
    return subprocess.run(
        [sys.executable, fetch.__file__, "--out", out.name],
        cwd=out.parent,
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        check=False,
    )


def state(folder: Path) -> dict[str, int]:
    return {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}


def test_fetches_once(index: Path, tmp_path: Path) -> None:
    out = tmp_path / "wheels"

    first = run(out)
    assert (first.returncode, first.stdout, first.stderr) == (0, "the wheels are in wheels\n", "")
    before = state(out)
    assert set(before) == set(state(index))

    # Without pip: nothing is missing.
    second = run(out, PIP_FIND_LINKS=str(tmp_path / "none"))
    assert (second.returncode, second.stdout) == (0, first.stdout)
    assert state(out) == before


def test_repairs_a_changed_wheel_and_leaves_other_files(tmp_path: Path) -> None:
    out = locked_wheels.copy_wheels(tmp_path / "wheels")
    changed = next(out.glob("pycparser-*.whl"))
    right = changed.read_bytes()
    changed.write_bytes(right[:-1])
    (out / "other-1.0-py3-none-any.whl").touch()

    done = run(out)

    assert done.returncode == 0, done.stderr
    assert changed.read_bytes() == right
    assert (out / "other-1.0-py3-none-any.whl").exists()


def test_other_build_of_a_locked_release(tmp_path: Path) -> None:
    out = locked_wheels.copy_wheels(tmp_path / "wheels")
    [wheel] = out.glob("pycparser-*.whl")
    other = wheel.with_name(wheel.name.replace("-py3-", "-7-py3-"))
    other.write_bytes(b"another")

    done = run(out)

    assert done.returncode == 1
    assert done.stderr == (
        f"fetch.py: wheels/{other.name}: its sha256 is not in runtime.txt;"
        " find out why, then remove it and fetch the wheels again\n"
    )


def test_nothing_reachable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PIP_NO_INDEX", "PIP_FIND_LINKS"):
        monkeypatch.delenv(name)
    # Port 9 of this machine, where nothing listens.
    done = run(tmp_path / "wheels", PIP_RETRIES="1", PIP_INDEX_URL="http://127.0.0.1:9/simple")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("fetch.py: pip cannot reach its package index; check the network")
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "wheels").exists()


def test_out_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "wheels").touch()
    done = run(tmp_path / "wheels")
    assert done.returncode == 1
    assert done.stderr == "fetch.py: wheels: File exists; name a folder to write with --out\n"


@pytest.mark.parametrize("there", [False, True])
@pytest.mark.parametrize("sent, status", [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_interrupted(tmp_path: Path, sent: signal.Signals, status: int, there: bool) -> None:
    out = tmp_path / "wheels"
    if there:
        out.mkdir()
        (out / "kept").touch()
    here = str(Path(fetch.__file__).parent)
    script = _HALF.format(here=here, out=str(out))
    with subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout and process.stdout.readline() == "started\n"
        process.send_signal(sent)
        _, error = process.communicate(timeout=30)
    assert process.returncode == status
    assert error in ("", "fetch.py: interrupted\n")
    assert ([path.name for path in out.iterdir()] == ["kept"]) if there else not out.exists()


def test_other_platform(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("platform.machine", lambda: "riscv64")
    monkeypatch.setattr(sys, "argv", ["fetch.py", "--out", str(tmp_path / "wheels")])
    assert fetch.main() == 1
    assert capsys.readouterr().err.startswith("fetch.py: no wheels are locked for linux-riscv64")
