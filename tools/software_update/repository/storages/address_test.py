"""Tests of address.py."""

import pytest

from software_update.base.errors import UsageError
from software_update.repository.storages.address import Settings, storage_at
from software_update.repository.storages.folder import FolderStorage
from software_update.repository.storages.s3 import S3Storage


@pytest.mark.parametrize("path", ["repository", "/srv/a repository/", "../s3:/x"])
def test_path_is_a_folder(path: str) -> None:
    assert storage_at(path) == FolderStorage(path)


@pytest.mark.parametrize(
    ("address", "prefix"),
    [("s3://lamps", ""), ("s3://lamps/", ""), ("s3://lamps/a b/c/", "a b/c/")],
)
def test_bucket_and_prefix_are_s3(address: str, prefix: str) -> None:
    settings = Settings("https://s3.example.com", 30)
    assert storage_at(address, settings) == S3Storage("lamps", prefix, "https://s3.example.com", 30)
    assert storage_at(address, settings).describe() == f"s3://lamps/{prefix}".rstrip("/")


@pytest.mark.parametrize(
    ("address", "problem"),
    [
        ("s3://", "'' is not the name of a bucket"),
        ("s3://Lamps/x", "'Lamps' is not the name of a bucket"),
        ("s3://key:secret@lamps/x", "the address contains more than a place; leave credentials to"),
        ("s3://lamps/../x", "not the name of an object"),
        ("gs://lamps", "not a storage; name a folder, or s3://BUCKET/PREFIX"),
    ],
)
def test_other_addresses_are_rejected(address: str, problem: str) -> None:
    with pytest.raises(UsageError, match=problem) as caught:
        storage_at(address)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("endpoint", "problem"),
    [
        ("s3.example.com", "not an endpoint"),
        ("ftp://s3.example.com", "not an endpoint"),
        ("https://[", "not an endpoint"),
        ("https://key:secret@s3.example.com", "the endpoint contains more than"),
        ("https://s3.example.com?secret=1", "the endpoint contains more than"),
    ],
)
def test_other_endpoints_are_rejected(endpoint: str, problem: str) -> None:
    with pytest.raises(UsageError, match=problem) as caught:
        storage_at("s3://lamps", Settings(endpoint))
    assert "secret" not in str(caught.value)


def test_folder_has_no_endpoint() -> None:
    with pytest.raises(UsageError, match="a folder has no endpoint"):
        storage_at("repository", Settings("https://s3.example.com"))
