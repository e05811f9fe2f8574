"""Follows docs/guides/gn.md and docs/guides/gn_from_pigweed.md with GN, ninja and Bazel."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from run_page import run

from tests.nested.nested_bazel import bazel, copy_sources, environment
from tests.nested.reader import write_command

_DOCS = Path("docs/guides").absolute()
_KEYS = Path("tools/dev_keys").absolute()
_TOOL = os.environ["SOFTWARE_UPDATE"]
_INSTALL = {
    "gn": "install it (Debian: apt-get install generate-ninja)",
    "gn-2022": "unpack Debian 12's package generate-ninja, and put its gn on PATH as gn-2022",
    "ninja": "install it (Debian: apt-get install ninja-build)",
}
_EACH = pytest.mark.parametrize("gn", os.environ["GN_PROGRAMS"].split())


@pytest.fixture(name="product")
def product_fixture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The current folder, empty and next to a copy of the sources; a network is not at hand."""
    copy_sources(tmp_path / "rules_software_update")
    (tmp_path / "scratch").mkdir()
    write_command(tmp_path, "software-update", str(Path(_TOOL).absolute()))
    for name, value in environment(tmp_path / "scratch").items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:{os.environ['PATH']}")
    (tmp_path / "product").mkdir()
    monkeypatch.chdir(tmp_path / "product")
    yield tmp_path / "product"


def use(gn: str, product: Path) -> None:
    """Makes `gn` on PATH that one; skips where there is none."""
    for program in (gn, "ninja"):
        if not shutil.which(program):
            pytest.skip(f"no {program} on PATH: {_INSTALL[program]}")
    write_command(product.parent, "gn", str(shutil.which(gn)))


def check(page: str) -> None:
    problems = run(page)
    assert not problems, "\n\n".join(problems)


@_EACH
def test_gn(product: Path, tmp_path: Path, gn: str) -> None:
    use(gn, product)
    with bazel(product, tmp_path / "bazel") as server:
        write_command(tmp_path, "bazel", *server.command())
        check((_DOCS / "gn.md").read_text())


@_EACH
def test_from_pigweed(product: Path, gn: str) -> None:
    """The example, in a tree that has what it names."""
    use(gn, product)
    write_tree(product)
    check((_DOCS / "gn_from_pigweed.md").read_text())


def write_tree(product: Path) -> None:
    files = {
        ".gn": 'buildconfig = "//BUILDCONFIG.gn"\nscript_executable = "python3"\n',
        "BUILDCONFIG.gn": 'set_default_toolchain("//toolchain:host")\n',
        "toolchain/BUILD.gn": """\
toolchain("host") {
  tool("stamp") {
    command = "touch {{output}}"
  }
  tool("copy") {
    command = "cp {{source}} {{output}}"
  }
}
""",
        "app/BUILD.gn": """\
copy("app") {
  sources = [ "app.txt" ]
  outputs = [ "$root_out_dir/app.bin" ]
}
""",
        "app/app.txt": "application\n",
        "update/bootloader.bin": "bootloader\n",
        "update/manifest.json": "{}\n",
        "update/VERSION": "7\n",
        "BUILD.gn": 'group("default") {\n  deps = [ "//update" ]\n}\n',
    }
    for name, content in files.items():
        (product / name).parent.mkdir(parents=True, exist_ok=True)
        (product / name).write_text(content)
    keys = f"{_KEYS}/throwaway_dev"
    public = f"--root-key={keys}_root_key.pem.pub --targets-key={keys}_targets_key.pem.pub"
    for command in (
        "mkdir -p third_party keys",
        "ln -s ../../rules_software_update third_party/software_update",
        "python3 third_party/software_update/gn/python/fetch.py",
        f"cp {keys}_targets_key.pem keys/dev_targets_key.pem",
        f"software-update root create --version 1 {public} --output update/root.pb",
        f"software-update root sign update/root.pb --dev-signing-key {keys}_root_key.pem",
    ):
        subprocess.run(command.split(), check=True)
