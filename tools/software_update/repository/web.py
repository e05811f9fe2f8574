"""Reads a repository from a web server, as a client does."""

import http.client
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import BinaryIO, cast
from urllib.parse import quote, urlsplit, urlunsplit

from software_update.base.errors import InputError, UsageError, printable
from software_update.repository.storage import Object

_TIMEOUT_SECONDS = 30
# Servers and buckets that show no list answer so for an object that is not there.
_ABSENT = (403, 404)


class _Stream:
    """The body of an answer. A server that ends it early is an error of one line."""

    def __init__(self, name: str, answer: http.client.HTTPResponse) -> None:
        self._name = name
        self._answer = answer

    def read(self, most: int) -> bytes:
        try:
            return self._answer.read(most)
        except http.client.HTTPException as error:
            raise InputError(
                f"{self._name}: the answer ends early ({type(error).__name__})"
            ) from None

    def close(self) -> None:
        self._answer.close()

    def __enter__(self) -> "_Stream":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@dataclass(frozen=True)
class WebFolder:
    """The objects below a URL. `seconds` is the longest wait for an answer.

    Raises UsageError for a bad URL.
    """

    url: str
    seconds: float = _TIMEOUT_SECONDS

    def __post_init__(self) -> None:
        try:
            parts = urlsplit(self.url)
            is_good = bool(parts.hostname) and parts.port != 0 and self.url.isprintable()
        except ValueError:
            is_good = False
        if not is_good or parts.query or parts.fragment or " " in self.url:
            # It may contain a password, so it is not shown.
            raise UsageError("the URL of the repository is not valid; write https://HOST/PATH")

    def describe(self) -> str:
        """Returns the URL without a password."""
        parts = urlsplit(self.url)
        return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))

    def read(self, name: str, most: int) -> Object | None:
        """Returns an object; None if there is none. Raises InputError if it has over `most` bytes."""
        try:
            with self.open(name) as stream:
                content = stream.read(most + 1)
        except FileNotFoundError:
            return None
        if len(content) > most:
            raise InputError(f"{self._name(name)}: larger than {most} bytes; check the server")
        return Object(content, "")

    def open(self, name: str) -> BinaryIO:
        """Returns a stream of an object. Raises FileNotFoundError if there is none."""
        url = f"{self.url.rstrip('/')}/{quote(name)}"
        try:
            answer = urllib.request.urlopen(url, timeout=self.seconds)
        except urllib.error.HTTPError as error:
            if error.code in _ABSENT:
                raise FileNotFoundError(2, "No such file or directory", self._name(name)) from None
            raise InputError(
                f"{self._name(name)}: the server answers {error.code}; check the URL and the server"
            ) from None
        except (urllib.error.URLError, http.client.HTTPException) as error:
            reason = getattr(error, "reason", None) or type(error).__name__
            text = getattr(reason, "strerror", None) or str(reason)
            raise InputError(f"{self._name(name)}: {printable(text)}; check the URL") from None
        return cast(BinaryIO, _Stream(self._name(name), answer))

    def _name(self, name: str) -> str:
        return printable(f"{self.describe().rstrip('/')}/{name}")
