"""Tests of expiry.py."""

from pathlib import Path

import pytest

from software_update.base.errors import InputError
from software_update.format import limits
from software_update.testing import encode as e
from software_update.testing.signers import ROOT_KEY, TARGETS_KEY
from software_update.verify.expiry import (
    EXPIRED,
    NEVER,
    SECONDS_PER_DAY,
    SOON,
    VALID,
    Dated,
    read_dated_file,
)

AT = 1_924_992_000
CONTENTS = {"app": b"application"}
ROOT = e.signed(e.root(2, [ROOT_KEY], [TARGETS_KEY], 1, 1, AT), ROOT_KEY)
EARLIER_ROOT = e.signed(e.root(1, [ROOT_KEY], [TARGETS_KEY], 1, 1, 1), ROOT_KEY)
TARGETS = e.targets(CONTENTS, 7, AT + 5)
SIGNED_TARGETS = e.signed(TARGETS, TARGETS_KEY)


def write(folder: Path, content: bytes) -> str:
    path = folder / "file"
    path.write_bytes(content)
    return str(path)


@pytest.mark.parametrize(
    ("expires", "state"),
    [
        (None, NEVER),
        (AT - 1, EXPIRED),
        (AT, EXPIRED),
        (AT + 1, SOON),
        (AT + 2 * SECONDS_PER_DAY, SOON),
        (AT + 2 * SECONDS_PER_DAY + 1, VALID),
    ],
)
def test_state_at_a_time(expires: int | None, state: str) -> None:
    assert Dated("root", 1, expires).state(AT, 2) == state


@pytest.mark.parametrize(
    ("kind", "content", "metadata"),
    [
        ("root", ROOT, (Dated("root", 2, AT),)),
        ("targets", SIGNED_TARGETS, (Dated("targets", 7, AT + 5),)),
        ("installed", e.manifest(TARGETS), (Dated("targets", 7, AT + 5),)),
        (
            "bundle",
            e.targets_entry(SIGNED_TARGETS) + e.payloads(CONTENTS),
            (Dated("targets", 7, AT + 5),),
        ),
        ("bundle", e.root_entry(ROOT), (Dated("root", 2, AT),)),
    ],
)
def test_reads_each_kind_of_file(
    tmp_path: Path, kind: str, content: bytes, metadata: tuple[Dated, ...]
) -> None:
    found = read_dated_file(write(tmp_path, content))
    assert (found.kind, found.metadata) == (kind, metadata)


def test_bundle_has_the_date_of_its_last_root_only(tmp_path: Path) -> None:
    content = e.chain(EARLIER_ROOT) + e.root_entry(ROOT) + e.targets_entry(SIGNED_TARGETS)
    found = read_dated_file(write(tmp_path, content))
    assert found.metadata == (Dated("root", 2, AT), Dated("targets", 7, AT + 5))


@pytest.mark.parametrize("content", [b"", b"text", e.payloads(CONTENTS)[:-1]])
def test_rejects_other_files(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(InputError, match=r"file: not a bundle, signed .*; name one of these files"):
        read_dated_file(write(tmp_path, content))


def test_rejects_a_large_file_that_is_not_a_bundle(tmp_path: Path) -> None:
    path = write(tmp_path, ROOT)
    with open(path, "r+b") as file:
        file.truncate(limits.MAX_MANIFEST_BYTES + 1)
    with pytest.raises(InputError, match="not a bundle"):
        read_dated_file(path)


def test_rejects_a_bundle_with_malformed_metadata(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="MALFORMED"):
        read_dated_file(write(tmp_path, e.root_entry(b"x")))
