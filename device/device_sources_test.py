"""The lists of files of the device library agree, and make builds it."""

import re
import runpy
import subprocess
from pathlib import Path

import pytest
import sources_mk

_FOLDER = Path("device")
_LISTS = sources_mk.parse((_FOLDER / "sources.bzl").read_text())
_MAKEFILE = """\
SOFTWARE_UPDATE_DEVICE := device
include device/sources.mk

CXX := g++
FLAGS := -std=c++17 -fno-exceptions -fno-rtti -Wall -Wextra -Wconversion -Wshadow -Werror
SOURCES := {sources}

program: $(SOURCES:device/%.cc=$(OUT)/%.o)
\t$(CXX) -nodefaultlibs -shared -o $(OUT)/$@ $^ -lc -lgcc -Wl,--no-undefined

$(OUT)/%.o: device/%.cc
\tmkdir -p $(@D)
\t$(CXX) $(FLAGS) $(SOFTWARE_UPDATE_INCLUDES) -fPIC -c -o $@ $<
"""


def test_sources_mk_is_up_to_date() -> None:
    text = (_FOLDER / "sources.mk").read_text()
    assert text == sources_mk.render(_LISTS), f"renew it with {sources_mk.UPDATE}"


@pytest.mark.parametrize("build_file", ["BUILD.bazel", "BUILD.gn"])
def test_every_list_is_used(build_file: str) -> None:
    text = (_FOLDER / build_file).read_text()
    unused = [name for name in _LISTS if not re.search(rf"= .*\b{name}\b", text)]
    assert unused == []


def test_every_source_is_in_one_list() -> None:
    listed = sorted(file for files in _LISTS.values() for file in files if file.endswith(".cc"))
    found = [
        path
        for folder in ("src", "crypto", "smp", "testing")
        for path in (_FOLDER / folder).glob("**/*.cc")
    ]
    assert listed == sorted(
        str(path.relative_to(_FOLDER)) for path in found if "_test" not in path.stem
    )


def test_every_planted_bug_is_built_and_fits_its_source() -> None:
    """The tests that build the programs run in CI only."""
    bugs = runpy.run_path(str(_FOLDER / "testing/planted_bugs.py"))
    declared = (_FOLDER / "power_cuts.bzl").read_text()
    of_source = dict(re.findall(r'^    "(\w+)": "(\w+)",$', declared, re.MULTILINE))
    of_journal = re.findall(r'^    "(\w+)",$', declared, re.MULTILINE)
    of_source |= dict.fromkeys(of_journal, "journal")
    assert sorted(of_source) == sorted(bugs["BUGS"])
    for bug, source in of_source.items():
        bugs["plant"](bug, (_FOLDER / "src" / f"{source}.cc").read_text())


def test_make_builds_all_but_cryptography_without_the_cpp_library(tmp_path: Path) -> None:
    names = [
        name for name in _LISTS if name.endswith("_SOURCES") and not name.startswith("CRYPTO_")
    ]
    makefile = tmp_path / "Makefile"
    makefile.write_text(
        _MAKEFILE.format(sources=" ".join(f"$(SOFTWARE_UPDATE_{name})" for name in names))
    )
    command = ["make", "--jobs=2", "-f", str(makefile), f"OUT={tmp_path}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
