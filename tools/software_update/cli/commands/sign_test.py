"""Tests of sign with file:, and of what holds for every signer."""

import json
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from software_update.testing import encode as e
from software_update.testing import terminal, tree, workspace
from software_update.testing.command import Result, call, command, done, environment, failed
from software_update.testing.signers import ORDER, ROOT_KEY, STRANGER, TARGETS_KEY, key_id, signer
from software_update.testing.workspace import TARGETS

PASSPHRASE = "correct horse"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a request and an encrypted key, which is the current one."""
    folder = workspace.make(tmp_path)
    monkeypatch.chdir(folder)
    (folder / "request").write_bytes(TARGETS)
    write_json(folder)
    key = ec.derive_private_key(TARGETS_KEY, ec.SECP256R1())
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(PASSPHRASE.encode()),
    )
    (folder / "encrypted.pem").write_bytes(pem)
    return folder


def write_json(folder: Path) -> None:
    done(
        *("step", "request", f"--metadata={folder}/request"),
        *(f"--root={folder}/root.pb", "-o", f"{folder}/request.json"),
    )


def last_line(status: int, *args: str | Path) -> str:
    """Returns the error of `sign`, after it showed the content to sign."""
    result = call("sign", *args)
    assert (result.status, result.out) == (status, ""), result
    assert result.err.isascii()
    return result.err.splitlines()[-1].removeprefix("software-update: ")


def assert_good(path: Path, data: bytes = TARGETS, number: int = TARGETS_KEY) -> None:
    fields = json.loads(path.read_text())
    assert fields["key_id"] == key_id(number).hex()
    assert signer(number).public.verifies(bytes.fromhex(fields["signature"]), data)


def test_sign_and_attach(folder: Path) -> None:
    result = done("sign", "request", "--key=file:targets.pem", "-o", "s.json")
    assert result.out == ""
    fields = json.loads((folder / "s.json").read_text())
    assert fields["signature"] == signer(TARGETS_KEY).sign(TARGETS).hex()
    done(
        *("step", "attach", "--role=targets", "--metadata=request", "--root=root.pb"),
        *("--signature=s.json", "-o", "signed.pb"),
    )
    assert (folder / "signed.pb").read_bytes() == e.signed(TARGETS, TARGETS_KEY)


def test_made_up_names(folder: Path) -> None:
    sha256 = json.loads((folder / "request.json").read_text())["sha256"]
    name = f"{sha256[:16]}.{key_id(TARGETS_KEY).hex()[:8]}.json"
    result = done("sign", "request", "--key=file:targets.pem", "--folder", "new/signatures")
    assert result.out == f"new/signatures/{name}\n"
    assert_good(folder / "new/signatures" / name)
    assert done("sign", "request", "--key=file:targets.pem").out == f"./{name}\n"
    assert_good(folder / name)


def test_a_link_in_the_signatures_place_is_replaced(folder: Path) -> None:
    """The name is known before the signature is made, so that others can plant a link there."""
    name = Path(done("sign", "request", "--key=file:targets.pem", "--folder=a").out.strip())
    good = name.read_bytes()
    for victim in ("precious", "a good signature"):
        content = good if victim.startswith("a good") else b"precious"
        (folder / victim).write_bytes(content)
        name.unlink()
        name.symlink_to(folder / victim)
        assert done("sign", "request", "--key=file:targets.pem", "--folder=a").out == f"{name}\n"
        assert not name.is_symlink()
        assert name.read_bytes() == good
        assert (folder / victim).read_bytes() == content


def test_shown_targets(folder: Path) -> None:
    result = done("sign", "request", "--key=file:targets.pem", "-o", "s.json")
    lines = result.err.splitlines()
    assert lines[0] == "signing request: targets metadata, version 7, never expires"
    assert lines[2:4] == ["  2 targets:", f"    app: {len(workspace.APP)} bytes"]
    assert lines[-1] == f"  by key {key_id(TARGETS_KEY).hex()}"
    # From the bytes: without the JSON it shows the same, and says what it cannot check.
    (folder / "request.json").unlink()
    without_json = done(
        "sign", "request", "--key=file:targets.pem", "-o", "s.json"
    ).err.splitlines()
    assert without_json[1:] == lines
    assert without_json[0].endswith("no request.json: who may sign is not checked")


def test_shown_root(folder: Path) -> None:
    root = e.root(3)
    (folder / "root-bytes").write_bytes(root)
    result = done("sign", "root-bytes", "--key=file:root.pem", "-o", "s.json")
    assert_good(folder / "s.json", root, ROOT_KEY)
    lines = result.err.splitlines()
    assert lines[1] == "signing root-bytes: root metadata, version 3, never expires"
    assert lines[3:7] == [
        "  root: 1 of 1 keys",
        f"    {key_id(ROOT_KEY).hex()}",
        "  targets: 1 of 1 keys",
        f"    {key_id(TARGETS_KEY).hex()}",
    ]


ZEROS = [(1, bytes(32))]
TARGET = e.target("app", b"firmware")


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (e.targets({}), "NO_TARGETS: lists no targets"),
        (e.targets({"app": b""}, 0), "INVALID_VERSION: version 0"),
        (e.targets({"a\n\x1b[31m": b"x"}), r"UNSAFE_NAME: target 'a\n\x1b[31m': the name has"),
        (e.targets({"../app": b"x"}), "UNSAFE_NAME: target '../app': the name has the part"),
        (e.targets_of(e.common("targets"), [TARGET, TARGET]), "DUPLICATE_TARGET: target 'app'"),
        (e.targets({"app": b"", "App": b""}), "DUPLICATE_TARGET: target 'App'"),
        (e.targets_of(e.common("targets"), [e.target_of("app", 1, [])]), "HASH_UNSUPPORTED: "),
        (
            e.targets_of(e.common("targets"), [e.target_of("app", 1, [(1, b"short")])]),
            "HASH_UNSUPPORTED: ",
        ),
        (
            e.targets_of(e.common("targets"), [e.target_of("user_manifest", 2**20 + 1, ZEROS)]),
            "TOO_LARGE: target 'user_manifest': 1048577 bytes; at most 1048576",
        ),
        (e.targets_of(e.common("snapshot"), [TARGET]), "WRONG_ROLE: "),
        (e.targets_of(e.common("targets", spec="2.0.0"), [TARGET]), "UNSUPPORTED_SPEC_VERSION: "),
        (e.root(0), "INVALID_VERSION: version 0"),
        (e.root(1, [ROOT_KEY], []), "THRESHOLD_INVALID: its targets threshold is 1 of 0 keys"),
        (e.root(1, root_threshold=2), "THRESHOLD_INVALID: its own threshold is 2 of 1 keys"),
        (e.root(1, [ROOT_KEY], [ROOT_KEY]), "INVALID_KEY: "),
        (e.root(1, [ROOT_KEY], [ORDER - ROOT_KEY]), "SHARED_KEY: "),
        (e.root() + e.blob(99, bytes(512 * 1024)), "TOO_LARGE: "),
    ],
)
def test_metadata_that_no_device_accepts_is_not_signed(
    folder: Path, data: bytes, problem: str
) -> None:
    (folder / "request.json").unlink()
    (folder / "request").write_bytes(data)
    text = last_line(3, "request", "--key=file:targets.pem", "-o", "s.json")
    assert text.startswith(f"request: not metadata that a device accepts ({problem}")
    assert text.endswith("); make another one")
    assert not (folder / "s.json").exists()


def test_dev_keys_are_called_so(folder: Path) -> None:
    (folder / "request.json").unlink()
    key = tree.DEV_KEYS / "throwaway_dev_targets_key.pem"
    result = done("sign", "request", f"--key=file:{key}", "-o", "s.json")
    assert result.err.endswith("  DEV KEYS: anyone can sign this\n")


@pytest.mark.parametrize("role", ["root", "targets"])
def test_shown_dev_keys(folder: Path, role: str) -> None:
    """A team's own: the request tells."""
    root = folder / "root.pb"
    root.write_bytes(e.signed(e.root() + e.number(255, 1)))
    if role == "root":
        done("root", "request", root, "-o", "request")
    else:
        done("step", "request", "--metadata=request", "--root", root, "-o", "request.json")
    result = done("sign", "request", f"--key=file:{role}.pem", "-o", "s.json")
    assert result.err.splitlines()[2] == "  DEV KEYS: anyone can sign this"
    assert result.err.count("DEV KEYS") == 1


def test_a_bare_path_is_a_key_in_a_file(folder: Path) -> None:
    (folder / "a:b.pem").write_bytes((folder / "targets.pem").read_bytes())
    for key in ("targets.pem", folder / "targets.pem", "./targets.pem", "./a:b.pem"):
        done("sign", "request", "--key", key, "-o", "s.json")
        assert_good(folder / "s.json")
        (folder / "s.json").unlink()
    # One that looks like a URI is one.
    assert failed(2, "sign", "request", "--key=a:b.pem").startswith("--key 'a:': write file:PATH")
    text = last_line(2, "request", "--key=targets.pem", "-o", "targets.pem")
    assert "would replace the input targets.pem" in text


def test_a_key_that_the_request_does_not_list(folder: Path) -> None:
    text = last_line(3, "request", "--key=file:stranger.pem", "-o", "s.json")
    stranger, listed = (key_id(each).hex()[:16] for each in (STRANGER, TARGETS_KEY))
    assert text == (
        f"file:stranger.pem ({stranger}): not a key that request.json asks for; "
        f"sign with one of these: {listed}"
    )
    assert not (folder / "s.json").exists()


def test_the_json_of_another_request(folder: Path) -> None:
    (folder / "request").write_bytes(e.targets(workspace.CONTENTS, 8))
    text = failed(3, "sign", "request", "--key=file:targets.pem", "-o", "s.json")
    assert text.startswith("request.json: another version than the bytes next to it have")
    (folder / "request.json").write_bytes(b"{}")
    text = failed(3, "sign", "request", "--key=file:targets.pem", "-o", "s.json")
    assert text.startswith("request.json: not a signing request")
    (folder / "request.json").unlink()
    (folder / "request.json").symlink_to("nowhere")
    text = failed(3, "sign", "request", "--key=file:targets.pem", "-o", "s.json")
    assert text == "request.json: No such file or directory"
    assert not (folder / "s.json").exists()


def test_nothing_to_sign(folder: Path) -> None:
    for data in (b"", b"?", b"\xff" * 100, e.signed(TARGETS, TARGETS_KEY), e.signed(e.root())):
        (folder / "request").write_bytes(data)
        text = failed(3, "sign", "request", "--key=file:targets.pem", "-o", "s.json")
        assert text.startswith("request: not metadata that a device accepts (")


@pytest.mark.parametrize(
    ("args", "text"),
    [
        (
            ["--key=vault:735281"],
            "--key 'vault:': write file:PATH, exec:PROGRAM, or one of hsm:, ",
        ),
        (["--key="], "--key file: write file:PATH"),
        (["--key=file:"], "--key file: write file:PATH"),
        (["--key=exec:"], "--key exec: write exec:PROGRAM"),
        (["--key=file:targets.pem", "--timeout=1"], "--timeout: only valid with exec: keys"),
        (["--key=exec:x"], "--key exec: needs --public PUB"),
        (
            ["--key=exec:x", "--public=p", "--passphrase-fd=0"],
            "only valid with file: keys; remove it",
        ),
        (["--key=exec:x", "--public=p", "--timeout=0"], "--timeout: 0 is not from 1 to 86400"),
        (["--key=file:x", "--passphrase-fd=0", "--passphrase-file=x"], "not allowed with"),
        (["--key=file:x", "-o", "a", "--folder", "b"], "not allowed with"),
        (["--key=file:x", "--passphrase=735281"], "unrecognized argument: --passphrase; see"),
        (["--key=file:x", "--pin", "735281"], "unrecognized argument: --pin; see"),
        ([], "the following arguments are required: --key"),
    ],
)
@pytest.mark.usefixtures("folder")
def test_usage(args: list[str], text: str) -> None:
    error = failed(2, "sign", "request", *args)
    assert text in error
    assert "735281" not in error


def test_the_public_key_has_to_fit(folder: Path) -> None:
    good = ("request", "--key=file:targets.pem", "-o", "s.json")
    done("sign", *good, "--public=targets.pem.pub")
    assert_good(folder / "s.json")
    text = last_line(3, *good, "--public=targets2.pem.pub")
    assert text == "targets.pem: not the private key of targets2.pem.pub; name the pair"
    assert "this is a private key" in last_line(3, *good, "--public=targets.pem")


@pytest.mark.usefixtures("folder")
def test_outputs_replace_no_input() -> None:
    for path in ("request", "request.json", "targets.pem"):
        text = last_line(2, "request", "--key=file:targets.pem", "-o", path)
        assert "would replace the input" in text


# Passphrases


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_passphrase_file(folder: Path, end: str) -> None:
    (folder / "passphrase").write_bytes((PASSPHRASE + end).encode())
    sign = ["sign", "request", "--key=file:encrypted.pem", "--passphrase-file=passphrase"]
    result = done(*sign, "-o", "s.json")
    assert_good(folder / "s.json")
    assert PASSPHRASE not in result.err
    # One that is not needed is not read.
    done("sign", "request", "--key=file:targets.pem", "--passphrase-file=absent", "-o", "s.json")


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("wrong", "encrypted.pem: wrong passphrase, or a damaged private key ("),
        (f" {PASSPHRASE}", "encrypted.pem: wrong passphrase, or a damaged private key ("),
        (f"{PASSPHRASE}\n\n", "encrypted.pem: wrong passphrase, or a damaged private key ("),
        ("", "passphrase: empty; an encrypted key has a passphrase"),
        ("\n", "passphrase: empty; an encrypted key has a passphrase"),
        ("x" * 1025, "passphrase: larger than 1024 bytes"),
        ("x" * 1024, "encrypted.pem: wrong passphrase, or a damaged private key ("),
    ],
)
def test_wrong_passphrases(folder: Path, content: str, text: str) -> None:
    (folder / "passphrase").write_text(content)
    sign = ["request", "--key=file:encrypted.pem", "--passphrase-file=passphrase", "-o", "s.json"]
    line = last_line(3, *sign)
    assert line.startswith(text)
    assert PASSPHRASE not in line
    assert not (folder / "s.json").exists()


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le"])
def test_passphrases_in_another_encoding(folder: Path, encoding: str) -> None:
    (folder / "passphrase").write_bytes(PASSPHRASE.encode(encoding))
    sign = ["request", "--key=file:encrypted.pem", "-o", "s.json"]
    problem = "; save it as UTF-8 without a byte order mark"
    assert f"{problem}, for example with: " in last_line(3, *sign, "--passphrase-file=passphrase")
    with open(folder / "passphrase", "rb") as file:
        option = f"--passphrase-fd={file.fileno()}"
        text = last_line(3, *sign, option)
    assert text.startswith(f"{option.replace('=', ' ')}: ")
    assert text.endswith(problem)
    assert PASSPHRASE not in text


def test_a_damaged_encrypted_key(folder: Path) -> None:
    (folder / "passphrase").write_text(PASSPHRASE)
    pem = (folder / "encrypted.pem").read_bytes()
    (folder / "encrypted.pem").write_bytes(pem[:100] + pem[140:])
    text = last_line(3, "request", "--key=file:encrypted.pem", "--passphrase-file=passphrase")
    assert text.startswith("encrypted.pem: wrong passphrase, or a damaged private key (")


def process(
    folder: Path, *args: str, stdin: bytes = b"", session: bool = False
) -> tuple[Result, list[str]]:
    """`sign` as a process of its own, and its words."""
    words = command(["sign", "request", "--key=file:encrypted.pem", "-o", "s.json", *args])
    ended = subprocess.run(
        words,
        cwd=folder,
        env=environment(),
        input=stdin,
        capture_output=True,
        start_new_session=session,
        timeout=60,
        check=False,
    )
    return Result(ended.returncode, ended.stdout.decode(), ended.stderr.decode()), words


def test_passphrase_fd(folder: Path) -> None:
    result, words = process(folder, "--passphrase-fd=0", stdin=PASSPHRASE.encode() + b"\n")
    assert result.status == 0, result.err
    assert_good(folder / "s.json")
    assert PASSPHRASE not in result.err + result.out + " ".join(words)


@pytest.mark.parametrize(
    ("fd", "stdin", "text"),
    [
        ("0", b"wrong", "encrypted.pem: wrong passphrase"),
        ("0", b"", "--passphrase-fd 0: empty"),
        ("0", b"x" * 1_000_000, "--passphrase-fd 0: more than 1024 bytes"),
        ("99", b"", "--passphrase-fd 99: Bad file descriptor"),
        ("-1", b"", "--passphrase-fd -1: Bad file descriptor"),
        (str(2**40), b"", f"--passphrase-fd {2**40}: "),
    ],
)
def test_bad_passphrase_fd(folder: Path, fd: str, stdin: bytes, text: str) -> None:
    result, _ = process(folder, f"--passphrase-fd={fd}", stdin=stdin)
    assert result.status == 3
    assert result.err.splitlines()[-1].startswith(f"software-update: {text}")
    assert not (folder / "s.json").exists()


def test_no_terminal_to_ask_at(folder: Path) -> None:
    # A passphrase on standard input is not taken for an answer.
    result, _ = process(folder, stdin=PASSPHRASE.encode() + b"\n", session=True)
    assert result.status == 3
    assert result.err.splitlines()[-1] == (
        "software-update: encrypted.pem: encrypted, and there is no terminal to ask at; "
        "use --passphrase-file or --passphrase-fd"
    )


@pytest.mark.parametrize(("typed", "status"), [(PASSPHRASE, 0), ("wrong", 3), ("", 3), ("\x04", 3)])
def test_passphrase_at_the_terminal(folder: Path, typed: str, status: int) -> None:
    words = command(["sign", "request", "--key=file:encrypted.pem", "-o", "s.json"])
    prompt = "Passphrase of encrypted.pem: "
    ended, shown = terminal.run(words, prompt, typed, cwd=folder, env=environment())
    assert ended == status
    assert PASSPHRASE not in shown  # it is not echoed
    assert (folder / "s.json").exists() == (status == 0)
