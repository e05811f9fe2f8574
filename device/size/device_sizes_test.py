"""The page of sizes is true, and its lines do not grow unnoticed."""

import os
from pathlib import Path

import device_sizes
from device_sizes import Line


def test_no_line_has_grown() -> None:
    problems = device_sizes.growth(device_sizes.measure(), Path(os.environ["PAGE"]).read_text())
    assert not problems, f"make it smaller, or renew the page with {device_sizes.UPDATE}"


def test_growth_is_found() -> None:
    page = device_sizes.render([Line("part", 1000, 2000, 5000), Line("heap", 0, 0, 0)])
    assert device_sizes.growth([Line("part", 1019, 2039), Line("heap", 0, 0)], page) == []
    assert device_sizes.growth([Line("part", 1021, 2041), Line("other", 1)], page) == [
        "part: 1021 on Cortex-M3, the page says 1000",
        "part: 2041 on Cortex-M0, the page says 2000",
        "other: not on the page",
    ]
    assert device_sizes.growth([Line("heap", 1, 0)], page) == [
        "heap: 1 on Cortex-M3, the page says 0"
    ]
