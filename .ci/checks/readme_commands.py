"""The two commands of README.md, and the first one again without a network."""

from __future__ import annotations

import hashlib
import sys

from bazel_tests import ALL_TESTS, counted_tests
from run import TOP, CheckError, Run

README_BUILD = "./bazelw build //examples/blinky:bundle"
README_TEST = "./bazelw test //..."


def readme_build(run: Run) -> None:
    """The README's first command makes the bundle."""
    run.command(*readme_command(README_BUILD))
    (run.scratch / "blinky.sha256").write_text(blinky_digest())


def readme_test(run: Run) -> None:
    """The README's second command passes."""
    with counted_tests(run, ALL_TESTS):
        run.command(*readme_command(README_TEST))


def blinky_offline(run: Run) -> None:
    """With its repositories fetched, blinky builds without a network, to the same bytes."""
    run.bazel("clean")
    run.bazel("shutdown")  # A server in another network namespace cannot be reached.
    # Nor can this one be from outside, so it must not stay.
    script = f'{README_BUILD}; status=$?; ./bazelw shutdown; exit "$status"'
    offline = ("unshare", "--net", sys.executable, ".ci/without_network.py")
    run.command(*offline, "sh", "-c", script)
    if blinky_digest() != (run.scratch / "blinky.sha256").read_text():
        raise CheckError("the bundle has other bytes than with a network")


def readme_command(command: str) -> list[str]:
    """Returns the words of a command, which must be a line of README.md."""
    lines = (TOP / "README.md").read_text().splitlines()
    if command not in lines:
        raise CheckError(f"README.md has no line '{command}'")
    return command.split()


def blinky_digest() -> str:
    bundle = TOP / "bazel-bin/examples/blinky/bundle.bundle"
    return hashlib.sha256(bundle.read_bytes()).hexdigest()
