"""Tests of release_list.py."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from software_update.base.errors import InputError, SoftwareUpdateError, UsageError
from software_update.format.release_manifest import ReleaseManifest, build_release
from software_update.steps.release_list import (
    ListedBundle,
    RejectedBundle,
    ReleaseList,
    build,
    check_release_list,
    read,
)
from software_update.testing import encode as e
from software_update.testing.signers import ROOT_KEY, STRANGER, TARGETS_KEY


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes a folder with a root the current one."""
    monkeypatch.chdir(tmp_path)
    Path("root.pb").write_bytes(e.signed(e.root(), ROOT_KEY))


def contents(counter: int, version: str = "", product: str = "clock") -> dict[str, bytes]:
    manifest = ReleaseManifest(product, version or f"1.{counter}", counter)
    return {"user_manifest": build_release(manifest), "app": b"app", "boot": b"%d" % counter}


def write(
    name: str, of: dict[str, bytes], version: int = 1, signer: int = TARGETS_KEY
) -> ListedBundle:
    """Writes a whole bundle, and the installed manifest of a device with it."""
    Path(name).write_bytes(e.bundle(of, version=version, signers=[signer]))
    targets = e.targets(of, version)
    Path(f"{name}.installed").write_bytes(e.manifest(targets, of.get("user_manifest")))
    return ListedBundle(name)


def personalized(name: str, of: dict[str, bytes], base: str) -> ListedBundle:
    """Writes a bundle of version 2 without the target `app`, which devices with `base` have."""
    left = {each: content for each, content in of.items() if each != "app"}
    targets = e.targets_entry(e.signed(e.targets(of, 2), TARGETS_KEY))
    root = e.root_entry(Path("root.pb").read_bytes())
    Path(name).write_bytes(root + targets + e.payloads(left))
    return ListedBundle(name, base)


def release_list(*bundles: ListedBundle, channel: str = "stable") -> ReleaseList:
    return ReleaseList(channel, "root.pb", bundles)


def error_of(*bundles: ListedBundle) -> str:
    with pytest.raises(InputError) as raised:
        check_release_list(release_list(*bundles))
    return str(raised.value)


def test_accepts_releases_in_their_order_and_a_personalized_bundle() -> None:
    first, second = write("1.bundle", contents(1)), write("2.bundle", contents(2), 2)
    small = personalized("small.bundle", contents(2), "1.bundle.installed")
    checked = check_release_list(release_list(first, second, small))
    one, two = (hashlib.sha256(e.targets(contents(each), each)).hexdigest() for each in (1, 2))
    assert [each.release for each in checked.bundles] == [one, two, two]
    check_release_list(release_list(first, second, small._replace(base="1.bundle")))


def test_personalized_bundle_is_verified_for_its_base() -> None:
    second = write("2.bundle", contents(2), 2)
    write("other.bundle", {**contents(1), "app": b"other"})
    for base in (None, "other.bundle.installed"):
        small = personalized("small.bundle", contents(2), "")._replace(base=base)
        with pytest.raises(
            RejectedBundle, match=r"^small\.bundle: MISSING_PAYLOAD: target 'app': "
        ):
            check_release_list(release_list(second, small))


def test_refuses_a_bundle_that_devices_reject() -> None:
    bundle = write("1.bundle", contents(1), signer=STRANGER)
    with pytest.raises(RejectedBundle, match=r"^1\.bundle: THRESHOLD_NOT_MET: targets metadata: "):
        check_release_list(release_list(bundle))


@pytest.mark.parametrize(
    ("second", "message"),
    [
        (contents(2, product="lamp"), "2.bundle: is of the product 'lamp', and another bundle of "),
        (contents(2, "1.1"), "2.bundle: has the version of another release, '1.1'; give each"),
        (contents(1, "1.2"), "2.bundle: release counter 1 is not above 1; list the oldest"),
    ],
)
def test_refuses_releases_that_do_not_follow(second: dict[str, bytes], message: str) -> None:
    error = error_of(write("1.bundle", contents(1)), write("2.bundle", second, 2))
    assert error.startswith(message)
    assert error.endswith(" (1.bundle)")


def test_refuses_a_bundle_without_a_release_manifest() -> None:
    error = error_of(write("1.bundle", {"app": b"app"}))
    assert error.startswith("1.bundle: has no release manifest, by which devices choose")


def test_refuses_a_personalized_bundle_without_the_whole_one() -> None:
    first = write("1.bundle", contents(1))
    small = personalized("small.bundle", contents(2), "1.bundle")
    assert error_of(first, small).startswith(
        "small.bundle: a personalized bundle of a release that"
    )


def test_refuses_a_channel_that_is_not_valid() -> None:
    bundle = write("1.bundle", contents(1))
    with pytest.raises(UsageError, match="channel 'Stable': must have 1 to 32"):
        check_release_list(release_list(bundle, channel="Stable"))


def test_reads_what_it_builds_from_any_folder() -> None:
    Path("out/gen").mkdir(parents=True)
    bundles = (ListedBundle("obj/2.bundle"), ListedBundle("obj/s.bundle", "out/1.pb", "a" * 64))
    lists = [
        ReleaseList("stable", "root.pb", bundles),
        ReleaseList("stable", "root.pb", bundles, "root.json"),
    ]
    for each in lists:
        Path("out/gen/p.json").write_bytes(build(each, "out/gen"))
        found = read("out/gen/p.json")
        assert found.trusted_root == "out/gen/../../root.pb"
        assert found.bundles[1] == ("out/gen/../../obj/s.bundle", "out/gen/../1.pb", "a" * 64)
        assert found.bundles[0].release is None
        assert build(found, "out/gen") == build(each, "out/gen")
    assert b'"file": "obj/2.bundle"' in build(lists[0], "")


def changed(change: Callable[[str], str]) -> str:
    content = build(release_list(ListedBundle("a.bundle", "b.pb", "c" * 64)), "").decode()
    assert change(content) != content
    return change(content)


@pytest.mark.parametrize(
    "change",
    [
        lambda text: "[]",
        lambda text: "{",
        lambda text: text.replace("release_list.v1", "release_list.v2"),
        lambda text: text.replace('"stable"', "1"),
        lambda text: text.replace('"root.pb"', "1"),
        lambda text: text.replace('"a.bundle"', '""'),
        lambda text: text.replace('"b.pb"', "null"),
        lambda text: text.replace('"ccc', '"CCC'),
        lambda text: text.replace(f'"{"c" * 64}"', "null"),
        lambda text: text.replace('"file"', '"path"'),
        lambda text: text.replace('"bundles"', '"files"'),
        lambda text: text.replace('"channel"', '"repository_root": 1, "channel"'),
    ],
)
def test_refuses_other_files(change: Callable[[str], str]) -> None:
    Path("p.json").write_text(changed(change))
    with pytest.raises(SoftwareUpdateError, match=r"p\.json: is not a release list \(software_upd"):
        read("p.json")
