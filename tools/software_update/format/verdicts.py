"""The verdicts of the verifier, and the error that carries one."""

import enum

from software_update.base.errors import Advice, SoftwareUpdateError


class Verdict(enum.StrEnum):
    """The results of a verification, in the order of the checks."""

    ACCEPT = "ACCEPT"
    # The envelope, and the form of every message.
    MALFORMED = "MALFORMED"
    UNEXPECTED_FIELD = "UNEXPECTED_FIELD"
    DUPLICATE_FIELD = "DUPLICATE_FIELD"
    TOO_LARGE = "TOO_LARGE"
    MISSING_ROLE_METADATA = "MISSING_ROLE_METADATA"
    WRONG_ROLE = "WRONG_ROLE"
    UNSUPPORTED_SPEC_VERSION = "UNSUPPORTED_SPEC_VERSION"
    INVALID_VERSION = "INVALID_VERSION"
    # Keys and signatures.
    KEY_ID_MISMATCH = "KEY_ID_MISMATCH"
    KEY_TYPE_MISMATCH = "KEY_TYPE_MISMATCH"
    INVALID_KEY = "INVALID_KEY"
    SHARED_KEY = "SHARED_KEY"
    THRESHOLD_INVALID = "THRESHOLD_INVALID"
    THRESHOLD_NOT_MET = "THRESHOLD_NOT_MET"
    # Versions and time.
    ROOT_VERSION_GAP = "ROOT_VERSION_GAP"
    ROOT_ROLLBACK = "ROOT_ROLLBACK"
    ROOT_MIX_UP = "ROOT_MIX_UP"
    ROOT_EXPIRED = "ROOT_EXPIRED"
    TARGETS_EXPIRED = "TARGETS_EXPIRED"
    TARGETS_ROLLBACK = "TARGETS_ROLLBACK"
    TARGETS_MIX_UP = "TARGETS_MIX_UP"
    # The release manifest.
    RELEASE_ROLLBACK = "RELEASE_ROLLBACK"
    RELEASE_GAP = "RELEASE_GAP"
    WRONG_HARDWARE = "WRONG_HARDWARE"
    # The list of targets, and the payloads.
    NO_TARGETS = "NO_TARGETS"
    UNSAFE_NAME = "UNSAFE_NAME"
    TARGET_NOT_ALLOWED = "TARGET_NOT_ALLOWED"
    DUPLICATE_TARGET = "DUPLICATE_TARGET"
    HASH_UNSUPPORTED = "HASH_UNSUPPORTED"
    LENGTH_MISMATCH = "LENGTH_MISMATCH"
    HASH_MISMATCH = "HASH_MISMATCH"
    DECOMPRESSION_FAILED = "DECOMPRESSION_FAILED"
    MISSING_PAYLOAD = "MISSING_PAYLOAD"
    UNLISTED_PAYLOAD = "UNLISTED_PAYLOAD"


class Refused(SoftwareUpdateError):
    """A verdict other than ACCEPT. `subject` says what it is about, `detail` what is wrong with it."""

    exit_code = 1

    def __init__(
        self,
        verdict: Verdict,
        detail: str,
        *,
        role: str = "",
        subject: str = "",
        advice: Advice | None = None,
    ) -> None:
        self.verdict = verdict
        self.detail = detail
        self.role = role
        self.subject = subject
        where = f"{subject}: " if subject else ""
        super().__init__(f"{verdict}: {where}{detail}", advice)

    def about(self, role: str, subject: str) -> "Refused":
        """The same verdict; says what it is about where that was not known further in."""
        return Refused(
            self.verdict,
            self.detail,
            role=self.role or role,
            subject=self.subject or subject,
            advice=self.advice,
        )
