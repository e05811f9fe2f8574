"""Topic file_download: targets, and bytes that are not the listed ones."""

import pytest
from tuf.api.metadata import TargetFile

from tests.serving.conformance.run import Run


@pytest.mark.parametrize(
    "path", ["file", "a/b/file.txt", "a b", "caf\N{LATIN SMALL LETTER E WITH ACUTE}"]
)
def test_target_is_downloaded(run: Run, path: str) -> None:
    run.add("targets", path, b"content")
    run.site.publish("targets")
    assert run.refresh() == 0
    assert run.requested_targets == []
    assert run.download(path) == 0
    assert run.downloaded == [b"content"]


def test_name_has_the_hash_in_front(run: Run) -> None:
    run.add("targets", "a/file", b"content")
    run.site.publish("targets")
    assert run.download("a/file") == 0
    digest = run.site.roles["targets"].targets["a/file"].hashes["sha256"]
    assert run.requested_targets == [f"a/{digest}.file"]


def test_several_targets_are_downloaded_by_one_command(run: Run) -> None:
    for name in ("one", "two"):
        run.add("targets", name, name.encode())
    run.site.publish("targets")
    assert run.download("one", "two") == 0
    assert run.downloaded == [b"one", b"two"]


def test_target_that_is_there_is_not_downloaded_again(run: Run) -> None:
    run.add("targets", "file", b"content")
    run.site.publish("targets")
    run.download("file")
    assert run.download("file") == 0
    assert run.requested_targets == []


def test_new_content_replaces_the_old_file(run: Run) -> None:
    for number in range(3):
        run.add("targets", "file", b"content %d" % number)
        run.site.publish("targets")
        assert run.download("file") == 0
        assert run.downloaded == [b"content %d" % number]


@pytest.mark.parametrize("content", [b"CONTENT", b"conten", b"content and more", b""])
def test_other_bytes_than_listed_are_rejected(run: Run, content: bytes) -> None:
    run.add("targets", "file", b"content")
    run.site.publish("targets")
    for name in run.site.objects:
        if name.startswith("targets/"):
            run.site.objects[name] = content
    assert run.download("file") == 1
    assert run.downloaded == []


def test_bad_bytes_do_not_replace_a_good_file(run: Run) -> None:
    run.add("targets", "file", b"content")
    run.site.publish("targets")
    run.download("file")
    digest = run.site.roles["targets"].targets["file"].hashes["sha256"]
    run.add("targets", "file", b"newer")
    run.site.publish("targets")
    newer = run.site.roles["targets"].targets["file"].hashes["sha256"]
    run.site.objects[f"targets/{newer}.file"] = run.site.objects[f"targets/{digest}.file"]
    assert run.download("file") == 1
    assert run.downloaded == [b"content"]


def test_missing_file_is_an_error(run: Run) -> None:
    hashes = {"sha256": "0" * 64}
    run.site.roles["targets"].targets["file"] = TargetFile(7, hashes, "file")
    run.site.publish("targets")
    assert run.download("file") == 1
    assert run.downloaded == []


def test_target_that_is_not_listed_is_not_requested(run: Run) -> None:
    run.site.target("file", b"content")
    assert run.download("file") == 1
    assert run.requested_targets == []
