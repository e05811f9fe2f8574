"""Tests of the list of this project's own components."""

import importlib.metadata
import re
import shutil
from pathlib import Path

import pytest
from own_components import LICENCES, locks, own_components, pins
from software_update.base.errors import InputError

TOP = Path(".")
COMPONENTS = own_components(TOP)


def test_each_pin_of_each_lock_is_a_component() -> None:
    lines = [
        line.split(" ")[0]
        for path in locks(TOP)
        for line in (TOP / path).read_text(encoding="utf-8").splitlines()
        if re.match(r"[A-Za-z0-9]", line)
    ]
    assert len(lines) > 200
    packages = {each.component.reference for each in COMPONENTS if each.component.sha256}
    assert packages == {line.replace("==", "@") for line in lines}


def test_each_hash_of_each_lock_is_in_a_component() -> None:
    listed = {
        word
        for path in locks(TOP)
        for word in re.findall(r"sha256:(\w+)", (TOP / path).read_text(encoding="utf-8"))
    }
    assert listed == {word for each in COMPONENTS for word in each.component.sha256.split()}


def test_licences_are_those_that_installed_packages_state() -> None:
    compared = 0
    for found in importlib.metadata.distributions():
        stated = found.metadata["License-Expression"]
        name = re.sub(r"[-_.]+", "-", found.metadata["Name"]).lower()
        same = [
            each.component
            for each in COMPONENTS
            if (each.component.name, each.component.version) == (name, found.version)
        ]
        if stated and same:
            assert same[0].licence == stated, name
            compared += 1
    assert compared > 3


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for path in (*locks(TOP), "MODULE.bazel", LICENCES):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(TOP / path, tmp_path / path)
    return tmp_path


def test_package_without_a_licence_is_an_error(tree: Path) -> None:
    with (tree / "tools/python/runtime.txt").open("a") as file:
        file.write(f"unheard-of==1.0 \\\n    --hash=sha256:{'ab' * 32}\n")
    with pytest.raises(InputError, match=r"licences\.toml: lacks unheard-of; add its licence"):
        own_components(tree)


def test_licence_without_a_package_is_an_error(tree: Path) -> None:
    text = (tree / LICENCES).read_text()
    (tree / LICENCES).write_text(text.replace("[packages]\n", '[packages]\ngone = "MIT"\n'))
    with pytest.raises(InputError, match="gone is not in a lock"):
        own_components(tree)


def test_pins_with_one_and_with_several_hashes() -> None:
    one, two = "ab" * 32, "cd" * 32
    text = f"# a\nx==1 --hash=sha256:{one}\n"
    text += f"y-z==2.0.post1 \\\n    --hash=sha256:{one} \\\n    --hash=sha256:{two}\n"
    assert [*pins(text)] == [("x", "1", [one]), ("y-z", "2.0.post1", [one, two])]
