"""Runs the commands of `software-update-client tuf-conformance` against a repository on loopback."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from software_update.cli.client.dispatch import main
from software_update.testing.bundle_server import Answer, BundleServer, Request, serve
from software_update.testing.tuf_site import TufFiles
from tuf.api.metadata import Metadata

DAY = 86_400


@dataclass
class Run:
    """A client with its folders, and the repository that it uses.

    `site` has the repository's content.
    """

    folder: Path
    site: TufFiles
    server: BundleServer

    def init(self, root: bytes | None = None) -> int:
        """Initializes the client with a root, by default the first one."""
        file = self.folder / "trusted_root.json"
        file.write_bytes(root or self.site.objects["metadata/1.root.json"])
        return self._main("init", str(file))

    def refresh(self) -> int:
        """Refreshes, and returns the exit code."""
        return self._main(f"--metadata-url={self.server.url('/metadata')}", "refresh")

    def download(self, *names: str) -> int:
        """Downloads targets, and returns the exit code."""
        options = [f"--target-name={name}" for name in names]
        urls = [
            f"--metadata-url={self.server.url('/metadata')}",
            f"--target-base-url={self.server.url('/targets')}",
        ]
        return self._main(*urls, f"--target-dir={self.folder / 'targets'}", *options, "download")

    def _main(self, *arguments: str) -> int:
        self.server.requests.clear()
        folder = self.folder / "metadata"
        return main(["tuf-conformance", f"--metadata-dir={folder}", *arguments])

    @property
    def requested(self) -> list[str]:
        """The names of the metadata files that the last command has requested."""
        prefix = "/metadata/"
        paths = [each.path for each in self.server.requests]
        return [each.removeprefix(prefix) for each in paths if each.startswith(prefix)]

    @property
    def requested_targets(self) -> list[str]:
        """The names of the target files that the last command has requested."""
        prefix = "/targets/"
        paths = [each.path for each in self.server.requests]
        return [each.removeprefix(prefix) for each in paths if each.startswith(prefix)]

    @property
    def downloaded(self) -> list[bytes]:
        """The contents of the files in the client's folder of targets, sorted."""
        folder = self.folder / "targets"
        return sorted(each.read_bytes() for each in folder.rglob("*") if each.is_file())

    def trusted(self, role: str) -> Any:
        """Returns the signed part of a role that the client has stored."""
        content = (self.folder / "metadata" / f"{role}.json").read_bytes()
        return Metadata[Any].from_bytes(content).signed

    def versions(self) -> dict[str, int]:
        """Returns the versions of the top-level roles that the client trusts."""
        return {
            name: self.trusted(name).version
            for name in ("root", "timestamp", "snapshot", "targets")
            if (self.folder / "metadata" / f"{name}.json").exists()
        }

    def add(self, role: str, path: str, content: bytes) -> None:
        """Adds a target to a role, or replaces it."""
        self.site.roles[role].targets[path] = self.site.target(path, content)


@contextlib.contextmanager
def started(folder: Path) -> Iterator[Run]:
    """Yields a client, and a repository with empty targets, both new."""
    site = TufFiles(int(time.time()))
    site.publish()

    def answer(request: Request, _: Answer) -> Answer:
        # The names of roles are quoted, and those of targets only escaped.
        is_target = request.path.startswith("/targets/")
        path = unquote(request.path) if is_target else request.path
        response = site.get(f"{site.base}{path}", dict(request.headers))
        headers = {each: value for each, value in response.headers.items() if each != "etag"}
        return Answer(response.status, headers, response.read(1 << 30))

    with serve(b"") as server:
        server.change = answer
        site.base = f"http://127.0.0.1:{server.port}"
        yield Run(folder, site, server)
