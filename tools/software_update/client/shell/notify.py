"""Tells systemd about the service: sd_notify(3), a datagram to the socket that NOTIFY_SOCKET names."""

import contextlib
import os
import socket
from collections.abc import Mapping


class Notifier:
    """The service manager, or nothing if the process was not started by one.

        notifier = Notifier(os.environ)
        notifier.send(READY=1, STATUS="Idle")
        notifier.send(WATCHDOG=1)

    `watchdog_seconds` is the longest time between two WATCHDOG messages; None if there is no watchdog.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._address = _address(environment.get("NOTIFY_SOCKET", ""))
        self.watchdog_seconds = _watchdog_seconds(environment) if self._address else None

    def send(self, **variables: object) -> None:
        """Sends variables, such as READY and STATUS. A manager that does not listen changes nothing."""
        if not self._address:
            return
        lines = (f"{name}={str(value).splitlines()[0]}" for name, value in variables.items())
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as made:
            made.sendto("\n".join(lines).encode(), self._address)


def _address(text: str) -> str:
    # A name that begins with "@" is in the abstract namespace.
    return "\0" + text[1:] if text.startswith("@") else text


def _watchdog_seconds(environment: Mapping[str, str]) -> float | None:
    if environment.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return None
    text = environment.get("WATCHDOG_USEC", "")
    return int(text) / 1e6 if text.isdecimal() and int(text) else None
