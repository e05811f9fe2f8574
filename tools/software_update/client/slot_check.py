"""Compares the slot that runs with the release that must be in it: by hashes, or by dm-verity's root hash.

With dm-verity, the kernel verifies each block as it is read, against the root hash with which the device was
set up. The release has that root hash as the content of a target of its own, so targets metadata signs it.
The client does not read the whole slot again: it hashes the small target, and compares.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatchcase

from software_update.base.errors import printable
from software_update.client.domain import Domain, Verity
from software_update.client.payload_copy import read_target
from software_update.client.release import SlotTarget, slot_targets
from software_update.client.staging import PlanFailed, installer_for, verify_slot
from software_update.client.state import Code
from software_update.client.system import System
from software_update.format.metadata import Targets

_MAX_SOURCE_BYTES = 1 << 16
_MAX_HASH_TARGET_BYTES = 256
# The kernel's command line has roothash=HEX, and `veritysetup status` prints "root hash: HEX".
_NAMED = re.compile(r"(?:\broothash=|\broot hash:\s*)([0-9a-fA-F]+)")
_HASH = re.compile(r"[0-9a-f]{32,128}")


@dataclass(frozen=True, slots=True)
class Checked:
    """The targets of a slot that was found unchanged, and those among them that dm-verity covers."""

    targets: tuple[str, ...]
    by_verity: tuple[str, ...]


def check_slot(
    system: System,
    domain: Domain,
    slot: str,
    targets: Targets,
    on_progress: Callable[[int], None],
) -> Checked:
    """Checks a slot, as the domain's configuration says. Raises PlanFailed (SLOT_DAMAGED)."""
    verity = domain.start_check.verity if domain.start_check else None
    names = [each.name for each in slot_targets(targets)]
    covered = tuple(name for name in names if verity and _is_covered(name, verity))
    try:
        verify_slot(domain, slot, targets, on_progress, system.copy, skipped=covered)
        if verity is not None:
            _compare(system, domain, slot, targets, verity)
    except (PlanFailed, OSError) as error:
        raise PlanFailed(Code.SLOT_DAMAGED, printable(str(error))) from None
    return Checked(tuple(names), covered)


def _is_covered(name: str, verity: Verity) -> bool:
    return name != verity.root_hash and any(fnmatchcase(name, each) for each in verity.targets)


def _compare(system: System, domain: Domain, slot: str, targets: Targets, verity: Verity) -> None:
    expected = _expected(domain, slot, targets, verity.root_hash)
    found = running_root_hash(_source(system, verity))
    if found is None:
        raise PlanFailed(
            Code.SLOT_DAMAGED,
            f"slot {slot}: {_place(verity)} has no root hash; start the slot through dm-verity",
        )
    if found != expected:
        raise PlanFailed(
            Code.SLOT_DAMAGED,
            f"slot {slot}: dm-verity was set up with the root hash {found[:16]}..., and the release has "
            f"{expected[:16]}...",
        )


def _expected(domain: Domain, slot: str, targets: Targets, name: str) -> str:
    """Returns the root hash in a target, whose content `verify_slot` has found unchanged."""
    target = next((each for each in slot_targets(targets) if each.name == name), None)
    if target is None:
        raise PlanFailed(
            Code.SLOT_DAMAGED,
            f"slot {slot}: the release has no target '{name}' with a root hash; add it to the release",
        )
    found = _read(domain, slot, target).decode(errors="replace").strip().lower()
    if not _HASH.fullmatch(found):
        raise PlanFailed(
            Code.SLOT_DAMAGED,
            f"slot {slot}: target '{name}' is not a root hash in hexadecimal; correct the release",
        )
    return found


def _read(domain: Domain, slot: str, target: SlotTarget) -> bytes:
    if target.length > _MAX_HASH_TARGET_BYTES:
        return b""
    return b"".join(read_target(installer_for(domain, target.name), slot, target))


def running_root_hash(text: str) -> str | None:
    """Returns the root hash in a command line, in the output of `veritysetup status`, or as the whole text.

    Returns None if there is none, or if there are different ones.
    """
    named = {each.lower() for each in _NAMED.findall(text)} or {text.strip().lower()}
    found = named.pop()
    return found if not named and _HASH.fullmatch(found) else None


def _source(system: System, verity: Verity) -> str:
    if verity.program:
        result = system.programs.run(verity.program, timeout=verity.timeout)
        return result.stdout.decode(errors="replace") if result.exit_code == 0 else ""
    file = system.storage.open(verity.file)
    try:
        return file.read(0, _MAX_SOURCE_BYTES).decode(errors="replace")
    finally:
        file.close()


def _place(verity: Verity) -> str:
    return f"the output of {verity.program[0]}" if verity.program else verity.file
