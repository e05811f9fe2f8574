"""HTTP and HTTPS on a real machine, through urllib3.

urllib3 is imported with the first request, because a client of files does not need it.
"""

import contextlib
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from http.client import HTTPException
from types import ModuleType
from typing import Any
from urllib.parse import unquote, urlsplit
from urllib.request import (  # type: ignore[attr-defined]
    getproxies_environment,
    proxy_bypass_environment,
)

from software_update.client.system import Response

CONNECT_SECONDS = 20.0
READ_SECONDS = 30.0
HEADER_SECONDS = 90.0
# To one server: the service's, and that of the thread which sends messages.
_CONNECTIONS = 2


class NetworkError(OSError):
    """A request that failed, in one line without the URL: a query may be a secret."""


class UrllibNetwork:
    """The `system.Network` of a real machine.

    `proxy` is the URL of a proxy for all requests; without it, the variables `http_proxy`, `https_proxy`,
    `all_proxy` and `no_proxy` of the environment count. `ca_file` contains the certificates that sign those
    of servers, in PEM; without it, the machine's own count. A connection may take `connect_seconds`, a server
    may be silent for `read_seconds`, and the headers of an answer may take `header_seconds` in all, so that a
    server cannot hold the client by sending a byte now and then.
    """

    def __init__(
        self,
        *,
        proxy: str | None = None,
        ca_file: str | None = None,
        connect_seconds: float = CONNECT_SECONDS,
        read_seconds: float = READ_SECONDS,
        header_seconds: float = HEADER_SECONDS,
    ) -> None:
        self._proxy = proxy
        self._ca_file = ca_file
        self._connect_seconds = connect_seconds
        self._read_seconds = read_seconds
        self._header_seconds = header_seconds
        self._pools: dict[tuple[str | None, bool], Any] = {}

    def check(self) -> list[str]:
        """Returns the problems of its configuration; an empty list if it is usable."""
        try:
            _urllib3()
            self._certificates()
        except NetworkError as error:
            return [str(error)]
        return []

    def get(self, url: str, headers: Mapping[str, str]) -> Response:
        """See `Network.get`. Raises NetworkError."""
        return self._request("GET", url, headers, None)

    def send(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> Response:
        """See `Network.send`. Raises NetworkError."""
        return self._request(method, url, headers, body)

    def _request(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None
    ) -> Response:
        library = _urllib3()
        pool = self._pool(url)
        given = {name.lower() for name in headers}
        # Otherwise urllib3 sends its own name, and an Accept-Encoding.
        left_out = {
            name: library.util.SKIP_HEADER
            for name in ("User-Agent", "Accept-Encoding")
            if name.lower() not in given
        }
        with _one_line():
            return _Response(
                pool.request(
                    method,
                    url,
                    body=body,
                    headers={**headers, **left_out},
                    redirect=False,
                    retries=False,
                    preload_content=False,
                    decode_content=False,
                    timeout=library.Timeout(connect=self._connect_seconds, read=self._read_seconds),
                )
            )

    def _pool(self, url: str) -> Any:
        proxy = self._proxy or _proxy_of_environment(url)
        # Reading the machine's certificates takes long, and http needs none.
        secure = url.startswith("https:") or (proxy or "").startswith("https:")
        key = (proxy, secure)
        if key not in self._pools:
            certificates = self._certificates() if secure else None
            pool = _new_pool(proxy, certificates)
            pool.pool_classes_by_scheme = _pool_classes(self._header_seconds)
            self._pools[key] = pool
        return self._pools[key]

    def _certificates(self) -> ssl.SSLContext:
        try:
            return ssl.create_default_context(cafile=self._ca_file)
        except ssl.SSLError:
            problem = "contains no certificates in PEM"
        except OSError as error:
            problem = error.strerror or "cannot be read"
        raise NetworkError(f"{self._ca_file}: {problem}; correct ca_file")


class _Response:
    """A `system.Response` of urllib3."""

    def __init__(self, response: Any) -> None:
        self._response = response
        self.status: int = response.status
        # A header that appears twice has both values, separated by a comma.
        self.headers: Mapping[str, str] = {
            name.lower(): value for name, value in response.headers.itermerged()
        }

    def read(self, length: int) -> bytes:
        """See `Response.read`. It returns what has arrived, and waits only if that is nothing."""
        with _one_line():
            content: bytes = self._response.read1(length, decode_content=False)
        return content

    def close(self) -> None:
        """See `Response.close`."""
        # At the end of the body, urllib3 has returned the connection to its pool already.
        self._response.close()


def _urllib3() -> ModuleType:
    try:
        import urllib3
    except ImportError:
        raise NetworkError("urllib3 is missing; install rules_software_update[client]") from None
    return urllib3


def _new_pool(proxy: str | None, certificates: ssl.SSLContext | None) -> Any:
    library = _urllib3()
    if proxy is None:
        return library.PoolManager(maxsize=_CONNECTIONS, ssl_context=certificates)
    parts = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
    user_info, _, place = parts.netloc.rpartition("@")
    secret = library.make_headers(proxy_basic_auth=unquote(user_info)) if user_info else {}
    try:
        return library.ProxyManager(
            parts._replace(netloc=place).geturl(),
            maxsize=_CONNECTIONS,
            proxy_headers=secret,
            ssl_context=certificates,
        )
    except library.exceptions.HTTPError:
        raise NetworkError("the proxy's URL is not valid; correct it") from None


def _pool_classes(header_seconds: float) -> Mapping[str, Any]:
    """Returns the classes of urllib3's pools, by scheme, with a limit for the time of an answer's headers."""
    library = _urllib3()

    def limited(pool: Any) -> Any:
        class Connection(pool.ConnectionCls):  # type: ignore[misc]
            def getresponse(self) -> Any:
                over = threading.Event()
                limit = threading.Timer(header_seconds, _end, [self.sock, over])
                limit.daemon = True
                limit.start()
                try:
                    response = super().getresponse()
                except (OSError, library.exceptions.HTTPError, HTTPException):
                    if over.is_set():
                        raise TimeoutError from None
                    raise
                finally:
                    limit.cancel()
                if over.is_set():
                    # http.client takes the end of the connection for the end of the headers.
                    raise TimeoutError
                return response

        return type(pool.__name__, (pool,), {"ConnectionCls": Connection})

    return {
        "http": limited(library.HTTPConnectionPool),
        "https": limited(library.HTTPSConnectionPool),
    }


def _end(connection: socket.socket, over: threading.Event) -> None:
    """Makes a read of the connection, in another thread, return."""
    over.set()
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


def _proxy_of_environment(url: str) -> str | None:
    parts = urlsplit(url)
    proxies = getproxies_environment()
    if proxy_bypass_environment(parts.netloc.rpartition("@")[2], proxies):
        return None
    return proxies.get(parts.scheme) or proxies.get("all")


@contextlib.contextmanager
def _one_line() -> Iterator[None]:
    """Turns the errors of urllib3 into NetworkError. Their own texts contain URLs."""
    library = _urllib3()
    try:
        yield
    except library.exceptions.ProxyError as error:
        raise NetworkError(f"the proxy: {_reason(error) or 'it does not connect'}") from None
    except (library.exceptions.HTTPError, OSError, ValueError) as error:
        raise NetworkError(_reason(error) or "the connection was cut") from None


def _reason(error: BaseException | None) -> str | None:
    """Returns the reason of an error, from those that caused it; None if they do not say."""
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return f"the certificate of the server is not valid: {error.verify_message}"
        if isinstance(error, ssl.SSLError):
            return f"TLS failed: {error.reason or 'the connection was cut'}"
        if isinstance(error, socket.gaierror):
            return "the name of the host cannot be resolved"
        if isinstance(error, TimeoutError):
            return "no answer in time"
        if isinstance(error, OSError) and error.strerror:
            return error.strerror
        error = error.__cause__ or error.__context__
    return None
