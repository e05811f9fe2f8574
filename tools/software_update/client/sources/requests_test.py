"""Tests of requests. Those of redirects, credentials and statuses are in http_test.py."""

from collections.abc import Mapping

import pytest

from software_update.client.shell.network import UrllibNetwork
from software_update.client.simulator.machine import SimulatedClock, SimulatedPrograms
from software_update.client.sources.requests import HttpSettings, Requests
from software_update.client.system import System
from software_update.testing.bundle_server import serve
from software_update.testing.memory_storage import MemoryStorage


def system() -> System:
    return System(MemoryStorage(), SimulatedPrograms(), SimulatedClock(), UrllibNetwork())


@pytest.mark.parametrize(
    "headers", [{}, {"Range": "bytes=0-3"}, {"Range": "bytes=0-3", "If-Range": '"one"'}]
)
def test_only_the_usual_headers_and_the_given_ones_are_sent(headers: Mapping[str, str]) -> None:
    with serve(b"content") as server:
        requests = Requests(system(), HttpSettings(server.url("/a?b=c")))
        requests.get(headers).close()
    (request,) = server.requests
    assert request.path == "/a?b=c"
    assert dict(request.headers) == {
        "Host": f"127.0.0.1:{server.port}",
        "Accept": "*/*",
        "Accept-Encoding": "identity",
        "User-Agent": "software-update-client",
        **headers,
    }


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        (HttpSettings("ftp://a/b"), "^url is neither http:// nor https://$"),
        (HttpSettings("http://a/b", bytes_per_second=0), "bytes_per_second must be at least 1"),
        (
            HttpSettings("http://a/b", token_header="a b"),
            "token_header is not the name of a header",
        ),
    ],
)
def test_bad_setting_is_an_error(settings: HttpSettings, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        Requests(system(), settings)
