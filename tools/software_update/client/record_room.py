"""The room in the record for the domains of a configuration. Pure.

The record has a fixed size, so that one write and one sync suffice. A configuration whose state might not fit
is rejected, because a client that cannot record its state can do nothing any more.
"""

from collections.abc import Collection, Mapping

from software_update.client.history import MAX_PENDING_BYTES
from software_update.client.question import Phase
from software_update.client.record import (
    MAX_PRODUCT_BYTES,
    MAX_STATE_BYTES,
    MAX_TEXT_BYTES,
    MAX_VERSION_BYTES,
    MAX_WHO_BYTES,
    state_bytes,
)
from software_update.client.repository import Versions
from software_update.client.state import (
    Answer,
    Code,
    Detail,
    DomainState,
    HistoryHead,
    Installed,
    Plan,
    Reply,
    Result,
    Staging,
    State,
)

# The plan keeps the path of a bundle that a person names, as JSON.
MAX_FILE_PATH_BYTES = 512
# The same numbers as in the modules that make plans, which this one does not import.
MAX_SIGNERS, MAX_STEPS, MAX_ENTRY_BYTES = 8, 4, 256
_DIGEST, _SHORT_ID, _BOOT_ID = "d" * 64, "d" * 16, "b" * 36
_TEXT, _VERSION = "x" * MAX_TEXT_BYTES, "x" * MAX_VERSION_BYTES
# No version or counter has more digits, and no number of seconds or bytes.
_NUMBER, _AMOUNT = (1 << 32) - 1, 10**12
# Lines of the history wait in the record while the disk is full: at least two of the usual length.
_MIN_HISTORY_BYTES = 780
_PRESET = "auto-security"


def room_problem(domains: Mapping[str, Collection[str]]) -> str | None:
    """Returns why the state of domains, with their slots, might not fit into the record; None if it fits."""
    needed = state_bytes(largest_state(domains)) + _MIN_HISTORY_BYTES
    if needed <= MAX_STATE_BYTES:
        return None
    return (
        f"their state may have {needed} bytes, and the client's record has room for {MAX_STATE_BYTES}; "
        "configure fewer domains or slots, or give them shorter names"
    )


def history_room(domains: Mapping[str, Collection[str]]) -> int:
    """Returns how many bytes of the record lines of the history may take, whatever else is in it."""
    return min(MAX_PENDING_BYTES, MAX_STATE_BYTES - state_bytes(largest_state(domains)))


def largest_state(domains: Mapping[str, Collection[str]]) -> State:
    """Returns a state of these domains, without lines of the history, that takes the most bytes."""
    installed = Installed(_DIGEST, _DIGEST, _VERSION, _NUMBER, _NUMBER)
    slots = {slot for each in domains.values() for slot in each}
    domain, slot = (max(names, key=len, default="") for names in (domains, slots))
    answers = tuple(
        Answer(_DIGEST, _DIGEST, phase, Reply.LATER, "x" * MAX_WHO_BYTES, _AMOUNT, _AMOUNT)
        for phase in Phase
    )
    return State(
        detail=max(Detail, key=lambda each: len(each.value)),
        plan=_largest_plan(domain, slot),
        domains={name: _largest_domain(each, installed) for name, each in domains.items()},
        answers=answers,
        result=Result(_longest_code(), _TEXT, _DIGEST, _AMOUNT),
        seen=_AMOUNT,
        last_install=_AMOUNT,
        retry_in=_AMOUNT,
        attempts=_NUMBER,
        history=HistoryHead(_AMOUNT, _NUMBER, _DIGEST, ("",), _NUMBER),
    )


def _largest_domain(slots: Collection[str], installed: Installed) -> DomainState:
    numbers = (_NUMBER,) * 6
    return DomainState(
        root=_DIGEST,
        slots=dict.fromkeys(slots, installed),
        floor=installed,
        running=max(slots, key=len),
        preset=_PRESET,
        repository=Versions(*numbers, keys=_SHORT_ID, fresh_until=_AMOUNT),
        repository_root="d" * 8,
    )


def _largest_plan(domain: str, slot: str) -> Plan:
    return Plan(
        domain=domain,
        release=_DIGEST,
        root=_DIGEST,
        manifest=_DIGEST,
        product="x" * MAX_PRODUCT_BYTES,
        version=_VERSION,
        counter=_NUMBER,
        targets_version=_NUMBER,
        size=_AMOUNT,
        slot=slot,
        source=_NUMBER,
        staging=Staging.STORE,
        identity=_VERSION,
        phase=max(Phase, key=lambda each: len(each.value)),
        asking=True,
        first_asked=_AMOUNT,
        postponements=_NUMBER,
        not_before=_AMOUNT,
        stored=True,
        written=True,
        activated=True,
        abandoned=True,
        failed=_longest_code(),
        reason=_TEXT,
        told_in=_BOOT_ID,
        disobeyed=_NUMBER,
        signers=(_SHORT_ID,) * MAX_SIGNERS,
        by_person=True,
        # An entry of a repository with its steps takes more than the path of a file.
        entry="x" * MAX_ENTRY_BYTES,
        steps=(_VERSION,) * MAX_STEPS,
        golden=True,
    )


def _longest_code() -> Code:
    return max(Code, key=lambda each: len(each.value))
