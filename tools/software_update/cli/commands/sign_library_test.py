"""Tests of sign with hsm:, pkcs11: and the clouds' schemes, with a securesystemslib that is not."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from software_update.testing import library as fake
from software_update.testing import terminal, workspace
from software_update.testing.command import Result, call, command, environment, failed, run
from software_update.testing.library import Handler, Library
from software_update.testing.signers import TARGETS_KEY, signer
from software_update.testing.workspace import TARGETS

PIN = "735281"
PUBLIC = "--public=targets.pem.pub"
TOKEN = ("--key=hsm:2", PUBLIC, "--pkcs11-module=module.so")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a request and a file that passes for a module, which is the current one."""
    folder = workspace.make(tmp_path)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("PYKCS11LIB", "")
    (folder / "request").write_bytes(TARGETS)
    (folder / "module.so").touch()
    (folder / "my pin").write_text(f"{PIN}\n")
    return folder


@pytest.fixture
def library(monkeypatch: pytest.MonkeyPatch) -> Library:
    """One whose keys want the PIN."""
    library = fake.install(monkeypatch)

    def sign(payload: bytes, handler: Handler) -> str:
        assert handler("pin") == PIN
        return signer(TARGETS_KEY).sign(payload).hex()

    library.sign = sign
    return library


def assert_signed(folder: Path) -> None:
    value = json.loads((folder / "s.json").read_text())["signature"]
    assert signer(TARGETS_KEY).public.verifies(bytes.fromhex(value), TARGETS)
    (folder / "s.json").unlink()


def sign(*args: str) -> Result:
    result = call("sign", "request", "-o", "s.json", *args)
    assert PIN not in result.out + result.err
    return result


@pytest.mark.usefixtures("library")
@pytest.mark.parametrize(
    "args",
    [
        (*TOKEN, "--pin-file=my pin"),
        ("--key=pkcs11:id=%02?module-path=module.so&pin-source=file:my%20pin", PUBLIC),
        ("--key=pkcs11:id=%02?module-path=module.so", PUBLIC, "--pin-file=my pin"),
        ("--key=pkcs11:id=%02?pin-source=my%20pin", PUBLIC, "--pkcs11-module=module.so"),
    ],
)
def test_the_pin_in_a_file(folder: Path, args: tuple[str, ...]) -> None:
    result = sign(*args)
    assert (result.status, result.out) == (0, ""), result
    assert_signed(folder)
    for name in ("my pin", "module.so", "targets.pem.pub"):
        text = failed_last(2, *args, "-o", name)
        assert f"the output would replace the input {name}" in text


def failed_last(status: int, *args: str) -> str:
    result = call("sign", "request", *args)
    assert result.status == status, result
    return result.err.splitlines()[-1]


@pytest.mark.usefixtures("library")
def test_the_pin_by_descriptor(folder: Path) -> None:
    reading, writing = os.pipe()
    os.write(writing, PIN.encode())
    os.close(writing)
    assert sign(*TOKEN, f"--pin-fd={reading}").status == 0
    os.close(reading)
    assert_signed(folder)


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("content", ["", "\n", "\r\n"])
def test_an_empty_pin_is_not_tried(folder: Path, library: Library, content: str) -> None:
    (folder / "my pin").write_text(content)
    result = sign(*TOKEN, "--pin-file=my pin")
    assert result.status == 3
    assert result.err.endswith("software-update: my pin: empty; a token has a PIN\n")
    assert library.signed == []
    assert not (folder / "s.json").exists()


def test_a_wrong_pin(folder: Path, library: Library) -> None:
    def refuse(_payload: bytes, handler: Handler) -> str:
        raise type("PinIncorrect", (RuntimeError,), {})(handler("pin"))

    library.sign = refuse
    result = sign(*TOKEN, "--pin-file=my pin")
    assert result.status == 3
    assert "software-update: hsm:2: wrong PIN; be sure of it" in result.err
    assert not (folder / "s.json").exists()


@pytest.mark.parametrize("key", ["awskms:alias/x", "azurekms://v.vault.azure.net/keys/n/1"])
def test_key_in_a_cloud_signs(folder: Path, library: Library, key: str) -> None:
    library.sign = lambda payload, _: signer(TARGETS_KEY).sign(payload).hex()
    assert sign(f"--key={key}", PUBLIC).status == 0
    assert_signed(folder)
    library.sign = lambda payload, _: signer(TARGETS_KEY).sign(payload + b"?").hex()
    result = sign(f"--key={key}", PUBLIC)
    assert result.status == 1
    assert f"software-update: {key}: its answer is not a signature of this request" in result.err
    assert not (folder / "s.json").exists()


@pytest.mark.parametrize(
    ("args", "text"),
    [
        (["--key=hsm:2"], "--key hsm: needs --public PUB, which its signature is held to"),
        (["--key=awskms:x"], "--key awskms: needs --public PUB"),
        (["--key=hsm:x", PUBLIC], "--key hsm: write hsm:ID?label=TOKEN"),
        (["--key=awskms:", PUBLIC], "--key awskms: write awskms:KEY"),
        (["--key=pkcs11:id=%02?pin-value=735281", PUBLIC], "pin-value: not allowed; every process"),
        ([*TOKEN, "--timeout=1"], "--timeout: only valid with exec: keys"),
        (
            [*TOKEN, "--passphrase-file=x"],
            "--passphrase-file: only valid with file: keys; remove it",
        ),
        (
            ["--key=file:x", "--pin-fd=0"],
            "--pin-fd: only valid with hsm: and pkcs11: keys; remove it",
        ),
        (
            ["--key=awskms:x", PUBLIC, "--pin-file=x"],
            "--pin-file: only valid with hsm: and pkcs11: keys",
        ),
        (
            ["--key=awskms:x", PUBLIC, "--pkcs11-module=x"],
            "--pkcs11-module: only valid with hsm: and pkcs11:",
        ),
        ([*TOKEN, "--pin-file=x", "--pin-fd=0"], "not allowed with"),
        (
            ["--key=pkcs11:id=%02?module-path=/m", PUBLIC, "--pkcs11-module=m"],
            "--pkcs11-module: --key has a module-path; leave one out",
        ),
        (
            ["--key=pkcs11:id=%02?pin-source=/p", PUBLIC, "--pin-file=x"],
            "--pin-file, --pin-fd: --key has a pin-source; leave one out",
        ),
    ],
)
@pytest.mark.usefixtures("folder")
def test_usage(args: list[str], text: str) -> None:
    line = failed(2, "sign", "request", *args)
    assert text in line
    assert PIN not in line


@pytest.mark.usefixtures("library")
def test_no_module(folder: Path) -> None:
    result = sign("--key=hsm:2", PUBLIC, "--pin-file=my pin")
    assert result.status == 2
    assert "software-update: hsm:2: needs the token's PKCS#11 module" in result.err
    result = sign(*TOKEN[:2], "--pkcs11-module=absent", "--pin-file=my pin")
    assert result.status == 3
    assert result.err.endswith("software-update: absent: No such file or directory\n")
    assert not (folder / "s.json").exists()


# At a terminal, as a process of its own


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    """An environment with a securesystemslib that tells the PIN, from its end."""
    package = tmp_path / "modules/securesystemslib"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text('__version__ = "1.6.0"\n')
    (package / "signer.py").write_text(
        "class Signer:\n"
        "    @classmethod\n"
        "    def from_priv_key_uri(cls, uri, key, handler):\n"
        "        cls.handler = staticmethod(handler)\n"
        "        return cls()\n"
        "    def sign(self, payload):\n"
        "        raise ValueError('the PIN is ' + self.handler('pin')[::-1])\n"
        "class SSlibKey:\n"
        "    from_crypto = str\n"
    )
    inherited = environment()["PYTHONPATH"]
    return environment(PYTHONPATH=os.pathsep.join([str(package.parent), inherited]))


@pytest.mark.parametrize(
    ("typed", "last"),
    [
        (PIN, f"software-update: hsm:2: the PIN is {PIN[::-1]}; check that this shows the key: "),
        ("", "software-update: the PIN: empty; a token has a PIN"),
    ],
)
def test_the_pin_at_the_terminal(folder: Path, env: dict[str, str], typed: str, last: str) -> None:
    words = command(["sign", "request", *TOKEN, "-o", "s.json"])
    status, shown = terminal.run(words, "PIN of hsm:2: ", typed, cwd=folder, env=env)
    assert status == 3
    assert shown.splitlines()[-1].startswith(last)
    assert PIN not in shown  # it is not echoed
    assert not (folder / "s.json").exists()


def test_no_terminal_to_ask_at(folder: Path, env: dict[str, str]) -> None:
    ended = subprocess.run(
        command(["sign", "request", *TOKEN, "-o", "s.json"]),
        cwd=folder,
        env=env,
        input=f"{PIN}\n",
        capture_output=True,
        text=True,
        start_new_session=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 3
    assert ended.stderr.splitlines()[-1] == (
        "software-update: hsm:2: needs its PIN, and there is no terminal to ask at; "
        "use --pin-file or --pin-fd"
    )


def test_other_signers_do_not_import_it(folder: Path, env: dict[str, str]) -> None:
    # Only where it is asked for: with file:, an installation that is broken does not matter.
    (folder.parent / "modules/securesystemslib/__init__.py").write_text(
        "raise SystemExit('imported')\n"
    )
    assert run("sign", "request", *TOKEN, cwd=folder, env=env).err.endswith("imported\n")
    good = ("sign", "request", "--key=file:targets.pem", "-o", "s.json")
    result = run(*good, cwd=folder, env=env)
    assert result.status == 0, result.err
    assert_signed(folder)
