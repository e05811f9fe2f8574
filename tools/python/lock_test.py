"""Tests of lock.py."""

from __future__ import annotations

import fetch_wheels
import lock
import pytest


def test_requirements_marked_no_deps_are_set_apart() -> None:
    text = "# words  # no-deps\nplain>=1\n\nalone==2  # no-deps\n"
    assert lock.split_requirements(text) == (["plain>=1"], ["alone==2"])


def test_lock_text_lists_every_hash_once_and_sorted() -> None:
    wheels = {
        "b_c-2.0-cp312-cp312-any.whl": "22",
        "b_c-2.0-cp311-cp311-any.whl": "11",
        "b_c-2.0-cp313-cp313-any.whl": "22",
        "A-1-py3-none-any.whl": "33",
    }
    assert lock.lock_text("x.in", wheels).partition("bazelw run //tools/python:lock\n")[2] == (
        "a==1 \\\n    --hash=sha256:33\n"
        "b-c==2.0 \\\n    --hash=sha256:11 \\\n    --hash=sha256:22\n"
    )


def test_two_versions_of_one_distribution_are_refused() -> None:
    wheels = {"a-1-py3-none-any.whl": "11", "a-2-py3-none-any.whl": "22"}
    with pytest.raises(lock.LockError, match=r"two versions of a; pin one in x\.in"):
        lock.lock_text("x.in", wheels)


def test_both_scripts_speak_of_the_same_pythons_and_platforms() -> None:
    assert lock.PYTHONS == fetch_wheels.PYTHONS
    assert len(lock.PLATFORMS) == len(fetch_wheels.PLATFORMS)
