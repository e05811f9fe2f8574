"""A service in a process of its own, which serves the consent page about a release."""

import contextlib
import io
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

from software_update.cli.client.dispatch import main
from software_update.client.shell.build import build_client, machine, read_config
from software_update.client.shell.serve import serve
from software_update.disclosure.page_consent import ConsentPageWriter
from software_update.testing.client_folder import ClientFolder

from tests.browser.releases import write_releases


class Device:
    """A device that has installed old.bundle. `offer` lets it ask about new.bundle."""

    def __init__(self, folder: Path) -> None:
        self.files = ClientFolder(folder, "[consent]", "page = true")
        write_releases(folder)

    def run(self, name: str, *arguments: str) -> str:
        """Runs a subcommand, and returns its standard output."""
        with contextlib.redirect_stdout(io.StringIO()) as out:
            main([name, f"--config={self.files.config}", *arguments])
        return out.getvalue()

    def offer(self) -> None:
        """Lets the device find the release, and ask about it."""
        new = self.files.folder / "new.bundle"
        self.files.bundle.write_bytes(new.read_bytes())
        self.run("check")


@contextlib.contextmanager
def device(folder: Path) -> Iterator[Device]:
    """Starts the service in a folder with a short name, and ends it."""
    made = Device(folder)
    made.run("provision", f"--bundle={folder}/old.bundle", "--preset=ask")
    child = os.fork()
    if child == 0:
        try:
            system = machine()
            config = read_config(system, str(made.files.config), check_owners=False)
            serve(
                config,
                system,
                lambda on_change, on_progress: build_client(config, system, on_change, on_progress),
                {},
                ConsentPageWriter(),
            )
        finally:
            os._exit(0)
    try:
        for _ in range(1000):
            if os.path.exists(made.files.socket):
                break
            time.sleep(0.01)
        yield made
    finally:
        os.kill(child, signal.SIGTERM)
        os.waitpid(child, 0)
