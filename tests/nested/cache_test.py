"""docs/remote.md's cache on this machine: what one checkout has built, another need not build."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from pathlib import Path

from tests.nested.nested_bazel import Bazel, Spawn, bazel, copy_sources

PAGE = Path("docs/remote.md").read_text()
FOLDER = "~/.cache/bazel-disk-cache"
BUNDLES = ("product-update.bundle", "defaults.bundle")


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


def test_another_checkout_runs_nothing_of_ours(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    with checkout(tmp_path / "one", cache) as first:
        assert "disk cache hit" not in runners_of_ours(first.build("//..."))
        expected = bundles(first)
    with checkout(tmp_path / "elsewhere/other", cache) as second:
        assert runners_of_ours(second.build("//...")) == {"disk cache hit"}
        assert bundles(second) == expected
