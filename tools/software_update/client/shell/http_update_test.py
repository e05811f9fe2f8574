"""Whole updates from a server on loopback: which bytes it is asked for, and when."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from software_update.bundle.head import read_head
from software_update.client import events
from software_update.client.boot_control import SlotState
from software_update.client.shell.client import Client
from software_update.client.shell.network import UrllibNetwork
from software_update.client.sources.http import HttpSource
from software_update.client.sources.requests import HttpSettings
from software_update.client.sources.resuming import ResumingSource
from software_update.client.state import Answer, Code, Detail, Reply, Staging
from software_update.client.stored_bundle import StoredBundle
from software_update.client.system import System
from software_update.testing import encode as e
from software_update.testing.bundle_server import Answer as Sent
from software_update.testing.bundle_server import BundleServer, Request, serve
from software_update.testing.fake_device import STATE, FakeDevice

APP, BOOT = b"application\n" * 300_000, b"bootloader\n"
MANIFEST = b'{"schema": "software_update.release_manifest.v1"}'
CONTENTS = {"user_manifest": MANIFEST, "app": APP, "boot": BOOT}
MIB = 1 << 20


def bundle(version: int = 7) -> bytes:
    return e.bundle(CONTENTS, version=version)


@pytest.fixture(name="server")
def server_fixture() -> Iterator[BundleServer]:
    with serve(bundle()) as server:
        yield server


@pytest.fixture(name="device")
def device_fixture() -> FakeDevice:
    return FakeDevice()


def started(device: FakeDevice, server: BundleServer, staging: Staging) -> Client:
    system = System(device.storage, device.programs, device.clock, UrllibNetwork())
    source = ResumingSource(
        HttpSource(system, device.clock.advance, HttpSettings(server.url())),
        device.clock,
        device.clock.advance,
    )
    client = Client(system, STATE, {"main": device.domain(sources=[source], staging=staging)})
    client.start()
    client.run()
    return client


def check(client: Client) -> None:
    client.check("main")
    client.run()


def agree(client: Client) -> None:
    question = client.question()
    assert question is not None
    answer = Answer(question.release, question.root, question.phase, Reply.YES, "alice", 9, None)
    assert client.handle(events.Answered(9, answer))
    client.run()


def payload_start(server: BundleServer) -> int:
    return server.content.index(APP)


def payload_bytes_asked_for(server: BundleServer) -> int:
    """Returns how many bytes after the head the server has been asked for, repeated ones included."""
    start = payload_start(server)
    ranges = [each.range or (0, len(server.content)) for each in server.requests]
    return sum(max(0, end - max(first, start)) for first, end in ranges)


@pytest.mark.parametrize("staging", list(Staging))
def test_no_payload_is_asked_for_before_consent(
    device: FakeDevice, server: BundleServer, staging: Staging
) -> None:
    client = started(device, server, staging)
    check(client)
    assert client.state.detail == Detail.AWAITING_CONSENT
    assert payload_bytes_asked_for(server) == 0
    asked = len(server.requests)
    client.run()
    started(device, server, staging)
    assert len(server.requests) == asked
    agree(client)
    if staging == Staging.STORE:
        agree(client)
    assert (device.slot("app", "B"), device.slot("boot", "B")) == (APP, BOOT)
    start = payload_start(server)
    assert payload_bytes_asked_for(server) == len(server.content) - start


@pytest.mark.parametrize("staging", list(Staging))
def test_cut_costs_at_most_a_mebibyte(
    device: FakeDevice, server: BundleServer, staging: Staging
) -> None:
    cuts = iter([100_000, 0, 2 * MIB + 5, 1])

    def cut(request: Request, answer: Sent) -> Sent:
        return replace(answer, cut=next(cuts, None)) if len(answer.body) > 10_000 else answer

    client = started(device, server, staging)
    check(client)
    server.change = cut
    agree(client)
    if staging == Staging.STORE:
        agree(client)
    assert (device.slot("app", "B"), device.slot("boot", "B")) == (APP, BOOT)
    requests = [each.range for each in server.requests if each.range]
    downloads = [(first, end) for first, end in requests if end - first > 10_000]
    sent = [100_000, 0, 2 * MIB + 5, 1]
    for (first, _), length, (again, _) in zip(downloads, sent, downloads[1:], strict=False):
        assert 0 <= first + length - again <= MIB
    assert len(downloads) == 5


class Killed(BaseException):
    pass


def kill_after(client: Client, length: int) -> None:
    """Kills the client when it has handled so many bytes."""
    done = 0

    def kill(more: int) -> None:
        nonlocal done
        done += more
        if done > length:
            raise Killed

    client.on_progress = kill


def asked_again(server: BundleServer, asked: int, received: int) -> int:
    """Returns how many of the first bytes after the head the requests from a number on ask for."""
    start = payload_start(server)
    ranges = [each.range for each in server.requests[asked:] if each.range]
    return sum(max(0, min(end, start + received) - max(first, start)) for first, end in ranges)


@pytest.mark.parametrize("staging", list(Staging))
@pytest.mark.parametrize("received", [1_000_000, 2 * MIB + 300_000, 3 * MIB])
def test_restarted_client_fetches_at_most_a_mebibyte_again(
    device: FakeDevice, server: BundleServer, staging: Staging, received: int
) -> None:
    client = started(device, server, staging)
    check(client)
    kill_after(client, received)
    with pytest.raises(Killed):
        agree(client)
    device.storage.cut_power()
    asked = len(server.requests)
    client = started(device, server, staging)
    if staging == Staging.STORE:
        agree(client)
    assert (device.slot("app", "B"), device.slot("boot", "B")) == (APP, BOOT)
    assert asked_again(server, asked, received) <= MIB
    assert server.requests[-1].range is not None
    assert server.requests[-1].range[1] == len(server.content)
    # Nothing of the download is left, but for the bundle of a plan that is not over.
    left = {"stored.bundle"} if staging == Staging.STORE else set()
    folder = set(device.storage.list(STATE))
    assert folder & {"stored.bundle", "fetched.json", "spool"} == left


def test_long_outage_costs_at_most_a_mebibyte(device: FakeDevice, server: BundleServer) -> None:
    """The client gives up for a while, and waits."""
    client = started(device, server, Staging.STREAM)
    check(client)
    sent = 2 * MIB + 300_000

    def fail(request: Request, answer: Sent) -> Sent:
        nonlocal sent
        if len(answer.body) < 10_000:
            return answer
        cut, sent = sent, 0
        return replace(answer, cut=cut)

    server.change = fail
    agree(client)
    assert (client.state.detail, client.state.retry_in > 0) == (Detail.DOWNLOADING, True)
    asked = len(server.requests)
    server.change = lambda _, answer: answer
    client.handle(events.WaitOver(99))
    client.run()
    assert (device.slot("app", "B"), device.slot("boot", "B")) == (APP, BOOT)
    assert asked_again(server, asked, 2 * MIB + 300_000) <= MIB


def test_download_that_was_cancelled_begins_anew(device: FakeDevice, server: BundleServer) -> None:
    client = started(device, server, Staging.STREAM)
    check(client)
    kill_after(client, 2 * MIB)
    with pytest.raises(Killed):
        agree(client)
    assert device.storage.exists(f"{STATE}/fetched.json")
    client.on_progress = lambda _: None
    client.handle(events.CancelRequested(9, "alice"))
    client.run()
    assert not device.storage.exists(f"{STATE}/fetched.json")


def test_continued_download_of_another_bundle_of_the_release_is_right(
    device: FakeDevice, server: BundleServer
) -> None:
    """The same release in another file: the payloads are at other places."""
    client = started(device, server, Staging.STREAM)
    check(client)
    kill_after(client, 2 * MIB)
    with pytest.raises(Killed):
        agree(client)
    device.storage.cut_power()
    asked = len(server.requests)
    app, boot = e.payload("app", APP), e.payload("boot", BOOT)
    server.content, server.etag = server.content.replace(app + boot, boot + app), '"two"'
    started(device, server, Staging.STREAM)
    assert (device.slot("app", "B"), device.slot("boot", "B")) == (APP, BOOT)
    ranges = [each.range for each in server.requests[asked:] if each.range]
    assert sum(end - first for first, end in ranges) <= len(server.content) - 2 * MIB + MIB


def test_download_goes_on_with_a_file_that_was_copied_again(
    device: FakeDevice, server: BundleServer
) -> None:
    """A server computes another ETag for the same bytes, so only the head is fetched again."""

    def change(request: Request, answer: Sent) -> Sent:
        if len(answer.body) > 10_000 and server.etag == '"one"':
            server.etag = '"two"'
            return replace(answer, cut=2 * MIB)
        return answer

    client = started(device, server, Staging.STREAM)
    check(client)
    server.change = change
    agree(client)
    assert (device.slot("app", "B"), device.slot("boot", "B")) == (APP, BOOT)
    last = server.requests[-1]
    assert last.range is not None
    assert last.range[0] >= payload_start(server) + 2 * MIB - MIB


@pytest.mark.parametrize("staging", list(Staging))
def test_release_that_replaces_another_needs_its_own_consent(
    device: FakeDevice, server: BundleServer, staging: Staging
) -> None:
    client = started(device, server, staging)
    check(client)
    server.content, server.etag = bundle(8), '"two"'
    agree(client)
    assert device.slot("app", "B") == b""
    assert client.state.detail not in (Detail.AWAITING_RESTART, Detail.INSTALLING)


def test_release_manifest_after_a_payload_is_not_taken(
    device: FakeDevice, server: BundleServer
) -> None:
    late = e.payload("user_manifest", MANIFEST)
    server.content = bundle().replace(late, b"") + late
    client = started(device, server, Staging.STREAM)
    check(client)
    assert client.state.result is not None
    assert client.state.result.code == Code.ORDER_NOT_TAKEN
    assert payload_bytes_asked_for(server) == 0


def installed(device: FakeDevice, server: BundleServer) -> None:
    """Installs version 7 into slot B, which then runs with another boot loader than it should have."""
    client = started(device, server, Staging.STREAM)
    check(client)
    agree(client)
    agree(client)
    device.boot.start()
    started(device, server, Staging.STREAM)
    assert device.boot.slots["B"] == SlotState.GOOD
    device.storage.put("/slots/boot_B", b"BOOTLOADER\n")


def personalized(payloads: dict[str, bytes]) -> bytes:
    """Version 8 without the payload `boot`."""
    whole = e.bundle(payloads, version=8)
    return whole.removesuffix(e.payload("boot", BOOT))


def with_full_bundle(device: FakeDevice, server: BundleServer, full: BundleServer) -> Client:
    client = started(device, server, Staging.STREAM)
    system = System(device.storage, device.programs, device.clock, UrllibNetwork())
    source = HttpSource(system, device.clock.advance, HttpSettings(full.url("/full.bundle")))
    domain = device.domain(sources=client.domains["main"].sources, full_bundle=source)
    client.domains["main"] = domain
    check(client)
    agree(client)
    return client


def test_payload_that_the_running_slot_lacks_comes_from_the_full_bundle(
    device: FakeDevice, server: BundleServer
) -> None:
    installed(device, server)
    newer = {**CONTENTS, "app": APP + b"2"}
    server.content = personalized(newer)
    with serve(e.bundle(newer, version=8)) as full:
        with_full_bundle(device, server, full)
        assert (device.slot("app", "A"), device.slot("boot", "A")) == (APP + b"2", BOOT)
        start = full.content.index(newer["app"])
        assert not full.has_been_asked_for(start, start + len(newer["app"]))


@pytest.mark.parametrize(
    ("contents", "version", "code"),
    [
        ({"user_manifest": MANIFEST, "app": b"2"}, 8, Code.RELEASE_CHANGED),
        ({"user_manifest": MANIFEST, "app": b"2", "boot": BOOT}, 9, Code.RELEASE_CHANGED),
        (None, 8, Code.BASE_CHANGED),
    ],
)
def test_full_bundle_of_another_release_is_rejected(
    device: FakeDevice,
    server: BundleServer,
    contents: dict[str, bytes] | None,
    version: int,
    code: Code,
) -> None:
    installed(device, server)
    server.content = personalized({**CONTENTS, "app": b"2"})
    full = server.content if contents is None else e.bundle(contents, version=version)
    with serve(full) as other:
        client = with_full_bundle(device, server, other)
        assert client.state.result is not None
        assert client.state.result.code == code
        assert device.boot.slots["A"] == SlotState.UNBOOTABLE


@pytest.mark.parametrize("payload", [b"bootloadeR\n", b"bootloader\n\n"])
def test_wrong_payload_of_the_full_bundle_is_rejected(
    device: FakeDevice, server: BundleServer, payload: bytes
) -> None:
    installed(device, server)
    newer = {**CONTENTS, "app": b"2"}
    server.content = personalized(newer)
    with serve(server.content + e.payload("boot", payload)) as full:
        client = with_full_bundle(device, server, full)
        assert client.state.result is not None
        assert client.state.result.code == Code.REFUSED
        assert "target 'boot'" in client.state.result.text


def test_part_of_another_bundle_is_not_kept(device: FakeDevice, server: BundleServer) -> None:
    """The store may have a part of an earlier bundle, or of the same release with other signatures."""
    stored = f"{STATE}/stored.bundle"
    client = started(device, server, Staging.STORE)
    check(client)
    device.storage.put(stored, bundle(6)[:MIB])
    agree(client)
    assert device.storage.content(stored) == server.content
    head = read_head(StoredBundle(device.storage.open(stored)))
    assert head.user_manifest == MANIFEST
