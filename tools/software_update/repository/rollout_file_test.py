"""Tests of rollout_file.py."""

import json

import pytest
from tuf.api.metadata import Targets

from software_update.base.errors import InputError
from software_update.format.rollout import Band, Rollout
from software_update.repository.rollout_file import rollout_payload, rollouts_of

RULES = (Rollout("ab" * 32, (Band(5, 1_800_000_000),), True, "it blinks"),)


def test_file_and_role_have_the_same_rules() -> None:
    (name, content), role = rollout_payload("meter", "stable", RULES)
    assert rollouts_of(role) == RULES
    target = role.targets["rollout/meter/stable.json"]
    assert json.loads(content) == target.custom
    assert name == f"targets/rollout/meter/{target.hashes['sha256']}.stable.json"
    target.verify_length_and_hashes(content)


def test_role_without_a_file_has_no_rules() -> None:
    _, role = rollout_payload("meter", "stable", RULES)
    assert rollouts_of(Targets()) == ()
    role.targets["rollout/meter/stable.json"].unrecognized_fields["custom"] = {}
    with pytest.raises(InputError, match=r"rollout/meter/stable.json: does not have the schema"):
        rollouts_of(role)
