"""Tests of hawkBit's messages."""

import json
from typing import Any

import pytest

from software_update.client.sources.ddi_messages import (
    Poll,
    configuration,
    confirmation,
    feedback,
    number_of,
    parse_cancelled,
    parse_deployment,
    parse_poll,
)

DEVICE = "https://hawkbit.example/DEFAULT/controller/v1/lamp-1"


def encoded(document: Any) -> bytes:
    return json.dumps(document).encode()


def poll(sleep: object = "00:05:00", **links: str) -> Poll:
    found = {name: {"href": f"{DEVICE}/{path}"} for name, path in links.items()}
    return parse_poll(encoded({"config": {"polling": {"sleep": sleep}}, "_links": found}))


def deployment(*artifacts: Any, member: str = "deployment", **handling: str) -> bytes:
    chunks = [{"part": "os", "artifacts": [each]} for each in artifacts]
    return encoded({"id": "10", member: {**handling, "chunks": chunks}})


def artifact(name: str, **links: str) -> Any:
    return {"filename": name, "_links": {key: {"href": url} for key, url in links.items()}}


def test_poll_without_an_action() -> None:
    assert poll() == Poll(300, False, "", "")
    assert parse_poll(b"{}") == Poll(None, False, "", "")


def test_poll_names_resources_whatever_their_host() -> None:
    assert poll(deploymentBase="deploymentBase/10?c=-21") == Poll(
        300, False, "deploymentBase/10", ""
    )
    assert poll(confirmationBase="confirmationBase/10?c=1").offer == "confirmationBase/10"
    assert poll(cancelAction="cancelAction/11") == Poll(300, False, "", "cancelAction/11")
    assert poll(configData="configData", installedBase="installedBase/9") == Poll(300, True, "", "")
    assert poll(deploymentBase="deploymentBase/-1").offer == "deploymentBase/-1"


@pytest.mark.parametrize(
    "sleep, seconds",
    [
        ("12:00:00", 43200),
        ("00:00:10", 10),
        ("240:00:01", 864001),
        ("5", None),
        ("0:60:00", None),
        (None, None),
        (300, None),
    ],
)
def test_sleep_is_in_hours_minutes_and_seconds(sleep: object, seconds: int | None) -> None:
    assert poll(sleep).sleep == seconds


@pytest.mark.parametrize(
    "content, problem",
    [
        (b"[]", "not a JSON object"),
        (b'{"_links": []}', "_links is not an object"),
        (b'{"config": {"polling": 3}}', "polling is not an object"),
        (b'{"_links": {"deploymentBase": "x"}}', "deploymentBase is not an object"),
        (b'{"_links": {"deploymentBase": {}}}', "the link deploymentBase has no action"),
        (b'{"_links": {"deploymentBase": {"href": 1}}}', "the link deploymentBase has no action"),
        (b'{"_links": {"deploymentBase": {"href": "/cancelAction/1"}}}', "deploymentBase has no"),
        (b'{"_links": {"cancelAction": {"href": "/cancelAction/1/../x"}}}', "cancelAction has no"),
    ],
)
def test_bad_answer_to_a_poll(content: bytes, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        parse_poll(content)


def test_deployment_has_the_links_of_its_bundles() -> None:
    content = deployment(
        artifact("app.bundle", **{"download-http": "http://a/1", "download": "https://a/1"}),
        artifact("notes.txt", download="https://a/2"),
        download="forced",
        update="attempt",
    )
    found = parse_deployment(content, "deploymentBase/10")
    assert (found.waits, found.urls) == (False, (("https://a/1", "http://a/1"),))


def test_deployment_that_waits_for_confirmation_has_another_member() -> None:
    content = deployment(artifact("a.bundle", download="https://a"), member="confirmation")
    assert parse_deployment(content, "confirmationBase/10").urls == (("https://a",),)
    assert parse_deployment(content, "deploymentBase/10").urls == ()


@pytest.mark.parametrize("handling", [{"download": "skip"}, {"update": "skip"}])
def test_deployment_waits_if_the_server_says_skip(handling: dict[str, str]) -> None:
    assert parse_deployment(deployment(**handling), "deploymentBase/10").waits


@pytest.mark.parametrize(
    "content, problem",
    [
        (b'{"deployment": {"chunks": {}}}', "chunks is not a list of objects"),
        (b'{"deployment": {"chunks": [1]}}', "chunks is not a list of objects"),
        (b'{"deployment": {"chunks": [{"artifacts": 1}]}}', "artifacts is not a list of objects"),
    ],
)
def test_bad_deployment(content: bytes, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        parse_deployment(content, "deploymentBase/1")


def test_cancelled_action() -> None:
    assert parse_cancelled(b'{"id": "11", "cancelAction": {"stopId": "10"}}') == "10"
    with pytest.raises(ValueError, match="no stopId"):
        parse_cancelled(b'{"cancelAction": {}}')


def test_messages() -> None:
    assert number_of("deploymentBase/10") == "10"
    assert configuration({"board": "lamp-2"}) == {
        "method": "PUT",
        "resource": "configData",
        "body": {"mode": "merge", "data": {"client": "software-update-client", "board": "lamp-2"}},
    }
    assert feedback("deploymentBase/10", "closed", "success", "x" * 500) == {
        "method": "POST",
        "resource": "deploymentBase/10/feedback",
        "body": {
            "id": "10",
            "status": {
                "execution": "closed",
                "result": {"finished": "success"},
                "details": ["x" * 400],
            },
        },
    }
    denied = confirmation("confirmationBase/10", False, "alice declined it")
    assert denied["resource"] == "confirmationBase/10/feedback"
    assert denied["body"] == {"confirmation": "denied", "details": ["alice declined it"]}
