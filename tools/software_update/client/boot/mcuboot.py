"""Boot control of a microcontroller with MCUboot, over SMP."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from software_update.client.boot_control import BootError, BootStatus, SlotState
from software_update.client.mcuboot_slots import KeptSlot, KeptSlots
from software_update.client.paths import naming
from software_update.client.smp import ImageState, Smp, images_of, smp_errors_as

_RESETS = 3


@dataclass(frozen=True, slots=True)
class _View:
    """The images of the device, and the slots to which they belong."""

    active: ImageState
    other: ImageState | None
    kept: dict[str, KeptSlot]
    booted: str

    def slot_of(self, image: ImageState | None) -> str | None:
        """Returns the slot of an image; None if it belongs to none."""
        named = [
            slot for slot, each in self.kept.items() if image and each.hash == image.hash.hex()
        ]
        return named[0] if named else None

    @property
    def primary(self) -> str | None:
        """The slot that starts next: one that is tried, and otherwise the one that has been confirmed."""
        if self.other and (self.other.pending or not self.active.confirmed):
            return self.slot_of(self.other)
        return self.booted

    def state(self, slot: str) -> SlotState:
        """Returns the state of a slot."""
        kept = self.kept[slot].state
        if slot == self.booted:
            if self.active.confirmed:
                return SlotState.GOOD
            return kept if kept is SlotState.UNBOOTABLE else SlotState.TRYING
        if self.other is None or self.slot_of(self.other) != slot:
            return SlotState.UNBOOTABLE
        if self.other.pending:
            return SlotState.TRYING
        # MCUboot starts a slot once, without confirmation.
        return SlotState.EXHAUSTED if kept is SlotState.TRYING else kept


class McubootBoot:
    """Boot control for a microcontroller, which the client outlives. `image` is its number on the device.

    MCUboot swaps the images of its two slots, so a slot of the domain is known by the hash of its image. An
    image that the client did not install belongs to the first slot without an image. MCUboot starts a slot
    once; if it is not confirmed, the next start swaps the images back.

        boot = McubootBoot(smp, KeptSlots(storage, "/var/lib/x/mcu", ["A", "B"]))
        boot.try_slot("B")
        boot.restart()
        boot.status()                   # booted B
    """

    def __init__(self, smp: Smp, kept: KeptSlots, image: int = 0) -> None:
        self._smp = smp
        self._kept = kept
        self._image = image

    def check(self) -> list[str]:
        """Returns why the device does not answer, or its images are in no slot."""
        if len(self._kept.slots) != 2:
            return ["slots: MCUboot has two slots for an image; name two"]
        try:
            self._view()
        except BootError as error:
            return [str(error)]
        return []

    def warnings(self) -> list[str]:
        """Returns none."""
        return []

    def status(self) -> BootStatus:
        """Reads which image runs, and the flags of both."""
        view = self._view()
        return BootStatus(
            view.booted, view.primary, {slot: view.state(slot) for slot in self._kept.slots}
        )

    def mark_unbootable(self, slot: str) -> None:
        """Records it, and erases an image that would start next. Raises BootError for a confirmed one.

        Zephyr rejects to erase such an image: it starts once.
        """
        view = self._view(slot)
        if slot == view.booted and view.active.confirmed:
            raise BootError(f"slot '{slot}': runs and is confirmed; it stays bootable")
        self._record(view, slot, SlotState.UNBOOTABLE)
        if slot != view.booted and view.primary == slot:
            with smp_errors_as(BootError):
                self._smp.erase()
            if self._view().primary == slot:
                raise BootError(f"slot '{slot}': still starts next after it was erased")

    def try_slot(self, slot: str) -> None:
        """Lets MCUboot start the slot once. Sends its image again if the device has another one."""
        view = self._view(slot)
        if slot == view.booted:
            raise BootError(f"slot '{slot}': is running; try another one")
        if not view.active.confirmed:
            raise BootError(f"slot '{view.booted}': runs unconfirmed; confirm it")
        self._record(view, slot, SlotState.TRYING)
        wanted = bytes.fromhex(view.kept[slot].hash)
        with smp_errors_as(BootError), self._naming():
            if view.slot_of(view.other) != slot:
                self._smp.upload(self._image, self._content(slot))
            self._smp.test(wanted)
        if self._view().primary != slot:
            raise BootError(f"slot '{slot}': does not start next after it was marked for a test")

    def confirm(self, slot: str) -> None:
        """Lets MCUboot keep the running image."""
        view = self._view(slot)
        if slot != view.booted:
            raise BootError(
                f"slot '{view.booted}': is running; start '{slot}' before you confirm it"
            )
        if not view.active.confirmed:
            with smp_errors_as(BootError):
                self._smp.confirm(view.active.hash)
            if not self._view().active.confirmed:
                raise BootError(f"slot '{slot}': is not confirmed after it was confirmed")
        self._record(view, slot, SlotState.GOOD)

    def restart(self) -> None:
        """Resets the device, and returns when it answers again. A reset that was lost is sent again."""
        before = self._view()
        for _ in range(_RESETS):
            with smp_errors_as(BootError):
                self._smp.reset()
            after = self._view()
            swaps = before.primary != before.booted
            if not swaps or (after.active, after.other) != (before.active, before.other):
                return
        raise BootError(f"slot '{before.primary}': does not start after {_RESETS} resets")

    def _view(self, slot: str | None = None) -> _View:
        """Reads the device and the record. `slot` is one that must exist."""
        if slot is not None and slot not in self._kept.slots:
            raise BootError(f"slot '{slot}': is not a slot of the domain")
        with self._naming():
            kept = self._kept.read()
        with smp_errors_as(BootError):
            active, other = images_of(self._smp, self._image)
        running = active.hash.hex()
        booted = [slot for slot, each in kept.items() if each.hash == running]
        booted += [slot for slot, each in kept.items() if not each.hash]
        if not booted:
            raise BootError(
                f"{self._kept.folder}: image {running[:16]}... runs, and is in no slot; remove the folder if "
                "the image was installed in another way"
            )
        state = SlotState.GOOD if active.confirmed else kept[booted[0]].state
        kept[booted[0]] = KeptSlot(running, state)
        return _View(active, other, kept, booted[0])

    def _record(self, view: _View, slot: str, state: SlotState) -> None:
        with self._naming():
            self._kept.write({**view.kept, slot: replace(view.kept[slot], state=state)})

    def _content(self, slot: str) -> bytes:
        content = self._kept.image(slot)
        if content is None:
            raise BootError(f"slot '{slot}': has no image; install one")
        return content

    @contextmanager
    def _naming(self) -> Iterator[None]:
        with naming(self._kept.folder, BootError):
            yield
