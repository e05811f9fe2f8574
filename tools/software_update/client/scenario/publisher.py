"""The commands of a scenario for the publisher of a repository: releases, rollouts, halts and renewals.

    publish release_2
    rollout release_2 5 50@+86400 100@2031-01-01T00:00:00Z
    halt release_2 it blinks

The publisher has the right time. It renews the timestamp whenever time passes, unless `refresh off`.
"""

from collections.abc import Callable, Mapping, Sequence

from software_update.base.errors import InputError, shown
from software_update.bundle.head import read_head
from software_update.client.scenario.script import PUBLISHER_COMMANDS, Line
from software_update.client.simulator.read_only import ReadOnlyFile
from software_update.client.simulator.repository import SimulatedRepository
from software_update.client.stored_bundle import StoredBundle
from software_update.format.release_manifest import parse_release
from software_update.format.rollout import Band, build_rollouts


def product_of(script: Sequence[Line], releases: Mapping[str, bytes]) -> str | None:
    """Returns the product of the first release that a script publishes; None without a repository.

    Raises InputError if this release has no release manifest.
    """
    for line in script:
        words = line.words[2:] if line.words[:1] == ("cut",) else line.words
        if words and words[0] == "publish" and words[1] in releases:
            head = read_head(StoredBundle(ReadOnlyFile(releases[words[1]])))
            manifest = parse_release(head.user_manifest or b"")
            if manifest is None:
                raise InputError(
                    f"'{shown(words[1])}' has no release manifest; publish another one"
                )
            return manifest.product
    return None


class Publisher:
    """The publisher. `read_release` and `read_time` return the bundle and the time that a word names."""

    def __init__(
        self,
        repository: SimulatedRepository,
        place: str,
        read_release: Callable[[str, Line], bytes],
        read_time: Callable[[str, Line], int],
    ) -> None:
        self._repository = repository
        self._place = place
        self._read_release = read_release
        self._read_time = read_time
        self._digests: dict[str, str] = {}
        self._renews = True

    def time_passed(self, now: int) -> None:
        """Renews the timestamp, unless that is switched off."""
        self._repository.now = now
        if self._renews:
            self._repository.publish()

    def do(self, words: Sequence[str], line: Line) -> bool:
        """Carries out a command; returns False if it is not one for the publisher. Raises InputError."""
        if words[0] not in PUBLISHER_COMMANDS:
            return False
        match list(words):
            case ["publish", name]:
                self._digests[name] = self._repository.add(
                    self._read_release(name, line), percent=None
                )
            case ["publish", name, "for", base]:
                bundle, digest = self._read_release(name, line), self._digest(base, line)
                self._digests[name] = self._repository.add(bundle, base=digest, percent=None)
            case ["rollout", name, *bands]:
                self._roll_out(self._digest(name, line), bands, line)
            case ["halt", name, *reason]:
                self._repository.halt(self._digest(name, line), " ".join(reason))
            case ["withdraw", name]:
                self._repository.withdraw(self._digest(name, line))
            case ["refresh", "on" | "off" as renews]:
                self._renews = renews == "on"
                self.time_passed(self._repository.now)
            case _:
                raise self._error(line, f"cannot do '{shown(line.text)}'")
        return True

    def _roll_out(self, digest: str, words: Sequence[str], line: Line) -> None:
        bands = []
        for word in words:
            percent, _, time = word.partition("@")
            if not percent.isdecimal():
                raise self._error(
                    line, f"'{shown(word)}' is not a percentage, such as 5 or 50@+3600"
                )
            begins = self._read_time(time, line) if time else self._repository.now
            bands.append(Band(int(percent), begins))
        before = self._repository.rollouts.get(digest)
        self._repository.roll_out(digest, *bands)
        try:
            build_rollouts((self._repository.rollouts[digest],))
        except InputError as error:
            if before is not None:
                self._repository.rollouts[digest] = before
            raise self._error(line, str(error)) from None

    def _digest(self, name: str, line: Line) -> str:
        if name not in self._digests:
            raise self._error(line, f"'{shown(name)}' is not published; publish it first")
        return self._digests[name]

    def _error(self, line: Line, problem: str) -> InputError:
        return InputError(f"{self._place}:{line.number}: {problem}")
