"""Topic quoting_issues: names of roles and targets that mean something in URLs and paths."""

from urllib.parse import quote

import pytest

from tests.serving.conformance.run import Run

ROLES = ["?", "#", "/absolute", "../above", "a/b", "%2e", "..", "a b"]
TARGETS = ["../outside", "/absolute", "a/../../outside", "a?b", "a#b", "a%2fb"]


@pytest.mark.parametrize("name", ROLES)
def test_name_of_a_role_is_quoted_in_urls_and_files(run: Run, name: str) -> None:
    run.site.delegate(name, ["*"])
    run.site.publish("targets")
    quoted = quote(name, "")
    run.site.objects[f"metadata/1.{quoted}.json"] = run.site.objects[f"metadata/1.{name}.json"]
    assert run.download("missing") == 1
    assert run.requested[-1] == f"1.{quoted}.json"
    folder = run.folder / "metadata"
    files = [each for each in run.folder.rglob("*.json") if "root" not in each.name]
    assert len(files) == 4
    assert {each.parent for each in files} == {folder}


@pytest.mark.parametrize("path", TARGETS)
def test_name_of_a_target_stays_in_the_folder_of_targets(run: Run, path: str) -> None:
    run.add("targets", path, b"content")
    run.site.publish("targets")
    before = {each for each in run.folder.rglob("*") if "targets" not in each.parts}
    run.download(path)
    assert {each for each in run.folder.rglob("*") if "targets" not in each.parts} >= before
    outside = [run.folder / "outside", run.folder.parent / "outside"]
    assert not any(each.exists() for each in outside)
    inside = run.folder / "targets"
    assert all(inside in each.parents for each in run.folder.rglob("*outside*"))
