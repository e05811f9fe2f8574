"""The release carries what the dev bundle carries, signed by those who may."""

import json
import os
from pathlib import Path

import pytest
from software_update.cli.main import main

HERE = Path("examples/release")
DEV, RELEASED = os.environ["DEV"], os.environ["RELEASED"]


def test_two_have_signed_the_root_and_the_release(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bundle", "inspect", RELEASED, "--json"]) == 0
    described = json.loads(capsys.readouterr().out)
    assert len(described["root"]["signatures"]) == 2
    assert len(described["targets"]["signatures"]) == 2


def test_same_payloads_and_metadata_as_the_dev_bundle() -> None:
    request = (HERE / "bundle.signing_request").read_bytes()
    dev, released = (Path(name).read_bytes() for name in (DEV, RELEASED))
    assert dev.count(request) == released.count(request) == 1
    payloads = [content[content.index(b"the firmware of") :] for content in (dev, released)]
    assert payloads[0] == payloads[1]


@pytest.mark.parametrize("role", ["root", "targets"])
@pytest.mark.parametrize("number", [1, 2])
def test_signatures_are_what_sign_makes(role: str, number: int, tmp_path: Path) -> None:
    request = "root" if role == "root" else "bundle"
    key = HERE / f"keys/throwaway_release_{role}_key_{number}.pem"
    command = ["sign", str(HERE / f"{request}.signing_request"), f"--key=file:{key}"]
    assert main([*command, f"--folder={tmp_path}"]) == 0
    [made] = tmp_path.iterdir()
    folder = HERE / "signatures" / ("root" if role == "root" else "")
    assert (folder / made.name).read_bytes() == made.read_bytes()
