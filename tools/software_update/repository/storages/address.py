"""The addresses of storages on the command line: a folder, or `s3://BUCKET/PREFIX`."""

import re
from typing import NamedTuple
from urllib.parse import urlsplit

from software_update.base.errors import InputError, UsageError, printable
from software_update.repository.storage import TIMESTAMP_AGE, Storage
from software_update.repository.storages.folder import FolderStorage
from software_update.repository.storages.names import check_name
from software_update.repository.storages.s3 import S3Storage

_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_NO_CREDENTIALS = (
    "{} contains more than a place; leave credentials to the usual places of boto3, such as ~/.aws"
)
_SCHEME = re.compile(r"([a-zA-Z][a-zA-Z0-9+.-]*)://")


class Settings(NamedTuple):
    """The URL of an S3 server (None: that of boto3), and the seconds that caches keep the timestamp."""

    endpoint: str | None = None
    timestamp_age: int = TIMESTAMP_AGE


def storage_at(address: str, settings: Settings | None = None) -> Storage:
    """Returns the storage at an address. Raises UsageError if it is not an address of one."""
    settings = settings or Settings()
    scheme = _SCHEME.match(address)
    if scheme is None:
        if settings.endpoint is not None:
            raise UsageError(f"{printable(address)}: a folder has no endpoint; remove the endpoint")
        if not address:
            raise UsageError(
                "the place of the repository is empty; name a folder, or s3://BUCKET/PREFIX"
            )
        return FolderStorage(address)
    if scheme[1] != "s3":
        raise UsageError(
            f"{printable(address)}: not a storage; name a folder, or s3://BUCKET/PREFIX"
        )
    bucket, _, prefix = address.removeprefix("s3://").partition("/")
    if "@" in bucket:
        raise UsageError(_NO_CREDENTIALS.format("the address"))
    if not _BUCKET.fullmatch(bucket):
        raise UsageError(
            f"{printable(address)}: '{printable(bucket)}' is not the name of a bucket; write "
            "s3://BUCKET/PREFIX"
        )
    prefix = prefix.rstrip("/")
    if prefix:
        try:
            check_name(prefix)
        except InputError as error:
            raise UsageError(str(error)) from None
        prefix += "/"
    if settings.endpoint is not None:
        _check_endpoint(settings.endpoint)
    return S3Storage(bucket, prefix, settings.endpoint, settings.timestamp_age)


def _check_endpoint(endpoint: str) -> None:
    try:
        parts = urlsplit(endpoint)
        is_url = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        is_url = False
    if not is_url:
        raise UsageError(f"{printable(endpoint)}: not an endpoint; write https://HOST")
    if "@" in parts.netloc or parts.query or parts.fragment:
        # Other users of the machine can read a command line.
        raise UsageError(_NO_CREDENTIALS.format("the endpoint"))
