"""Sends the messages of sources to their servers, such as hawkBit, as reports are sent: later, and again."""

import json
from collections.abc import Mapping, Sequence

from software_update.client.domain import Domain
from software_update.client.shell.alarm import SystemAlarm
from software_update.client.shell.reports import Reporter
from software_update.client.source import Deploys
from software_update.client.system import System


class SourceReceiver:
    """The server of a source, which receives the messages that the source has made."""

    def __init__(self, source: Deploys) -> None:
        self._source = source

    def send(self, content: bytes) -> None:
        """See `Receiver.send`."""
        self._source.deliver(json.loads(content))


def mailers_of(domains: Mapping[str, Domain], system: System, folder: str) -> Sequence[Reporter]:
    """Connects each source that has messages with a thread that sends them. Returns those, to stop them.

    `folder` is the client's.
    """
    made = []
    for name, domain in domains.items():
        for number, source in enumerate(domain.sources):
            if isinstance(source, Deploys):
                path = f"{folder}/sent_{name}_{number}"
                reporter = Reporter(system, path, SourceReceiver(source), SystemAlarm())
                source.outbox = reporter.add
                made.append(reporter)
    return made
