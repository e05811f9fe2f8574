"""A storage in a bucket of S3, or of a server with the same interface.

`If-None-Match` and `If-Match` take the place of a lock: the server refuses to write an object that is there,
and to replace a timestamp that another publisher has replaced. boto3 finds credentials, region and proxies
in its usual places: environment, files below ~/.aws, roles of the machine.
"""

import base64
import contextlib
import hashlib
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, BinaryIO, TypeAlias

from software_update.base.errors import InputError, SoftwareUpdateError, printable, shown
from software_update.base.files import read_range
from software_update.repository.storage import (
    IMMUTABLE,
    TIMESTAMP_AGE,
    Conflict,
    Listed,
    Object,
    UploadFile,
)
from software_update.repository.storages.names import check_name, media_type

# An object that only shows whether the server honours conditions.
PROBE = ".publishing-probe"
PART_BYTES = 16 * 1024 * 1024
_MAX_PARTS = 10_000
_CHUNK_BYTES = 256 * 1024
_OTHER_TAG = '"00000000000000000000000000000000"'
# The codes of S3 for a condition that does not hold. The last one is the second answer to a completion
# whose first answer was lost.
_TAKEN = ("PreconditionFailed", "ConditionalRequestConflict", "412", "409", "NoSuchUpload")
_MISSING = ("NoSuchKey", "404")
# The parts of an upload, as the request that ends it lists them.
_Parts: TypeAlias = list[dict[str, Any]]
_REGION = ("PermanentRedirect", "AuthorizationHeaderMalformed", "301")


class _Taken(Conflict):
    """A condition did not hold."""


class _Missing(InputError):
    """There is no such object."""


@dataclass
class S3Storage:
    """Objects below `prefix`, which is empty or ends in `/`. `endpoint` is a URL; None: that of boto3.

    `timestamp_age` is the number of seconds that caches may keep the timestamp.
    """

    bucket: str
    prefix: str = ""
    endpoint: str | None = None
    timestamp_age: int = TIMESTAMP_AGE
    part_bytes: int = field(default=PART_BYTES, repr=False)

    def describe(self) -> str:
        """See `Storage.describe`."""
        return f"s3://{self.bucket}/{self.prefix}".rstrip("/")

    def read(self, name: str, most: int) -> Object | None:
        """See `Storage.read`."""
        try:
            with self._errors("read", name):
                found = self._client.get_object(**self._place(name))
                with contextlib.closing(found["Body"]) as body:
                    length = int(found["ContentLength"])
                    content = body.read() if length <= most else b""
        except _Missing:
            return None
        if length > most:
            raise InputError(
                f"{self._shown(name)}: larger than {most} bytes; check that it is the right object"
            )
        return Object(content, str(found["ETag"]))

    def open(self, name: str) -> BinaryIO:
        """See `Storage.open`."""
        try:
            with self._errors("read", name):
                body = self._client.get_object(**self._place(name))["Body"]
        except _Missing:
            raise FileNotFoundError(2, "No such object", self._shown(name)) from None
        return io.BufferedReader(_Stream(self, name, body), _CHUNK_BYTES)

    def put_new(self, name: str, content: bytes | UploadFile) -> None:
        """See `Storage.put_new`."""
        check_name(name)
        if isinstance(content, bytes):
            length, sha256 = len(content), hashlib.sha256(content).hexdigest()
        else:
            length, sha256 = content.length, content.sha256
        try:
            if isinstance(content, bytes) or length <= self.part_bytes:
                small = content if isinstance(content, bytes) else _read(content)
                self._put(name, small, IMMUTABLE, IfNoneMatch="*")
                return
            # The server would notice only after the last part.
            if not self._is_there(name):
                self._put_parts(name, content)
                return
        except _Taken:
            pass
        if not self._has(name, length, sha256):
            raise Conflict(
                f"{self._shown(name)}: is there with another content, and objects of a repository never "
                "change; find out which program wrote it"
            )

    def replace(self, name: str, content: bytes, tag: str | None) -> None:
        """See `Storage.replace`."""
        check_name(name)
        condition = {"IfNoneMatch": "*"} if tag is None else {"IfMatch": tag}
        try:
            self._put(name, content, f"max-age={self.timestamp_age}", **condition)
        except (_Taken, _Missing):
            # If the answer to the first try was lost, the second one finds our own content.
            if self._has(name, len(content), hashlib.sha256(content).hexdigest()):
                return
            raise Conflict(
                f"{self._shown(name)}: another publisher has written it meanwhile; run the command again"
            ) from None

    def list(self, prefix: str) -> Iterator[Listed]:
        """See `Storage.list`."""
        with self._errors("list", prefix):
            pages = self._client.get_paginator("list_objects_v2").paginate(
                Bucket=self.bucket, Prefix=self.prefix + prefix
            )
            for page in pages:
                for each in page.get("Contents", ()):
                    name = each["Key"][len(self.prefix) :]
                    if name != PROBE:
                        yield Listed(name, each["Size"], int(each["LastModified"].timestamp()))

    def remove(self, name: str) -> None:
        """See `Storage.remove`."""
        check_name(name)
        with self._errors("remove", name):
            self._client.delete_object(**self._place(name))

    @contextlib.contextmanager
    def publishing(self) -> Iterator[None]:
        """See `Storage.publishing`. Checks that the server honours both conditions."""
        if self._accepts(IfNoneMatch="*") and self._accepts(IfNoneMatch="*"):
            raise self._ignores("If-None-Match")
        if self._accepts(IfMatch=_OTHER_TAG):
            raise self._ignores("If-Match")
        yield

    def _accepts(self, **condition: str) -> bool:
        try:
            self._put(PROBE, b"", "no-store", **condition)
        except (_Taken, _Missing):
            return False
        return True

    def _ignores(self, header: str) -> InputError:
        return InputError(
            f"{self.describe()}: the server ignores the header {header}, so that two publishers could "
            "overwrite each other; use a server that honours it"
        )

    def _put(self, name: str, content: bytes, cache: str, **condition: str) -> None:
        with self._errors("write", name):
            self._client.put_object(
                **self._place(name),
                Body=content,
                CacheControl=cache,
                ContentType=media_type(name),
                ChecksumSHA256=_checksum(content),
                **condition,
            )

    def _put_parts(self, name: str, file: UploadFile) -> None:
        """Uploads a large file. The server compares the SHA-256 of each part."""
        place = self._place(name)
        with self._errors("write", name):
            upload = self._client.create_multipart_upload(
                **place,
                CacheControl=IMMUTABLE,
                ContentType=media_type(name),
                ChecksumAlgorithm="SHA256",
            )["UploadId"]
        try:
            with self._errors("write", name):
                parts = self._upload_parts(name, upload, file)
                self._client.complete_multipart_upload(
                    **place, UploadId=upload, MultipartUpload={"Parts": parts}, IfNoneMatch="*"
                )
        except BaseException:
            # Otherwise the bucket keeps the parts, and its owner pays for them.
            with contextlib.suppress(SoftwareUpdateError), self._errors("write", name):
                self._client.abort_multipart_upload(**place, UploadId=upload)
            raise

    def _upload_parts(self, name: str, upload: str, file: UploadFile) -> _Parts:
        size = max(self.part_bytes, -(-file.length // _MAX_PARTS))
        hasher = hashlib.sha256()
        parts = []
        for number, offset in enumerate(range(0, file.length, size), start=1):
            part = b"".join(read_range(file.fd, offset, min(size, file.length - offset), size))
            hasher.update(part)
            checksum = _checksum(part)
            done = self._client.upload_part(
                **self._place(name),
                UploadId=upload,
                PartNumber=number,
                Body=part,
                ChecksumSHA256=checksum,
            )
            parts.append({"PartNumber": number, "ETag": done["ETag"], "ChecksumSHA256": checksum})
        _check_unchanged(file, hasher.hexdigest())
        return parts

    def _is_there(self, name: str) -> bool:
        try:
            with self._errors("read", name):
                self._client.head_object(**self._place(name))
        except _Missing:
            return False
        return True

    def _has(self, name: str, length: int, sha256: str) -> bool:
        """Returns whether an object has a content. False if there is no such object."""
        try:
            with self.open(name) as stream:
                hasher = hashlib.sha256()
                while length >= 0 and (chunk := stream.read(_CHUNK_BYTES)):
                    hasher.update(chunk)
                    length -= len(chunk)
        except FileNotFoundError:
            return False
        return hasher.hexdigest() == sha256

    def _place(self, name: str) -> dict[str, str]:
        return {"Bucket": self.bucket, "Key": self.prefix + name}

    def _shown(self, name: str) -> str:
        return f"s3://{self.bucket}/{printable(self.prefix + name)}"

    @cached_property
    def _client(self) -> Any:
        with self._errors("open", ""):
            from boto3.session import Session

            return Session().client("s3", endpoint_url=self.endpoint)

    @contextlib.contextmanager
    def _errors(self, verb: str, name: str) -> Iterator[None]:
        """Makes one line of each error of boto3."""
        try:
            from boto3.exceptions import Boto3Error
            from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError
        except ImportError:
            raise InputError(
                f"{self.describe()}: needs boto3; install the command with it: pip install '.[s3]'"
            ) from None
        place = self._shown(name)
        try:
            yield
        except ClientError as error:
            raise self._problem(verb, place, error.response) from None
        except NoCredentialsError:
            raise InputError(
                f"{place}: boto3 finds no credentials; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or "
                "write them to ~/.aws/credentials"
            ) from None
        except (Boto3Error, BotoCoreError, ValueError) as error:
            raise InputError(
                f"{place}: cannot {verb} it: {_line(error)}; check the network, the endpoint and boto3's "
                "settings"
            ) from None

    def _problem(self, verb: str, place: str, answer: dict[str, Any]) -> SoftwareUpdateError:
        code = str(answer.get("Error", {}).get("Code", ""))
        status = int(answer.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
        said = f"{status} {shown(code)}"
        if code in _TAKEN:
            return _Taken(f"{place}: was written meanwhile; run the command again")
        if code in _MISSING:
            return _Missing(f"{place}: there is no such object")
        if code == "NoSuchBucket":
            return InputError(
                f"s3://{self.bucket}: there is no such bucket; make it, or correct its name or the endpoint"
            )
        if code in _REGION:
            return InputError(
                f"s3://{self.bucket}: is in another region ({said}); set AWS_REGION to it"
            )
        return InputError(f"{place}: {_status_problem(verb, status, said)}")


class _Stream(io.RawIOBase):
    """The bytes of an object, with the errors of the storage."""

    def __init__(self, storage: S3Storage, name: str, body: Any) -> None:
        self._storage = storage
        self._name = name
        self._body = body

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        with self._storage._errors("read", self._name):
            content: bytes = self._body.read(len(buffer))
        buffer[: len(content)] = content
        return len(content)

    def close(self) -> None:
        self._body.close()
        super().close()


def _read(file: UploadFile) -> bytes:
    content = b"".join(read_range(file.fd, 0, file.length, _CHUNK_BYTES))
    _check_unchanged(file, hashlib.sha256(content).hexdigest())
    return content


def _check_unchanged(file: UploadFile, sha256: str) -> None:
    if sha256 != file.sha256:
        raise InputError(
            f"{printable(file.path)}: was changed while it was read; do not write to it meanwhile"
        )


def _checksum(content: bytes) -> str:
    return base64.b64encode(hashlib.sha256(content).digest()).decode()


def _status_problem(verb: str, status: int, said: str) -> str:
    if status in (401, 403):
        return (
            f"the server does not let us {verb} it ({said}); check the credentials, and what they and the "
            "bucket's policy allow"
        )
    if status >= 500 or status == 429:
        return f"the server failed to {verb} it ({said}); run the command again later"
    return (
        f"the server rejects the request to {verb} it ({said}); check the endpoint and the bucket"
    )


def _line(error: Exception) -> str:
    text = " ".join(str(error).split()) or type(error).__name__
    return printable(text[:200]).rstrip(". ")
