"""The actions of users by name, with their members as JSON: those of the API, and of commands without it."""

from collections.abc import Callable, Mapping
from typing import Any

from software_update.base.dates import parse_date
from software_update.base.errors import UsageError
from software_update.client.question import Phase
from software_update.client.shell.callers import Caller
from software_update.client.shell.control import Control
from software_update.client.state import Reply

Document = dict[str, Any]


class Action:
    """An action: the members of its JSON object, and a function of control, user and members."""

    def __init__(
        self, members: Mapping[str, type], act: Callable[[Control, Caller, Document], Document]
    ) -> None:
        self.members = members
        self.act = act


def _act_answer(control: Control, who: Caller, fields: Document) -> Document:
    if not fields.get("release"):
        raise UsageError("release is missing; state the release digest of the question")
    until = fields.get("until")
    return control.answer(
        who,
        _named(Reply, fields.get("reply"), "reply"),
        [_named(Phase, each, "phases") for each in fields.get("phases", ())],
        fields["release"],
        None if until is None else parse_date(until, "until"),
        fields.get("root"),
    )


def _act_check(control: Control, who: Caller, fields: Document) -> Document:
    return control.check(who, fields.get("domain"), automatic=fields.get("automatic", False))


def _act_install(control: Control, who: Caller, fields: Document) -> Document:
    if "path" not in fields:
        raise UsageError("path is missing; name a bundle")
    return control.install(who, fields["path"], fields.get("domain"))


def _act_recover(control: Control, who: Caller, fields: Document) -> Document:
    return control.recover(who, fields.get("domain"), below_floor=fields.get("below_floor", False))


def _act_policy(control: Control, who: Caller, fields: Document) -> Document:
    if "preset" not in fields:
        raise UsageError("preset is missing; name one")
    return control.set_preset(who, fields["preset"], fields.get("domain"))


def _act_trust(control: Control, who: Caller, fields: Document) -> Document:
    if "fingerprint" not in fields:
        raise UsageError("fingerprint is missing; state the one that the vendor has told you")
    return control.trust(
        who,
        fields["fingerprint"],
        fields.get("domain"),
        ends_floor=fields.get("end_floor", False),
    )


def _named(kind: Any, value: object, member: str) -> Any:
    values = [each.value for each in kind]
    if value not in values:
        raise UsageError(f"{member}: must be one of {', '.join(values)}")
    return kind(value)


ACTIONS = {
    "check": Action({"domain": str, "automatic": bool}, _act_check),
    "answer": Action(
        {"release": str, "root": str, "reply": str, "phases": list, "until": str}, _act_answer
    ),
    "install": Action({"path": str, "domain": str}, _act_install),
    "recover": Action({"domain": str, "below_floor": bool}, _act_recover),
    "restart-done": Action({}, lambda control, who, fields: control.restart_done(who)),
    "commit": Action({}, lambda control, who, fields: control.commit(who)),
    "rollback": Action({}, lambda control, who, fields: control.cancel(who)),
    "clear": Action({}, lambda control, who, fields: control.clear(who)),
    "factory-reset": Action({}, lambda control, who, fields: control.factory_reset(who)),
    "trust": Action({"fingerprint": str, "domain": str, "end_floor": bool}, _act_trust),
    "policy": Action({"preset": str, "domain": str}, _act_policy),
}
