"""Tests of the table of effects. The stories in step_test show each effect in its place."""

from dataclasses import replace

import pytest

from software_update.client.effects import effect_of
from software_update.client.state import AT_REST, Detail, State
from software_update.testing.stories import PLAN


@pytest.mark.parametrize("detail", sorted(AT_REST, key=str))
def test_nothing_happens_at_rest(detail: Detail) -> None:
    assert effect_of(State(detail=detail, plan=PLAN)) is None


@pytest.mark.parametrize("detail", [Detail.DOWNLOADING, Detail.INSTALLING, Detail.ROLLING_BACK])
def test_work_waits_while_the_source_or_boot_loader_rests(detail: Detail) -> None:
    state = State(detail=detail, plan=PLAN)
    assert effect_of(state) is not None
    assert effect_of(replace(state, retry_in=60)) is None
