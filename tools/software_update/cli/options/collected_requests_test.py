"""Tests of collected_requests.py."""

import json
from pathlib import Path
from typing import Any

import pytest

from software_update.base.errors import InputError
from software_update.cli.options.collected_requests import read_collected_requests
from software_update.steps.gather import RequestFile

ENTRY: dict[str, Any] = {
    "request": "a.signing_request",
    "label": "//a:a",
    "signatures_folder": "a/signatures",
    "roots": ["root.pb"],
}


def write(tmp_path: Path, document: Any) -> str:
    path = tmp_path / "list.json"
    path.write_text(json.dumps(document))
    return str(path)


def test_requests_and_their_roots_each_once(tmp_path: Path) -> None:
    other = ENTRY | {"label": "//b:b", "roots": ["other.pb", "root.pb"]}
    assert read_collected_requests(write(tmp_path, [ENTRY, other])) == (
        [
            RequestFile("a.signing_request", "//a:a", "a/signatures"),
            RequestFile("a.signing_request", "//b:b", "a/signatures"),
        ],
        ["root.pb", "other.pb"],
    )


@pytest.mark.parametrize(
    "document",
    [
        {},
        None,
        1,
        ["x"],
        [{}],
        [ENTRY | {"label": 1}],
        [ENTRY | {"roots": [1]}],
        [ENTRY | {"roots": None}],
    ],
)
def test_another_form_is_refused(tmp_path: Path, document: Any) -> None:
    if document == {}:
        document = {"requests": []}
    with pytest.raises(InputError, match=r"list\.json: not of the form \[\{"):
        read_collected_requests(write(tmp_path, document))
