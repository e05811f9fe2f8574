"""Tests of names.py."""

import pytest

from software_update.base.errors import InputError
from software_update.repository.storages.names import check_name, media_type


@pytest.mark.parametrize("name", ["", "/a", "a/", "a//b", "../a", "a/./b", "a\nb", "a\x00b"])
def test_name_that_could_leave_the_storage_is_rejected(name: str) -> None:
    with pytest.raises(InputError, match="not the name of an object"):
        check_name(name)


@pytest.mark.parametrize(
    "name", ["a", "targets/my lamp/stable/ab.1.0.bundle", "metadata/1.a..b.json"]
)
def test_name_of_an_object_is_accepted(name: str) -> None:
    check_name(name)


def test_media_type_is_that_of_the_name() -> None:
    assert media_type("metadata/1.root.json") == "application/json"
    assert media_type("targets/a.bundle") == "application/octet-stream"
