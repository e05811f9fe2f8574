"""Runs every check that must pass before a change lands, with new and empty caches, as on a fresh machine.

The first line is the commit. Each check is a function listed in CHECKS and prints one line; a failed check
also prints its output. The last line is `N passed, N failed`: the checks, and every test case that Bazel ran.
A test that was skipped, or did not run, failed.
"""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Callable

from afterwards import remove_caches, tree_unchanged
from bazel_tests import device_lint, manual_tests, strict
from branch_coverage import coverage
from fuzzer import fuzz
from installation import install_by_hash, pip_install
from linters import buildifier, lint_tools, mypy, ruff_check, ruff_format
from machine import fresh_environment, make_scratch
from modules import dependent_module, distribution
from pages import page_labels, page_links, readme_example
from readme_commands import blinky_offline, readme_build, readme_test
from releases import release_rehearsal, smoke_module
from run import MINUTES, Run, Stopped, perform
from sources import keys_are_throwaway, names_no_machine
from words import plain_words

CHECKS: tuple[Callable[[Run], None], ...] = (
    names_no_machine,
    keys_are_throwaway,
    plain_words,
    buildifier,
    lint_tools,
    ruff_check,
    ruff_format,
    mypy,
    coverage,
    pip_install,
    install_by_hash,
    page_links,
    readme_example,
    readme_build,
    blinky_offline,
    readme_test,
    page_labels,
    manual_tests,
    device_lint,
    fuzz,
    distribution,
    dependent_module,
    release_rehearsal,
    smoke_module,
    strict,
    tree_unchanged,
)


def stop(*_: object) -> None:
    raise Stopped


def main() -> int:
    """Every check, then the removal of what they left, and the count."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)
    start = time.monotonic()
    scratch = make_scratch()
    run = Run(scratch, fresh_environment(scratch), start + 60 * MINUTES)
    try:
        status = run.command("git", "status", "--porcelain")
        (scratch / "git_status").write_text(status)
        # The program that makes releases reads this line.
        commit = run.command("git", "rev-parse", "HEAD").strip()
        print(f"commit {commit}{' with changes' if status else ''}", flush=True)
        for check in CHECKS:
            perform(check, run)
    except Stopped:
        pass
    finally:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        perform(remove_caches, Run(scratch, run.env, time.monotonic() + 180, run.count))
        print(f"all                {time.monotonic() - start:.0f} s")
        print(f"{run.count.passed} passed, {run.count.failed} failed", flush=True)
    return 1 if run.count.failed else 0


if __name__ == "__main__":
    sys.exit(main())
