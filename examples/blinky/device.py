"""A device on blinky's board: it is made in a factory, and then takes releases."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from examples.blinky.board import Board, power_on

# Far more than anything takes: a board that needs longer hangs.
_SECONDS = 60.0


@dataclass(frozen=True)
class Factory:
    """The files of which a device is made, and the bundle of its first release."""

    emulator: Path
    bootloader: Path
    application: Path
    bundle: Path


def factory_from(env: Mapping[str, str]) -> Factory:
    """Reads what the BUILD file hands over in the environment."""
    return Factory(
        emulator=Path(env["EMULATOR"]),
        bootloader=Path(env["BOOTLOADER"]).absolute(),
        application=Path(env["APPLICATION"]).absolute(),
        bundle=Path(env["BUNDLE"]).absolute(),
    )


@dataclass(frozen=True)
class Report:
    """The lines of a run, and the emulator's exit status."""

    lines: list[str]
    status: int


class Device:
    """A device in a folder of its own."""

    def __init__(
        self, factory: Factory, folder: Path, show: Callable[[str], None] = lambda line: None
    ) -> None:
        self.factory = factory
        self._show = show
        self.board = Board(factory.emulator, factory.bootloader, folder)

    def make(self) -> Report:
        """Makes a new device: erases flash, and installs the first release."""
        self.board.erase()
        shutil.copyfile(self.factory.application, self.board.folder / "application.bin")
        return self.run("factory=application.bin", bundle=self.factory.bundle)

    def run(self, *options: str, bundle: Path | None = None, answers: str = "yy") -> Report:
        """Switches the device on, offers a bundle, answers its questions, and waits for its end."""
        if bundle:
            shutil.copyfile(bundle, self.board.folder / "offered.bundle")
            options += ("bundle=offered.bundle",)
        given = iter(answers)
        lines = []
        with power_on(self.board, _SECONDS, "blinks=0", *options) as run:
            for line in run.lines():
                lines.append(line)
                self._show(line)
                if "? (y, n)" in line:
                    answer = next(given, "n")
                    self._show(f"> {answer}")
                    run.press(answer)
            return Report(lines, run.status())
