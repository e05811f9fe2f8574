"""A folder with all that a client on this machine needs: a configuration, a root, and slots."""

import json
import os
from pathlib import Path

from software_update.testing import encode as e

CONTENTS = {"app": b"application\n", "lib/boot": b"bootloader\n"}


class ClientFolder:
    """A device in a folder: slots A and B are folders, and the link `current` leads to A.

    `bundle` is the file that the source offers.
    """

    def __init__(self, folder: Path, *lines: str, socket: str = "") -> None:
        """Writes the files. `lines` are further options of the domain and tables after it.

        `socket` is the path of the service's socket, which must be short; default: in the folder.
        """
        self.socket = socket or f"{folder}/socket"
        self.folder = folder
        self.bundle = folder / "update.bundle"
        self.config = folder / "client.toml"
        (folder / "app/A").mkdir(parents=True)
        (folder / "app/current").symlink_to("A")
        (folder / "root.pb").write_bytes(e.signed(e.root(), e.ROOT_KEY))
        slots = f'slots = {{A = "{folder}/app/A", B = "{folder}/app/B"}}'
        text = f"""
vendor = "Example Lamps Ltd"
state = "{folder}/state"
socket = {{path = "{self.socket}"}}

[domains.main]
root = "{folder}/root.pb"
slots = ["A", "B"]
sources = [{{type = "file", path = "{self.bundle}"}}]
installers = [{{type = "directory", targets = ["*"], {slots}}}]
boot = {{type = "directory", link = "{folder}/app/current", {slots}}}
restart = ["/bin/true"]
"""
        self.config.write_text("\n".join([text, *lines, ""]))

    def offer(self, version: int, **contents: bytes) -> None:
        """Puts a bundle where the source finds it."""
        self.bundle.write_bytes(e.bundle({**CONTENTS, **contents}, version=version))

    def current(self) -> str:
        """Returns the slot that starts next."""
        return os.readlink(self.folder / "app/current")

    def history(self) -> list[str]:
        """Returns the names of the events in the history."""
        lines = (self.folder / "state/history.jsonl").read_text().splitlines()
        return [json.loads(line)["event"] for line in lines]
