"""The consent page as the client knows it: the release that waits for an answer, and the form for the answer.

The client makes no HTML: the command gives it a `PageWriter`.
"""

from dataclasses import dataclass
from typing import Protocol

from software_update.client.question import Question
from software_update.format.metadata import Installed, Root


@dataclass(frozen=True, slots=True)
class Offered:
    """A question, and the release that it is about, whose metadata the client has verified.

    `running` is the release in the slot that runs, None if the client does not know it. `root` is the root
    under which the release was accepted, None if the client has not moved to it yet.
    """

    question: Question
    release: Installed
    running: Installed | None
    root: Root | None


@dataclass(frozen=True, slots=True)
class Form:
    """The form on the page: the path that takes the answer, and a secret that the answer must contain.

    `language` is a tag of BCP 47. `text` is a sentence about the last answer, empty if there is none.
    """

    action: str
    secret: str
    language: str
    text: str = ""


class PageWriter(Protocol):
    """Makes the HTML of pages. The implementation is above the client."""

    def asks(self, offered: Offered, form: Form) -> str:
        """Returns the page of a release with the question on it.

        The form sends `secret`, `release`, `root`, `phase` and `reply`: yes, later or no.
        """

    def waits(self, text: str, form: Form) -> str:
        """Returns a page without a question: a sentence about the state, and a form to look again.

        The form sends only `secret`.
        """

    def says(self, text: str, language: str) -> str:
        """Returns a page with a sentence, such as a refusal."""

    def opens(self, action: str, language: str) -> str:
        """Returns a page that sends the fragment of its address to the path `action`, as `token`."""
