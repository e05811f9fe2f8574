"""Compares tables and commands that people write in pages with the code."""

import re
import tomllib
from pathlib import Path

import pytest
from google.protobuf.descriptor import FieldDescriptor
from software_update.format.proto import tuf_pb2, update_bundle_pb2

_FORMAT = Path("docs/explanation/bundle_format.md").read_text()


def section(text: str, heading: str) -> str:
    """Returns the text under a heading, up to the next one."""
    parts = re.split(r"^#+ (.*)\n", text, flags=re.MULTILINE)
    bodies = dict(zip(parts[1::2], parts[2::2], strict=True))
    assert heading in bodies, f"no heading {heading!r}"
    return bodies[heading]


def rows(text: str) -> list[list[str]]:
    """The cells of a section's table, without its head."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines[2:]]


@pytest.mark.parametrize(
    "page", ["production_signing.md", "root_ceremony.md", "signing_services.md"]
)
def test_signers_install_by_hash(page: str) -> None:
    text = Path("docs/guides", page).read_text()
    scripts = re.findall(r"^ *```sh\n(.*?)^ *```$", text, re.MULTILINE | re.DOTALL)
    scripts = [each for each in scripts if "pip install" in each or "pip download" in each]
    assert scripts
    for script in scripts:
        for command in re.findall(r"pip (?:install|download) (?:.*\\\n)*.*", script):
            is_package = "--no-deps --no-index --no-build-isolation" in command
            assert is_package or "--require-hashes --no-deps" in command
            for lock in re.findall(r"-r \S*?(tools/python/\S+)", command):
                assert locked(lock)
        assert {"tools/python/runtime.txt", "tools/python/build.txt"} <= set(
            re.findall(r"-r \S*?(tools/python/\S+)", script)
        )


def test_locks_for_users_are_complete() -> None:
    project = tomllib.loads(Path("pyproject.toml").read_text())
    extras = project["project"]["optional-dependencies"]
    runtime = [
        *project["project"]["dependencies"],
        *(
            each
            for name in ("attachments", "client", "repository", "zstd")
            for each in extras.pop(name)
        ),
    ]
    storages = [each for name in ("s3", "oci") for each in extras.pop(name)]
    for lock, requirements in {
        "build": project["build-system"]["requires"],
        "mcuboot": extras.pop("mcuboot"),
        "runtime": runtime,
        "sbom": extras.pop("sbom"),
        "storages": storages,
        "signers": [requirement for extra in extras.values() for requirement in extra],
    }.items():
        wanted = {re.split(r"[\[<>=~!]", each)[0] for each in requirements}
        assert wanted <= locked(f"tools/python/{lock}.txt")


def locked(lock: str) -> set[str]:
    """The distributions in a lock, each with a version and hashes."""
    entries = re.sub(r"^#.*\n", "", Path(lock).read_text(), flags=re.MULTILINE)
    lines = entries.replace("\\\n", " ").splitlines()
    assert all(re.fullmatch(r"\S+==\S+( +--hash=sha256:[0-9a-f]{64})+", each) for each in lines)
    return {each.partition("==")[0] for each in lines}


def type_of(field: FieldDescriptor) -> str:
    """A field's type as the page writes it."""
    if field.message_type and field.message_type.GetOptions().map_entry:
        key, value = (field.message_type.fields_by_number[number] for number in (1, 2))
        return f"map of {type_of(key)} to {type_of(value)}"
    scalar = {
        FieldDescriptor.TYPE_BOOL: "bool",
        FieldDescriptor.TYPE_BYTES: "bytes",
        FieldDescriptor.TYPE_STRING: "string",
        FieldDescriptor.TYPE_UINT32: "uint32",
        FieldDescriptor.TYPE_UINT64: "uint64",
    }
    composed = field.message_type or field.enum_type
    name = composed.name if composed else scalar[field.type]
    if field.is_repeated:
        return f"repeated {name}"
    # proto3 makes a oneof of one field for explicit presence.
    return f"optional {name}" if field.containing_oneof else name


def test_messages() -> None:
    """Fields, numbers and types are those of the .proto files, and none is left out."""
    listed = [
        tuple(row) for name in ("The envelope", "Metadata") for row in rows(section(_FORMAT, name))
    ]
    messages = {row[0] for row in listed}
    real = [
        (message, str(field.number), field.name, type_of(field))
        for file in (update_bundle_pb2, tuf_pb2)
        for message, descriptor in file.DESCRIPTOR.message_types_by_name.items()
        for field in descriptor.fields
    ]
    assert set(listed) == {each for each in real if each[0] in messages}
    unused = {"Timestamp", "Snapshot", "MetadataFile"}
    assert not {each[0] for each in real if not any(word in each[0] for word in unused)} - messages
