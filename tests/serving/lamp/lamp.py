"""A lamp: a board with U-Boot in QEMU, and the real client, which finds its releases in a repository."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from software_update.client import events
from software_update.client.config import Approvers
from software_update.client.question import Phase
from software_update.client.shell.build import build_client, read_config
from software_update.client.shell.callers import Caller
from software_update.client.shell.client import Client
from software_update.client.shell.clock import MachineClock
from software_update.client.shell.control import Control
from software_update.client.shell.files import MachineStorage
from software_update.client.shell.network import UrllibNetwork
from software_update.client.state import Answer, Code, Reply

from tests.device.host import host
from tests.device.qemu_uboot import Board

_CONFIG = """\
vendor = "Example Lamps Ltd"
state = "{folder}/state"

[domains.main]
root = "{folder}/product_root.pb"
slots = ["A", "B"]
staging = "store"
restart = ["/bin/true"]

[[domains.main.sources]]
type = "repository"
url = "{url}"
root = "{folder}/repository_root.json"
product = "lamp"
channel = "stable"

[[domains.main.installers]]
type = "raw"
targets = ["system"]
slots = {{ A = "{board.folder}/slot_A.img", B = "{board.folder}/slot_B.img" }}

[domains.main.boot]
type = "uboot"
config = "{board.config}"
defaults = "{board.defaults}"
"""


class Clock(MachineClock):
    """The clocks of this computer, which a test moves ahead."""

    def __init__(self) -> None:
        self.ahead = 0

    def now(self) -> int:
        return super().now() + self.ahead

    def since_boot(self) -> float:
        return super().since_boot() + self.ahead


def _nothing(_: int) -> None:
    pass


@dataclass
class Lamp:
    """The board, and the files of its client in `folder`.

    `on_progress` is called with the number of bytes that the client has handled since its last call.
    """

    folder: Path
    board: Board
    clock: Clock
    tell: Callable[[str], None]
    on_progress: Callable[[int], None] = field(default=_nothing)
    client: Client = field(init=False)

    def write_config(self, url: str) -> None:
        """Writes the configuration of the client. The roots are in the folder already."""
        text = _CONFIG.format(folder=self.folder, url=url, board=self.board)
        (self.folder / "client.toml").write_text(text)

    def start(self) -> None:
        """Switches the board on: U-Boot chooses a slot, and the client starts."""
        boot = self.board.boot()
        line = next(each for each in boot.console.splitlines() if each.startswith("system "))
        self.tell(f"lamp: U-Boot starts slot {boot.slot}, {line}")
        network = UrllibNetwork()
        system = replace(host(boot.command_line), clock=self.clock, network=network)
        config = read_config(system, str(self.folder / "client.toml"), check_owners=False)
        self.client = build_client(config, system, on_progress=self._progress)
        self.client.start()
        self.client.run()
        self.show()

    def stop(self) -> None:
        """Switches the board off."""
        storage = self.client.system.storage
        assert isinstance(storage, MachineStorage)
        storage.unlock()

    def provision(self, bundle: Path) -> None:
        """States the release that the factory has put on the lamp."""
        control = Control(self.client, Approvers(frozenset(), frozenset()))
        manifest = control.manifest_of(str(bundle), "main")
        control.provision(Caller("root", frozenset(), own=True), manifest, "ask", "main")

    def check(self, *, by_person: bool) -> None:
        """Looks for a release."""
        self.tell(
            "lamp: a person looks for a release"
            if by_person
            else "lamp: the timer looks for a release"
        )
        self.client.check("main", by_person=by_person)
        self.client.run()
        self.show()

    def approve(self) -> None:
        """Says yes to the question that waits."""
        question = self.client.question()
        assert question is not None, self.client.state
        self.tell(f"lamp: a person agrees to the {question.phase.value} of {question.to_version}")
        answer = Answer(question.release, question.root, question.phase, Reply.YES, "anna", 9, None)
        assert self.client.handle(events.Answered(self.clock.now(), answer))
        self.client.run()
        self.show()

    def show(self) -> None:
        """Tells the state, and the last result."""
        state, question = self.client.state, self.client.question()
        text = state.detail.value
        if question is not None:
            text += f": {question.phase.value} of {question.to_version}?"
        elif state.result is not None:
            text += f", {state.result.code.value}: {state.result.text}"
        self.tell(f"lamp: {text}")

    def asked(self) -> Phase | None:
        """Returns the phase that the lamp asks about."""
        question = self.client.question()
        return None if question is None else question.phase

    def code(self) -> Code | None:
        """Returns the code of the last result."""
        result = self.client.state.result
        return None if result is None else result.code

    def _progress(self, size: int) -> None:
        self.on_progress(size)
