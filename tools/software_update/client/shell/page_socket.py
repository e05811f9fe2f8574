"""The consent page on the client's Unix socket, where the kernel names the user who answers."""

from collections.abc import Callable, Mapping
from hmac import compare_digest
from typing import Any

from software_update.base.errors import SoftwareUpdateError
from software_update.client.consent_form import Form
from software_update.client.shell.callers import Caller, user_id
from software_update.client.shell.consent_page import (
    ConsentPage,
    fields_of,
    language_of,
    page_response,
    refusal,
)
from software_update.client.shell.control import Busy
from software_update.client.shell.http_request import HttpError, Request
from software_update.client.shell.page_sessions import TOKEN_SECONDS

NewAddress = Callable[[Caller, int], str]
SCHEMA = "software_update.client_page.v1"


class SocketPage:
    """The page for the paths /page and /page/answer, and addresses of the page on loopback.

    `new_address` makes an address of a user and a user id; None if the page is not on loopback.
    `secret` is in the form, so that a page of another site cannot answer through a web server of the product
    that passes requests on.
    """

    def __init__(self, page: ConsentPage, new_address: NewAddress | None, secret: str) -> None:
        self._page = page
        self._new_address = new_address
        self._secret = secret

    def html(self, request: Request, caller: Caller) -> bytes:
        """Returns the response to a request for the page, or to an answer on it."""
        language = language_of(request)
        form = Form("/page/answer", self._secret, language)
        try:
            if request.method != {"/page": "GET", "/page/answer": "POST"}[request.path]:
                raise HttpError(405, "the method is wrong")
            if request.method == "POST":
                fields = fields_of(request)
                if not compare_digest(fields.get("secret", "").encode(), self._secret.encode()):
                    raise HttpError(
                        403, "the answer does not come from the page; answer on the page"
                    )
                return self._page.answer(caller, fields, form)
            return page_response(200, self._page.show(form))
        except (HttpError, Busy, SoftwareUpdateError, OSError) as error:
            status, text = refusal(error)
            return page_response(status, self._page.writer.says(text, language))

    def address(self, fields: Mapping[str, str], caller: Caller, uid: int) -> dict[str, Any]:
        """Returns an address of the page on loopback as JSON, for browsers of `uid` or of the member `user`.

        Raises HttpError and UsageError.
        """
        if self._new_address is None:
            raise HttpError(409, "there is no page on loopback; set consent.page = true")
        browser = user_id(fields["user"]) if "user" in fields else uid
        return address_document(self._new_address(caller, browser))


def address_document(address: str) -> dict[str, Any]:
    """Returns an address of the page as JSON."""
    return {"schema": SCHEMA, "address": address, "seconds": int(TOKEN_SECONDS)}
