"""Roots over the years, and what devices make of bundles."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import pytest
from gn_tree import IMPORT, Tree, actions, failure, make_tree
from software_update.cli.main import main

# Three roots, of which each is signed by its own root key and the one before; a release under each.
YEARS = f"""{IMPORT}
foreach(year, [ 1, 2, 3 ]) {{
  software_update_root("root_$year") {{
    version = year
    root_keys = [ "keys/root_$year.pub" ]
    targets_keys = [ "keys/targets.pub" ]
    dev_signing_keys = [ "keys/throwaway_root_$year" ]
    if (year > 1) {{
      _last = year - 1
      previous = ":root_$_last"
      dev_signing_keys += [ "keys/throwaway_root_$_last" ]
    }}
  }}

  software_update_release_manifest("manifest_$year") {{
    product = "clock, \\"wall\\" & 'tower'"
    release_version = "1.$year"
    release_counter = year
    hardware_ids = [ "board a", "board_b" ]
    notes = "notes.txt"
    kind = "both"
    severity = "high"
    advisories = [ "advisories.json" ]
    duration = 90
    unavailable_functions = [ "alarm, \\"snooze\\"", "100 %" ]
    reversible = year == 1
    texts = [
      {{
        language = "de"
        file = "texts_de.json"
      }},
    ]
    claims = [ "claims.json" ]
    attachments = [ "keys/targets.pub" ]
    support_until = "2031-01-01T00:00:00Z"
  }}

  software_update_bundle("release_$year") {{
    targets = [
      "app_$year.bin > app",
      "boot.bin > boot",
    ]
    user_manifest = ":manifest_$year"
    version = year
    dev_root = ":root_$year"
    dev_signing_keys = [ "keys/throwaway_targets" ]
  }}

  software_update_attachment("attachment_$year") {{
    bundle = ":release_$year"
    file = "keys/targets.pub"
    public_keys = [ "keys/targets.pub" ]
  }}
}}
"""


CLAIM = {"component": "the clock", "area": "application", "reach": ["actuators"]}


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the keys of all years."""
    folder = tmp_path_factory.mktemp("keys")
    for name in ("root_1", "root_2", "root_3", "targets"):
        assert main(["key", "generate", str(folder / f"throwaway_{name}")]) == 0
        (folder / f"throwaway_{name}.pub").rename(folder / f"{name}.pub")
    return folder


@pytest.fixture
def unbuilt_years(tree: Tree, keys: Path) -> Tree:
    """A tree with the keys and files of all years, of which nothing is built."""
    return write_years(tree, keys)


@pytest.fixture(scope="module")
def years_before(
    tmp_path_factory: pytest.TempPathFactory, gn: str, python: Path, keys: Path
) -> Tree:
    """A tree whose roots and bundles are built, but not checked or verified."""
    top = tmp_path_factory.mktemp("years_before") / "tree"
    tree = write_years(make_tree(top, gn, python), keys)
    generate(tree, "")
    files = [f":{kind}_{year}.file" for kind in ("root", "release") for year in (1, 2, 3)]
    ran = tree.build(*files)
    assert not [label for label in ran if label.endswith(("._check", "._verify"))]
    return tree


@pytest.fixture
def years(years_before: Tree, tmp_path: Path) -> Tree:
    """A copy of the tree whose roots and bundles are built, but not checked or verified."""
    return years_before.copy(tmp_path / "years")


def write_years(tree: Tree, keys: Path) -> Tree:
    """Writes the keys and files of all years."""
    shutil.copytree(keys, tree.top / "keys")
    tree.write({f"app_{year}.bin": f"app {year}" for year in (1, 2, 3)})
    tree.write({"boot.bin": "boot", "notes.txt": "Chimes.\n"})
    advisory = {"id": "CVE-2031-1", "severity": "low", "text": "Chimes overflow."}
    tree.write({"advisories.json": json.dumps([advisory])})
    tree.write({"texts_de.json": json.dumps({"notes": "Schlägt."})})
    tree.write({"claims.json": json.dumps({"app": CLAIM})})
    return tree


def generate(tree: Tree, more: str, args: str = "") -> None:
    """Generates the build folder, with more in the BUILD.gn."""
    tree.write({"BUILD.gn": YEARS + more})
    tree.set_args(args)
    tree.gen()


def judged(name: str, text: str, template: str = "bundle_test") -> str:
    """A template that judges release_3; `text` is on one line."""
    bundle = "" if "bundle =" in text else 'bundle = ":release_3"'
    return f'software_update_{template}("{name}") {{ {bundle} {text} }}\n'


# --- roots ---


def test_chain(years: Tree) -> None:
    generate(years, judged("sleeper", 'trusted_root = ":root_1" installed = ":release_1"'))
    assert "//:root_2._check" not in years.build(":release_3", ":sleeper")
    years.software_update(
        *("bundle", "create", "--version=3", "--target", "app=app_3.bin", "boot=boot.bin"),
        "--user-manifest=out/gen/manifest_3.json",
        *("--root-chain=out/obj/root_2.root.pb", "--root=out/obj/root_3.root.pb"),
        *("--dev-signing-key=keys/throwaway_targets", "--output=by_hand.bundle"),
    )
    assert (years.top / "by_hand.bundle").read_bytes() == years.read("obj/release_3.bundle")


def test_verification_starts_from_the_root_before(years: Tree) -> None:
    generate(years, "")
    assert trusted_roots(years) == [1, 1, 2]
    years.replace("BUILD.gn", "dev_root = ", 'trusted_root = ":root_1"\n    dev_root = ')
    assert trusted_roots(years) == [1, 1, 1]


def test_verification_starts_from_the_last_root_of_root_chain(years: Tree) -> None:
    generate(years, "")
    copy = 'root_chain = [ "root_2.pb" ]\n    dev_root = ":root_3"'
    years.write({"root_2.pb": years.read("obj/root_2.root.pb")})
    years.replace("BUILD.gn", 'dev_root = ":root_$year"', copy)
    years.build(":release_3")
    command = years.ninja("-t", "commands", "-s", "gen/release_3.verdict.json").stdout
    assert " --trusted-root ../root_2.pb" in command
    # With an empty chain, it starts from the root before.
    years.replace("BUILD.gn", '[ "root_2.pb" ]', "[]")
    years.build(":release_3")
    assert json.loads(years.read("gen/release_3.verdict.json"))["trusted_root_version"] == 2


def trusted_roots(tree: Tree) -> list[int]:
    """Builds the releases, and returns the versions of the roots that their verification starts from."""
    names = [f"release_{year}" for year in (1, 2, 3)]
    tree.build(*(f":{name}" for name in names))
    reports = [json.loads(tree.read(f"gen/{name}.verdict.json")) for name in names]
    return [report["trusted_root_version"] for report in reports]


def test_root_of_the_chain_changes(years: Tree) -> None:
    generate(years, "")
    years.build(":release_3", ":root_3")
    expires = 'if (year == 2) {\n expires = "2099-01-01T00:00:00Z"\n}\n'
    years.replace("BUILD.gn", "    version = year\n    root", f"    version = year\n{expires}root")
    assert years.build(":release_3", ":root_3") == [
        *("//:release_3._verify", "//:release_3.file"),
        *("//:root_2.file", "//:root_2.unsigned", "//:root_3._check"),
    ]


def by_path(years: Tree, root_chain: str) -> None:
    """Replaces each `previous` by a file, and gives the releases a root_chain."""
    for year in (1, 2):
        years.write({f"root_{year}.pb": years.read(f"obj/root_{year}.root.pb")})
    years.replace("BUILD.gn", '":root_$_last"', '"root_$_last.pb"')
    years.replace("BUILD.gn", "    dev_root = ", f"    {root_chain}\n    dev_root = ")


def test_roots_by_path(years: Tree) -> None:
    generate(years, "")
    years.build(":release_3")
    expected = years.read("obj/release_3.bundle")
    by_path(years, 'root_chain = [ "root_2.pb" ]')
    years.build(":release_3", ":root_3")
    assert years.read("obj/release_3.bundle") == expected


def test_previous_that_is_a_file_needs_root_chain(years: Tree) -> None:
    generate(years, "")
    expected = years.read("obj/release_2.bundle")
    by_path(years, "")
    log = years.build_fails(":release_1", ":release_2")
    assert failure(log) == [
        "software-update: //:root_2: previous is a file, ../root_1.pb, so the build does not know the"
        " roots before it; write root_chain into the bundle, or a label into previous"
    ]
    # The first root has no previous.
    assert "//:release_1._verify" in actions(log)
    years.replace("BUILD.gn", "    dev_root = ", "    root_chain = []\n    dev_root = ")
    years.build(":release_2")
    assert years.read("obj/release_2.bundle") == expected


def test_previous_of_another_toolchain(years: Tree) -> None:
    generate(years, "")
    expected = years.read("obj/release_3.bundle")
    years.replace("BUILD.gn", '":root_$_last"', '":root_$_last(//build:device)"')
    years.replace("BUILD.gn", '":root_$year"', '":root_$year(//build:device)"')
    years.build(":release_3")
    assert years.read("obj/release_3.bundle") == expected


def test_root_is_checked_against_the_one_before(years: Tree) -> None:
    generate(years, "")
    assert "//:root_3._check" in years.build(":root_3")
    assert json.loads(years.read("gen/root_3.check.json"))["complete"] is True


def test_root_that_skips_a_version(years: Tree) -> None:
    generate(years, "")
    years.replace("BUILD.gn", "_last = year - 1", "_last = 1")
    log = years.build_fails(":root_3")
    [line] = failure(log)
    assert line.startswith("software-update: ROOT_VERSION_GAP: obj/root_3.root.pb: ")
    # The file is there, for the bundle of a device that has root 2.
    years.build(":root_3.file")


def test_root_that_lacks_signatures_is_reported(years: Tree) -> None:
    generate(years, "")
    years.replace("BUILD.gn", 'dev_signing_keys += [ "keys/throwaway_root_$_last" ]', "")
    done = years.ninja(":root_2")
    assert done.returncode == 0
    assert "the previous root's keys: 0 signed, 1 must" in done.stdout
    assert json.loads(years.read("gen/root_2.check.json"))["complete"] is False


# --- release manifests ---


def test_release_manifest(unbuilt_years: Tree) -> None:
    years = unbuilt_years
    generate(years, "")
    assert years.build(":manifest_2") == ["//:manifest_2"]
    key = (years.top / "keys/targets.pub").read_bytes()
    assert json.loads(years.read("gen/manifest_2.json")) == {
        "schema": "software_update.release.v1",
        "product": "clock, \"wall\" & 'tower'",
        "version": "1.2",
        "release_counter": 2,
        "hardware_ids": ["board a", "board_b"],
        "kind": "both",
        "severity": "high",
        "advisories": [{"id": "CVE-2031-1", "severity": "low", "text": "Chimes overflow."}],
        "duration": 90,
        "unavailable_functions": ['alarm, "snooze"', "100 %"],
        "reversible": False,
        "support_until": "2031-01-01T00:00:00Z",
        "notes": "Chimes.\n",
        "texts": {"de": {"notes": "Schlägt."}},
        "targets": {"app": CLAIM},
        "attachments": [
            {
                "name": "targets.pub",
                "length": len(key),
                "sha256": hashlib.sha256(key).hexdigest(),
            }
        ],
    }
    years.write({"claims.json": "{}\n"})
    assert years.build(":manifest_2") == ["//:manifest_2"]
    (years.top / "keys/targets.pub").write_bytes(b"another file")
    assert years.build(":manifest_2") == ["//:manifest_2"]
    years.write({"advisories.json": "[]\n"})
    assert years.build(":manifest_2") == ["//:manifest_2"]
    years.write({"texts_de.json": "{}\n"})
    assert years.build(":manifest_2") == ["//:manifest_2"]
    years.write({"notes.txt": "Chimes louder.\n"})
    assert years.build(":manifest_2") == ["//:manifest_2"]


def test_attachment_is_next_to_its_bundle(unbuilt_years: Tree) -> None:
    years = unbuilt_years
    generate(years, "")
    assert "//:attachment_2" in years.build(":attachment_2")
    listed = (years.top / "keys/targets.pub").read_bytes()
    laid = years.out / "obj/release_2.bundle.attachments/targets.pub"
    assert laid.read_bytes() == listed


def test_shortest_release_manifest(tree: Tree) -> None:
    text = 'product = "clock" release_version = "1" release_counter = 2 minimum_release_counter = 1'
    tree.write({"BUILD.gn": f'{IMPORT}software_update_release_manifest("x") {{ {text} }}\n'})
    tree.gen()
    tree.build(":x")
    assert json.loads(tree.read("gen/x.json"))["minimum_release_counter"] == 1


# --- what devices make of bundles ---


ACCEPTED = (
    'trusted_root = ":root_1"',
    'trusted_root = ":root_3" installed = ":release_1" expect = "ACCEPT"',
    'trusted_root = ":root_2" installed = ":release_2" hardware_id = "board a"',
    'trusted_root = ":root_2" at = "2030-01-01T00:00:00Z" expect = "accept"',
    'bundle = ":release_1" trusted_root = ":root_3" expect = "THRESHOLD_NOT_MET"',
    'trusted_root = ":root_3" hardware_id = "board_c" expect = "WRONG_HARDWARE"',
    'bundle = "$target_out_dir/release_3.bundle" trusted_root = "$target_out_dir/root_2.root.pb"'
    ' installed = "$target_gen_dir/release_1.installed.pb"'
    ' deps = [ ":release_3.file", ":root_2.file", ":release_1.installed" ]',
    'bundle = ":release_3(//build:device)" trusted_root = ":root_1(//build:device)"'
    ' installed = ":release_1(//build:device)"',
)


def test_passes(years: Tree) -> None:
    names = [f"test_{index}" for index in range(len(ACCEPTED))]
    generate(years, "".join(map(judged, names, ACCEPTED)))
    done = years.ninja(*(f":{name}" for name in names))
    assert done.returncode == 0, done.stdout
    # The bundles of these years need a chain of roots, and the tool warns that Pigweed's client has none.
    assert "software-update:" not in done.stdout.replace("software-update: warning:", "")
    ran = actions(done.stdout)
    assert {f"//:{name}" for name in names} <= set(ran)
    assert "//:release_3._verify" not in ran
    for name, text in zip(names, ACCEPTED, strict=True):
        report = json.loads(years.read(f"gen/{name}.verdict.json"))
        accepted = "expect" not in text or "ACC" in text.upper()
        assert (report["verdict"] == "ACCEPT") == accepted, text


def test_expiry(years: Tree) -> None:
    years.replace(
        "BUILD.gn", "    root_keys", '    expires = "2031-01-01T00:00:00Z"\n    root_keys'
    )
    files = 'bundles = [ ":release_1" ] roots = [ ":root_2" ]'
    expiry = f'software_update_expiry_test("NAME") {{ {files} at = "AT" }}\n'
    text = years.top.joinpath("BUILD.gn").read_text()
    for name, at in (("lasts", "2030-01-01T00:00:00Z"), ("ends", "2030-12-15T00:00:00Z")):
        text += expiry.replace("NAME", name).replace("AT", at)
    years.write({"BUILD.gn": text})
    years.gen()
    assert "//:lasts" in years.build(":lasts")
    report = json.loads(years.read("gen/lasts.expiry.json"))
    assert [each["file"] for each in report["files"]] == [
        "obj/release_1.bundle",
        "obj/root_2.root.pb",
    ]
    *_, line = failure(years.build_fails(":ends"))
    assert line.startswith(
        "software-update: obj/release_1.bundle: root version 1, obj/root_2.root.pb: "
    )


REFUSED = (
    (
        'bundle = ":release_1" trusted_root = ":root_3"',
        "obj/release_1.bundle: expected ACCEPT, got THRESHOLD_NOT_MET: ",
    ),
    (
        'trusted_root = ":root_1" expect = "TARGETS_ROLLBACK"',
        "obj/release_3.bundle: expected TARGETS_ROLLBACK, got ACCEPT: root 3, targets 3, 3 targets",
    ),
    ('trusted_root = ":root_1" expect = "REFUSED"', "--expect: 'REFUSED' is not a verdict; "),
)


def test_fails(years: Tree) -> None:
    names = [f"test_{index}" for index in range(len(REFUSED))]
    texts = [text for text, _ in REFUSED]
    generate(years, "".join(map(judged, names, texts)))
    for name, (_, message) in zip(names, REFUSED, strict=True):
        for _ in range(2):
            log = years.build_fails(f":{name}")
            assert f"//:{name}" in actions(log)
            [line] = failure(log)
            assert line.startswith(f"software-update: {message}")


def test_time_on_the_device(years: Tree) -> None:
    generate(
        years,
        judged("before", 'trusted_root = ":root_1" at = "2029-01-01T00:00:00Z"')
        + judged("after", 'trusted_root = ":root_1" at = "2031-01-01T00:00:00Z"'),
    )
    years.replace(
        "BUILD.gn",
        "version = year\n    dev",
        'version = year\n    expires = "2030-01-01T00:00:00Z"\n    dev',
    )
    years.build(":before")
    [line] = failure(years.build_fails(":after"))
    assert "expected ACCEPT, got TARGETS_EXPIRED" in line


def test_test_runs_again(years: Tree) -> None:
    generate(years, judged("test", 'trusted_root = ":root_1" installed = ":release_1"'))
    years.build(":test")
    new = {f"//:release_3.{each}" for each in ("_digest_0", "_targets", "_sign", "file")}
    years.write({"app_3.bin": "more"})
    assert set(years.build(":test")) == new | {"//:test"}
    old = {f"//:release_1.{each}" for each in ("_digest_0", "_targets", "_sign", "file", "_verify")}
    years.write({"app_1.bin": "more"})
    assert set(years.build(":test")) == old | {"//:test"}
    years.replace("BUILD.gn", ':root_1" installed', ':root_2" installed')
    assert years.build(":test") == ["//:test"]


# --- personalized bundles ---


SMALLER = 'trusted_root = ":root_1" installed = ":release_1"'


def test_personalized_bundle(years: Tree) -> None:
    device = 'bundle = ":smaller" trusted_root = ":root_1"'
    generate(
        years,
        judged("smaller", SMALLER, "personalized_bundle")
        + judged("takes", f'{device} installed = ":release_1"')
        + judged("lacks", f'{device} expect = "MISSING_PAYLOAD"'),
    )
    assert "//:smaller._verify" in years.build(":smaller", ":takes", ":lacks")
    described = json.loads(
        years.software_update("bundle", "inspect", "--json", "out/obj/smaller.bundle")
    )
    assert [each["name"] for each in described["payloads"]] == ["user_manifest", "app"]
    assert years.build(":smaller.file") == []
    years.write({"app_3.bin": "more"})
    assert {"//:smaller.file", "//:smaller._verify"} < set(years.build(":smaller"))


def test_diff(years: Tree) -> None:
    text = 'old = ":release_1" new = ":release_3" trusted_root = ":root_1"'
    generate(years, f'software_update_diff("differs") {{ {text} }}\n')
    assert "//:differs" in years.build(":differs")
    report = json.loads(years.read("obj/differs.json"))
    assert (report["verified"], report["differ"]) == (True, True)
    shown = years.read("obj/differs.txt").decode().splitlines()
    assert shown[0] == "verified: a device that runs release_1.bundle accepts release_3.bundle"
    years.set_args('software_update_signing = "unsigned"')
    years.build(":differs")
    assert years.read("obj/differs.txt").startswith(b"NOT VERIFIED: ")


def test_release_page(years: Tree) -> None:
    text = 'bundle = ":release_3" trusted_root = ":root_1" previous = ":release_1" language = "de"'
    text += ' attachments = [ "keys/targets.pub" ]'
    generate(years, judged("page", text, "release_page"))
    assert "//:page" in years.build(":page", ":page.json", ":page.text")
    described = json.loads(years.read("obj/page.json"))
    assert (described["verified"], described["file"]) == (True, "release_3.bundle")
    assert described["previous"]
    present = {each["name"]: each["present"] for each in described["files"]}
    assert present == {"targets.pub": True}
    assert '<html lang="de">' in years.read("obj/page.html").decode()
    assert "Geprüft" in years.read("obj/page.txt").decode()


def test_personalized_bundle_by_path(years: Tree) -> None:
    text = (
        'bundle = "$target_out_dir/release_3.bundle" trusted_root = "root_1.pb"'
        ' installed = "installed.pb" deps = [ ":release_3.file" ]'
    )
    by_path = judged("by_path", text, "personalized_bundle")
    generate(years, judged("smaller", SMALLER, "personalized_bundle") + by_path)
    years.build(":smaller")
    years.write(
        {
            "root_1.pb": years.read("obj/root_1.root.pb"),
            "installed.pb": years.read("gen/release_1.installed.pb"),
        }
    )
    assert years.build(":by_path") == ["//:by_path._verify", "//:by_path.file"]
    assert years.read("obj/by_path.bundle") == years.read("obj/smaller.bundle")


def test_personalized_bundle_that_devices_reject(years: Tree) -> None:
    text = 'bundle = ":release_2" trusted_root = ":root_3" installed = ":release_3"'
    generate(years, judged("older", text, "personalized_bundle"))
    log = years.build_fails(":older")
    assert "//:older._verify" in actions(log)
    assert "THRESHOLD_NOT_MET" in log


# --- repositories ---


REPOSITORY = """software_update_repository("published") {
  releases = [ RELEASES ]
  channel = "stable"
  trusted_root = ":root_1"
  MORE
}
"""
_ALL = '":release_1", ":release_2", ":release_3"'
FOR_TWO = 'personalized_for = [ ":release_1", ":release_2" ]'


def published(more: str = "", releases: str = _ALL) -> str:
    """A repository of the releases, of all years by default."""
    return REPOSITORY.replace("RELEASES", releases).replace("MORE", more)


def release_digest(years: Tree, year: int) -> str:
    """Returns the SHA-256 of the targets metadata of a release, without signatures."""
    return hashlib.sha256(
        years.read(f"gen/release_{year}.targets_metadata.unsigned.pb")
    ).hexdigest()


def test_release_list(years: Tree) -> None:
    years.write({"repository.json": "{}"})
    generate(years, published(FOR_TWO + ' repository_root = "repository.json"'))
    assert years.build(":published") == [
        *("//:published", "//:published._personalize_1", "//:published._personalize_2"),
        *("//:release_1._verify", "//:release_2._verify"),
    ]
    small = "../obj/published.release_list/personalized"
    assert json.loads(years.read("gen/published.release_list.json")) == {
        "schema": "software_update.release_list.v1",
        "channel": "stable",
        "trusted_root": "../obj/root_1.root.pb",
        "repository_root": "../../repository.json",
        "bundles": [
            *(
                {"file": f"../obj/release_{year}.bundle", "release": release_digest(years, year)}
                for year in (1, 2, 3)
            ),
            *(
                {
                    "file": f"{small}_{year}.bundle",
                    "base": f"release_{year}.installed.pb",
                    "release": release_digest(years, 3),
                }
                for year in (1, 2)
            ),
        ],
    }
    described = json.loads(
        years.software_update(
            *(
                "bundle",
                "inspect",
                "--json",
                "out/obj/published.release_list/personalized_1.bundle",
            ),
        )
    )
    assert [each["name"] for each in described["payloads"]] == ["user_manifest", "app"]
    years.write({"app_1.bin": "more"})
    assert "//:published" in years.build(":published")


def test_release_list_by_path(years: Tree) -> None:
    releases = '"$target_out_dir/release_3.bundle"'
    generate(years, published('deps = [ ":release_3.file" ]', releases))
    assert years.build(":published") == ["//:published"]


def test_release_list_that_devices_reject(years: Tree) -> None:
    generate(years, published().replace(":root_1", ":root_3"))
    [line] = failure(years.build_fails(":published"))
    assert line.startswith("software-update: obj/release_1.bundle: THRESHOLD_NOT_MET: root meta")


def test_release_list_of_releases_in_another_order(years: Tree) -> None:
    generate(years, published(releases='":release_2", ":release_1"'))
    [line] = failure(years.build_fails(":published"))
    assert line.startswith("software-update: obj/release_1.bundle: release counter 1 is not above")


# --- without signatures ---


def test_unsigned_bundles_are_not_verified(unbuilt_years: Tree) -> None:
    years = unbuilt_years
    generate(
        years,
        judged("test", 'trusted_root = ":root_1" installed = ":release_1"')
        + judged("smaller", SMALLER, "personalized_bundle")
        + published(FOR_TWO),
        'software_update_signing = "unsigned"',
    )
    made = years.build(":test", ":smaller", ":smaller.file", ":release_1.installed", ":published")
    assert made == []
    years.build()


def test_bundle_that_is_not_verified_has_no_installed_manifest(unbuilt_years: Tree) -> None:
    years = unbuilt_years
    years.write(
        {"BUILD.gn": YEARS + judged("test", 'trusted_root = ":root_1" installed = ":release_1"')}
    )
    years.replace("BUILD.gn", "    dev_root = ", "    verify = false\n    dev_root = ")
    output = years.gen_fails()
    assert "release_1.installed.pb" in output
    assert "//:test" in output
