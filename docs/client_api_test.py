"""Tests that the page about the client's API has each request, member, code and limit of the code."""

import configparser
import re
from pathlib import Path

import jsonschema  # type: ignore[import-untyped]
import pytest
from json_schemas import Schemas
from referencing import Registry, Resource
from software_update.client import config_options
from software_update.client.effects import Effect
from software_update.client.question import Phase
from software_update.client.shell import actions, api, http_request, page_socket
from software_update.client.shell.control import MAX_LINES
from software_update.client.shell.http_request import HttpError
from software_update.client.shell.service import Progress
from software_update.client.state import Reply
from software_update.client.values import DURATION

PAGE = Path("docs/reference/client_api.md").read_text(encoding="utf-8")
UNIT = Path("examples/client/software-update-client.service")
SCHEMAS = Schemas(Path("docs/reference/schemas"))
REGISTRY = Registry().with_resources(
    (file, Resource.from_contents(schema)) for file, schema in SCHEMAS.files.items()
)


def rows(begin: str) -> list[list[str]]:
    """Returns the cells of the rows of all tables that begin with a text."""
    lines = re.findall(rf"^\| ({begin}.*) \|$", PAGE, re.MULTILINE)
    return [[cell.strip() for cell in line.split("|")] for line in lines]


def test_page_lists_each_action_with_its_members() -> None:
    listed = {
        request.strip("`").removeprefix("POST /v1/"): re.findall(r"`(\w+)`", members)
        for request, members, _ in rows("`POST ")
    }
    assert listed == {name: list(action.members) for name, action in actions.ACTIONS.items()}


def test_page_lists_each_reading() -> None:
    paths = {
        request.strip("`").removeprefix("GET ").partition("?")[0] for request, _ in rows("`GET ")
    }
    assert paths == {*api._READINGS, "/v1/events"}


def test_page_lists_each_code() -> None:
    listed = {
        int(status): code.strip("`")
        for statuses, code, _ in rows("[45][0-9]{2}")
        for status in statuses.split(",")
    }
    assert listed == {status: code for status, (code, _) in api.CODES.items()}
    schema = SCHEMAS.files["client_error.v1.schema.json"]["properties"]
    assert schema["code"]["enum"] == sorted(set(listed.values()))
    assert schema["exit_code"]["enum"] == sorted({exit_ for _, exit_ in api.CODES.values()})


def test_page_lists_replies_and_phases() -> None:
    [[_, replies]] = rows("`reply`")
    assert re.findall(r"`(\w+)`", replies) == [each.value for each in Reply]
    [[_, phases]] = rows("`phases`")
    assert {each.value for each in Phase} < set(re.findall(r"`(\w+)`", phases))


def test_page_has_the_limits() -> None:
    assert (http_request.MAX_BODY_BYTES, http_request.MAX_HEAD_BYTES) == (16 * 1024, 8 * 1024)
    assert (api.MAX_OF_USER, api.MAX_LISTENERS_OF_USER, api.MAX_CONNECTIONS) == (8, 4, 32)
    assert (api.REQUEST_SECONDS, MAX_LINES) == (10, 1000)


@pytest.mark.parametrize(
    ("file", "document"),
    [
        ("client_error.v1.schema.json", api.error_document(HttpError(403, "no"))[1]),
        ("client_page.v1.schema.json", page_socket.address_document("http://127.1.2.3:4/#5")),
        ("client_progress.v1.schema.json", api.progress_document(Progress(Effect.STORE, 1, 2))),
        ("client_progress.v1.schema.json", api.progress_document(Progress(Effect.STORE, 1, None))),
    ],
)
def test_documents_match_their_schemas(file: str, document: dict[str, object]) -> None:
    validator = jsonschema.Draft202012Validator(SCHEMAS.files[file], registry=REGISTRY)
    assert validator.is_valid(document)
    assert SCHEMAS.paths(file) == {*document}
    for name in document:
        assert not validator.is_valid({**document, name: {}}), name


def test_schema_lists_the_work_of_each_effect_that_moves_bytes() -> None:
    schema = SCHEMAS.files["client_progress.v1.schema.json"]["properties"]["work"]
    effects = [Effect.STORE, Effect.VERIFY_STORED, Effect.WRITE_SLOT, Effect.VERIFY_SLOT]
    assert schema["enum"] == [each.value for each in effects]


def test_unit_notifies_and_its_watchdog_wakes_up_no_idle_device() -> None:
    unit = configparser.ConfigParser(interpolation=None)
    unit.optionxform = str  # type: ignore[assignment, method-assign]
    unit.read(UNIT)
    service = unit["Service"]
    assert service["Type"] == "notify"
    [check] = [each for each in config_options.CONFIGURATION.options if each.name == "check"]
    [interval] = [each for each in check.kind.options if each.name == "interval"]  # type: ignore[union-attr]
    longest_sleep = 1.25 * DURATION.read(interval.default)
    assert DURATION.read(service["WatchdogSec"]) >= 2 * longest_sleep
