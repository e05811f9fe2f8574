"""Tests of the guide about hawkBit: its example, errors and messages are those of the client."""

import re
import tomllib
from pathlib import Path

import pytest
from software_update.client.config_options import CONFIGURATION, SOURCE_TYPES
from software_update.client.ddi_feedback import after_cancel, after_check
from software_update.client.sections import Section, read_section
from software_update.client.state import Code

PAGE = Path("docs/guides/hawkbit.md").read_text(encoding="utf-8")
CODE = Path("tools/software_update/client")


def rows(heading: str) -> dict[str, str]:
    """Returns the table below the line `| heading |`: the first column and the rest."""
    table = PAGE.partition(f"| {heading} |")[2].partition("\n\n")[0]
    cells = [line.strip("| ").partition(" | ") for line in table.splitlines()[2:]]
    return {first.strip("`"): rest for first, _, rest in cells}


def test_example_is_valid() -> None:
    [text] = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    [source] = tomllib.loads(text)["domains"]["system"]["sources"]
    values, problems = read_section(Section("", "", [], SOURCE_TYPES), source, "")
    assert problems == []
    assert values["options"]["shortest_poll"] == 900
    assert values["options"]["attributes"] == {"board": "lamp-2"}
    assert CONFIGURATION.options


@pytest.mark.parametrize("error", rows("error"))
def test_errors_are_those_of_the_client(error: str) -> None:
    texts = [path.read_text(encoding="utf-8") for path in sorted(CODE.rglob("*.py"))]
    joined = [re.sub(r'"\s+f?"', "", text) for text in texts]
    assert any(error.removeprefix("the server ") in text for text in joined)


@pytest.mark.parametrize(
    "code, offer, row",
    [
        (Code.UP_TO_DATE, "deploymentBase", "has updated, or runs the release already"),
        (Code.DECLINED, "confirmationBase", "has declined the update, or its policy has"),
        (Code.REFUSED, "deploymentBase", "cannot or must not install the release"),
    ],
)
def test_messages_are_those_of_the_client(code: Code, offer: str, row: str) -> None:
    words = []
    for message in after_check(f"{offer}/10", code, "a reason"):
        body = message["body"]
        if "confirmation" in body:
            words.append(body["confirmation"])
        else:
            words += [body["status"]["execution"], body["status"]["result"]["finished"]]
    told = rows("the device")[row].partition(" | ")[0]
    assert sorted(re.findall(r"`(\w+)`", told)) == sorted({*words} - {"none"})


def test_release_that_runs_is_not_cancelled() -> None:
    body = after_cancel("cancelAction/10", accepted=False)["body"]
    assert f"the client answers `{body['status']['execution']}`" in PAGE
    assert f"the code `{Code.WITHDRAWN.value}`" in PAGE
