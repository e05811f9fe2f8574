"""The model of what bundles cost, on exact measurements, and the figures of docs/explanation/scaling.md."""

from __future__ import annotations

import pytest

from tests.benchmarks.results import GIB, MIB, Row, run_of
from tests.benchmarks.scaling_page import (
    CACHED,
    CLEAN,
    CREATE,
    VERIFY,
    Load,
    Measured,
    Model,
    Point,
    figures,
)

EXACT = Model(start=0.5, per_bundle=0.01, per_target=0.001, per_byte=1e-9)
# A second for each bundle, a hundredth of one for each MiB.
MODEL = Model(start=2, per_bundle=1, per_target=0, per_byte=0.01 / MIB)
LEAST = Load(1, 1, 100)


def points(model: Model, *loads: Load) -> list[Point]:
    return [Point(load, model.seconds(load)) for load in loads]


def measured(model: Model, name: str = "", unseen_seconds: float = 3) -> Measured:
    series = {
        "least": points(model, LEAST),
        "bundles": points(model, Load(50, 200, 20_000), Load(500, 2000, 200_000)),
        "targets": points(model, Load(1, 1000, 100_000), Load(1, 4000, 400_000)),
        "sizes": points(model, Load(8, 32, 3200), Load(8, 32, 2**26), Load(8, 32, 2**30)),
        "unseen": [Point(LEAST, unseen_seconds)],
    }
    caches = ((LEAST, 10_000 + 100), (Load(11, 11, 1100), 10_000 + 1100 + 10 * 2048))
    return Measured(name, series, caches)


def text(unseen_seconds: float = 3) -> str:
    names = (CREATE, VERIFY, CLEAN, CACHED)
    created, verified = run_of(70, 60, 33 * MIB), run_of(50, 40, 31 * MIB)
    image = [Row(CREATE, "", (created,), 50 * GIB), Row(VERIFY, "", (verified,), 50 * GIB)]
    every = [measured(MODEL, name, unseen_seconds) for name in names]
    return figures(("cores: 2",), every, image)


def test_model_finds_the_coefficients_of_measurements() -> None:
    assert measured(EXACT).model == pytest.approx(EXACT)


def test_constant_parts_are_in_the_start() -> None:
    sizes = points(EXACT, LEAST, Load(1, 1, 2**26), Load(1, 1, 2**30))
    found = Measured("", {"least": points(EXACT, LEAST), "sizes": sizes}).model
    assert found == pytest.approx((0.511, 0, 0, EXACT.per_byte))


def test_coefficients_are_in_readable_units() -> None:
    assert f"| {CLEAN} | 2.00 s | 1000.0 ms | 0 ms | 10.24 s |\n" in text()


def test_page_states_the_error_of_the_model() -> None:
    said = text(unseen_seconds=2)
    assert "differs from these by at most 0 %, and from the others by at most 50 %:\n" in said
    assert f"| {CREATE} | 1 | 1 | 100 bytes | 2.00 s | 3.00 s | not fitted |\n" in said


def test_times_of_a_fleet_follow_the_model() -> None:
    """10,000 x (1 s + 0.64 s) + 2 s; one by one, 2 s each time."""
    said = text()
    assert "| built in Bazel, verified, signed with dev keys | 4.6 hours |\n" in said
    assert "| from a disk cache, without the payloads' bytes | 2.8 hours |\n" in said
    assert "| verified again on the command line, one after another | 10.1 hours |\n" in said
    assert "| stored in the cache in addition to payloads | 2.0 KiB a bundle |\n" in said


def test_the_image_is_in_seconds_and_as_a_speed() -> None:
    assert f"| {CREATE} | 70 | 0.71 | 33 MiB |\n" in text()
