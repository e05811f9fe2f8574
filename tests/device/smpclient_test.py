"""Tests with smpclient, a client for SMP that is not ours: it judges our server and client."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from smp.image_management import (
    ImageEraseRequest,
    ImageStatesReadRequest,
    ImageStatesWriteRequest,
    ImageUploadWriteRequest,
)
from smp.os_management import ResetWriteRequest
from smpclient import SMPClient
from smpclient.generics import success
from smpclient.requests.image_management import ImageStatesRead, ImageStatesWrite
from smpclient.requests.os_management import ResetWrite
from smpclient.transport.udp import SMPUDPTransport
from software_update.client.shell.smp import UdpSmp
from software_update.testing.mcuboot import FakeMcu, hash_of, image
from software_update.testing.smp_server import SmpServer, serve_smp

OLD, NEW = image(b"old"), image(b"new" * 1000, 2)


@pytest.fixture(name="server")
def server_fixture() -> Iterator[SmpServer]:
    with serve_smp(FakeMcu(OLD)) as server:
        yield server


async def update_with_smpclient(port: int) -> list[tuple[bytes, bool]]:
    """Installs the new image, and returns the hash of each image and whether it is confirmed."""
    transport = SMPUDPTransport()
    await transport.connect("127.0.0.1", 20, port)
    client = SMPClient(transport, "127.0.0.1", 20)
    async for _ in client.upload(NEW):
        pass
    for request in (
        ImageStatesWrite(hash=hash_of(NEW)),
        ResetWrite(),
        ImageStatesWrite(hash=hash_of(NEW), confirm=True),
    ):
        assert success(await client.request(request))
    states = await client.request(ImageStatesRead())
    await transport.disconnect()
    assert success(states)
    return [(bytes(each.hash), each.confirmed) for each in states.images]


def test_smpclient_updates_our_server(server: SmpServer) -> None:
    found = asyncio.run(update_with_smpclient(server.port))
    assert found == [(hash_of(NEW), True), (hash_of(OLD), False)]
    mcu = server.mcu
    assert (mcu.primary, mcu.secondary, mcu.confirmed, mcu.starts) == (NEW, OLD, True, 1)


def test_smpclient_accepts_each_request_of_our_client(server: SmpServer) -> None:
    smp = UdpSmp("127.0.0.1", server.port, timeout=20, settle=0)
    smp.upload(0, NEW)
    smp.test(hash_of(NEW))
    smp.reset()
    smp.confirm(hash_of(NEW))
    smp.erase()
    uploads = [ImageUploadWriteRequest] * 3
    kinds = [*uploads, ImageStatesWriteRequest, ResetWriteRequest, ImageStatesReadRequest]
    kinds += [ImageStatesWriteRequest, ImageEraseRequest]
    found = [kind.loads(datagram) for kind, datagram in zip(kinds, server.datagrams, strict=True)]
    assert b"".join(each.data for each in found[:3]) == NEW
    assert (found[0].image, found[0].len) == (0, len(NEW))
    assert [found[at].confirm for at in (3, 6)] == [False, True]
