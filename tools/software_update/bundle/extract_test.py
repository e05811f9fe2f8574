"""Tests of extract.py."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from software_update.base import files
from software_update.base.errors import Advice, InputError
from software_update.bundle.extract import (
    check_names,
    check_same_user_manifest,
    check_user_manifest,
    listed_targets,
    write_payloads,
)
from software_update.bundle.reader import read_envelope
from software_update.format.messages import Target
from software_update.format.verdicts import Refused, Verdict
from software_update.testing import encode as e
from software_update.testing import zstd_frames
from software_update.testing.signers import TARGETS_KEY
from software_update.testing.workspace import snapshot

CONTENTS = {"app": b"application", "fonts/small": b""}
RELEASE = b'{"schema": "software_update.release.v1", "product": "p", "version": "1", "release_counter": 1}'


def bundle(contents: dict[str, bytes], listed: dict[str, bytes] | None = None) -> bytes:
    """Returns a bundle with payloads, and metadata that lists other ones if `listed` is given."""
    metadata = e.targets(contents if listed is None else listed, 1)
    return e.targets_entry(e.signed(metadata, TARGETS_KEY)) + e.payloads(contents)


def extract(folder: Path, content: bytes) -> dict[str, bytes]:
    path = folder / "a.bundle"
    path.write_bytes(content)
    out = folder / "out"
    out.mkdir()
    with files.open_input(str(path)) as fd:
        envelope = read_envelope(fd)
        listed = listed_targets(envelope)
        check_names(envelope.payloads, listed)
        write_payloads(fd, envelope.payloads, listed, str(out), "extract", decompress=True)
    return snapshot(out)


def verdict_of(act: Callable[[], object]) -> Verdict:
    with pytest.raises(Refused) as caught:
        act()
    return caught.value.verdict


def test_payloads_are_written(tmp_path: Path) -> None:
    assert extract(tmp_path, bundle(CONTENTS)) == CONTENTS


@pytest.mark.parametrize(
    ("content", "verdict"),
    [
        (e.payloads(CONTENTS), Verdict.MISSING_ROLE_METADATA),
        (bundle({"../app": b"x"}), Verdict.UNSAFE_NAME),
        (bundle(CONTENTS, {"fonts/small": b""}), Verdict.UNLISTED_PAYLOAD),
        (bundle(CONTENTS, {**CONTENTS, "app": b"short"}), Verdict.LENGTH_MISMATCH),
        (bundle(CONTENTS, {**CONTENTS, "app": b"Application"}), Verdict.HASH_MISMATCH),
    ],
)
def test_payloads_that_differ_from_the_metadata(
    tmp_path: Path, content: bytes, verdict: Verdict
) -> None:
    assert verdict_of(lambda: extract(tmp_path, content)) == verdict


def test_name_that_is_a_folder_of_another_name(tmp_path: Path) -> None:
    with pytest.raises(
        InputError, match=r"^target 'a/b': another target's name is a folder"
    ) as caught:
        extract(tmp_path, bundle({"a": b"1", "a/b": b"2"}))
    assert caught.value.advice == Advice.EXTRACT_SINGLE_TARGETS


def test_missing_folder_is_not_called_a_name_problem(tmp_path: Path) -> None:
    path = tmp_path / "a.bundle"
    path.write_bytes(bundle({"n" * 250: b""}))
    with files.open_input(str(path)) as fd:
        envelope = read_envelope(fd)
        with pytest.raises(OSError, match="No such file or directory"):
            write_payloads(
                fd,
                envelope.payloads,
                listed_targets(envelope),
                str(tmp_path / "absent"),
                "extract",
                decompress=False,
            )


def test_user_manifest_is_checked(tmp_path: Path) -> None:
    path = tmp_path / "release.json"
    warnings: list[str] = []
    assert check_user_manifest(None, (), warnings.append) is None
    path.write_bytes(RELEASE)
    assert check_user_manifest(str(path), (), warnings.append) == e.sha256(RELEASE)
    assert warnings == []
    path.write_bytes(b"other")
    assert check_user_manifest(str(path), (), warnings.append) == e.sha256(b"other")
    assert warnings == [
        f"{path}: this user_manifest is not a release manifest, so its counter and hardware are not "
        "checked; replace it with one"
    ]
    path.write_bytes(RELEASE.replace(b'"product": "p", ', b""))
    with pytest.raises(InputError, match=r"a device rejects it \(MALFORMED: ") as caught:
        check_user_manifest(str(path), (), warnings.append)
    assert caught.value.advice == Advice.MAKE_RELEASE_MANIFEST


@pytest.mark.parametrize(
    ("claims", "detail"),
    [
        ({"app": []}, "targets.app: needs an object"),
        ({"app": {"component": "app", "area": "cloud"}}, "'cloud' is not a word for area"),
        (
            {"ap": {"component": "app", "area": "model"}},
            "targets.ap: the release does not list this",
        ),
    ],
)
def test_claims_of_a_user_manifest_are_checked(
    tmp_path: Path, claims: dict[str, object], detail: str
) -> None:
    path = tmp_path / "release.json"
    good = {"app": {"component": "app", "area": "model"}}
    path.write_text(json.dumps({**json.loads(RELEASE), "targets": good}))
    assert check_user_manifest(str(path), ["app"], print)
    path.write_text(json.dumps({**json.loads(RELEASE), "targets": claims}))
    with pytest.raises(InputError, match=detail) as caught:
        check_user_manifest(str(path), ["app"], print)
    assert str(caught.value).startswith(f"{path}: targets.")
    assert caught.value.advice == Advice.MAKE_RELEASE_MANIFEST


def test_user_manifest_that_changed_is_rejected() -> None:
    targets = [Target.of("app", 1, bytes(32)), Target.of("user_manifest", 1, bytes(32))]
    check_same_user_manifest("r.json", bytes(32), targets)
    with pytest.raises(InputError, match=r"^r\.json: changed while it was read; "):
        check_same_user_manifest("r.json", b"\1" * 32, targets)


def compressed(listed: bytes, payload: bytes) -> bytes:
    metadata = e.targets_of(e.common("targets"), [listed])
    return e.targets_entry(e.signed(metadata, TARGETS_KEY)) + e.payload("app", payload)


def test_original_of_a_compressed_payload_is_written(tmp_path: Path) -> None:
    stored = zstd_frames.stored(b"application")
    listed = e.compressed("app", stored, b"application")
    assert extract(tmp_path, compressed(listed, stored)) == {"app": b"application"}


def test_stored_bytes_are_written_without_decompressing(tmp_path: Path) -> None:
    stored = zstd_frames.stored(b"application")
    path = tmp_path / "a.bundle"
    path.write_bytes(compressed(e.compressed("app", stored, b"application"), stored))
    with files.open_input(str(path)) as fd:
        envelope = read_envelope(fd)
        listed = listed_targets(envelope)
        write_payloads(fd, envelope.payloads, listed, str(tmp_path), "persist", decompress=False)
    assert (tmp_path / "app").read_bytes() == stored


def test_compressed_payload_that_is_not_as_listed(tmp_path: Path) -> None:
    stored = zstd_frames.stored(b"application")
    good = e.compressed("app", stored, b"application")
    changed = stored[:-1] + b"m"
    cases = {
        Verdict.LENGTH_MISMATCH: compressed(good, stored + b"!"),
        Verdict.HASH_MISMATCH: compressed(good, changed),
        Verdict.DECOMPRESSION_FAILED: compressed(e.compressed("app", stored, b"other"), stored),
        Verdict.TOO_LARGE: compressed(e.compressed("app", stored, b"", length=2**63), stored),
    }
    for verdict, bundle in cases.items():
        folder = tmp_path / verdict
        folder.mkdir()
        with pytest.raises(Refused, match="target 'app'") as caught:
            extract(folder, bundle)
        assert caught.value.verdict == verdict
