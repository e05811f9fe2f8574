"""Busy files: another program makes the client wait."""

from collections.abc import Sequence
from dataclasses import dataclass

from software_update.client.decision import Choice, Decision, Situation
from software_update.client.question import Question
from software_update.client.system import System


@dataclass(frozen=True, slots=True)
class BusyFile:
    """Defers while one of `files` exists, or one of `folders` has entries.

    A program creates the file, or its own entry in the folder, before work that must not be interrupted,
    and removes it afterwards. Put it below /run, so that it does not survive a restart.
    """

    system: System
    files: Sequence[str] = ()
    folders: Sequence[str] = ()

    def decide(self, question: Question, situation: Situation) -> Decision:
        """Looks for the files. The question does not matter."""
        storage = self.system.storage
        for file in self.files:
            if storage.exists(file):
                return Decision(Choice.DEFER, f"the device is busy: {file} exists")
        for folder in self.folders:
            if storage.list(folder):
                return Decision(Choice.DEFER, f"the device is busy: {folder} has entries")
        return Decision(Choice.ALLOW, "the device is not busy")
