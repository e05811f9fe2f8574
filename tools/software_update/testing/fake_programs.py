"""Programs that are functions, for tests of the client's backends."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import cast

from software_update.client.system import Clock, Network, ProgramResult, Storage, System


@dataclass
class FakePrograms:
    """All programs are one function of the arguments and standard input. `calls` also has the time limits."""

    program: Callable[[Sequence[str], bytes], ProgramResult]
    calls: list[tuple[list[str], bytes, float]] = field(default_factory=list)

    def run(
        self, argv: Sequence[str], *, stdin: bytes = b"", timeout: float = 30.0
    ) -> ProgramResult:
        """Calls the function."""
        self.calls.append((list(argv), stdin, timeout))
        return self.program(argv, stdin)


def system_of(programs: FakePrograms, storage: Storage | None = None) -> System:
    """Returns a machine with these programs, and without clock and network."""
    return System(cast(Storage, storage), programs, cast(Clock, None), cast(Network, None))
