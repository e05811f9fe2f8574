"""Tests of a verified release as a file."""

import pytest

from software_update.base.errors import InputError
from software_update.bundle.envelope import Envelope
from software_update.client.release import (
    SlotTarget,
    decode_release,
    encode_release,
    offered_digest,
    payload_targets,
    release_digest,
    slot_targets,
)
from software_update.format import metadata
from software_update.format.messages import ZSTD, Compression, Target
from software_update.format.names import USER_MANIFEST

TARGETS = metadata.parse_targets(
    metadata.build_targets(
        3,
        [
            Target.of("app", 5, b"a" * 32),
            Target.of("packed", 5, b"b" * 32, Compression(ZSTD, 9, b"c" * 32)),
            Target.of(USER_MANIFEST, 2, b"d" * 32),
        ],
        None,
    )
)
ROOT = metadata.RootId(1, b"r" * 32)


def test_release_survives_its_file() -> None:
    release = decode_release(encode_release(TARGETS, b"{}", ROOT))
    assert (release.targets, release.user_manifest, release.root) == (TARGETS, b"{}", ROOT)


def test_slot_contains_decompressed_payloads_without_the_release_manifest() -> None:
    assert [each.name for each in payload_targets(TARGETS)] == ["app", "packed"]
    assert slot_targets(TARGETS) == [
        SlotTarget("app", 5, b"a" * 32),
        SlotTarget("packed", 9, b"c" * 32),
    ]


def test_release_digest_is_that_of_unsigned_metadata() -> None:
    import hashlib

    assert release_digest(TARGETS) == hashlib.sha256(TARGETS.serialized).hexdigest()
    assert offered_digest(Envelope(0, None, (), None, ())) == ""


def test_release_without_a_root_is_an_error() -> None:
    content = encode_release(TARGETS, None, ROOT)
    without = content[: content.rindex(b"\x88\x04")]
    with pytest.raises(InputError, match="without a root"):
        decode_release(without)
