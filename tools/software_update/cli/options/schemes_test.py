"""Tests of --experimental-schemes: each scheme in roots, requests, signatures, bundles and the verifier."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from software_update.bundle.reader import read_envelope
from software_update.format import metadata
from software_update.keys.schemes import ALL_SCHEMES, DEFAULT_SCHEMES, ML_DSA_44
from software_update.testing import workspace
from software_update.testing.command import call, done, failed

FLAG = "--experimental-schemes"
EXPERIMENTAL = [each.name for each in ALL_SCHEMES.accepted if each not in DEFAULT_SCHEMES.accepted]
each_scheme = pytest.mark.parametrize("scheme", EXPERIMENTAL)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return workspace.make(tmp_path)


def generate(folder: Path, scheme: str, *names: str) -> None:
    for name in names:
        done("key", "generate", FLAG, f"--scheme={scheme}", folder / name)


def make_root(folder: Path, scheme: str, *more: str) -> Path:
    """Makes signed.pb, version 1 of a root, and the keys new_root and new_targets of `scheme`."""
    generate(folder, scheme, "new_root", "new_targets")
    path = folder / "signed.pb"
    keys = [f"--root-key={folder}/new_root.pub", f"--targets-key={folder}/new_targets.pub"]
    done("root", "create", FLAG, "--version=1", *keys, *more, "-o", path)
    done("root", "sign", FLAG, path, f"--dev-signing-key={folder}/new_root")
    return path


def make_bundle(folder: Path, root: Path, *more: str | Path) -> Path:
    path = folder / "new.bundle"
    done(
        *["bundle", "create", FLAG, "--version=7", f"--root={root}"],
        *[f"--dev-signing-key={folder}/new_targets", f"--target=app={folder}/app.bin"],
        *[*more, "-o", path],
    )
    return path


def verify(bundle: Path, root: Path, *more: str | Path) -> str:
    result = call("bundle", "verify", bundle, f"--trusted-root={root}", "--json", *more)
    verdict: str = json.loads(result.out)["verdict"]
    assert (result.status == 0) == (verdict == "ACCEPT")
    return verdict


def signed_targets(bundle: Path) -> metadata.Signed:
    with bundle.open("rb") as file:
        targets = read_envelope(file.fileno()).targets
    assert targets is not None
    return metadata.parse_signed(metadata.TARGETS, targets)


@each_scheme
def test_generate_and_show(folder: Path, scheme: str) -> None:
    generate(folder, scheme, "key")
    title = next(each.title for each in ALL_SCHEMES.accepted if each.name == scheme)
    shown = done("key", "show", FLAG, folder / "key").out.splitlines()
    assert shown[0] == f"type: {title}, private"
    public = done("key", "show", FLAG, folder / "key.pub").out.splitlines()
    assert public == [f"type: {title}, public", shown[1]]
    done("key", "check", FLAG, f"--public={folder}/key.pub")


@each_scheme
def test_nothing_accepts_it_without_the_option(folder: Path, scheme: str) -> None:
    problem = "--scheme {}: is experimental; add --experimental-schemes"
    generated = failed(2, "key", "generate", f"--scheme={scheme}", folder / "key")
    assert generated == problem.format(scheme)
    root = make_root(folder, scheme)
    bundle = make_bundle(folder, root)
    private, public = folder / "new_root", folder / "new_root.pub"
    not_ecdsa = "not an ECDSA key on NIST P-256; make one with: software-update key generate OUT"
    roles = [f"--root-key={public}", f"--targets-key={folder}/targets.pem.pub"]
    for path, args in (
        (private, ["key", "show", private]),
        (public, ["key", "show", public]),
        (public, ["key", "check", f"--public={public}"]),
        (public, ["root", "create", "--version=1", *roles, f"-o={folder}/no.pb"]),
        (private, ["root", "sign", root, f"--dev-signing-key={private}"]),
    ):
        assert failed(3, *args) == f"{path}: {not_ecdsa}"
    assert "KEY_TYPE_MISMATCH" in failed(3, "bundle", "verify", bundle, f"--trusted-root={root}")
    assert "KEY_TYPE_MISMATCH" in failed(1, "root", "check", root)


@each_scheme
def test_create_and_verify(folder: Path, scheme: str) -> None:
    root = make_root(folder, scheme)
    bundle = make_bundle(folder, root)
    assert verify(bundle, root, FLAG) == "ACCEPT"
    done(
        *["bundle", "verify", FLAG, str(bundle), f"--trusted-root={root}"],
        f"--write-installed={folder}/installed",
    )
    assert verify(bundle, root, FLAG, f"--installed={folder}/installed") == "ACCEPT"
    assert verify(bundle, root, FLAG, f"--installed={bundle}") == "ACCEPT"
    done("bundle", "promote", FLAG, bundle, bundle_copy(folder, bundle), f"--trusted-root={root}")


def bundle_copy(folder: Path, bundle: Path) -> Path:
    path = folder / "copy.bundle"
    path.write_bytes(bundle.read_bytes())
    return path


@each_scheme
def test_damaged_signature_is_not_counted(folder: Path, scheme: str) -> None:
    root = make_root(folder, scheme)
    bundle = make_bundle(folder, root)
    content = bundle.read_bytes()
    (signature,) = signed_targets(bundle).signatures
    at = content.index(signature.value)
    changed = bytes([content[at] ^ 1])
    bundle.write_bytes(content[:at] + changed + content[at + 1 :])
    assert verify(bundle, root, FLAG) == "THRESHOLD_NOT_MET"


@each_scheme
def test_root_of_an_experimental_scheme_follows_a_p256_root(folder: Path, scheme: str) -> None:
    """A device without the option rejects the move, with the verdict that it always had."""
    generate(folder, scheme, "next_root", "new_targets")
    path = folder / "next.pb"
    keys = [f"--root-key={folder}/next_root.pub", f"--targets-key={folder}/new_targets.pub"]
    done("root", "create", FLAG, "--version=2", *keys, "-o", path)
    signing = [folder / "next_root", folder / "root.pem"]
    done("root", "sign", FLAG, path, "--dev-signing-key", *signing)
    done("root", "check", FLAG, path, f"--previous={folder}/root.pb", "--require-complete")
    bundle = make_bundle(folder, path)
    assert verify(bundle, folder / "root.pb", FLAG) == "ACCEPT"
    assert verify(bundle, folder / "root.pb") == "KEY_TYPE_MISMATCH"


def test_a_role_with_keys_of_every_scheme_needs_all_of_them(folder: Path) -> None:
    for name in EXPERIMENTAL:
        generate(folder, name, name)
    files = [folder / "targets.pem", *(folder / name for name in EXPERIMENTAL)]
    root = folder / "mixed.pb"
    done(
        *["root", "create", FLAG, "--version=1", f"--root-key={folder}/root.pem.pub"],
        *["--targets-key", *(f"{each}.pub" for each in files)],
        *[f"--targets-threshold={len(files)}", "-o", str(root)],
    )
    done("root", "sign", root, f"--dev-signing-key={folder}/root.pem")
    args = ["bundle", "create", FLAG, "--version=1", f"--root={root}"]
    args += ["--target", f"app={folder}/app.bin", "-o", f"{folder}/mixed.bundle"]
    done(*args, "--dev-signing-key", *files)
    assert verify(folder / "mixed.bundle", root, FLAG) == "ACCEPT"
    assert "sign with more --dev-signing-key" in failed(3, *args, "--dev-signing-key", *files[1:])


@each_scheme
def test_build_steps_sign_the_same_bytes(folder: Path, scheme: str) -> None:
    """Signatures need not be reproducible, so this compares the bytes that they sign."""
    root = make_root(folder, scheme)
    bundle = make_bundle(folder, root)
    app, unsigned, request = f"app={folder}/app.bin", folder / "t.pb", folder / "t.pb.json"
    done("step", "digest", "--target", app, "-o", folder / "record")
    done("step", "targets", f"--digests={folder}/record", "--version=7", "-o", unsigned)
    asked = [f"--metadata={unsigned}", f"--root={root}", FLAG]
    done("step", "request", *asked, "-o", request)
    signing = [f"--key={folder}/new_targets", FLAG, "-o", str(folder / "s.json")]
    done("sign", unsigned, *signing)
    done(
        "step",
        "attach",
        "--role=targets",
        *asked,
        f"--signature={folder}/s.json",
        "-o",
        folder / "attached.pb",
    )
    key = f"--dev-signing-key={folder}/new_targets"
    done("step", "sign", *asked, key, "-o", folder / "signed_targets.pb")
    for name in ("attached.pb", "signed_targets.pb"):
        made = folder / f"{name}.bundle"
        assemble = [f"--root={root}", f"--targets-metadata={folder}/{name}", "--target", app]
        done("step", "assemble", *assemble, "-o", made)
        assert verify(made, root, FLAG) == "ACCEPT"
        assert signed_targets(made).serialized == signed_targets(bundle).serialized
    assert "--experimental" not in failed(
        3, "step", "attach", "--role=targets", *asked[:-1], "-o", folder / "no"
    )


@each_scheme
def test_signature_file_without_the_option(folder: Path, scheme: str) -> None:
    """Without it, a file has the limits that it always had."""
    root = make_root(folder, scheme)
    done("root", "request", FLAG, root, "-o", folder / "request")
    done("sign", FLAG, folder / "request", f"--key={folder}/new_root", "-o", folder / "s.json")
    again = done("root", "merge", FLAG, root, f"--signature={folder}/s.json", f"-o={folder}/m.pb")
    assert "complete" in again.out
    problem = failed(1, "root", "merge", root, f"--signature={folder}/s.json")
    assert "KEY_TYPE_MISMATCH" in problem


@each_scheme
def test_root_ceremony(folder: Path, scheme: str) -> None:
    generate(folder, scheme, "new_root", "new_targets")
    root, folder_of_roots = folder / "unsigned.pb", folder / "roots"
    keys = [f"--root-key={folder}/new_root.pub", f"--targets-key={folder}/new_targets.pub"]
    done("root", "create", FLAG, "--version=1", *keys, "-o", root)
    queue = folder / "queue"
    queue.mkdir()
    done("root", "request", FLAG, root, "-o", queue / "1.signing_request")
    sign = ["sign", "--yes", f"--queue={queue}", f"--key={folder}/new_root", FLAG]
    for _ in range(2):
        assert "1 signed by this key" in done(*sign).err
    (signature,) = (queue / "signatures").iterdir()
    done("root", "merge", FLAG, root, f"--signature={signature}")
    folder_of_roots.mkdir()
    done("root", "publish", FLAG, root, folder_of_roots)
    assert (folder_of_roots / "1.root.pb").read_bytes() == root.read_bytes()


@each_scheme
def test_development_keys_are_recognised_by_their_public_part(folder: Path, scheme: str) -> None:
    root = make_root(folder, scheme)
    identities = folder / "identities.json"
    keys = ["--dev-signing-key", f"{folder}/new_targets", f"{folder}/targets.pem"]
    done("step", "identify", FLAG, *keys, "-o", identities)
    app, unsigned = f"app={folder}/app.bin", folder / "t.pb"
    done("step", "digest", "--target", app, "-o", folder / "record")
    done("step", "targets", f"--digests={folder}/record", "--version=7", "-o", unsigned)
    done("sign", unsigned, f"--key={folder}/new_targets", FLAG, "-o", folder / "s.json")
    asked = [f"--metadata={unsigned}", f"--root={root}", FLAG]
    asked += [f"--dev-key-identities={identities}", f"--signature={folder}/s.json"]
    problem = failed(3, "step", "attach", "--role=targets", *asked, "-o", folder / "no")
    assert "lists the dev key" in problem


@each_scheme
def test_signer_check(folder: Path, scheme: str) -> None:
    generate(folder, scheme, "key")
    args = ["signer", "check", FLAG, f"--key={folder}/key", f"--public={folder}/key.pub", "--json"]
    found = json.loads(done(*args).out)
    assert {each["result"] for each in found["probes"]} <= {"ok", "warning"}, found


def commands_that_need_the_scheme(folder: Path) -> Sequence[list[str | Path]]:
    root, bundle = folder / "signed.pb", folder / "new.bundle"
    keys = [f"--root-key={folder}/new_root.pub", f"--targets-key={folder}/targets.pem.pub"]
    return (
        ["key", "generate", f"--scheme={ML_DSA_44.name}", folder / "another"],
        ["bundle", "verify", bundle, f"--trusted-root={root}"],
        ["bundle", "verify", bundle, f"--trusted-root={root}", "--json"],
        ["root", "check", root],
        ["root", "request", root, "-o", folder / "request"],
        ["key", "show", folder / "new_root"],
        ["key", "show", folder / "new_root.pub"],
        ["root", "create", "--version=1", *keys, "-o", folder / "another.pb"],
    )


def test_one_line_and_status_3_if_cryptography_lacks_the_scheme(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_bundle(folder, make_root(folder, ML_DSA_44.name))
    before = workspace.snapshot(folder)
    monkeypatch.setitem(sys.modules, "cryptography.hazmat.primitives.asymmetric.mldsa", None)
    for args in commands_that_need_the_scheme(folder):
        problem = failed(3, *args, FLAG)
        assert "ML-DSA-44: cryptography" in problem
        assert "does not implement it; install cryptography>=" in problem
    assert workspace.snapshot(folder) == before
    # Other schemes do not need it.
    done("key", "show", FLAG, folder / "root.pem")
    done("bundle", "verify", FLAG, folder / "good.bundle", f"--trusted-root={folder}/root.pb")
