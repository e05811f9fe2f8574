"""The client of the device library in the scenarios of client_scenarios.py."""

from collections.abc import Callable

import pytest

from tests.device_library import client_library, client_scenarios
from tests.device_library.client_scenarios import Make


@pytest.mark.parametrize("scenario", client_scenarios.SCENARIOS, ids=lambda each: each.__name__)
def test_scenario(scenario: Callable[[Make], None]) -> None:
    scenario(client_scenarios.maker(client_library.from_environment()))
