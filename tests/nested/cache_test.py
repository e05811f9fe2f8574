"""Tests the local cache of docs/guides/remote.md: checkouts share outputs until the tool changes."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from pathlib import Path

from tests.nested.nested_bazel import Bazel, Spawn, bazel, copy_sources

PAGE = Path("docs/guides/remote.md").read_text()
FOLDER = "~/.cache/bazel-disk-cache"
BUNDLES = ("product-update.bundle", "defaults.bundle")
# A line of the tool that decides how its records look. Its bundles stay the same.
DIGEST_STEP = "tools/software_update/base/strict_json.py"
LAYOUT, OTHER_LAYOUT = "json.dumps(value, indent=1)", "json.dumps(value, indent=7)"
# A command that no action of a build runs.
OTHER_COMMAND = "tools/software_update/cli/commands/explain.py"


@contextlib.contextmanager
def checkout(folder: Path, cache: Path) -> Iterator[Bazel]:
    """The consumer in a folder of its own, with the page's lines and with a PATH that no other has."""
    workspace = copy_sources(folder / "sources")
    lines = re.search(r"^```text disk_cache.bazelrc\n(.*?)^```$", PAGE, re.M | re.S)
    assert lines and FOLDER in lines[1]
    with (workspace / ".bazelrc").open("a") as bazelrc:
        bazelrc.write(lines[1].replace(FOLDER, str(cache)))
    with bazel(workspace, folder / "scratch") as server:
        server.env["PATH"] += f":{folder}"
        yield server


def runners_of_ours(spawns: list[Spawn]) -> set[str]:
    return {spawn.runner for spawn in spawns if spawn.mnemonic.startswith("SoftwareUpdate")}


def bundles(server: Bazel) -> list[bytes]:
    return [server.output(name).read_bytes() for name in BUNDLES]


def record(server: Bazel) -> list[str]:
    """The lines of a record that the tool has written."""
    [path] = server.output("defaults.digests").rglob("*.json")
    return path.read_text().splitlines()


def change_tool(sources: Path) -> None:
    step = sources / DIGEST_STEP
    text = step.read_text()
    assert text.count(LAYOUT) == 1
    step.write_text(text.replace(LAYOUT, OTHER_LAYOUT))


def test_cache_returns_only_results_of_the_same_tool(tmp_path: Path) -> None:
    """With a warm server, too: its worker has the former tool in memory."""
    cache = tmp_path / "cache"
    label = "//:defaults"
    with checkout(tmp_path / "one", cache) as first:
        assert "disk cache hit" not in runners_of_ours(first.build("//..."))
        expected = bundles(first)
        former = record(first)
        with (tmp_path / "one/sources" / OTHER_COMMAND).open("a") as command:
            command.write("CHANGED = True\n")
        assert runners_of_ours(first.build("//...")) == set()
        change_tool(tmp_path / "one/sources")
        assert runners_of_ours(first.build(label)) == {"worker"}
        assert record(first) == [
            re.sub("^( +)", lambda indent: indent[0] * 7, line) for line in former
        ]
        assert record(first) != former
    with checkout(tmp_path / "elsewhere/other", cache) as second:
        assert runners_of_ours(second.build("//...")) == {"disk cache hit"}
        assert bundles(second) == expected
        # After a cache hit, Bazel downloads only the outputs that are requested.
        groups = "--output_groups=verdict,installed"
        assert not runners_of_ours(second.build(label, groups, "--norun_validations"))
        assert '"verdict": "ACCEPT"' in second.output("defaults.verdict.json").read_text()
        assert second.output("defaults.installed.pb").read_bytes()
