"""Tests of layouts."""

import json
from typing import Any

import pytest

from software_update.base.errors import InputError
from software_update.provisioning.layout import MIB, SCHEMA, TYPES, Partition, parse_layout

ESP = {"name": "esp", "type": "efi", "size": "64 MiB", "filesystem": "fat", "mount": "/efi"}
SLOT = {"name": "slot_a", "type": "linux", "size": "2 GiB"}


def content(*partitions: Any, **more: Any) -> bytes:
    return json.dumps({"schema": SCHEMA, "partitions": partitions, **more}).encode()


def test_reads_partitions_in_order() -> None:
    guid = "0FC63DAF-8483-4772-8E79-3D69D8477DE5"
    layout = parse_layout("l", content(ESP, {**SLOT, "guid": guid, "device": "/dev/sda2"}))
    esp = Partition(
        "esp", TYPES["efi"], 64 * MIB, "fat", "/efi", "/dev/disk/by-partlabel/esp", None
    )
    slot = Partition("slot_a", TYPES["linux"], 2048 * MIB, "none", None, "/dev/sda2", guid.lower())
    assert layout.partitions == (esp, slot)
    assert layout.partition("slot_a") == slot
    assert layout.partition("slot_b") is None


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"name": ""}, "partitions[0].name: use 1 to 36 of A-Z a-z 0-9 _ . -"),
        ({"name": "my slot"}, "partitions[0].name: use 1 to 36 of A-Z a-z 0-9 _ . -"),
        ({"name": "x" * 12}, "partitions[0].name: the label of fat has at most 11 characters"),
        (
            {"name": "x" * 17, "filesystem": "ext4"},
            "partitions[0].name: the label of ext4 has at most 16 characters",
        ),
        ({"filesystem": "ntfs"}, "partitions[0].filesystem: use one of none, fat, ext4"),
        (
            {"filesystem": "none"},
            "partitions[0].mount: needs a filesystem; write fat or ext4, or remove it",
        ),
        *(
            (
                {field: path},
                f"partitions[0].{field}: must be an absolute path without . and .., such as /efi",
            )
            for field in ("mount", "device")
            for path in ("efi", "/a/../b", "/a//b", "/efi/", "")
        ),
        ({"type": "esp"}, "partitions[0].type: use a GUID, or one of efi, linux, xbootldr"),
        (
            {"type": "0fc63daf-8483"},
            f"partitions[0].type: is not a GUID such as {TYPES['linux']}",
        ),
        ({"guid": "x"}, f"partitions[0].guid: is not a GUID such as {TYPES['linux']}"),
        *(
            (
                {"size": size},
                "partitions[0].size: write a number of MiB or GiB, such as 64 MiB",
            )
            for size in ("64M", "64", "0 MiB", "64 KiB", "-1 MiB", "1.5 GiB")
        ),
        ({"size": 64}, "partitions[0].size: must be a text"),
        ({"label": "x"}, "partitions[0].label: is not a field of a partition; remove it"),
    ],
)
def test_rejects_wrong_fields(changes: dict[str, Any], problem: str) -> None:
    with pytest.raises(InputError) as error:
        parse_layout("layout.json", content({**ESP, **changes}))
    assert str(error.value) == f"layout.json: {problem}"


@pytest.mark.parametrize("field", ["name", "type", "size"])
def test_rejects_a_partition_without_a_field(field: str) -> None:
    without = {name: value for name, value in ESP.items() if name != field}
    with pytest.raises(InputError, match=rf"partitions\[0\]\.{field}: is missing$"):
        parse_layout("layout.json", content(without))


@pytest.mark.parametrize(
    ("document", "problem"),
    [
        (b"{", "l: is not JSON; write software_update.device_layout.v1"),
        (b"[]", "l: is not a layout; write an object with the schema"),
        (b'{"schema": "x"}', "l: is not a layout; write an object with the schema"),
        (content(), "l: partitions: must list 1 to 64 partitions"),
        (content(*[ESP] * 65), "l: partitions: must list 1 to 64 partitions"),
        (content("esp"), "l: partitions[0]: must be an object"),
        (content(ESP, size=1), "l: size: is not a field of a layout; remove it"),
        (content({**ESP, "name": "é"}), "l: partitions[0].name: use 1 to 36"),
        (b'{"schema": 1, "schema": 2}', "l: has the key 'schema' twice"),
    ],
)
def test_rejects_other_documents(document: bytes, problem: str) -> None:
    with pytest.raises(InputError) as error:
        parse_layout("l", document)
    assert str(error.value).startswith(problem)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "ESP"),
        ("mount", "/efi"),
        ("device", "/dev/disk/by-partlabel/esp"),
        ("guid", "0fc63daf-8483-4772-8e79-3d69d8477de5"),
    ],
)
def test_rejects_what_two_partitions_share(field: str, value: str) -> None:
    first = {**ESP, "guid": "0FC63DAF-8483-4772-8E79-3D69D8477DE5"}
    second = {**ESP, "name": "other", "mount": "/other", field: value}
    with pytest.raises(InputError) as error:
        parse_layout("l", content(first, second))
    assert str(error.value) == (
        f"l: partitions[1].{field}: is that of partitions[0], too; write another one"
    )
