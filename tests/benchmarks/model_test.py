"""The model of what bundles cost, on measurements that are exact."""

import pytest

from tests.benchmarks.model import Load, Model, Point, fit

EXACT = Model(start=0.5, per_bundle=0.01, per_target=0.001, per_byte=1e-9)
LEAST = Load(1, 1, 100)


def points(*loads: Load) -> list[Point]:
    return [Point(load, EXACT.seconds(load)) for load in loads]


def test_model_finds_the_coefficients_of_measurements() -> None:
    [least] = points(LEAST)
    found = fit(
        least,
        bundles=points(LEAST, Load(50, 200, 20_000), Load(500, 2000, 200_000)),
        targets=points(LEAST, Load(1, 1000, 100_000), Load(1, 4000, 400_000)),
        sizes=points(Load(8, 32, 3200), Load(8, 32, 2**26), Load(8, 32, 2**30)),
    )
    assert found.per_bundle == pytest.approx(EXACT.per_bundle)
    assert found.per_target == pytest.approx(EXACT.per_target)
    assert found.per_byte == pytest.approx(EXACT.per_byte)
    for load in (LEAST, Load(10_000, 40_000, 2**36)):
        assert found.seconds(load) == pytest.approx(EXACT.seconds(load))


def test_constant_parts_are_in_the_start() -> None:
    [least] = points(LEAST)
    found = fit(least, sizes=points(LEAST, Load(1, 1, 2**26), Load(1, 1, 2**30)))
    assert (found.per_bundle, found.per_target) == (0, 0)
    assert found.start == pytest.approx(0.511)
