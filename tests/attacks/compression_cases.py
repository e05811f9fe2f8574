"""Compressed payloads: how a target says so, and the frame that its payload must be."""

from __future__ import annotations

import hashlib

from software_update.testing import encode as e
from software_update.testing.zstd_frames import (
    COMPRESSED,
    MAGIC,
    RESERVED,
    Block,
    encode,
    frame,
    raw,
    rle,
    skippable,
    stored,
)

from tests.attacks.product import CONTENTS, USER_MANIFEST, Case, release

APP, BOOT = CONTENTS["app"], CONTENTS["boot"]
STORED = stored(APP)
DIGEST = hashlib.sha256(APP).digest()
# "application" 100 times, as zstd 1.5.7 compresses it at level 19, without and with a checksum.
REPEATED = APP * 100
REPEATED_FRAME = bytes.fromhex("28b52ffd604c03950000586170706c69636174696f6e01003ef82f5e")
REPEATED_FRAME_WITH_CHECKSUM = bytes.fromhex(
    "28b52ffd644c03950000586170706c69636174696f6e01003ef82f5ed0fa9de3"
)
GZIP = (
    b"\x1f\x8b\x08" + bytes(6) + b"\xff\x01\x0b\x00\xf4\xff" + APP + b"\xd9\xb8\xfa\x86\x0b\0\0\0"
)
# 1 GiB of the letter a.
BLOCK_BYTES = 128 * 1024
BOMB_BLOCKS: list[Block] = [rle(b"a", BLOCK_BYTES)] * 8192
WINDOW_1_MIB, WINDOW_8_MIB, WINDOW_9_MIB, WINDOW_LARGEST = 10 << 3, 13 << 3, 13 << 3 | 1, 255


def listed(*files: bytes, version: int = 1, payloads: bytes = b"") -> bytes:
    """A release that lists these targets, and contains these payloads."""
    return release(e.targets_of(e.common("targets", version), files), {}) + payloads


def compressed(
    payload: bytes, original: bytes = APP, *, algorithm: int = 1, length: int | None = None
) -> bytes:
    """A release whose app is compressed, as is signed."""
    target = e.compressed("app", payload, original, algorithm=algorithm, length=length)
    return listed(target, payloads=e.payload("app", payload))


def described(compression: bytes) -> bytes:
    """A release whose app has this Compression, and a good payload."""
    return listed(e.compressed_of("app", STORED, compression), payloads=e.payload("app", STORED))


def compression_of(
    algorithm: int = 1, length: int = len(APP), sha256: bytes | None = DIGEST
) -> bytes:
    """Compression of any parts."""
    digest = b"" if sha256 is None else e.blob(3, sha256)
    return e.number(1, algorithm) + e.number(2, length) + digest


def device_of(*files: bytes) -> bytes:
    """Manifest of a device that has these targets."""
    return e.manifest(e.targets_of(e.common("targets"), files))


GOOD_TARGET = e.compressed("app", STORED, APP)
BAD_TARGET = e.compressed("app", STORED, BOOT, length=len(APP))
BOOT_FILE = e.target("boot", BOOT)

LISTED_CASES = [
    *(
        Case(f"compression_{name}", "DECOMPRESSION_FAILED", what, described(compression))
        for name, what, compression in [
            ("empty", "A compression without fields.", b""),
            ("algorithm_0", "Algorithm 0.", compression_of(0)),
            ("algorithm_2", "Algorithm 2, which nothing defines.", compression_of(2)),
            ("algorithm_257", "Algorithm 257, which a byte makes zstd.", compression_of(257)),
            ("digest_absent", "No original SHA-256.", compression_of(sha256=None)),
            ("digest_31", "31 bytes of the original SHA-256.", compression_of(sha256=DIGEST[:31])),
            ("digest_33", "33 bytes.", compression_of(sha256=DIGEST + b"\0")),
            ("digest_hex", "In hex.", compression_of(sha256=DIGEST.hex().encode())),
        ]
    ),
    Case(
        "compression_unknown_left_out",
        "DECOMPRESSION_FAILED",
        "An unknown algorithm, payload left out, and the device has the original.",
        listed(e.compressed("app", STORED, APP, algorithm=2), version=2),
        installed=device_of(e.target("app", APP)),
    ),
    Case(
        "compression_of_user_manifest",
        "DECOMPRESSION_FAILED",
        "A user_manifest that is compressed.",
        listed(e.compressed(USER_MANIFEST, STORED, APP), payloads=e.payload(USER_MANIFEST, STORED)),
    ),
    *(
        Case(
            f"compression_original_{name}",
            "TOO_LARGE",
            f"An original of {shown} bytes.",
            described(compression_of(length=length)),
        )
        for name, shown, length in [
            ("64_gib_and_1", "64 GiB and 1", 2**36 + 1),
            ("2_64_less_1", "2**64 - 1", 2**64 - 1),
        ]
    ),
    Case(
        "compression_original_64_gib",
        "DECOMPRESSION_FAILED",
        "An original of 64 GiB, which is allowed, and a payload that is not one.",
        described(compression_of(length=2**36)),
    ),
    Case(
        "compression_digest_256",
        "TOO_LARGE",
        "256 bytes of the original SHA-256.",
        described(compression_of(sha256=bytes(256))),
    ),
    Case(
        "compression_twice",
        "DUPLICATE_FIELD",
        "Two compressions of one target.",
        listed(GOOD_TARGET + e.blob(254, compression_of(2)), payloads=e.payload("app", STORED)),
    ),
    Case(
        "compression_algorithm_twice",
        "DUPLICATE_FIELD",
        "Two algorithms.",
        described(compression_of() + e.number(1, 1)),
    ),
    Case(
        "compression_number",
        "MALFORMED",
        "A number in place of the compression.",
        listed(e.target("app", STORED) + e.number(254, 1), payloads=e.payload("app", STORED)),
    ),
    Case(
        "compression_unknown_field",
        "ACCEPT",
        "A field that nothing defines in the compression; the signature covers it.",
        described(compression_of() + e.number(4, 1)),
    ),
    Case(
        "compression_and_no_hash",
        "HASH_UNSUPPORTED",
        "No hash and an unknown algorithm: the hash comes first.",
        listed(e.target_of("app", 1) + e.blob(254, compression_of(2))),
    ),
    Case(
        "compression_before_hash_of_next",
        "DECOMPRESSION_FAILED",
        "An unknown algorithm, and a later target without a hash.",
        listed(e.compressed("app", STORED, APP, algorithm=2), e.target_of("boot", len(BOOT))),
    ),
]

FRAME_CASES = [
    Case("zstd_stored_block", "ACCEPT", "A frame of one stored block.", compressed(STORED)),
    Case("zstd_empty", "ACCEPT", "A frame without content.", compressed(stored(b""), b"")),
    Case("zstd_level_19", "ACCEPT", "A frame from zstd.", compressed(REPEATED_FRAME, REPEATED)),
    Case(
        "zstd_checksum",
        "ACCEPT",
        "A frame with a checksum.",
        compressed(REPEATED_FRAME_WITH_CHECKSUM, REPEATED),
    ),
    Case(
        "zstd_window_8_mib",
        "ACCEPT",
        "The largest window.",
        compressed(frame(len(APP), [raw(APP)], window=WINDOW_8_MIB)),
    ),
    Case(
        "zstd_many_blocks",
        "ACCEPT",
        "A block for each byte, and empty ones.",
        compressed(frame(len(APP), [raw(b""), *(raw(bytes([each])) for each in APP), raw(b"")])),
    ),
    Case(
        "zstd_size_of_a_byte",
        "ACCEPT",
        "A frame that states its content size in one byte.",
        compressed(MAGIC + bytes([0b10_0000, len(APP)]) + encode([raw(APP)])),
    ),
    Case(
        "zstd_block_over_255",
        "ACCEPT",
        "A stored block of 259 bytes, whose size needs more than a byte.",
        compressed(stored(bytes(259)), bytes(259)),
    ),
    *(
        Case(f"zstd_{name}", "DECOMPRESSION_FAILED", what, compressed(payload))
        for name, what, payload in [
            ("no_frame", "The original itself.", APP),
            ("no_bytes", "No bytes.", b""),
            ("gzip", "Compressed with gzip.", GZIP),
            ("old_magic", "The magic number of zstd 0.7.", b"\x27" + STORED[1:]),
            ("two_frames", "Two frames, each with the original.", STORED + STORED),
            ("empty_frame_after", "An empty frame after the frame.", STORED + stored(b"")),
            ("empty_frame_before", "An empty frame before the frame.", stored(b"") + STORED),
            ("skippable_after", "A skippable frame after it.", STORED + skippable(b"x")),
            ("skippable_before", "A skippable frame before it.", skippable(b"x") + STORED),
            ("skippable_only", "Only a skippable frame.", skippable(APP)),
            ("byte_after", "A byte after the frame.", STORED + b"\0"),
            ("cut_in_magic", "The frame ends in its magic number.", STORED[:3]),
            ("cut_in_header", "The frame ends in its header.", STORED[:8]),
            ("cut_after_header", "The frame ends after its header.", STORED[:13]),
            ("cut_in_block", "The frame ends a byte early.", STORED[:-1]),
            (
                "no_last_block",
                "No block says that it is the last.",
                STORED[:13] + bytes([STORED[13] & ~1]) + STORED[14:],
            ),
            ("no_checksum", "The checksum is missing.", frame(11, [raw(APP)], flags=0b100)),
            (
                "wrong_checksum",
                "The checksum is wrong.",
                frame(11, [raw(APP)], flags=0b100) + b"\1\2\3\4",
            ),
            ("dictionary", "A dictionary id of one byte.", frame(11, [raw(APP)], flags=1)),
            ("reserved_bit", "The reserved bit is set.", frame(11, [raw(APP)], flags=0b1000)),
            (
                "no_content_size",
                "The frame does not state its content size.",
                frame(None, [raw(APP)], window=WINDOW_1_MIB),
            ),
            (
                "window_9_mib",
                "A window of 9 MiB.",
                frame(11, [raw(APP)], window=WINDOW_9_MIB),
            ),
            (
                "window_largest",
                "The largest window that a header can state, 3.75 TiB.",
                frame(11, [raw(APP)], window=WINDOW_LARGEST),
            ),
            ("block_reserved", "A block of the reserved type.", frame(11, [(RESERVED, 0, b"")])),
            ("block_damaged", "A damaged block.", frame(11, [(COMPRESSED, 3, b"\xff" * 3)])),
            ("less_content", "Less content than the frame says.", frame(11, [raw(APP[:-1])])),
            ("more_content", "More content than the frame says.", frame(11, [raw(APP + b"!")])),
            ("other_content", "Other content of that length.", frame(11, [raw(b"applicatiom")])),
            ("size_less", "The frame says one byte less.", frame(10, [raw(APP)])),
            ("size_more", "The frame says one byte more.", frame(12, [raw(APP)])),
            ("size_2_64_less_1", "The frame says 2**64 - 1 bytes.", frame(2**64 - 1, [raw(APP)])),
        ]
    ),
    *(
        Case(
            f"zstd_length_{name}",
            "DECOMPRESSION_FAILED",
            f"The original is listed with {shown} bytes.",
            compressed(STORED, length=length),
        )
        for name, shown, length in [
            ("0", "no", 0),
            ("less", "one less", len(APP) - 1),
            ("more", "one more", len(APP) + 1),
            ("2_32_more", "2**32 more", len(APP) + 2**32),
        ]
    ),
    Case(
        "zstd_original_digest",
        "DECOMPRESSION_FAILED",
        "The original SHA-256 is another one.",
        compressed(STORED, BOOT, length=len(APP)),
    ),
    Case(
        "zstd_original_digest_is_stored",
        "DECOMPRESSION_FAILED",
        "The original SHA-256 is the one of the payload.",
        compressed(STORED, STORED, length=len(APP)),
    ),
    Case(
        "zstd_single_segment_over_8_mib",
        "DECOMPRESSION_FAILED",
        "A frame without a window, so the content is the window: 8 MiB and a block.",
        compressed(frame(65 * BLOCK_BYTES, BOMB_BLOCKS[:65]), b"a" * (65 * BLOCK_BYTES)),
    ),
    Case(
        "zstd_bomb",
        "DECOMPRESSION_FAILED",
        "1 GiB of content in 32 KiB; 4 MiB are listed.",
        compressed(frame(4 << 20, BOMB_BLOCKS, window=WINDOW_1_MIB), b"a" * (4 << 20)),
    ),
    Case(
        "zstd_bomb_listed",
        "DECOMPRESSION_FAILED",
        "1 GiB of content in 32 KiB, as it says; 4 MiB are listed.",
        compressed(frame(1 << 30, BOMB_BLOCKS, window=WINDOW_1_MIB), b"a" * (4 << 20)),
    ),
]

ORDER_CASES = [
    Case(
        "zstd_bad_and_longer",
        "LENGTH_MISMATCH",
        "The payload is longer than listed, and the original SHA-256 is another one.",
        listed(BAD_TARGET, payloads=e.payload("app", STORED + b"!")),
    ),
    Case(
        "zstd_bad_and_changed",
        "HASH_MISMATCH",
        "The payload is changed, and no frame.",
        listed(GOOD_TARGET, payloads=e.payload("app", b"!" + STORED[1:])),
    ),
    Case(
        "zstd_bad_before_longer",
        "DECOMPRESSION_FAILED",
        "The first payload does not decompress, and the second one is longer.",
        listed(
            BAD_TARGET,
            BOOT_FILE,
            payloads=e.payload("app", STORED) + e.payload("boot", BOOT + b"!"),
        ),
    ),
    Case(
        "zstd_bad_before_changed",
        "DECOMPRESSION_FAILED",
        "The first payload does not decompress, and the second one is changed.",
        listed(
            BAD_TARGET,
            BOOT_FILE,
            payloads=e.payload("app", STORED) + e.payload("boot", BOOT[:-1] + b"!"),
        ),
    ),
    Case(
        "zstd_bad_after_changed",
        "HASH_MISMATCH",
        "The first payload is changed, and the second one does not decompress.",
        listed(
            BAD_TARGET,
            BOOT_FILE,
            payloads=e.payload("boot", BOOT[:-1] + b"!") + e.payload("app", STORED),
        ),
    ),
    Case(
        "zstd_bad_and_missing",
        "DECOMPRESSION_FAILED",
        "A payload does not decompress, and another one is missing.",
        listed(BAD_TARGET, BOOT_FILE, payloads=e.payload("app", STORED)),
    ),
    Case(
        "zstd_left_out",
        "ACCEPT",
        "A compressed payload is left out, and the device has the original.",
        listed(GOOD_TARGET, version=2),
        installed=device_of(e.target("app", APP)),
    ),
    Case(
        "zstd_left_out_stored_otherwise",
        "ACCEPT",
        "A payload is left out, and the device has it from other compressed bytes.",
        listed(GOOD_TARGET, version=2),
        installed=device_of(e.compressed("app", REPEATED_FRAME, APP)),
    ),
    Case(
        "zstd_left_out_not_compressed_now",
        "ACCEPT",
        "A payload that is not compressed is left out, and the device has it from compressed bytes.",
        listed(e.target("app", APP), version=2),
        installed=device_of(GOOD_TARGET),
    ),
    Case(
        "zstd_left_out_same_payload",
        "MISSING_PAYLOAD",
        "A payload is left out; the device installed the same bytes, without decompressing them.",
        listed(GOOD_TARGET, version=2),
        installed=device_of(e.target("app", STORED)),
    ),
    Case(
        "zstd_left_out_other_original",
        "MISSING_PAYLOAD",
        "A payload is left out; the device has another original of the same length.",
        listed(GOOD_TARGET, version=2),
        installed=device_of(BAD_TARGET),
    ),
]

CASES = [*LISTED_CASES, *FRAME_CASES, *ORDER_CASES]
