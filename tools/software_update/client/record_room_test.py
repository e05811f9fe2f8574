"""Tests that the largest state of a configuration fits into the record, and that none is larger."""

import dataclasses
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from software_update.client import choose, events, look, record_room
from software_update.client.claimed import Grant
from software_update.client.history import add_line
from software_update.client.history_entry import history_entry
from software_update.client.question import Phase
from software_update.client.record import (
    MAX_STATE_BYTES,
    PLACE_BYTES,
    Record,
    encode,
    fitting,
    state_bytes,
)
from software_update.client.record_room import history_room, largest_state, room_problem
from software_update.client.state import Answer, Failures, HistoryHead, Reply, State
from software_update.client.step import step
from software_update.format.claims import AREAS, REACH

THREE = {"main": ("A", "B"), "radio": ("A", "B"), "motor": ("A", "B")}
FOUR = {**THREE, "lamp": ("A", "B")}
LONG = {"m" * 64: ("A" * 64, "B" * 64), "n" * 64: ("A" * 64, "B" * 64)}
# Escaped in JSON, and of several bytes.
EVIL = '"\\\0\N{SNOWMAN}' * 500


def test_three_domains_with_two_slots_fit_and_four_do_not() -> None:
    assert room_problem(THREE) is None
    assert room_problem(FOUR) == (
        f"their state may have {state_bytes(largest_state(FOUR)) + 780} bytes, and the client's record has "
        f"room for {MAX_STATE_BYTES}; configure fewer domains or slots, or give them shorter names"
    )


@pytest.mark.parametrize("domains", [THREE, LONG, {"main": tuple("ABCDEFGHI")}])
def test_largest_state_with_all_its_history_fits(domains: Mapping[str, tuple[str, ...]]) -> None:
    assert room_problem(domains) is None
    room = history_room(domains)
    state = with_history(largest_state(domains), room)
    assert fitting(state) == state
    assert len(encode(Record(1 << 60, state))) <= PLACE_BYTES
    assert len(state.history.pending) >= 1


def with_history(state: State, room: int) -> State:
    """Returns the state with as many lines as may wait for a full disk."""
    head = HistoryHead(state.history.length, state.history.lines, state.history.digest)
    for number in range(400):
        entry = {"text": EVIL[: 200 if number < 3 else 1]}
        head = add_line(head, entry, room)
    return dataclasses.replace(state, history=head)


@pytest.mark.parametrize("room", [800, 2500])
def test_waiting_lines_take_no_more_than_their_room_as_json(room: int) -> None:
    with_lines = with_history(State(), room)
    without = dataclasses.replace(
        with_lines, history=dataclasses.replace(with_lines.history, pending=("",))
    )
    assert state_bytes(with_lines) - state_bytes(without) <= room
    assert with_lines.history.lost > 0


def test_line_about_provisioning_with_all_powers_and_areas_has_room() -> None:
    """Without room for it, the history would not have the powers of a domain."""
    release = largest_state(THREE).domains["main"].floor
    grant = Grant(REACH, AREAS)
    event = events.Provisioned(
        10**10, "motor", "A", release, "auto-security", "user:technician", ("A", "B"), grant
    )
    state, _ = step(State(), event)
    entry = history_entry(State(), event, state)
    assert entry is not None and entry["grant"] == {"powers": [*REACH], "areas": [*AREAS]}
    head = add_line(HistoryHead(digest="d" * 64), entry, history_room(THREE))
    assert (len(head.pending), head.lost) == (1, 0)


NOT_RECORDED = ("state.checking", "state.root_refused", "state.damaged")


def test_no_field_of_the_largest_state_has_its_default() -> None:
    """A new field of the state must be in the largest one, too."""
    empty = [
        path
        for path in defaults(largest_state({"main": ("A", "B")}), "state")
        # A plan has either a path or an entry.
        if path not in ("state.plan.path", "state.plan.offer", "state.failures", *NOT_RECORDED)
    ]
    assert empty == []


def defaults(value: Any, place: str) -> list[str]:
    """Returns the fields of dataclasses inside a value that have their defaults."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        found = []
        for each in dataclasses.fields(value):
            inner, inside = getattr(value, each.name), f"{place}.{each.name}"
            made = each.default_factory() if callable(each.default_factory) else each.default
            found += [inside] if inner == made else defaults(inner, inside)
        return found
    if isinstance(value, Mapping):
        return [each for key in value for each in defaults(value[key], f"{place}.{key}")]
    if isinstance(value, tuple):
        return [each for item in value for each in defaults(item, place)]
    return []


def test_limits_are_those_of_the_modules_that_make_plans() -> None:
    assert record_room.MAX_SIGNERS == look.MAX_SIGNERS
    assert record_room.MAX_STEPS == choose.MAX_LATER_STEPS
    assert record_room.MAX_ENTRY_BYTES == choose.MAX_PATH_BYTES
    plan = largest_state(THREE).plan
    assert plan is not None
    with_path = dataclasses.replace(
        plan, entry="", steps=(), path="x" * record_room.MAX_FILE_PATH_BYTES
    )
    with_offer = dataclasses.replace(plan, entry="", steps=(), offer="confirmationBase/" + "1" * 19)
    for other in (with_path, with_offer):
        assert state_bytes(State(plan=other)) <= state_bytes(State(plan=plan))


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_fitting_makes_any_texts_and_answers_fit(data: st.DataObject) -> None:
    largest = largest_state(THREE)
    plan = largest.plan
    assert plan is not None
    text = data.draw(st.sampled_from([EVIL, EVIL[1:], "x" * 1000]))
    answers = tuple(
        Answer(
            data.draw(st.sampled_from([plan.release, "e" * 64, "f" * 64])),
            data.draw(st.sampled_from([plan.root, "1" * 64, "2" * 64])),
            data.draw(st.sampled_from(Phase)),
            data.draw(st.sampled_from(Reply)),
            text,
            1,
        )
        for _ in range(12)
    )
    state = dataclasses.replace(
        largest,
        plan=dataclasses.replace(
            plan, product=text, version=text, identity=text, reason=text, steps=(text,) * 4
        ),
        answers=tuple({(each.release, each.root, each.phase): each for each in answers}.values()),
        failures=tuple(Failures("main", f"{number:064x}", 1, 3) for number in range(12)),
        result=dataclasses.replace(largest.result, text=text) if largest.result else None,
        domains={
            name: dataclasses.replace(
                each,
                slots={
                    slot: dataclasses.replace(release, version=text)
                    for slot, release in each.slots.items()
                },
            )
            for name, each in largest.domains.items()
        },
    )
    fitted = fitting(with_history(state, history_room(THREE)))
    assert len(encode(Record(1, fitted))) <= PLACE_BYTES
    assert fitting(fitted) == fitted
    # What decides about the plan is never forgotten.
    about = [
        each for each in state.answers if (each.release, each.root) == (plan.release, plan.root)
    ]
    kept = [
        each for each in fitted.answers if (each.release, each.root) == (plan.release, plan.root)
    ]
    assert len(kept) == len(about)
