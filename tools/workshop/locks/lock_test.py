"""Tests of lock.py."""

from __future__ import annotations

import re

import fetch_wheels
import lock
import pytest


def test_requirements_marked_no_deps_are_set_apart() -> None:
    text = "# words  # no-deps\nplain>=1\n\nbare==2  # no-deps\n"
    assert lock.split_requirements(text) == (["plain>=1"], ["bare==2"])


def test_lock_text_lists_every_hash_once_and_sorted() -> None:
    wheels = {
        "b_c-2.0-cp312-cp312-any.whl": "22",
        "b_c-2.0-cp311-cp311-any.whl": "11",
        "b_c-2.0-cp313-cp313-any.whl": "22",
        "A-1-py3-none-any.whl": "33",
    }
    assert lock.lock_text("x.in", wheels).partition(f"{lock.COMMAND}\n")[2] == (
        "a==1 \\\n    --hash=sha256:33\n"
        "b-c==2.0 \\\n    --hash=sha256:11 \\\n    --hash=sha256:22\n"
    )


def test_two_versions_of_one_distribution_are_refused() -> None:
    wheels = {"a-1-py3-none-any.whl": "11", "a-2-py3-none-any.whl": "22"}
    with pytest.raises(lock.LockError, match=r"two versions of a; pin one in x\.in"):
        lock.lock_text("x.in", wheels)


def test_both_scripts_have_the_same_pythons_and_platforms() -> None:
    assert lock.PYTHONS == fetch_wheels.PYTHONS
    assert len(lock.PLATFORMS) == len(fetch_wheels.PLATFORMS)


LOCKS = ["benchmarks", "browser", "build", "fuzz", "lint", "mcuboot", "remote", "runtime", "sbom"]
LOCKS += ["servers", "signers", "site", "spdx", "storages", "test"]


def test_locks_of_both_folders_are_found() -> None:
    assert list(lock.all_sources()) == LOCKS


@pytest.mark.parametrize("name", LOCKS)
def test_lock_is_whole(name: str) -> None:
    source = lock.all_sources()[name]
    text = source.with_suffix(".txt").read_text()
    requirements, no_deps = lock.split_requirements(source.read_text())
    asked = {re.split(r"[<>=!~ \[]", line)[0] for line in requirements + no_deps}
    pinned = re.findall(r"^([a-z0-9-]+)==[0-9a-z.]+ \\\n    --hash=sha256:[0-9a-f]{64}", text, re.M)
    assert asked <= set(pinned)
    assert len(pinned) == text.count("==")
    # The machine's settings of pip stay on the machine.
    assert "://" not in text
    assert "-index" not in text and "find-links" not in text
