"""signer check and sign --queue with a key on a real PKCS#11 token."""

from __future__ import annotations

from pathlib import Path

import pytest
from software_update.testing import terminal
from software_update.testing.command import command, done, environment, run

from tests.signers.softhsm import PIN, SoftHsm, module

KEY = ("--key=hsm:2?label=release", "--public=public.pem")
PROMPT = "PIN of hsm:2?label=release: "


@pytest.fixture(name="folder")
def folder_fixture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a token, its public key, and a queue with two requests; it is the current one."""
    hsm = SoftHsm.make(tmp_path)
    token = hsm.make_token("release")
    token.make_key("02")
    monkeypatch.chdir(tmp_path)
    token.write_public("02", Path("public.pem"))
    done("key", "generate", "root.pem")
    keys = ("--root-key=root.pem.pub", "--targets-key=public.pem")
    done("root", "create", "--version=1", *keys, "-o", "root.pb")
    done("root", "sign", "root.pb", "--dev-signing-key=root.pem")
    done("step", "digest", "--target", "app=root.pb", "-o", "app.json")
    Path("queue").mkdir()
    for version in (1, 2):
        request = f"queue/{version}.signing_request"
        done("step", "targets", "--digests=app.json", f"--version={version}", "-o", request)
        asked = (f"--metadata={request}", "--root=root.pb")
        done("step", "request", *asked, "-o", f"{request}.json")
    return tmp_path


def variables(folder: Path) -> dict[str, str]:
    return environment(SOFTHSM2_CONF=str(folder / "softhsm2.conf"), PYKCS11LIB=module())


def at_the_terminal(folder: Path, words: tuple[str, ...], pin: str) -> tuple[int, str]:
    """Returns the output of a command that gets the PIN once and does not ask again."""
    status, shown = terminal.run(command(words), PROMPT, pin, cwd=folder, env=variables(folder))
    assert shown.count(PROMPT) == 1
    assert pin not in shown
    return status, shown


def test_signer_check(folder: Path) -> None:
    """One PIN for eleven processes. SoftHSM itself fails where several use it, so ten at once may not."""
    status, shown = at_the_terminal(folder, ("signer", "check", *KEY), PIN)
    assert status == 0, shown
    lines = shown.splitlines()[1:]
    assert [each.split(": ")[0] for each in lines[:4]] == [
        "ok       a targets request",
        "ok       a root request",
        "ok       the same request again",
        "ok       a large request",
    ]
    assert " wrong" not in lines[4]
    assert lines[5:] == ["fit for use"]


def test_queue(folder: Path) -> None:
    status, shown = at_the_terminal(folder, ("sign", "--queue=queue", *KEY, "--yes"), PIN)
    assert status == 0, shown
    assert shown.splitlines()[-1] == "queue: 2 signed by this key"
    assert len(list(Path("queue/signatures").iterdir())) == 2


@pytest.mark.parametrize("words", [("signer", "check"), ("sign", "--queue=queue", "--yes")])
def test_a_wrong_pin_is_tried_once(folder: Path, words: tuple[str, ...]) -> None:
    status, shown = at_the_terminal(folder, (*words, *KEY), "00000000")
    assert status == 3
    assert shown.count("wrong PIN; be sure of it before you try again") == 1
    assert not any(Path("queue").glob("signatures/*"))
    Path("pin").write_text(PIN)
    result = run("sign", "--queue=queue", *KEY, "--pin-file=pin", "--yes", env=variables(folder))
    assert result.status == 0, result
