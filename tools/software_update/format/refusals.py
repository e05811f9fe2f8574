"""The reasons for which a device or an auditor refuses a release that the verifier accepts."""

import enum

from software_update.base.errors import Advice, SoftwareUpdateError


class Refusal(enum.StrEnum):
    """The reasons, which concern what is disclosed about a release. The verdicts of the bundle come first."""

    # Claims of the release manifest.
    MALFORMED_CLAIMS = "MALFORMED_CLAIMS"
    POWER_NOT_ALLOWED = "POWER_NOT_ALLOWED"
    # Attachments, and statements of auditors.
    MISSING_ATTACHMENT = "MISSING_ATTACHMENT"
    MALFORMED_ATTACHMENT = "MALFORMED_ATTACHMENT"
    ATTACHMENT_MISMATCH = "ATTACHMENT_MISMATCH"
    ATTACHMENT_OF_ANOTHER_RELEASE = "ATTACHMENT_OF_ANOTHER_RELEASE"
    ATTACHMENT_NOT_SIGNED = "ATTACHMENT_NOT_SIGNED"
    AUDITS_MISSING = "AUDITS_MISSING"
    AUDITOR_IS_VENDOR = "AUDITOR_IS_VENDOR"
    # The proof that a release is in a log.
    MISSING_PROOF = "MISSING_PROOF"
    MALFORMED_PROOF = "MALFORMED_PROOF"
    PROOF_OF_ANOTHER_RELEASE = "PROOF_OF_ANOTHER_RELEASE"
    UNKNOWN_LOG = "UNKNOWN_LOG"
    LOG_NOT_SIGNED = "LOG_NOT_SIGNED"
    LOG_FORKED = "LOG_FORKED"
    WITNESSES_MISSING = "WITNESSES_MISSING"
    WITNESS_STALE = "WITNESS_STALE"


class NotDisclosed(SoftwareUpdateError):
    """A refusal. `subject` says what it is about, such as a file, and `detail` what is wrong with it."""

    exit_code = 1

    def __init__(
        self, refusal: Refusal, detail: str, *, subject: str = "", advice: Advice | None = None
    ) -> None:
        self.refusal = refusal
        self.detail = detail
        self.subject = subject
        where = f"{subject}: " if subject else ""
        super().__init__(f"{refusal}: {where}{detail}", advice)
