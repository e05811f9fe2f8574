"""Tests the life of a gateway, and that the page has its transcript."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from software_update.testing.short_folder import short_folder

from examples.gateway.life import PAGE, TRANSCRIPT, Life, life_in, live


@pytest.fixture(name="transcript")
def transcript_fixture() -> list[str]:
    return []


@pytest.fixture(name="life")
def life_fixture(transcript: list[str]) -> Iterator[Life]:
    def tell(line: str) -> None:
        print(line, flush=True)
        transcript.append(line)

    with short_folder() as folder, life_in(folder, os.environ, tell) as life:
        yield life


def test_page_has_the_transcript_of_a_life(life: Life, transcript: list[str]) -> None:
    live(life)
    print(f"the emulator ran for {life.machine.seconds:.0f} s")
    found = TRANSCRIPT.search(Path(PAGE).read_text())
    assert found
    assert found[2].splitlines() == transcript
