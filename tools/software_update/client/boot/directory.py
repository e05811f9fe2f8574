"""Boot control without a boot loader: a symbolic link leads to the folder of the slot that starts next."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from posixpath import dirname, join, normpath, relpath

from software_update.base.strict_json import parse_object, to_text
from software_update.client.boot_control import BootError, BootStatus, SlotState
from software_update.client.paths import naming, read_whole, switch_link, write_whole
from software_update.client.system import Storage

_MAX_BYTES = 16 * 1024


@dataclass(frozen=True, slots=True)
class _Record:
    """The states of the slots. All that are neither good nor trying are unbootable.

    `running` is the slot that the link led to at the last start of the application. `starts` counts the
    starts of the slot `trying`, and `previous` is the slot that starts again if it is not confirmed.
    `boot_id` is the one of the machine's last start.
    """

    running: str
    good: tuple[str, ...]
    trying: str | None = None
    starts: int = 0
    previous: str | None = None
    boot_id: str = ""


class DirectoryBoot:
    """Boot control for slots that are folders, such as those of a Python application or a container.

    `slots` has the folder of each slot. `link` is a symbolic link to one of them, and the application
    starts from it. A record next to it (`LINK.json`) has the states of the slots. The link is the truth
    about what starts, and always changes in one step.

    No boot loader counts the starts, so the client does: it calls `client_started` when it starts (before
    the application, if possible), and `started` after each restart of the application. A slot that was
    tried falls back when it has been started `tries` times and not been confirmed: the link leads to the
    slot before, and the method returns True. The client must not be part of the slots: a release that
    cannot start must not stop the client.

    `restarts` says what the domain's restart program restarts: the `application`, which has started again
    when the program ends, or the `machine`.

        boot = DirectoryBoot(storage, "/srv/app/current", {"A": "/srv/app/A", "B": "/srv/app/B"})
        boot.try_slot("B")              # the link leads to B, and the application still runs from A
        restart_application()
        boot.started()
        boot.status()                   # booted B
    """

    def __init__(
        self,
        storage: Storage,
        link: str,
        slots: Mapping[str, str],
        *,
        tries: int = 3,
        restarts: str = "application",
    ) -> None:
        self._storage = storage
        self._link = link
        self._path = f"{link}.json"
        self._slots = dict(slots)
        self._tries = tries
        self._restarts_machine = restarts == "machine"

    def check(self) -> list[str]:
        """Returns the problems of the link and the record."""
        try:
            self._read()
        except BootError as error:
            return [str(error)]
        return []

    def warnings(self) -> list[str]:
        """Returns none: the link and the record change in one step each."""
        return []

    def status(self) -> BootStatus:
        """Reads the record and the link. `booted` changes with a start, not with the link."""
        record, linked = self._read()
        states = {slot: _state(record, linked, slot) for slot in self._slots}
        return BootStatus(record.running, linked, states)

    def mark_unbootable(self, slot: str) -> None:
        """Leads the link away from the slot, and then records it.

        Raises BootError if no good slot would be left.
        """
        record, linked = self._read(slot)
        good = tuple(each for each in record.good if each != slot)
        if not good:
            raise BootError(f"{self._path}: '{slot}' is the only good slot and stays bootable")
        record = replace(record, good=good)
        if linked == slot:
            self._lead_to(_fallback(record))
        self._write(_without_trial(record, slot))

    def try_slot(self, slot: str) -> None:
        """Records the slot as trying, and leads the link to it.

        Raises BootError if the slot is running, or the running one is not good.
        """
        record, _ = self._read(slot)
        if slot == record.running:
            raise BootError(f"{self._link}: slot '{slot}' is running; try another one")
        if record.running not in record.good:
            raise BootError(f"{self._link}: slot '{record.running}' runs unconfirmed; confirm it")
        good = tuple(each for each in record.good if each != slot)
        self._write(
            replace(record, good=good, trying=slot, starts=0, previous=record.running),
        )
        self._lead_to(slot)

    def confirm(self, slot: str) -> None:
        """Records the running slot as good. Raises BootError if the link leads to another one."""
        record, linked = self._read(slot)
        if not record.running == linked == slot:
            raise BootError(
                f"{self._link}: slot '{record.running}' is running, and '{linked}' is next; "
                f"start '{slot}' before you confirm it"
            )
        if slot not in record.good:
            record = replace(record, good=(*record.good, slot))
        self._write(_without_trial(record, slot))

    def client_started(self, boot_id: str) -> bool:
        """Counts a start of the application if the machine has started. See `CountsStarts`."""
        record, linked = self._read()
        if record.boot_id != boot_id:
            return self._count(replace(record, boot_id=boot_id), linked)
        # The power may have failed between a fallback and the restart.
        return linked not in (record.running, record.trying)

    def started(self) -> bool:
        """Counts a start of the application, unless the machine is going down for it."""
        return not self._restarts_machine and self._count(*self._read())

    def _count(self, record: _Record, linked: str) -> bool:
        """Counts a start, and returns whether the application must be restarted.

        It must if the link led to a slot that has been tried as often as allowed, or that is unbootable: the
        link leads to a good slot then.
        """
        starts = record.starts
        if linked == record.trying:
            starts += 1
        allowed = linked in record.good or (linked == record.trying and starts <= self._tries)
        if not allowed:
            self._lead_to(_fallback(record))
        self._write(replace(record, running=linked, starts=starts))
        return not allowed

    def _read(self, slot: str | None = None) -> tuple[_Record, str]:
        """Returns the record, and the slot of the link. `slot` is one that must exist."""
        if slot is not None and slot not in self._slots:
            raise BootError(f"{self._link}: there is no slot '{slot}'")
        linked = self._linked()
        with naming(self._path, BootError):
            content = read_whole(self._storage, self._path, _MAX_BYTES)
        if content is None:
            return _Record(linked, (linked,)), linked
        try:
            return _parse(content, self._slots), linked
        except (ValueError, TypeError, KeyError):
            raise BootError(
                f"{self._path}: is not a record of slots; remove it to make '{linked}' the good slot"
            ) from None

    def _linked(self) -> str:
        with naming(self._link, BootError):
            target = self._storage.read_link(self._link)
        if target is None:
            first = next(iter(self._slots.values()))
            raise BootError(f"{self._link}: is not a link; create it: ln -s {first} {self._link}")
        folder = normpath(join(dirname(self._link), target))
        for slot, path in self._slots.items():
            if path == folder:
                return slot
        raise BootError(f"{self._link}: leads to {target}, which is not a slot; lead it to one")

    def _lead_to(self, slot: str) -> None:
        folder, here = self._slots[slot], dirname(self._link)
        target = relpath(folder, here) if dirname(folder) == here else folder
        with naming(self._link, BootError):
            switch_link(self._storage, target, self._link)
        if self._linked() != slot:
            raise BootError(f"{self._link}: does not lead to slot '{slot}' after it was changed")

    def _write(self, record: _Record) -> None:
        content = to_text(
            {
                "running": record.running,
                "good": list(record.good),
                "trying": record.trying,
                "starts": record.starts,
                "previous": record.previous,
                "boot_id": record.boot_id,
            }
        ).encode()
        with naming(self._path, BootError):
            if read_whole(self._storage, self._path, _MAX_BYTES) == content:
                return
            write_whole(self._storage, self._path, content)
            if read_whole(self._storage, self._path, _MAX_BYTES) != content:
                raise BootError(f"{self._path}: does not have its new content after it was written")


def _state(record: _Record, linked: str, slot: str) -> SlotState:
    if slot in record.good:
        return SlotState.GOOD
    if slot != record.trying:
        return SlotState.UNBOOTABLE
    if slot == linked:
        return SlotState.TRYING
    # Without a start, the power failed before the link was changed.
    return SlotState.EXHAUSTED if record.starts else SlotState.UNBOOTABLE


def _without_trial(record: _Record, slot: str) -> _Record:
    if record.trying != slot:
        return record
    return replace(record, trying=None, starts=0, previous=None)


def _fallback(record: _Record) -> str:
    return record.previous if record.previous in record.good else record.good[0]


def _parse(content: bytes, slots: Mapping[str, str]) -> _Record:
    """Returns the record in a file. Raises ValueError, TypeError or KeyError if it is not one."""
    values = parse_object(content)
    record = _Record(
        values["running"],
        tuple(values["good"]),
        values["trying"],
        values["starts"],
        values["previous"],
        values["boot_id"],
    )
    named = [record.running, *record.good]
    named += [each for each in (record.trying, record.previous) if each is not None]
    if not record.good or any(each not in slots for each in named):
        raise ValueError("unknown slots")
    if type(record.starts) is not int or record.starts < 0 or not isinstance(record.boot_id, str):
        raise ValueError("starts")
    return record
