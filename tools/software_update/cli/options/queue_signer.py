"""Signs the requests in a queue that wait for a key, and says what is new."""

import collections
import contextlib
import dataclasses
import enum
import gc
import signal
import sys
import time
from collections.abc import Callable, Iterator

from software_update.base.errors import InputError, SignerUnusable, SoftwareUpdateError, printable
from software_update.cli.render.advice import with_advice
from software_update.cli.render.requests import key_line, request_lines
from software_update.keys.schemes import DEFAULT_SCHEMES, Schemes
from software_update.signing import signature_file
from software_update.signing.queue import Queue, ShareError, Stamp
from software_update.signing.signature_file import DetachedSignature
from software_update.signing.signers import Signer, signature_by
from software_update.signing.signing_request import Request

_PAUSE_SECONDS = 1


class _State(enum.StrEnum):
    """The state of a request in the queue."""

    SIGNED = "signed by this key"
    OTHER = "for other keys"
    OTHER_ROLE = "of the other role"
    INVALID = "not valid"
    UNSIGNED = "left unsigned"


@dataclasses.dataclass(frozen=True)
class _Settled:
    """The state of a request, which is not read again until one of its files changes.

    `signature_name` is "" if no file with that name could change the state. `unwritten` is a signature
    that could not be written.
    """

    state: _State
    request: tuple[Stamp, Stamp]
    signature_name: str = ""
    signature: Stamp = None
    unwritten: DetachedSignature | None = None


class QueueSigner:
    """Signs a queue with one key.

    `role`: sign metadata of this role only; None for every role. `confirm` is called before each request.
    `schemes` are those that the keys in requested roots may have. `elsewhere` is one folder for all
    signatures; None for a folder next to each request. `exit_code` is that of the worst failure so far.
    """

    def __init__(
        self,
        folder: str,
        signer: Signer,
        role: str | None,
        confirm: Callable[[Request], bool],
        schemes: Schemes = DEFAULT_SCHEMES,
        elsewhere: str | None = None,
    ) -> None:
        self.exit_code = 0
        self._elsewhere = elsewhere
        self._folder = folder
        self._signer = signer
        self._role = role
        self._confirm = confirm
        self._schemes = schemes
        self._key_id = signer.public.key_id
        self._made: dict[bytes, DetachedSignature] = {}
        # By SHA-256: requests that the signer failed with, or that the person rejected.
        self._left: set[bytes] = set()
        # By path.
        self._settled: dict[str, _Settled] = {}
        self._complained: set[str] = set()
        self._summary = ""

    def serve(self) -> None:
        """Looks through the queue every second, until SIGINT or SIGTERM."""
        gc.enable()  # Unlike a command, this runs for days.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        with contextlib.suppress(KeyboardInterrupt):
            while True:
                try:
                    self.look()
                except SignerUnusable:
                    raise
                except InputError as error:
                    self._complain("", f"{with_advice(error)}; looking again every second")
                else:
                    self._there_again()
                time.sleep(_PAUSE_SECONDS)

    def look(self) -> None:
        """Looks through the queue once.

        An error in a request or in a subfolder affects nothing else. InputError if the queue's own folder
        is missing; SignerUnusable as soon as the signer can sign nothing.
        """
        with Queue.open(self._folder, self._schemes, self._elsewhere) as queue:
            states = dict(self._states(queue))
        self._settled = {path: self._settled[path] for path in states if path in self._settled}
        counts = collections.Counter(states.values())
        parts = [f"{counts[state]} {state}" for state in _State if counts[state]]
        summary = f"{printable(self._folder)}: {', '.join(parts) or 'no requests'}"
        if summary != self._summary:
            _say(summary)
        self._summary = summary

    def _states(self, queue: Queue) -> Iterator[tuple[str, _State]]:
        """The path and state of each request in a folder and below, signed if that was to be done."""
        for name in queue.names():
            yield queue.path(name), self._state(queue, name)
        for name in queue.subfolders():
            path = queue.path(name)
            try:
                with queue.open_subfolder(name) as subfolder:
                    yield from self._states(subfolder)
            except SignerUnusable:
                raise
            except InputError as error:
                self._complain(path, with_advice(error))
                self._failed(error)
            else:
                self._complained.discard(path)

    def _state(self, queue: Queue, name: str) -> _State:
        path, stamps = queue.path(name), queue.stamps(name)
        settled = self._settled.get(path)
        if settled and settled.request == stamps:
            if settled.unwritten:
                return self._write(queue, path, stamps, settled.unwritten)
            if settled.signature == queue.signature_stamp(settled.signature_name):
                return settled.state
        try:
            request = queue.read(name)
        # Of any class: a fault in this program, too, must not keep other requests from being signed.
        except Exception as error:
            self._invalid(path, stamps, error)
            return _State.INVALID
        return self._state_of(queue, name, stamps, request)

    def _invalid(self, path: str, stamps: tuple[Stamp, Stamp], error: Exception) -> None:
        self._complain(path, f"{path}: not a valid request, left for later ({_text(error)})")
        self._failed(error)
        # The share's errors may pass although no file changes.
        if not isinstance(error, ShareError):
            self._settled[path] = _Settled(_State.INVALID, stamps)

    def _state_of(
        self, queue: Queue, name: str, stamps: tuple[Stamp, Stamp], request: Request
    ) -> _State:
        path = queue.path(name)
        signature_name = signature_file.file_name(request.sha256, self._key_id)
        signature = queue.signature_stamp(signature_name)
        signature_path = queue.signature_path(signature_name)
        if self._role not in (None, request.role):
            state = _State.OTHER_ROLE
        elif self._key_id not in request.key_ids:
            state = _State.OTHER
        elif queue.is_signed(request, self._signer.public):
            state = _State.SIGNED
        elif request.sha256 in self._left:
            state = _State.UNSIGNED
        else:
            if signature:
                self._complain(
                    signature_path,
                    f"warning: {signature_path}: not a good signature of {name}; it is replaced",
                )
            made = self._made.get(request.sha256) or self._signature(path, request)
            if made:
                self._made[request.sha256] = made
                return self._write(queue, path, stamps, made)
            self._left.add(request.sha256)
            state = _State.UNSIGNED
        self._complained -= {path, signature_path}
        self._settled[path] = _Settled(state, stamps, signature_name, signature)
        return state

    def _write(
        self, queue: Queue, path: str, stamps: tuple[Stamp, Stamp], made: DetachedSignature
    ) -> _State:
        try:
            written = queue.write(made)
        except InputError as error:
            self._complain(path, with_advice(error))
            self._failed(error)
            self._settled[path] = _Settled(_State.UNSIGNED, stamps, unwritten=made)
            return _State.UNSIGNED
        print(printable(written), flush=True)
        self._complained -= {path, written}
        self._settled[path] = _Settled(
            _State.SIGNED, stamps, made.file_name, queue.signature_stamp(made.file_name)
        )
        return _State.SIGNED

    def _signature(self, path: str, request: Request) -> DetachedSignature | None:
        """The signature, after the content of the request was shown; None without one."""
        try:
            lines = request_lines(f"to sign, {printable(path)}", request)
            _say("\n".join([*lines, key_line(self._key_id, request.holders)]))
            return signature_by(self._signer, request) if self._confirm(request) else None
        except SignerUnusable:
            raise
        # Of any class, as above.
        except Exception as error:
            self._failed(error)
            _say(f"software-update: {printable(f'{path}: left unsigned: {_text(error)}')}")
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

    def _failed(self, error: Exception) -> None:
        code = error.exit_code if isinstance(error, SoftwareUpdateError) else InputError.exit_code
        self.exit_code = max(self.exit_code, code)


def _text(error: Exception) -> str:
    """One line about an error, with its class if it is not an expected one."""
    if isinstance(error, SoftwareUpdateError):
        return with_advice(error)
    if isinstance(error, OSError):
        return f"{error.filename}: {error.strerror}"
    return f"{type(error).__name__}: {error}"


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
