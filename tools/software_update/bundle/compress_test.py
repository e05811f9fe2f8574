"""Tests of compress.py."""

import hashlib
import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard

from software_update.base import files
from software_update.base.errors import InputError
from software_update.bundle import compress
from software_update.bundle.compress import (
    DEFAULT_LEVEL,
    MAX_LEVEL,
    MIN_LEVEL,
    ZSTANDARD_VERSION,
    compress_file,
)
from software_update.bundle.decompress import original_chunks
from software_update.bundle.envelope import Payload
from software_update.format.messages import ZSTD, Compression, Target
from software_update.testing import encode as e
from software_update.testing.tree import TOOLS

# More than one piece of 1 MiB, which compress well but not trivially.
CONTENT = b"".join(b"%d %d\n" % (index, index * index % 9973) for index in range(120_000))
SHA256 = {
    1: "b18fdb14fc891f6aa25a82149b5a52290fec51ac6434f9e0eaa1ea56a367ca01",
    3: "687a36714f97ad18d2ebb1f7d578f426adcb479843a16551fa289ddde7a08b40",
    10: "8d23162e19f8a344cf7f9fd4fed16d91ee8509c6a2c326c9f1d975c16fa96c1b",
    19: "d4f1b9cbc4fa768b18f4579e943e348b0bb1ae35b712fd87939f1f76576c6395",
}


def compressed(folder: Path, content: bytes, level: int) -> tuple[bytes, Target]:
    source, out = folder / "app.bin", folder / "out"
    source.write_bytes(content)
    with files.new_output(str(out)) as fd:
        target = compress_file("app", str(source), fd, level)
    return out.read_bytes(), target


@pytest.mark.parametrize("content", [b"", b"x", CONTENT[:5000], bytes(9 << 20)])
@pytest.mark.parametrize("level", [MIN_LEVEL, DEFAULT_LEVEL, MAX_LEVEL])
def test_verifier_reads_each_payload(tmp_path: Path, content: bytes, level: int) -> None:
    stored, target = compressed(tmp_path, content, level)
    compression = Compression(ZSTD, len(content), e.sha256(content))
    assert target == Target.of("app", len(stored), e.sha256(stored), compression)
    with files.open_input(str(tmp_path / "out")) as fd:
        payload = Payload("app", 0, len(stored))
        assert b"".join(original_chunks(fd, payload, compression)) == content


@pytest.mark.parametrize("level", SHA256)
def test_bytes_never_change(tmp_path: Path, level: int) -> None:
    """Another file for the same content would be another release: it needs new signatures."""
    stored, _ = compressed(tmp_path, CONTENT, level)
    assert hashlib.sha256(stored).hexdigest() == SHA256[level]


def test_short_reads_do_not_change_the_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = compressed(tmp_path, CONTENT, 3)
    read = os.pread
    monkeypatch.setattr(os, "pread", lambda fd, length, at: read(fd, min(length, 100_000), at))
    assert compressed(tmp_path, CONTENT, 3) == before


@pytest.mark.parametrize("name", ["__version__", "ZSTD_VERSION"])
def test_other_version_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(zstandard, name, "0.1.0" if name == "__version__" else (1, 5, 5))
    with pytest.raises(
        InputError, match=r"^zstandard 0\.\d+\.0 with zstd 1\.5\.\d .*install"
    ) as caught:
        compressed(tmp_path, b"x", 3)
    assert caught.value.exit_code == 3
    assert not (tmp_path / "out").exists()


def test_version_is_the_locked_one() -> None:
    lock = (TOOLS / "python" / "runtime.txt").read_text()
    assert re.findall(r"^zstandard==(\S+)", lock, re.MULTILINE) == [ZSTANDARD_VERSION]


@pytest.mark.parametrize(
    "change", [lambda path: os.truncate(path, 10), lambda path: path.write_bytes(CONTENT + b"!")]
)
def test_file_that_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: Callable[[Path], object]
) -> None:
    path = tmp_path / "app.bin"
    check = compress._piece

    def piece(fd: int, name: str, offset: int, length: int) -> bytes:
        if offset:
            change(path)
        return check(fd, name, offset, length)

    monkeypatch.setattr(compress, "_piece", piece)
    with pytest.raises(InputError, match=r"app\.bin: changed while it was read"):
        compressed(tmp_path, CONTENT, 3)


def test_file_that_is_too_long(tmp_path: Path) -> None:
    path = tmp_path / "app.bin"
    path.touch()
    os.truncate(path, 2**36 + 1)
    with (
        files.new_output(str(tmp_path / "out")) as fd,
        pytest.raises(InputError, match="at most 68719476736 can be"),
    ):
        compress_file("app", str(path), fd, 3)
