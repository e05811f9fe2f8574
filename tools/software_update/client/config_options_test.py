"""Tests of the table of options: each is described, and each default is valid."""

import re
from collections.abc import Iterator

import pytest

from software_update.client.config_options import (
    CONFIGURATION,
    INSTALLER_TYPES,
    POLICIES,
    POLICY,
    SINGLE_TARGET_TYPES,
)
from software_update.client.sections import REQUIRED, Option, Section


def options(section: Section) -> Iterator[Option]:
    """Yields all options of a section, of its types, and of the sections below it."""
    own = [option for each in section.types.values() for option in each.options]
    for option in (*section.options, *own):
        yield option
        if isinstance(option.kind, Section):
            yield from options(option.kind)


ALL = [*options(CONFIGURATION)]


@pytest.mark.parametrize("option", ALL, ids=lambda option: option.name)
def test_option_has_a_plain_name_and_a_meaning(option: Option) -> None:
    assert re.fullmatch(r"[a-z]+(_[a-z]+)*", option.name)
    meaning = option.kind.meaning if isinstance(option.kind, Section) else option.meaning
    assert meaning.endswith(".")


@pytest.mark.parametrize("option", ALL, ids=lambda option: option.name)
def test_default_is_valid(option: Option) -> None:
    if option.default is REQUIRED or option.default is None:
        return
    if isinstance(option.kind, Section):
        assert option.default == {}
    else:
        option.kind.read(option.default)


def test_types_have_meanings() -> None:
    kinds = [each.kind for each in ALL if isinstance(each.kind, Section)]
    types = [each for kind in kinds for each in kind.types.values()]
    assert len(types) > 10
    assert all(each.meaning.endswith(".") for each in types)


def test_policy_has_the_sections_of_the_chain_in_order() -> None:
    names = [each.name for each in POLICY.options if isinstance(each.kind, Section)]
    assert names == [*POLICIES]


def test_installers_of_one_target_are_types_of_installers() -> None:
    assert INSTALLER_TYPES.keys() > SINGLE_TARGET_TYPES
