"""Tests of the guide about serving: its headers and errors are those of the client."""

import re
from pathlib import Path

import pytest
from software_update.client.shell.network import UrllibNetwork
from software_update.client.simulator.machine import SimulatedClock, SimulatedPrograms
from software_update.client.sources import pace, requests, resuming
from software_update.client.sources.http import HttpSource
from software_update.client.sources.requests import HttpSettings
from software_update.client.system import System
from software_update.testing.bundle_server import serve
from software_update.testing.memory_storage import MemoryStorage

PAGE = Path("docs/guides/serving.md").read_text(encoding="utf-8")
CODE = Path("tools/software_update/client")


def rows(heading: str) -> dict[str, str]:
    """Returns the table below the line `| heading |`: the first column and the second."""
    table = PAGE.partition(f"| {heading} |")[2].partition("\n\n")[0]
    cells = [line.strip("| ").split(" | ") for line in table.splitlines()[2:]]
    return {first.strip("`"): second for first, second in cells}


def test_headers_are_those_of_a_request() -> None:
    storage, clock = MemoryStorage(), SimulatedClock()
    storage.put("/token", b"Bearer abc")
    system = System(storage, SimulatedPrograms(), clock, UrllibNetwork())
    with serve(b"a bundle") as server:
        settings = HttpSettings(server.url(), "/token")
        HttpSource(system, clock.advance, settings).open().read(5, 3)
        first, second = (dict(each.headers) for each in server.requests)
    assert set(rows("header")) == set(second)
    assert set(second) - set(first) == {"If-Range"}
    fixed = {name: value.strip("`") for name, value in rows("header").items()}
    for name in ("Accept", "Accept-Encoding", "User-Agent"):
        assert fixed[name] == first[name]
    assert f"such as `{first['Range']}" in fixed["Range"]


@pytest.mark.parametrize("error", rows("error"))
def test_errors_are_those_of_the_client(error: str) -> None:
    texts = [path.read_text(encoding="utf-8") for path in sorted(CODE.rglob("*.py"))]
    # Texts in the code may be parts of longer ones.
    joined = [re.sub(r'"\s+f?"', "", text) for text in texts]
    words = error.removeprefix("the server ")
    assert any(words in text for text in joined)


def test_numbers_are_those_of_the_client() -> None:
    numbers = {1: "once", 5: "five"}
    assert f"at most {numbers[requests.MAX_REDIRECTS]} redirects" in PAGE
    assert f"up to {numbers[resuming.MAX_FAILURES - 1]} times in a row" in PAGE
    assert pace.WINDOW_SECONDS == 60
    assert f"a minute of less than {pace.LEAST_BYTES_PER_SECOND} bytes per second" in PAGE
