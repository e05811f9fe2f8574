"""Tests of step attach."""

from pathlib import Path

import pytest

from software_update.testing import encode as e
from software_update.testing import tree, workspace
from software_update.testing.command import done, failed
from software_update.testing.signers import (
    ROOT_KEY,
    ROOT_KEY_2,
    STRANGER,
    TARGETS_KEY,
    key_id,
    write_signature,
)
from software_update.testing.workspace import TARGETS

ROLES = ("root", "targets")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return workspace.make_with_targets(tmp_path)


def attach_args(folder: Path, *more: str) -> list[str]:
    return [
        *("step", "attach", "--role=targets", f"--metadata={folder}/targets.pb"),
        *(f"--root={folder}/root.pb", "-o", f"{folder}/signed.pb", *more),
    ]


@pytest.mark.parametrize(
    ("args", "text"),
    [
        (["--role=targets"], "--role targets: needs --root FILE"),
        (["--role=targets", "--root=r", "--previous=r"], "--previous: only valid with --role"),
        (["--role=root", "--root=r"], "--root: a root lists its own keys"),
    ],
)
def test_attach_usage(args: list[str], text: str) -> None:
    assert text in failed(2, "step", "attach", "--metadata=x", *args, "-o", "out")


def test_attach(folder: Path) -> None:
    signature = write_signature(folder / "s.json", TARGETS, TARGETS_KEY)
    done(*attach_args(folder, f"--signature={signature}"))
    assert (folder / "signed.pb").read_bytes() == e.signed(TARGETS, TARGETS_KEY)


def test_attach_to_a_root(folder: Path) -> None:
    root = e.root(2, [ROOT_KEY_2])
    (folder / "bytes").write_bytes(root)
    own = write_signature(folder / "own.json", root, ROOT_KEY_2)
    old = write_signature(folder / "old.json", root, ROOT_KEY)
    attach = ["step", "attach", "--role=root", f"--metadata={folder}/bytes", "-o", f"{folder}/r.pb"]
    done(*attach, "--signature", own)
    assert (folder / "r.pb").read_bytes() == e.signed(root, ROOT_KEY_2)
    attach += [f"--previous={folder}/root.pb", "--signature", own]
    text = failed(1, *attach)
    assert "0 of 1 signatures by the previous root's keys" in text
    done(*attach, "--signature", old)
    by_id = sorted((ROOT_KEY, ROOT_KEY_2), key=key_id)
    assert (folder / "r.pb").read_bytes() == e.signed(root, *by_id)
    result = done("root", "check", folder / "r.pb", "--previous", folder / "root.pb")
    assert result.out.endswith("  complete\n")


@pytest.mark.parametrize(
    ("version", "text"),
    [
        (1, "ROOT_MIX_UP: {}: version 1 differs from the trusted root of 1"),
        (3, "ROOT_VERSION_GAP: {}: version 3 after 1; the roots between are missing"),
    ],
)
def test_a_root_that_may_not_follow(folder: Path, version: int, text: str) -> None:
    """Before it is signed, and before it is released, enough signatures or not."""
    root = e.root(version, [ROOT_KEY_2])
    (folder / "bytes").write_bytes(root)
    signatures = [
        write_signature(folder / "own.json", root, ROOT_KEY_2),
        write_signature(folder / "old.json", root, ROOT_KEY),
    ]
    args = ["--role=root", f"--metadata={folder}/bytes", f"--previous={folder}/root.pb"]
    before = workspace.snapshot(folder)
    out = ["-o", f"{folder}/out"]
    (folder / "next.pb").write_bytes(e.signed(root))
    previous = f"--previous={folder}/root.pb"
    assert failed(1, "root", "request", folder / "next.pb", previous, *out) == text.format(
        f"{folder}/next.pb"
    )
    (folder / "next.pb").unlink()
    expected = text.format(f"{folder}/bytes")
    assert failed(1, "step", "attach", *args, *out) == expected
    assert failed(1, "step", "attach", *args, *out, "--signature", *signatures) == expected
    assert workspace.snapshot(folder) == before


def test_attach_under_a_root_without_signatures(folder: Path) -> None:
    (folder / "root.pb").write_bytes(e.signed(e.root()))
    signature = f"--signature={write_signature(folder / 's.json', TARGETS, TARGETS_KEY)}"
    for option, request in (
        ([], "its signing request"),
        (["--root-request=//a:root.signing_request"], "//a:root.signing_request"),
    ):
        assert failed(3, *attach_args(folder, signature, *option)) == (
            f"{folder}/root.pb: has no signatures; build {request}, sign it with software-update "
            "sign, and list the signatures in the root's signatures"
        )
    assert not (folder / "signed.pb").exists()


# No dev key in a release


def identify(folder: Path, *names: str) -> str:
    """Runs `step identify` for private keys of the folder; returns the option of `step attach`."""
    output = folder / "identities.json"
    paths = [folder / name for name in names]
    done("step", "identify", "--dev-signing-key", *paths, "-o", output)
    return f"--dev-key-identities={output}"


def dev_key_args(folder: Path, role: str) -> tuple[list[str], str]:
    """`step attach` with all the signatures that it takes, and the file that it finds dev keys in."""
    (folder / "root.bytes").write_bytes(e.root())
    content = (folder / f"{role}.bytes" if role == "root" else folder / "targets.pb").read_bytes()
    number = ROOT_KEY if role == "root" else TARGETS_KEY
    signature = f"--signature={write_signature(folder / 's.json', content, number)}"
    if role == "root":
        file = f"{folder}/root.bytes"
        args = ["step", "attach", "--role=root", f"--metadata={file}", "-o", f"{folder}/signed.pb"]
        return [*args, signature], file
    return attach_args(folder, signature), f"{folder}/root.pb"


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(("name", "number"), [("root", ROOT_KEY), ("targets", TARGETS_KEY)])
def test_a_root_that_lists_a_key_in_the_tree(
    folder: Path, role: str, name: str, number: int
) -> None:
    """The file may have any name, and other keys may be next to it."""
    args, file = dev_key_args(folder, role)
    (folder / "innocent name").write_bytes((folder / f"{name}.pem").read_bytes())
    done(*args, identify(folder, "stranger.pem"))
    (folder / "signed.pb").unlink()
    text = failed(3, *args, identify(folder, "stranger.pem", "innocent name"))
    assert text == (
        f"{file}: lists the dev key {key_id(number).hex()[:16]}, whose private key is in the tree, "
        f"{folder}/innocent name; release under a root that lists a new key in its place, kept elsewhere"
    )
    assert not (folder / "signed.pb").exists()


@pytest.mark.parametrize("role", ROLES)
def test_a_root_that_says_dev_keys(folder: Path, role: str) -> None:
    args, file = dev_key_args(folder, role)
    marked = e.root() + e.number(255, 1)
    signed = [write_signature(folder / "marked.json", marked, ROOT_KEY)] if role == "root" else []
    Path(file).write_bytes(marked if role == "root" else e.signed(marked, ROOT_KEY))
    text = failed(3, *args[:-1], "--signature", *(signed or [f"{folder}/s.json"]))
    assert text.startswith(
        f"{file}: says 'DEV KEYS: anyone can sign this', because its private keys"
    )
    assert not (folder / "signed.pb").exists()


def test_the_root_of_the_throwaway_keys(folder: Path) -> None:
    """Made by any tool, and named as a file."""
    public = [f"--{role}-key={tree.DEV_KEYS}/throwaway_dev_{role}_key.pem.pub" for role in ROLES]
    done("root", "create", "--version=1", *public, "-o", folder / "root.pb")
    private = tree.DEV_KEYS / "throwaway_dev_targets_key.pem"
    done("sign", folder / "targets.pb", f"--key=file:{private}", "-o", folder / "s.json")
    text = failed(3, *attach_args(folder, f"--signature={folder}/s.json"))
    assert text.startswith(f"{folder}/root.pb: lists the dev key ")
    assert "a published throw-away key" in text


@pytest.mark.parametrize(
    ("chain", "root", "bad"),
    [
        ([], e.signed(e.root(), TARGETS_KEY), "root"),
        ([], e.signed(e.root(1, [ROOT_KEY, ROOT_KEY_2], root_threshold=2), ROOT_KEY), "root"),
        ([e.signed(e.root(1))], e.signed(e.root(2), ROOT_KEY), "0"),
        ([e.signed(e.root(1), ROOT_KEY)], e.signed(e.root(2, [ROOT_KEY_2]), ROOT_KEY_2), "root"),
    ],
    ids=["another role", "too few", "in the chain", "not by the one before"],
)
def test_roots_that_too_few_have_signed(
    folder: Path, chain: list[bytes], root: bytes, bad: str
) -> None:
    """No verification is needed to keep them out of a release."""
    for index, content in enumerate(chain):
        (folder / f"{index}.pb").write_bytes(content)
    (folder / "root.pb").write_bytes(root)
    args = [
        f"--signature={write_signature(folder / 's.json', TARGETS, TARGETS_KEY)}",
        "--root-chain",
    ]
    args += [f"{folder}/{index}.pb" for index in range(len(chain))]
    text = failed(3, *attach_args(folder, *args))
    assert text.startswith(f"{folder}/{bad}.pb: a device rejects it (THRESHOLD_NOT_MET: ")
    assert not (folder / "signed.pb").exists()


def test_dev_roots_in_a_chain(folder: Path) -> None:
    signature = f"--signature={write_signature(folder / 's.json', TARGETS, TARGETS_KEY)}"
    (folder / "root.pb").write_bytes(e.signed(e.root(2), ROOT_KEY, STRANGER))
    for name, content in (("good", e.root(1, [STRANGER])), ("dev", e.root() + e.number(255, 1))):
        (folder / f"{name}.pb").write_bytes(e.signed(content, STRANGER))
    done(*attach_args(folder, signature, f"--root-chain={folder}/good.pb"))
    text = failed(
        3, *attach_args(folder, signature, "--root-chain", f"{folder}/good.pb", f"{folder}/dev.pb")
    )
    assert text.startswith(f"{folder}/dev.pb: says 'DEV KEYS")
    chain = [f"--root-chain={folder}/good.pb", identify(folder, "stranger.pem")]
    assert failed(3, *attach_args(folder, signature, *chain)).startswith(f"{folder}/good.pb: lists")
    for option in ("--root-chain", "--trusted-root"):
        args = ["--role=root", "--metadata=m", f"{option}=c", "-o", "out"]
        expected = f"{option}: only valid with --role targets; remove it"
        assert failed(2, "step", "attach", *args) == expected


def test_roots_that_a_release_starts_from(folder: Path) -> None:
    """The root on a device, and the root before a root: each may say DEV KEYS, or list a dev key."""
    (folder / "good.pb").write_bytes(e.signed(e.root(1, [STRANGER]), STRANGER))
    (folder / "dev.pb").write_bytes(e.signed(e.root(1, [STRANGER]) + e.number(255, 1), STRANGER))
    root = e.root(2)
    (folder / "bytes").write_bytes(root)
    signed = [write_signature(folder / f"{key}.json", root, key) for key in (ROOT_KEY, STRANGER)]
    of_root = ["step", "attach", "--role=root", f"--metadata={folder}/bytes", "--signature"]
    of_root += [*signed, "-o", f"{folder}/signed.pb", "--previous"]
    signature = write_signature(folder / "s.json", TARGETS, TARGETS_KEY)
    of_release = attach_args(folder, f"--signature={signature}", "--trusted-root")
    for args in (of_root, of_release):
        done(*args, f"{folder}/good.pb", identify(folder, "root2.pem"))
        (folder / "signed.pb").unlink()
        text = failed(3, *args, f"{folder}/dev.pb")
        assert text.startswith(f"{folder}/dev.pb: says 'DEV KEYS: anyone can sign this'")
        text = failed(3, *args, f"{folder}/good.pb", identify(folder, "stranger.pem"))
        assert text.startswith(f"{folder}/good.pb: lists the dev key {key_id(STRANGER).hex()[:16]}")
        assert not (folder / "signed.pb").exists()


def test_attach_errors_write_nothing(folder: Path) -> None:
    assert failed(1, *attach_args(folder)).startswith("too few signatures: request ")
    other = write_signature(folder / "old.json", e.targets(workspace.CONTENTS, 6), TARGETS_KEY)
    text = failed(1, *attach_args(folder, "--signature", other))
    assert f"{other}: signs request " in text
    assert "(targets version 6), an older one: version 6, now 7; sign again; request " in text
    (folder / "huge.json").write_bytes(b" " * 4097)
    text = failed(3, *attach_args(folder, "--signature", f"{folder}/huge.json"))
    assert "huge.json: larger than 4096 bytes" in text
    text = failed(3, *attach_args(folder, "--signature", f"{folder}/app.bin"))
    assert text.startswith(f"{folder}/app.bin: not a signature file")
    assert not (folder / "signed.pb").exists()


def test_attach_without_signatures_names_the_request_to_sign(folder: Path) -> None:
    for option, request in (
        ([], "its signing request"),
        (["--request=//a:b.signing_request"], "//a:b.signing_request"),
    ):
        text = failed(1, *attach_args(folder, *option))
        assert "0 of 1 signatures by the root's keys, not signed: " in text
        assert text.endswith(
            f"; build {request}, sign it with software-update sign, and list the signatures in signatures"
        )
    assert not (folder / "signed.pb").exists()


def test_signatures_of_other_metadata_are_named(folder: Path) -> None:
    """Several bundles, roots and versions may have one folder of signatures."""
    mine = write_signature(folder / "mine.json", TARGETS, TARGETS_KEY)
    root = write_signature(folder / "root.json", e.root(1), ROOT_KEY)
    old = [
        write_signature(
            folder / f"{version}.json", e.targets(workspace.CONTENTS, version), TARGETS_KEY
        )
        for version in range(8, 25)
    ]
    result = done(*attach_args(folder, "--signature", root, mine))
    assert (result.out, result.err) == (
        "",
        f"software-update: warning: signatures of other metadata, left out: {root}\n",
    )
    assert (folder / "signed.pb").read_bytes() == e.signed(TARGETS, TARGETS_KEY)
    result = done(*attach_args(folder, "--signature", *old, mine, root))
    assert result.err.endswith(f", {old[15]} and 2 more\n")
    result = done("root", "merge", folder / "root.pb", "--signature", *old[:2], root)
    assert result.err.endswith(f"left out: {old[0]}, {old[1]}\n")
    assert failed(1, *attach_args(folder, "--signature", root)).startswith(
        f"{root}: signs request "
    )


def test_attach_never_replaces_a_signature(folder: Path) -> None:
    signature = write_signature(folder / "s.json", TARGETS, TARGETS_KEY)
    text = failed(2, *attach_args(folder, "--signature", signature, "-o", signature))
    assert "would replace the input" in text
