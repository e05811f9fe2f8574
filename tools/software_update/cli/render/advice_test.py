"""Tests of advice.py."""

import pytest

from software_update.base.errors import Advice, InputError
from software_update.cli.render.advice import TEXT, with_advice


@pytest.mark.parametrize("advice", Advice)
def test_every_advice_has_a_sentence(advice: Advice) -> None:
    assert (
        with_advice(InputError("app.pem: not a key", advice))
        == f"app.pem: not a key; {TEXT[advice]}"
    )
    assert TEXT[advice].isprintable()


def test_error_without_advice_is_its_text() -> None:
    assert with_advice(InputError("app.pem: not a key")) == "app.pem: not a key"
