"""The main of every pytest_test: pytest, set up by what Bazel says in the environment."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest


class BazelPlugin:
    """Refuses test files without tests, and takes this shard's part of the tests."""

    def __init__(self, files: list[Path], shard: int, shards: int) -> None:
        self._files = files
        self._shard = shard
        self._shards = shards
        self.empty_shard = False

    @pytest.hookimpl(wrapper=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> Iterator[None]:
        """Looks before `-k` deselects anything, and shares out what it leaves."""
        collected = {item.path for item in items}
        for file in self._files:
            if file not in collected:
                raise pytest.UsageError(f"{file.name}: no test in it; name functions test_*")
        yield
        before = len(items)
        items[:] = items[self._shard :: self._shards]
        self.empty_shard = before > 0 and not items


def arguments(env: dict[str, str], root: Path) -> list[str]:
    """pytest's options. No settings file is read: a test behaves the same from any folder."""
    scratch = Path(env["TEST_TMPDIR"])
    args = [f"--rootdir={root}", f"--confcutdir={root}", f"--config-file={os.devnull}"]
    args += ["--import-mode=importlib", "--strict-markers", "--strict-config"]
    args += ["-pno:cacheprovider", f"--basetemp={scratch / 'pytest'}", "-ra", "--color=no"]
    if "XML_OUTPUT_FILE" in env:
        args += [f"--junitxml={env['XML_OUTPUT_FILE']}"]
        args += [f"--override-ini=junit_suite_name={env.get('TEST_TARGET', 'pytest')}"]
    if env.get("TESTBRIDGE_TEST_ONLY"):
        args += ["-k", env["TESTBRIDGE_TEST_ONLY"]]
    return args


def main(argv: list[str]) -> int:
    """Runs pytest on the files and options in `argv`, from the runfiles folder."""
    root = Path.cwd()
    files = [root / arg for arg in argv if arg.endswith(".py")]
    if "TEST_SHARD_STATUS_FILE" in os.environ:
        Path(os.environ["TEST_SHARD_STATUS_FILE"]).touch()  # Says that we can shard.
    plugin = BazelPlugin(
        files,
        int(os.environ.get("TEST_SHARD_INDEX", "0")),
        int(os.environ.get("TEST_TOTAL_SHARDS", "1")),
    )
    # Hypothesis would write its examples next to the sources.
    os.environ.setdefault(
        "HYPOTHESIS_STORAGE_DIRECTORY", str(Path(os.environ["TEST_TMPDIR"], "hypothesis"))
    )
    status = pytest.main(arguments(dict(os.environ), root) + argv, plugins=[plugin])
    if status == pytest.ExitCode.NO_TESTS_COLLECTED and plugin.empty_shard:
        return 0
    return int(status)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
