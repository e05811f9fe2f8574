"""Tests that the published JSON Schemas describe the documents that the commands write and read.

A test validates against a *closed* schema: one that rejects fields that it does not list. Published schemas
accept them, because a later version of the tool may add fields.
"""

import copy
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest
from json_schemas import COMMON, Schemas
from referencing import Registry, Resource
from software_update.cli.main import main
from software_update.disclosure.blast_radius import (
    AreaChange,
    ComponentChange,
    Confinement,
    KeyChange,
    ThresholdChange,
)
from software_update.disclosure.page_document import page_document
from software_update.disclosure.page_of_release import page_of_release
from software_update.format import device_limits, metadata, wire
from software_update.format.claims import Claims, Power, read_claims
from software_update.format.messages import Target
from software_update.format.proto import tuf_pb2
from software_update.format.refusals import NotDisclosed
from software_update.format.release_manifest import parse_release
from software_update.format.verdicts import Refused, Verdict
from software_update.signing import exec_protocol, signature_file, signing_request
from software_update.signing.signature_file import DetachedSignature
from software_update.testing.image_parts import ImageParts
from software_update.testing.judge import release_of
from software_update.testing.log_folders import LogFolder
from software_update.testing.memory_log import MemoryLog, MemoryWitness, policy_text
from software_update.testing.pages import APP, BOOT, FILES, disclosed
from software_update.testing.repositories import Release, RepositoryFolder, releases
from software_update.transparency.record import record_of

from tests.vectors import cases

_SCHEMAS = Schemas(Path("docs/reference/schemas"))
_DOCUMENTS = _SCHEMAS.documents()
_SIGNER_CHECK = Path("docs/reference/cli/signer-check.md").read_text(encoding="utf-8")


def closed(schema: Any) -> Any:
    """Returns a schema that rejects fields which it does not list."""
    if isinstance(schema, list):
        return [closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    found = {
        key: closed(value) for key, value in schema.items() if key not in ("if", "then", "else")
    }
    for branch in ("if", "then", "else"):
        if branch in schema:
            # Its own object is the one around it.
            found[branch] = closed(schema[branch])
            if isinstance(found[branch], dict):
                found[branch].pop("unevaluatedProperties", None)
    if isinstance(schema.get("properties"), dict):
        found["unevaluatedProperties"] = False
    return found


def validator(name: str, *, strict: bool = True) -> Any:
    """Returns a validator of the document with this name."""
    files = {file: closed(schema) if strict else schema for file, schema in _SCHEMAS.files.items()}
    registry = Registry().with_resources(
        (file, Resource.from_contents(schema)) for file, schema in files.items()
    )
    return jsonschema.Draft202012Validator(files[_DOCUMENTS[name]], registry=registry)


# Objects of a document whose fields have names of the writer's choice.
_MAPS: dict[str, tuple[str, ...]] = {
    "software_update.release.v1": ("texts", "targets"),
    "software_update.release_page.v1": ("release.texts", "release.targets"),
}


def maps(document: Any) -> tuple[str, ...]:
    """Returns the paths of the maps in a document."""
    return _MAPS.get(document.get("schema", ""), ()) if isinstance(document, dict) else ()


def place(path: str, name: str, among: tuple[str, ...]) -> str:
    """Returns the path of a field in the object at `path`, which is a map if it is `among` them."""
    name = "*" if path in among else name
    return f"{path}.{name}" if path else name


def paths(value: Any) -> Iterator[str]:
    """Yields the paths of all fields of a document, such as `targets[].name`."""
    among = maps(value)
    for path, each in objects(value, among):
        yield from (place(path, name, among) for name in each)


def objects(
    value: Any, among: tuple[str, ...], path: str = ""
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yields the path of each object in a JSON value whose maps are `among`, and the object."""
    if isinstance(value, dict):
        yield path, value
        for name, inner in value.items():
            yield from objects(inner, among, place(path, name, among))
    elif isinstance(value, list):
        for inner in value:
            yield from objects(inner, among, f"{path}[]")


def check(*documents: Any, without: tuple[str, ...] = ()) -> None:
    """Checks documents of one schema, which together contain all of its fields.

    `without` lists fields whose contents have a schema of their own.
    """
    name = documents[0].get("schema") or documents[0]["protocol"]
    strict, published = validator(name), validator(name, strict=False)
    for document in documents:
        strict.validate(document)
        published.validate(document)
        check_planted_faults(document, strict, published)
    found = {path for document in documents for path in paths(document)}
    found = {path for path in found if not path.startswith(tuple(f"{each}." for each in without))}
    found = {path for path in found if not path.startswith(tuple(f"{each}[]." for each in without))}
    assert found == _SCHEMAS.paths(_DOCUMENTS[name])


def check_planted_faults(document: Any, strict: Any, published: Any) -> None:
    """Checks that a field too many, and one too few, are noticed in each object of a valid document."""
    changed = copy.deepcopy(document)
    among = maps(document)
    for path, each in list(objects(changed, among)):
        each["planted"] = 1
        assert not strict.is_valid(changed)
        assert published.is_valid(changed) == (path not in among)
        del each["planted"]
        for field, value in list(each.items()):
            del each[field]
            expected = place(path, field, among) in _OPTIONAL.get(document.get("schema"), ())
            assert published.is_valid(changed) == expected, f"without {field}"
            each[field] = value
    assert changed == document


_OPTIONAL = {
    "software_update.signing_request.v1": (
        "summary.targets[].compression",
        "summary.allowed_targets",
        "holders",
    ),
    "software_update.root_check.v1": ("holders",),
    "software_update.device_layout.v1": (
        *("partitions[].filesystem", "partitions[].mount", "partitions[].device"),
        "partitions[].guid",
    ),
    "software_update.device_limits.v1": device_limits.DeviceLimits._fields,
    "software_update.release.v1": (
        "minimum_release_counter",
        "hardware_ids",
        "kind",
        "severity",
        "advisories",
        "advisories[].action",
        "duration",
        "unavailable_functions",
        "reversible",
        "support_until",
        "notes",
        "texts",
        "texts.*",
        "texts.*.notes",
        "texts.*.unavailable_functions",
        "targets",
        "targets.*",
        "targets.*.reach",
        "targets.*.confined_by",
        "targets.*.reversible",
        "attachments",
    ),
    "software_update.bundle.v1": ("targets.targets[].compression",),
    "software_update.release_list.v1": ("repository_root", "bundles[].base"),
    "software_update.digests.v1": ("targets[].compression",),
}
# A page contains the release manifest.
_OPTIONAL["software_update.release_page.v1"] = tuple(
    f"release.{each}" for each in _OPTIONAL["software_update.release.v1"]
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with keys, two roots and a bundle, which is the current one."""
    monkeypatch.chdir(tmp_path)
    for name in ("root_key", "targets_key"):
        assert main(["key", "generate", name]) == 0
    public = ["--root-key", "root_key.pub", "--targets-key", "targets_key.pub"]
    for version in ("1", "2", "3"):
        create = ["root", "create", "--version", version, *public, "-o", f"root-{version}.pb"]
        assert main(create) == 0
        assert main(["root", "sign", f"root-{version}.pb", "--dev-signing-key", "root_key"]) == 0
    Path("app.bin").write_bytes(b"firmware")
    Path("targets.json").write_text(
        json.dumps({"targets": [{"name": "app", "file": "app.bin"}]}), encoding="utf-8"
    )
    arguments = ["--root", "root-1.pb", "--dev-signing-key", "targets_key", "-o", "app.bundle"]
    # All that a release can say of itself.
    release = ["--product=P", "--release-version=1", "--release-counter=2", "--hardware-id=a"]
    release += ["--minimum-release-counter=1", "--notes=new", "--severity=low"]
    release += ["--support-until=2031-01-01T00:00:00Z", "--kind=both", "--duration=60"]
    release += ["--unavailable-function=heating", "--reversible=false"]
    advisory = {"id": "CVE-2031-1", "severity": "low", "text": "x", "action": "y"}
    Path("advisories.json").write_text(json.dumps([advisory]), encoding="utf-8")
    texts = {"notes": "neu", "unavailable_functions": ["Heizung"]}
    Path("texts.json").write_text(json.dumps(texts), encoding="utf-8")
    release += ["--advisories=advisories.json", "--texts=de=texts.json"]
    claim: dict[str, object] = {"component": "app", "area": "application", "reach": ["network"]}
    claim |= {"confined_by": "mpu", "reversible": True}
    Path("claims.json").write_text(json.dumps({"app": claim}), encoding="utf-8")
    release += ["--claims=claims.json", "--attachment=advisories.json"]
    assert main(["step", "release-manifest", *release, "-o", "release.json"]) == 0
    create = ["bundle", "create", "--version", "1", "--targets-from", "targets.json"]
    create += ["--user-manifest", "release.json"]
    assert main([*create, *arguments]) == 0
    return tmp_path


def holders() -> str:
    """Writes a file of holders, and returns its path."""
    keys = ["--key", "root_key.pub", "targets_key.pub"]
    assert main(["root", "holders", *keys, "-o", "holders.json"]) == 0
    return "holders.json"


@pytest.mark.usefixtures("folder")
def test_holders() -> None:
    check(written(holders()), without=("holders",))


def output(capsys: pytest.CaptureFixture[str], *argv: str, status: int = 0) -> Any:
    capsys.readouterr()
    assert main(argv) == status
    return json.loads(capsys.readouterr().out)


def written(path: str) -> Any:
    return json.loads(Path(path).read_text(encoding="utf-8"))


@pytest.mark.parametrize("file", _SCHEMAS.files)
def test_schema_is_valid(file: str) -> None:
    schema = _SCHEMAS.files[file]
    jsonschema.Draft202012Validator.check_schema(schema)
    for each in schema.get("examples", []):
        validator(schema["title"]).validate(each)


@pytest.mark.parametrize("name", _DOCUMENTS)
def test_every_field_is_described(name: str) -> None:
    file = _DOCUMENTS[name]
    assert file.removesuffix(".schema.json") in name.replace("-", "_")
    for table in _SCHEMAS.tables(file):
        for field in table.fields:
            assert field.meaning.endswith("."), field.path
            assert field.type, field.path


def test_common_types_are_used() -> None:
    text = "".join(map(json.dumps, _SCHEMAS.files.values()))
    for name in _SCHEMAS.files[COMMON]["$defs"]:
        assert f"{COMMON}#/$defs/{name}" in text, name


def test_unknown_keyword_is_an_error(tmp_path: Path) -> None:
    schema = {"title": "x", "type": "object", "properties": {"a": {"not": {}}}}
    (tmp_path / "x.schema.json").write_text(json.dumps(schema))
    with pytest.raises(NotImplementedError, match=r"^x\.schema\.json: no documentation of not$"):
        Schemas(tmp_path).tables("x.schema.json")


@pytest.mark.usefixtures("folder")
def test_root_inspect(capsys: pytest.CaptureFixture[str]) -> None:
    found = output(capsys, "root", "inspect", "root-1.pb", "--json")
    check(found, {**found, "allowed_targets": ["app"]})


@pytest.mark.usefixtures("folder")
def test_root_check() -> None:
    check_root = ["root", "check", "root-3.pb", "--previous", "root-2.pb"]
    assert main([*check_root, "--also-for", "root-1.pb", "--report", "check.json"]) == 0
    first = ["root", "check", "root-1.pb", "--holders", holders()]
    assert main([*first, "--report", "first.json"]) == 0
    check(written("check.json"), written("first.json"), without=("holders",))


@pytest.mark.usefixtures("folder")
def test_bundle_inspect(capsys: pytest.CaptureFixture[str]) -> None:
    create = ["bundle", "create", "--version=2", "--targets-from=targets.json", "--root=root-2.pb"]
    create += ["--root-chain=root-1.pb", "--dev-signing-key=targets_key", "-o", "two.bundle"]
    create += ["--compression=zstd"]
    assert main(create) == 0
    bundles = [
        output(capsys, "bundle", "inspect", each, "--json") for each in ("app.bundle", "two.bundle")
    ]
    check(*bundles, without=("root", "root_chain", "targets.targets[].compression"))


@pytest.mark.usefixtures("folder")
def test_bundle_verify(capsys: pytest.CaptureFixture[str]) -> None:
    verify = ("bundle", "verify", "app.bundle", "--trusted-root", "root-1.pb", "--json")
    accepted = output(capsys, *verify)
    Path("app.bundle.attachments").mkdir()
    Path("advisories.json").rename("app.bundle.attachments/advisories.json")
    attachments = ("--attachments=app.bundle.attachments", "--auditor=auditor.pub")
    assert main(["key", "generate", "auditor"]) == 0
    Path("a.json").write_text("{}", encoding="utf-8")
    sign = ["attachment", "sign", "a.json", "--bundle=app.bundle", "--key=auditor"]
    sign += ["--predicate-type=https://example.test/claim"]
    assert main([*sign, "-o", "app.bundle.attachments/a.dsse.json"]) == 0
    capsys.readouterr()
    attached = output(capsys, *verify, *attachments)
    refused = output(capsys, *verify, *attachments, "--require-audits=1", status=1)
    witness, log = MemoryWitness(), MemoryLog([_record("app.bundle", "root-1.pb")])
    Path("policy").write_bytes(policy_text(log, witness))
    Path("app.bundle.tlog-proof").write_bytes(log.proof(0, witness))
    logged = output(capsys, *verify, "--log-policy=policy")
    Path("app.bundle").write_bytes(Path("app.bundle").read_bytes()[:-1])
    check(accepted, attached, refused, logged, output(capsys, *verify, status=1))


def _record(bundle: str, root: str) -> bytes:
    """Returns the record of a release in a log."""
    content = Path(bundle).read_bytes()
    return record_of(release_of(content, trusted=Path(root).read_bytes())).content()


@pytest.mark.usefixtures("folder")
def test_audit(capsys: pytest.CaptureFixture[str]) -> None:
    Path("app.bin").write_bytes(b"other")
    create = ["bundle", "create", "--version=1", "--targets-from=targets.json", "--root=root-1.pb"]
    create += ["--user-manifest=release.json", "--dev-signing-key=targets_key"]
    assert main([*create, "-o", "rebuilt.bundle"]) == 0
    capsys.readouterr()
    audit = ("audit", "app.bundle", "--rebuilt=rebuilt.bundle", "--json")
    bad = output(capsys, *audit, status=4)
    Path("rebuilt.bundle").write_bytes(b"")
    check(bad, output(capsys, *audit, status=5))


@pytest.mark.usefixtures("folder")
def test_bundle_verify_for_a_device(capsys: pytest.CaptureFixture[str]) -> None:
    Path("limits.json").write_text('{"schema": "software_update.device_limits.v1", "targets": 1}')
    verify = ("bundle", "verify", "app.bundle", "--trusted-root", "root-1.pb", "--json")
    beyond = output(capsys, *verify, "--device-limits=limits.json", status=1)
    assert beyond["beyond_device"]
    validator("software_update.verdict.v1").validate(beyond)


def test_device_limits() -> None:
    document = {**device_limits.DEFAULT._asdict(), "compression": ["zstd"]}
    check({"schema": device_limits.SCHEMA, **document})
    fields = _SCHEMAS.files["device_limits.v1.schema.json"]["properties"]
    for name, (least, most) in device_limits.RANGES.items():
        assert (fields[name]["minimum"], fields[name]["maximum"]) == (least, most)
        default = getattr(device_limits.DEFAULT, name)
        assert fields[name]["description"].endswith(f" Default: {default}.")


def test_device_image(tmp_path: Path) -> None:
    parts = ImageParts(tmp_path)
    check(parts.layout)
    parts.configure(
        'log = "warn"', 'log_policy = "/etc/policy"', 'powers = ["network"]', 'areas = ["system"]'
    )
    assert parts.create(f"--file=esp:/boot.efi={parts.root}", programs="true") == 0
    check(written(str(parts.report)))


@pytest.mark.parametrize("folder", cases.FOLDERS, ids=lambda each: each.name)
def test_documents_about_the_vectors(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Hostile and odd bundles give valid JSON, too."""
    verdict, bundle = (
        validator("software_update.verdict.v1"),
        validator("software_update.bundle.v1"),
    )
    inspected = 0
    for case in cases.load(folder):
        if case.bundle is None:
            continue
        capsys.readouterr()
        main(case.arguments(case.bundle))
        verdict.validate(json.loads(capsys.readouterr().out))
        if main(["bundle", "inspect", str(case.bundle), "--json"]) == 0:
            bundle.validate(json.loads(capsys.readouterr().out))
            inspected += 1
    assert inspected


def test_verdict_pattern() -> None:
    pattern = _SCHEMAS.files["verdict.v1.schema.json"]["properties"]["verdict"]["pattern"]
    for verdict in Verdict:
        assert re.search(pattern, verdict)


@pytest.mark.usefixtures("folder")
def test_expiry(capsys: pytest.CaptureFixture[str]) -> None:
    create = ["root", "create", "--version=4", "--root-key=root_key.pub"]
    create += ["--targets-key=targets_key.pub", "--expires=2031-01-01T00:00:00Z"]
    assert main([*create, "-o", "root-4.pb"]) == 0
    files = ("app.bundle", "root-4.pb")
    output_of = ("expiry", *files, "--at", "2031-01-01T00:00:00Z", "--json")
    assert main([*output_of, "--report", "expiry.json"]) == 1
    check(output(capsys, *output_of, status=1), written("expiry.json"))


@pytest.mark.usefixtures("folder")
def test_release_list() -> None:
    step = ["step", "release-list", "--channel=stable", "--trusted-root=root-1.pb"]
    step += ["--bundle=app.bundle"]
    more = ["--personalized=app.bundle", "--installed=app.bundle", "--repository-root=root.json"]
    assert main([*step, "-o", "short.json"]) == 0
    assert main([*step, *more, "-o", "long.json"]) == 0
    check(written("short.json"), written("long.json"))


@pytest.mark.usefixtures("folder")
def test_device_transcript(capsys: pytest.CaptureFixture[str]) -> None:
    Path("device.txt").write_text("# An update.\noffer app\ncheck\nanswer yes\n")
    simulate = (
        "device",
        "simulate",
        "device.txt",
        "--trusted-root=root-1.pb",
        "--bundle=app.bundle",
    )
    check(output(capsys, *simulate, "--json"))


@pytest.mark.usefixtures("folder")
def test_bundle_fleet(capsys: pytest.CaptureFixture[str]) -> None:
    fleet = ("bundle", "fleet", "app.bundle", "--installed=app.bundle", "--trusted-root=root-1.pb")
    hardware = ("--hardware-id=a", "--hardware-id=b")
    check(output(capsys, *fleet, *hardware, "--json"), output(capsys, *fleet, "--json"))


@pytest.mark.usefixtures("folder")
def test_bundle_diff(capsys: pytest.CaptureFixture[str]) -> None:
    """Of two releases that differ in all that there is, and of equal ones."""
    assert main(["key", "generate", "second_key"]) == 0
    root = ["root", "create", "--version=2", "--root-key=root_key.pub", "--targets-threshold=2"]
    root += ["--targets-key", "targets_key.pub", "second_key.pub", "-o", "other.pb"]
    assert main(root) == 0
    assert main(["root", "sign", "other.pb", "--dev-signing-key=root_key"]) == 0
    claim = {"component": "app", "area": "system", "reach": ["keys"], "reversible": False}
    Path("claims.json").write_text(json.dumps({"app": claim}), encoding="utf-8")
    release = ["--product=P", "--release-version=2", "--release-counter=3", "--claims=claims.json"]
    assert main(["step", "release-manifest", *release, "-o", "release.json"]) == 0
    Path("app.bin").write_bytes(b"other firmware")
    create = ["bundle", "create", "--version=2", "--targets-from=targets.json", "--root=other.pb"]
    create += ["--dev-signing-key", "targets_key", "second_key", "--user-manifest=release.json"]
    assert main([*create, "--compression=zstd", "-o", "other.bundle"]) == 0
    args = ("bundle", "diff", "app.bundle")
    check(
        output(capsys, *args, "other.bundle", "--json"),
        output(capsys, *args, "app.bundle", "--json"),
        without=("targets[].new.compression",),
    )


@pytest.mark.usefixtures("folder")
def test_bundle_page() -> None:
    """Of a release of which much changes, and of one about which little is known."""
    release = page_of_release(
        disclosed(claims=Claims((APP, BOOT._replace(reversible=False)))),
        disclosed(),
        is_verified=True,
    )
    radius = release.radius._replace(
        powers_gained=(Power("lamp control", "network"),),
        confinement=(Confinement("app", "process", "none"),),
        areas=(AreaChange("app", "application", "system"),),
        components=(ComponentChange("lamp control", "application", "changed", ("app",)),),
        keys=(KeyChange("root", bytes(32), "added"),),
        thresholds=(ThresholdChange("targets", 2, 1),),
    )
    much = release._replace(radius=radius, files=FILES)
    little = page_of_release(disclosed(None, Claims())._replace(root=None), is_verified=False)
    documents = [json.loads(json.dumps(page_document(each))) for each in (much, little)]
    check(*documents, without=("release",))
    page = ("bundle", "page", "app.bundle", "--format=json", "-o", "page.json")
    assert main([*page, "--trusted-root=root-1.pb", "--previous=app.bundle"]) == 0
    validator("software_update.release_page.v1").validate(written("page.json"))


NOW = "--now=2027-01-15T08:00:00Z"


@pytest.fixture(name="repository")
def repository_fixture(tmp_path: Path) -> RepositoryFolder:
    return RepositoryFolder(tmp_path)


def published(
    capsys: pytest.CaptureFixture[str],
    repository: RepositoryFolder,
    command: str,
    *argv: str,
    status: int = 0,
) -> Any:
    """Returns the JSON of a command for a repository."""
    args = ["repository", command, str(repository.path), *argv, "--json"]
    return output(capsys, *args, "--repository-root", str(repository.root), status=status)


def add(
    capsys: pytest.CaptureFixture[str], repository: RepositoryFolder, *new: Release, keep: int = 9
) -> Any:
    args = [*map(str, map(repository.bundle_file, new)), "--channel=stable", f"--keep={keep}", NOW]
    args += repository.options("targets", "snapshot", "rollout")
    args += ["--trusted-root", str(repository.product_root)]
    return published(capsys, repository, "add", *args)


def test_repository_add(capsys: pytest.CaptureFixture[str], repository: RepositoryFolder) -> None:
    first = add(capsys, repository, *releases(2))
    gap = add(capsys, repository, Release("2.0", 9, minimum=2), keep=1)
    check(first, gap, add(capsys, repository, *releases(1)))


def test_repository_publications(
    capsys: pytest.CaptureFixture[str], repository: RepositoryFolder
) -> None:
    repository.add(*releases(2))
    of_channel = ["--product=meter", "--channel=stable", "--release=1.2", NOW]
    rollout = [*of_channel, *repository.options("rollout", "snapshot")]
    bands = published(capsys, repository, "rollout", *rollout, "--band=5=now")
    check(bands, published(capsys, repository, "rollout", *rollout, "--halt=it blinks"))
    keys = repository.options("targets", "snapshot")
    check(published(capsys, repository, "withdraw", *of_channel, *keys))
    renewed = published(capsys, repository, "renew", NOW, *keys)
    check(published(capsys, repository, "refresh", *repository.options("snapshot")), renewed)


def test_repository_reports(
    capsys: pytest.CaptureFixture[str], repository: RepositoryFolder
) -> None:
    about = {"kind": "security", "severity": "high", "hardware_ids": ["a"]}
    repository.add(Release("1.0", 1), Release("1.1", 2, minimum=1, more=about))
    repository.rollout("1.1", (5, repository.now))
    bare = published(capsys, repository, "status")
    repository.halt("1.1")
    check(bare, published(capsys, repository, "status"))
    next(repository.path.glob("targets/meter/stable/*")).unlink()
    late = "--now=2027-01-17T08:00:00Z"
    check(
        published(capsys, repository, "check", late, status=1),
        published(capsys, repository, "check", NOW, "--metadata-only"),
    )
    dry = published(capsys, repository, "prune", "--dry-run")
    check(
        published(capsys, repository, "prune", "--older-than=1h", "--now=2099-01-01T00:00:00Z"), dry
    )


@pytest.mark.usefixtures("folder")
def test_step_index() -> None:
    create = ["bundle", "create", "--version=1", "--targets-from=targets.json", "--root=root-1.pb"]
    assert main([*create, "--dev-signing-key=targets_key", "-o", "bare.bundle"]) == 0
    for name in ("app", "bare"):
        assert main(["step", "index", f"{name}.bundle", "-o", f"{name}.index.json"]) == 0
    check(written("app.index.json"), written("bare.index.json"))


@pytest.mark.usefixtures("folder")
def test_bundle_promote() -> None:
    Path("release.bundle").write_bytes(Path("app.bundle").read_bytes())
    promote = ["bundle", "promote", "app.bundle", "release.bundle", "--trusted-root", "root-1.pb"]
    assert main([*promote, "--report", "proven.json"]) == 0
    create = ["bundle", "create", "--version=2", "--targets-from=targets.json", "--root=root-1.pb"]
    create += ["--user-manifest=release.json", "--dev-signing-key=targets_key"]
    assert main([*create, "-o", "release.bundle"]) == 0
    assert main([*promote, "--report", "other.json"]) == 1
    check(written("proven.json"), written("other.json"), without=("release",))


@pytest.mark.usefixtures("folder")
def test_step_digest() -> None:
    assert main(["step", "digest", "--target", "app=app.bin", "-o", "app.json"]) == 0
    compress = ["step", "compress", "--target", "app=app.bin", "--payload", "app.zst"]
    assert main([*compress, "-o", "compressed.json"]) == 0
    check(written("app.json"), written("compressed.json"), without=("targets[].compression",))


@pytest.mark.usefixtures("folder")
def test_step_identify() -> None:
    assert main(["step", "identify", "--dev-signing-key", "targets_key", "-o", "ids.json"]) == 0
    check(written("ids.json"))


@pytest.mark.usefixtures("folder")
def test_signing_request() -> None:
    assert main(["step", "digest", "--target", "app=app.bin", "-o", "app.json"]) == 0
    targets = ["step", "targets", "--digests", "app.json", "--version", "1", "-o", "targets.pb"]
    assert main(targets) == 0
    # Every field that metadata can contain, and one unknown field.
    listed = tuf_pb2.TargetsMetadata.FromString(Path("targets.pb").read_bytes())
    listed.target_files[0].hashes.add(function=tuf_pb2.UNKNOWN_HASH_FUNCTION, hash=b"x")
    compression = tuf_pb2.Compression(algorithm=tuf_pb2.ZSTD, original_sha256=bytes(32))
    compressed = listed.target_files.add(file_name="b", compression=compression)
    compressed.hashes.extend(listed.target_files[0].hashes)
    Path("targets.pb").write_bytes(listed.SerializeToString() + wire.encode_field(100, b"x"))
    signed = metadata.parse_signed(metadata.ROOT, Path("root-1.pb").read_bytes())
    root = tuf_pb2.RootMetadata.FromString(signed.serialized)
    root.timestamp_signature_requirement.threshold = 1
    root.snapshot_signature_requirement.threshold = 1
    root.allowed_targets.append("app")
    signed = metadata.Signed(root.SerializeToString(), ())
    Path("root.pb").write_bytes(metadata.build_signed(metadata.ROOT, signed))
    request = ["step", "request", "--metadata=targets.pb", "--root=root-1.pb"]
    assert main([*request, "-o", "targets.json"]) == 0
    assert main(["root", "request", "root.pb", "--holders", holders(), "-o", "root"]) == 0
    without = ("summary.targets[].compression", "holders")
    check(written("targets.json"), written("root.json"), without=without)
    assert main(["root", "request", "root-1.pb", "-o", "all"]) == 0
    assert "allowed_targets" not in written("all.json")["summary"]


@pytest.mark.usefixtures("folder")
def test_sign() -> None:
    assert main(["root", "request", "root-1.pb", "-o", "root.request"]) == 0
    assert main(["sign", "root.request", "--key=root_key", "-o", "signature.json"]) == 0
    check(written("signature.json"))


@pytest.mark.usefixtures("folder")
def test_gather_and_collect(capsys: pytest.CaptureFixture[str]) -> None:
    digest = ["step", "digest", "--target", "app=app.bin", "-o", "app.json"]
    assert main([*digest, "--user-manifest", "release.json"]) == 0
    assert main(["step", "targets", "--digests=app.json", "--version=1", "-o", "bytes"]) == 0
    request = ["step", "request", "--metadata=bytes", "--root=root-1.pb", "--bytes=request"]
    assert main([*request, "--user-manifest=release.json", "-o", "request.json"]) == 0
    gather = ["step", "gather", "--request=request", "--label=//app:app"]
    gather += ["--signatures-folder=app/signatures"]
    # A root with another targets key, which may not sign any more.
    assert main(["key", "generate", "old_key"]) == 0
    create = ["root", "create", "--version=1", "--root-key=root_key.pub", "-o", "old.pb"]
    assert main([*create, "--targets-key=old_key.pub"]) == 0
    assert main(["root", "sign", "old.pb", "--dev-signing-key=root_key"]) == 0
    assert main([*gather, "--root=root-1.pb", "--root=old.pb", "-o", "requests"]) == 0
    index = written("requests/index.json")
    assert index["requests"][0]["product"] == "P"
    check(index)
    sign = ["sign", "--queue=requests", "--yes", "--folder=signed"]
    assert main([*sign, "--key=targets_key"]) == 0
    Path("bytes_only").write_bytes(Path("bytes").read_bytes())
    assert main(["sign", "bytes_only", "--key=old_key", "-o", "signed/old.json"]) == 0
    Path("app").mkdir()
    collect = ["signatures", "collect", "signed", "--index=requests/index.json", "--workspace=."]
    check(output(capsys, *collect, "--json"))


def test_signature() -> None:
    signature = DetachedSignature(bytes(32), "targets", 1, bytes(32), bytes(64))
    check(json.loads(signature_file.build(signature)))


@pytest.mark.usefixtures("folder")
def test_signer_check(capsys: pytest.CaptureFixture[str]) -> None:
    key = ("--key=file:targets_key", "--public=targets_key.pub")
    found = output(capsys, "signer", "check", *key, "--json")
    check(found)
    for each in found["probes"]:
        assert each["probe"] in _SIGNER_CHECK


def test_exec_protocol() -> None:
    targets = metadata.build_targets(1, [Target.of("app", 1, bytes(32))], None)
    request = signing_request.parse_request(targets)
    question = json.loads(exec_protocol.build_question(request, None))
    answer = {"protocol": question["protocol"], "signature": "AAEC"}
    assert exec_protocol.parse_answer("x", 0, json.dumps(answer).encode()) == b"\0\1\2"
    error = {"protocol": question["protocol"], "error": "no PIN"}
    strict = validator(question["protocol"])
    for each in (question, answer, error):
        strict.validate(each)
        assert not strict.is_valid({**each, "planted": 1})
    assert {*question, *answer, *error} == _SCHEMAS.paths("exec_signer.v1.schema.json")


def accepts(read: Callable[[bytes], object], document: Any) -> bool:
    """Says whether the product reads a document."""
    try:
        return read(json.dumps(document).encode()) is not None
    except (NotDisclosed, Refused):
        return False


@pytest.mark.usefixtures("folder")
def test_release_manifest() -> None:
    release = written("release.json")
    check(release)
    published = validator(release["schema"], strict=False)
    odd: list[object] = [None, 0, 1, 1.5, True, "", "x", [], [1], [""], ["x"], {}, 2**32]
    odd += [[{}], release["advisories"], {"de": {}}, {"de_DE": {}}, {"de": 1}]
    odd += [{"de": {"notes": each}} for each in odd]
    odd += [
        {name: release["targets"]["app"]} for name in ("a/../b", "a//b", "..b", "a b", "x" * 256)
    ]
    for member in ("component", "area", "reach", "confined_by", "reversible"):
        odd += [{"app": {**release["targets"]["app"], member: each}} for each in odd[:13]]
    for member in ("name", "length", "sha256"):
        odd += [[{**release["attachments"][0], member: each}] for each in odd[:13]]

    def read(content: bytes) -> object:
        read_claims(content)
        return parse_release(content)

    for field in release:
        for value in odd:
            changed = {**release, field: value}
            assert published.is_valid(changed) == accepts(read, changed), changed
        without = {name: value for name, value in release.items() if name != field}
        assert published.is_valid(without) == accepts(read, without), without


@pytest.mark.usefixtures("folder")
def test_targets_from() -> None:
    # The fixture made its bundle from this file.
    validator("--targets-from").validate(written("targets.json"))
    assert set(paths(written("targets.json"))) == _SCHEMAS.paths("targets_from.schema.json")


@pytest.mark.usefixtures("folder")
def test_collected() -> None:
    entries = [{"name": "app", "file": "app.bin", "label": "//:app"}]
    Path("all.json").write_text(json.dumps(entries), encoding="utf-8")
    assert main(["step", "digest", "--collected", "all.json", "-o", "app.json"]) == 0
    validator("--collected").validate(entries)
    assert set(paths(entries)) == _SCHEMAS.paths("collected.schema.json")


def test_log(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    log, (one, two) = LogFolder(tmp_path), releases(2)
    place, policy = str(log.path), f"--log-policy={log.policy}"
    init = [place, "--origin=log.example/firmware", f"--public={log.key}.pub", *log.trusted]
    check(output(capsys, "log", "init", *init, "--json"))
    bundle = str(log.bundle(one))
    check(output(capsys, "log", "add", place, bundle, *log.trusted, "--json"))
    log.sign()
    check(output(capsys, "log", "sign", place, f"--key={log.key}", "--json"))
    answer = str(tmp_path / "answer.txt")
    check(output(capsys, "log", "witness-merge", place, answer, policy, "--json"))
    check(output(capsys, "log", "prove", place, bundle, *log.trusted, "--json"))
    verify = ["log", "verify", bundle, policy, *log.trusted, "--json"]
    stale = output(capsys, *verify, "--not-before=2031-01-01T00:00:00Z", status=1)
    check(output(capsys, *verify), stale)
    lists = [f"--releases={log.announced(two)}", f"--state={tmp_path}/seen", policy, "--json"]
    check(output(capsys, "log", "monitor", place, *lists, status=4))
