"""Tests of bundle inspect."""

import hashlib
import json
from pathlib import Path

import pytest

from software_update.testing import encode as e
from software_update.testing import workspace
from software_update.testing.command import done, environment, failed, run
from software_update.testing.signers import ROOT_KEY, TARGETS_KEY, TARGETS_KEY_2, key_id
from software_update.testing.workspace import APP, BOOT, CONTENTS


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return workspace.make(tmp_path)


def inspect_json(path: Path) -> dict[str, object]:
    found = json.loads(done("bundle", "inspect", path, "--json").out)
    assert isinstance(found, dict)
    return found


def test_json(folder: Path) -> None:
    """The schema software_update.bundle.v1, whole."""
    link = e.signed(e.root(2, expires=0), ROOT_KEY)
    data = e.chain(link) + e.bundle(
        CONTENTS, version=7, expires=1924992000, signers=(TARGETS_KEY, TARGETS_KEY_2)
    )
    (folder / "x").write_bytes(data)
    (folder / "link.pb").write_bytes(link)
    root = json.loads(done("root", "inspect", folder / "root.pb", "--json").out)
    chained = json.loads(done("root", "inspect", folder / "link.pb", "--json").out)
    assert root.pop("schema") == chained.pop("schema") == "software_update.root.v1"
    assert chained["expires"] == "1970-01-01T00:00:00Z"
    assert inspect_json(folder / "x") == {
        "schema": "software_update.bundle.v1",
        "size": len(data),
        "root": root,
        "root_chain": [chained],
        "targets": {
            "version": 7,
            "expires": "2031-01-01T00:00:00Z",
            "targets": [
                {
                    "name": name,
                    "length": len(content),
                    "sha256": [hashlib.sha256(content).hexdigest()],
                }
                for name, content in CONTENTS.items()
            ],
            "signatures": [key_id(TARGETS_KEY).hex(), key_id(TARGETS_KEY_2).hex()],
        },
        "payloads": [
            {"name": "app", "offset": data.index(APP), "length": len(APP)},
            {"name": "boot", "offset": data.index(BOOT), "length": len(BOOT)},
        ],
        "not_checked": ["signatures, payloads: bundle verify checks them"],
    }


def test_text(folder: Path) -> None:
    data = (folder / "good.bundle").read_bytes()
    assert done("bundle", "inspect", folder / "good.bundle").out.splitlines() == [
        f"{folder}/good.bundle: {len(data)} bytes",
        "not checked: signatures, payloads: bundle verify checks them",
        "root metadata: version 1, never expires",
        "  root: 1 of 1 keys",
        f"    {key_id(ROOT_KEY).hex()}",
        "  targets: 1 of 1 keys",
        f"    {key_id(TARGETS_KEY).hex()}",
        f"  signature: present, not checked: by {key_id(ROOT_KEY).hex()}",
        "targets metadata: version 7, never expires",
        f"  signature: present, not checked: by {key_id(TARGETS_KEY).hex()}",
        "  2 targets:",
        f"    app: {len(APP)} bytes, payload at {data.index(APP)}",
        f"      sha256 {hashlib.sha256(APP).hexdigest()}",
        f"    boot: {len(BOOT)} bytes, payload at {data.index(BOOT)}",
        f"      sha256 {hashlib.sha256(BOOT).hexdigest()}",
    ]


def test_dev_keys(folder: Path) -> None:
    """Metadata signed under a root with DEV KEYS is shown with DEV KEYS too."""
    marked = e.signed(e.root() + e.number(255, 1), ROOT_KEY)
    (folder / "dev.bundle").write_bytes(e.bundle(CONTENTS, version=7, signed_root=marked))
    lines = done("bundle", "inspect", folder / "dev.bundle").out.splitlines()
    plain = done("bundle", "inspect", folder / "good.bundle").out.splitlines()
    warning = "  DEV KEYS: anyone can sign this"
    warned = [lines[index - 1] for index, line in enumerate(lines) if line == warning]
    assert warned == [
        "root metadata: version 1, never expires",
        "targets metadata: version 7, never expires",
    ]
    assert len(lines) == len(plain) + 2
    root = inspect_json(folder / "dev.bundle")["root"]
    assert isinstance(root, dict)
    assert root["dev_keys"] is True


@pytest.mark.parametrize("options", [[], ["--json"]], ids=["text", "json"])
def test_output_can_go_to_a_file(folder: Path, options: list[str]) -> None:
    args = ["bundle", "inspect", f"{folder}/good.bundle", *options]
    printed = done(*args).out
    (folder / "out").write_bytes(b"old")
    assert done(*args, "-o", folder / "out").out == ""
    assert (folder / "out").read_text() == printed


def test_an_error_writes_nothing(folder: Path) -> None:
    failed(1, "bundle", "inspect", folder / "app.bin", "-o", folder / "out")
    assert not (folder / "out").exists()
    good = folder / "good.bundle"
    text = failed(2, "bundle", "inspect", good, "-o", good)
    assert "the output would replace the input" in text


def test_a_changed_payload_is_not_called_good(folder: Path) -> None:
    data = (folder / "good.bundle").read_bytes()
    (folder / "x").write_bytes(data[:-1] + b"!")
    assert "not checked: signatures, payloads" in done("bundle", "inspect", folder / "x").out


def test_missing_payloads_are_shown(folder: Path) -> None:
    (folder / "empty").write_bytes(b"")
    assert inspect_json(folder / "empty")["root"] is None
    text = done("bundle", "inspect", folder / "empty").out
    assert "root metadata: absent, the device keeps the root it has\n" in text
    assert "targets metadata: absent\n" in text
    (folder / "personal").write_bytes(e.targets_entry(e.signed(e.targets(CONTENTS))))
    text = done("bundle", "inspect", folder / "personal").out
    assert f"    app: {len(APP)} bytes, payload left out\n" in text
    assert "  signatures: none\n" in text


def test_unlisted_payloads_are_listed_in_order_and_escaped(folder: Path) -> None:
    names = [f"n{index}" for index in range(20)] + ["\x1b[2J\n"]
    (folder / "x").write_bytes(b"".join(e.payload(name, b"") for name in names))
    expected = [
        f"payload '{name}': not listed in the metadata"
        for name in [r"\x1b[2J\n", *sorted(names[:-1])]
    ]
    for seed in ("1", "2"):
        result = run("bundle", "inspect", folder / "x", env=environment(PYTHONHASHSEED=seed))
        assert result.out.splitlines()[-21:] == expected
        assert "\x1b" not in result.out


def test_escapes_in_listed_names(folder: Path) -> None:
    (folder / "x").write_bytes(e.bundle({"\x1b[31m\n": b"x"}))
    text = done("bundle", "inspect", folder / "x").out
    assert r"    \x1b[31m\n: 1 bytes" in text
    assert "\x1b" not in text
    assert "\x1b" not in done("bundle", "inspect", folder / "x", "--json").out


def test_a_file_that_is_not_a_bundle(folder: Path) -> None:
    text = failed(1, "bundle", "inspect", folder / "app.bin")
    assert text.startswith(("MALFORMED: ", "UNEXPECTED_FIELD: "))
    assert f"{folder}/app.bin: " in text


def test_a_large_payload_is_not_read(folder: Path) -> None:
    with open(folder / "x", "wb") as file:
        entry = e.text(1, "app") + e.varint(2 << 3 | 2) + e.varint(2**40)
        file.write(e.varint(4 << 3 | 2) + e.varint(len(entry) + 2**40) + entry)
        offset = file.tell()
        file.truncate(offset + 2**40)
    assert inspect_json(folder / "x")["payloads"] == [
        {"name": "app", "offset": offset, "length": 2**40}
    ]
