"""Releases and their attachments in an OCI registry, through ORAS.

A release is an artifact with one layer, the bundle, under a tag. An attachment is an artifact of its own
that refers to the release (OCI image specification 1.1, `subject`). A registry has no conditional writes, so
it can have only one publisher: each tag is read back, which finds a second publisher that wrote at the same
time. It contains no metadata of a repository, so it gives clients no freshness.

Credentials come from the places of ORAS: ~/.docker/config.json, or ORAS_USER and ORAS_PASS.
"""

import contextlib
import functools
import hashlib
import io
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, BinaryIO, NamedTuple

from software_update.base.errors import InputError, UsageError, printable, shown
from software_update.base.files import read_range
from software_update.repository.storage import Conflict, UploadFile

RELEASE_TYPE = "application/vnd.software-update.release.v1"
BUNDLE_TYPE = "application/vnd.software-update.bundle.v1"
TITLE = "org.opencontainers.image.title"
_MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"
_INDEX_TYPE = "application/vnd.oci.image.index.v1+json"
# The empty configuration of an artifact, from the image specification.
_EMPTY = b"{}"
_EMPTY_TYPE = "application/vnd.oci.empty.v1+json"

# From the distribution specification; of a host, what a URL can have without credentials.
_ADDRESS = re.compile(
    r"oci://(?P<host>\[[0-9a-fA-F:]+\](:[0-9]+)?|[a-zA-Z0-9.-]+(:[0-9]+)?)/"
    r"(?P<repository>[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*)"
)
_TAG = re.compile(r"[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}")
# Tags that list what refers to a manifest, in registries without an API for that.
_REFERRERS_TAG = re.compile(r"sha256-[0-9a-f]{64}")
_LOOPBACK = re.compile(r"(localhost|127\.[0-9.]+|\[::1\])(:[0-9]+)?")
_MAX_MANIFEST_BYTES = 4 * 1024 * 1024
_CHUNK_BYTES = 256 * 1024
_SECONDS = (10, 60)  # to connect, and between two parts of an answer


class Referrer(NamedTuple):
    """An artifact that refers to a release: its digest, its type, and the name of its file."""

    digest: str
    type: str
    name: str


@dataclass
class OciStorage:
    """A repository of a registry: `host` with an optional port, and the name of the repository."""

    host: str
    repository: str

    def describe(self) -> str:
        """Returns the place in words for a person, without credentials."""
        return f"oci://{self.host}/{self.repository}"

    def publish(self, tag: str, bundle: UploadFile, annotations: Mapping[str, str]) -> str:
        """Publishes a bundle under a tag, which never changes. Returns the digest of its manifest.

        Nothing happens if the tag has the same content already. Raises Conflict if it has another one, or
        if another publisher writes it at the same time, and InputError if the registry fails.
        """
        if not _TAG.fullmatch(tag) or _REFERRERS_TAG.fullmatch(tag):
            raise UsageError(
                f"'{shown(tag)}': not the tag of a release; write letters, digits, '.', '_' and '-'"
            )
        manifest = _manifest(RELEASE_TYPE, BUNDLE_TYPE, bundle, f"{tag}.bundle")
        if annotations:
            manifest["annotations"] = dict(annotations)
        content = _json(manifest)
        if self._is_published(tag, content):
            return _digest(content)
        self._put_blob(bundle)
        self._put_empty()
        # Another look, because the bundle may have taken minutes.
        if not self._is_published(tag, content):
            self._put_manifest(tag, content, _MANIFEST_TYPE)
            self._read_back(tag, content)
        return _digest(content)

    def attach(self, release: str, file: UploadFile, kind: str, name: str) -> str:
        """Attaches a file of the media type `kind` to the release with a digest. Returns its own digest.

        Raises Conflict if another publisher attaches at the same time.
        """
        subject = self._get_manifest(release)
        if subject is None:
            raise InputError(
                f"{self.describe()}@{shown(release)}: there is no such release; publish it first"
            )
        manifest = _manifest(kind, kind, file, name)
        manifest["subject"] = _descriptor(_MANIFEST_TYPE, subject)
        content = _json(manifest)
        self._put_blob(file)
        self._put_empty()
        answer = self._put_manifest(_digest(content), content, _MANIFEST_TYPE)
        if "OCI-Subject" not in answer.headers:
            entry = _descriptor(_MANIFEST_TYPE, content)
            self._add_referrer(
                release, {**entry, "artifactType": kind, "annotations": {TITLE: name}}
            )
        return _digest(content)

    def blob_url(self, sha256: str) -> str:
        """Returns the address of a blob, from which a client reads a bundle by ranges."""
        return self._url(f"blobs/sha256:{sha256}")

    def releases(self) -> list[str]:
        """Returns the tags of the releases, sorted."""
        tags: list[str] = []
        url: str | None = self._url("tags/list")
        while url:
            answer = self._request("GET", url, missing=True)
            if answer.status_code == 404:
                break
            tags += self._parsed(answer.content, "tags/list").get("tags") or []
            after = answer.links.get("next", {}).get("url")
            url = self._absolute(after) if after else None
        return sorted(tag for tag in tags if not _REFERRERS_TAG.fullmatch(tag))

    def digest(self, tag: str) -> str | None:
        """Returns the digest of the manifest that a tag names; None if there is no such tag."""
        content = self._get_manifest(tag)
        return None if content is None else _digest(content)

    def open(self, release: str) -> BinaryIO:
        """Returns a stream of the bundle of a release, which a tag or a digest names.

        Raises FileNotFoundError if there is none. The caller must verify the bundle.
        """
        content = self._get_manifest(release)
        if content is None:
            raise FileNotFoundError(2, "No such release", f"{self.describe()}:{printable(release)}")
        layers = self._parsed(content, release).get("layers", [])
        digests = [each["digest"] for each in layers if each.get("mediaType") == BUNDLE_TYPE]
        if len(digests) != 1:
            raise InputError(
                f"{self.describe()}:{printable(release)}: not a release of this project; name another tag"
            )
        answer = self._request("GET", self._url(f"blobs/{digests[0]}"), stream=True)
        return io.BufferedReader(_Stream(self, answer), _CHUNK_BYTES)

    def referrers(self, release: str) -> list[Referrer]:
        """Returns the attachments of the release with a digest."""
        answer = self._request("GET", self._url(f"referrers/{release}"), missing=True)
        if answer.status_code == 404:
            content = self._get_manifest(_referrers_tag(release), _INDEX_TYPE)
        else:
            content = answer.content
        entries = self._parsed(content, release).get("manifests", []) if content else []
        return [
            Referrer(
                str(each["digest"]),
                str(each.get("artifactType", "")),
                str(each.get("annotations", {}).get(TITLE, "")),
            )
            for each in entries
        ]

    def _is_published(self, tag: str, content: bytes) -> bool:
        """Returns whether a tag has a content. Raises Conflict if it has another one."""
        there = self._get_manifest(tag)
        if there is not None and there != content:
            raise Conflict(
                f"{self.describe()}:{tag}: is published with another content, and releases never change; "
                "give the release another version"
            )
        return there is not None

    def _read_back(self, tag: str, content: bytes) -> None:
        if self._get_manifest(tag, _INDEX_TYPE) != content:
            raise Conflict(
                f"{self.describe()}:{tag}: another publisher has written it at the same time; let only one "
                "publish to a registry, and run the command again"
            )

    def _add_referrer(self, release: str, entry: dict[str, Any]) -> None:
        """Adds an entry to the index of a release, as clients of registries without an API for it do."""
        tag = _referrers_tag(release)
        content = self._get_manifest(tag, _INDEX_TYPE)
        entries = self._parsed(content, tag).get("manifests", []) if content else []
        if any(each.get("digest") == entry["digest"] for each in entries):
            return
        index = {"schemaVersion": 2, "mediaType": _INDEX_TYPE, "manifests": [*entries, entry]}
        self._put_manifest(tag, _json(index), _INDEX_TYPE)
        self._read_back(tag, _json(index))

    def _get_manifest(self, reference: str, kind: str = _MANIFEST_TYPE) -> bytes | None:
        headers = {"Accept": f"{_MANIFEST_TYPE}, {kind}"}
        url = self._url(f"manifests/{reference}")
        answer = self._request("GET", url, headers=headers, missing=True, stream=True)
        if answer.status_code == 404:
            return None
        with io.BufferedReader(_Stream(self, answer)) as stream:
            content = stream.read(_MAX_MANIFEST_BYTES + 1)
        if len(content) > _MAX_MANIFEST_BYTES:
            raise InputError(
                f"{self.describe()}: a manifest is larger than {_MAX_MANIFEST_BYTES} bytes"
            )
        return content

    def _put_manifest(self, reference: str, content: bytes, kind: str) -> Any:
        url = self._url(f"manifests/{reference}")
        return self._request("PUT", url, headers={"Content-Type": kind}, data=content)

    def _put_empty(self) -> None:
        digest = hashlib.sha256(_EMPTY).hexdigest()
        self._put_blob(UploadFile("", -1, len(_EMPTY), digest), _EMPTY)

    def _put_blob(self, file: UploadFile, content: bytes | None = None) -> None:
        """Uploads a file, or a content, unless it is there. The registry compares the SHA-256."""
        digest = f"sha256:{file.sha256}"
        if self._request("HEAD", self._url(f"blobs/{digest}"), missing=True).status_code != 404:
            return
        started = self._request("POST", self._url("blobs/uploads/"))
        place = self._absolute(started.headers.get("Location", ""))
        joined = "&" if "?" in place else "?"
        headers = {"Content-Type": "application/octet-stream"}
        body = _Body(file) if content is None else content
        self._request("PUT", f"{place}{joined}digest={digest}", headers=headers, data=body)

    def _url(self, path: str) -> str:
        return f"{self._scheme}://{self.host}/v2/{self.repository}/{path}"

    def _absolute(self, location: str) -> str:
        if location.startswith(("http://", "https://")):
            return location
        return f"{self._scheme}://{self.host}{location}"

    @property
    def _scheme(self) -> str:
        return "http" if _LOOPBACK.fullmatch(self.host) else "https"

    def _request(
        self,
        method: str,
        url: str,
        *,
        headers: dict[str, str] | None = None,
        data: Any = None,
        stream: bool = False,
        missing: bool = False,
    ) -> Any:
        """Returns the answer to a request. Raises InputError unless it is a success, or `missing` and 404."""
        verb = "write" if method in ("PUT", "POST") else "read"
        registry = self._registry
        with self._errors(verb):
            # Without ORAS's own tries, which would send half of a file, and take two minutes.
            send = type(registry).do_request.__wrapped__
            answer = send(registry, url, method, data=data, headers=headers or {}, stream=stream)
        if answer.status_code < 300 or (missing and answer.status_code == 404):
            return answer
        raise InputError(f"{self.describe()}: {_status_problem(verb, answer)}")

    @cached_property
    def _registry(self) -> Any:
        with self._errors("read"):
            from oras.provider import Registry

            registry = Registry(self.host, insecure=self._scheme == "http")
            challenge = registry.session.get(f"{self._scheme}://{self.host}/v2/", timeout=_SECONDS)
            if challenge.headers.get("WWW-Authenticate", "").lower().startswith("basic"):
                insecure = self._scheme == "http"
                registry = Registry(self.host, insecure=insecure, auth_backend="basic")
            registry.auth.load_configs(registry.get_container(f"{self.host}/{self.repository}"))
            registry.session.request = functools.partial(registry.session.request, timeout=_SECONDS)
            return registry

    @contextlib.contextmanager
    def _errors(self, verb: str) -> Iterator[None]:
        """Makes one line of each error of ORAS and its libraries."""
        try:
            from requests.exceptions import RequestException
        except ImportError:
            raise self._needs_oras() from None
        try:
            yield
        except ImportError:
            raise self._needs_oras() from None
        except RequestException as error:
            raise InputError(
                f"{self.describe()}: cannot {verb} it: {_line(error)}; check the network, and run the "
                "command again"
            ) from None
        # ORAS has no other classes for a registry that denies access, and for broken settings.
        except (AttributeError, LookupError, ValueError):
            raise InputError(f"{self.describe()}: {_denied(verb, '401')}") from None

    def _needs_oras(self) -> InputError:
        return InputError(
            f"{self.describe()}: needs oras; install the command with it: pip install '.[oci]'"
        )

    def _parsed(self, content: bytes, what: str) -> dict[str, Any]:
        try:
            value = json.loads(content)
        except ValueError:
            value = None
        if not isinstance(value, dict):
            raise InputError(
                f"{self.describe()}: the registry's answer to {shown(what)} is not JSON"
            )
        return value


def oci_storage(address: str) -> OciStorage:
    """Returns the storage at `oci://HOST/REPOSITORY`. Raises UsageError if it is not such an address."""
    found = _ADDRESS.fullmatch(address)
    if not found:
        raise UsageError(
            "REGISTRY: not the address of a registry; write oci://HOST/REPOSITORY, with a repository in "
            "lower case, and without credentials"
        )
    return OciStorage(found["host"], found["repository"])


class _Body:
    """The bytes of a file for a request, from the beginning each time that they are sent."""

    def __init__(self, file: UploadFile) -> None:
        self._file = file

    def __len__(self) -> int:
        return self._file.length

    def __iter__(self) -> Iterator[bytes]:
        return read_range(self._file.fd, 0, self._file.length, _CHUNK_BYTES)


class _Stream(io.RawIOBase):
    """The body of an answer, with the errors of the storage."""

    def __init__(self, storage: OciStorage, answer: Any) -> None:
        self._storage = storage
        self._answer = answer
        self._chunks = answer.iter_content(_CHUNK_BYTES)
        self._rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        with self._storage._errors("read"):
            content = self._rest or next(self._chunks, b"")
        part, self._rest = content[: len(buffer)], content[len(buffer) :]
        buffer[: len(part)] = part
        return len(part)

    def close(self) -> None:
        self._answer.close()
        super().close()


def _manifest(artifact: str, layer: str, file: UploadFile, name: str) -> dict[str, Any]:
    described = {"mediaType": layer, "digest": f"sha256:{file.sha256}", "size": file.length}
    return {
        "schemaVersion": 2,
        "mediaType": _MANIFEST_TYPE,
        "artifactType": artifact,
        "config": _descriptor(_EMPTY_TYPE, _EMPTY),
        "layers": [{**described, "annotations": {TITLE: name}}],
    }


def _descriptor(kind: str, content: bytes) -> dict[str, Any]:
    return {"mediaType": kind, "digest": _digest(content), "size": len(content)}


def _digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def _json(value: dict[str, Any]) -> bytes:
    return json.dumps(value, separators=(",", ":"), sort_keys=True).encode()


def _referrers_tag(release: str) -> str:
    return release.replace(":", "-")


def _status_problem(verb: str, answer: Any) -> str:
    status = answer.status_code
    said = f"{status} {shown(_code(answer.content))}".rstrip()
    if status in (401, 403):
        return _denied(verb, said)
    if status == 404:
        return f"the registry has no such repository ({said}); make it, or correct the address"
    if "DIGEST_INVALID" in said:
        return (
            f"the registry got other bytes than the file's ({said}); do not write to it meanwhile"
        )
    if status >= 500 or status == 429:
        return f"the registry failed to {verb} it ({said}); run the command again later"
    return f"the registry rejects the request to {verb} it ({said}); check the address"


def _denied(verb: str, said: str) -> str:
    return (
        f"the registry does not let us {verb} it ({said}); log in with: oras login, or set ORAS_USER and "
        "ORAS_PASS"
    )


def _code(content: bytes) -> str:
    """Returns the error code in an answer, such as DENIED; empty if there is none."""
    try:
        return str(json.loads(content)["errors"][0]["code"])
    except (ValueError, LookupError, TypeError):
        return ""


def _line(error: Exception) -> str:
    """Returns the reason of an error in one line: that of the machine, if the network has failed."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError) and cause.strerror:
            return printable(cause.strerror)
        cause = cause.__cause__ or cause.__context__
    text = " ".join(str(error).split()) or type(error).__name__
    return printable(text[:200]).rstrip(". ")
