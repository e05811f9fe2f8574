"""The people who have the consent page open on loopback: tokens for one use, and sessions after them.

A user gets a token over the socket, where the kernel names the user, and opens the page with it. A browser on
loopback has no name, so a token and its session count only for connections of one user id.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from software_update.client.shell.callers import Caller
from software_update.client.shell.http_request import HttpError

# Seconds in which a token must be used, and after which a session ends.
TOKEN_SECONDS = 120.0
SESSION_SECONDS = 1800.0
# Of each kind; the oldest one goes.
MAX_OPEN = 32
_SECRET_BYTES = 32


@dataclass(frozen=True, slots=True)
class Session:
    """A page that is open. `caller` has asked for it, and connections of the user `uid` may use it.

    `secret` is in the form of the page, so only a page that this session got can answer. `until` is on the
    clock since boot.
    """

    caller: Caller
    uid: int
    secret: str
    until: float


@dataclass(frozen=True, slots=True)
class _Token:
    caller: Caller
    uid: int
    until: float
    # The cookie of the session that it was used for; empty if it was not used.
    cookie: str = ""


class PageSessions:
    """Tokens and sessions. `now` returns seconds since boot; `random_bytes` returns that many for a secret.

    The methods are for one thread at a time.
    """

    def __init__(self, now: Callable[[], float], random_bytes: Callable[[int], bytes]) -> None:
        self._now = now
        self._random_bytes = random_bytes
        # By the digests of their secrets, so that the time of a look-up says nothing about a secret.
        self._tokens: dict[bytes, _Token] = {}
        self._sessions: dict[bytes, Session] = {}

    def issue(self, caller: Caller, uid: int) -> str:
        """Returns a token for one use, with which the browser of the user `uid` acts for `caller`."""
        token = self.secret()
        self._tokens[_digest(token)] = _Token(caller, uid, self._now() + TOKEN_SECONDS)
        _keep_newest(self._tokens)
        return token

    def exchange(self, token: str, cookie: str, uid: int) -> tuple[str, Session]:
        """Returns the cookie and the session of a token. Raises HttpError.

        A token that was used is good only with the cookie of its session, as when a page is loaded again.
        """
        found = self._tokens.get(_digest(token))
        if found is not None and found.cookie and found.cookie == cookie:
            session = self._sessions.get(_digest(cookie))
            if session is not None and session.uid == uid and session.until > self._now():
                return cookie, session
        if found is None or found.cookie or found.until <= self._now():
            raise HttpError(403, "the address was used before, or is too old; ask for a new one")
        if found.uid != uid:
            raise HttpError(403, "the address is for another user; ask for one of your own")
        made = self.secret()
        session = Session(found.caller, uid, self.secret(), self._now() + SESSION_SECONDS)
        self._tokens[_digest(token)] = _Token(found.caller, uid, found.until, made)
        self._sessions[_digest(made)] = session
        _keep_newest(self._sessions)
        return made, session

    def session(self, cookie: str, secret: str, uid: int) -> Session:
        """Returns the session of a cookie and the secret in a form. Raises HttpError."""
        found = self._sessions.get(_digest(cookie))
        if found is None or found.until <= self._now() or found.uid != uid:
            raise HttpError(403, "the page is too old; ask for a new address")
        if _digest(found.secret) != _digest(secret):
            raise HttpError(403, "the answer does not come from the page; answer on the page")
        return found

    def secret(self) -> str:
        """Returns a new secret of 64 hexadecimal digits."""
        return self._random_bytes(_SECRET_BYTES).hex()


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode(errors="replace")).digest()


def _keep_newest(found: dict[bytes, _Token] | dict[bytes, Session]) -> None:
    while len(found) > MAX_OPEN:
        del found[next(iter(found))]
