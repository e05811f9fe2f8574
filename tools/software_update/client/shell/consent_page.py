"""The consent page: a release with the question about it, which a person answers in a browser.

The page is HTML that a `PageWriter` makes; this module decides who may see and answer it. On the socket, the
kernel names the user. On loopback, see `page_sessions`.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl

from software_update.base.errors import SoftwareUpdateError
from software_update.client.config import Approvers
from software_update.client.consent_form import Form, Offered, PageWriter
from software_update.client.shell.callers import Caller, may_answer
from software_update.client.shell.control import ActionRefused, Busy, Control
from software_update.client.shell.http_request import HttpError, Request, response
from software_update.client.state import Reply
from software_update.format.release_manifest import is_language

Call = Callable[[Callable[[Control], Any], float], Any]
# Seconds after which a request is given up that the service has not begun, because it runs a program.
_SECONDS = 30.0
_REPLIES = {"yes": Reply.YES, "later": Reply.LATER, "no": Reply.NO}
_HTML = "text/html; charset=utf-8"
# The document itself has the rest of its policy, which depends on its contents.
SECURITY_HEADERS = {
    "Content-Security-Policy": "frame-ancestors 'none'",
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class ConsentPage:
    """The contents of the page, and the answers to it. `call` is that of the service."""

    def __init__(self, call: Call, approvers: Approvers, writer: PageWriter) -> None:
        self.writer = writer
        self._call = call
        self._approvers = approvers

    def check_permission(self, caller: Caller) -> None:
        """Raises HttpError if the user may not answer."""
        if not may_answer(caller, self._approvers):
            raise HttpError(
                403, "you may not answer; add your user or a group of it to consent.approvers"
            )

    def show(self, form: Form) -> str:
        """Returns the page as it is now. Raises Busy."""
        offered, text = self._call(_look, _SECONDS)
        if offered is None:
            return self.writer.waits(text, form)
        return self.writer.asks(offered, form)

    def answer(self, caller: Caller, fields: Mapping[str, str], form: Form) -> bytes:
        """Answers the question that the page has shown, and returns the response with the page afterwards.

        Fields without a reply only look again. Raises HttpError and Busy.
        """
        if "reply" not in fields:
            return page_response(200, self.show(form))
        self.check_permission(caller)
        reply = _REPLIES.get(fields["reply"])
        if reply is None:
            raise HttpError(400, "the answer is not valid; answer on the page")
        shown = tuple(fields.get(name, "") for name in ("release", "root", "phase"))
        try:
            self._call(lambda control: _answer(control, caller, shown, reply), _SECONDS)
        except ActionRefused as error:
            return page_response(409, self.show(replace(form, text=str(error))))
        return page_response(200, self.show(form))


def fields_of(request: Request) -> Mapping[str, str]:
    """Returns the members of a form that a browser has sent. Raises HttpError."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise HttpError(400, "the body is not a form")
    try:
        pairs = parse_qsl(request.body.decode("ascii"), keep_blank_values=True, max_num_fields=16)
    except ValueError:
        raise HttpError(400, "the body is not a form") from None
    if len({name for name, _ in pairs}) < len(pairs):
        raise HttpError(400, "the form has a member twice")
    return dict(pairs)


def language_of(request: Request) -> str:
    """Returns the first language that the browser asks for, else English."""
    first = request.headers.get("accept-language", "").partition(",")[0].partition(";")[0].strip()
    return first if is_language(first) else "en"


def page_response(status: int, html: str, cookie: str = "") -> bytes:
    """Returns a response with a page. `cookie` is the value of a header, without attributes."""
    headers = dict(SECURITY_HEADERS)
    if cookie:
        headers["Set-Cookie"] = f"{cookie}; Path=/; HttpOnly; SameSite=Strict"
    return response(status, _HTML, html.encode(), headers=headers)


def refusal(error: Exception) -> tuple[int, str]:
    """Returns the status of HTTP and the sentence of an error."""
    match error:
        case HttpError():
            return error.status, str(error)
        case ActionRefused():
            return 409, str(error)
        case Busy():
            return 503, "the service runs a program; try again later"
        case TimeoutError():
            return 408, "the request did not arrive in time"
        case SoftwareUpdateError() | OSError():
            return 500, str(error)
    raise error


def _look(control: Control) -> tuple[Offered | None, str]:
    return control.offered(), str(control.status()["sentence"])


def _answer(control: Control, caller: Caller, shown: tuple[str, ...], reply: Reply) -> None:
    offered = control.offered()
    question = None if offered is None else offered.question
    if question is None or shown != (question.release, question.root, question.phase.value):
        raise ActionRefused("the question has changed meanwhile; read the page again")
    control.answer(caller, reply, [question.phase], question.release, None, question.root)
