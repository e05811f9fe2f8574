"""Checks a boot control against the rules of `BootControl`."""

from collections.abc import Callable

from software_update.client.backend_check import BrokenRule, Finding, findings, require
from software_update.client.boot_control import BootControl, BootError, BootStatus, SlotState

# No boot loader tries a slot more often.
_MOST_STARTS = 40
_STARTS_AFTER_CONFIRM = 10


def check_boot(
    boot: BootControl, spare: str, restart: Callable[[], BootControl] | None = None
) -> list[Finding]:
    """Returns a finding for each rule. `spare` is a slot that does not run; it is unbootable afterwards.

    The running slot must be good. `restart` starts the device again, and returns its boot control; without
    it, the rules about starts are left out. The spare slot must contain a system that starts if there is a
    `restart`.
    """
    bench = _Bench(boot, spare, restart)
    rules: list[tuple[str, Callable[[], None]]] = [
        ("check finds no problem", bench.check),
        ("status lists the running slot and its state", bench.status),
        ("reading the status changes nothing", bench.status_twice),
        ("an unbootable slot is not primary", bench.mark),
        ("mark_unbootable is repeatable", bench.mark_twice),
        ("a tried slot is primary, and not good", bench.try_slot),
        ("try_slot is repeatable", bench.try_twice),
        ("the running slot stays good while another is tried", bench.running_stays_good),
        ("a try can be taken back", bench.take_back),
        ("a slot that does not run cannot be confirmed", bench.confirm_another),
    ]
    if restart is not None:
        rules += [
            ("an unbootable slot does not start", bench.unbootable_stays_down),
            ("a tried slot starts next, and is not good", bench.tried_starts),
            ("a slot that is not confirmed falls back", bench.falls_back),
            ("a slot can be tried again, with all its tries", bench.tries_again),
            ("a confirmed slot is good and stays", bench.confirmed_stays),
            ("confirm is repeatable", bench.confirm_twice),
            ("the slot before stays good after a confirm", bench.before_stays_good),
            ("a running slot that is tried can be given up", bench.give_up),
        ]
    found = findings(rules)
    return [*found, *findings([("the device ends as it began", bench.ends)])]


class _Bench:
    """The rules. Each begins with `home`, because others may have failed."""

    def __init__(
        self, boot: BootControl, spare: str, restart: Callable[[], BootControl] | None
    ) -> None:
        self.boot = boot
        self.spare = spare
        self._restart = restart
        self.running = ""

    # Parts of rules.

    def home(self) -> BootStatus:
        """Brings the device back to the running slot, with the spare one unbootable."""
        status = self.boot.status()
        if not self.running:
            self.running = status.booted
        require(self.running != self.spare, f"slot '{self.spare}' is running; name another one")
        if status.booted != self.running:
            if status.slots[status.booted] is not SlotState.GOOD:
                self.boot.confirm(status.booted)
            self.boot.try_slot(self.running)
            self.restart()
            self.boot.confirm(self.running)
        self.boot.mark_unbootable(self.spare)
        return self.boot.status()

    def restart(self) -> BootStatus:
        if self._restart is None:
            raise BrokenRule(f"slot '{self.running}' does not run any more")
        self.boot = self._restart()
        return self.boot.status()

    def expect(
        self,
        status: BootStatus,
        *,
        booted: str | None = None,
        primary: str | None = None,
        spare: SlotState | None = None,
        running: SlotState | None = None,
    ) -> None:
        for place, found, expected in (
            ("booted", status.booted, booted),
            ("primary", status.primary, primary),
            (f"the state of slot '{self.spare}'", status.slots[self.spare], spare),
            (f"the state of slot '{self.running}'", status.slots[self.running], running),
        ):
            require(
                expected is None or found == expected,
                f"{place} is {_word(found)}, and must be {_word(expected)}",
            )

    def starts(self) -> int:
        """Tries the spare slot until the device falls back, and returns how often it started."""
        self.boot.try_slot(self.spare)
        for count in range(_MOST_STARTS):
            if self.restart().booted == self.running:
                return count
        raise BrokenRule(f"slot '{self.spare}' still starts after {_MOST_STARTS} tries")

    def ends(self) -> None:
        self.home()
        self.expect_marked()

    # The rules.

    def check(self) -> None:
        problems = self.boot.check()
        require(not problems, "; ".join(problems))

    def status(self) -> None:
        status = self.boot.status()
        require(self.spare in status.slots, f"the status does not list slot '{self.spare}'")
        require(status.booted in status.slots, f"booted is {_word(status.booted)}, and not a slot")
        require(
            status.primary is None or status.primary in status.slots,
            f"primary is {_word(status.primary)}, and not a slot",
        )
        state = status.slots[status.booted]
        require(state is SlotState.GOOD, f"the running slot is {state.value}, and must be good")

    def status_twice(self) -> None:
        require(self.home() == self.boot.status(), "two calls of status give two answers")

    def mark(self) -> None:
        self.home()
        self.boot.try_slot(self.spare)
        self.boot.mark_unbootable(self.spare)
        self.expect_marked()

    def expect_marked(self) -> None:
        self.expect(
            self.boot.status(),
            booted=self.running,
            primary=self.running,
            spare=SlotState.UNBOOTABLE,
            running=SlotState.GOOD,
        )

    def mark_twice(self) -> None:
        self.home()
        self.boot.mark_unbootable(self.spare)
        self.boot.mark_unbootable(self.spare)
        self.expect_marked()

    def try_slot(self) -> None:
        self.home()
        self.boot.try_slot(self.spare)
        self.expect(
            self.boot.status(), booted=self.running, primary=self.spare, spare=SlotState.TRYING
        )

    def try_twice(self) -> None:
        self.home()
        self.boot.try_slot(self.spare)
        once = self.boot.status()
        self.boot.try_slot(self.spare)
        require(self.boot.status() == once, "a second call changes the status")

    def running_stays_good(self) -> None:
        self.home()
        self.boot.try_slot(self.spare)
        self.expect(self.boot.status(), running=SlotState.GOOD)

    def take_back(self) -> None:
        self.home()
        self.boot.try_slot(self.spare)
        self.home()
        self.expect_marked()

    def confirm_another(self) -> None:
        self.home()
        self.boot.try_slot(self.spare)
        try:
            self.boot.confirm(self.spare)
        except BootError:
            self.expect(self.boot.status(), booted=self.running, spare=SlotState.TRYING)
            return
        raise BrokenRule(f"confirm accepts slot '{self.spare}'")

    def unbootable_stays_down(self) -> None:
        self.home()
        self.boot.try_slot(self.spare)
        self.boot.mark_unbootable(self.spare)
        for _ in range(2):
            self.expect(self.restart(), booted=self.running, spare=SlotState.UNBOOTABLE)

    def tried_starts(self) -> None:
        self.home()
        self.boot.try_slot(self.spare)
        self.expect(
            self.restart(), booted=self.spare, running=SlotState.GOOD, spare=SlotState.TRYING
        )

    def falls_back(self) -> None:
        self.home()
        require(self.starts() > 0, f"slot '{self.spare}' does not start at all")
        self.expect(
            self.boot.status(),
            primary=self.running,
            spare=SlotState.EXHAUSTED,
            running=SlotState.GOOD,
        )

    def tries_again(self) -> None:
        self.home()
        first = self.starts()
        self.home()
        second = self.starts()
        require(first == second, f"it starts {first} times, and then {second} times")

    def confirmed_stays(self) -> None:
        self.home()
        self.boot.try_slot(self.spare)
        self.restart()
        for _ in range(_STARTS_AFTER_CONFIRM):
            # A boot loader may count the starts of good slots, too, so each start is confirmed.
            self.boot.confirm(self.spare)
            self.expect(self.boot.status(), primary=self.spare, spare=SlotState.GOOD)
            self.expect(self.restart(), booted=self.spare, spare=SlotState.GOOD)

    def confirm_twice(self) -> None:
        self.home()
        self.boot.confirm(self.running)
        once = self.boot.status()
        self.boot.confirm(self.running)
        require(self.boot.status() == once, "a second call changes the status")

    def before_stays_good(self) -> None:
        self.home()
        self.boot.try_slot(self.spare)
        self.restart()
        self.boot.confirm(self.spare)
        self.expect(self.boot.status(), running=SlotState.GOOD)

    def give_up(self) -> None:
        self.home()
        self.boot.try_slot(self.spare)
        self.restart()
        self.boot.mark_unbootable(self.spare)
        self.expect(
            self.boot.status(),
            booted=self.spare,
            primary=self.running,
            spare=SlotState.UNBOOTABLE,
        )
        self.expect(self.restart(), booted=self.running, spare=SlotState.UNBOOTABLE)


def _word(value: object) -> str:
    return value.value if isinstance(value, SlotState) else repr(value)
