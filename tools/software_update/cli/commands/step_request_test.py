"""Tests of step request."""

import json
from pathlib import Path

import pytest

from software_update.signing import holders
from software_update.testing import encode as e
from software_update.testing import workspace
from software_update.testing.command import call, done, failed
from software_update.testing.signers import (
    ROOT_KEY,
    TARGETS_KEY,
    key_id,
)
from software_update.testing.workspace import TARGETS


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return workspace.make_with_targets(tmp_path)


def request_args(folder: Path, *more: str) -> list[str]:
    return [
        *("step", "request", f"--metadata={folder}/targets.pb"),
        *(f"--root={folder}/root.pb", "-o", f"{folder}/out.json", *more),
    ]


def test_request(folder: Path) -> None:
    done(*request_args(folder))
    found = json.loads((folder / "out.json").read_text())
    assert (found["role"], found["version"]) == ("targets", 7)
    assert found["summary"]["product"] is None
    assert found["authorities"][0]["key_ids"] == [key_id(TARGETS_KEY).hex()]
    done(*request_args(folder, f"--bytes={folder}/bytes"))
    assert (folder / "bytes").read_bytes() == (folder / "targets.pb").read_bytes()
    # An unsigned root has the same authorities.
    before = (folder / "out.json").read_bytes()
    (folder / "root.pb").write_bytes(e.signed(e.root()))
    done(*request_args(folder))
    assert (folder / "out.json").read_bytes() == before


def test_request_for_a_target_that_the_root_does_not_allow(folder: Path) -> None:
    (folder / "targets.pb").write_bytes(e.targets({"app": b"x", "boot": b"x"}))
    (folder / "root.pb").write_bytes(e.signed(e.root() + e.text(254, "app")))
    assert failed(1, *request_args(folder)) == (
        "TARGET_NOT_ALLOWED: target 'boot': the root does not allow this name; it allows app"
    )
    assert not (folder / "out.json").exists()
    (folder / "root.pb").write_bytes(e.signed(e.root() + e.text(254, "app") + e.text(254, "boot")))
    done(*request_args(folder))


def test_request_with_a_release_manifest(folder: Path) -> None:
    manifest = folder / "release.json"
    done(
        *(
            "step",
            "release-manifest",
            "--product=Camera",
            "--release-version=2",
            "--release-counter=3",
        ),
        *("-o", manifest),
    )
    contents = {"app": b"x", "user_manifest": manifest.read_bytes()}
    (folder / "targets.pb").write_bytes(e.targets(contents))
    done(*request_args(folder, f"--user-manifest={manifest}"))
    summary = json.loads((folder / "out.json").read_text())["summary"]
    del summary["targets"]
    assert summary == {"product": "Camera", "release": "2", "release_counter": 3}
    manifest.write_bytes(b"another")
    text = failed(3, *request_args(folder, f"--user-manifest={manifest}"))
    assert text == f"{manifest}: is not the user_manifest that the metadata lists; name that one"


def test_request_with_another_kind_of_user_manifest(folder: Path) -> None:
    (folder / "m").write_bytes(b"anything")
    (folder / "targets.pb").write_bytes(e.targets({"user_manifest": b"anything"}))
    done(*request_args(folder, f"--user-manifest={folder}/m"))
    summary = json.loads((folder / "out.json").read_text())["summary"]
    assert (summary["product"], summary["release_counter"]) == (None, None)
    (folder / "m").write_bytes(b'{"schema": "software_update.release.v1"}')
    (folder / "targets.pb").write_bytes(e.targets({"user_manifest": (folder / "m").read_bytes()}))
    text = failed(3, *request_args(folder, f"--user-manifest={folder}/m"))
    assert "/m: MALFORMED: release manifest: needs a text product" in text


@pytest.mark.parametrize(
    ("args", "text"),
    [
        (["--metadata=x"], "the following arguments are required: --root"),
        (["--root=x"], "the following arguments are required: --metadata"),
        (["--metadata=x", "--root=r", "--bytes=OUT"], "--output and --bytes need a file each"),
        (["--metadata=x", "--root=r", "--role=root"], "unrecognized argument: --role"),
        (["--metadata=x", "--root=r", "--previous=r"], "unrecognized argument: --previous"),
    ],
)
def test_request_usage(args: list[str], text: str) -> None:
    assert text in failed(2, "step", "request", *args, "-o", "out")


def test_rejects_other_files_as_metadata(folder: Path) -> None:
    path = folder / "targets.pb"
    for data in (b"", b"\xff" * 20, e.root(), e.signed(TARGETS), e.targets({}, 0)):
        path.write_bytes(data)
        text = failed(3, *request_args(folder))
        assert text.startswith(f"{path}: not targets metadata that a device accepts (")
    path.write_bytes(TARGETS)
    (folder / "root.pb").write_bytes(e.signed(e.root(1, [ROOT_KEY], [TARGETS_KEY], 1, 2)))
    text = failed(3, *request_args(folder))
    assert "root.pb: it cannot be signed (THRESHOLD_INVALID: " in text
    (folder / "root.pb").write_bytes(b"?")
    assert "root.pb: not a root to trust" in failed(3, *request_args(folder))


def test_names_of_keys(folder: Path) -> None:
    """An error of sign names the people whose keys may sign."""
    done(*request_args(folder))
    plain = json.loads((folder / "out.json").read_text())
    (folder / "holders.json").write_bytes(holders.build({key_id(TARGETS_KEY): "release manager"}))
    done(*request_args(folder, f"--holders={folder}/holders.json", f"--bytes={folder}/out"))
    found = json.loads((folder / "out.json").read_text())
    assert found.pop("holders") == [
        {"key_id": key_id(TARGETS_KEY).hex(), "name": "release manager"}
    ]
    assert found == plain
    result = call("sign", folder / "out", f"--key=file:{folder}/stranger.pem", "-o", folder / "s")
    short = key_id(TARGETS_KEY).hex()[:16]
    assert result.err.endswith(f"sign with one of these: release manager ({short})\n")
