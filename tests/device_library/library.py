"""The verifier of the device library, built for this machine, as Python functions (ctypes)."""

import ctypes
import dataclasses
import os
from pathlib import Path

from software_update.format.verdicts import Verdict

from tests.device_library import decompressors
from tests.device_library.packed import packed
from tests.device_library.subjects import Device

# As in judge_for_test.cc.
_REAL, _FAKE, _LISTED = 0, 1, 2
USUAL, FULL, SMALL, BARE = range(4)
# What a sink does with payloads, if there is one.
WRITES, WAITS, SKIPS, FAILS_TO_OPEN, FAILS_TO_WRITE, FAILS_TO_CLOSE = range(1, 7)
# What a RootSink does, if there is one.
TAKES_ROOTS, HAS_NO_ROOM_FOR_ROOTS = 1, 2
# What the decompressor does.
UNPACKS, UNPACKS_NOTHING, HAS_NO_ROOM, FAILS_AT_END, UNPACKS_TOO_MUCH = range(5)
_BEYOND, _FAILED = 1, 2
# Of read_installed, and the place of their number in PackedInstalled.
MOST_INSTALLED, TARGETS_AT = 256, 112
BEYOND = (
    "nothing",
    "keys",
    "signatures",
    "roots",
    "targets",
    "allowed targets",
    "name bytes",
    "loose payloads",
    "order",
    "verifications",
    "compression",
    "release manifest",
    "root bytes",
    "the device's own root",
    "size",
)


@dataclasses.dataclass(frozen=True)
class Around:
    """The parts of a client around the verifier.

    `sink`: WRITES and others; not all orders of a bundle can be written. `roots`: TAKES_ROOTS and others.
    `unpacks`: UNPACKS and others. `moved`: roots that the device moved to after the trusted one.
    `promised`: so many bytes more are stated than arrive.
    """

    sink: int = 0
    roots: int = 0
    unpacks: int = UNPACKS
    moved: bytes = b""
    promised: int = 0


NOTHING_AROUND = Around()


class _Device(ctypes.Structure):
    _fields_ = (
        ("trusted", ctypes.c_char_p),
        ("trusted_size", ctypes.c_size_t),
        ("installed", ctypes.c_char_p),
        ("hardware_id", ctypes.c_char_p),
        ("now", ctypes.c_int64),
        ("knows_time", ctypes.c_int),
        ("signatures", ctypes.c_int),
        ("limits", ctypes.c_int),
        ("sink", ctypes.c_int),
        ("roots", ctypes.c_int),
        ("unpacks", ctypes.c_int),
        ("moved", ctypes.c_char_p),
        ("moved_size", ctypes.c_size_t),
        ("promised", ctypes.c_size_t),
        ("list", ctypes.c_char_p),
        ("list_size", ctypes.c_size_t),
        ("begin", decompressors.BEGIN),
        ("feed", decompressors.FEED),
    )


class _Result(ctypes.Structure):
    _fields_ = (
        ("outcome", ctypes.c_int),
        ("verdict", ctypes.c_int),
        ("beyond", ctypes.c_int),
        ("early_outcome", ctypes.c_int),
        ("early_verdict", ctypes.c_int),
        ("verifications", ctypes.c_uint32),
        ("good", ctypes.c_uint32),
        ("written", ctypes.c_uint64),
        ("window", ctypes.c_uint64),
        ("problem", ctypes.c_int),
        ("roots", ctypes.c_uint32),
        ("newer", ctypes.c_uint8 * 32),
        ("keys", ctypes.c_uint32),
        ("identities", ctypes.c_uint8 * 32),
        ("facts", ctypes.c_uint32 * 8),
        ("digests", ctypes.c_uint8 * 32),
    )


class Library:
    """The shared library of judge_for_test.cc."""

    def __init__(self, path: Path) -> None:
        library = ctypes.CDLL(str(path.absolute()))
        self._judge = library.judge
        self._judge.argtypes = (
            ctypes.POINTER(_Device),
            ctypes.c_char_p,
            ctypes.c_size_t,
            ctypes.c_size_t,
            ctypes.POINTER(_Result),
        )
        self._judge.restype = None
        self._installed = library.judge_installed
        self._installed.restype = ctypes.c_bool
        name = library.judge_verdict_name
        name.restype = ctypes.c_char_p
        self.result = _Result()
        self.verdicts = [name(number).decode() for number in range(len(Verdict))]

    def judge(
        self,
        bundle: bytes,
        device: Device,
        *,
        piece: int = 1 << 30,
        fake: bool = False,
        listed: bytes | None = None,
        limits: int = USUAL,
        around: Around = NOTHING_AROUND,
    ) -> str:
        """Returns the verdict on a bundle that arrives in pieces of `piece` bytes, or what it is beyond.

        `fake`: with fake signatures in place of real ones. `listed`: good signatures, in place of computing
        P-256 (signatures.py). `limits`: FULL are those of the format, which take more time; SMALL and BARE
        are exceeded by many bundles.
        """
        structure = _Device(
            device.trusted,
            len(device.trusted),
            packed(device),
            # Twice a zero byte at its end: only the first one counts.
            None if device.hardware_id is None else device.hardware_id.encode() + b"\0",
            device.at or 0,
            device.at is not None,
            _FAKE if fake else _REAL if listed is None else _LISTED,
            limits,
            around.sink,
            around.roots,
            around.unpacks,
            around.moved,
            len(around.moved),
            around.promised,
            listed,
            len(listed or b""),
            decompressors.begin,
            decompressors.feed,
        )
        found = self.result
        self._judge(ctypes.byref(structure), bundle, len(bundle), piece, ctypes.byref(found))
        if found.problem:
            return f"broken rule {found.problem} of TargetSink or RootSink"
        if found.outcome == _BEYOND:
            return f"beyond {BEYOND[found.beyond]}"
        if found.outcome == _FAILED:
            return "storage failed"
        if found.verdict == 0 and (found.early_outcome, found.early_verdict) != (0, 0):
            return "refused early and accepted in the end"
        verdict: str = self.verdicts[found.verdict]
        return verdict

    def read_installed(
        self,
        manifest: bytes,
        hardware_id: str | None,
        piece: int = 7,
        capacity: int = MOST_INSTALLED,
    ) -> bytes | None:
        """Returns a device's manifest as packed.py packs it; None if it is not valid."""
        out = ctypes.create_string_buffer(152 + 72 * MOST_INSTALLED)
        size, piece_size = ctypes.c_size_t(len(manifest)), ctypes.c_size_t(piece)
        name = None if hardware_id is None else hardware_id.encode()
        if not self._installed(manifest, size, piece_size, name, ctypes.c_uint32(capacity), out):
            return None
        targets = int.from_bytes(out.raw[TARGETS_AT : TARGETS_AT + 4], "little")
        return out.raw[: 152 + 72 * targets]


def from_environment() -> Library:
    """Returns the library whose path is in the environment variable JUDGE."""
    return Library(Path(os.environ["JUDGE"]))
