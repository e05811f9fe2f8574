"""The client that a subcommand acts on: that of the service if its socket answers, or one in this process.

Both take the actions of the service's API, and return the same JSON.
"""

import os
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol

from software_update.base.errors import InputError
from software_update.client.config import Config

if TYPE_CHECKING:
    from software_update.cli.client.local import LocalSession
    from software_update.cli.client.remote import RemoteSession

Document = dict[str, Any]


class Session(Protocol):
    """A client that has started. Methods raise SoftwareUpdateError and OSError."""

    def read(self, name: str, **query: str) -> Document:
        """Returns the answer to a reading of the API, such as `status`."""

    def act(self, name: str, **fields: object) -> Document:
        """Does an action of the API, waits until the client waits for something, and returns its status.

        Fields that are None are left out.
        """

    def __enter__(self) -> "Session":
        """Returns itself."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Ends the session."""


def open_session(path: str) -> Session:
    """Returns a session with the client of a configuration."""
    from software_update.client.shell.build import machine, read_config

    system = machine()
    config = read_config(system, path)
    connect = _connection(config)
    if connect is not None:
        from software_update.cli.client.remote import RemoteSession

        return RemoteSession(connect)
    from software_update.cli.client.local import LocalSession

    return LocalSession(config, system)


def open_service(path: str) -> "RemoteSession":
    """Returns a session with the service. Raises InputError if it does not run."""
    from software_update.cli.client.remote import RemoteSession
    from software_update.client.shell.build import machine, read_config

    config = read_config(machine(), path)
    connect = _connection(config)
    if connect is None:
        raise InputError(f"{config.socket}: the service does not answer; start it")
    return RemoteSession(connect)


def open_local(path: str) -> "LocalSession":
    """Returns a session with a client in this process. Raises InputError if the service runs."""
    from software_update.cli.client.local import LocalSession
    from software_update.client.shell.build import machine, read_config

    system = machine()
    return LocalSession(read_config(system, path), system)


def _connection(config: Config) -> Callable[[], Any] | None:
    """Returns a function that connects to the service; None if no service answers."""
    from software_update.cli.client.remote import connection_to
    from software_update.client.shell.api import MAX_PATH_BYTES

    if len(os.fsencode(config.socket)) > MAX_PATH_BYTES:
        return None  # The service cannot have it.
    connect = connection_to(config.socket)
    try:
        connect().close()
    except (FileNotFoundError, ConnectionRefusedError, NotADirectoryError):
        return None
    return connect
