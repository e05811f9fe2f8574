"""Cuts the power at every crash point of a scenario, with every outcome, and again in each recovery.

A run goes from a start of the machine to a restart, or to the end of the scenario. It is deterministic, so
one run shows the medium at all its crash points, and equal images need only one recovery. `cut` repeats one
case with a real interruption, to look at it more closely.
"""

import enum
import errno
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from software_update.client.simulator.changes import KEPT, Change, Snapshot
from software_update.client.simulator.image import Image
from software_update.client.simulator.power import Power, PowerCut

MAX_RESTARTS = 3
"""A device must have recovered from a power cut after this number of restarts."""

_MAX_VIOLATIONS = 20


class Fault(enum.Flag):
    """The kinds of the first interruption. All later ones are cuts."""

    CUT = enum.auto()
    """The power fails."""
    KILL = enum.auto()
    """Only the client ends. Everything pending stays in the cache."""


class Ending(enum.Enum):
    """The end of a run."""

    RESTART = "restart"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class State:
    """A device before a run. `phase` counts changes of the world around it, up to `Scenario.last_phase`.

    A device with the power on, on which only the client was killed, has `alive`, and the changes in it that
    are still `pending`.
    """

    image: Image
    phase: int = 0
    pending: tuple[Change, ...] = ()
    alive: Snapshot | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Ran:
    """A finished run, and the medium at its end.

    `boot_points` is the number of crash points in the boot loader, before the client started.
    """

    ending: Ending
    last: Snapshot
    boot_points: int = 0


def no_problems(*_: object) -> Sequence[str]:
    """Finds nothing."""
    return ()


@dataclass(frozen=True, slots=True)
class Scenario:
    """A device, its use, and the rules that hold for it. All functions are pure, except for `run`.

    `run` starts the machine of a state and uses it until a restart or the end; it gives its storage the
    power. `image_problems` looks at any medium that a cut leaves, `step_problems` at each crash point of
    a run, before the operation is complete. `change_problems` compares the media before a run and after a
    cut in it, and `end_problems` looks at the medium once the scenario has ended. Each problem is
    a sentence. `reduced` replaces content that has no effect, such as a torn copy next to an intact one,
    so that one recovery serves for all media that differ only there.
    """

    name: str
    start: Image
    run: Callable[[State, Power], Ran]
    image_problems: Callable[[Image], Sequence[str]] = no_problems
    step_problems: Callable[[State, Snapshot], Sequence[str]] = no_problems
    change_problems: Callable[[Image, Image], Sequence[str]] = no_problems
    end_problems: Callable[[Image], Sequence[str]] = no_problems
    reduced: Callable[[Image], Image] = lambda image: image
    last_phase: int = 0

    def after(self, state: State, image: Image) -> State:
        """Returns the state in which the machine starts next, from an image that `state` led to."""
        return State(self.reduced(image), min(state.phase + 1, self.last_phase))

    def killed(self, state: State, snapshot: Snapshot) -> State:
        """Returns the state after the client was killed, and the machine stays on."""
        phase = min(state.phase + 1, self.last_phase)
        return State(snapshot.durable(), phase, snapshot.pending, snapshot)


@dataclass(frozen=True, slots=True)
class Step:
    """One way from a state to the next: an orderly restart if `point` is 0, otherwise a cut.

    Without a `choice`, the client was killed at the point.
    """

    point: int
    choice: tuple[int, ...] | None
    words: str


@dataclass(frozen=True, slots=True)
class Violation:
    """A broken rule, and the cuts that lead to it."""

    problem: str
    steps: tuple[Step, ...]

    def __str__(self) -> str:
        way = "; then ".join(step.words for step in self.steps) or "without a power cut"
        return f"{self.problem} ({way})"


@dataclass(slots=True)
class Table:
    """The result. `points` are those of the scenario without a cut, `outcomes` all that were examined.

    `images` are the different media among them, and `restarts` is the largest number of restarts after which
    a device had recovered.
    """

    name: str
    points: int = 0
    outcomes: int = 0
    images: int = 0
    runs: int = 0
    restarts: int = 0
    violations: list[Violation] = field(default_factory=list)

    def row(self) -> str:
        """Returns one line of the printed table."""
        return (
            f"{self.name:<28} {self.points:>6} {self.outcomes:>9} {self.images:>7} {self.runs:>7}"
            f" {self.restarts:>8} {len(self.violations):>10}"
        )


HEADER = (
    f"{'scenario':<28} {'points':>6} {'outcomes':>9} {'images':>7} {'runs':>7}"
    f" {'restarts':>8} {'violations':>10}"
)
"""The line above the rows of tables."""


def explore(
    scenario: Scenario,
    *,
    depth: int = 2,
    limit: int = 64,
    max_outcomes: int | None = None,
    first: Fault = Fault.CUT,
) -> Table:
    """Cuts a scenario at every point, and each recovery, `depth` times in a row.

    At most `limit` outcomes are tried at each point; see `Snapshot.outcomes`. The `first` interruption may
    also be a kill of the client. The search stops after `max_outcomes`, or 20 violations.
    """
    return _Search(scenario, depth, limit, max_outcomes, first).table()


def fail_each(scenario: Scenario, codes: Sequence[int]) -> Table:
    """Lets each operation of a run fail once, with each error number, such as `errno.EIO`.

    Operations of the boot loader do not fail. The device must go on by itself, and obey all rules,
    except that `step_problems` sees only the runs afterwards.
    """
    return _Search(scenario, 0, 1, None, Fault.CUT).failures(codes)


def cut(scenario: Scenario, state: State, point: int, choice: Sequence[int] | None) -> State:
    """Runs until crash point `point`, where the power fails, and returns the state that `choice` leaves.

    The result is the state after an orderly end if `point` is 0, and after a kill if `choice` is None.
    """
    power = Power(cut_at=point or None)
    try:
        ran = scenario.run(state, power)
    except PowerCut:
        assert power.cut is not None
        if choice is None:
            return scenario.killed(state, power.cut)
        return scenario.after(state, power.cut.outcome(choice))
    return scenario.after(state, ran.last.outcome((KEPT,) * len(ran.last.pending)))


class _Search:
    def __init__(
        self,
        scenario: Scenario,
        depth: int,
        limit: int,
        max_outcomes: int | None,
        first: Fault,
    ) -> None:
        self._scenario = scenario
        self._depth = depth
        self._limit = limit
        self._max_outcomes = max_outcomes
        self._first = first
        self._table = Table(scenario.name)
        self._ways: dict[State, tuple[State, Step] | None] = {}
        self._images: set[Image] = set()
        self._next: dict[State, State | None] = {}

    def table(self) -> Table:
        start = State(self._scenario.start)
        self._found(start, start.image, None)
        level = [start]
        for cuts in range(self._depth + 1):
            following: list[State] = []
            for state in level:
                self._follow(state, cuts, following)
                if self._enough():
                    break
            level = following
        self._table.images = len(self._images)
        self._check_recoveries()
        return self._table

    def failures(self, codes: Sequence[int]) -> Table:
        """See `fail_each`."""
        state: State | None = State(self._scenario.start)
        self._found(State(self._scenario.start), self._scenario.start, None)
        while state is not None and state not in self._next:
            snapshots: list[Snapshot] = []
            ran = self._run(state, snapshots)
            self._table.points += len(snapshots)
            for snapshot in snapshots[ran.boot_points if ran else 0 :]:
                for code in codes:
                    self._fail(state, snapshot, code)
            state = self._next[state]
        self._table.images = len(self._images)
        self._check_recoveries()
        return self._table

    def _fail(self, state: State, snapshot: Snapshot, code: int) -> None:
        self._table.outcomes += 1
        power = Power(failures={snapshot.number: code})
        words = f"{errno.errorcode[code]} {snapshot.number} at {snapshot.what}"
        step = Step(snapshot.number, (), words)
        try:
            ran = self._scenario.run(state, power)
        except Exception as error:  # Any failure of the client is a result of the search.
            self._violated(f"the run fails: {type(error).__name__}: {error}", state, step)
            return
        image = ran.last.outcome((KEPT,) * len(ran.last.pending))
        after: State | None = self._scenario.after(state, image)
        assert after is not None
        self._found(after, image, (state, step))
        for problem in self._scenario.change_problems(state.image, image):
            self._violated(problem, after)
        while after is not None and after not in self._next:
            self._run(after, [])
            after = self._next[after]

    def _follow(self, state: State | None, cuts: int, following: list[State]) -> None:
        """Runs a state, and those that orderly restarts lead to, and collects the states after cuts."""
        while state is not None and state not in self._next:
            snapshots: list[Snapshot] = []
            ran = self._run(state, snapshots)
            if cuts == 0:
                self._table.points += len(snapshots)
            if ran is not None and cuts < self._depth:
                snapshots.append(ran.last)
                if cuts or Fault.CUT in self._first:
                    following += self._cuts(state, snapshots)
                if not cuts and Fault.KILL in self._first:
                    following += self._killed(state, snapshots[ran.boot_points :])
            state = self._next[state]

    def _run(self, state: State, snapshots: list[Snapshot]) -> Ran | None:
        scenario = self._scenario
        self._table.runs += 1
        self._next[state] = None

        def observe(snapshot: Snapshot) -> None:
            snapshots.append(snapshot)
            for problem in scenario.step_problems(state, snapshot):
                self._violated(f"at {snapshot.what}: {problem}", state)

        try:
            ran = scenario.run(state, Power(observe=observe))
        except Exception as error:  # Any failure of the client is a result of the search.
            self._violated(f"the run fails: {type(error).__name__}: {error}", state)
            return None
        last = ran.last.outcome((KEPT,) * len(ran.last.pending))
        if ran.ending is Ending.RESTART:
            onward = scenario.after(state, last)
            self._next[state] = onward
            step = Step(0, (KEPT,) * len(ran.last.pending), "a restart")
            self._found(onward, last, (state, step))
        else:
            for problem in scenario.end_problems(last):
                self._violated(f"at the end: {problem}", state)
        return ran

    def _cuts(self, state: State, snapshots: Sequence[Snapshot]) -> Iterator[State]:
        before: tuple[object, ...] | None = None
        count = 0
        known: set[Image] = set()
        for snapshot in snapshots:
            same = (id(snapshot.nodes), id(snapshot.tree), snapshot.pending)
            if same == before:
                self._table.outcomes += count
                continue
            before = same
            count = 0
            for choice, image in snapshot.outcomes(self._limit):
                count += 1
                if image in known:
                    continue
                known.add(image)
                after = self._scenario.after(state, image)
                new = after not in self._ways
                if new or image not in self._images:
                    words = f"cut {snapshot.number} at {snapshot.what}: {snapshot.describe(choice)}"
                    step = Step(snapshot.number, choice, words)
                    self._found(after, image, (state, step))
                for problem in self._scenario.change_problems(state.image, image):
                    self._violated(problem, after)
                if new:
                    yield after
            self._table.outcomes += count
            if self._enough():
                return

    def _killed(self, state: State, snapshots: Sequence[Snapshot]) -> Iterator[State]:
        for snapshot in snapshots:
            after = self._scenario.killed(state, snapshot)
            self._table.outcomes += 1
            if after not in self._ways:
                words = f"kill {snapshot.number} at {snapshot.what}"
                step = Step(snapshot.number, None, words)
                self._found(after, after.image, (state, step))
                yield after

    def _found(self, state: State, image: Image, way: tuple[State, Step] | None) -> None:
        """Keeps the way to a new state, and looks at a new image, from which `state` was reduced."""
        self._ways.setdefault(state, way)
        if image not in self._images:
            self._images.add(image)
            for problem in self._scenario.image_problems(image):
                self._violated(problem, *way) if way else self._violated(problem, state)

    def _check_recoveries(self) -> None:
        for state in self._next:
            place: State | None = state
            for restarts in range(MAX_RESTARTS + 2):
                following = self._next.get(place) if place is not None else None
                if following is None:
                    self._table.restarts = max(self._table.restarts, restarts)
                    break
                place = following
            else:
                self._violated(f"has not recovered after {MAX_RESTARTS} restarts", state)

    def _violated(self, problem: str, state: State, *last: Step) -> None:
        if len(self._table.violations) >= _MAX_VIOLATIONS:
            return
        steps: list[Step] = [*last]
        way = self._ways[state]
        while way is not None:
            steps.insert(0, way[1])
            way = self._ways[way[0]]
        self._table.violations.append(Violation(problem, tuple(steps)))

    def _enough(self) -> bool:
        most = self._max_outcomes
        return len(self._table.violations) >= _MAX_VIOLATIONS or (
            most is not None and self._table.outcomes >= most
        )
