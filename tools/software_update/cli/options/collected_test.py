"""Tests of --collected and --depfile."""

import json
from pathlib import Path

import pytest

from software_update.testing import encode as e
from software_update.testing import workspace
from software_update.testing.command import done, failed
from software_update.testing.signers import TARGETS_KEY
from software_update.testing.workspace import APP, BOOT, CONTENTS, snapshot

STEPS = ("digest", "assemble")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with a list in a folder below that names two payloads."""
    folder = workspace.make(tmp_path)
    monkeypatch.chdir(folder)
    (folder / "gen").mkdir()
    collect({"app": "app.bin", "boot": "boot.bin"})
    (folder / "signed.pb").write_bytes(e.signed(e.targets(CONTENTS, 7), TARGETS_KEY))
    return folder


def collect(files: dict[str, str]) -> None:
    entries = [{"name": name, "file": file} for name, file in files.items()]
    Path("gen/list.json").write_text(json.dumps(entries))


def step(name: str) -> list[str]:
    """A step that reads the list and writes `out`."""
    more = ["--root=root.pb", "--targets-metadata=signed.pb"] if name == "assemble" else []
    return ["step", name, *more, "--collected=gen/list.json", "-o", "out"]


def names_of(record: Path) -> list[str]:
    return [each["name"] for each in json.loads(record.read_bytes())["targets"]]


def check(folder: Path, status: int, text: str, *args: str) -> None:
    before = snapshot(folder)
    assert text in failed(status, *args)
    assert snapshot(folder) == before


def test_both_steps_accept_a_list(folder: Path) -> None:
    done(*step("digest"))
    assert names_of(folder / "out") == ["app", "boot"]
    done(*step("assemble"))
    assert (folder / "out").read_bytes() == e.bundle(CONTENTS, version=7)


def test_depfile_names_folders_and_the_files_in_them(folder: Path) -> None:
    """A new file changes the time of its folder, so ninja runs the step again."""
    (folder / "assets/icons").mkdir(parents=True)
    (folder / "assets/icons/on.raw").write_bytes(APP)
    done("step", "digest", "--target", "images/=assets", "app=app.bin", "-o", "out", "--depfile=d")
    assert names_of(folder / "out") == ["app", "images/icons/on.raw"]
    assert (folder / "d").read_text() == "out: assets assets/icons assets/icons/on.raw\n"


def test_folder_in_a_bundle(folder: Path) -> None:
    (folder / "product").mkdir()
    (folder / "product/app").write_bytes(APP)
    (folder / "product/boot").write_bytes(BOOT)
    done("step", "assemble", *step("assemble")[2:4], "--target", "=product", "-o", "out")
    assert (folder / "out").read_bytes() == e.bundle(CONTENTS, version=7)
    args = workspace.create_args(folder)
    at = args.index("--target")
    done(*args[:at], "--target", "=product", *args[at + 3 :])
    assert (folder / "out.bundle").read_bytes() == e.bundle(CONTENTS, version=7)


def test_it_adds_to_the_arguments(folder: Path) -> None:
    collect({"boot": f"{folder}/boot.bin"})
    done(*step("digest"), "--target", "app=app.bin", "--user-manifest", "root.pb")
    assert names_of(folder / "out") == ["app", "boot", "user_manifest"]


def test_nothing_was_collected(folder: Path) -> None:
    collect({})
    done(*step("digest"), "--depfile=d")
    assert (folder / "d").read_bytes() == b"out: gen/list.json\n"
    text = "out: 0 targets, and none was collected; give the bundle at least one"
    check(folder, 2, text, "step", "targets", "--digests=out", "--version=1", "-o", "o")


@pytest.mark.parametrize(
    "content",
    [
        *["", "{}", '""', "null", '{"targets": []}', '["a"]', '[{"name": "a"}]'],
        *['[{"name": "a", "file": ""}]', '[{"name": 1, "file": "app.bin"}]', "[" * 32],
    ],
)
@pytest.mark.parametrize("name", STEPS)
def test_a_file_without_a_list(folder: Path, name: str, content: str) -> None:
    (folder / "gen/list.json").write_text(content)
    text = 'gen/list.json: not of the form [{"name": "app", "file": "app.bin"}]'
    check(folder, 3, text, *step(name), "--depfile=d")


@pytest.mark.parametrize("name", STEPS)
def test_rejected_json(folder: Path, name: str) -> None:
    for content, text in (
        (b'[{"name": "a", "name": "b", "file": "app.bin"}]', "has the key 'name' twice"),
        (b"[" * 33, "has arrays and objects nested more than 32 deep; nest them less"),
        (b"\xef\xbb\xbf[]", "starts with a UTF-8 byte order mark; save it as UTF-8 without"),
    ):
        (folder / "gen/list.json").write_bytes(content)
        check(folder, 3, f"gen/list.json: {text}", *step(name))


@pytest.mark.parametrize("name", STEPS)
def test_names_are_checked(folder: Path, name: str) -> None:
    for target, file, status, text in [
        ("app", "boot.bin", 2, "two targets 'app' (root.pb) and 'app' (boot.bin); rename one"),
        ("App", "boot.bin", 2, "two targets 'app' (root.pb) and 'App' (boot.bin); rename one"),
        ("../a", "app.bin", 2, "the name has the part '..'"),
        ("user_manifest", "app.bin", 2, "the name is reserved"),
        ("a", "no\0file", 3, "not a valid file name"),
        ("a", "absent", 3, "absent: No such file"),
    ]:
        collect({target: file})
        check(folder, status, text, *step(name), "--target", "app=root.pb")


@pytest.mark.parametrize("name", STEPS)
def test_depfile(folder: Path, name: str) -> None:
    (folder / "a#b $c.bin").write_bytes(APP)
    collect({"app": "a#b $c.bin", "boot": f"{folder}/boot.bin"})
    done(*step(name), "--depfile=d")
    expected = rf"out: gen/list.json a\#b\ $$c.bin {folder}/boot.bin".replace(
        "my work", r"my\ work"
    )
    assert (folder / "d").read_text() == f"{expected}\n"


# As ninja 1.13 reads them back: `ninja -t deps`.
@pytest.mark.parametrize(
    ("name", "escaped"),
    [
        ("a b", r"a\ b"),
        ("a#b", r"a\#b"),
        ("a$b", "a$$b"),
        (r"a\b", r"a\b"),
        (r"a\\b", r"a\\b"),
        ("c:a", "c:a"),
        ("""!"%&'()+,-.=?@[]_{}~é""", """!"%&'()+,-.=?@[]_{}~é"""),
    ],
)
def test_escapes(folder: Path, name: str, escaped: str) -> None:
    (folder / name).write_bytes(BOOT)
    collect({"boot": name})
    done(*step("digest"), "--depfile=d")
    assert (folder / "d").read_text("utf-8") == f"out: gen/list.json {escaped}\n"


@pytest.mark.parametrize("name", ["a*b", "a|b", "a\nb", "a\tb", "a:", "a\\", r"a\ b", r"a\$b"])
def test_names_that_a_depfile_cannot_contain(folder: Path, name: str) -> None:
    (folder / name).write_bytes(BOOT)
    collect({"boot": name})
    text = "ninja takes no such name from a depfile; rename the file"
    check(folder, 3, text, *step("digest"), "--depfile=d")
    done(*step("digest"))


@pytest.mark.parametrize("name", STEPS)
def test_depfile_errors(folder: Path, name: str) -> None:
    args = [each for each in step(name) if not each.startswith("--collected")]
    check(folder, 2, "--depfile: nothing was --collected", *args, "--depfile=d")
    for place, status, text in [
        ("./out", 2, "--output and --depfile need a file each; name another one"),
        ("boot.bin", 2, "the output would replace the input boot.bin"),
        ("gen/list.json", 2, "the output would replace the input gen/list.json"),
        ("absent/d", 3, "absent/d: its folder does not exist"),
    ]:
        check(folder, status, text, *step(name), f"--depfile={place}")
    for place in ("boot.bin", "gen/list.json"):
        text = "the output would replace the input"
        check(folder, 2, text, *step(name)[:-1], place, "--depfile=d")
    (folder / "app.bin").unlink()
    check(folder, 3, "app.bin: No such file", *step(name), "--depfile=d")


@pytest.mark.parametrize("name", STEPS)
def test_error_names_the_label_of_the_entry(folder: Path, name: str) -> None:
    entry = {"name": "app", "file": "absent.bin", "label": "//firmware:app"}
    (folder / "gen/list.json").write_text(json.dumps([entry]))
    text = "absent.bin: no such file; name what makes it in the deps of //firmware:app"
    check(folder, 3, text, *step(name))


def test_the_same_entry_twice_is_one(folder: Path) -> None:
    entry = {"name": "app", "file": "app.bin"}
    (folder / "gen/list.json").write_text(json.dumps([entry, entry]))
    done(*step("digest"))
    assert len(json.loads((folder / "out").read_text())["targets"]) == 1


def test_depfile_comes_last(folder: Path) -> None:
    done(*step("digest"), "--depfile=d")
    assert (folder / "d").stat().st_mtime_ns >= (folder / "out").stat().st_mtime_ns
