"""Bundles that hawkBit assigns to this device, over its Direct Device Integration API (v1).

https://eclipse.dev/hawkbit/apis/ddi_api/. Each check polls the server: it may ask for the configuration of
the device, assign a deployment, or cancel one. A deployment has a bundle, which is read and verified as any
other. All messages to the server go to `outbox`, so a server that fails changes nothing.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar
from urllib.parse import quote

from software_update.client.source import OpenBundle, SourceError
from software_update.client.sources.address import Address, beside
from software_update.client.sources.ddi_messages import (
    Deployment,
    Message,
    Poll,
    configuration,
    number_of,
    parse_cancelled,
    parse_deployment,
    parse_poll,
)
from software_update.client.sources.http import HttpSource, fetch_small
from software_update.client.sources.pace import LEAST_BYTES_PER_SECOND
from software_update.client.sources.requests import HttpSettings, Requests
from software_update.client.sources.resuming import ResumingSource
from software_update.client.system import Response, System

_MAX_BYTES = 1 << 20
_MAX_ID_BYTES = 256
_ACCEPT = {"Accept": "application/hal+json, application/json"}
_ID = re.compile(r"[!-~]{1,128}")
# A server that answers so may take the message later. Any other error is about the message: hawkBit answers
# 403 to feedback if the action has too many messages already.
_LATER = frozenset({401, 408, 409, 429})
_REMEMBERED = 32
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class DdiSettings:
    """The settings of a hawkBit server.

    `url` is the server's, without tenant. `id_file` contains the id of this device in one line, and
    `token_file` the header `Authorization` in one line, such as `TargetToken abc` or `GatewayToken abc`; it
    is sent only to the scheme, host and port of `url`. The server gets `attributes` when it asks for the
    configuration. The server's wish for a time between polls, in seconds, counts from `shortest_poll` to
    `longest_poll`. `bytes_per_second` limits downloads; a source that sends fewer than `min_bytes_per_second`
    over a minute is too slow.
    """

    url: str
    id_file: str
    tenant: str = "DEFAULT"
    token_file: str | None = None
    attributes: Mapping[str, str] | None = None
    shortest_poll: int = 300
    longest_poll: int = 86400
    bytes_per_second: int | None = None
    min_bytes_per_second: int = LEAST_BYTES_PER_SECOND


class DdiSource:
    """The bundle that hawkBit assigns to this device. It is a `source.Deploys`.

    `sleep` waits for seconds. Raises ValueError for bad settings, without their values. Until the caller
    sets `outbox`, messages are dropped: after a later poll, they are made again.
    """

    def __init__(
        self, system: System, sleep: Callable[[float], None], settings: DdiSettings
    ) -> None:
        http = HttpSettings(
            settings.url,
            settings.token_file,
            bytes_per_second=settings.bytes_per_second,
            min_bytes_per_second=settings.min_bytes_per_second,
        )
        self._place = Requests(system, http)
        self._server = Address.parse(settings.url)
        # Paths contain the id of the device. Errors go into reports, which must not.
        self._http = replace(http, shown=self._server.shown.rstrip("/"))
        self._system = system
        self._sleep = sleep
        self._settings = settings
        self.outbox: Callable[[Message], None] = lambda _: None
        self.offer = ""
        self.interval: float | None = None
        self.cancelled = ""
        self._stopped = ""
        self._sent: dict[str, Message] = {}

    def open(self) -> OpenBundle | None:
        """See `Source.open`. Polls the server."""
        self.offer = ""
        poll = self.poll()
        if not poll.offer:
            return None
        deployment = self._parsed(poll.offer, lambda content: parse_deployment(content, poll.offer))
        if deployment.waits:
            return None
        self.offer = poll.offer
        return self._bundle(deployment)

    def describe(self) -> str:
        """See `Source.describe`."""
        return self._place.describe()

    def poll(self) -> Poll:
        """Asks the server what it wants, and answers if it wants the configuration. Raises SourceError."""
        self.cancelled = self._stopped = ""
        poll = self._parsed("", parse_poll)
        shortest, longest = self._settings.shortest_poll, self._settings.longest_poll
        self.interval = None if poll.sleep is None else min(max(poll.sleep, shortest), longest)
        if poll.wants_configuration:
            self.outbox(configuration(self._settings.attributes or {}))
        if poll.cancelled:
            self._stopped = self._parsed(poll.cancelled, parse_cancelled)
            self.cancelled = poll.cancelled
        return poll

    def is_cancelled(self, offer: str) -> bool:
        """Returns whether the last poll asked to cancel the action of an offer."""
        return bool(offer) and number_of(offer) == self._stopped

    def send(self, message: Message) -> None:
        """Passes a message on, unless it is the same as the last one about its resource."""
        resource = message["resource"]
        if self._sent.get(resource) == message:
            return
        if len(self._sent) >= _REMEMBERED:
            self._sent.clear()
        self._sent[resource] = message
        self.outbox(message)

    def deliver(self, message: Message) -> None:
        """Sends a message to the server. Raises SourceError if the server may take it later."""
        requests = self._requests(message["resource"])
        body = json.dumps(message["body"], separators=(",", ":")).encode()
        headers = {**_ACCEPT, "Content-Type": "application/json"}
        response = requests.send(message["method"], headers, body)
        try:
            if response.status >= 500 or response.status in _LATER:
                raise requests.failure(response)
        finally:
            _end(response)

    def _bundle(self, deployment: Deployment) -> OpenBundle | None:
        if len(deployment.urls) != 1:
            raise self._place.error(
                f"the deployment has {len(deployment.urls)} files that end with .bundle; assign one with one"
            )
        link = next(filter(self._may_follow, deployment.urls[0]), None)
        if link is None:
            raise self._place.error(
                "the bundle of the deployment has no usable link; let the server give links with https"
            )
        settings = replace(self._http, url=link)
        if Address.parse(link).origin != self._server.origin:
            settings = replace(settings, token_file=None)

        def attachment(name: str, limit: int) -> bytes | None:
            """Fetches another artifact of the module: its names have no folders."""
            http = replace(settings, url=beside(link, f".{name}"))
            pace = http.pace(self._system.clock.since_boot, self._sleep)
            return fetch_small(Requests(self._system, http), pace, limit)

        source = HttpSource(self._system, self._sleep, settings, attachment=attachment)
        return ResumingSource(source, self._system.clock, self._sleep).open()

    def _may_follow(self, link: str) -> bool:
        try:
            scheme = Address.parse(link).origin[0]
        except ValueError:
            return False
        return scheme == "https" or self._server.origin[0] == "http"

    def _requests(self, resource: str) -> Requests:
        parts = [self._settings.tenant, "controller", "v1", self._id(), *resource.split("/")]
        path = "/".join(quote(each, safe="") for each in parts if each)
        url = f"{self._settings.url.rstrip('/')}/{path}"
        return Requests(self._system, replace(self._http, url=url))

    def _id(self) -> str:
        path = self._settings.id_file
        try:
            file = self._system.storage.open(path)
            try:
                content = file.read(0, _MAX_ID_BYTES)
            finally:
                file.close()
        except OSError as error:
            raise SourceError(f"{path}: {error.strerror or 'cannot be read'}") from None
        found = content.decode("latin-1").removesuffix("\n").removesuffix("\r")
        if not _ID.fullmatch(found):
            raise SourceError(
                f"{path}: must contain the id of the device in one line of at most 128 ASCII characters"
            )
        return found

    def _parsed(self, resource: str, parse: Callable[[bytes], _T]) -> _T:
        requests = self._requests(resource)
        response = requests.get(_ACCEPT)
        try:
            if response.status != 200:
                raise requests.failure(response)
            content = self._content(requests, response)
        finally:
            response.close()
        try:
            return parse(content)
        except ValueError as error:
            raise requests.error(f"is not an answer of hawkBit: {error}") from None

    def _content(self, requests: Requests, response: Response) -> bytes:
        pace = self._http.pace(self._system.clock.since_boot, self._sleep)
        content = b""
        while True:
            try:
                part = pace.read(response.read, _MAX_BYTES + 1 - len(content))
            except OSError as error:
                raise requests.error(error) from None
            content += part
            if not part:
                return content
            if len(content) > _MAX_BYTES:
                raise requests.error(f"the answer has more than {_MAX_BYTES} bytes")


def _end(response: Response) -> None:
    try:
        response.read(_MAX_BYTES)
    except OSError:
        pass
    finally:
        response.close()
