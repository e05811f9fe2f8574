"""Tests of step identify, whose file step attach reads."""

import json
from pathlib import Path

import pytest

from software_update.testing import workspace
from software_update.testing.command import done, failed
from software_update.testing.signers import (
    STRANGER,
    TARGETS_KEY,
    signer,
    write_signature,
)
from software_update.testing.workspace import TARGETS


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return workspace.make_with_targets(tmp_path)


def attach_args(folder: Path) -> list[str]:
    """Arguments of `step attach` with the only signature that it needs."""
    signature = write_signature(folder / "s.json", TARGETS, TARGETS_KEY)
    return [
        *("step", "attach", "--role=targets", f"--metadata={folder}/targets.pb"),
        *(f"--root={folder}/root.pb", "-o", f"{folder}/signed.pb", f"--signature={signature}"),
    ]


def test_identify_rejects_keys_that_it_cannot_read(folder: Path) -> None:
    for name, text in (("absent", "No such file"), ("root.pem.pub", "this is a public key")):
        args = ["--dev-signing-key", f"{folder}/stranger.pem", f"{folder}/{name}"]
        error = failed(3, "step", "identify", *args, "-o", folder / "ids.json")
        assert error.startswith(f"{folder}/{name}: ")
        assert text in error
    assert not (folder / "ids.json").exists()
    text = failed(3, *attach_args(folder), f"--dev-key-identities={folder}/root.pb")
    assert text.startswith(f"{folder}/root.pb: not a file of dev key identities (")
    assert not (folder / "signed.pb").exists()


def test_identify_no_key_writes_a_depfile_too(folder: Path) -> None:
    (folder / "list").write_text("")
    keys = ["--dev-signing-key", f"@{folder}/list", f"--depfile={folder}/d"]
    done("step", "identify", *keys, "-o", folder / "ids.json")
    assert (folder / "d").read_text() == f"{folder}/ids.json: \n".replace(" work", "\\ work")


def test_identify_writes_no_private_key(folder: Path) -> None:
    done("step", "identify", "--dev-signing-key", folder / "stranger.pem", "-o", folder / "ids")
    keyval = signer(STRANGER).public.keyval
    assert json.loads((folder / "ids").read_bytes()) == {
        "schema": "software_update.dev_key_identities.v1",
        "dev_keys": [{"x": keyval[1:33].hex(), "file": f"{folder}/stranger.pem"}],
    }


def test_identify_reads_a_list(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """GN collects the list, which may be empty; ninja learns of the keys by the depfile."""
    ids = folder / "ids.json"
    args = ["step", "identify", "--dev-signing-key", f"@{folder}/list", f"--depfile={folder}/d"]
    args += ["-o", str(ids)]
    written = str(ids).replace(" ", "\\ ")
    (folder / "list").write_bytes(b"")
    done(*args)
    assert (folder / "d").read_text() == f"{written}: \n"
    assert json.loads(ids.read_bytes())["dev_keys"] == []
    monkeypatch.chdir(folder)
    (folder / "list").write_text("stranger.pem\nroot2.pem\n")
    done(*args)
    assert (folder / "d").read_text() == f"{written}: stranger.pem root2.pem\n"
    (folder / "list").write_text("stranger.pem\ntargets.pem\n")
    done(*args)
    text = failed(3, *attach_args(folder), f"--dev-key-identities={ids}")
    assert "whose private key is in the tree, targets.pem;" in text
    text = failed(2, *args, f"--depfile={folder}/stranger.pem")
    assert "would replace the input" in text
