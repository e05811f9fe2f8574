"""Test of the real client on a board with Debian's U-Boot."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from software_update.client import events
from software_update.client.boot_control import BootStatus, SlotState
from software_update.client.question import Phase
from software_update.client.shell.build import build_client, read_config
from software_update.client.shell.client import Client
from software_update.client.shell.clock import MachineClock
from software_update.client.shell.files import MachineStorage
from software_update.client.state import Answer, Code, Reply
from software_update.testing import encode
from software_update.testing.short_folder import short_folder

from tests.device.host import host
from tests.device.qemu_uboot import Board, Boot, script_image, stand_in

SCRIPT = Path(os.environ["BOOT_SCRIPT"])
GOOD, TRYING, UNBOOTABLE = SlotState.GOOD, SlotState.TRYING, SlotState.UNBOOTABLE
CONFIG = """\
vendor = "Example"
state = "{folder}/state"

[domains.main]
root = "{folder}/root.pb"
slots = ["A", "B"]
restart = ["/bin/true"]
sources = [{{ type = "file", path = "{folder}/update.bundle" }}]

[[domains.main.installers]]
type = "raw"
targets = ["system"]
slots = {{ A = "{board.folder}/slot_A.img", B = "{board.folder}/slot_B.img" }}

[domains.main.boot]
type = "uboot"
config = "{board.config}"
defaults = "{board.defaults}"
"""


class PowerCut(BaseException):
    """The power fails in the middle of an install. The client survives every Exception."""


@dataclass
class Device:
    """A board that runs version 1 from slot A with erased flash, and the files of its client."""

    folder: Path
    board: Board
    # The power fails when the client has handled any bytes.
    cut_power: bool = False

    @classmethod
    def make(cls, folder: Path) -> Device:
        """Returns a device whose client has not run yet."""
        board = Board.make(folder / "board", SCRIPT)
        board.write_slot("A", stand_in("version 1"))
        board.set_variables(BOOT_ORDER="A B")
        (folder / "root.pb").write_bytes(encode.signed(encode.root(), encode.ROOT_KEY))
        (folder / "client.toml").write_text(CONFIG.format(folder=folder, board=board))
        return cls(folder, board)

    def offer(self, version: int, image: bytes) -> None:
        """Puts a release where the client finds it."""
        bundle = encode.bundle({"system": image}, version=version)
        (self.folder / "update.bundle").write_bytes(bundle)

    def start(self) -> tuple[Boot, Client]:
        """Starts the board, and the client if the slot's program does not crash."""
        boot = self.board.boot()
        system = replace(host(boot.command_line), clock=MachineClock())
        path = str(self.folder / "client.toml")
        config = read_config(system, path, check_owners=False)
        client = build_client(config, system, on_progress=self._progress)
        client.start()
        client.run()
        return boot, client

    def _progress(self, _: int) -> None:
        if self.cut_power:
            self.cut_power = False
            raise PowerCut


@pytest.fixture(name="device")
def device_fixture() -> Iterator[Device]:
    with short_folder() as folder:
        yield Device.make(folder)


def stop(client: Client) -> None:
    """Ends the client, as a restart does."""
    storage = client.system.storage
    assert isinstance(storage, MachineStorage)
    storage.unlock()


def agree(client: Client, phase: Phase) -> None:
    """Answers yes to the question about a phase, which must wait."""
    question = client.question()
    assert question is not None, client.state
    assert question.phase == phase, client.state
    answer = Answer(question.release, question.root, question.phase, Reply.YES, "alice", 9, None)
    assert client.handle(events.Answered(9, answer))
    client.run()


def slots(client: Client) -> BootStatus:
    return client.boot_status()["main"]


def test_install_crash_fall_back_retry_and_commit(device: Device) -> None:
    device.offer(2, script_image("echo version 2 crashes\nreset\n"))
    boot, client = device.start()
    assert boot.prints("version 1")
    client.check("main")
    client.run()
    device.cut_power = True
    with pytest.raises(PowerCut):
        agree(client, Phase.DOWNLOAD)
    stop(client)

    boot, client = device.start()
    assert boot.prints("version 1")
    assert slots(client) == BootStatus("A", "A", {"A": GOOD, "B": UNBOOTABLE})
    agree(client, Phase.RESTART)  # It has continued the install.
    assert slots(client) == BootStatus("A", "B", {"A": GOOD, "B": TRYING}), client.state
    stop(client)

    for _ in range(3):
        assert device.board.boot().prints("version 2 crashes")
    boot, client = device.start()
    assert boot.prints("version 1")
    assert client.state.result is not None and client.state.result.code == Code.FELL_BACK
    assert slots(client) == BootStatus("A", "A", {"A": GOOD, "B": UNBOOTABLE})

    device.offer(3, stand_in("version 3"))
    client.check("main")
    client.run()
    agree(client, Phase.DOWNLOAD)
    agree(client, Phase.RESTART)
    stop(client)

    boot, client = device.start()
    assert boot.prints("version 3")
    assert client.state.result is not None and client.state.result.code == Code.UPDATED
    assert slots(client) == BootStatus("B", "B", {"A": GOOD, "B": GOOD})
    stop(client)

    boot, client = device.start()
    assert boot.prints("version 3")
    assert device.board.variables()["BOOT_B_LEFT"] == "3"
