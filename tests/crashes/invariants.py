"""The rules that no power cut may break, as pure functions of media and of crash points."""

import functools
import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from posixpath import dirname

from software_update.base.errors import InputError
from software_update.client import fetched, history, record, rollout_secret
from software_update.client.codec import from_json
from software_update.client.question import Phase
from software_update.client.repository import Versions
from software_update.client.simulator import environment
from software_update.client.simulator.changes import Snapshot, Write
from software_update.client.simulator.crashes import Scenario, State
from software_update.client.simulator.image import Image
from software_update.client.simulator.machine import COMMAND_LINE
from software_update.client.simulator.storage import SimulatedStorage
from software_update.client.state import Detail, HistoryHead, Plan, Reply, Staging, answer_to
from software_update.client.state import State as ClientState
from software_update.format.rollout import SECRET_BYTES

from tests.crashes.device import CACHE, DOMAIN, ENVIRONMENT, FOLDER, OLD, RELEASES, SLOTS, Device
from tests.crashes.repository import cached_version

_WRITING = (Detail.DOWNLOADING, Detail.INSTALLING)


def scenario(
    name: str,
    device: Device,
    *,
    ends_with: Collection[int],
    may_fail: bool = False,
    reduce: bool = True,
) -> Scenario:
    """Returns the scenario of a device with all rules; it ends with a release of one of these numbers.

    Unless it `may_fail`, a sound release on a sound device never counts as failed, towards its quarantine.
    With `reduce`, one recovery serves for all media that differ only in bytes that are read and ignored.
    """
    return Scenario(
        name,
        device.start,
        device.run,
        image_problems=functools.partial(image_problems, device, may_fail or not device.is_sound),
        step_problems=functools.partial(step_problems, device),
        change_problems=change_problems,
        end_problems=functools.partial(end_problems, device, ends_with),
        reduced=functools.partial(reduced, device) if reduce else lambda image: image,
        last_phase=1 if device.changes else 0,
    )


# Media.


def image_problems(device: Device, may_fail: bool, image: Image) -> Sequence[str]:
    """The device starts, only verified slots can start, and record and history are whole."""
    found = []
    variables, started = _boot(device, image.content(ENVIRONMENT) or b"")
    order = (device.loader.defaults if variables is None else variables)["BOOT_ORDER"].split()
    # U-Boot gives every slot of the order new tries if none has any.
    found += [
        f"slot {slot} may start, and its bytes are not those of a release"
        for slot in order
        if not _verified(image.content(device.slot(slot)))
        and not (device.damaged and _is_as_at_first(device, image, slot))
    ]
    if started is None:
        found.append("no slot starts any more")
    known = client_state(image)
    if known is None:
        return [*found, "the record has been lost"] if device.provisioned else found
    if known.plan and known.plan.entry and _secret(image) is None:
        found.append("a plan relies on a secret that is not on the medium")
    if known.failures and not may_fail:
        found.append("a failure of the release is counted")
    floor = known.domain(DOMAIN).floor
    if floor is not None and variables is not None and floor.release != _factory(device):
        good = [slot for slot in order if slot != variables.get("software_update_trying")]
        if not any(_holds(device, image, slot, floor.release) for slot in good):
            found.append(f"the floor is {floor.version}, and no confirmed slot has it")
    found += _download_problems(device, image)
    return found + _history_problems(image.content(f"{FOLDER}/history.jsonl"), known.history)


def _download_problems(device: Device, image: Image) -> Iterator[str]:
    """The bytes that are not going to be fetched again are on the medium."""
    content = image.content(f"{FOLDER}/{fetched.FILE_NAME}")
    if not content or device.altered:
        return
    kept = from_json(fetched.Fetched, json.loads(content))
    path = device.slot(kept.slot)
    places = [image.content(each) or b"" for each in (path, f"{dirname(path)}/~")]
    expected = RELEASES[kept.release].rootfs[: kept.length]
    if not any(each.startswith(expected) for each in places):
        yield f"{kept.length} bytes count as fetched, and are not on the medium"


def _factory(device: Device) -> str | None:
    known = client_state(device.start)
    floor = known.domain(DOMAIN).floor if known else None
    return floor.release if floor else None


@functools.lru_cache(1 << 16)
def _boot(device: Device, content: bytes) -> tuple[Mapping[str, str] | None, str | None]:
    """Returns the variables in an environment, and the slot that starts."""
    storage = SimulatedStorage(Image.of({ENVIRONMENT: content}))
    variables = environment.read(storage, device.places).variables
    return variables, device.loader.start(storage)


@functools.lru_cache(1 << 16)
def _history_problems(content: bytes | None, head: HistoryHead) -> list[str]:
    """The file has all lines of the record, and no line that the record does not know."""
    files = {} if content is None else {f"{FOLDER}/history.jsonl": content}
    try:
        history.verify(SimulatedStorage(Image.of(files)), FOLDER, head)
    except (InputError, OSError) as error:
        return [f"the history is broken: {error}"]
    rest = (content or b"")[head.length :]
    waiting = [line.encode() for line in head.pending]
    # A zero byte is in a sector that was lost.
    ahead = [
        line
        for line in rest.split(b"\n")[:-1]
        if line and b"\0" not in line and line not in waiting
    ]
    return [f"the history has a line that the record does not know: {ahead[0]!r}"] if ahead else []


def change_problems(before: Image, after: Image) -> Sequence[str]:
    """No floor falls, the history never loses a line, and the secret for rollouts never changes."""
    if _secret(before) not in (None, _secret(after)):
        return ["the secret for rollouts changes"]
    old, new = client_state(before), client_state(after)
    if old is None or new is None:
        return () if old is None else ["the record has been lost"]
    found = []
    if _counter(new) < _counter(old):
        found.append(f"the floor falls from {_counter(old)} to {_counter(new)}")
    found += _fallen_versions(old, new)
    if _lines(new) < _lines(old):
        found.append(f"the history falls from {_lines(old)} to {_lines(new)} lines")
    return found


def end_problems(device: Device, numbers: Collection[int], image: Image) -> Sequence[str]:
    """The device runs a release of these numbers, and has committed it."""
    running = (image.content(COMMAND_LINE) or b"").decode().rpartition("=")[2]
    found = []
    runs = [
        each.number for each in RELEASES.values() if _holds(device, image, running, each.digest)
    ]
    if not runs or runs[0] not in numbers:
        found.append(f"slot {running} runs release {runs}, not one of {numbers}")
    known = client_state(image)
    ends = {Detail.IDLE, Detail.FINISHED} | ({Detail.QUARANTINED} if device.altered else set())
    if known is None or known.detail not in ends:
        return [*found, "the client has no result"]
    # Each cut in the boot loader uses up a start. After three, the other slot runs, below the floor.
    below = runs == [OLD.number] and _counter(known) > OLD.number
    committed = device.provisioned or known.last_install is not None
    if committed and [_counter(known)] != runs and not below:
        found.append(f"the floor is {_counter(known)}, and {runs} runs; {known.result}")
    return found


def reduced(device: Device, image: Image) -> Image:
    """Returns the image without bytes that the client and the boot loader read and ignore.

    They are: a torn copy of the record or of the environment next to an intact one, what follows a record in
    its place, what follows the history's recorded length, and a torn cache of the repository.
    """
    files: dict[str, bytes] = {}
    path = f"{FOLDER}/record"
    content = image.content(path)
    known = client_state(image)
    if content is not None and known is not None:
        files[path] = _clean_record(content)
        path = f"{FOLDER}/history.jsonl"
        lines = image.content(path)
        if lines is not None and len(lines) > known.history.length:
            files[path] = lines[: known.history.length]
    cached = image.content(CACHE)
    if cached is not None and cached_version(cached) is None:
        files[CACHE] = b""
    files[ENVIRONMENT] = _clean_environment(image.content(ENVIRONMENT) or b"", device.copies)
    return image.replaced(files)


@functools.lru_cache(1 << 16)
def _clean_record(content: bytes) -> bytes:
    size = record.PLACE_BYTES
    places = [content[start : start + size] for start in (0, size)]
    return b"".join(
        (b"" if known is None else record.encode(known)).ljust(size, b"\0")
        for known in map(_decoded, places)
    )


@functools.lru_cache(1 << 16)
def _clean_environment(content: bytes, copies: int) -> bytes:
    size = len(content) // copies
    found = [content[start : start + size] for start in range(0, len(content), size)]
    intact = [environment.decode(each, redundant=copies > 1) is not None for each in found]
    if not any(intact):
        return content
    return b"".join(each if good else bytes(size) for each, good in zip(found, intact, strict=True))


# Crash points.


def step_problems(device: Device, state: State, snapshot: Snapshot) -> Sequence[str]:
    """Each effect has its consent and its intention on the medium before it begins."""
    old, new = client_state(state.image), client_state(snapshot.durable())
    if device.published and old and new and (fallen := list(_fallen_versions(old, new))):
        return fallen
    change = snapshot.pending[-1] if snapshot.pending else None
    if not snapshot.what.startswith("write ") or not isinstance(change, Write):
        return ()
    image = snapshot.durable()
    for slot in SLOTS:
        # A file that is being written into a folder has another name.
        if change.path in (device.slot(slot), f"{dirname(device.slot(slot))}/~"):
            return list(_slot_problems(device, image, slot, change))
    if change.path == ENVIRONMENT:
        return list(_environment_problems(device, snapshot, change))
    return ()


def _slot_problems(device: Device, image: Image, slot: str, change: Write) -> Iterator[str]:
    known = client_state(image)
    plan = known.plan if known else None
    if known is None or plan is None or known.detail not in _WRITING:
        yield "a slot is written without a recorded plan"
        return
    if plan.slot != slot:
        yield f"the recorded plan is about slot {plan.slot}"
    if f"slot={plan.slot}" in (image.content(COMMAND_LINE) or b"").decode():
        yield "the running slot is written"
    phases = [Phase.DOWNLOAD]
    if device.staging == Staging.STORE:
        phases.append(Phase.INSTALL)
    yield from _consent_problems(device, known, plan, phases)
    if device.altered:
        return
    release = RELEASES.get(plan.release)
    end = change.offset + len(change.content)
    if release is None or release.rootfs[change.offset : end] != change.content:
        yield "the bytes are not those of the release in the consent"


def _environment_problems(device: Device, snapshot: Snapshot, change: Write) -> Iterator[str]:
    image = snapshot.durable()
    written = environment.decode(change.content, redundant=device.copies > 1)
    assert written is not None
    variables = written[0]
    running = (image.content(COMMAND_LINE) or b"").decode().rpartition("=")[2]
    old = environment.read(SimulatedStorage(image), device.places).variables or {}
    order = variables.get("BOOT_ORDER", "").split()
    trying, before = (each.get("software_update_trying") for each in (variables, old))
    known = client_state(image)
    if trying and trying != before:
        if known is None or known.plan is None or known.detail != Detail.AWAITING_RESTART:
            yield "a slot is activated without a recorded intention"
            return
        yield from _consent_problems(device, known, known.plan, [Phase.RESTART])
        seen = [each for each in device.published if each.version == _versions(known).timestamp]
        if any(each.halted for each in seen):
            yield "a release is activated that the device has seen halted"
        if not _holds(device, image, trying, known.plan.release):
            yield f"slot {trying} is activated, and is not complete on the medium"
    if before and not trying and before in order:
        if before != running:
            yield f"slot {before} is confirmed, and slot {running} runs"
        if known is None or known.detail != Detail.COMMITTING:
            yield "a slot is confirmed without a recorded intention"


def _consent_problems(
    device: Device, known: ClientState, plan: Plan, phases: Sequence[Phase]
) -> Iterator[str]:
    for phase in phases:
        answer = answer_to(known, plan.release, plan.root, phase)
        if answer is None or (answer.release, answer.phase) != (plan.release, phase):
            yield f"no answer to {phase.value} is recorded"
        elif answer.reply != Reply.YES or device.reply(plan.release) != Reply.YES:
            yield f"the answer to {phase.value} was not yes"


# Reading.


def client_state(image: Image) -> ClientState | None:
    """Returns the state in the record of a medium; None if it has none."""
    content = image.content(f"{FOLDER}/record")
    return None if content is None else _newest(content)


@functools.lru_cache(1 << 16)
def _newest(content: bytes) -> ClientState | None:
    size = record.PLACE_BYTES
    found = [_decoded(content[start : start + size]) for start in (0, size)]
    valid = [each for each in found if each is not None]
    return max(valid, key=lambda each: each.sequence).state if valid else None


@functools.lru_cache(1 << 16)
def _decoded(place: bytes) -> record.Record | None:
    return record.decode(place)


def _counter(known: ClientState) -> int:
    floor = known.domain(DOMAIN).floor
    return floor.counter or 0 if floor else 0


def _versions(known: ClientState) -> Versions:
    return known.domain(DOMAIN).repository


def _fallen_versions(old: ClientState, new: ClientState) -> Iterator[str]:
    for role in ("root", "timestamp", "snapshot", "targets", "channel", "rollout"):
        if getattr(_versions(new), role) < getattr(_versions(old), role):
            yield f"the version of the repository's {role} falls"


def _secret(image: Image) -> bytes | None:
    content = image.content(f"{FOLDER}/{rollout_secret.NAME}")
    return content if content is not None and len(content) == SECRET_BYTES else None


def _lines(known: ClientState) -> int:
    return known.history.lines + len(known.history.pending)


def _holds(device: Device, image: Image, slot: str, release: str) -> bool:
    content = image.content(device.slot(slot)) or b""
    return release in RELEASES and content.startswith(RELEASES[release].rootfs)


def _is_as_at_first(device: Device, image: Image, slot: str) -> bool:
    path = device.slot(slot)
    return image.content(path) == device.start.content(path)


@functools.lru_cache(1 << 12)
def _verified(content: bytes | None) -> bool:
    return any((content or b"").startswith(each.rootfs) for each in RELEASES.values())
