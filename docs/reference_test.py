"""Holds the reference pages to the code: nothing left out, nothing invented."""

import contextlib
import importlib
import io
import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.descriptor import FieldDescriptor
from software_update import metadata
from software_update.cli import COMMANDS, main
from software_update.errors import Refused
from software_update.proto import tuf_pb2, update_bundle_pb2, wire
from software_update.release import SCHEMA, parse_release
from software_update.signing import exec_protocol, signature_file, signing_request
from software_update.signing.signature_file import DetachedSignature

_CLI = Path("docs/cli.md").read_text()
_FORMAT = Path("docs/explanation/bundle_format.md").read_text()
_OPTION = re.compile(r"(?<![\w-])--?[a-z][a-z-]*")


def section(text: str, heading: str) -> str:
    """What stands under a heading, up to the next one."""
    parts = re.split(r"^#+ (.*)\n", text, flags=re.MULTILINE)
    bodies = dict(zip(parts[1::2], parts[2::2], strict=True))
    assert heading in bodies, f"no heading {heading!r}"
    return bodies[heading]


def rows(text: str) -> list[list[str]]:
    """The cells of a section's table, without its head."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines[2:]]


def words(command: tuple[str, str]) -> str:
    """A command as users write it; one of a single word has no second one."""
    return " ".join(command).strip()


def help_of(group: str, command: str) -> str:
    name = f"{group}_{command}" if command else group
    module = importlib.import_module(f"software_update.cli.{name}")
    with contextlib.redirect_stdout(io.StringIO()) as out, pytest.raises(SystemExit):
        module.run(["--help"])
    return out.getvalue()


def test_commands() -> None:
    listed = {row[0]: row[1] for row in rows(_CLI.split("\n## ")[0])}
    links = {
        f"[`{words(key)}`](#{words(key).replace(' ', '-')})": text for key, text in COMMANDS.items()
    }
    assert {name: text.replace("`", "") for name, text in listed.items()} == links


@pytest.mark.parametrize("command", COMMANDS, ids=words)
def test_options(command: tuple[str, str]) -> None:
    usage = help_of(*command)
    described = " ".join(re.findall(r"^  (-.*?)(?:  |$)", usage, re.MULTILINE))
    text = section(_CLI, words(command))
    listed = {option for row in rows(text) for option in _OPTION.findall(row[0])}
    assert listed == set(_OPTION.findall(described)) - {"-h", "--help"}
    synopsis = text.strip().splitlines()[0]
    assert synopsis.startswith(f"`software-update {words(command)}")
    for name in re.findall(r"^  ([A-Z]+)  ", usage, re.MULTILINE):
        assert name in synopsis


def fields(value: Any, path: str = "") -> Iterator[str]:
    """The paths of all fields of a JSON value, such as `targets[].name`."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield f"{path}.{key}" if path else key
            yield from fields(inner, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for inner in value:
            yield from fields(inner, f"{path}[]")


def documented(schema: str) -> set[str]:
    return {row[0].strip("`") for row in rows(section(_CLI, f"`{schema}`"))}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with keys, two roots and a bundle, which is the current one."""
    monkeypatch.chdir(tmp_path)
    for name in ("root_key", "targets_key"):
        assert main(["key", "generate", name]) == 0
    public = ["--root-key", "root_key.pub", "--targets-key", "targets_key.pub"]
    assert main(["root", "create", "--version", "1", *public, "-o", "root.pb"]) == 0
    assert main(["root", "sign", "root.pb", "--key", "root_key"]) == 0
    Path("app.bin").write_bytes(b"firmware")
    Path("targets.json").write_text(
        json.dumps({"targets": [{"name": "app", "file": "app.bin"}]}), encoding="utf-8"
    )
    arguments = ["--root", "root.pb", "--dev-signing-key", "targets_key", "-o", "app.bundle"]
    # All that a release can say of itself.
    release = ["--product=P", "--release-version=1", "--release-counter=2", "--hardware-id=a"]
    release += ["--minimum-release-counter=1", "--notes=new", "--severity=low"]
    release += ["--support-until=2031-01-01T00:00:00Z"]
    assert main(["step", "release", *release, "-o", "release.json"]) == 0
    create = ["bundle", "create", "--version", "1", "--targets-from", "targets.json"]
    create += ["--user-manifest", "release.json"]
    assert main([*create, *arguments]) == 0
    return tmp_path


def output(capsys: pytest.CaptureFixture[str], *argv: str, status: int = 0) -> Any:
    capsys.readouterr()
    assert main(argv) == status
    return json.loads(capsys.readouterr().out)


@pytest.mark.usefixtures("folder")
def test_root_schema(capsys: pytest.CaptureFixture[str]) -> None:
    root = output(capsys, "root", "inspect", "root.pb", "--json")
    assert set(fields(root)) == documented(root["schema"])


@pytest.mark.usefixtures("folder")
def test_root_check_schema() -> None:
    public = ["--root-key", "root_key.pub", "--targets-key", "targets_key.pub"]
    for version in ("2", "3"):
        create = ["root", "create", "--version", version, *public, "-o", f"root-{version}.pb"]
        assert main(create) == 0
    check = ["root", "check", "root-3.pb", "--previous", "root-2.pb", "--also-for", "root.pb"]
    assert main([*check, "--report", "check.json"]) == 0
    report = json.loads(Path("check.json").read_text())
    assert set(fields(report)) == documented(report["schema"])


@pytest.mark.usefixtures("folder")
def test_bundle_schema(capsys: pytest.CaptureFixture[str]) -> None:
    bundle = output(capsys, "bundle", "inspect", "app.bundle", "--json")
    root = bundle.pop("root")
    assert set(fields(bundle)) | {"root"} == documented(bundle["schema"])
    # "like software_update.root.v1 without schema"
    assert set(fields(root)) | {"schema"} == documented("software_update.root.v1")


@pytest.mark.usefixtures("folder")
def test_verdict_schema(capsys: pytest.CaptureFixture[str]) -> None:
    verify = ("bundle", "verify", "app.bundle", "--trusted-root", "root.pb", "--json")
    accepted = output(capsys, *verify)
    Path("app.bundle").write_bytes(Path("app.bundle").read_bytes()[:-1])
    refused = output(capsys, *verify, status=1)
    when = {row[0].strip("`"): row[2] for row in rows(section(_CLI, f"`{accepted['schema']}`"))}
    assert set(fields(accepted)) == set(when)
    assert set(refused) == {field for field, shown in when.items() if shown == "always"}
    assert set(when.values()) == {"always", "ACCEPT"}


@pytest.mark.usefixtures("folder")
def test_promotion_schema() -> None:
    Path("release.bundle").write_bytes(Path("app.bundle").read_bytes())
    promote = ["bundle", "promote", "app.bundle", "release.bundle", "--trusted-root", "root.pb"]
    assert main([*promote, "--report", "proven.json"]) == 0
    create = ["bundle", "create", "--version=2", "--targets-from=targets.json", "--root=root.pb"]
    create += ["--user-manifest=release.json", "--dev-signing-key=targets_key"]
    assert main([*create, "-o", "release.bundle"]) == 0
    assert main([*promote, "--report", "other.json"]) == 1
    reports = [json.loads(Path(name).read_text()) for name in ("proven.json", "other.json")]
    for report in reports:
        assert set(fields(report.pop("release"))) == documented("software_update.verdict.v1")
    found = {"release"}.union(*map(fields, reports))
    assert found == documented("software_update.promotion.v1")


@pytest.mark.usefixtures("folder")
def test_digest_record_schema() -> None:
    assert main(["step", "digest", "--target", "app=app.bin", "-o", "app.json"]) == 0
    record = json.loads(Path("app.json").read_text())
    assert set(fields(record)) == documented(record["schema"])


@pytest.mark.usefixtures("folder")
def test_dev_key_identities_schema() -> None:
    assert main(["step", "identify", "--dev-signing-key", "targets_key", "-o", "ids.json"]) == 0
    identities = json.loads(Path("ids.json").read_text())
    assert set(fields(identities)) == documented(identities["schema"])


@pytest.mark.usefixtures("folder")
def test_signing_request_schema() -> None:
    assert main(["step", "digest", "--target", "app=app.bin", "-o", "app.json"]) == 0
    targets = ["step", "targets", "--digests", "app.json", "--version", "1", "-o", "targets.pb"]
    assert main(targets) == 0
    # Every field that metadata can contain, and one unknown field.
    listed = tuf_pb2.TargetsMetadata.FromString(Path("targets.pb").read_bytes())
    listed.target_files[0].hashes.add(function=tuf_pb2.UNKNOWN_HASH_FUNCTION, hash=b"x")
    Path("targets.pb").write_bytes(listed.SerializeToString() + wire.encode_field(100, b"x"))
    signed = metadata.parse_signed(metadata.ROOT, Path("root.pb").read_bytes())
    root = tuf_pb2.RootMetadata.FromString(signed.serialized)
    root.timestamp_signature_requirement.threshold = 1
    root.snapshot_signature_requirement.threshold = 1
    Path("root.bytes").write_bytes(root.SerializeToString())
    found = set()
    for what in (
        ["--role=targets", "--metadata=targets.pb", "--root=root.pb"],
        ["--role=root", "--metadata=root.bytes"],
    ):
        assert main(["step", "request", *what, "-o", "request.json"]) == 0
        request = json.loads(Path("request.json").read_text())
        found |= set(fields(request))
    assert found == documented(request["schema"])


def test_signature_schema() -> None:
    signature = DetachedSignature(bytes(32), "targets", 1, bytes(32), bytes(64))
    document = json.loads(signature_file.build(signature))
    assert set(fields(document)) == documented(document["schema"])


@pytest.mark.usefixtures("folder")
def test_signer_check_schema(capsys: pytest.CaptureFixture[str]) -> None:
    key = ("--key=file:targets_key", "--public=targets_key.pub")
    found = output(capsys, "signer", "check", *key, "--json")
    assert set(fields(found)) == documented(found["schema"])
    page = section(_CLI, "signer check")
    for each in found["probes"]:
        assert each["probe"] in page


def test_exec_protocol() -> None:
    targets = metadata.build_targets(1, [metadata.Target("app", 1, bytes(32))], None)
    request = signing_request.parse_request(targets)
    question = json.loads(exec_protocol.build_question(request, None))
    types = {row[0].strip("`"): row[2] for row in rows(section(_CLI, f"`{question['protocol']}`"))}
    assert set(question) == {name for name, text in types.items() if "answer" not in text}
    answer = {"protocol": question["protocol"], "signature": "AAEC"}
    assert exec_protocol.parse_answer("x", 0, json.dumps(answer).encode()) == b"\0\1\2"
    assert set(types) - set(question) == {"signature", "error"}


@pytest.mark.usefixtures("folder")
def test_release_schema() -> None:
    release = json.loads(Path("release.json").read_text())
    assert set(fields(release)) == documented(release["schema"])
    needed = {row[0].strip("`") for row in rows(section(_CLI, f"`{SCHEMA}`")) if row[2] == "yes"}
    for field in release:
        some = json.dumps({name: value for name, value in release.items() if name != field})
        if field == "schema":
            assert parse_release(some.encode()) is None
        elif field in needed:
            with pytest.raises(Refused, match=field):
                parse_release(some.encode())
        else:
            assert parse_release(some.encode())


@pytest.mark.usefixtures("folder")
def test_targets_from_schema() -> None:
    # What the fixture's bundle was made from.
    targets = json.loads(Path("targets.json").read_text())
    assert set(fields(targets)) == documented("--targets-from")


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


def test_locks_for_signers_are_complete() -> None:
    project = tomllib.loads(Path("pyproject.toml").read_text())
    extras = project["project"]["optional-dependencies"].values()
    for lock, requirements in {
        "build": project["build-system"]["requires"],
        "runtime": project["project"]["dependencies"],
        "signers": [requirement for extra in extras for requirement in extra],
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
