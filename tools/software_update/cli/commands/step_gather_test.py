"""Tests of step gather."""

import json
from pathlib import Path

import pytest

from software_update.testing import gathered
from software_update.testing.command import done, failed
from software_update.testing.workspace import snapshot


@pytest.fixture(name="args")
def args_fixture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Arguments that name each request and the root."""
    monkeypatch.chdir(tmp_path)
    requests = gathered.request_files(Path("build"))
    named = [
        f"{option}={value}"
        for each in requests
        for option, value in zip(("--request", "--label", "--signatures-folder"), each, strict=True)
    ]
    return ["step", "gather", *named, "--root=build/root.pb"]


def test_gather(args: list[str]) -> None:
    result = done(*args, "-o", "requests")
    assert (result.out, result.err) == ("", "")
    index = json.loads(Path("requests/index.json").read_bytes())
    assert [each["label"] for each in index["requests"]] == sorted(gathered.LABELS)


def test_collected_requests_give_the_same_folder_and_a_depfile(args: list[str]) -> None:
    done(*args, "-o", "requests")
    entries = [
        {
            "request": f"build/{number}.signing_request",
            "label": label,
            "signatures_folder": gathered.FOLDERS[label],
            "roots": ["build/root.pb"],
        }
        for number, label in enumerate(gathered.LABELS)
    ]
    Path("list.json").write_text(json.dumps(entries))
    more = ["--collected-requests=list.json", "--depfile=requests.d"]
    done("step", "gather", *more, "-o", "collected")
    assert snapshot(Path("collected")) == snapshot(Path("requests"))
    output, _, inputs = Path("requests.d").read_text().partition(": ")
    assert output == "collected/index.json"
    names = {f"build/{number}.signing_request" for number in range(len(entries))}
    assert set(inputs.split()) == {
        *names,
        *(f"{name}.json" for name in names),
        "build/root.pb",
        "list.json",
    }


def test_request_without_a_label_or_folder(args: list[str]) -> None:
    text = "step gather: each --request needs a --label and a --signatures-folder"
    for left_out in args[2:5]:
        named = [each for each in args if each != left_out]
        assert failed(2, *named, "-o", "requests") == text


def test_no_request(args: list[str]) -> None:
    text = "step gather: there is no request; name one with --request"
    assert failed(2, *args[:2], "-o", "requests") == text
