"""A writer of consent pages whose pages are texts, and requests of a browser."""

import re
import socket
from typing import NamedTuple
from urllib.parse import urlencode

from software_update.client.consent_form import Form, Offered


class TextWriter:
    """Makes pages of lines `name=value`. See `PageWriter`."""

    def asks(self, offered: Offered, form: Form) -> str:
        question = offered.question
        values = {
            "action": form.action,
            "secret": form.secret,
            "language": form.language,
            "text": form.text,
            "release": question.release,
            "root": question.root,
            "phase": question.phase.value,
        }
        return "".join(f"{name}={value}\n" for name, value in values.items())

    def waits(self, text: str, form: Form) -> str:
        return f"action={form.action}\nsecret={form.secret}\ntext={form.text}{text}\n"

    def says(self, text: str, language: str) -> str:
        return f"text={text}\n"

    def opens(self, action: str, language: str) -> str:
        return f"action={action}\n"


class Answer(NamedTuple):
    """The answer to a request."""

    status: int
    headers: dict[str, str]
    body: str

    def field(self, name: str) -> str:
        """Returns a value on the page."""
        found = re.search(rf"^{name}=(.*)$", self.body, re.MULTILINE)
        assert found, self
        return found[1]

    def question(self, reply: str) -> dict[str, str]:
        """Returns the fields that the form sends with a reply."""
        names = ("secret", "release", "root", "phase")
        return {name: self.field(name) for name in names} | {"reply": reply}


def send(connection: socket.socket, content: bytes) -> Answer:
    """Sends a request as it is, and returns the answer."""
    with connection:
        connection.sendall(content)
        received = b"".join(iter(lambda: connection.recv(65536), b""))
    head, _, body = received.decode().partition("\r\n\r\n")
    first, *lines = head.split("\r\n")
    headers = dict(line.lower().split(": ", 1) for line in lines)
    assert int(headers["content-length"]) == len(body.encode())
    return Answer(int(first.split()[1]), headers, body)


def form_request(path: str, fields: dict[str, str], **headers: str) -> bytes:
    """Returns the request of a browser that sends a form. Names of headers get `-` for `_`."""
    body = urlencode(fields).encode()
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in headers.items() if value]
    lines += ["content-type: application/x-www-form-urlencoded", f"content-length: {len(body)}"]
    return "\r\n".join([f"POST {path} HTTP/1.1", *lines, "", ""]).encode() + body
