"""Tests of --collected-roots."""

import itertools
import json
from pathlib import Path

import pytest

from software_update.testing import encode as e
from software_update.testing import workspace
from software_update.testing.command import done, failed
from software_update.testing.signers import ROOT_KEY, TARGETS_KEY, write_signature
from software_update.testing.workspace import CONTENTS, snapshot

ROOTS = {version: e.signed(e.root(version), ROOT_KEY) for version in (1, 2, 3, 4)}
TARGETS = e.targets(CONTENTS, 7)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with four roots, of which root.pb is the last."""
    folder = workspace.make(tmp_path)
    monkeypatch.chdir(folder)
    for version, content in ROOTS.items():
        (folder / f"root_{version}.pb").write_bytes(content)
    (folder / "root.pb").write_bytes(ROOTS[4])
    (folder / "signed.pb").write_bytes(e.signed(TARGETS, TARGETS_KEY))
    (folder / "targets.pb").write_bytes(TARGETS)
    return folder


def collect(*entries: object) -> None:
    """Writes the list; a number stands for the root of that version."""
    listed = [{"file": f"root_{each}.pb"} if isinstance(each, int) else each for each in entries]
    Path("list.json").write_text(json.dumps(listed))


ASSEMBLE = (
    *("step", "assemble", "--root=root.pb", "--collected-roots=list.json"),
    *("--targets-metadata=signed.pb", "--target", "app=app.bin", "boot=boot.bin", "-o", "out"),
)
ATTACH = (
    *("step", "attach", "--role=targets", "--root=root.pb", "--collected-roots=list.json"),
    *("--metadata=targets.pb", "--signature=signature.json", "-o", "out"),
)


def assembled(*chain: int) -> bytes:
    """Returns the bundle with the roots of these versions in its chain."""
    earlier = e.chain(*(ROOTS[version] for version in chain))
    return earlier + e.bundle(CONTENTS, version=7, signed_root=ROOTS[4])


def check(status: int, text: str, *args: str) -> None:
    before = snapshot(Path())
    assert text in failed(status, *args)
    assert snapshot(Path()) == before


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("order", list(itertools.permutations([1, 2, 3])), ids=str)
def test_versions_determine_the_order(order: tuple[int, ...]) -> None:
    collect(*order)
    done(*ASSEMBLE)
    assert Path("out").read_bytes() == assembled(2, 3)


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("versions", "chain"), [([], []), ([3], []), ([2], []), ([3, 2], [3]), ([1, 2, 3], [2, 3])]
)
def test_the_first_known_root_is_left_out(versions: list[int], chain: list[int]) -> None:
    collect(*versions)
    done(*ASSEMBLE)
    assert Path("out").read_bytes() == assembled(*chain)


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("versions", "text"),
    [
        ([2, 1], "root_2.pb: version 2, and root.pb after it has version 4"),
        ([1, 2, 2, 3], "root_2.pb: version 2, and root_2.pb after it has version 2"),
        ([4, 3, 2], "root_4.pb: version 4, and root.pb after it has version 4"),
    ],
)
def test_roots_that_are_not_a_chain(versions: list[int], text: str) -> None:
    collect(*versions)
    check(3, text, *ASSEMBLE)


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("command", [ASSEMBLE, ATTACH], ids=["assemble", "attach"])
def test_previous_that_is_a_file(command: tuple[str, ...]) -> None:
    write_signature(Path("signature.json"), TARGETS, TARGETS_KEY)
    collect(3, {"label": "//product:root_3", "previous": "../root_2.pb"})
    text = (
        "//product:root_3: previous is a file, ../root_2.pb, so the build does not know the roots "
        "before it; write root_chain into the bundle, or a label into previous"
    )
    check(3, text, *command)


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    "content",
    ["", "{}", "[1]", '["root_1.pb"]', '[{"file": 1}]', '[{"file": ""}]', '[{"previous": "x"}]'],
)
def test_not_a_list_of_roots(content: str) -> None:
    Path("list.json").write_text(content)
    check(3, "list.json: ", *ASSEMBLE)


@pytest.mark.usefixtures("folder")
def test_not_a_root() -> None:
    collect({"file": "app.bin"})
    check(3, "app.bin: ", *ASSEMBLE)


@pytest.mark.usefixtures("folder")
def test_a_chain_is_collected_or_named() -> None:
    collect(1, 2, 3)
    text = "--collected-roots: not valid with --root-chain; remove one of the two"
    check(2, text, *ASSEMBLE, "--root-chain=root_3.pb")


@pytest.mark.usefixtures("folder")
def test_output_does_not_replace_a_collected_root() -> None:
    for version in (1, 2, 3):
        collect(1, 2, 3)
        check(2, "the output would replace the input", *ASSEMBLE, f"-o=root_{version}.pb")
    check(2, "the output would replace the input", *ASSEMBLE, "-o=list.json")


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("version", [1, 2, 3])
def test_collected_dev_root_is_rejected_in_a_release(version: int) -> None:
    write_signature(Path("signature.json"), TARGETS, TARGETS_KEY)
    collect(3, 1, 2)
    done(*ATTACH)
    assert Path("out").read_bytes() == e.signed(TARGETS, TARGETS_KEY)
    Path("out").unlink()
    dev_root = e.signed(e.root(version) + e.number(255, 1), ROOT_KEY)
    Path(f"root_{version}.pb").write_bytes(dev_root)
    check(3, f"root_{version}.pb: says 'DEV KEYS: anyone can sign this'", *ATTACH)


def test_collected_roots_are_only_valid_with_targets() -> None:
    args = ("step", "attach", "--role=root", "--metadata=m", "--collected-roots=c", "-o", "out")
    assert failed(2, *args) == "--collected-roots: only valid with --role targets; remove it"
