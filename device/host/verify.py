"""Calls the device library's verifier (verify_api.cc) through ctypes, with the cryptography of Python."""

from __future__ import annotations

import ctypes
import functools
import hashlib
from typing import Any, NamedTuple

import zstandard
from software_update.format import metadata
from software_update.format.metadata import Installed, Root
from software_update.format.names import USER_MANIFEST
from software_update.format.messages import SHA256
from software_update.format.verdicts import Verdict
from software_update.keys.scheme import Message
from software_update.keys.schemes import ECDSA_P256

OUTCOMES = ("VERDICT", "BEYOND", "STORAGE_FAILED")

_VERIFY = ctypes.CFUNCTYPE(ctypes.c_bool, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p)
_ON_CURVE = ctypes.CFUNCTYPE(ctypes.c_bool, ctypes.c_void_p)
_BEGIN = ctypes.CFUNCTYPE(ctypes.c_bool, ctypes.c_uint64)
_DECOMPRESS = ctypes.CFUNCTYPE(
    ctypes.c_bool,
    ctypes.c_void_p,
    ctypes.c_size_t,
    ctypes.POINTER(ctypes.c_void_p),
    ctypes.POINTER(ctypes.c_size_t),
)
_END = ctypes.CFUNCTYPE(ctypes.c_bool)
_DIGEST = ctypes.c_uint8 * 32


class _InstalledTarget(ctypes.Structure):
    _fields_ = (("length", ctypes.c_uint64), ("name", _DIGEST), ("sha256", _DIGEST))


class _FormerRoot(ctypes.Structure):
    _fields_ = (
        ("stated", ctypes.c_bool),
        ("version", ctypes.c_uint32),
        ("sha256", _DIGEST),
        ("threshold", ctypes.c_uint32),
        ("keys", ctypes.c_uint32),
        ("identities", ctypes.POINTER(_DIGEST)),
    )


class _Installed(ctypes.Structure):
    _fields_ = (
        ("version", ctypes.c_uint32),
        ("targets_sha256", _DIGEST),
        ("has_counter", ctypes.c_bool),
        ("counter", ctypes.c_uint32),
        ("minimum_counter", ctypes.c_uint32),
        ("is_for_other_hardware", ctypes.c_bool),
        ("has_user_manifest", ctypes.c_bool),
        ("user_manifest_length", ctypes.c_uint64),
        ("user_manifest_sha256", _DIGEST),
        ("former", _FormerRoot),
        ("targets", ctypes.c_uint32),
        ("target", ctypes.POINTER(_InstalledTarget)),
    )


class _Case(ctypes.Structure):
    _fields_ = (
        ("bundle", ctypes.c_char_p),
        ("bundle_size", ctypes.c_size_t),
        ("anchor", ctypes.c_char_p),
        ("anchor_size", ctypes.c_size_t),
        ("moved_roots", ctypes.c_char_p),
        ("moved_roots_size", ctypes.c_size_t),
        ("installed", ctypes.POINTER(_Installed)),
        ("hardware_id", ctypes.c_char_p),
        ("now", ctypes.c_int64),
        ("chunk", ctypes.c_size_t),
        ("knows_time", ctypes.c_bool),
        ("is_small", ctypes.c_bool),
        ("verify_p256", _VERIFY),
        ("is_on_curve", _ON_CURVE),
        ("begin_frame", _BEGIN),
        ("decompress", _DECOMPRESS),
        ("end_frame", _END),
    )


class _Result(ctypes.Structure):
    _fields_ = (
        ("outcome", ctypes.c_uint8),
        ("verdict", ctypes.c_uint8),
        ("beyond", ctypes.c_uint8),
        ("metadata_outcome", ctypes.c_uint8),
        ("metadata_verdict", ctypes.c_uint8),
        ("verifications", ctypes.c_uint32),
    )


class Answer(NamedTuple):
    """The library's answer: an outcome of OUTCOMES, and the verdict if that is VERDICT.

    `beyond` is the number of the limit (device.h) if it is BEYOND. `verifications` counts those of ECDSA.
    """

    outcome: str
    verdict: str
    beyond: int
    metadata_verdict: str
    verifications: int

    @property
    def name(self) -> str:
        """Returns the verdict, or the outcome without one."""
        return self.verdict if self.outcome == "VERDICT" else f"{self.outcome} {self.beyond}"


@functools.lru_cache(maxsize=100_000)
def _verifies(key: bytes, digest: bytes, signature: bytes) -> bool:
    return ECDSA_P256.verifies(key, signature, Message(b"", digest))


@functools.lru_cache(maxsize=100_000)
def _is_key(key: bytes) -> bool:
    return ECDSA_P256.is_key(key)


def _at(address: int, size: int) -> bytes:
    return ctypes.string_at(address, size)


class _Decompressor:
    """Decompresses one frame after the other for the library."""

    def __init__(self) -> None:
        self._frame: Any = None
        self._out = b""

    def begin(self, _window: int) -> bool:
        self._frame = zstandard.ZstdDecompressor().decompressobj()
        return True

    def feed(self, data: int, size: int, out: Any, out_size: Any) -> bool:
        try:
            self._out = self._frame.decompress(_at(data, size)) if not self._frame.eof else b""
        except zstandard.ZstdError:
            return False
        out[0] = ctypes.cast(ctypes.c_char_p(self._out), ctypes.c_void_p)
        out_size[0] = len(self._out)
        return True

    def end(self) -> bool:
        return bool(self._frame.eof)


class Library:
    """The library at `path`. Not for two threads at once."""

    def __init__(self, path: str) -> None:
        self._library = ctypes.CDLL(path)
        self._library.software_update_verify.restype = None
        decompressor = _Decompressor()
        self._callbacks = (
            _VERIFY(lambda key, digest, sig: _verifies(_at(key, 65), _at(digest, 32), _at(sig, 64))),
            _ON_CURVE(lambda key: _is_key(_at(key, 65))),
            _BEGIN(decompressor.begin),
            _DECOMPRESS(decompressor.feed),
            _END(decompressor.end),
        )

    def verify(
        self,
        bundle: bytes,
        anchor: bytes,
        installed: Installed | None = None,
        installed_root: Root | None = None,
        *,
        hardware_id: str | None = None,
        at: int | None = None,
        chunk: int = 0,
        is_small: bool = False,
        moved_roots: bytes = b"",
    ) -> Answer:
        """Verifies a bundle that arrives `chunk` bytes at a time; 0: all at once."""
        known = _installed(installed, installed_root, hardware_id) if installed else None
        case = _Case(
            bundle,
            len(bundle),
            anchor,
            len(anchor),
            moved_roots,
            len(moved_roots),
            ctypes.pointer(known) if known else None,
            hardware_id.encode() if hardware_id is not None else None,
            at or 0,
            chunk,
            at is not None,
            is_small,
            *self._callbacks,
        )
        result = _Result()
        self._library.software_update_verify(ctypes.byref(case), ctypes.byref(result))
        verdicts = list(Verdict)
        return Answer(
            OUTCOMES[result.outcome],
            verdicts[result.verdict],
            result.beyond,
            verdicts[result.metadata_verdict],
            result.verifications,
        )


def _installed(
    installed: Installed, installed_root: Root | None, hardware_id: str | None
) -> _Installed:
    """Returns what a device records of an installed release."""
    release, manifest = installed.release, installed.user_manifest
    digest = hashlib.sha256(manifest or b"").digest()
    targets = [
        _InstalledTarget(
            each.original.length,
            _DIGEST(*hashlib.sha256(each.name.encode()).digest()),
            _DIGEST(*sha256),
        )
        for each in installed.targets.targets
        for function, sha256 in each.original.hashes
        if each.name != USER_MANIFEST and function == SHA256 and len(sha256) == 32
    ]
    other_hardware = bool(
        release
        and hardware_id is not None
        and release.hardware_ids
        and hardware_id not in release.hardware_ids
    )
    return _Installed(
        installed.targets.common.version,
        _DIGEST(*hashlib.sha256(installed.targets.serialized).digest()),
        release is not None,
        release.counter if release else 0,
        (release.minimum_counter or 0) if release else 0,
        other_hardware,
        manifest is not None,
        len(manifest or b""),
        _DIGEST(*digest),
        _former(installed, installed_root),
        len(targets),
        (_InstalledTarget * len(targets))(*targets),
    )


def _former(installed: Installed, given: Root | None) -> _FormerRoot:
    found = _FormerRoot()
    if installed.root is not None:
        found.stated = True
        found.version, sha256 = installed.root
        found.sha256 = _DIGEST(*sha256)
    if given is not None:
        identities = {key.identity for key in given.keys if key.key_id in given.targets.key_ids}
        found.threshold = given.targets.threshold
        found.keys = len(identities)
        found.identities = (_DIGEST * len(identities))(*(_DIGEST(*each) for each in identities))
    return found
