"""Questions and situations for tests of policies."""

from dataclasses import replace
from typing import Any

from software_update.client.decision import Situation
from software_update.client.question import Phase, Question

NOW = 1924992000
"""2031-01-01T00:00:00Z."""

QUESTION = Question(
    domain="main",
    phase=Phase.DOWNLOAD,
    release="11" * 32,
    root="22" * 32,
    vendor="Example Lamps Ltd",
    product="lamp",
    from_version="1.4.0",
    to_version="1.5.0",
    download_bytes=12_000_000,
    install_bytes=30_000_000,
)

SITUATION = Situation(now=NOW, local_minute=12 * 60, first_asked=NOW)


def question(**changes: Any) -> Question:
    """Returns the question about a release, with other values of some fields."""
    return replace(QUESTION, **changes)


def situation(**changes: Any) -> Situation:
    """Returns noon, with no installation and no postponement before, with other values of some fields."""
    return replace(SITUATION, **changes)
