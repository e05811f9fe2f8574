"""Checks an installer against the rules of `Installer`. It overwrites a slot."""

import contextlib
import hashlib
from collections.abc import Callable, Sequence

from software_update.client.backend_check import BrokenRule, Finding, findings, require
from software_update.client.installer import Installer, ResumesTargets

_MORE_THAN_ANY_MEDIUM = 1 << 62
# An odd number of bytes, which fills no sector, page or erase block.
_CHUNK_BYTES = 65_521


def check_installer(
    installer: Installer,
    slot: str,
    targets: Sequence[str],
    *,
    length: int = 300_007,
    running: str | None = None,
    restart: Callable[[], Installer] | None = None,
) -> list[Finding]:
    """Returns a finding for each rule. Overwrites `targets` in `slot` with up to `length` bytes each.

    `targets` are one or more names that the installer takes. `running` is another slot, which must not
    change. `restart` cuts the power of a simulated device, and returns its installer after the next start;
    without it, the rules about power cuts are left out. The rules about parts are for installers that are
    `ResumesTargets`.
    """
    bench = _Bench(installer, slot, targets, length)
    before = bench.sample(running)
    rules: list[tuple[str, Callable[[], None]]] = [
        ("check finds no problem", bench.check),
        ("problem accepts a target that fits", bench.fits),
        ("problem rejects a target that cannot fit", bench.does_not_fit),
        ("problem writes nothing", bench.problem_writes_nothing),
        ("a finished target reads back", bench.reads_back),
        ("an empty target reads back", bench.empty),
        ("write copies the bytes before it returns", bench.buffer_is_reused),
        ("read returns any range", bench.ranges),
        ("a second target replaces the first", bench.second_replaces_first),
        ("nothing of a longer target is left", bench.shorter_after_longer),
        ("a target can be written after abort", bench.after_abort),
        ("a target can be written after an interruption", bench.after_interruption),
        ("clear is repeatable, and a target can be written after it", bench.clear_twice),
    ]
    if len(targets) > 1:
        rules += [
            ("clear removes all targets", bench.clear_removes),
            ("targets do not overwrite each other", bench.several),
        ]
    if isinstance(installer, ResumesTargets):
        rules += [
            ("resume from byte 0 begins a target", bench.resume_begins),
            ("a target is continued after its synced bytes", bench.continues),
        ]
    if running is not None:
        other = running
        rules.append(("the running slot does not change", lambda: bench.same(other, before)))
    if restart is not None:
        cut = restart
        if isinstance(installer, ResumesTargets):
            rules += [
                ("synced bytes survive a power cut", lambda: bench.part_survives(cut)),
                ("a synced target survives a power cut", lambda: bench.synced_survives(cut)),
            ]
        rules.append(("a finished target survives a power cut", lambda: bench.survives(cut)))
    return findings(rules)


def content(length: int, seed: str) -> bytes:
    """Returns bytes that look random and depend on `seed`."""
    blocks = range(length // 32 + 1)
    return b"".join(hashlib.sha256(f"{seed} {each}".encode()).digest() for each in blocks)[:length]


class _Bench:
    """The rules. Each puts the slot into the state that it needs, because others may have failed."""

    def __init__(
        self, installer: Installer, slot: str, targets: Sequence[str], length: int
    ) -> None:
        self.installer = installer
        self.slot = slot
        self.targets = targets
        self.target = targets[0]
        self.first = content(length, "first")
        self.second = content(length, "second")
        self.short = content(length // 3, "short")

    # Parts of rules.

    def install(self, target: str, installed: bytes) -> None:
        writer = self.installer.begin(self.slot, target, len(installed))
        for start in range(0, len(installed), _CHUNK_BYTES):
            writer.write(memoryview(installed)[start : start + _CHUNK_BYTES])
        writer.finish()

    def read(self, slot: str, target: str, length: int) -> bytes:
        """Returns the first `length` bytes, or all if there are fewer."""
        found = b""
        while len(found) < length:
            wanted = min(_CHUNK_BYTES, length - len(found))
            chunk = self.installer.read(slot, target, len(found), wanted)
            require(
                len(chunk) <= wanted,
                f"read returns {len(chunk)} bytes, and {wanted} were asked for",
            )
            if not chunk:
                break
            found += chunk
        return found

    def expect(self, target: str, installed: bytes) -> None:
        found = self.read(self.slot, target, len(installed))
        if found == installed:
            return
        same = next(
            (
                at
                for at, pair in enumerate(zip(found, installed, strict=False))
                if pair[0] != pair[1]
            ),
            len(found),
        )
        raise BrokenRule(
            f"target '{target}' reads back differently from byte {same} on "
            f"({len(found)} of {len(installed)} bytes)"
        )

    def has_own_length(self, length: int) -> bool:
        return self.installer.read(self.slot, self.target, length, 1) == b""

    def sample(self, slot: str | None) -> list[bytes | None]:
        """Returns the start of each target in a slot; None for those that it lacks."""
        found: list[bytes | None] = []
        for target in self.targets if slot is not None else ():
            try:
                found.append(self.read(str(slot), target, len(self.first)))
            except Exception:  # A backend of the product may raise anything.
                found.append(None)
        return found

    # The rules.

    def check(self) -> None:
        problems = self.installer.check()
        require(not problems, "; ".join(problems))

    def fits(self) -> None:
        for target in self.targets:
            problem = self.installer.problem(self.slot, target, len(self.first))
            require(problem is None, str(problem))

    def does_not_fit(self) -> None:
        problem = self.installer.problem(self.slot, self.target, _MORE_THAN_ANY_MEDIUM)
        require(bool(problem), f"{_MORE_THAN_ANY_MEDIUM} bytes are accepted")

    def problem_writes_nothing(self) -> None:
        self.install(self.target, self.first)
        self.installer.problem(self.slot, self.target, len(self.short))
        self.expect(self.target, self.first)

    def reads_back(self) -> None:
        self.install(self.target, self.first)
        self.expect(self.target, self.first)

    def empty(self) -> None:
        self.install(self.target, b"")
        self.installer.read(self.slot, self.target, 0, 1)

    def buffer_is_reused(self) -> None:
        buffer = bytearray(self.first)
        writer = self.installer.begin(self.slot, self.target, len(buffer))
        writer.write(memoryview(buffer))
        buffer[:] = bytes(len(buffer))
        writer.finish()
        self.expect(self.target, self.first)

    def ranges(self) -> None:
        self.install(self.target, self.first)
        length = len(self.first)
        for start, wanted in ((length - 1, 1), (length // 2, 7), (1, 1), (0, 513)):
            found = self.installer.read(self.slot, self.target, start, wanted)
            require(
                0 < len(found) <= wanted and self.first[start:].startswith(found),
                f"bytes {start} to {start + wanted - 1} of target '{self.target}' are wrong",
            )

    def second_replaces_first(self) -> None:
        for each in (self.first, self.second):
            self.install(self.target, each)
            self.expect(self.target, each)

    def shorter_after_longer(self) -> None:
        self.install(self.target, self.first)
        own_length = self.has_own_length(len(self.first))
        self.install(self.target, self.short)
        self.expect(self.target, self.short)
        require(
            not own_length or self.has_own_length(len(self.short)),
            f"target '{self.target}' of {len(self.short)} bytes ends with bytes of the one before",
        )

    def after_abort(self) -> None:
        writer = self.installer.begin(self.slot, self.target, len(self.first))
        writer.write(self.first[: len(self.first) // 2])
        writer.abort()
        self.second_replaces_first()

    def after_interruption(self) -> None:
        writer = self.installer.begin(self.slot, self.target, len(self.first))
        writer.write(self.first[: len(self.first) // 2])
        self.install(self.target, self.second)
        self.expect(self.target, self.second)

    def clear_twice(self) -> None:
        self.installer.clear(self.slot)
        self.installer.clear(self.slot)
        self.reads_back()

    def clear_removes(self) -> None:
        for target in self.targets:
            self.install(target, self.short)
        self.installer.clear(self.slot)
        for target in self.targets:
            with contextlib.suppress(FileNotFoundError):
                self.installer.read(self.slot, target, 0, 1)
                raise BrokenRule(f"the slot still contains target '{target}'")

    def several(self) -> None:
        self.installer.clear(self.slot)
        contents = {target: content(len(self.short), target) for target in self.targets}
        for target, installed in contents.items():
            self.install(target, installed)
        for target, installed in contents.items():
            self.expect(target, installed)

    def survives(self, restart: Callable[[], Installer]) -> None:
        self.installer.clear(self.slot)
        for target in self.targets:
            self.install(target, self.second)
        self.installer = restart()
        for target in self.targets:
            self.expect(target, self.second)

    def resume_begins(self) -> None:
        self.install(self.target, self.first)
        self.resume(self.second, 0)
        self.expect(self.target, self.second)

    def continues(self) -> None:
        half = self.leave_half()
        self.expect_part(half)
        self.resume(self.second, half)
        self.expect(self.target, self.second)

    def part_survives(self, restart: Callable[[], Installer]) -> None:
        half = self.leave_half()
        self.installer = restart()
        self.expect_part(half)
        self.resume(self.second, half)
        self.expect(self.target, self.second)

    def synced_survives(self, restart: Callable[[], Installer]) -> None:
        self.install(self.target, self.second)
        self.parts.sync_target(self.slot, self.target)
        self.installer = restart()
        self.expect(self.target, self.second)

    def leave_half(self) -> int:
        """Leaves a target unfinished, of which it has synced so many bytes and written more."""
        self.install(self.target, self.first)
        self.installer.clear(self.slot)
        half = len(self.second) // 2
        writer = self.parts.resume(self.slot, self.target, len(self.second), 0)
        writer.write(self.second[:half])
        writer.sync()
        writer.write(self.first[half : half + 9])
        writer.abort()
        return half

    def resume(self, installed: bytes, offset: int) -> None:
        writer = self.parts.resume(self.slot, self.target, len(installed), offset)
        writer.write(installed[offset:])
        writer.finish()

    def expect_part(self, length: int) -> None:
        part = b""
        while len(part) < length:
            chunk = self.parts.read_part(
                self.slot, self.target, len(part), min(_CHUNK_BYTES, length - len(part))
            )
            require(bool(chunk), f"only {len(part)} of {length} synced bytes are there")
            part += chunk
        require(
            part == self.second[:length], f"the first {length} bytes are not those that were synced"
        )

    @property
    def parts(self) -> ResumesTargets:
        assert isinstance(self.installer, ResumesTargets)
        return self.installer

    def same(self, slot: str, before: list[bytes | None]) -> None:
        require(self.sample(slot) == before, f"slot '{slot}' has other bytes than before")
