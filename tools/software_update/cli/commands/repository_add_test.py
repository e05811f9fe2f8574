"""Tests of repository_add.py."""

import json
import sys
from pathlib import Path

import pytest

from software_update.repository.names import Kind
from software_update.signing.signers import FileSigner
from software_update.testing.command import done, failed
from software_update.testing.repositories import Release, RepositoryFolder, releases

NOW = "--now=2027-01-15T08:00:00Z"


@pytest.fixture
def repository(tmp_path: Path) -> RepositoryFolder:
    return RepositoryFolder(tmp_path)


def arguments(repository: RepositoryFolder, *new: Release | Path) -> list[str]:
    bundles = [each if isinstance(each, Path) else repository.bundle_file(each) for each in new]
    return [
        *("repository", "add", str(repository.path), *map(str, bundles), NOW),
        f"--trusted-root={repository.product_root}",
        *repository.options("targets", "snapshot", "rollout"),
        *("--channel", "stable"),
    ]


def test_bundles_are_published(repository: RepositoryFolder) -> None:
    out = done(*arguments(repository, *releases(2))).out
    length = len(releases(1)[0].bundle)
    assert out.splitlines() == [
        f"meter 1.1: added as meter/stable/1.1.bundle, {length} bytes",
        f"meter 1.2: added as meter/stable/1.2.bundle, {length} bytes",
        "published: targets 2, rollout.meter.stable 1, channel.meter.stable 1, snapshot 2, timestamp 2",
    ]
    again = done(*arguments(repository, *releases(1))).out.splitlines()
    assert again == [
        f"meter 1.1: is published already as meter/stable/1.1.bundle, {length} bytes",
        "nothing is new; nothing is published",
    ]


def test_json(repository: RepositoryFolder) -> None:
    done(*arguments(repository, *releases(2)))
    found = json.loads(done(*arguments(repository, *releases(1, 3)), "--keep=2", "--json").out)
    assert found["archived"] == ["meter/stable/1.1.bundle"]
    assert found["added"][0]["release"] == releases(1, 3)[0].digest
    assert {"role": "channel.meter.stable", "version": 2} in found["roles"]


def test_attachments(repository: RepositoryFolder, tmp_path: Path) -> None:
    sbom = tmp_path / "sbom.json"
    sbom.write_text("{}")
    done(*arguments(repository, *releases(1)), f"--attach={sbom}")
    found = list(repository.path.glob("targets/meter/stable/*.1.1.bundle.sbom.json"))
    assert [each.read_text() for each in found] == ["{}"]
    # Again, as a script may do it.
    done(*arguments(repository, *releases(1)), f"--attach={sbom}")
    sbom.write_text("[]")
    again = failed(1, *arguments(repository, *releases(1)), f"--attach={sbom}")
    assert "attach the file under another name" in again
    strange = tmp_path / "my sbom#1.json"
    strange.write_text("{}")
    rename = failed(2, *arguments(repository, *releases(1)), f"--attach={strange}")
    assert "my sbom#1.json: its name becomes a part of a URL; rename it" in rename
    assert "belongs to one BUNDLE" in failed(
        2, *arguments(repository, *releases(2)), f"--attach={sbom}"
    )


def test_files_next_to_the_bundle_are_attached(repository: RepositoryFolder) -> None:
    args = arguments(repository, *releases(1))
    bundle = repository.bundle_file(releases(1)[0])
    Path(f"{bundle}.tlog-proof").write_text("proof")
    Path(f"{bundle}.attachments").mkdir()
    Path(f"{bundle}.attachments/audit.dsse.json").write_text("{}")
    done(*args)
    found = [each.name.partition(".")[2] for each in repository.path.rglob("targets/meter/*/*")]
    assert sorted(found) == [
        "1.1.bundle",
        "1.1.bundle.audit.dsse.json",
        "1.1.bundle.tlog-proof",
    ]


def test_table_of_devices(repository: RepositoryFolder) -> None:
    done(*arguments(repository, *releases(1)))
    new = arguments(repository, *releases(1, 2))
    lines = done(*new).out.splitlines()
    assert lines[1] == "devices in the field:"
    assert [cell.strip() for cell in lines[4].split("|")][1:-1] == [
        *("meter 1.1", "1", "1", "1", "-", "ACCEPT", "-"),
    ]
    new = arguments(repository, *releases(1, 3))
    assert "devices" not in done(*new, "--no-fleet").out


def test_personalized_bundle(repository: RepositoryFolder) -> None:
    common = {"app": b"the same", "big": bytes(5000)}
    old, new = Release("1.0", 1, common), Release("1.1", 2, {**common, "app": b"new"})
    done(*arguments(repository, old, new))
    installed, path = repository.bundle_file(old), repository.folder / "small.bundle"
    full = repository.bundle_file(new)
    done("bundle", "personalize", full, "--installed", installed, "-o", path)
    out = done(*arguments(repository, path), "--for=1.0").out
    assert "meter 1.1: added as meter/stable/1.1.from-1.bundle" in out
    text = failed(3, *arguments(repository, path), "--for=9")
    assert text.endswith("not a release in the channel stable; list them with: repository status")


def test_first_release_of_a_channel_needs_the_rollout_key(repository: RepositoryFolder) -> None:
    args = arguments(repository, *releases(1))
    repository.bundle_file(releases(1, 2)[0])
    at = args.index("--rollout-key")
    without = args[:at] + args[at + 2 :]
    assert "name the key with --rollout-key" in failed(1, *without)
    assert not list(repository.path.glob("targets/*"))
    done(*args)
    done(*[each.replace("1.1.bundle", "1.2.bundle") for each in without])


def test_errors(repository: RepositoryFolder, tmp_path: Path) -> None:
    done(*arguments(repository, Release("2.0", 2)))
    assert "release counters never fall" in failed(1, *arguments(repository, Release("1.0", 1)))
    other = Release("2.0", 2, {"app": b"other"})
    assert "published with other bytes" in failed(1, *arguments(repository, other))
    cut = tmp_path / "cut.bundle"
    cut.write_bytes(other.bundle[:-3])
    assert failed(1, *arguments(repository, cut)).startswith(f"MALFORMED: {cut}: bundle: ")
    args = arguments(repository, Release("3.0", 3))
    assert "--keep: 33 is not from 1 to 32" in failed(2, *args, "--keep=33")
    assert "--channel 'No'" in failed(2, *args, "--channel=No")
    key = ["--targets-key", str(repository.key("root"))]
    assert "is not one that signs channel.meter.stable" in failed(1, *args, *key)
    wrong = ["--repository-root", str(repository.product_root)]
    assert "product.root.pb: is not valid" in failed(3, *args, *wrong)


def test_program_signs(repository: RepositoryFolder, tmp_path: Path) -> None:
    """exec: gets the public key from --snapshot-public, and its answer is verified."""
    signer = repository.signers[Kind.SNAPSHOT][0]
    assert isinstance(signer, FileSigner)
    program = tmp_path / "signer"
    path = str(repository.key("snapshot"))
    program.write_text(
        f"#!{sys.executable} -sE\nimport sys\nsys.path = {sys.path!r}\n{PROGRAM}sign({path!r})\n"
    )
    program.chmod(0o755)
    args = arguments(repository, *releases(1))
    at = args.index("--snapshot-key")
    args[at + 1] = f"exec:{program}"
    out = done(*args, f"--snapshot-public={repository.key('snapshot')}.pub").out
    assert "published: targets 2" in out


PROGRAM = """
import base64, json
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

def sign(path):
    question = json.load(sys.stdin)
    assert question["role"].startswith("repository."), question
    key = serialization.load_pem_private_key(open(path, "rb").read(), None)
    value = key.sign(base64.b64decode(question["message"]), ec.ECDSA(hashes.SHA256()))
    answer = {"protocol": question["protocol"], "signature": base64.b64encode(value).decode()}
    print(json.dumps(answer))

"""
