"""The people who publish releases, with the keys of their repository and the command line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from software_update.base.dates import format_date
from software_update.testing.command import done

KINDS = ("root", "targets", "snapshot", "rollout")


@dataclass(frozen=True)
class Publisher:
    """A repository in the folder `www`, its keys in `folder`, and a clock in seconds since 1970.

    `tell` gets each line that a command prints.
    """

    folder: Path
    www: Path
    now: Callable[[], int]
    tell: Callable[[str], None]

    @property
    def root(self) -> str:
        """The root of the repository, for devices."""
        return f"{self.folder}/repository_root.json"

    def init(self) -> None:
        """Makes keys and the repository."""
        for kind in KINDS:
            done("key", "generate", self._key(kind))
        public = f"--rollout-public={self._key('rollout')}.pub"
        keys = self._keys("root", "targets", "snapshot")
        self._run("init", str(self.www), *keys, public, f"--output={self.root}")

    def publish(self, release_list: Path) -> None:
        """Publishes the release list of a build, as `bazel run NAME.publish` does."""
        keys = self._keys("targets", "snapshot", "rollout")
        self._run("publish", str(release_list), f"--to={self.www}", *keys, self._trust)

    def rollout(self, version: str, *arguments: str) -> None:
        """Changes the rollout rules of a release."""
        release = ("--product=lamp", "--channel=stable", f"--release={version}")
        keys = self._keys("rollout", "snapshot")
        self._run("rollout", str(self.www), *release, *arguments, *keys, self._trust)

    def refresh(self) -> None:
        """Signs the timestamp anew, as a timer does every few hours."""
        self._run("refresh", str(self.www), *self._keys("snapshot"), self._trust)

    @property
    def _trust(self) -> str:
        return f"--repository-root={self.root}"

    def _key(self, kind: str) -> str:
        return f"{self.folder}/{kind}.pem"

    def _keys(self, *kinds: str) -> list[str]:
        return [f"--{kind}-key={self._key(kind)}" for kind in kinds]

    def _run(self, command: str, *arguments: str) -> None:
        out = done("repository", command, *arguments, f"--now={format_date(self.now())}").out
        for line in out.splitlines():
            self.tell(f"publisher: {line.replace(str(self.folder), '...')}")
