"""Plays a scenario, and returns its text with what the device did below each command.

    transcript = play(read_script(text, "rotation.txt"), "rotation.txt", releases, anchor)

The same files give the same transcript, which thus can be compared with an expected one. A command that the
device refuses is a result, too.
"""

from collections.abc import Callable, Mapping, Sequence

from software_update.base.dates import format_date, parse_date
from software_update.base.errors import InputError, SoftwareUpdateError, shown
from software_update.client import events
from software_update.client.boot_control import SlotState
from software_update.client.question import Phase, Question
from software_update.client.scenario.device import DOMAIN, PERSON, Device
from software_update.client.scenario.publisher import Publisher, product_of
from software_update.client.scenario.script import Line
from software_update.client.shell.control import Control
from software_update.client.simulator.machine import DEFAULT_TIME
from software_update.client.simulator.repository import SimulatedRepository
from software_update.client.staging import PlanFailed
from software_update.client.state import Detail, Reply, State, below_floor

_PHASES = {each.value: each for each in Phase}


def play(
    script: Sequence[Line],
    place: str,
    releases: Mapping[str, bytes],
    anchor: bytes,
    *,
    hardware_id: str | None = None,
    vendor: str = "the vendor",
) -> str:
    """Returns the transcript of a scenario.

    `releases` are bundles by the names that the script uses, `anchor` is the root file in the device's
    image, and `vendor` the name that its questions show. Raises InputError with the line of a mistake.
    """
    product = product_of(script, releases)
    player = _Player(place, releases, anchor, hardware_id, vendor, product)
    lines = []
    for line in script:
        lines.append(line.text)
        if line.words:
            lines += [f"  {result}" for result in player.results(line)]
    return "".join(f"{line}\n" for line in lines)


class _Player:
    def __init__(
        self,
        place: str,
        releases: Mapping[str, bytes],
        anchor: bytes,
        hardware_id: str | None,
        vendor: str,
        product: str | None,
    ) -> None:
        self._place = place
        self._releases = releases
        self._passed: list[str] = []
        repository = None if product is None else SimulatedRepository(product, DEFAULT_TIME)
        self._publisher = repository and Publisher(repository, place, self._release, self._time)
        self._device = Device(anchor, hardware_id, vendor, self._see, repository)
        self._shown = ("", "", "")
        self._passed.clear()

    def _see(self, state: State) -> None:
        name = _name(state)
        if not self._passed or self._passed[-1] != name:
            self._passed.append(name)

    def results(self, line: Line) -> list[str]:
        """Carries out a command. Returns lines about what it led to."""
        self._passed.clear()
        words, cut_at = line.words, None
        if words[0] == "cut":
            words, cut_at = words[2:], int(words[1])
        problem: list[str] = []
        try:
            action = self._action(words, line)
            where = self._device.do(action, cut_at)
        except (SoftwareUpdateError, PlanFailed) as error:
            if isinstance(error, InputError):
                raise
            problem, where = [f"refused: {error}"], None
            self._device.client.run()
        if cut_at is not None and where is None and not problem:
            points = self._device.points()
            raise InputError(
                f"{self._place}:{line.number}: this command has only {points} crash points"
            )
        failed = [] if where is None else [f"the power failed at {where}"]
        return problem + failed + self._lines()

    def _action(self, words: Sequence[str], line: Line) -> Callable[[Control], object]:
        """Returns the action of a command, for the control of the client."""
        device = self._device
        actions: dict[str, Callable[[Control], object]] = {
            "check": lambda control: control.check(PERSON),
            "check itself": lambda control: device.client.check(DOMAIN),
            "cancel": lambda control: control.cancel(PERSON),
            "clear": lambda control: control.clear(PERSON),
            "commit": lambda control: control.commit(PERSON),
            "restart": lambda control: device.restart(),
        }
        if " ".join(words) in actions:
            return actions[" ".join(words)]
        match list(words):
            case ["answer", *rest]:
                return self._answer(rest, line)
            case ["preset", name]:
                return lambda control: control.set_preset(PERSON, name)
            case ["factory", name]:
                content = self._release(name, line)
                return lambda control: device.factory(content)
        self._change_world(words, line)
        return self._end_waits

    def _change_world(self, words: Sequence[str], line: Line) -> None:
        """Carries out a command that is not for the client."""
        device, publisher = self._device, self._publisher
        if publisher and publisher.do(words, line):
            return
        match list(words):
            case ["offer", "nothing"]:
                device.stick.content = None
            case ["offer", name]:
                device.stick.content = self._release(name, line)
            case ["clock", time]:
                before = device.clock.now()
                device.move_clock(self._time(time, line))
                if publisher and device.clock.now() > before:
                    publisher.time_passed(device.clock.now())
            case ["health", "good" | "bad" as health]:
                device.healthy = health == "good"
            case ["disk", "full" | "enough" as disk]:
                device.fill_disk(disk == "full")
            case _:
                raise InputError(f"{self._place}:{line.number}: cannot do '{shown(line.text)}'")

    def _answer(self, words: Sequence[str], line: Line) -> Callable[[Control], object]:
        device = self._device
        match list(words):
            case ["yes" | "no" | "never" as reply]:
                return lambda control: control.answer(PERSON, Reply(reply))
            case ["yes", "through", last] if last in _PHASES:
                phases = list(Phase)[: list(Phase).index(_PHASES[last]) + 1]
                return lambda control: control.answer(PERSON, Reply.YES, phases)
            case ["later", seconds] if seconds.isdecimal():
                until = device.clock.now() + int(seconds)
                return lambda control: control.answer(PERSON, Reply.LATER, until=until)
        raise InputError(f"{self._place}:{line.number}: cannot do '{shown(line.text)}'")

    def _release(self, name: str, line: Line) -> bytes:
        if name not in self._releases:
            known = ", ".join(sorted(self._releases)) or "none"
            raise InputError(
                f"{self._place}:{line.number}: no bundle is called '{shown(name)}'; there are {known}"
            )
        return self._releases[name]

    def _time(self, text: str, line: Line) -> int:
        sign, number = text[0], text[1:]
        if sign in "+-" and number.isdecimal():
            return self._device.clock.now() + int(text)
        try:
            return parse_date(text, "clock")
        except SoftwareUpdateError as error:
            raise InputError(f"{self._place}:{line.number}: {error}") from None

    def _end_waits(self, control: Control) -> None:
        """Ends a wait that is over, as the service does."""
        client, now = self._device.client, self._device.clock.now()
        plan, retry_in = client.state.plan, client.state.retry_in
        postponed = plan is not None and 0 < plan.not_before <= now
        if postponed or (retry_in and self._device.clock.since_boot() >= retry_in):
            client.handle(events.WaitOver(now))

    def _lines(self) -> list[str]:
        """Returns what is new: the states that were passed, the result, the question, and the slots."""
        device, state = self._device, self._device.client.state
        result = ""
        if state.result is not None:
            result = f"{state.result.code.value}: {state.result.text}"
        question = device.client.question() if state.detail == Detail.AWAITING_CONSENT else None
        asked = ""
        if question is not None and state.plan is not None:
            wait = (
                f"waits until {format_date(state.plan.not_before)}"
                if state.plan.not_before
                else "asks"
            )
            asked = f"{wait} {_asked(question)}"
        summary = self._summary()
        now = (result, asked, summary)
        passed = [" > ".join(self._passed)] if self._passed else []
        new = [text for text, before in zip(now, self._shown, strict=True) if text != before]
        self._shown = now
        return passed + [each for each in new if each]

    def _summary(self) -> str:
        device = self._device
        state = device.client.state.domain(DOMAIN)
        parts = [f"slot {device.booted} runs"]
        for slot, condition in sorted(device.slots().items()):
            known = state.slots.get(slot)
            plan = device.client.state.plan
            version = known.version if known else "empty or unknown"
            if condition == SlotState.TRYING and plan is not None and plan.slot == slot:
                version = plan.version
            parts.append(f"{slot}: {version}, {condition.value}")
        if state.floor is not None:
            below = ", and the device is below it" if below_floor(state) else ""
            parts.append(f"floor {state.floor.version}{below}")
        root = device.client.root(device.client.domains[DOMAIN])
        return "; ".join([*parts, f"root {root.common.version}"])


def _name(state: State) -> str:
    plan = state.plan
    if state.detail == Detail.AWAITING_CONSENT and plan is not None and plan.phase is not None:
        return f"{state.detail.value}({plan.phase.value})"
    return state.detail.value


def _asked(question: Question) -> str:
    before = question.from_version or "nothing known"
    size = f", {question.download_bytes} bytes" if question.phase == Phase.DOWNLOAD else ""
    verb = {Phase.DOWNLOAD: "download", Phase.INSTALL: "install", Phase.RESTART: "restart into"}
    later = "".join(f", then {shown(each)}" for each in question.later_versions)
    return (
        f"to {verb[question.phase]} {shown(question.product)} {shown(question.to_version)}{later} of "
        f"{shown(question.vendor)}{size} (from {shown(before)})"
    )
