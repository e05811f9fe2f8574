"""sign with keys on real PKCS#11 tokens: hsm: and pkcs11:."""

from __future__ import annotations

import argparse
import concurrent.futures
import json
import os
import re
import shlex
import subprocess
from pathlib import Path

import pkcs11
import pytest
from software_update.base.errors import WrongSecret
from software_update.cli.options import signer_arguments
from software_update.keys.pem import read_public_key
from software_update.signing import library_signer
from software_update.signing.signers import Signer, signature_by
from software_update.signing.signing_request import parse_request
from software_update.testing import encode as e
from software_update.testing import terminal, workspace
from software_update.testing.command import call, command, done, environment, run

from tests.signers.softhsm import PIN, SoftHsm, module, program

PAGE = Path("docs/reference/cli/sign.md").resolve()
REQUEST = e.targets(workspace.CONTENTS, 7)
MINE = "My release, 100%"


@pytest.fixture(scope="module")
def hsm(tmp_path_factory: pytest.TempPathFactory) -> SoftHsm:
    """Tokens with good keys and bad ones; the public keys are in the folder public."""
    hsm = SoftHsm.make(tmp_path_factory.mktemp("softhsm"))
    public = hsm.folder / "public"
    public.mkdir()
    release, mine = hsm.make_token("release"), hsm.make_token(MINE)
    for token, key_id, name in (
        (release, "01", "root"),
        (release, "02", "targets"),
        (mine, "0100", "mine"),
        (mine, "02", "stranger"),
    ):
        token.make_key(key_id)
        token.write_public(key_id, public / f"{name}.pub")
    release.make_key("07")
    release.make_key("07")
    release.make_key("08", "rsa:2048")
    release.make_key("09", "EC:secp384r1")
    release.make_key("0a", "EC:prime256v1", "--always-auth")
    for _ in range(2):
        hsm.make_token("twin").make_key("02")
    return hsm


@pytest.fixture
def folder(hsm: SoftHsm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the public keys, the PIN, and a request; it is the current one."""
    folder = tmp_path / "my work"
    folder.mkdir()
    for path in (hsm.folder / "public").iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    (folder / "pin").write_text(f"{PIN}\n")
    (folder / "request").write_bytes(REQUEST)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("SOFTHSM2_CONF", hsm.settings)
    monkeypatch.setenv("PYKCS11LIB", module())
    return folder


def sign(request: str, key: str, public: str, signature: str) -> None:
    result = done(
        *("sign", request, "--key", key, "--public", public, "--pin-file=pin", "-o", signature)
    )
    assert PIN not in result.out + result.err


def assert_signed(path: Path, public: Path) -> None:
    value = bytes.fromhex(json.loads(path.read_text())["signature"])
    assert read_public_key(str(public)).verifies(value, REQUEST)


# What works


def test_a_root_and_a_release(folder: Path) -> None:
    done(
        *("root", "create", "--version=1", "--root-key=root.pub", "--targets-threshold=2"),
        *("--targets-key", "targets.pub", "mine.pub", "-o", "root.pb"),
    )
    done("root", "request", "root.pb", "-o", "root.request")
    sign("root.request", "hsm:1?label=release", "root.pub", "root.json")
    done("root", "merge", "root.pb", "--signature=root.json")
    (folder / "app.bin").write_bytes(b"application")
    done("step", "digest", "--target=app=app.bin", "-o", "digests.json")
    done("step", "targets", "--digests=digests.json", "--version=7", "-o", "targets.request")
    asked = ("--metadata=targets.request", "--root=root.pb")
    done("step", "request", *asked, "-o", "targets.request.json")
    sign("targets.request", "hsm:2?label=release", "targets.pub", "1.json")
    mine = "pkcs11:token=My%20release,%20100%25;id=%01%00;type=private"
    sign("targets.request", mine, "mine.pub", "2.json")
    done(
        "step",
        "attach",
        "--role=targets",
        *asked,
        "--signature",
        "1.json",
        "2.json",
        "-o",
        "targets.pb",
    )
    done(
        *("step", "assemble", "--root=root.pb", "--targets-metadata=targets.pb"),
        *("--target=app=app.bin", "-o", "release.bundle"),
    )
    verify = ("bundle", "verify", "release.bundle", "--trusted-root=root.pb", "--json")
    verdict = json.loads(done(*verify).out)
    assert verdict["verdict"] == "ACCEPT"
    assert len(verdict["signers"]) == 2


@pytest.mark.parametrize(
    "key",
    [
        "hsm:256?label=My+release,+100%25",
        "hsm:256?label=My release%2C 100%",
        "pkcs11:id=%01%00;token=My%20release%2C%20100%25",
        f"pkcs11:id=%01%00;token=My%20release,%20100%25?module-path={module()}",
        "pkcs11:id=%01%00;token=My%20release,%20100%25?pin-source=file:pin",
    ],
)
def test_the_ways_to_write_a_key(folder: Path, key: str) -> None:
    pin = () if "pin-source" in key else ("--pin-file=pin",)
    done("sign", "request", "--key", key, "--public=mine.pub", *pin, "-o", "s.json")
    assert_signed(folder / "s.json", folder / "mine.pub")


def test_a_uri_as_pkcs11_tool_prints_it(folder: Path) -> None:
    # It says more than securesystemslib can be told; the error says what to write.
    token = (
        "model=SoftHSM%20v2;manufacturer=SoftHSM%20project;serial=b55a09a4c141393a;token=release"
    )
    printed = f"pkcs11:{token};id=%02;object=;type=private"
    args = ("--public=targets.pub", "--pin-file=pin", "-o", "s.json")
    result = call("sign", "request", "--key", printed, *args)
    assert result.status == 2
    shorter = re.search(r"; write (pkcs11:\S+)$", result.err, re.MULTILINE)
    assert shorter, result.err
    done("sign", "request", "--key", shorter[1], *args)
    assert_signed(folder / "s.json", folder / "targets.pub")


def test_the_only_token_and_the_pin_by_descriptor(folder: Path) -> None:
    (folder / "single").mkdir()
    single = SoftHsm.make(folder / "single")
    token = single.make_token("only")
    token.make_key("02")
    token.write_public("02", folder / "only.pub")
    words = ["sign", "request", "--key=hsm:", "--public=only.pub", "--pin-fd=0", "-o", "s.json"]
    ended = subprocess.run(
        command(words),
        env=environment(SOFTHSM2_CONF=single.settings, PYKCS11LIB=module()),
        input=PIN,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    assert PIN not in ended.stderr + ended.stdout
    assert_signed(folder / "s.json", folder / "only.pub")


def test_the_commands_of_the_page(folder: Path, hsm: SoftHsm) -> None:
    """The public key out of the token, and a signature with the PIN from the terminal."""
    blocks = re.findall(r"^```sh\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    [lines] = [block for block in blocks if "--read-object" in block]
    lines = lines.replace("/usr/lib/softhsm/libsofthsm2.so", module())
    (folder / "REQUEST").write_bytes(REQUEST)
    programs = folder / "programs"
    programs.mkdir()
    tool = programs / "software-update"
    tool.write_text(f'#!/bin/sh\nexec {shlex.join(command([]))} "$@"\n')
    tool.chmod(0o755)
    path = os.pathsep.join([str(programs), str(Path(program("openssl", "openssl")).parent)])
    env = environment(SOFTHSM2_CONF=hsm.settings)
    env["PATH"] = os.pathsep.join([path, env["PATH"]])
    words = ["/bin/sh", "-ec", lines]
    status, shown = terminal.run(words, "PIN of hsm:2?label=release: ", PIN, cwd=folder, env=env)
    assert status == 0, shown
    assert PIN not in shown
    [signature] = folder.glob("????????????????.????????.json")
    assert_signed(signature, folder / "release.pub")


def open_signer(ask: list[str], *args: str) -> Signer:
    """The signer that arguments name; `ask` gets what it asks."""
    parser = argparse.ArgumentParser()
    signer_arguments.add_signer(parser)
    parsed = parser.parse_args(args)
    signer_arguments.check_signer(parsed)

    def asked(of: str) -> bytes:
        ask.append(of)
        return PIN.encode()

    return signer_arguments.open_signer(parsed, asked)


@pytest.mark.usefixtures("folder")
def test_many_requests_at_once() -> None:
    asked: list[str] = []
    opened = open_signer(asked, "--key=hsm:2?label=release", "--public=targets.pub")
    requests = [parse_request(e.targets(workspace.CONTENTS, number)) for number in range(1, 21)]
    with concurrent.futures.ThreadPoolExecutor(10) as pool:
        signatures = list(pool.map(lambda each: signature_by(opened, each), requests))
    assert len({each.value for each in signatures}) == len(requests)
    assert asked == ["hsm:2?label=release"]


# What does not


def refused(folder: Path, status: int, *args: str) -> str:
    """The last line of a `sign` that writes nothing."""
    before = workspace.snapshot(folder)
    result = call("sign", "request", "--public=targets.pub", "-o", "s.json", *args)
    assert result.status == status, result
    assert PIN not in result.out + result.err
    assert workspace.snapshot(folder) == before
    return result.err.splitlines()[-1].removeprefix("software-update: ")


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("hsm:2?label=absent", "No PKCS#11 token found for label absent; check that this shows"),
        ("hsm:2?label=Release", "No PKCS#11 token found for label Release"),
        ("hsm:2?label=twin", "Multiple PKCS#11 tokens found for label twin; check that this"),
        ("hsm:2", "Multiple PKCS#11 tokens found; check that this shows"),
        ("hsm:3?label=release", "could not find ECDSA private key on the PKCS#11 token"),
        ("hsm:7?label=release", "found multiple ECDSA private keys on the PKCS#11 token"),
        ("hsm:8?label=release", "could not find ECDSA private key on the PKCS#11 token"),
        ("hsm:10?label=release", "the key wants the PIN again for each signature (CKA_ALWAYS_AUTH"),
        ("pkcs11:token=absent;id=%02", "No PKCS#11 token found for label absent"),
    ],
)
def test_no_such_key(folder: Path, key: str, text: str) -> None:
    line = refused(folder, 3, f"--key={key}", "--pin-file=pin")
    assert line.startswith(f"{key}: {text}")


def test_an_error_is_one_line(folder: Path, hsm: SoftHsm) -> None:
    # python-pkcs11 complains, with a traceback, when it frees the search that found two keys.
    words = ("request", "--key=hsm:7?label=release", "--public=targets.pub", "--pin-file=pin")
    env = environment(SOFTHSM2_CONF=hsm.settings, PYKCS11LIB=module())
    result = run("sign", *words, env=env)
    lines = result.err.splitlines()
    assert [line for line in lines if not line.startswith((" ", "signing "))] == [
        "software-update: note: no request.json: who may sign is not checked",
        "software-update: hsm:7?label=release: found multiple ECDSA private keys on the PKCS#11 token; "
        "check that this shows the key: "
        "pkcs11-tool --module FILE --list-token-slots --token-label TOKEN --list-objects",
    ]


@pytest.mark.parametrize("key", ["hsm:1?label=release", "hsm:9?label=release"])
def test_another_key_than_the_public_one(folder: Path, key: str) -> None:
    line = refused(folder, 1, f"--key={key}", "--pin-file=pin")
    assert line.startswith(f"{key}: its answer is not a signature of this request by key")


RELEASE = "--key=hsm:2?label=release"


@pytest.mark.parametrize(
    ("pin", "text"),
    [
        ("73528147", "hsm:2?label=release: wrong PIN; be sure of it before you try again"),
        ("1", "hsm:2?label=release: wrong PIN"),
        ("1" * 1000, "hsm:2?label=release: wrong PIN"),
        (f"{PIN}\n\n", "hsm:2?label=release: wrong PIN"),
        ("\n", "pin: empty; a token has a PIN"),
    ],
)
def test_a_wrong_pin(folder: Path, pin: str, text: str) -> None:
    (folder / "pin").write_text(pin)
    assert refused(folder, 3, RELEASE, "--pin-file=pin").startswith(text)
    # It does no harm to the next.
    (folder / "pin").write_text(PIN)
    sign("request", "hsm:2?label=release", "targets.pub", "s.json")


@pytest.mark.parametrize("kind", library_signer._PIN_PROBLEMS)
@pytest.mark.usefixtures("folder")
def test_errors_of_a_token_about_a_pin(monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    """SoftHSM never locks a PIN: the session is another's, the rest is real."""
    tried = []

    class Token:
        def open(self, user_pin: str) -> None:
            tried.append(user_pin)
            raise getattr(pkcs11.exceptions, kind)

    class Module:
        def get_token(self, **_: object) -> Token:
            return Token()

    opened = open_signer([], RELEASE, "--public=targets.pub")
    monkeypatch.setattr(pkcs11, "lib", lambda _: Module())
    for _ in range(2):
        with pytest.raises(WrongSecret, match=r"^hsm:2\?label=release: .*PIN") as caught:
            opened.sign(parse_request(REQUEST))
        assert PIN not in str(caught.value)
    assert tried == [PIN]


def test_bad_modules(folder: Path) -> None:
    (folder / "garbage.so").write_text("no module")
    (folder / "a folder").mkdir()
    library = next(Path(pkcs11.__file__).parent.glob("_pkcs11*.so"))
    for name, status, text in (
        ("absent.so", 3, "absent.so: No such file or directory"),
        ("garbage.so", 3, "hsm:2?label=release: PKCS11Error: OS exception while loading"),
        ("a folder", 3, "hsm:2?label=release: PKCS11Error: OS exception while loading"),
        (str(library), 3, "hsm:2?label=release: PKCS11Error: OS exception while loading"),
    ):
        line = refused(folder, status, RELEASE, "--pin-file=pin", "--pkcs11-module", name)
        assert line.startswith(text)


def test_a_module_that_does_not_start(folder: Path) -> None:
    words = ("sign", "request", RELEASE, "--public=targets.pub", "--pin-file=pin", "-o", "s.json")
    env = environment(SOFTHSM2_CONF=str(folder / "absent"), PYKCS11LIB=module())
    result = run(*words, env=env)
    assert result.status == 3
    assert "software-update: hsm:2?label=release: GeneralError; check that" in result.err
    assert not (folder / "s.json").exists()
