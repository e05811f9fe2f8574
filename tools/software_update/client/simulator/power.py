"""The power supply: it counts the points at which it may fail, and fails at one of them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from software_update.client.simulator.changes import Snapshot


class PowerCut(BaseException):
    """The power has failed. It is not an Exception, so no handler of the client's keeps it."""


@dataclass(slots=True)
class Power:
    """Counts crash points: each write, truncate, sync, name change and folder sync.

    `cut_at` is the number of the point, from 1, at which the power fails. `failures` are points whose
    operation fails with an error number instead, such as `errno.EIO`. `observe` gets a snapshot at each
    point, before the operation is complete, and after a failure of the power nothing works any more.
    """

    cut_at: int | None = None
    failures: Mapping[int, int] = field(default_factory=dict)
    observe: Callable[[Snapshot], None] | None = None
    points: int = 0
    cut: Snapshot | None = None

    def check(self) -> None:
        """Raises PowerCut if the power has failed."""
        if self.cut is not None:
            raise PowerCut(f"the power has failed at {self.cut.what}")
