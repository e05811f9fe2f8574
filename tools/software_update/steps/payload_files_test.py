"""Tests of payload_files.py."""

import pytest

from software_update.base.errors import Advice, UsageError
from software_update.steps.payload_files import check_distinct, payload_files

APP = ("app", "app.bin")


def test_user_manifest_comes_last() -> None:
    assert payload_files([APP], "release.json") == [APP, ("user_manifest", "release.json")]
    assert payload_files([APP]) == [APP]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("", "target '': the name is empty; rename it"),
        ("../a", r"target '\.\./a': the name has the part '\.\.'; rename it"),
        ("User_Manifest", "target 'User_Manifest': the name is reserved"),
    ],
)
def test_rejected_names(name: str, text: str) -> None:
    with pytest.raises(UsageError, match=f"^{text}$"):
        payload_files([APP, (name, "x")])


def test_reserved_name_advises_the_user_manifest() -> None:
    with pytest.raises(UsageError) as caught:
        payload_files([("user_manifest", "x")])
    assert caught.value.advice == Advice.STATE_USER_MANIFEST


@pytest.mark.parametrize("other", ["app", "APP"])
def test_names_that_differ_only_in_case_are_rejected(other: str) -> None:
    text = rf"^two targets 'app' \(app\.bin\) and '{other}' \(x\); rename one, or leave it out$"
    with pytest.raises(UsageError, match=text):
        check_distinct([("boot", "boot.bin"), APP, (other, "x")])
    with pytest.raises(UsageError, match=text):
        payload_files([APP, (other, "x")])
