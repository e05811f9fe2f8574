"""The figures of docs/explanation/scaling.md, from made-up measurements."""

from __future__ import annotations

from tests.benchmarks.model import Load, Model, Point
from tests.benchmarks.results import MIB, Row, run_of
from tests.benchmarks.scaling_page import (
    CACHED,
    CLEAN,
    CREATE,
    GIB,
    VERIFY,
    Image,
    Measured,
    figures,
)

# A second for each bundle, a hundredth of one for each MiB.
MODEL = Model(start=2, per_bundle=1, per_target=0, per_byte=0.01 / 2**20)
LEAST = Load(1, 1, 0)


def measured(name: str, unseen_seconds: float = 3) -> Measured:
    fitted = (Point(LEAST, 3), Point(Load(10, 10, 0), 12))
    caches = ((LEAST, 10_000), (Load(11, 11, 110), 10_000 + 110 + 10 * 2048))
    return Measured(name, MODEL, fitted, (Point(LEAST, unseen_seconds),), caches)


def text(unseen_seconds: float = 3) -> str:
    names = (CREATE, VERIFY, CLEAN, CACHED)
    created, verified = run_of(70, 60, 33 * MIB, 0), run_of(50, 40, 31 * MIB, 0)
    image = Image(50 * GIB, Row("ours", "create", (created,)), Row("ours", "verify", (verified,)))
    return figures(("cores: 2",), [measured(each, unseen_seconds) for each in names], image)


def test_coefficients_are_in_readable_units() -> None:
    assert f"| {CLEAN} | 2.00 s | 1000.0 ms | 0 ms | 10.24 s |\n" in text()


def test_page_states_the_error_of_the_model() -> None:
    said = text(unseen_seconds=2)
    assert "differs from these by at most 0 %, and from the others by at most 50 %:\n" in said
    assert f"| {CREATE} | 1 | 1 | 0 bytes | 2.00 s | 3.00 s | not fitted |\n" in said


def test_times_of_a_fleet_follow_the_model() -> None:
    """10,000 x (1 s + 0.64 s) + 2 s; one by one, 2 s each time."""
    said = text()
    assert "| built in Bazel, verified, signed with dev keys | 4.6 hours |\n" in said
    assert "| from a disk cache, without the payloads' bytes | 2.8 hours |\n" in said
    assert "| verified again on the command line, one after another | 10.1 hours |\n" in said
    assert "| stored in the cache in addition to payloads | 2.0 KiB a bundle |\n" in said


def test_the_image_is_in_seconds_and_as_a_speed() -> None:
    assert f"| {CREATE} | 70 | 0.71 | 33 MiB |\n" in text()
