"""Tests of users and their permissions."""

import os

from software_update.client.config import Approvers
from software_update.client.shell.callers import Caller, caller_of, may_answer, this_process

NOBODY_HAS_IT = 3_999_999_999


def test_own_user_may_always_answer() -> None:
    assert may_answer(this_process(), Approvers(frozenset(), frozenset()))


def test_user_or_group_must_be_an_approver() -> None:
    approvers = Approvers(frozenset({"alice"}), frozenset({"fitters"}))
    assert may_answer(Caller("alice", frozenset()), approvers)
    assert may_answer(Caller("bob", frozenset({"fitters", "bob"})), approvers)
    assert not may_answer(Caller("fitters", frozenset({"alice"})), approvers)


def test_user_without_a_name_is_a_number_and_approves_nothing() -> None:
    caller = caller_of(NOBODY_HAS_IT, NOBODY_HAS_IT)
    assert caller == Caller(f"uid {NOBODY_HAS_IT}", frozenset())
    assert not may_answer(caller, Approvers(frozenset({"alice"}), frozenset({"fitters"})))


def test_root_has_its_name_and_groups() -> None:
    caller = caller_of(0, 0)
    assert (caller.name, caller.own) == ("root", os.geteuid() == 0)
