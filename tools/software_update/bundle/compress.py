"""Compresses payloads: the same content and level give the same bytes on every machine.

The bytes depend on the version of zstd, on the number of threads and on the pieces in which it gets the
content. So one version is pinned, and one thread gets pieces of 1 MiB. A frame has a content size and no
checksum, because the metadata lists the SHA-256 of the original.
"""

import hashlib
import os

from software_update.base.errors import InputError
from software_update.base.files import open_input, write_all
from software_update.format import limits
from software_update.format.messages import ZSTD, Compression, Target

# The version in tools/python/runtime.txt, and the version of zstd in its wheels.
ZSTANDARD_VERSION = "0.25.0"
ZSTD_VERSION = (1, 5, 7)

MIN_LEVEL, MAX_LEVEL = 1, 19
DEFAULT_LEVEL = 10

_PIECE_BYTES = 1024 * 1024


def compress_file(name: str, path: str, fd: int, level: int) -> Target:
    """Writes the content of the file `path` to `fd`, compressed. Returns the target `name` with that payload.

    Raises InputError if another version of zstandard than the pinned one is installed, and if the file
    changes meanwhile. Memory does not grow with the file.
    """
    import zstandard

    _check_version(zstandard.__version__, zstandard.ZSTD_VERSION)
    original, stored, stored_length = hashlib.sha256(), hashlib.sha256(), 0
    with open_input(path) as source:
        length = os.fstat(source).st_size
        if length > limits.MAX_ORIGINAL_BYTES:
            raise InputError(
                f"{path}: {length} bytes; at most {limits.MAX_ORIGINAL_BYTES} can be compressed"
            )
        compressor = zstandard.ZstdCompressor(
            level=level, write_checksum=False, write_content_size=True, write_dict_id=False
        ).compressobj(size=length)
        for offset in range(0, length, _PIECE_BYTES):
            piece = _piece(source, path, offset, min(_PIECE_BYTES, length - offset))
            original.update(piece)
            chunk = compressor.compress(piece)
            stored.update(chunk)
            write_all(fd, chunk)
            stored_length += len(chunk)
        if os.pread(source, 1, length):
            raise _changed(path)
    chunk = compressor.flush()
    stored.update(chunk)
    write_all(fd, chunk)
    compression = Compression(ZSTD, length, original.digest())
    return Target.of(name, stored_length + len(chunk), stored.digest(), compression)


def _check_version(version: str, zstd_version: tuple[int, int, int]) -> None:
    if (version, zstd_version) != (ZSTANDARD_VERSION, ZSTD_VERSION):
        zstd = ".".join(map(str, zstd_version))
        raise InputError(
            f"zstandard {version} with zstd {zstd} compresses to other bytes than other builds; "
            f"install zstandard=={ZSTANDARD_VERSION} from its wheel"
        )


def _piece(fd: int, path: str, offset: int, length: int) -> bytes:
    """Reads exactly `length` bytes: the pieces decide the compressed bytes."""
    piece = bytearray()
    while len(piece) < length:
        chunk = os.pread(fd, length - len(piece), offset + len(piece))
        if not chunk:
            raise _changed(path)
        piece += chunk
    return bytes(piece)


def _changed(path: str) -> InputError:
    return InputError(f"{path}: changed while it was read; let its writer finish, and try again")
