"""URLs of bundles: which are allowed, and what of them may be shown. Pure."""

import base64
import re
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes, urljoin, urlsplit

_VISIBLE = re.compile(r"[\x21-\x7e]+")
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Address:
    """The URL of a bundle.

    `url` is requested; it has neither user info nor a fragment. `shown` is its host and path, for a person:
    a query may be a secret. `origin` is scheme, host and port, the place to which credentials belong.
    `user_info` is the value of an Authorization header, if the URL has a user and password.
    """

    url: str
    shown: str
    origin: tuple[str, str, int]
    user_info: str | None = None

    @staticmethod
    def parse(url: str) -> "Address":
        """Returns an address. Raises ValueError, which does not contain the URL, with what is wrong."""
        if not _VISIBLE.fullmatch(url):
            raise ValueError("has spaces or characters that are not ASCII; write them as %20")
        try:
            parts = urlsplit(url)
        except ValueError:
            raise ValueError("is not valid") from None
        if parts.scheme not in _PORTS:
            raise ValueError("is neither http:// nor https://")
        if not parts.hostname:
            raise ValueError("has no host")
        try:
            port = parts.port or _PORTS[parts.scheme]
        except ValueError:
            raise ValueError("has an invalid port") from None
        user_info, _, place = parts.netloc.rpartition("@")
        return Address(
            parts._replace(netloc=place, path=parts.path or "/", fragment="").geturl(),
            f"{place}{parts.path}",
            (parts.scheme, parts.hostname, port),
            _basic(user_info) if user_info else None,
        )

    def redirected(self, location: str) -> "Address":
        """Returns the address in a Location header. Raises ValueError with what is wrong."""
        if not _VISIBLE.fullmatch(location):
            raise ValueError("redirects without a valid Location")
        try:
            found = Address.parse(_joined(self.url, location))
        except ValueError as error:
            raise ValueError(f"redirects to a URL that {error}") from None
        if self.origin[0] == "https" and found.origin[0] != "https":
            raise ValueError(f"redirects from https to http ({found.shown})")
        return found


def beside(url: str, suffix: str) -> str:
    """Returns a URL with `suffix` at the end of its path, and the same query, user and password."""
    parts = urlsplit(url)
    return parts._replace(path=f"{parts.path}{suffix}").geturl()


def _joined(base: str, location: str) -> str:
    try:
        return urljoin(base, location)
    except ValueError:
        raise ValueError("is not valid") from None


def _basic(user_info: str) -> str:
    """Returns the header for a user and password (RFC 7617)."""
    return "Basic " + base64.b64encode(unquote_to_bytes(user_info)).decode()
