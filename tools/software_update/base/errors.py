"""The errors that a user sees, each one line, and the exit code of each."""

import enum
from collections.abc import Sequence

_MAX_SHOWN_CHARACTERS = 64


class Advice(enum.Enum):
    """An action that cures an error. The command line adds the sentence that names its command."""

    ADD_TO_LOG = enum.auto()
    CREATE_ROOT = enum.auto()
    EXTRACT_SINGLE_TARGETS = enum.auto()
    GENERATE_KEY = enum.auto()
    IDENTIFY_DEV_KEYS = enum.auto()
    LIST_RELEASES = enum.auto()
    MAKE_DIGEST_RECORD = enum.auto()
    MAKE_LOG = enum.auto()
    MAKE_RELEASE_MANIFEST = enum.auto()
    MAKE_REPOSITORY = enum.auto()
    MAKE_REPOSITORY_ROOT = enum.auto()
    MAKE_SIGNING_REQUEST = enum.auto()
    MERGE_ROOT_SIGNATURES = enum.auto()
    NAME_INSTALLED_ROOT = enum.auto()
    NAME_OLDER_ROOTS = enum.auto()
    NAME_PKCS11_MODULE = enum.auto()
    NAME_PREVIOUS_ROOT = enum.auto()
    PRUNE_REPOSITORY = enum.auto()
    RAISE_TIMEOUT = enum.auto()
    RENEW_REPOSITORY = enum.auto()
    SIGN_LOG = enum.auto()
    SIGN_REPOSITORY_ROOT = enum.auto()
    SIGN_REQUEST = enum.auto()
    SIGN_ROOT = enum.auto()
    SIGN_TARGETS_METADATA = enum.auto()
    SIGN_WITH_ENCRYPTED_KEY = enum.auto()
    SIGN_WITH_MORE_KEYS = enum.auto()
    STATE_USER_MANIFEST = enum.auto()
    WRITE_INSTALLED_MANIFEST = enum.auto()


class SoftwareUpdateError(Exception):
    """An error that the user can correct. Its text is one line: the place, what is wrong, what to do.

    `advice` is an action that the text leaves out, because it has a command; None if there is none.
    """

    exit_code = 3

    def __init__(self, text: str, advice: Advice | None = None) -> None:
        super().__init__(text)
        self.advice = advice


class UsageError(SoftwareUpdateError):
    """Wrong arguments, or values that no run could accept."""

    exit_code = 2


class InputError(SoftwareUpdateError):
    """A file that cannot be used: unreadable, a bad key, a bad trusted root, a bad manifest."""

    exit_code = 3


class SignerUnusable(InputError):
    """A signer that can sign no request any more: its program or token is gone."""


class WrongSecret(SignerUnusable):
    """A wrong passphrase or PIN. Never tried again: a token locks itself after a few tries."""


class SignatureError(SoftwareUpdateError):
    """A signature that is not what it should be, or too few of them."""

    exit_code = 1


class DifferentError(SoftwareUpdateError):
    """A file that differs from the expected one, where a command compares two."""

    exit_code = 4


def printable(text: str) -> str:
    """Text from an untrusted file, with everything that a terminal could act on escaped."""
    return "".join(c if c.isascii() and c.isprintable() else ascii(c)[1:-1] for c in text)


def short_id(digest: bytes) -> str:
    """Returns the start of a key id or a digest, 16 hexadecimal digits, which identify it in a line."""
    return digest.hex()[:16]


def shown(text: str) -> str:
    """Untrusted text for an error: printable, and cut to 64 characters and "..." if it is longer."""
    start = printable(text[: _MAX_SHOWN_CHARACTERS + 1])
    if len(start) <= _MAX_SHOWN_CHARACTERS:
        return start
    return f"{start[:_MAX_SHOWN_CHARACTERS]}..."


def shown_list(texts: Sequence[str], at_most: int = 4) -> str:
    """Untrusted texts for an error: `at_most` of them, shown, and how many more there are."""
    more = len(texts) - at_most
    first = ", ".join(shown(each) for each in texts[:at_most])
    return f"{first} and {more} more" if more > 0 else first
