"""The page about the TUF specification names the topics and limits that there are."""

import re
from pathlib import Path

from software_update.format import catalog
from tuf.ngclient import UpdaterConfig

PAGE = Path("docs/explanation/tuf_conformance.md").read_text(encoding="utf-8")
KIB, MIB = 1024, 1024 * 1024
LIMITS = {
    "a root": f"{catalog.MAX_ROOT_BYTES // KIB} KiB",
    "a timestamp": f"{catalog.MAX_TIMESTAMP_BYTES // KIB} KiB",
    "a snapshot": f"{catalog.MAX_SNAPSHOT_BYTES // KIB} KiB",
    "any other role": f"{catalog.MAX_TARGETS_BYTES // MIB} MiB",
    # The top-level role is visited, too.
    "roles that are visited for one target": f"{UpdaterConfig().max_delegations + 1}",
}


def test_each_topic_has_a_file_of_cases() -> None:
    topics = re.findall(r"^\| `([a-z_]+)` \|", PAGE, re.MULTILINE)
    files = {each.name.removesuffix("_test.py") for each in Path(__file__).parent.glob("*_test.py")}
    assert len(topics) == 10
    assert files - {"page"} == set(topics)


def test_limits_are_those_of_the_client() -> None:
    table = PAGE.partition("| what | limit |")[2]
    assert dict(re.findall(r"^\| (.*?) \| (.*?) \|$", table, re.MULTILINE)) == LIMITS
