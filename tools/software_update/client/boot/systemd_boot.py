"""systemd-boot, through the names of its entries, which count the starts of a slot.

For a slot whose entry is named `fw-b`, the folder of entries contains:

- `fw-b.template`: the entry as the product made it. systemd-boot ignores it, and it never changes.
- `fw-b.conf`: the slot is good.
- `fw-b+3.conf`: the slot is tried three times. At each start, systemd-boot takes one of them away and
  counts it in a second number, such as `fw-b+2-1.conf`; `fw-b+0-3.conf` is exhausted.
- No `.conf`: the slot is unbootable.

The entry with the highest `version` starts, so a slot that is tried gets a higher one than all others. All
entries that this module writes have the same `sort-key`.

The folder is on a FAT file system, on which a power cut in a rename may leave no name, or two for the same
bytes. So nothing is renamed: an entry is written under its new name and synced, and then the others are
removed. An entry that a power cut has left incomplete does not start, because the kernel is its last line.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from posixpath import dirname, join

from software_update.base.errors import shown
from software_update.client.boot.running_slot import named_slot, running_slot
from software_update.client.boot_control import BootError, BootStatus, SlotState
from software_update.client.paths import naming, read_whole
from software_update.client.system import System

SORT_KEY = "software-update"

_NAME = re.compile(r"(?!auto-)[A-Za-z0-9_-][A-Za-z0-9._-]*")
_COUNTER = r"(?:\+([0-9]+)(?:-[0-9]+)?)?\.conf"
# systemd-boot does not count the starts of entries with `efi`.
_KERNEL = re.compile(r"^(?:linux|uki)[ \t].*$", re.MULTILINE)
# The lines that decide about the order of entries.
_ORDER = re.compile(r"^(sort-key|version|machine-id)[ \t]+(.*?)[ \t]*$", re.MULTILINE)
_DEFAULT = re.compile(r"^(?:default|preferred)[ \t]", re.MULTILINE)
_VARIABLE = "/sys/firmware/efi/efivars/{}-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f"
_DEFAULT_VARIABLE = _VARIABLE.format("LoaderEntryDefault")
_SELECTED_VARIABLE = _VARIABLE.format("LoaderEntrySelected")
_ATTRIBUTE_BYTES = 4  # efivarfs puts the attributes of a variable before its value.
_MAX_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class _Entry:
    """An entry of a slot. `left` are the starts that it has left, None if they are not counted."""

    file: str
    left: int | None
    sort_key: str
    version: int

    @property
    def rank(self) -> tuple[bool, bool, int, str]:
        """Orders entries as systemd-boot does; the highest starts."""
        return self.left != 0, bool(self.sort_key), self.version, self.file


@dataclass(frozen=True, slots=True)
class SystemdBoot:
    """Boot control through the names of systemd-boot's entries. Needs systemd-boot 250 or later.

    `names` has the name of each slot's entry, without `.conf`. `tries` is the number of times that an
    unconfirmed slot starts. `booted` is the running slot; without it, the kernel's command line names it as
    `software_update.slot=A`, which the `options` of each entry add. If the command line names no slot, the
    EFI variable LoaderEntrySelected names its entry: a unified kernel image contains its command line, and
    under Secure Boot takes no options from an entry.

        SystemdBoot(system, {"A": "fw-a", "B": "fw-b"}, "/efi/loader/entries")
    """

    system: System
    names: Mapping[str, str]
    entries: str = "/efi/loader/entries"
    tries: int = 3
    booted: str | None = None

    def check(self) -> list[str]:
        """Returns the problems of the names, the entries, and of defaults that override their order."""
        found = [
            f"entry '{shown(name)}': use letters, digits, . _ and - only"
            for name in self.names.values()
            if not _NAME.fullmatch(name)
        ]
        if len({name.lower() for name in self.names.values()}) < max(2, len(self.names)):
            found.append("names: name two or more different entries")
        if self.tries < 1:
            found.append(f"tries: is {self.tries}; use 1 or more")
        try:
            self.status()
            for slot in self.names:
                self._template(slot)
            found += self._other_orders()
        except OSError as error:
            found.append(str(error))
        return found

    def warnings(self) -> list[str]:
        """Returns none: no change needs an atomic rename."""
        return []

    def status(self) -> BootStatus:
        """Reads the names of the entries, and which slot runs."""
        booted = self._running()
        entries = self._read()
        startable = [slot for slot in self.names if entries[slot] and entries[slot][0].left != 0]
        primary = max(startable, key=lambda slot: entries[slot][0].rank, default=None)
        return BootStatus(booted, primary, {slot: _state(entries[slot]) for slot in self.names})

    def mark_unbootable(self, slot: str) -> None:
        """Removes the slot's entry. Raises BootError if no other slot could start."""
        entries = self._read(slot)
        others = [each for each in self.names if each != slot and entries[each]]
        if not any(entries[each][0].left != 0 for each in others):
            raise BootError(f"{self.entries}: no slot other than '{slot}' has an entry that starts")
        self._remove(slot, keep=None)
        self._check_kept(slot, SlotState.UNBOOTABLE)

    def try_slot(self, slot: str) -> None:
        """Writes an entry with a counter and a higher version than those of the other slots."""
        if slot == self._running():
            raise BootError(f"slot '{slot}': is running; try another one")
        self._set_entry(slot, f"{self.names[slot]}+{self.tries}.conf", SlotState.TRYING)

    def confirm(self, slot: str) -> None:
        """Writes the running slot's entry without a counter, and then removes the one with it."""
        if slot != self._running():
            raise BootError(f"slot '{slot}': does not run; only the running slot can be confirmed")
        self._set_entry(slot, f"{self.names[slot]}.conf", SlotState.GOOD)

    # --- the slot that runs ---

    def _running(self) -> str:
        """Returns the slot that runs. Raises BootError if nothing names it."""
        storage = self.system.storage
        booted = self.booted
        if booted is None and named_slot(storage) is None:
            booted = self._selected()
        return running_slot(storage, self.names, booted)

    def _selected(self) -> str | None:
        """Returns the slot of the entry that systemd-boot has started; None if it has not told one."""
        with naming(_SELECTED_VARIABLE, BootError):
            content = read_whole(self.system.storage, _SELECTED_VARIABLE, _MAX_BYTES)
        if content is None:
            return None
        entry = content[_ATTRIBUTE_BYTES:].decode("utf-16-le", errors="replace").rstrip("\0")
        for slot, name in self.names.items():
            # systemd-boot writes it in lower case and, up to now, without a counter.
            if re.fullmatch(re.escape(name) + _COUNTER, entry, re.IGNORECASE):
                return slot
        raise BootError(
            f"{_SELECTED_VARIABLE}: the entry '{shown(entry)}' is not one of "
            f"{', '.join(self.names.values())}; start an entry of a slot"
        )

    # --- the entries ---

    def _read(self, slot: str | None = None) -> dict[str, list[_Entry]]:
        """Returns the entries of each slot, the one that starts first. `slot` must be one of them."""
        if slot is not None and slot not in self.names:
            raise BootError(f"slot '{shown(slot)}': is not one of {', '.join(self.names)}")
        with naming(self.entries, BootError):
            files = self.system.storage.list(self.entries)
        found: dict[str, list[_Entry]] = {}
        for each in self.names:
            matches = [match for file in files if (match := self._match(each, file))]
            parsed = [self._entry(match[0], match[1]) for match in matches]
            found[each] = sorted(
                (entry for entry in parsed if entry), key=lambda entry: entry.rank, reverse=True
            )
        return found

    def _entry(self, file: str, left: str | None) -> _Entry | None:
        """Returns an entry; None if a power cut has left it without a kernel, so it does not start."""
        text = self._text(file)
        if not _KERNEL.search(text):
            return None
        lines = dict(_ORDER.findall(text))
        version = lines.get("version", "")
        return _Entry(
            file,
            None if left is None else int(left),
            lines.get("sort-key", ""),
            int(version) if version.isdecimal() else 0,
        )

    def _set_entry(self, slot: str, file: str, state: SlotState) -> None:
        """Gives a slot one entry, before those of all other slots."""
        entries = self._read(slot)
        template, kernel = self._template(slot)
        versions = [each.version for other in entries if other != slot for each in entries[other]]
        version = max(versions, default=0) + 1
        content = f"sort-key {SORT_KEY}\nversion {version}\n{template}{kernel}\n"
        path = join(self.entries, file)
        with naming(path, BootError):
            if self._content(file) != content.encode():
                self._write(path, content.encode())
        self._remove(slot, keep=file)
        self._check_kept(slot, state)

    def _write(self, path: str, content: bytes) -> None:
        file = self.system.storage.open_to_write(path)
        try:
            file.truncate(0)
            file.write(0, content)
            file.sync()
        finally:
            file.close()
        self.system.storage.sync_folder(self.entries)

    def _remove(self, slot: str, keep: str | None) -> None:
        """Removes the entries of a slot, also incomplete ones, except for one."""
        with naming(self.entries, BootError):
            files = self.system.storage.list(self.entries)
            old = [each for each in files if each != keep and self._match(slot, each)]
            for file in old:
                self.system.storage.remove(join(self.entries, file))
            if old:
                self.system.storage.sync_folder(self.entries)

    def _match(self, slot: str, file: str) -> re.Match[str] | None:
        return re.fullmatch(re.escape(self.names[slot]) + _COUNTER, file)

    def _check_kept(self, slot: str, state: SlotState) -> None:
        """Raises BootError unless the entries show a change."""
        status = self.status()
        if status.slots[slot] != state or (status.primary == slot) != (state in _STARTS):
            raise BootError(f"{self.entries}: the entry of slot '{slot}' has not changed")

    def _template(self, slot: str) -> tuple[str, str]:
        """Returns the lines of the slot's template that stay, and the one with the kernel."""
        file = f"{self.names[slot]}.template"
        text = self._text(file)
        kernel = _KERNEL.search(text)
        if kernel is None:
            raise BootError(
                f"{join(self.entries, file)}: is missing, or has no line with linux or uki; "
                f"put the entry of slot '{slot}' there"
            )
        lines = _KERNEL.sub("", _ORDER.sub("", text)).splitlines()
        return "".join(f"{line}\n" for line in lines if line.strip()), kernel[0]

    def _other_orders(self) -> list[str]:
        """Returns the problems that would let another entry start than the one with the highest version."""
        found = []
        loader = join(dirname(self.entries), "loader.conf")
        with naming(loader, BootError):
            content = read_whole(self.system.storage, loader, _MAX_BYTES) or b""
        if _DEFAULT.search(content.decode(errors="replace")):
            found.append(f"{loader}: has a default entry; remove the line")
        if self.system.storage.exists(_DEFAULT_VARIABLE):
            found.append("the EFI variable LoaderEntryDefault is set; run bootctl set-default ''")
        mine = {entry.file for entries in self._read().values() for entry in entries}
        for file in self.system.storage.list(self.entries):
            if file.endswith(".conf"):
                key = dict(_ORDER.findall(self._text(file))).get("sort-key", "")
                if key and (key != SORT_KEY if file in mine else key <= SORT_KEY):
                    found.append(
                        f"{join(self.entries, file)}: has the sort-key '{shown(key)}', which may start it "
                        "first; remove the line"
                    )
        return found

    def _text(self, file: str) -> str:
        text = (self._content(file) or b"").decode(errors="replace").replace("\r\n", "\n")
        # systemd-boot does not read on after a zero, which a power cut may leave.
        return text.partition("\0")[0]

    def _content(self, file: str) -> bytes | None:
        path = join(self.entries, file)
        with naming(path, BootError):
            return read_whole(self.system.storage, path, _MAX_BYTES)


_STARTS = frozenset({SlotState.GOOD, SlotState.TRYING})


def _state(entries: list[_Entry]) -> SlotState:
    if not entries:
        return SlotState.UNBOOTABLE
    # After a power cut, there may be an entry with a counter and one without. Each of them starts.
    lefts = {each.left for each in entries}
    if None in lefts:
        return SlotState.GOOD
    return SlotState.EXHAUSTED if lefts == {0} else SlotState.TRYING
