"""Tests of the power supply."""

import pytest

from software_update.client.simulator.changes import Snapshot
from software_update.client.simulator.image import Tree
from software_update.client.simulator.power import Power, PowerCut


def test_handler_of_exceptions_does_not_keep_a_power_cut() -> None:
    assert not issubclass(PowerCut, Exception)


def test_check_raises_only_after_a_cut() -> None:
    power = Power()
    power.check()
    power.cut = Snapshot(3, "sync /a", {}, Tree({0: {}}), ())
    with pytest.raises(PowerCut, match="sync /a"):
        power.check()
