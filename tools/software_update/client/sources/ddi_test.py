"""Tests of the source for hawkBit, with a server on loopback."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from software_update.client.shell.network import UrllibNetwork
from software_update.client.simulator.machine import SimulatedClock, SimulatedPrograms
from software_update.client.source import Deploys, SourceError, attachment_of
from software_update.client.sources.ddi import DdiSettings, DdiSource
from software_update.client.sources.ddi_messages import Message, configuration, feedback
from software_update.client.system import System
from software_update.testing import encode as e
from software_update.testing.bundle_server import Answer, serve
from software_update.testing.fake_hawkbit import DEVICE, TOKEN, FakeHawkbit, hawkbit
from software_update.testing.memory_storage import MemoryStorage

BUNDLE = e.root_entry(b"r" * 600) + e.targets_entry(b"t" * 900) + e.payload("app", b"a" * 5000)
CLOSED = feedback("deploymentBase/10", "closed", "success", "done")


@pytest.fixture(name="server")
def server_fixture() -> Iterator[FakeHawkbit]:
    with hawkbit(BUNDLE) as server:
        yield server


def storage_with(device: bytes = DEVICE.encode() + b"\n", token: str = TOKEN) -> MemoryStorage:
    storage = MemoryStorage()
    storage.put("/etc/id", device)
    storage.put("/etc/token", token.encode())
    return storage


def source_of(
    server: FakeHawkbit, storage: MemoryStorage | None = None, **settings: object
) -> DdiSource:
    clock = SimulatedClock()
    system = System(storage or storage_with(), SimulatedPrograms(), clock, UrllibNetwork())
    made = DdiSettings(
        str(settings.pop("url", server.url)),
        "/etc/id",
        token_file="/etc/token",
        **settings,  # type: ignore[arg-type]
    )
    return DdiSource(system, clock.advance, made)


def with_outbox(source: DdiSource) -> list[Message]:
    messages: list[Message] = []
    source.outbox = messages.append
    return messages


def error_of(act: Callable[[], object]) -> str:
    with pytest.raises(SourceError) as caught:
        act()
    assert "s3cret" not in str(caught.value)
    # Reports contain errors, and no id of a device.
    assert DEVICE not in str(caught.value)
    return str(caught.value)


def test_it_deploys(server: FakeHawkbit) -> None:
    assert isinstance(source_of(server), Deploys)


def test_without_an_action_there_is_no_bundle(server: FakeHawkbit) -> None:
    source = source_of(server)
    assert source.open() is None
    assert (source.offer, source.interval) == ("", 300)
    assert len(server.server.requests) == 1


@pytest.mark.parametrize(
    "confirm, offer", [(False, "deploymentBase/10"), (True, "confirmationBase/10")]
)
def test_bundle_of_the_action_is_read_by_ranges(
    server: FakeHawkbit, confirm: bool, offer: str
) -> None:
    server.assign(10, confirm=confirm)
    source = source_of(server)
    bundle = source.open()
    assert bundle is not None
    assert source.offer == offer
    assert (bundle.size(), bundle.read(10, 90)) == (len(BUNDLE), BUNDLE[10:100])
    bundle.close()
    downloads = [each for each in server.server.requests if each.path.startswith("/download/")]
    assert all(each.range and each.range[1] <= 100 for each in downloads)


def test_attachments_are_further_artifacts_of_the_module(server: FakeHawkbit) -> None:
    server.assign(10)
    bundle = source_of(server).open()
    assert bundle is not None
    server.server.requests.clear()
    assert attachment_of(bundle, "tlog-proof", 9) == BUNDLE[:10]
    assert attachment_of(bundle, "audit.dsse.json", 9) == BUNDLE[:10]
    bundle.close()
    [first, second] = server.server.requests
    assert first.path == f"/download/{server.files[0]}.tlog-proof"
    assert second.path == f"/download/{server.files[0]}.audit.dsse.json"
    assert all(each.header("Authorization") == TOKEN for each in (first, second))


def test_every_device_sends_the_same_headers(server: FakeHawkbit) -> None:
    source_of(server).open()
    [request] = server.server.requests
    assert request.path == f"/DEFAULT/controller/v1/{DEVICE}"
    assert dict(request.headers) == {
        "Host": f"127.0.0.1:{server.server.port}",
        "Accept": "application/hal+json, application/json",
        "Accept-Encoding": "identity",
        "User-Agent": "software-update-client",
        "Authorization": TOKEN,
    }


def test_credentials_go_to_no_other_server(server: FakeHawkbit) -> None:
    server.assign(10)
    with serve(BUNDLE) as other:
        server.artifact = other.url("").rstrip("/")
        bundle = source_of(server).open()
        assert bundle is not None
        bundle.close()
        assert other.requests
        assert all(each.header("Authorization") is None for each in other.requests)
    downloads = [each for each in server.server.requests if each.path.startswith("/download/")]
    assert downloads == []


def test_credentials_go_with_the_download_from_the_same_server(server: FakeHawkbit) -> None:
    server.assign(10)
    bundle = source_of(server).open()
    assert bundle is not None
    assert server.server.requests[-1].path == "/download/lamp.bundle"
    assert server.server.requests[-1].header("Authorization") == TOKEN


@pytest.mark.parametrize("path", ["/elsewhere", "/DEFAULT/controller/v1/lamp-1/x"])
def test_links_to_resources_on_another_server_are_not_followed(
    server: FakeHawkbit, path: str
) -> None:
    server.assign(10)
    with serve(b"") as other:
        old = server.server.change
        place = f"127.0.0.1:{server.server.port}/DEFAULT".encode()
        server.server.change = lambda request, answer: replace(
            old(request, answer),
            body=old(request, answer).body.replace(place, f"127.0.0.1:{other.port}".encode()),
        )
        assert source_of(server).open() is not None
        assert other.requests == []


def test_link_from_https_to_http_is_not_followed(server: FakeHawkbit) -> None:
    source = source_of(server, url="https://hawkbit.example")
    assert not source._may_follow("http://hawkbit.example/a.bundle")
    assert source._may_follow("https://cdn.example/a.bundle")
    assert not source._may_follow("ftp://cdn.example/a.bundle")


@pytest.mark.parametrize("handling", ["skip", "attempt", "forced"])
def test_handling_of_the_server_changes_only_whether_there_is_an_offer(
    server: FakeHawkbit, handling: str
) -> None:
    server.assign(10)
    server.update = handling
    source = source_of(server)
    assert (source.open() is None) == (handling == "skip")
    assert bool(source.offer) == (handling != "skip")


@pytest.mark.parametrize(
    "sleep, seconds",
    [("00:00:10", 60), ("00:30:00", 1800), ("99:00:00", 3600), ("soon", None)],
)
def test_interval_is_a_wish_within_limits(
    server: FakeHawkbit, sleep: str, seconds: int | None
) -> None:
    server.sleep = sleep
    source = source_of(server, shortest_poll=60, longest_poll=3600)
    source.open()
    assert source.interval == seconds


def test_server_gets_the_attributes_when_it_asks(server: FakeHawkbit) -> None:
    server.wants_configuration = True
    source = source_of(server, attributes={"board": "2"})
    messages = with_outbox(source)
    source.open()
    assert messages == [configuration({"board": "2"})]
    source.deliver(messages[0])
    assert server.received == [("configData", messages[0]["body"])]
    source.open()
    assert len(messages) == 1


def test_configuration_without_attributes_is_one_that_hawkbit_takes(server: FakeHawkbit) -> None:
    server.wants_configuration = True
    source = source_of(server)
    messages = with_outbox(source)
    source.open()
    source.deliver(messages[0])
    assert not server.wants_configuration


def test_cancelled_action_has_no_bundle(server: FakeHawkbit) -> None:
    server.assign(10)
    server.cancel()
    source = source_of(server)
    assert source.open() is None
    assert source.cancelled == "cancelAction/10"
    assert source.is_cancelled("deploymentBase/10")
    assert source.is_cancelled("confirmationBase/10")
    assert not source.is_cancelled("deploymentBase/1")
    assert not source.is_cancelled("")
    server.state = "canceled"
    assert source.open() is None
    assert not source.is_cancelled("deploymentBase/10")


def test_message_is_sent_with_its_method(server: FakeHawkbit) -> None:
    server.assign(10)
    source_of(server).deliver(CLOSED)
    [request] = server.server.requests
    assert (request.method, request.header("Content-Type")) == ("POST", "application/json")
    assert request.path.endswith("/lamp-1/deploymentBase/10/feedback")
    assert dict(request.headers) == {
        "Host": f"127.0.0.1:{server.server.port}",
        "Accept": "application/hal+json, application/json",
        "Accept-Encoding": "identity",
        "User-Agent": "software-update-client",
        "Content-Type": "application/json",
        "Content-Length": str(len(request.body)),
        "Authorization": TOKEN,
    }
    assert server.feedback() == [("deploymentBase/10/feedback", "closed", "success")]


@pytest.mark.parametrize("status", [401, 409, 429, 500, 503])
def test_message_is_sent_later_if_the_server_may_take_it(server: FakeHawkbit, status: int) -> None:
    server.fails_with = status
    assert f"(HTTP status {status})" in error_of(lambda: source_of(server).deliver(CLOSED))


@pytest.mark.parametrize("status", [400, 403, 404, 410, 301])
def test_message_that_the_server_will_never_take_is_dropped(
    server: FakeHawkbit, status: int
) -> None:
    server.fails_with = status
    source_of(server).deliver(CLOSED)


def test_message_to_a_server_that_is_gone_is_sent_later(server: FakeHawkbit) -> None:
    source = source_of(server, url="http://127.0.0.1:1")
    assert error_of(lambda: source.deliver(CLOSED)).startswith("127.0.0.1:1: ")


def test_same_message_is_passed_on_once(server: FakeHawkbit) -> None:
    source = source_of(server)
    messages = with_outbox(source)
    other = feedback("deploymentBase/10", "closed", "failure", "REFUSED: BAD_SIGNATURE")
    for message in (CLOSED, CLOSED, other, other, CLOSED):
        source.send(message)
    assert messages == [CLOSED, other, CLOSED]
    for number in range(40):
        source.send(feedback(f"deploymentBase/{number}", "closed", "success", ""))
    assert len(source._sent) <= 32


@pytest.mark.parametrize("files, number", [([], 0), (["a.swu"], 0), (["a.bundle", "b.bundle"], 2)])
def test_deployment_must_have_one_bundle(
    server: FakeHawkbit, files: list[str], number: int
) -> None:
    server.assign(10)
    server.files = files
    assert f"has {number} files that end with .bundle; assign one" in error_of(
        source_of(server).open
    )


def test_error_of_a_download_does_not_name_the_device(server: FakeHawkbit) -> None:
    server.assign(10)
    server.files = [f"{DEVICE}/missing.bundle"]
    old = server.server.change
    server.server.change = lambda request, answer: (
        Answer(404, {}) if "missing" in request.path else old(request, answer)
    )
    assert "the server has no such file" in error_of(source_of(server).open)


def test_deployment_without_a_usable_link(server: FakeHawkbit) -> None:
    server.assign(10)
    server.artifact = "ftp://127.0.0.1"
    assert "no usable link; let the server give links with https" in error_of(
        source_of(server).open
    )


@pytest.mark.parametrize("status", [401, 404, 500])
def test_answer_that_is_an_error(server: FakeHawkbit, status: int) -> None:
    server.fails_with = status
    text = error_of(source_of(server).open)
    assert text.startswith(f"127.0.0.1:{server.server.port}: the server ")
    assert text.endswith(f"(HTTP status {status})")


@pytest.mark.parametrize(
    "body, problem",
    [
        (b"<html>", "is not an answer of hawkBit: "),
        (b'{"_links": 1}', "is not an answer of hawkBit: _links is not an object"),
        (b" " * (1 << 20) + b"{}", "the answer has more than 1048576 bytes"),
    ],
)
def test_answer_that_is_not_one_of_hawkbit(server: FakeHawkbit, body: bytes, problem: str) -> None:
    server.server.change = lambda request, answer: Answer(200, {}, body)
    assert problem in error_of(source_of(server).open)


def test_connection_that_is_cut_is_an_error(server: FakeHawkbit) -> None:
    server.server.change = lambda request, answer: Answer(200, {}, b"x" * 99, cut=50)
    assert error_of(source_of(server).open).startswith(f"127.0.0.1:{server.server.port}: ")


@pytest.mark.parametrize("content", [b"", b"a b", b"a\nb", b"\xff", b"x" * 129])
def test_bad_file_of_the_id(server: FakeHawkbit, content: bytes) -> None:
    source = source_of(server, storage_with(content))
    assert error_of(source.open).startswith("/etc/id: must contain the id of the device")


def test_missing_file_of_the_id(server: FakeHawkbit) -> None:
    storage = storage_with()
    storage.remove("/etc/id")
    assert error_of(source_of(server, storage).open) == "/etc/id: No such file or directory"


def test_id_is_one_part_of_the_path(server: FakeHawkbit) -> None:
    source = source_of(server, storage_with(b"a/../b"))
    error_of(source.open)
    assert server.server.requests[0].path == "/DEFAULT/controller/v1/a%2F..%2Fb"


def test_bad_address(server: FakeHawkbit) -> None:
    with pytest.raises(ValueError, match=r"^url has no host"):
        source_of(server, url="http://")
