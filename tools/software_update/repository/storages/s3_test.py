"""Tests of s3.py with a real server, and with a proxy in front of it that fails."""

import builtins
import hashlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from software_update.base.errors import InputError
from software_update.repository.storage import Conflict, Storage, UploadFile
from software_update.repository.storages.s3 import PROBE, S3Storage
from software_update.testing.faulty_proxy import (
    Cut,
    Fault,
    FaultyProxy,
    Seen,
    Status,
    Without,
    faulty_proxy,
)
from software_update.testing.s3_server import SETTINGS, endpoint, make_bucket, s3_server
from software_update.testing.storage_promises import check_replacement

NAME = "targets/my lamp/stable/ab.1+1.bundle"
TIMESTAMP = "metadata/timestamp.json"
PART = 5 * 1024 * 1024
IMMUTABLE = "public, max-age=31536000, immutable"


@pytest.fixture(name="server", scope="module")
def server_fixture(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    with s3_server(tmp_path_factory.mktemp("s3") / "log") as port:
        make_bucket(port, "lamps")
        yield port


@pytest.fixture(name="connected", scope="module")
def connected_fixture(server: int) -> Iterator[tuple[FaultyProxy, Any]]:
    """A proxy in front of the server, and boto3's client for it, which takes a while to make."""
    with faulty_proxy(server) as proxy, pytest.MonkeyPatch.context() as monkeypatch:
        for name, value in SETTINGS.items():
            monkeypatch.setenv(name, value)
        # boto3 waits between two tries.
        monkeypatch.setattr("botocore.endpoint.time.sleep", lambda _: None)
        yield proxy, S3Storage("lamps", "", endpoint(proxy.port))._client


@pytest.fixture(name="proxy")
def proxy_fixture(connected: tuple[FaultyProxy, Any]) -> FaultyProxy:
    proxy, _ = connected
    proxy.seen.clear()
    proxy.fault = lambda _: None
    return proxy


@pytest.fixture(name="new_storage")
def new_storage_fixture(proxy: FaultyProxy, request: pytest.FixtureRequest) -> S3Storage:
    """A storage with a prefix of its own, without a client yet."""
    prefix = f"a prefix/{hashlib.sha256(request.node.name.encode()).hexdigest()[:16]}/"
    return S3Storage("lamps", prefix, endpoint(proxy.port), part_bytes=PART)


@pytest.fixture(name="storage")
def storage_fixture(new_storage: S3Storage, connected: tuple[FaultyProxy, Any]) -> S3Storage:
    """A storage with a prefix of its own."""
    vars(new_storage)["_client"] = connected[1]
    return new_storage


@pytest.fixture(name="upload")
def upload_fixture(tmp_path: Path) -> Iterator[UploadFile]:
    """Two parts and a bit."""
    path = tmp_path / "bundle"
    path.write_bytes(b"bundle" * (2 * PART // 6 + 1))
    with path.open("rb") as file:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        yield UploadFile(str(path), file.fileno(), path.stat().st_size, digest)


def content(storage: Storage, name: str = NAME) -> bytes | None:
    found = storage.read(name, 100_000_000)
    return found.content if found else None


def head(storage: S3Storage, name: str) -> dict[str, Any]:
    found: dict[str, Any] = storage._client.head_object(
        Bucket=storage.bucket, Key=storage.prefix + name
    )
    return found


def once(fault: Fault, method: str) -> Callable[[Seen], Fault]:
    """Returns a `FaultyProxy.fault` that meets only the first request of a method."""
    left = [fault]
    return lambda seen: left.pop() if seen.method == method and left else None


def always(fault: Fault, method: str) -> Callable[[Seen], Fault]:
    """Returns a `FaultyProxy.fault` that meets all requests of a method."""
    return lambda seen: fault if seen.method == method else None


def methods(proxy: FaultyProxy) -> list[str]:
    return [each.method for each in proxy.seen]


def test_object_is_read_as_it_was_written(storage: S3Storage) -> None:
    assert content(storage) is None
    storage.put_new(NAME, b"content")
    assert content(storage) == b"content"
    with storage.open(NAME) as stream:
        assert stream.read(3) == b"con"
        assert stream.read() == b"tent"


def test_open_of_a_missing_object_is_an_error(storage: S3Storage) -> None:
    with pytest.raises(FileNotFoundError, match=r"s3://lamps/.*/stable/ab\.1\+1\.bundle"):
        storage.open(NAME)


def test_object_that_is_too_long_is_rejected(storage: S3Storage) -> None:
    storage.put_new(NAME, b"123456")
    assert storage.read(NAME, 6) is not None
    with pytest.raises(InputError, match=r"1\.bundle: larger than 5 bytes"):
        storage.read(NAME, 5)


def test_headers_are_those_that_caches_need(storage: S3Storage, upload: UploadFile) -> None:
    storage.put_new("metadata/1.root.json", b"{}")
    storage.put_new(NAME, upload)
    storage.replace(TIMESTAMP, b"{}", None)
    S3Storage("lamps", storage.prefix, storage.endpoint, 5).replace("t.json", b"{}", None)
    found = {
        name: (head(storage, name)["CacheControl"], head(storage, name)["ContentType"])
        for name in ("metadata/1.root.json", NAME, TIMESTAMP, "t.json")
    }
    assert found == {
        "metadata/1.root.json": (IMMUTABLE, "application/json"),
        NAME: (IMMUTABLE, "application/octet-stream"),
        TIMESTAMP: ("max-age=60", "application/json"),
        "t.json": ("max-age=5", "application/json"),
    }


@pytest.mark.parametrize("other", [b"another", b"longer than content"])
def test_object_never_changes(storage: S3Storage, other: bytes) -> None:
    storage.put_new(NAME, b"content")
    storage.put_new(NAME, b"content")
    with pytest.raises(Conflict, match="is there with another content"):
        storage.put_new(NAME, other)
    assert content(storage) == b"content"


def test_large_file_is_uploaded_in_parts(
    storage: S3Storage, proxy: FaultyProxy, upload: UploadFile
) -> None:
    storage.put_new(NAME, upload)
    sent = [each for each in proxy.seen if each.method == "PUT"]
    assert len(sent) == 3
    assert all("x-amz-checksum-sha256" in each.headers for each in sent)
    assert content(storage) == Path(upload.path).read_bytes()
    proxy.seen.clear()
    storage.put_new(NAME, upload)
    assert methods(proxy) == ["HEAD", "GET"]


def test_small_file_is_uploaded_in_one_request(
    storage: S3Storage, proxy: FaultyProxy, upload: UploadFile
) -> None:
    storage.part_bytes = upload.length
    storage.put_new(NAME, upload)
    assert methods(proxy) == ["PUT"]
    assert content(storage) == Path(upload.path).read_bytes()


@pytest.mark.parametrize("part_bytes", [PART, 3 * PART])
def test_file_that_changes_while_it_is_uploaded_is_rejected(
    storage: S3Storage, upload: UploadFile, part_bytes: int
) -> None:
    storage.part_bytes = part_bytes
    Path(upload.path).write_bytes(b"B" * upload.length)
    with pytest.raises(InputError, match="bundle: was changed while it was read"):
        storage.put_new(NAME, upload)
    assert content(storage) is None
    assert uploads(storage) == []


def uploads(storage: S3Storage) -> list[str]:
    """Returns the keys of uploads that have begun and not ended."""
    found = storage._client.list_multipart_uploads(Bucket="lamps", Prefix=storage.prefix)
    return [each["Key"] for each in found.get("Uploads", ())]


def test_upload_of_two_publishers_keeps_the_first(
    storage: S3Storage, proxy: FaultyProxy, upload: UploadFile
) -> None:
    """The second one writes the object between the check and the end of the upload."""

    def race(seen: Seen) -> None:
        if seen.method == "POST" and seen.path.endswith("uploads"):
            S3Storage("lamps", storage.prefix, storage.endpoint).put_new(NAME, b"other")

    proxy.fault = race
    with pytest.raises(Conflict, match="is there with another content"):
        storage.put_new(NAME, upload)
    assert content(storage) == b"other"
    assert uploads(storage) == []


def test_timestamp_is_replaced_if_it_is_the_one_that_was_read(storage: S3Storage) -> None:
    check_replacement(storage)


def test_list_has_name_length_and_time(storage: S3Storage) -> None:
    with storage.publishing():
        for name in (NAME, "targets/other/b.json", "metadata/1.root.json"):
            storage.put_new(name, b"12345")
    found = sorted(storage.list("targets/"))
    assert [each[:2] for each in found] == [(NAME, 5), ("targets/other/b.json", 5)]
    assert all(each.written > 1_700_000_000 for each in found)
    assert [each.name for each in storage.list("metadata/1.r")] == ["metadata/1.root.json"]
    assert len(list(storage.list(""))) == 3


def test_list_of_more_than_a_page(new_storage: S3Storage, proxy: FaultyProxy) -> None:
    storage = new_storage
    for number in range(3):
        storage.put_new(f"targets/{number}", b"")
    proxy.seen.clear()
    storage._client.meta.events.register(
        "before-parameter-build.s3.ListObjectsV2", lambda params, **_: params.update(MaxKeys=2)
    )
    assert len(list(storage.list("targets/"))) == 3
    assert methods(proxy) == ["GET", "GET"]


def test_removed_object_is_gone(storage: S3Storage) -> None:
    storage.put_new(NAME, b"1")
    storage.remove(NAME)
    storage.remove(NAME)
    assert content(storage) is None


@pytest.mark.parametrize("header", ["If-None-Match", "If-Match"])
def test_server_that_ignores_conditions_is_rejected(
    storage: S3Storage, proxy: FaultyProxy, header: str
) -> None:
    proxy.fault = lambda _: Without(frozenset({header.lower()}))
    for _ in range(2):
        with (
            pytest.raises(InputError, match=f"the server ignores the header {header},"),
            storage.publishing(),
        ):
            raise AssertionError


def test_server_that_honours_conditions_is_asked_with_two_requests(
    storage: S3Storage, proxy: FaultyProxy
) -> None:
    for expected in (3, 2):
        proxy.seen.clear()
        with storage.publishing():
            pass
        assert methods(proxy) == ["PUT"] * expected
        assert all(each.path.endswith(PROBE) for each in proxy.seen)


@pytest.mark.parametrize("cut", [Cut.BEFORE_REQUEST, Cut.BEFORE_ANSWER])
def test_cut_request_is_sent_again(storage: S3Storage, proxy: FaultyProxy, cut: Cut) -> None:
    """If the answer was lost, the second try finds the content of the first one."""
    proxy.fault = once(cut, "PUT")
    storage.put_new(NAME, b"content")
    proxy.fault = once(cut, "PUT")
    storage.replace(TIMESTAMP, b"1", None)
    found = storage.read(TIMESTAMP, 10)
    assert found
    proxy.fault = once(cut, "PUT")
    storage.replace(TIMESTAMP, b"2", found.tag)
    assert (content(storage), content(storage, TIMESTAMP)) == (b"content", b"2")


@pytest.mark.parametrize("second", [None, Status(404, b"<Error><Code>NoSuchUpload</Code></Error>")])
def test_lost_answer_at_the_end_of_an_upload(
    storage: S3Storage, proxy: FaultyProxy, upload: UploadFile, second: Fault
) -> None:
    """Amazon's server then knows the upload no more; moto finds that the object is there."""
    left = [second, Cut.BEFORE_ANSWER]
    proxy.fault = lambda seen: (
        left.pop() if left and seen.method == "POST" and "uploadId" in seen.path else None
    )
    storage.put_new(NAME, upload)
    assert not left
    assert content(storage) == Path(upload.path).read_bytes()


def test_upload_that_fails_in_the_middle_is_removed(
    storage: S3Storage, proxy: FaultyProxy, upload: UploadFile
) -> None:
    proxy.fault = lambda seen: (
        Cut.BEFORE_REQUEST if seen.method == "PUT" and "partNumber=2" in seen.path else None
    )
    with pytest.raises(InputError, match=r"cannot write it: .*; check the network"):
        storage.put_new(NAME, upload)
    assert uploads(storage) == []
    assert content(storage) is None
    proxy.fault = lambda _: None
    storage.put_new(NAME, upload)
    assert content(storage) == Path(upload.path).read_bytes()


def test_cut_in_the_middle_of_an_object(storage: S3Storage, proxy: FaultyProxy) -> None:
    storage.put_new(NAME, b"content" * 1000)
    proxy.fault = always(Cut.IN_BODY, "GET")
    with pytest.raises(InputError, match=r"s3://lamps/.*bundle: cannot read it: "):
        content(storage)
    with storage.open(NAME) as stream, pytest.raises(InputError, match="cannot read it: "):
        stream.read()


@pytest.mark.parametrize(
    ("status", "problem"),
    [
        (401, r"does not let us write it \(401 .*check the credentials"),
        (403, r"does not let us write it \(403 .*check the credentials"),
        (429, r"failed to write it \(429 .*run the command again later"),
        (503, r"failed to write it \(503 .*run the command again later"),
        (501, r"failed to write it \(501 "),
        (400, r"rejects the request to write it \(400 .*check the endpoint"),
    ],
)
def test_status_of_the_server_is_one_line(
    storage: S3Storage, proxy: FaultyProxy, status: int, problem: str
) -> None:
    proxy.fault = always(Status(status), "PUT")
    with pytest.raises(InputError, match=problem) as caught:
        storage.put_new(NAME, b"1")
    assert "\n" not in str(caught.value)
    assert SETTINGS["AWS_SECRET_ACCESS_KEY"] not in str(caught.value)


def test_server_that_is_busy_once_is_asked_again(storage: S3Storage, proxy: FaultyProxy) -> None:
    proxy.fault = once(Status(503), "PUT")
    storage.put_new(NAME, b"content")
    assert content(storage) == b"content"


def test_other_region_is_one_line(storage: S3Storage, proxy: FaultyProxy) -> None:
    body = b"<Error><Code>AuthorizationHeaderMalformed</Code></Error>"
    proxy.fault = always(Status(400, body), "PUT")
    with pytest.raises(InputError, match=r"s3://lamps: is in another region .*set AWS_REGION"):
        storage.put_new(NAME, b"1")


def test_missing_bucket_is_one_line(storage: S3Storage) -> None:
    storage.bucket = "lanterns"
    for action in (
        lambda: storage.put_new(NAME, b"1"),
        lambda: storage.read(NAME, 1),
        lambda: list(storage.list("")),
    ):
        with pytest.raises(InputError, match="s3://lanterns: there is no such bucket; make it"):
            action()


def test_server_that_is_not_there_is_one_line(new_storage: S3Storage) -> None:
    new_storage.endpoint = endpoint(1)
    with pytest.raises(InputError, match=r"cannot write it: .*127\.0\.0\.1:1.*; check the network"):
        new_storage.put_new(NAME, b"1")


def test_missing_credentials_are_one_line(
    new_storage: S3Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(InputError, match="boto3 finds no credentials; set AWS_ACCESS_KEY_ID"):
        new_storage.put_new(NAME, b"1")


def test_bad_settings_of_boto3_are_one_line(
    new_storage: S3Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "none")
    with pytest.raises(InputError, match=r"cannot open it: .*\(none\).*; check .* settings"):
        new_storage.put_new(NAME, b"1")


def test_missing_boto3_is_one_line(new_storage: S3Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *args: Any) -> Any:
        if name.startswith("boto3"):
            raise ImportError(name)
        return real(name, *args)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(InputError, match=r"needs boto3; .*pip install '\.\[s3\]'"):
        new_storage.put_new(NAME, b"1")


def test_name_that_is_not_one_is_rejected(storage: S3Storage, proxy: FaultyProxy) -> None:
    for name in ("../a", "", "/a"):
        with pytest.raises(InputError, match="not the name of an object"):
            storage.put_new(name, b"")
    assert proxy.seen == []


def test_settings_of_the_machine_are_not_used() -> None:
    """Otherwise a test could reach more than this machine."""
    assert SETTINGS["AWS_CONFIG_FILE"] == os.devnull
