"""Tests of bundle create --targets-from."""

import json
from pathlib import Path

import pytest

from software_update.testing import workspace
from software_update.testing.workspace import check_fails, create_args


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return workspace.make(tmp_path)


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "{}",
        "null",
        '{"targets": "ab"}',
        '{"targets": {"name": "a"}}',
        '{"targets": ["a"]}',
        '{"targets": [{"name": "a"}]}',
        '{"targets": [{"name": "a", "file": ""}]}',
        '{"targets": [{"name": 1, "file": "app.bin"}]}',
        '{"targets": [{"name": "a", "file": ["app.bin"]}]}',
        "[" * 32,
        "\xff",
    ],
)
def test_bad_lists_of_targets(folder: Path, content: str) -> None:
    (folder / "list.json").write_bytes(content.encode("latin-1"))
    text = 'list.json: not of the form {"targets": [{"name": "app", "file": "app.bin"}]}'
    check_fails(folder, 3, text, *create_args(folder), f"--targets-from={folder}/list.json")


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (
            b'{"targets": [{"name": "x", "file": "app.bin"}], "targets": []}',
            "has the key 'targets' twice in one object; remove one",
        ),
        (
            b'{"targets": [{"name": "x", "name": "y", "file": "app.bin"}]}',
            "has the key 'name' twice in one object; remove one",
        ),
        (b"[" * 100_000, "has arrays and objects nested more than 32 deep; nest them less"),
        ('{"targets": []}'.encode("utf-16-le"), "is UTF-16LE text; save it as UTF-8 without"),
    ],
)
def test_rejected_json_in_lists_of_targets(folder: Path, content: bytes, text: str) -> None:
    (folder / "list.json").write_bytes(content)
    list_ = f"{folder}/list.json"
    check_fails(folder, 3, f"{list_}: {text}", *create_args(folder), f"--targets-from={list_}")


def test_lists_of_targets_are_checked_as_arguments_are(folder: Path) -> None:
    for name, file, status, text in [
        ("app", "app.bin", 2, f"two targets 'app' ({folder}/app.bin) and 'app' ({folder}/app.bin)"),
        ("../a", "app.bin", 2, "the name has the part '..'"),
        ("user_manifest", "app.bin", 2, "the name is reserved"),
        ("a\n", "app.bin", 2, "the name has characters other than"),
        ("a", "no\0file", 3, "not a valid file name"),
        ("a", "\ud800", 3, "not a valid file name"),
        ("a", "absent", 3, "my work/absent: No such file"),
    ]:
        (folder / "list.json").write_text(json.dumps({"targets": [{"name": name, "file": file}]}))
        check_fails(
            folder, status, text, *create_args(folder), f"--targets-from={folder}/list.json"
        )
