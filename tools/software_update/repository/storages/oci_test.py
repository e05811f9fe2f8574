"""Tests of oci.py with a real registry, and with a proxy in front of it that fails."""

import builtins
import hashlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

import pytest

from software_update.base.errors import InputError, UsageError
from software_update.repository.storage import Conflict, UploadFile
from software_update.repository.storages.oci import (
    RELEASE_TYPE,
    OciStorage,
    Referrer,
    oci_storage,
)
from software_update.testing.faulty_proxy import (
    Cut,
    Fault,
    FaultyProxy,
    Seen,
    Status,
    faulty_proxy,
)
from software_update.testing.oci_registry import PASSWORD, USER, oci_registry

BUNDLE = b"bundle" * 200_000
SBOM_TYPE = "application/vnd.cyclonedx+json"
ANNOTATIONS = {"org.opencontainers.image.version": "1.0"}


@pytest.fixture(name="port", scope="module")
def port_fixture(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    with oci_registry(tmp_path_factory.mktemp("registry")) as port:
        yield port


@pytest.fixture(name="settings", autouse=True)
def settings_fixture(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nothing of the machine's own set-up."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "docker"))
    monkeypatch.setenv("HOME", str(tmp_path))


@pytest.fixture(name="proxy")
def proxy_fixture(port: int) -> Iterator[FaultyProxy]:
    with faulty_proxy(port) as proxy:
        yield proxy


@pytest.fixture(name="storage")
def storage_fixture(proxy: FaultyProxy, request: pytest.FixtureRequest) -> OciStorage:
    """A storage with a repository of its own."""
    name = hashlib.sha256(request.node.name.encode()).hexdigest()[:16]
    return OciStorage(f"127.0.0.1:{proxy.port}", f"lamps/{name}")


@pytest.fixture(name="upload")
def upload_fixture(tmp_path: Path) -> Iterator[Callable[[bytes], UploadFile]]:
    """Makes a file with a space in its name."""
    files: list[BinaryIO] = []

    def upload(content: bytes) -> UploadFile:
        path = tmp_path / f"a file {len(files)}"
        path.write_bytes(content)
        files.append(path.open("rb"))
        digest = hashlib.sha256(content).hexdigest()
        return UploadFile(str(path), files[-1].fileno(), len(content), digest)

    yield upload
    for file in files:
        file.close()


Upload = Callable[[bytes], UploadFile]


def read(storage: OciStorage, release: str) -> bytes:
    with storage.open(release) as stream:
        return stream.read()


def on(fault: Fault, method: str, part: str) -> Callable[[Seen], Fault]:
    """Returns a `FaultyProxy.fault` that meets requests of a method to paths with a part."""
    return lambda seen: fault if seen.method == method and part in seen.path else None


def test_release_is_read_as_it_was_published(storage: OciStorage, upload: Upload) -> None:
    assert storage.releases() == []
    assert storage.digest("1.0") is None
    digest = storage.publish("1.0", upload(BUNDLE), ANNOTATIONS)
    assert storage.digest("1.0") == digest
    assert read(storage, "1.0") == read(storage, digest) == BUNDLE
    assert storage.releases() == ["1.0"]


def test_manifest_is_that_of_an_artifact(storage: OciStorage, upload: Upload) -> None:
    """Pinned: other clients read it, and equal content must give an equal digest."""
    storage.publish("1.0", upload(BUNDLE), ANNOTATIONS)
    content = storage._get_manifest("1.0")
    assert content
    assert json.loads(content) == {
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "artifactType": RELEASE_TYPE,
        "config": {
            "mediaType": "application/vnd.oci.empty.v1+json",
            "digest": "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",
            "size": 2,
        },
        "layers": [
            {
                "mediaType": "application/vnd.software-update.bundle.v1",
                "digest": f"sha256:{hashlib.sha256(BUNDLE).hexdigest()}",
                "size": len(BUNDLE),
                "annotations": {"org.opencontainers.image.title": "1.0.bundle"},
            }
        ],
        "annotations": ANNOTATIONS,
    }


def test_oras_pulls_the_bundle(storage: OciStorage, upload: Upload, tmp_path: Path) -> None:
    from oras.provider import Registry

    storage.publish("1.0", upload(BUNDLE), {})
    place = f"{storage.host}/{storage.repository}:1.0"
    files = Registry(insecure=True).pull(place, outdir=str(tmp_path / "out"))
    assert files == [str(tmp_path / "out" / "1.0.bundle")]
    assert Path(files[0]).read_bytes() == BUNDLE


def test_second_time_nothing_is_written(
    storage: OciStorage, proxy: FaultyProxy, upload: Upload
) -> None:
    digest = storage.publish("1.0", upload(BUNDLE), ANNOTATIONS)
    proxy.seen.clear()
    assert storage.publish("1.0", upload(BUNDLE), ANNOTATIONS) == digest
    assert {each.method for each in proxy.seen} == {"GET"}


@pytest.mark.parametrize("annotations", [{}, {"other": "1"}])
def test_release_never_changes(
    storage: OciStorage, upload: Upload, annotations: dict[str, str]
) -> None:
    digest = storage.publish("1.0", upload(BUNDLE), {"org": "1"})
    with pytest.raises(Conflict, match=r":1\.0: is published with another content"):
        storage.publish("1.0", upload(BUNDLE), annotations)
    with pytest.raises(Conflict, match="is published with another content"):
        storage.publish("1.0", upload(b"other"), {"org": "1"})
    assert storage.digest("1.0") == digest


def test_second_publisher_that_writes_while_we_upload_is_noticed(
    storage: OciStorage, proxy: FaultyProxy, port: int, upload: Upload
) -> None:
    other = OciStorage(f"127.0.0.1:{port}", storage.repository)
    raced: list[str] = []

    def race(seen: Seen) -> None:
        if seen.method == "POST" and not raced:
            raced.append(other.publish("1.0", upload(b"other"), {}))

    proxy.fault = race
    with pytest.raises(Conflict, match="is published with another content"):
        storage.publish("1.0", upload(BUNDLE), {})
    assert storage.digest("1.0") == raced[0]


def test_second_publisher_that_overwrites_our_tag_is_noticed(
    storage: OciStorage, proxy: FaultyProxy, port: int, upload: Upload
) -> None:
    """It saw no tag before we wrote ours."""
    other = OciStorage(f"127.0.0.1:{port}", storage.repository)
    left = [storage.publish("0.9", upload(b"other"), {})]

    def race(seen: Seen) -> None:
        reads = [each for each in proxy.seen if each.path.endswith("/manifests/1.0")]
        if left and reads and reads[-1].method == "GET" and len(reads) == 4:
            content = other._get_manifest(left.pop())
            assert content
            other._put_manifest("1.0", content, "application/vnd.oci.image.manifest.v1+json")

    proxy.fault = race
    with pytest.raises(Conflict, match=r":1\.0: another publisher has written it at the same"):
        storage.publish("1.0", upload(BUNDLE), {})
    assert not left


def test_attachments_refer_to_their_release(storage: OciStorage, upload: Upload) -> None:
    release = storage.publish("1.0", upload(BUNDLE), {})
    assert storage.referrers(release) == []
    sbom = storage.attach(release, upload(b"{}"), SBOM_TYPE, "sbom.json")
    assert storage.attach(release, upload(b"{}"), SBOM_TYPE, "sbom.json") == sbom
    proof = storage.attach(release, upload(b"proof"), "text/plain", "proof.txt")
    assert storage.referrers(release) == [
        Referrer(sbom, SBOM_TYPE, "sbom.json"),
        Referrer(proof, "text/plain", "proof.txt"),
    ]
    content = storage._get_manifest(sbom)
    assert content
    assert json.loads(content)["subject"]["digest"] == release
    # The tag that lists them is not a release.
    assert storage.releases() == ["1.0"]


def test_registry_that_lists_referrers_itself_needs_no_index(
    storage: OciStorage, proxy: FaultyProxy, upload: Upload
) -> None:
    release = storage.publish("1.0", upload(BUNDLE), {})
    entry = {"digest": "sha256:1", "artifactType": SBOM_TYPE}
    listed = json.dumps({"manifests": [entry]}).encode()
    proxy.fault = on(Status(200, listed), "GET", "/referrers/")
    assert storage.referrers(release) == [Referrer("sha256:1", SBOM_TYPE, "")]
    proxy.answer_headers = {"OCI-Subject": release}
    storage.attach(release, upload(b"{}"), SBOM_TYPE, "sbom.json")
    index = "application/vnd.oci.image.index.v1+json"
    assert storage._get_manifest(release.replace(":", "-"), index) is None


def test_second_publisher_that_attaches_is_noticed(
    storage: OciStorage, proxy: FaultyProxy, port: int, upload: Upload
) -> None:
    release = storage.publish("1.0", upload(BUNDLE), {})
    other = OciStorage(f"127.0.0.1:{port}", storage.repository)
    left = [upload(b"other")]

    def race(seen: Seen) -> None:
        if seen.method == "GET" and "/manifests/sha256-" in seen.path:
            done = [each for each in proxy.seen if "/manifests/sha256-" in each.path]
            if len(done) == 3 and left:
                other.attach(release, left.pop(), "text/plain", "other.txt")

    proxy.fault = race
    with pytest.raises(Conflict, match="another publisher has written it at the same time"):
        storage.attach(release, upload(b"{}"), SBOM_TYPE, "sbom.json")


def test_attachment_needs_a_release(storage: OciStorage, upload: Upload) -> None:
    with pytest.raises(InputError, match="there is no such release; publish it first"):
        storage.attach(f"sha256:{'0' * 64}", upload(b"{}"), SBOM_TYPE, "sbom.json")


def test_open_of_a_missing_release_is_an_error(storage: OciStorage) -> None:
    with pytest.raises(FileNotFoundError, match=r"oci://127\.0\.0\.1:.*:2\.0"):
        storage.open("2.0")


def test_other_artifact_is_not_a_release(storage: OciStorage, upload: Upload) -> None:
    release = storage.publish("1.0", upload(BUNDLE), {})
    sbom = storage.attach(release, upload(b"{}"), SBOM_TYPE, "sbom.json")
    with pytest.raises(InputError, match="not a release of this project"):
        storage.open(sbom)


def test_file_that_changes_while_it_is_uploaded_is_rejected(
    storage: OciStorage, upload: Upload
) -> None:
    file = upload(BUNDLE)
    Path(file.path).write_bytes(b"B" * len(BUNDLE))
    with pytest.raises(InputError, match="got other bytes than the file's"):
        storage.publish("1.0", file, {})
    assert storage.releases() == []


@pytest.mark.parametrize("tag", ["", "a b", "-a", "a/b", f"sha256-{'0' * 64}", "x" * 129])
def test_tag_that_is_not_one_is_rejected(
    storage: OciStorage, proxy: FaultyProxy, upload: Upload, tag: str
) -> None:
    with pytest.raises(UsageError, match="not the tag of a release"):
        storage.publish(tag, upload(BUNDLE), {})
    assert proxy.seen == []


def test_cut_in_the_middle_is_one_line_and_the_next_try_succeeds(
    storage: OciStorage, proxy: FaultyProxy, upload: Upload
) -> None:
    for fault in (
        on(Cut.BEFORE_REQUEST, "PUT", "/uploads/"),
        on(Cut.BEFORE_ANSWER, "PUT", "/uploads/"),
        on(Cut.BEFORE_REQUEST, "PUT", "/manifests/1.0"),
        on(Cut.BEFORE_ANSWER, "PUT", "/manifests/1.0"),
    ):
        proxy.fault = fault
        with pytest.raises(InputError, match=r"cannot write it: .*; check the network"):
            storage.publish("1.0", upload(BUNDLE), {})
    proxy.fault = lambda _: None
    proxy.seen.clear()
    storage.publish("1.0", upload(BUNDLE), {})
    # The bundle was there already.
    assert "POST" not in [each.method for each in proxy.seen]
    proxy.fault = on(Cut.IN_BODY, "GET", "/blobs/")
    with pytest.raises(InputError, match=r"cannot read it: .*; check the network"):
        read(storage, "1.0")
    proxy.fault = on(Cut.IN_BODY, "GET", "/manifests/")
    with pytest.raises(InputError, match=r"cannot read it: .*; check the network"):
        read(storage, "1.0")


@pytest.mark.parametrize(
    ("status", "body", "problem"),
    [
        (401, b"", r"does not let us write it \(401\); log in with"),
        (403, b'{"errors": [{"code": "DENIED"}]}', r"does not let us write it .*log in with"),
        (404, b'{"errors": [{"code": "NAME_UNKNOWN"}]}', "has no such repository .*NAME_UNKNOWN"),
        (429, b"", r"failed to write it \(429\); run the command again later"),
        (500, b"[]", r"failed to write it \(500\); run the command again later"),
        (503, b"busy", r"failed to write it \(503\); run the command again later"),
        (400, b'{"errors": [{"code": "TAG_INVALID"}]}', r"rejects the .* \(400 TAG_INVALID\)"),
    ],
)
def test_status_of_the_registry_is_one_line(
    storage: OciStorage,
    proxy: FaultyProxy,
    upload: Upload,
    status: int,
    body: bytes,
    problem: str,
) -> None:
    proxy.fault = on(Status(status, body), "PUT", "/manifests/")
    with pytest.raises(InputError, match=problem) as caught:
        storage.publish("1.0", upload(BUNDLE), {})
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("answer", [b"no JSON", b"[1]"])
def test_answer_that_is_not_json_is_one_line(
    storage: OciStorage, proxy: FaultyProxy, answer: bytes
) -> None:
    proxy.fault = on(Status(200, answer), "GET", "/tags/")
    with pytest.raises(InputError, match="the registry's answer to tags/list is not JSON"):
        storage.releases()


def test_endless_manifest_is_rejected(storage: OciStorage, proxy: FaultyProxy) -> None:
    proxy.fault = on(Status(200, b" " * (4 * 1024 * 1024 + 1)), "GET", "/manifests/")
    with pytest.raises(InputError, match="a manifest is larger than 4194304 bytes"):
        storage.digest("1.0")


def test_tags_of_several_pages(storage: OciStorage, proxy: FaultyProxy) -> None:
    pages = [b'{"tags": ["1.1", "1.0"]}', b'{"tags": ["1.2"]}']
    proxy.answer_headers = {"Link": f'</v2/{storage.repository}/tags/list?last=1.0>; rel="next"'}
    proxy.fault = lambda seen: _page(proxy, pages) if "/tags/" in seen.path else None
    assert storage.releases() == ["1.0", "1.1", "1.2"]


def _page(proxy: FaultyProxy, pages: list[bytes]) -> Status:
    if len(pages) == 1:
        proxy.answer_headers = {}
    return Status(200, pages.pop(0))


def test_registry_that_is_not_there_is_one_line(upload: Upload) -> None:
    storage = OciStorage("127.0.0.1:1", "lamps")
    with pytest.raises(
        InputError, match=r"oci://127\.0\.0\.1:1/lamps: cannot read it: Connection refused; check"
    ):
        storage.publish("1.0", upload(BUNDLE), {})


def test_account_comes_from_the_environment(
    tmp_path: Path, upload: Upload, monkeypatch: pytest.MonkeyPatch
) -> None:
    with oci_registry(tmp_path, account=True) as port:
        address = f"oci://127.0.0.1:{port}/lamps"
        with pytest.raises(
            InputError, match=r"does not let us read it .*; log in with: oras login"
        ):
            oci_storage(address).publish("1.0", upload(BUNDLE), {})
        monkeypatch.setenv("ORAS_USER", USER)
        monkeypatch.setenv("ORAS_PASS", "wrong")
        with pytest.raises(InputError, match="does not let us read it") as caught:
            oci_storage(address).publish("1.0", upload(BUNDLE), {})
        assert "wrong" not in str(caught.value)
        monkeypatch.setenv("ORAS_PASS", PASSWORD)
        oci_storage(address).publish("1.0", upload(BUNDLE), {})
        assert read(oci_storage(address), "1.0") == BUNDLE


def test_missing_oras_is_one_line(
    storage: OciStorage, upload: Upload, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = builtins.__import__

    for package in ("oras", "requests"):

        def without(name: str, *args: Any, package: str = package) -> Any:
            if name.startswith(package):
                raise ImportError(name)
            return real(name, *args)

        monkeypatch.setattr(builtins, "__import__", without)
        with pytest.raises(InputError, match=r"needs oras; .*pip install '\.\[oci\]'"):
            storage.publish("1.0", upload(BUNDLE), {})


@pytest.mark.parametrize(
    "address",
    [
        "oci://registry.example/Lamps",
        "oci://registry.example",
        "oci://user:secret@registry.example/lamps",
        "oci://registry.example/lamps:1.0",
        "https://registry.example/lamps",
    ],
)
def test_other_addresses_are_rejected(address: str) -> None:
    with pytest.raises(UsageError, match="write oci://HOST/REPOSITORY") as caught:
        oci_storage(address)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("address", "url"),
    [
        ("oci://registry.example:5000/my/lamps", "https://registry.example:5000/v2/my/lamps/x"),
        ("oci://localhost:5000/lamps", "http://localhost:5000/v2/lamps/x"),
        ("oci://[::1]:5000/lamps", "http://[::1]:5000/v2/lamps/x"),
        ("oci://127.example/lamps", "https://127.example/v2/lamps/x"),
    ],
)
def test_only_this_machine_is_asked_without_tls(address: str, url: str) -> None:
    storage = oci_storage(address)
    assert storage._url("x") == url
    assert storage.describe() == address
