"""Tests of bundle promote. What differs in which field is tested next to the comparison."""

import hashlib
import json
from pathlib import Path

import pytest

from software_update.cli.commands import bundle_promote
from software_update.format.verdicts import Verdict
from software_update.keys.pem import read_public_key
from software_update.testing import encode as e
from software_update.testing import tree, workspace
from software_update.testing.command import call, done, error_line, failed
from software_update.testing.peak import MIB, peak_bytes
from software_update.testing.signers import (
    ROOT_KEY,
    ROOT_KEY_2,
    STRANGER,
    TARGETS_KEY,
    TARGETS_KEY_2,
    key_id,
)
from software_update.testing.workspace import APP, BOOT, CONTENTS
from software_update.verify import bundle_file

OTHER_APP = APP.upper()
RELEASE_ROOT = e.signed(e.root(), ROOT_KEY)
# What developers trust: other keys, which production devices do not know.
DEV_ROOT = e.signed(e.root(1, [ROOT_KEY_2], [TARGETS_KEY_2]), ROOT_KEY_2)
USER_MANIFEST = (
    b'{"schema": "software_update.release.v1", "product": "p",'
    b' "version": "1", "release_counter": 5}'
)


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def dev_bundle(contents: dict[str, bytes], version: int = 7, expires: int | None = None) -> bytes:
    """A dev bundle."""
    return e.bundle(
        contents,
        version=version,
        expires=expires,
        signed_root=DEV_ROOT,
        signers=[TARGETS_KEY_2],
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """With tested.bundle, a dev bundle, and good.bundle, its release under root.pb."""
    folder = workspace.make(tmp_path)
    (folder / "tested.bundle").write_bytes(dev_bundle(CONTENTS))
    return folder


def promote(folder: Path, *, old: str = "tested.bundle", new: str = "good.bundle") -> list[str]:
    return [
        "bundle",
        "promote",
        f"{folder}/{old}",
        f"{folder}/{new}",
        f"--trusted-root={folder}/root.pb",
    ]


def refused(folder: Path, *args: str, old: str = "tested.bundle", new: str = "good.bundle") -> str:
    """The line, without the folder's name; nothing was written but the report, and that says the same."""
    before = workspace.snapshot(folder)
    line = failed(1, *promote(folder, old=old, new=new), "-o", f"{folder}/out.bundle", *args)
    assert workspace.snapshot(folder) == before
    report = f"{folder}/report.json"
    assert failed(
        1, *promote(folder, old=old, new=new), f"--report={report}", *args
    ) == line.replace("--report FILE.json", report)
    said = json.loads(Path(report).read_text())
    assert said["promoted"] is False
    assert said["problem"].startswith(line.split(" more, see")[0])
    Path(report).unlink()
    return line.replace(f"{folder}/", "")


# --- what is proven ---


def test_text(folder: Path) -> None:
    size, digest = len(e.targets(CONTENTS, 7)), sha256(e.targets(CONTENTS, 7))
    assert done(*promote(folder)).out.splitlines() == [
        f"{folder}/good.bundle: carries exactly what {folder}/tested.bundle carries",
        "  root 1, targets 7",
        f"  targets metadata: {size} bytes, sha256 {digest}",
        f"  payloads: 2, {len(APP) + len(BOOT)} bytes",
        f"  signed by {key_id(TARGETS_KEY).hex()}",
        "  not checked: of what was tested: signatures, root, expiry",
        "  not checked: rollback: no installed manifest was given",
        "  not checked: hardware: no hardware id was given",
    ]


def test_partial_release_for_devices_with_the_earlier_one(folder: Path) -> None:
    for name in ("tested.bundle", "good.bundle"):
        whole = (folder / name).read_bytes()
        (folder / name).write_bytes(whole.replace(e.payload("boot", BOOT), b""))
    installed = folder / "installed.pb"
    installed.write_bytes(e.manifest(e.targets(CONTENTS, 6), None, (1, e.root())))
    out = done(*promote(folder), f"--installed={installed}").out
    assert f"  payloads: 1, {len(APP)} bytes" in out.splitlines()
    installed.write_bytes(e.manifest(e.targets(CONTENTS, 6)))
    done(*promote(folder), f"--installed={installed}", "-o", folder / "out.bundle")
    installed.write_bytes(e.manifest(e.targets(CONTENTS, 6), None, (2, e.root(2))))
    assert "name the root that the device has now" in failed(
        3, *promote(folder), f"--installed={installed}"
    )
    assert "MISSING_PAYLOAD" in failed(1, *promote(folder))


def test_report(folder: Path) -> None:
    """The schema software_update.promotion.v1, whole, of a release that is proven."""
    result = done(*promote(folder), "--at=none", f"--report={folder}/report.json")
    assert (result.out, result.err) == ("", "")
    verdict = json.loads(
        done(
            "bundle",
            "verify",
            f"{folder}/good.bundle",
            f"--trusted-root={folder}/root.pb",
            "--at=none",
            "--json",
        ).out
    )
    assert json.loads((folder / "report.json").read_text()) == {
        "schema": "software_update.promotion.v1",
        "promoted": True,
        "problem": "",
        "release": verdict,
        "targets_metadata": {
            "length": len(e.targets(CONTENTS, 7)),
            "sha256": sha256(e.targets(CONTENTS, 7)),
        },
        "payloads": [
            {"name": "app", "length": len(APP), "sha256": sha256(APP)},
            {"name": "boot", "length": len(BOOT), "sha256": sha256(BOOT)},
        ],
        "differences": [],
        "not_checked": ["of what was tested: signatures, root, expiry"],
    }


def test_proven_release_is_copied(folder: Path) -> None:
    before = workspace.snapshot(folder)
    done(*promote(folder), "-o", f"{folder}/out.bundle")
    assert workspace.snapshot(folder).keys() - before.keys() == {"out.bundle"}
    assert (folder / "out.bundle").read_bytes() == (folder / "good.bundle").read_bytes()


def test_the_order_of_the_envelope_does_not_matter(folder: Path) -> None:
    metadata = e.targets_entry(e.signed(e.targets(CONTENTS, 7), TARGETS_KEY_2))
    payloads = e.payload("boot", BOOT) + e.payload("app", APP)
    (folder / "tested.bundle").write_bytes(payloads + metadata)
    done(*promote(folder))


def test_the_tested_bundle_needs_no_good_signature(folder: Path) -> None:
    for signers in ([], [STRANGER]):
        (folder / "tested.bundle").write_bytes(e.bundle(CONTENTS, version=7, signers=signers))
        done(*promote(folder))


def test_a_user_manifest_is_a_payload_like_any_other(folder: Path) -> None:
    contents = {**CONTENTS, "user_manifest": USER_MANIFEST}
    (folder / "tested.bundle").write_bytes(dev_bundle(contents))
    (folder / "good.bundle").write_bytes(e.bundle(contents, version=7))
    done(*promote(folder))
    (folder / "tested.bundle").write_bytes(dev_bundle({**contents, "user_manifest": b"{}"}))
    assert "target 'user_manifest': length 94, tested was 2" in refused(folder)


def test_a_release_under_the_next_root(folder: Path) -> None:
    next_root = e.signed(e.root(2, [ROOT_KEY_2], [TARGETS_KEY]), ROOT_KEY, ROOT_KEY_2)
    (folder / "good.bundle").write_bytes(e.bundle(CONTENTS, version=7, signed_root=next_root))
    assert "  root 2, targets 7" in done(*promote(folder)).out.splitlines()


# --- what is not ---


@pytest.mark.parametrize(
    ("old", "said"),
    [
        (dev_bundle(CONTENTS, version=6), "targets metadata: version 7, tested was 6"),
        (
            dev_bundle(CONTENTS, expires=0),
            "targets metadata: expires never, tested was 1970-01-01T00:00:00Z",
        ),
        (dev_bundle({"app": APP}), "target 'boot': was not tested"),
        (dev_bundle({**CONTENTS, "more": b""}), "target 'more': is missing"),
        (
            dev_bundle({**CONTENTS, "app": OTHER_APP}),
            f"target 'app': sha256 {sha256(APP)}, tested was {sha256(OTHER_APP)}",
        ),
        (
            dev_bundle({**CONTENTS, "app": b"x", "boot": b"y"}, version=6),
            f"targets metadata: version 7, tested was 6; target 'app': length 12, tested was 1; "
            f"target 'app': sha256 {sha256(APP)}, tested was {sha256(b'x')}; "
            "and 2 more, see --report FILE.json",
        ),
    ],
    ids=["version", "expires", "new target", "lost target", "content", "much"],
)
def test_differences(folder: Path, old: bytes, said: str) -> None:
    (folder / "tested.bundle").write_bytes(old)
    assert refused(folder) == (
        f"good.bundle: not what was tested: {said}; release what was tested, or test this"
    )


def test_differences_in_the_report(folder: Path) -> None:
    """All of them, though the line names three."""
    (folder / "tested.bundle").write_bytes(dev_bundle({"app": b"x", "boot": b"y"}, version=6))
    failed(1, *promote(folder), f"--report={folder}/report.json")
    report = json.loads((folder / "report.json").read_text())
    assert report["release"]["verdict"] == "ACCEPT"
    assert (report["targets_metadata"], report["payloads"]) == (None, None)
    assert len(report["differences"]) == 5
    assert report["differences"][0] == {
        "subject": "targets metadata",
        "field": "version",
        "tested": 6,
        "release": 7,
    }


def test_tested_payload_that_differs_from_its_metadata(folder: Path) -> None:
    """Then the tested content is unknown."""
    good = dev_bundle(CONTENTS)
    for changed, said in (
        (good[:-1] + b"!", "HASH_MISMATCH: target 'boot': "),
        (good + e.payload("more", b""), "UNLISTED_PAYLOAD: target 'more': "),
        (good.removesuffix(e.payload("boot", BOOT)), "MISSING_PAYLOAD: target 'boot': "),
        (good[:-1], "MALFORMED: "),
        (good + e.number(9, 1), "UNEXPECTED_FIELD: "),
        (e.root_entry(DEV_ROOT) + e.payloads(CONTENTS), "MISSING_ROLE_METADATA: "),
    ):
        (folder / "tested.bundle").write_bytes(changed)
        assert refused(folder).startswith(f"tested.bundle: {said}")


def test_personalized_bundles(folder: Path) -> None:
    (folder / "installed").write_bytes(e.manifest(e.targets({"app": APP}, 6)))
    for name in ("tested", "good"):
        bundle = f"{folder}/{name}.bundle"
        small = f"{folder}/small.bundle"
        done("bundle", "personalize", bundle, f"--installed={folder}/installed", "-o", small)
        line = refused(folder, **{"old" if name == "tested" else "new": "small.bundle"})
        assert line == (
            "small.bundle: MISSING_PAYLOAD: target 'app': not in the bundle, nor installed; "
            "name a bundle that leaves nothing out"
        )


def test_releases_that_no_device_accepts(folder: Path) -> None:
    good = e.bundle(CONTENTS, version=7)
    for changed, verdict in (
        (dev_bundle(CONTENTS), Verdict.THRESHOLD_NOT_MET),
        (e.bundle(CONTENTS, version=7, signers=[]), Verdict.THRESHOLD_NOT_MET),
        (e.bundle(CONTENTS, version=7, signers=[STRANGER]), Verdict.THRESHOLD_NOT_MET),
        (good[:-1] + b"!", Verdict.HASH_MISMATCH),
        (good + e.number(9, 1), Verdict.UNEXPECTED_FIELD),
        (good + e.payload("more", b""), Verdict.UNLISTED_PAYLOAD),
        (b"", Verdict.MISSING_ROLE_METADATA),
    ):
        (folder / "good.bundle").write_bytes(changed)
        assert refused(folder).startswith(f"good.bundle: {verdict}: ")
        failed(1, *promote(folder), f"--report={folder}/report.json")
        report = json.loads((folder / "report.json").read_text())
        assert report["release"]["verdict"] == verdict
        (folder / "report.json").unlink()


def test_release_with_a_wrong_length_is_not_copied(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def copy(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr(bundle_promote, "copy_ranges", copy)
    signed = e.targets_entry(e.signed(e.targets({"app": APP}), TARGETS_KEY))
    (folder / "longer").write_bytes(signed + e.payload("app", APP + b"!"))
    line = failed(1, *promote(folder, new="longer"), "-o", f"{folder}/out.bundle")
    assert f"{folder}/longer: LENGTH_MISMATCH: target 'app': {len(APP) + 1} bytes" in line
    (folder / "unsigned").write_bytes(
        e.targets_entry(e.signed(e.targets({"app": APP}))) + e.payload("app", APP)
    )
    line = failed(1, *promote(folder, new="unsigned"), "-o", f"{folder}/out.bundle")
    assert f"{folder}/unsigned: THRESHOLD_NOT_MET: targets metadata: " in line


def test_expiry(folder: Path) -> None:
    (folder / "tested.bundle").write_bytes(dev_bundle(CONTENTS, expires=1000))
    (folder / "good.bundle").write_bytes(e.bundle(CONTENTS, version=7, expires=1000))
    assert refused(folder).startswith("good.bundle: TARGETS_EXPIRED: ")
    assert refused(folder, "--at=1970-01-01T00:16:40Z").startswith("good.bundle: TARGETS_EXPIRED: ")
    for at in ("none", "1970-01-01T00:16:39Z"):
        done(*promote(folder), f"--at={at}")


# --- dev keys ---


def test_a_throw_away_root(folder: Path) -> None:
    """A bundle with DEV KEYS is not a release, for every tested bundle and every place of the mark."""
    keys = tree.DEV_KEYS / "throwaway_dev"
    public = [f"--root-key={keys}_root_key.pem.pub", f"--targets-key={keys}_targets_key.pem.pub"]
    root = f"{folder}/root.pb"
    done("root", "create", "--version=1", *public, "-o", root)
    done("root", "sign", root, f"--dev-signing-key={keys}_root_key.pem")
    key = f"--dev-signing-key={keys}_targets_key.pem"
    create = workspace.create_args(folder, "good.bundle")
    done(*[key if each.startswith("--dev-signing-key") else each for each in create])
    line = refused(folder)
    assert line == (
        "good.bundle: DEV KEYS: anyone can sign this, by root version 1; release under another root"
    )


def test_roots_that_say_so_of_themselves(folder: Path) -> None:
    """The trusted one, one of the chain, and the last: one is enough."""
    dev, plain = (
        {version: e.root(version) + flag for version in (1, 2, 3)}
        for flag in (e.number(255, 1), b"")
    )
    for number in (1, 2, 3):
        roots = [(dev if each == number else plain)[each] for each in (1, 2, 3)]
        first, second, third = (e.signed(each, ROOT_KEY) for each in roots)
        (folder / "root.pb").write_bytes(first)
        bundle = e.chain(second) + e.bundle(CONTENTS, version=7, signed_root=third)
        (folder / "good.bundle").write_bytes(bundle)
        done("bundle", "verify", f"{folder}/good.bundle", f"--trusted-root={folder}/root.pb")
        assert f", by root version {number};" in refused(folder)


def test_dev_key_next_to_enough_other_keys(folder: Path) -> None:
    dev_id = read_public_key(f"{tree.DEV_KEYS}/throwaway_dev_targets_key.pem.pub").key_id
    content = e.targets(CONTENTS, 7)
    stray = e.blob(1, dev_id) + e.blob(2, bytes(64))
    signed = e.signed_of(content, [e.signature(content, TARGETS_KEY), stray])
    bundle = e.root_entry(RELEASE_ROOT) + e.targets_entry(signed) + e.payloads(CONTENTS)
    (folder / "good.bundle").write_bytes(bundle)
    done("bundle", "verify", f"{folder}/good.bundle", f"--trusted-root={folder}/root.pb")
    assert refused(folder) == (
        f"good.bundle: dev key {dev_id.hex()[:16]} has signed it; leave that signature out"
    )


# --- files ---


def test_files_that_cannot_be(folder: Path) -> None:
    before = workspace.snapshot(folder)
    bundle = f"{folder}/good.bundle"
    assert "No such file" in failed(3, *promote(folder, old="none"))
    assert "No such file" in failed(3, *promote(folder, new="none"))
    assert "not a root to trust" in failed(3, *promote(folder), f"--trusted-root={bundle}")
    assert "is not a date" in failed(2, *promote(folder), "--at=tomorrow")
    (folder / "link").symlink_to("good.bundle")
    for name in ("good.bundle", "link"):
        assert "both bundles are this file" in failed(2, *promote(folder, old=name))
    (folder / "link").unlink()
    for name in ("good.bundle", "tested.bundle", "root.pb"):
        for option in ("--output", "--report"):
            line = failed(2, *promote(folder), f"{option}={folder}/{name}")
            assert "would replace the input" in line
    assert "its folder does not exist" in failed(3, *promote(folder), "-o", f"{folder}/no/out")
    out = f"{folder}/out"
    assert "need a file each" in failed(2, *promote(folder), "-o", out, f"--report={out}")
    assert workspace.snapshot(folder) == before


@pytest.mark.parametrize("in_place", [True, False])
def test_a_release_that_changes_while_it_is_judged(
    folder: Path, monkeypatch: pytest.MonkeyPatch, in_place: bool
) -> None:
    """Without -o, other programs open the path again: it must still name the file that was judged."""
    release = folder / "good.bundle"
    other, judge = dev_bundle({"app": OTHER_APP}), bundle_file.verify_file

    def then_change(*args: object) -> object:
        verified = judge(*args)  # type: ignore[arg-type]
        if in_place:
            release.write_bytes(other)
        else:
            (folder / "other").write_bytes(other)
            (folder / "other").rename(release)
        return verified

    monkeypatch.setattr("software_update.verify.promote.verify_file", then_change)
    good = release.read_bytes()
    assert failed(3, *promote(folder), f"--report={folder}/report") == (
        f"{release}: changed while it was read; let its writer finish and try again, or add -o OUT "
        "and release that file"
    )
    assert not (folder / "report").exists()
    release.write_bytes(good)
    done(*promote(folder), "-o", f"{folder}/out.bundle")
    assert (folder / "out.bundle").read_bytes() == good


def test_no_release_without_its_report(folder: Path) -> None:
    out = folder / "out.bundle"
    result = call(*promote(folder), "-o", out, f"--report={folder}/no/report.json")
    assert "its folder does not exist" in error_line(result)
    assert not out.exists()


def test_older_output_stays_if_the_release_is_not_proven(folder: Path) -> None:
    (folder / "out.bundle").write_bytes(b"older")
    (folder / "tested.bundle").write_bytes(dev_bundle(CONTENTS, version=6))
    refused(folder)
    assert (folder / "out.bundle").read_bytes() == b"older"


def test_large_payloads_are_not_held_in_memory(folder: Path) -> None:
    with open(folder / "large", "wb") as file:
        file.truncate(200 * MIB)
    for name, root_key, targets_key in (
        ("tested", "root2", "targets2"),
        ("good", "root", "targets"),
    ):
        root = f"{folder}/{name}.pb"
        public = [
            f"--root-key={folder}/{root_key}.pem.pub",
            f"--targets-key={folder}/{targets_key}.pem.pub",
        ]
        done("root", "create", "--version=1", *public, "-o", root)
        done("root", "sign", root, f"--dev-signing-key={folder}/{root_key}.pem")
        create = [
            "bundle",
            "create",
            "--version=7",
            f"--target=large={folder}/large",
            f"--root={root}",
        ]
        create += [f"--dev-signing-key={folder}/{targets_key}.pem", "-o", f"{folder}/{name}.bundle"]
        done(*create)
    args = [*promote(folder), "-o", f"{folder}/out.bundle"]
    assert peak_bytes([*args, f"--trusted-root={folder}/good.pb"]) < 50 * MIB
