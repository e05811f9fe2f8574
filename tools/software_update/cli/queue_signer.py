"""What `sign --queue` does: looks through a queue, signs what waits for its key, and says what is new."""

import collections
import contextlib
import dataclasses
import enum
import signal
import sys
import time
from collections.abc import Callable

from software_update.cli import requests
from software_update.errors import (
    InputError,
    SoftwareUpdateError,
    WrongSecret,
    printable,
)
from software_update.signing import signature_file
from software_update.signing.queue import Queue, Stamp
from software_update.signing.signature_file import DetachedSignature
from software_update.signing.signers import Signer, signature_by
from software_update.signing.signing_request import Request

_PAUSE_SECONDS = 1


class _State(enum.StrEnum):
    """How it is with a request in the queue."""

    SIGNED = "signed by this key"
    OTHER = "for other keys"
    PARTIAL = "not whole"
    UNSIGNED = "left unsigned"


@dataclasses.dataclass(frozen=True)
class _Settled:
    """A request that needs not be read again as long as these files are what they were."""

    state: _State
    request: tuple[Stamp, Stamp]
    signature_name: str
    signature: Stamp


class QueueSigner:
    """Signs a queue with one key.

    `confirm` is asked before each request. `exit_code` is that of the worst failure so far.
    """

    def __init__(self, folder: str, signer: Signer, confirm: Callable[[Request], bool]) -> None:
        self.exit_code = 0
        self._folder = folder
        self._signer = signer
        self._confirm = confirm
        self._key_id = signer.public.key_id
        self._made: dict[bytes, DetachedSignature] = {}
        # By SHA-256: those that the signer failed with, or that nobody wanted to sign.
        self._left: set[bytes] = set()
        self._settled: dict[str, _Settled] = {}
        self._complained: set[str] = set()
        self._summary = ""

    def serve(self) -> None:
        """Looks through the queue every second, until SIGINT or SIGTERM."""
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        with contextlib.suppress(KeyboardInterrupt):
            while True:
                try:
                    self.look()
                except WrongSecret:
                    raise
                except InputError as error:
                    self._complain("", f"{error}; looking again every second")
                else:
                    self._there_again()
                time.sleep(_PAUSE_SECONDS)

    def look(self) -> None:
        """Looks through the queue once. InputError where it is not there; WrongSecret ends it all."""
        with Queue.open(self._folder) as queue:
            names = queue.names()
            states = [self._state(queue, name) for name in names]
        self._settled = {name: self._settled[name] for name in names if name in self._settled}
        counts = collections.Counter(states)
        parts = [f"{counts[state]} {state}" for state in _State if counts[state]]
        summary = f"{printable(self._folder)}: {', '.join(parts) or 'no requests'}"
        if summary != self._summary:
            _say(summary)
        self._summary = summary

    def _state(self, queue: Queue, name: str) -> _State:
        """Signs a request, if that is to be done, and says how it is with it then."""
        stamps = queue.stamps(name)
        settled = self._settled.pop(name, None)
        if (
            settled
            and settled.request == stamps
            and settled.signature == queue.signature_stamp(settled.signature_name)
        ):
            self._settled[name] = settled
            return settled.state
        try:
            request, key_ids = queue.read(name)
        except InputError as error:
            self._complain(name, f"{queue.path(name)}: not whole yet, left for later ({error})")
            self._failed(error)
            return _State.PARTIAL
        signature_name = signature_file.file_name(request.sha256, self._key_id)
        signature = queue.signature_stamp(signature_name)
        if self._key_id not in key_ids:
            state = _State.OTHER
        elif queue.is_signed(request, self._signer.public):
            state = _State.SIGNED
        elif request.sha256 in self._left:
            state = _State.UNSIGNED
        else:
            if signature:
                path = queue.signature_path(signature_name)
                self._complain(
                    path, f"warning: {path}: no good signature of {name}, to be replaced"
                )
            return self._sign(queue, name, request)
        self._complained -= {name, queue.signature_path(signature_name)}
        self._settled[name] = _Settled(state, stamps, signature_name, signature)
        return state

    def _sign(self, queue: Queue, name: str, request: Request) -> _State:
        made = self._made.get(request.sha256) or self._signature(queue.path(name), request)
        if made is None:
            self._left.add(request.sha256)
            return _State.UNSIGNED
        self._made[request.sha256] = made
        try:
            path = queue.write(made)
        except InputError as error:
            self._complain(name, str(error))
            self._failed(error)
            return _State.UNSIGNED
        print(printable(path), flush=True)
        self._complained -= {name, path}
        return _State.SIGNED

    def _signature(self, path: str, request: Request) -> DetachedSignature | None:
        """The signature, once what is signed has been shown; None without one."""
        lines = requests.lines(f"to sign, {printable(path)}", request)
        _say("\n".join([*lines, requests.key_line(self._key_id)]))
        if not self._confirm(request):
            return None
        try:
            return signature_by(self._signer, request)
        except WrongSecret:
            raise
        except SoftwareUpdateError as error:
            text = str(error)
            self._failed(error)
        except OSError as error:
            text = f"{error.filename}: {error.strerror}"
            self._failed(InputError())
        _say(f"software-update: {printable(f'{path}: left unsigned: {text}')}")
        return None

    def _complain(self, about: str, text: str) -> None:
        """Says once what is wrong with something; again only if it was right in between."""
        if about not in self._complained:
            _say(f"software-update: {printable(text)}")
        self._complained.add(about)

    def _there_again(self) -> None:
        if "" in self._complained:
            _say(f"{printable(self._folder)}: there again")
        self._complained.discard("")

    def _failed(self, error: SoftwareUpdateError) -> None:
        self.exit_code = max(self.exit_code, error.exit_code)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
