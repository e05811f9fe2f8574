"""Runs the service of a configuration in this process: client, API, reports, signals, messages to systemd."""

import signal
from collections.abc import Mapping

from software_update.client.config import Config
from software_update.client.consent_form import PageWriter
from software_update.client.report import report_document
from software_update.client.shell.alarm import SystemAlarm
from software_update.client.shell.api import Api
from software_update.client.shell.consent_page import ConsentPage
from software_update.client.shell.loopback import Loopback
from software_update.client.shell.mailers import mailers_of
from software_update.client.shell.notify import Notifier
from software_update.client.shell.page_socket import SocketPage
from software_update.client.shell.reports import Reporter, receiver_of
from software_update.client.shell.service import MakeClient, Service
from software_update.client.state import Code, State
from software_update.client.system import System

# Results that are not worth a second report after a restart.
_UNEVENTFUL = (Code.UP_TO_DATE, Code.NOTHING_OFFERED)


def serve(
    config: Config,
    system: System,
    make: MakeClient,
    environment: Mapping[str, str],
    writer: PageWriter | None = None,
) -> None:
    """Runs until SIGTERM or SIGINT.

    `make` makes the client, and `environment` is that of the process. With `writer`, the service also serves
    the consent page. Raises BootError, and InputError if another client uses the folder of the state or a
    socket cannot be made.
    """
    alarm, notifier = SystemAlarm(), Notifier(environment)
    service = Service(make, config.approvers, config.check, alarm, notifier)
    page = None if writer is None else ConsentPage(service.call, config.approvers, writer)
    loopback = Loopback(page, system.clock) if page and config.page else None
    new_address = loopback.new_address if loopback else None
    on_socket = SocketPage(page, new_address, system.clock.random_bytes(32).hex()) if page else None
    api = Api(service, config.approvers, config.socket, on_socket)
    reporter = _reporter(config, system)
    if reporter is not None:
        _connect(service, reporter, config.hardware_id)
    mailers = mailers_of(service.client.domains, system, config.state)
    service.start()
    # A service that does not start leaves the signals as they are.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: service.stop())
    signal.set_wakeup_fd(alarm.signal_fd, warn_on_full_buffer=False)
    if reporter is not None:
        _report_again(reporter, service.client.state, config.hardware_id)
    if loopback is not None:
        loopback.open()
    api.open()
    try:
        service.run()
    finally:
        signal.set_wakeup_fd(-1)
        api.close()
        if loopback is not None:
            loopback.close()
        for each in (reporter, *mailers):
            if each is not None:
                each.stop()


def _reporter(config: Config, system: System) -> Reporter | None:
    if config.report is None:
        return None
    receiver = receiver_of(config.report, system.programs)
    return Reporter(system, f"{config.state}/reported", receiver, SystemAlarm())


def _connect(service: Service, reporter: Reporter, hardware_id: str | None) -> None:
    def report(old: State, new: State) -> None:
        document = report_document(old, new, hardware_id)
        if document is not None:
            reporter.add(document)

    service.on_result = report


def _report_again(reporter: Reporter, state: State, hardware_id: str | None) -> None:
    """Reports the last result if a power cut came before its report."""
    document = report_document(state, state, hardware_id)
    if document is None or state.result is None or state.result.code in _UNEVENTFUL:
        return
    if not reporter.delivered(document):
        reporter.add(document)
