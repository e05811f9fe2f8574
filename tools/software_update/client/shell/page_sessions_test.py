"""Tests of tokens and sessions of the consent page."""

import itertools

import pytest

from software_update.client.shell.callers import Caller
from software_update.client.shell.http_request import HttpError
from software_update.client.shell.page_sessions import (
    MAX_OPEN,
    SESSION_SECONDS,
    TOKEN_SECONDS,
    PageSessions,
)

ALICE, UID, OTHER = Caller("alice", frozenset()), 1000, 1001
OLD = "was used before, or is too old"


class Sessions(PageSessions):
    """Sessions with a clock that a test moves, and secrets that are numbers."""

    def __init__(self) -> None:
        numbers = itertools.count(1)
        self.time = 5.0
        super().__init__(lambda: self.time, lambda length: next(numbers).to_bytes(length))


@pytest.fixture(name="sessions")
def sessions_fixture() -> Sessions:
    return Sessions()


def refused(sessions: Sessions, token: str, cookie: str = "", uid: int = UID) -> str:
    with pytest.raises(HttpError) as error:
        sessions.exchange(token, cookie, uid)
    assert error.value.status == 403
    return str(error.value)


def test_token_is_for_one_use(sessions: Sessions) -> None:
    token = sessions.issue(ALICE, UID)
    assert len(token) == 64
    cookie, session = sessions.exchange(token, "", UID)
    assert (session.caller, session.uid) == (ALICE, UID)
    assert len({token, cookie, session.secret}) == 3
    assert OLD in refused(sessions, token)
    assert OLD in refused(sessions, token, "another cookie")


def test_page_can_be_loaded_again_with_its_cookie(sessions: Sessions) -> None:
    token = sessions.issue(ALICE, UID)
    cookie, session = sessions.exchange(token, "", UID)
    assert sessions.exchange(token, cookie, UID) == (cookie, session)
    assert OLD in refused(sessions, token, cookie, OTHER)
    sessions.time += SESSION_SECONDS
    assert OLD in refused(sessions, token, cookie)


def test_unknown_and_expired_tokens(sessions: Sessions) -> None:
    assert OLD in refused(sessions, "")
    assert OLD in refused(sessions, "0" * 64)
    token = sessions.issue(ALICE, UID)
    sessions.time += TOKEN_SECONDS
    assert OLD in refused(sessions, token)


def test_token_of_another_user_stays_good_for_its_own(sessions: Sessions) -> None:
    token = sessions.issue(ALICE, UID)
    assert "is for another user" in refused(sessions, token, uid=OTHER)
    sessions.exchange(token, "", UID)


def test_session_needs_its_cookie_its_secret_and_its_user(sessions: Sessions) -> None:
    cookie, session = sessions.exchange(sessions.issue(ALICE, UID), "", UID)
    other, _ = sessions.exchange(sessions.issue(ALICE, UID), "", UID)
    assert sessions.session(cookie, session.secret, UID) is session
    for values in (
        ("", session.secret, UID),
        (cookie, "", UID),
        (cookie, "0" * 64, UID),
        (other, session.secret, UID),
        (cookie, session.secret, OTHER),
    ):
        with pytest.raises(HttpError):
            sessions.session(*values)
    sessions.time += SESSION_SECONDS
    with pytest.raises(HttpError, match="too old"):
        sessions.session(cookie, session.secret, UID)


def test_only_the_newest_are_kept(sessions: Sessions) -> None:
    tokens = [sessions.issue(ALICE, UID) for _ in range(MAX_OPEN + 1)]
    assert OLD in refused(sessions, tokens[0])
    opened = [sessions.exchange(each, "", UID) for each in tokens[1:]]
    opened.append(sessions.exchange(sessions.issue(ALICE, UID), "", UID))
    cookie, session = opened[0]
    with pytest.raises(HttpError, match="too old"):
        sessions.session(cookie, session.secret, UID)
    cookie, session = opened[-1]
    sessions.session(cookie, session.secret, UID)
