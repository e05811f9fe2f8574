"""Tests of the parts of the consent page that the socket and loopback share."""

import pytest

from software_update.base.errors import InputError
from software_update.client.shell.consent_page import (
    fields_of,
    language_of,
    page_response,
    refusal,
)
from software_update.client.shell.control import ActionRefused, Busy
from software_update.client.shell.http_request import HttpError, Request

FORM = "application/x-www-form-urlencoded"


def request(body: bytes = b"", **headers: str) -> Request:
    return Request(
        "POST", "/", {}, {name.replace("_", "-"): text for name, text in headers.items()}, body
    )


def test_fields_of_a_form() -> None:
    found = fields_of(request(b"a=1&b=x+y%26&c=", content_type=f"{FORM}; charset=utf-8"))
    assert found == {"a": "1", "b": "x y&", "c": ""}


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"a=1", ""),
        (b"a=1", "text/plain"),
        (b"a=1&a=2", FORM),
        (b"a=\xff", FORM),
        (b"&".join(b"a%d=1" % number for number in range(17)), FORM),
    ],
)
def test_bodies_that_are_not_a_form(body: bytes, kind: str) -> None:
    with pytest.raises(HttpError) as error:
        fields_of(request(body, content_type=kind))
    assert error.value.status == 400


@pytest.mark.parametrize(
    ("wanted", "found"),
    [("de-AT,en;q=0.8", "de-AT"), ("de;q=0.5", "de"), ("", "en"), ("*", "en"), ("<script>", "en")],
)
def test_language_of_the_browser(wanted: str, found: str) -> None:
    assert language_of(request(accept_language=wanted)) == found


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (HttpError(405, "x"), 405),
        (ActionRefused("x"), 409),
        (Busy(), 503),
        (TimeoutError(), 408),
        (InputError("x"), 500),
        (OSError("x"), 500),
    ],
)
def test_refusals(error: Exception, status: int) -> None:
    assert refusal(error)[0] == status


def test_other_errors_are_not_hidden() -> None:
    with pytest.raises(ZeroDivisionError):
        refusal(ZeroDivisionError())


def test_response_cannot_be_framed_or_read_as_another_type() -> None:
    head = page_response(200, "ä").partition(b"\r\n\r\n")[0].decode().split("\r\n")
    assert "Content-Type: text/html; charset=utf-8" in head
    assert "X-Frame-Options: DENY" in head
    assert "X-Content-Type-Options: nosniff" in head
    assert "Referrer-Policy: same-origin" in head
    assert "Content-Length: 2" in head
