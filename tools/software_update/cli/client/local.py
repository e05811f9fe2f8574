"""A client in this process, for a device without the service."""

from types import TracebackType
from typing import Any

from software_update.base.progress import Progress
from software_update.client import events
from software_update.client.config import Config
from software_update.client.decision import Choice
from software_update.client.domain import Domain
from software_update.client.effects import Effect, effect_of
from software_update.client.release import slot_targets
from software_update.client.shell.actions import ACTIONS
from software_update.client.shell.build import build_client
from software_update.client.shell.callers import this_process
from software_update.client.shell.control import Control
from software_update.client.shell.files import MachineStorage
from software_update.client.state import Detail, State
from software_update.client.step import step
from software_update.client.system import System

Document = dict[str, Any]
_WORK = {
    Detail.DOWNLOADING: "fetching",
    Detail.VERIFYING: "verifying",
    Detail.INSTALLING: "installing",
}


class LocalSession:
    """A session with a client in this process. See `session.Session`.

    Raises InputError if another client uses the state's folder, and BootError.
    """

    def __init__(self, config: Config, system: System) -> None:
        self.config = config
        self._storage = system.storage
        self.client = build_client(config, system, self._changed, self._progressed)
        self._progress: Progress | None = None
        self._detail = Detail.IDLE
        self.client.start()
        self.control = Control(self.client, config.approvers)

    def read(self, name: str, **query: str) -> Document:
        """See `Session.read`."""
        match name:
            case "history":
                return self.control.history(**{key: int(value) for key, value in query.items()})
            case "history/verify":
                return self.control.verify_history()
            case "verify-installed":
                return self.control.verify_installed(query.get("domain"))
        return self._status()

    def _status(self) -> Document:
        """Returns the status, and whether a person is asked, which the client learns when it runs."""
        client, recorded = self.client, self.client.state
        if effect_of(recorded) is not Effect.CONSULT:
            return self.control.status()
        event = client.consult()
        if isinstance(event, events.Decided) and event.decision.choice is Choice.ASK:
            client.state, _ = step(recorded, event)
        try:
            return self.control.status()
        finally:
            client.state = recorded

    def act(self, name: str, **fields: object) -> Document:
        """See `Session.act`."""
        client = self.client
        if client.state.retry_in or self._time_is_over():
            # A person is here, and no service waits for the next attempt.
            client.handle(events.WaitOver(client.now()))
        given = {key: value for key, value in fields.items() if value is not None}
        ACTIONS[name].act(self.control, this_process(), given)
        client.run()
        return self.control.status()

    def domain(self, name: str | None) -> Domain:
        """Returns a domain, by default the only one. Raises UsageError."""
        return self.client.domains[self.control.domain_name(name)]

    def __enter__(self) -> "LocalSession":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Ends the progress, and unlocks the state's folder."""
        self._end_progress()
        if isinstance(self._storage, MachineStorage):
            self._storage.unlock()

    def _time_is_over(self) -> bool:
        plan = self.client.state.plan
        return bool(plan and plan.not_before and plan.not_before <= self.client.now())

    def _changed(self, state: State) -> None:
        if state.detail == self._detail:
            return
        self._detail = state.detail
        self._end_progress()
        plan = state.plan
        if plan is not None and state.detail in _WORK:
            total = plan.size
            if state.detail != Detail.DOWNLOADING:
                targets = self.client.installed(plan.manifest).targets
                total = sum(each.length for each in slot_targets(targets))
            self._progress = Progress(_WORK[state.detail], total)

    def _progressed(self, count: int) -> None:
        if self._progress is not None:
            self._progress.add(count)

    def _end_progress(self) -> None:
        if self._progress is not None:
            self._progress.close()
            self._progress = None
