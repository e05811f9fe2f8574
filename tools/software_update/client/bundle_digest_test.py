"""Tests of the release digest of a bundle."""

import hashlib

import pytest

from software_update.client.bundle_digest import bundle_digest
from software_update.testing import encode as e


def test_digest_is_that_of_the_targets_metadata() -> None:
    targets = e.targets({"app": b"new"}, 7)
    assert bundle_digest(e.bundle({"app": b"new"}, version=7)) == hashlib.sha256(targets).digest()


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"text", "is not a bundle"),
        (b"", "is a bundle without targets metadata; make it again"),
        (e.bundle({"app": b"new"})[:-1], "is not a bundle"),
    ],
    ids=["text", "empty", "cut"],
)
def test_other_content_is_not_a_bundle(content: bytes, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        bundle_digest(content)
