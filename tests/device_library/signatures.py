"""The good signatures of all cases, so that a test need not compute P-256 again and again."""

import functools
import hashlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from unittest import mock

from software_update.keys.ecdsa_p256 import EcdsaP256
from software_update.keys.scheme import Message

from tests.device_library import python_judge, subjects
from tests.device_library.subjects import Subject


def good(found: Iterable[Subject]) -> bytes:
    """Returns the SHA-256 of key, digest and signature of each good signature, sorted.

    Only of the signatures that the Python verifier needs for these subjects.
    """
    listed = set()
    verifies = EcdsaP256.verifies

    def record(scheme: EcdsaP256, keyval: bytes, signature: bytes, message: Message) -> bool:
        is_good = verifies(scheme, keyval, signature, message)
        if is_good:
            listed.add(hashlib.sha256(keyval + message.sha256 + signature).digest())
        return is_good

    with mock.patch.object(EcdsaP256, "verifies", record):
        for subject in found:
            python_judge.verdict(subject.bundle, subject.device)
    return b"".join(sorted(listed))


@contextmanager
def remembered() -> Iterator[None]:
    """Makes the Python verifier compute each P-256 verification once, as long as the context lasts."""

    known: dict[tuple[bytes, bytes, bytes], bool] = {}
    verifies = EcdsaP256.verifies

    def remember(scheme: EcdsaP256, keyval: bytes, signature: bytes, message: Message) -> bool:
        parts = (keyval, signature, message.sha256)
        if parts not in known:
            known[parts] = verifies(scheme, keyval, signature, message)
        return known[parts]

    with mock.patch.object(EcdsaP256, "verifies", remember):
        yield


@functools.cache
def of_all_cases() -> bytes:
    """As `good`, of all cases whose bundle is in the tree."""
    return good(subjects.kept())
