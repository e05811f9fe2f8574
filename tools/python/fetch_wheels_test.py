"""Tests of fetch_wheels.py: real pip, on a folder of tiny wheels instead of an index."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import fetch_wheels
import pytest


def make_wheel(
    folder: Path, tag: str = "py3-none-any", name: str = "tiny", requires: str = "", **files: str
) -> Path:
    """A wheel with one module, its metadata and the given files (`__` for `/`, `_dot_` for `.`)."""
    folder.mkdir(parents=True, exist_ok=True)
    wheel = folder / f"{name}-1.0-{tag}.whl"
    info = f"{name}-1.0.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n{requires}\nWords.\n"
    content = {
        f"{name}.py": "ANSWER = 42\n",
        f"{info}/METADATA": metadata,
        f"{info}/WHEEL": f"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: {tag}\n",
        f"{info}/RECORD": "",
    }
    content |= {path.replace("__", "/").replace("_dot_", "."): text for path, text in files.items()}
    with zipfile.ZipFile(wheel, "w") as archive:
        for path, text in content.items():
            archive.writestr(path, text)
    return wheel


def write_lock(folder: Path, *wheels: Path) -> Path:
    """A lock file that lists these wheels of one release each."""
    pins: dict[str, list[str]] = {}
    for wheel in wheels:
        digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
        pins.setdefault(wheel.name.split("-")[0], []).append(f"--hash=sha256:{digest}")
    lock = folder / "tiny.txt"
    lock.write_text("".join(f"{n}==1.0 {' '.join(h)}\n" for n, h in pins.items()))
    return lock


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that pip takes wheels from, and nowhere else."""
    folder = tmp_path / "index"
    folder.mkdir()
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setenv("PIP_CACHE_DIR", str(tmp_path / "cache"))
    return folder


def run(lock: Path, out: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """Runs the script, which must fail, and gives its one line."""
    assert fetch_wheels.main(["--lock", str(lock), "--out", str(out)]) == 1
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.count("\n") == 1
    return output.err


def test_fetches_unpacks_and_tells_dependencies(index: Path, tmp_path: Path) -> None:
    wheels = [
        make_wheel(index, requires="Requires-Dist: small_one>=1\nRequires-Dist: absent\n"),
        make_wheel(index, name="small_one", requires='Requires-Dist: tiny ; extra == "x"\n'),
    ]
    out = tmp_path / "out"
    lock = write_lock(tmp_path, *wheels)

    assert fetch_wheels.main(["--lock", str(lock), "--out", str(out)]) == 0

    assert (out / "site/tiny/tiny.py").read_text() == "ANSWER = 42\n"
    assert sorted(path.name for path in (out / "wheels").iterdir()) == [
        "small_one-1.0-py3-none-any.whl",
        "tiny-1.0-py3-none-any.whl",
    ]
    needs = json.loads((out / "distributions.json").read_text())
    assert needs == {"small_one": [], "tiny": ["small_one"]}


def test_wheels_of_every_cpython_in_one_folder(index: Path, tmp_path: Path) -> None:
    tags = [f"cp{python.replace('.', '')}" for python in fetch_wheels.PYTHONS]
    wheels = [make_wheel(index, f"{tag}-none-any", **{f"native_{tag}_dot_so": tag}) for tag in tags]
    out = tmp_path / "out"

    fetch_wheels.fetch(write_lock(tmp_path, *wheels), out)

    assert len(list((out / "wheels").iterdir())) == len(tags)
    for tag in tags:
        assert (out / f"site/tiny/native_{tag}.so").read_text() == tag


def test_wheels_that_differ_in_a_module_are_refused(tmp_path: Path) -> None:
    site = tmp_path / "site"
    fetch_wheels.unpack(make_wheel(tmp_path / "a"), site)
    other = make_wheel(tmp_path / "b", "cp312-cp312-any", tiny_dot_py="ANSWER = 43\n")
    with pytest.raises(fetch_wheels.FetchError, match=r"tiny-1.0-cp312.* differ in tiny\.py"):
        fetch_wheels.unpack(other, site)


def test_wheels_that_differ_in_an_sbom_are_unpacked_without_it(tmp_path: Path) -> None:
    site = tmp_path / "site"
    for tag in ("cp311-cp311-any", "cp312-cp312-any"):
        sbom = {"tiny-1.0.dist-info/sboms/tiny.json": tag}
        fetch_wheels.unpack(make_wheel(tmp_path / tag, tag, **sbom), site)
    assert not list(site.rglob("sboms"))


@pytest.mark.parametrize("path", ["../out.py", "/tmp/out.py", "a/../../out.py"])
def test_unsafe_path_in_a_wheel_is_refused(tmp_path: Path, path: str) -> None:
    wheel = make_wheel(tmp_path / "a", **{path: "x"})
    with pytest.raises(fetch_wheels.FetchError, match="unsafe path"):
        fetch_wheels.unpack(wheel, tmp_path / "site")
    assert not (tmp_path / "out.py").exists()


def test_stubs_are_left_out(tmp_path: Path) -> None:
    fetch_wheels.unpack(make_wheel(tmp_path, tiny_dot_pyi="ANSWER: int\n"), tmp_path / "site")
    assert not (tmp_path / "site/tiny.pyi").exists()


def test_compiled_files_are_the_same_at_each_run(tmp_path: Path) -> None:
    compiled = []
    for place in ("a", "b"):
        site = tmp_path / place
        fetch_wheels.unpack(make_wheel(tmp_path / f"{place}-wheel"), site)
        fetch_wheels.compile_sources(site)
        [pyc] = site.rglob("*.pyc")
        assert pyc.name == f"tiny.{sys.implementation.cache_tag}.pyc"
        compiled.append(pyc.read_bytes())
    assert compiled[0] == compiled[1]
    assert compiled[0][4:8] == b"\x01\0\0\0"  # Hash-based, not checked against the source.


def test_a_source_that_does_not_compile_is_kept(tmp_path: Path) -> None:
    wheel = make_wheel(tmp_path, template_dot_py="{{ not python }}}\n")
    fetch_wheels.unpack(wheel, tmp_path / "site")
    fetch_wheels.compile_sources(tmp_path / "site")
    assert [path.name.split(".")[0] for path in (tmp_path / "site").rglob("*.pyc")] == ["tiny"]


def test_wrong_hash(index: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lock = write_lock(tmp_path, make_wheel(index))
    make_wheel(index, tiny_dot_txt="changed")
    error = run(lock, tmp_path / "out", capsys)
    assert "given tiny-1.0-py3-none-any.whl, whose sha256 is not in tiny.txt" in error
    assert fetch_wheels.RENEW in error
    assert not (tmp_path / "out/site").exists()


def test_no_such_release(index: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wheel = make_wheel(index)
    lock = write_lock(tmp_path, wheel)
    wheel.unlink()
    error = run(lock, tmp_path / "out", capsys)
    assert "pip finds no wheel of tiny==1.0 for CPython 3.11" in error


def test_no_network(
    index: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = write_lock(tmp_path, make_wheel(index))
    for name in ("PIP_NO_INDEX", "PIP_FIND_LINKS"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_RETRIES", "1")
    # Port 9 of this machine, where nothing listens.
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    error = run(lock, tmp_path / "out", capsys)
    assert "pip cannot reach its package index" in error
    assert "PIP_INDEX_URL" in error and "PIP_FIND_LINKS" in error


def test_no_pip(tmp_path: Path) -> None:
    bare = tmp_path / "bare"
    venv.create(bare, with_pip=False)
    script = [str(bare / "bin/python"), fetch_wheels.__file__, f"--out={tmp_path / 'out'}"]
    lock = write_lock(tmp_path, make_wheel(tmp_path))
    run = subprocess.run([*script, f"--lock={lock}"], capture_output=True, text=True, check=False)
    assert run.returncode == 1
    assert run.stderr.count("\n") == 1
    assert "has no pip; install it (Debian: apt-get install python3-pip;" in run.stderr


def test_unknown_failure_shows_the_error_of_pip() -> None:
    log = "WARNING: something\nERROR: first\nERROR: the last word\n"
    assert fetch_wheels.pip_failure(log, "tiny.txt", "3.11") == "pip download failed: the last word"
    assert fetch_wheels.pip_failure("", "tiny.txt", "3.11") == "pip download failed: no output"


@pytest.mark.parametrize(
    "system, machine, libc",
    [("Linux", "x86_64", "glibc"), ("Linux", "aarch64", "glibc"), ("Darwin", "arm64", "")],
)
def test_supported_platforms(system: str, machine: str, libc: str) -> None:
    fetch_wheels.check_platform(system, machine, libc)


@pytest.mark.parametrize(
    "system, machine, libc, message",
    [
        ("Linux", "riscv64", "glibc", "no wheels are locked for linux-riscv64"),
        ("Darwin", "x86_64", "", "no wheels are locked for darwin-x86_64"),
        ("Windows", "AMD64", "", "no wheels are locked for windows-x86_64"),
        ("Linux", "x86_64", "", "with the C library musl"),
    ],
)
def test_other_platforms(system: str, machine: str, libc: str, message: str) -> None:
    with pytest.raises(fetch_wheels.FetchError, match=message):
        fetch_wheels.check_platform(system, machine, libc)
