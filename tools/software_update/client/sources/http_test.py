"""Tests of bundles at a URL, with a server on loopback."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

import pytest

from software_update.bundle.head import Rest, read_head
from software_update.client.repository import Problem, RepositoryRejected
from software_update.client.shell.network import UrllibNetwork
from software_update.client.simulator.machine import (
    SimulatedClock,
    SimulatedNetwork,
    SimulatedPrograms,
)
from software_update.client.source import (
    BundleChanged,
    OpenBundle,
    Source,
    SourceError,
    attachment_of,
    first_part_of,
)
from software_update.client.sources.http import HttpSource, Known, attachments_at, fetch_small
from software_update.client.sources.pace import Pace
from software_update.client.sources.requests import MAX_REDIRECTS, HttpSettings, Requests
from software_update.client.system import Response, System
from software_update.testing import encode as e
from software_update.testing.bundle_server import Answer, BundleServer, Request, serve
from software_update.testing.memory_storage import MemoryStorage

METADATA = e.chain(b"1" * 300) + e.root_entry(b"r" * 600) + e.targets_entry(b"t" * 900)
MANIFEST = e.payload("user_manifest", b"m" * 500)
APP = e.payload("app", bytes(range(256)) * 1000)
BUNDLE = METADATA + MANIFEST + APP + e.payload("boot", b"b" * 5000)
HEAD_END = len(METADATA + MANIFEST)
APP_START = BUNDLE.index(bytes(range(256)))


@pytest.fixture(name="server")
def server_fixture() -> Iterator[BundleServer]:
    with serve(BUNDLE) as server:
        yield server


@pytest.fixture(name="storage")
def storage_fixture() -> MemoryStorage:
    storage = MemoryStorage()
    storage.put("/etc/token", b"Bearer s3cret\n")
    return storage


def make_source(
    server: BundleServer,
    path: str = "/app.bundle",
    *,
    storage: MemoryStorage | None = None,
    clock: SimulatedClock | None = None,
    **settings: str | int,
) -> HttpSource:
    clock = clock or SimulatedClock()
    system = System(storage or MemoryStorage(), SimulatedPrograms(), clock, UrllibNetwork())
    url = settings.pop("url", server.url(path))
    return HttpSource(system, clock.advance, HttpSettings(url=url, **settings))  # type: ignore[arg-type]


def opened(server: BundleServer) -> OpenBundle:
    return make_source(server).open()


def error_of(act: Callable[[], object]) -> SourceError:
    with pytest.raises(SourceError) as caught:
        act()
    return caught.value


def test_bundle_is_read_by_ranges(server: BundleServer) -> None:
    bundle = opened(server)
    assert (bundle.size(), bundle.identity, bundle.can_reread) == (len(BUNDLE), '"one"', False)
    for start, end in (
        (0, 4),
        (2, 12),
        (100, 101),
        (50, len(BUNDLE)),
        (len(BUNDLE) - 1, len(BUNDLE)),
    ):
        assert bundle.read(start, end - start) == BUNDLE[start:end]
    assert bundle.read(7, 0) == b""
    bundle.close()
    assert server.connections == 1


@pytest.mark.parametrize("size", [1, 3, 4, 5])
def test_short_file(size: int) -> None:
    with serve(b"12345"[:size]) as server:
        bundle = opened(server)
        assert bundle.read(0, size) == b"12345"[:size]
        error = error_of(lambda: bundle.read(size, 1))
        assert str(error) == f"127.0.0.1:{server.port}/app.bundle: ends before byte {size + 1}"


def test_empty_file_is_an_error() -> None:
    with serve(b"") as server:
        assert "/app.bundle: the file is empty" in str(error_of(make_source(server).open))


def test_without_consent_no_byte_of_a_payload_is_asked_for(server: BundleServer) -> None:
    bundle = opened(server)
    head = read_head(bundle)
    bundle.close()
    assert (head.end, head.user_manifest) == (HEAD_END, b"m" * 500)
    assert not server.has_been_asked_for(APP_START, len(BUNDLE))
    assert len(server.requests) <= 9


def test_payloads_come_from_one_request(server: BundleServer) -> None:
    bundle = opened(server)
    head = read_head(bundle)
    asked = len(server.requests)
    bundle.expect(head.end, bundle.size() - head.end)
    contents = {}
    for payload in Rest(bundle, head).payloads():
        parts = [
            bundle.read(payload.offset + at, min(10_000, payload.length - at))
            for at in range(0, payload.length, 10_000)
        ]
        contents[payload.name] = b"".join(parts)
    assert contents == {"app": bytes(range(256)) * 1000, "boot": b"b" * 5000}
    assert len(server.requests) == asked + 1
    assert server.connections == 1


def test_hardly_any_byte_arrives_twice(server: BundleServer) -> None:
    bundle = opened(server)
    head = read_head(bundle)
    bundle.expect(head.end, bundle.size() - head.end)
    bundle.read(head.end, bundle.size() - head.end)
    asked = [each.range or (0, 0) for each in server.requests]
    # The header of the payload after the head is read again.
    assert len(BUNDLE) <= sum(end - start for start, end in asked) <= len(BUNDLE) + 20


@pytest.mark.parametrize("chunk", [1000, 50_000, 200_000])
def test_download_goes_on_after_a_cut(server: BundleServer, chunk: int) -> None:
    cuts = iter([70_000, 0, 1, 100_000])

    def cut(request: Request, answer: Answer) -> Answer:
        return replace(answer, cut=next(cuts, None)) if len(answer.body) > 1000 else answer

    bundle = opened(server)
    server.change = cut
    bundle.expect(APP_START, len(BUNDLE) - APP_START)
    received, failures = b"", 0
    while len(received) < len(BUNDLE) - APP_START:
        at = APP_START + len(received)
        try:
            received += bundle.read(at, min(chunk, len(BUNDLE) - at))
        except SourceError as error:
            assert "the connection was cut" in str(error)
            failures += 1
    assert received == BUNDLE[APP_START:]
    assert failures == 4
    # What has arrived is not asked for again.
    starts = [each.range[0] - APP_START for each in server.requests[1:] if each.range]
    assert starts == [0, 70_000, 70_000, 70_001, 170_001]
    assert {each.header("If-Range") for each in server.requests[1:]} == {'"one"'}


def test_answer_that_ends_early_without_a_length_is_a_cut(server: BundleServer) -> None:
    bundle = opened(server)
    server.change = lambda _, answer: replace(
        answer.with_header("Content-Length", str(len(answer.body) - 1)), body=answer.body[:-1]
    )
    assert "ended before all bytes had arrived" in str(error_of(lambda: bundle.read(100, 50)))


def test_server_that_ignores_ranges_sends_no_payload(server: BundleServer) -> None:
    server.change = lambda _, answer: Answer(200, answer.headers, BUNDLE)
    error = error_of(make_source(server).open)
    assert not isinstance(error, BundleChanged)
    assert str(error) == (
        f"127.0.0.1:{server.port}/app.bundle: the server ignores the range of a request (HTTP status 200 "
        "instead of 206); use a server or proxy that supports ranges"
    )


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda server: setattr(server, "etag", '"two"'), "HTTP status 200 instead of 206"),
        (lambda server: setattr(server, "content", b"12345"), "HTTP status 416 instead of 206"),
        (lambda server: setattr(server, "content", BUNDLE + b"1"), "263"),
        (
            lambda server: setattr(
                server, "change", lambda _, answer: answer.with_header("ETag", '"two"')
            ),
            "another ETag or date",
        ),
    ],
    ids=["ETag", "shorter", "longer", "ETag of a part"],
)
def test_file_that_changes_must_be_opened_again(
    server: BundleServer, change: Callable[[BundleServer], None], problem: str
) -> None:
    bundle = opened(server)
    change(server)
    error = error_of(lambda: bundle.read(1000, 10))
    assert isinstance(error, BundleChanged)
    assert "/app.bundle: the file on the server has changed (" in str(error)
    assert problem in str(error)
    assert opened(server).size() == len(server.content)


def test_file_with_another_date_has_changed_if_there_is_no_etag(server: BundleServer) -> None:
    server.etag = None
    server.change = lambda _, answer: answer.with_header(
        "Last-Modified", "Fri, 15 Jan 2027 08:00:00 GMT"
    )
    bundle = opened(server)
    assert (bundle.identity, bundle.read(100, 3)) == ("", BUNDLE[100:103])
    assert server.requests[-1].header("If-Range") is None
    server.change = lambda _, answer: answer.with_header(
        "Last-Modified", "Fri, 15 Jan 2027 09:00:00 GMT"
    )
    assert isinstance(error_of(lambda: bundle.read(200, 3)), BundleChanged)


def test_weak_etag_is_not_an_identity(server: BundleServer) -> None:
    server.etag = 'W/"one"'
    bundle = opened(server)
    assert (bundle.identity, bundle.read(100, 3)) == ("", BUNDLE[100:103])
    assert server.requests[-1].header("If-Range") is None


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        ("Content-Encoding", "gzip", "sends the bundle as gzip; it must send it as it is"),
        ("Content-Range", None, "sends a part without a valid Content-Range"),
        ("Content-Range", "bytes 101-110/{size}", "sends bytes 101 to 110 instead of 100 to 109"),
        ("Content-Range", "bytes 100-999/{size}", "sends bytes 100 to 999 instead of 100 to 109"),
        ("Content-Range", "bytes 100-109/*", "sends a part without a valid Content-Range"),
    ],
)
def test_wrong_part_is_an_error(
    server: BundleServer, name: str, value: str | None, problem: str
) -> None:
    bundle = opened(server)
    value = value and value.format(size=len(BUNDLE))
    server.change = lambda _, answer: answer.with_header(name, value)
    error = error_of(lambda: bundle.read(100, 10))
    assert problem in str(error)
    assert not isinstance(error, BundleChanged)
    server.change = lambda _, answer: answer
    assert bundle.read(100, 10) == BUNDLE[100:110]


def test_wrong_first_part_is_an_error(server: BundleServer) -> None:
    server.change = lambda _, answer: answer.with_header("Content-Encoding", "br")
    assert "as br" in str(error_of(make_source(server).open))
    server.change = lambda _, answer: answer.with_header("Content-Range", "bytes 1-4/9")
    assert "sends bytes 1 to 4 instead of 0 to 3" in str(error_of(make_source(server).open))


@pytest.mark.parametrize(
    ("status", "text"),
    [
        (404, "the server has no such file; check the URL (HTTP status 404)"),
        (401, "the server needs credentials; set token_file, or correct what is in it"),
        (500, "the server cannot serve the file (HTTP status 500)"),
        (304, "the server cannot serve the file (HTTP status 304)"),
    ],
)
def test_other_status_is_an_error(server: BundleServer, status: int, text: str) -> None:
    bundle = opened(server)
    server.change = lambda _, answer: Answer(status, {})
    for act in (make_source(server).open, lambda: bundle.read(100, 10)):
        error = error_of(act)
        assert (text in str(error), error.retry_after) == (True, None)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("120", 120), ("999999", 86_400), ("Fri, 15 Jan 2027 08:01:00 GMT", 60), ("soon", None)],
)
def test_server_says_when_to_come_back(
    server: BundleServer, value: str, seconds: float | None
) -> None:
    server.change = lambda _, answer: Answer(503, {"Retry-After": value})
    assert error_of(make_source(server).open).retry_after == seconds


def test_server_that_does_not_answer_is_an_error(server: BundleServer) -> None:
    source = make_source(server, url="http://127.0.0.1:1/a.bundle?key=s3cret")
    assert str(error_of(source.open)) == "127.0.0.1:1/a.bundle: Connection refused"


def test_redirects_are_followed(server: BundleServer) -> None:
    def redirect(request: Request, answer: Answer) -> Answer:
        number = int(request.path[2:])
        if number == 0:
            return answer
        status = (301, 302, 303, 307, 308)[number - 1]
        return Answer(status, {"Location": f"/r{number - 1}"}, b"moved")

    server.change = redirect
    bundle = make_source(server, f"/r{MAX_REDIRECTS}").open()
    assert bundle.read(100, 10) == BUNDLE[100:110]
    assert server.connections == 1
    server.change = lambda request, answer: Answer(302, {"Location": "/r1"})
    asked = len(server.requests)
    assert f"redirects more than {MAX_REDIRECTS} times" in str(error_of(make_source(server).open))
    assert len(server.requests) == asked + MAX_REDIRECTS + 1


@pytest.mark.parametrize("user_info", [False, True])
def test_credentials_stay_at_their_host(
    server: BundleServer, storage: MemoryStorage, user_info: bool
) -> None:
    with serve(BUNDLE) as other:
        # Credentials do not come back to a host to which another one has redirected, either.
        places = {"/app.bundle": other.url("/b"), "/b": server.url("/c")}

        def redirect(request: Request, answer: Answer) -> Answer:
            to = places.get(request.path)
            return Answer(302, {"Location": to}) if to else answer

        server.change = other.change = redirect
        url = server.url().replace("//", "//me:s3cret@") if user_info else server.url()
        token: dict[str, str | int] = {} if user_info else {"token_file": "/etc/token"}
        make_source(server, storage=storage, url=url, **token).open()  # type: ignore[arg-type]
        secret = "Basic bWU6czNjcmV0" if user_info else "Bearer s3cret"
        assert [each.header("Authorization") for each in server.requests] == [secret, None]
        assert [each.header("Authorization") for each in other.requests] == [None]


def test_redirect_to_nowhere_is_an_error(server: BundleServer) -> None:
    server.change = lambda _, answer: Answer(302, {})
    assert "redirects without a valid Location" in str(error_of(make_source(server).open))


def test_request_carries_nothing_else(server: BundleServer, storage: MemoryStorage) -> None:
    """A server learns nothing about a device but its address, and what the owner configured."""
    bundle = make_source(
        server,
        "/app.bundle?channel=a",
        storage=storage,
        token_file="/etc/token",
        token_header="X-Key",
    ).open()
    bundle.read(100, 10)
    always = {
        "Host": f"127.0.0.1:{server.port}",
        "Accept": "*/*",
        "Accept-Encoding": "identity",
        "User-Agent": "software-update-client",
        "X-Key": "Bearer s3cret",
    }
    first, second = server.requests
    assert dict(first.headers) == {**always, "Range": "bytes=0-3"}
    assert dict(second.headers) == {**always, "Range": "bytes=100-109", "If-Range": '"one"'}
    assert {each.path for each in server.requests} == {"/app.bundle?channel=a"}
    assert len(first.headers) == 6


def test_token_is_read_at_each_request(server: BundleServer, storage: MemoryStorage) -> None:
    bundle = make_source(server, storage=storage, token_file="/etc/token").open()
    storage.put("/etc/token", b"Bearer n3w")
    bundle.read(100, 10)
    assert [each.header("Authorization") for each in server.requests] == [
        "Bearer s3cret",
        "Bearer n3w",
    ]


@pytest.mark.parametrize(
    "content", [b"", b"\n", b"a\nb\n", b"a\r\nX: s3cret", b"s3cret\xe9", b" a", b"a" * 4097]
)
def test_bad_token_is_an_error(
    server: BundleServer, storage: MemoryStorage, content: bytes
) -> None:
    storage.put("/etc/token", content)
    error = error_of(make_source(server, storage=storage, token_file="/etc/token").open)
    assert str(error) == (
        "/etc/token: must contain one line of at most 4096 ASCII characters, such as Bearer and a token"
    )
    assert server.requests == []


def test_missing_token_is_an_error(server: BundleServer) -> None:
    error = error_of(make_source(server, token_file="/etc/token").open)
    assert str(error) == "/etc/token: No such file or directory"


def test_secrets_are_not_shown(server: BundleServer, storage: MemoryStorage) -> None:
    url = f"http://me:s3cret@127.0.0.1:{server.port}/a.bundle?key=s3cret#s3cret"
    source: Source = make_source(server, storage=storage, url=url, token_file="/etc/token")
    assert source.describe() == f"127.0.0.1:{server.port}/a.bundle"
    answers = [
        lambda answer: Answer(403, {}),
        lambda answer: Answer(302, {"Location": "ftp://me:s3cret@a/?s3cret"}),
        lambda answer: replace(answer, cut=1),
    ]
    for each in answers:
        server.change = lambda _, answer, each=each: each(answer)  # type: ignore[misc]
        assert "s3cret" not in str(error_of(source.open))
    with pytest.raises(ValueError, match=r"^url has an invalid port$"):
        make_source(server, url="http://me:s3cret@a:b/")


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"url": "ftp://a/b"}, "url is neither http:// nor https://"),
        ({"token_header": "A b"}, "token_header is not the name of a header"),
        ({"bytes_per_second": 0}, "bytes_per_second must be at least 1"),
    ],
)
def test_bad_settings_are_errors(
    server: BundleServer, settings: dict[str, str | int], problem: str
) -> None:
    with pytest.raises(ValueError, match=problem):
        make_source(server, **settings)  # type: ignore[arg-type]


def test_download_keeps_to_its_limit(server: BundleServer) -> None:
    clock = SimulatedClock()
    bundle = make_source(server, clock=clock, bytes_per_second=10_000).open()
    bundle.expect(APP_START, 256_000)
    bundle.read(APP_START, 200_000)
    assert clock.since_boot() == pytest.approx(19, abs=1)


def test_server_that_sends_hardly_anything_is_an_error() -> None:
    class Drip(Response):
        status = 206
        headers: Mapping[str, str] = {"content-range": "bytes 0-3/100", "etag": '"one"'}

        def read(self, length: int) -> bytes:
            clock.advance(30)
            return b"x"

        def close(self) -> None:
            closed.append(1)

    closed: list[int] = []
    clock = SimulatedClock()
    network = SimulatedNetwork(lambda url, headers: Drip())
    system = System(MemoryStorage(), SimulatedPrograms(), clock, network)
    source = HttpSource(system, clock.advance, HttpSettings("http://a/b"))
    assert str(error_of(source.open)) == "a/b: sent only 2 bytes in 60 seconds"
    assert closed == [1]


# A bundle that a repository lists.


def listed(server: BundleServer, size: int = len(BUNDLE), first_part: int = HEAD_END) -> HttpSource:
    clock = SimulatedClock()
    system = System(MemoryStorage(), SimulatedPrograms(), clock, UrllibNetwork())
    settings = HttpSettings(server.url("/app.bundle"))
    return HttpSource(system, clock.advance, settings, Known(size, first_part))


def test_first_part_of_known_length_comes_from_one_exact_range(server: BundleServer) -> None:
    bundle = listed(server).open()
    head = read_head(bundle, first_part_of(bundle))
    assert (head.end, head.user_manifest) == (HEAD_END, b"m" * 500)
    assert [each.range for each in server.requests] == [(0, HEAD_END)]
    bundle.expect(head.end, bundle.size() - head.end)
    assert bundle.read(HEAD_END, len(BUNDLE) - HEAD_END) == BUNDLE[HEAD_END:]
    assert [each.range for each in server.requests[1:]] == [(HEAD_END, len(BUNDLE))]
    bundle.close()


def test_bundle_of_another_length_than_listed_is_rejected(server: BundleServer) -> None:
    error = error_of(listed(server, size=len(BUNDLE) + 1).open)
    assert isinstance(error, RepositoryRejected)
    assert error.problem is Problem.INCONSISTENT
    assert str(error).endswith(
        f"/app.bundle: the file has {len(BUNDLE)} bytes instead of the {len(BUNDLE) + 1} that the "
        "repository lists"
    )


def test_listed_bundle_shorter_than_its_first_part_is_rejected() -> None:
    with serve(BUNDLE[: HEAD_END - 1]) as server:
        error = error_of(listed(server).open)
    assert isinstance(error, RepositoryRejected)


@pytest.mark.parametrize(("least", "slow"), [(7, False), (10, True)])
def test_server_that_is_too_slow_is_rejected_with_a_named_reason(
    server: BundleServer, least: int, slow: bool
) -> None:
    class Slow(Response):
        def __init__(self, response: Response) -> None:
            self._response = response
            self.status, self.headers = response.status, response.headers

        def read(self, length: int) -> bytes:
            clock.advance(10)
            return self._response.read(min(length, 90))

        def close(self) -> None:
            self._response.close()

    clock = SimulatedClock()
    network = SimulatedNetwork(lambda url, headers: Slow(UrllibNetwork().get(url, headers)))
    system = System(MemoryStorage(), SimulatedPrograms(), clock, network)
    settings = HttpSettings(server.url(), min_bytes_per_second=least)
    bundle = HttpSource(system, clock.advance, settings).open()
    if not slow:
        assert bundle.read(0, 1000) == BUNDLE[:1000]
        return
    error = error_of(lambda: bundle.read(0, 1000))
    assert isinstance(error, RepositoryRejected)
    assert error.problem is Problem.TOO_SLOW
    assert "sent only" in str(error)


# Files next to the bundle.


def attachment(server: BundleServer, name: str = "tlog-proof", limit: int = 5) -> bytes | None:
    bundle = make_source(server, "/app.bundle?key=s3cret").open()
    server.requests.clear()
    return attachment_of(bundle, name, limit)


def with_answer(server: BundleServer, answer: Answer) -> None:
    """Lets the server answer a request without a range in this way."""
    server.change = lambda request, usual: usual if request.range else answer


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("tlog-proof", "/app.bundle.tlog-proof?key=s3cret"),
        ("sbom.json", "/app.bundle.attachments/sbom.json?key=s3cret"),
    ],
)
def test_attachment_is_next_to_the_bundle(server: BundleServer, name: str, path: str) -> None:
    with_answer(server, Answer(200, {}, b"12345"))
    assert attachment(server, name) == b"12345"
    assert [each.path for each in server.requests] == [path]
    assert attachment(server, name, 4) == b"12345"
    assert attachment(server, name, 2) == b"123"


@pytest.mark.parametrize("status", [403, 404, 410])
def test_attachment_that_the_server_lacks(server: BundleServer, status: int) -> None:
    with_answer(server, Answer(status, {}, b"not here"))
    assert attachment(server) is None


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        (Answer(500, {}), "cannot serve the file (HTTP status 500)"),
        (Answer(200, {"Content-Encoding": "gzip"}, b"1"), "sends the file compressed"),
        (Answer(200, {}, b"12345", cut=2), "/app.bundle.tlog-proof: "),
    ],
)
def test_attachment_that_cannot_be_fetched_is_an_error(
    server: BundleServer, answer: Answer, text: str
) -> None:
    with_answer(server, answer)
    error = str(error_of(lambda: attachment(server)))
    assert text in error
    assert "s3cret" not in error


@pytest.mark.parametrize(("host", "token"), [("127.0.0.1", "Bearer s3cret"), ("localhost", None)])
def test_attachments_with_addresses_of_their_own(
    server: BundleServer, storage: MemoryStorage, host: str, token: str | None
) -> None:
    with_answer(server, Answer(200, {}, b"proof"))
    system = System(storage, SimulatedPrograms(), SimulatedClock(), UrllibNetwork())
    settings = HttpSettings(server.url(), token_file="/etc/token")
    urls = {"tlog-proof": f"http://{host}:{server.port}/blobs/sha256:12"}
    fetch = attachments_at(system, lambda _: None, settings, urls)
    bundle = HttpSource(system, lambda _: None, settings, attachment=fetch).open()
    server.requests.clear()
    assert attachment_of(bundle, "tlog-proof", 9) == b"proof"
    assert attachment_of(bundle, "audit", 9) is None
    [request] = server.requests
    assert (request.path, request.header("Authorization")) == ("/blobs/sha256:12", token)


class _Two(Response):
    """An answer of two bytes, of which the server says that they are three."""

    def __init__(self) -> None:
        self.status = 200
        self.headers = {"content-length": "3"}
        self._left = b"12"

    def read(self, length: int) -> bytes:
        part, self._left = self._left[:length], self._left[length:]
        return part

    def close(self) -> None:
        pass


def small(limit: int, seconds: float = 0) -> bytes | None:
    """Fetches two bytes of three; each read takes some seconds."""
    clock = SimulatedClock()
    system = System(
        MemoryStorage(), SimulatedPrograms(), clock, SimulatedNetwork(lambda *_: _Two())
    )
    passed = iter(range(100))
    pace = Pace(lambda: next(passed) * seconds, clock.advance)
    return fetch_small(Requests(system, HttpSettings("http://server/a")), pace, limit)


def test_attachment_that_ends_early_is_an_error() -> None:
    assert "the connection ended before all" in str(error_of(lambda: small(100)))
    assert small(1) == b"12"


def test_attachment_that_arrives_too_slowly_is_rejected() -> None:
    error = error_of(lambda: small(100, seconds=100))
    assert isinstance(error, RepositoryRejected)
    assert error.problem is Problem.TOO_SLOW
