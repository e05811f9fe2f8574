"""The consent page of the client: the page of the release that waits, with the question on it. Pure."""

import base64
import hashlib
from html import escape

from software_update.base.text import readable
from software_update.client.consent_form import Form, Offered
from software_update.client.question import Phase, Question
from software_update.disclosure.disclosed import Disclosed
from software_update.disclosure.page import ReleasePage
from software_update.disclosure.page_html import page_html, policy, simple_page
from software_update.disclosure.page_labels import Labels, labels_in
from software_update.disclosure.page_of_release import page_of_release
from software_update.disclosure.page_sections import layout
from software_update.format.claims import read_claims
from software_update.format.metadata import Installed, Root

# It needs no more than this: the fragment of an address never leaves the browser by itself.
SCRIPT = """
function send() {
  const field = document.querySelector("[name=token]");
  if (location.hash.length > 1) {
    field.value = location.hash.slice(1);
    history.replaceState(null, "", location.pathname);
    field.form.submit();
  }
}
addEventListener("hashchange", send);
send();
"""


_SELF = "'self'"


class ConsentPageWriter:
    """Makes the pages of `client.consent_form`."""

    def asks(self, offered: Offered, form: Form) -> str:
        """See `PageWriter.asks`."""
        _, labels = labels_in(form.language)
        html = _form(offered.question, form, labels)
        return page_html(layout(page_of_offer(offered), form.language), html, _SELF)

    def waits(self, text: str, form: Form) -> str:
        """See `PageWriter.waits`."""
        tag, labels = labels_in(form.language)
        body = (
            f'{_alert(form.text)}<p lang="en">{escape(readable(text))}</p>\n'
            f'<form method="post" action="{escape(form.action)}">\n{_hidden("secret", form.secret)}\n'
            f"<button>{escape(labels['again'])}</button>\n</form>"
        )
        return simple_page(tag, labels["question"], body, policy(_SELF))

    def says(self, text: str, language: str) -> str:
        """See `PageWriter.says`."""
        tag, labels = labels_in(language)
        body = f'<p lang="en">{escape(readable(text))}</p>'
        return simple_page(tag, labels["question"], body, policy())

    def opens(self, action: str, language: str) -> str:
        """See `PageWriter.opens`."""
        tag, labels = labels_in(language)
        body = (
            f'<form method="post" action="{escape(action)}">\n'
            f'<label>{escape(labels["token"])} <input name="token" autocomplete="off" required></label>\n'
            f"<button>{escape(labels['open'])}</button>\n</form>\n<script>{SCRIPT}</script>"
        )
        digest = base64.b64encode(hashlib.sha256(SCRIPT.encode()).digest()).decode()
        rules = f"{policy(_SELF)}; script-src 'sha256-{digest}'"
        return simple_page(tag, labels["question"], body, rules)


def page_of_offer(offered: Offered) -> ReleasePage:
    """Returns the page of the release that waits. The client has verified its metadata, not its payloads."""
    question = offered.question
    running = None if offered.running is None else _disclosed(offered.running, None)
    release = _disclosed(offered.release, offered.root)
    page = page_of_release(release, running, is_verified=True, size=question.download_bytes)
    return page._replace(
        is_on_device=True,
        vendor=question.vendor,
        signers=question.signers,
        device_powers=question.powers,
        device_areas=question.areas,
        log=question.log.origin if question.log else None,
        witnesses=question.log.witnesses if question.log else (),
        log_problem=question.log.problem if question.log else None,
        auditors=question.auditors,
    )


def _disclosed(installed: Installed, root: Root | None) -> Disclosed:
    return Disclosed(
        installed.targets,
        root,
        installed.root,
        None,
        installed.user_manifest,
        installed.release,
        read_claims(installed.user_manifest or b""),
        (),
        False,
    )


def _form(question: Question, form: Form, labels: Labels) -> str:
    key = f"question_{question.phase.value}"
    if question.phase is Phase.DOWNLOAD and question.download_installs:
        key = "question_download_install"
    asked = labels[key].format(
        version=readable(question.to_version), product=readable(question.product)
    )
    hidden = "".join(
        _hidden(name, value)
        for name, value in (
            ("secret", form.secret),
            ("release", question.release),
            ("root", question.root),
            ("phase", question.phase.value),
        )
    )
    buttons = "\n".join(
        f'<button name="reply" value="{reply}">{escape(labels[label])}</button>'
        for reply, label in (("yes", "approve"), ("later", "postpone"), ("no", "decline"))
    )
    return (
        f'{_alert(form.text)}<form method="post" action="{escape(form.action)}" aria-labelledby="question">\n'
        f'<h2 id="question"><bdi>{escape(asked)}</bdi></h2>\n{hidden}\n{buttons}\n</form>'
    )


def _hidden(name: str, value: str) -> str:
    return f'<input type="hidden" name="{name}" value="{escape(value)}">'


def _alert(text: str) -> str:
    """Returns a sentence about the last answer, and nothing if there is none."""
    if not text:
        return ""
    return f'<p class="notice alert" role="alert" lang="en">{escape(readable(text))}</p>\n'
