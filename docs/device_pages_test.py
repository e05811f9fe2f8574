"""The pages about the device library: their code compiles, and their names exist."""

import os
import re
import subprocess
import tomllib
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from run_page import commands, run
from software_update.client.config import parse_config
from software_update.format.device_limits import DEFAULT
from software_update.steps.device_limits import device_limits_header
from software_update.testing import encode as e

_ROOT = Path.cwd()
_PAGES = {path.stem: path.read_text() for path in Path("docs/guides").glob("device_*.md")}
_SMP = Path("docs/reference/device_smp.md").read_text()
_EXPLANATION = Path("docs/explanation/device_library.md").read_text()
_INCLUDE = Path("device/include/software_update")
_WARNINGS = ["-Wall", "-Wextra", "-Wshadow", "-Werror"]
_CPP = ["g++", "-std=c++17", "-fno-exceptions", "-fno-rtti", *_WARNINGS]
_C = ["gcc", "-std=c11", *_WARNINGS]

# Declarations of the platforms, as far as the pages use them.
_STUBS = {
    # MCUboot's porting guide.
    "flash_map_backend/flash_map_backend.h": """
#include <stdint.h>
struct flash_area;
#define FLASH_AREA_IMAGE_SECONDARY(image) 2
int flash_area_open(uint8_t id, const struct flash_area** area);
void flash_area_close(const struct flash_area* area);
int flash_area_erase(const struct flash_area* area, uint32_t offset, uint32_t size);
int flash_area_write(const struct flash_area* area, uint32_t offset, const void* from, uint32_t size);
uint32_t flash_area_align(const struct flash_area* area);
uint32_t flash_area_get_size(const struct flash_area* area);
""",
    "bootutil/bootutil_public.h": "int boot_set_pending(int permanent);\n",
    "device_limits.h": device_limits_header(DEFAULT, "DeviceLimits"),
}


def blocks(page: str, language: str) -> list[str]:
    """Returns the blocks of a page in a language."""
    return re.findall(rf"^```{language}\n(.*?)^```", page, re.MULTILINE | re.DOTALL)


@pytest.fixture(name="folder")
def folder_fixture(tmp_path: Path) -> Path:
    for name, text in _STUBS.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    return tmp_path


def compile_block(folder: Path, compiler: list[str], suffix: str, block: str) -> str:
    """Returns the errors and warnings of the compiler."""
    file = folder / f"block.{suffix}"
    file.write_text(block)
    # The functions of PSA Firmware Update are in device/testing.
    includes = [f"-I{folder}", "-Idevice", "-Idevice/include", "-Idevice/testing"]
    command = [*compiler, "-fsyntax-only", *includes, str(file)]
    return subprocess.run(command, capture_output=True, text=True, check=False).stderr


@pytest.mark.parametrize("name", sorted(_PAGES))
def test_code_on_a_page_compiles(folder: Path, name: str) -> None:
    page = _PAGES[name]
    for block in blocks(page, "cpp"):
        assert compile_block(folder, _CPP, "cc", block) == ""
    for block in blocks(page, "c"):
        assert compile_block(folder, _C, "c", block) == ""


def test_pages_have_code() -> None:
    found = {name: len(blocks(page, "cpp|c")) for name, page in _PAGES.items()}
    without = {
        name for name in found if not blocks(_PAGES[name], "cpp") + blocks(_PAGES[name], "c")
    }
    assert len(found) > 5
    assert without == set()


def test_makefile_finds_the_library_and_the_code_of_the_pages(folder: Path) -> None:
    # //device:sources_test compiles the lists of files.
    [makefile] = blocks(_PAGES["device_library"], "make")
    (folder / "Makefile").write_text(makefile)
    (folder / "rules_software_update").symlink_to(_ROOT)
    for name in ("update.cc", "flash.cc"):
        (folder / name).touch()
    command = ["make", "--dry-run", "libupdate.a"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    for name in ("update.o", "flash.o", "src/client.o", "crypto/p256m.o", "src/verdict.o"):
        assert re.search(rf"ar rcs libupdate.a .*\b{name}\b", done.stdout)


def test_labels_of_the_library_exist() -> None:
    for build_file, label in (
        ("device/BUILD.bazel", r"@rules_software_update//device:(\w+)"),
        ("device/BUILD.gn", r"\$dir_rules_software_update/device:(\w+)"),
    ):
        text = Path(build_file).read_text()
        named = {name for page in _PAGES.values() for name in re.findall(label, page)}
        assert named
        for name in named:
            assert f'"{name}"' in text, f"{build_file} has no {name}"


def test_configuration_of_the_gateway_is_valid() -> None:
    [block] = blocks(_PAGES["device_gateway"], "toml")
    config = parse_config(f'vendor = "Example Meters Ltd"\n{block}', "client.toml")
    assert tomllib.loads(block)["domains"].keys() == {each.name for each in config.domains}


def test_commands_of_the_gateway(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "bin/software-update"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\nexec '{_ROOT / os.environ['SOFTWARE_UPDATE']}' \"$@\"\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/local/bin:/usr/bin:/bin")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "root.pb").write_bytes(e.signed(e.root(), e.ROOT_KEY))
    key = ec.derive_private_key(e.TARGETS_KEY, ec.SECP256R1())
    (tmp_path / "targets_key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    (tmp_path / "meter-8.bundle").write_bytes(e.bundle({"app": b"8"}, version=8))
    page = _PAGES["device_gateway"]
    assert len(commands(page)) == 1
    assert run(page) == []


def test_states_on_the_page_are_those_of_the_journal() -> None:
    [enum] = re.findall(
        r"enum class State .*?\{(.*?)\};", (_INCLUDE / "journal.h").read_text(), re.DOTALL
    )
    names = {name.upper() for name in re.findall(r"\bk(\w+) =", enum)}
    picture = tomllib.loads(Path("docs/pictures/device_states.toml").read_text(encoding="utf-8"))
    shown = {box["text"] for box in picture["boxes"] if "text" in box}
    assert shown == names


def test_errors_of_smp_are_on_the_page() -> None:
    [enum] = re.findall(
        r"enum class SmpError .*?\{(.*?)\};", (_INCLUDE / "smp.h").read_text(), re.DOTALL
    )
    numbers = set(re.findall(r"\bk\w+ = (\d+)", enum)) - {"0"}
    [table] = re.findall(r"\| `rc` \|.*?\n\n?((?:\|.*\n)+)", _SMP + "\n")
    assert set(re.findall(r"^\| (\d+) \|", table, re.MULTILINE)) == numbers
