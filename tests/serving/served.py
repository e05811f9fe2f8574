"""A repository of the publisher behind nginx, with the configuration of the page, for devices in memory."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from software_update.client.shell.network import UrllibNetwork
from software_update.repository.storages.folder import FolderStorage
from software_update.testing.repositories import NOW, RepositoryFolder

from tests.device.nginx import Nginx, Sent
from tests.serving.device import RepositoryDevice
from tests.serving.nginx_page import configuration


@dataclass
class Served:
    """A repository behind nginx. `url` is its base."""

    repository: RepositoryFolder
    nginx: Nginx
    url: str

    def device(self, folder: Path, url: str = "") -> RepositoryDevice:
        """Returns a device whose repository is this one."""
        folder.mkdir(exist_ok=True)
        root = self.repository.root.read_bytes()
        return RepositoryDevice(
            folder,
            UrllibNetwork(),
            url or self.url,
            root,
            product="meter",
            hardware_id="meter-2",
            at=NOW,
        )

    def answers(self, act: Callable[[], object]) -> list[Sent]:
        """Returns the answers of nginx while `act` runs."""
        before = len(self.nginx.log())
        act()
        return self.nginx.log()[before:]


@contextlib.contextmanager
def serving(
    folder: Path, prepare: Callable[[RepositoryFolder], None], **changes: str
) -> Iterator[Served]:
    """Makes a repository, and serves it. `prepare` publishes in it before.

    `changes` are parts of the page's configuration, and their replacements.
    """
    nginx = Nginx(folder / "nginx", configuration("server.conf", **changes))
    storage = FolderStorage(str(folder / "nginx/www"))
    repository = RepositoryFolder(folder / "publisher", storage=storage)
    prepare(repository)
    nginx.start()
    try:
        yield Served(repository, nginx, nginx.url("").removesuffix("/"))
    finally:
        nginx.stop()
