"""Makes the policies that a configuration describes."""

from collections.abc import Callable, Mapping
from typing import Any

from software_update.client.config import Part, PolicyConfig
from software_update.client.decision import Choice, Policy
from software_update.client.policy.busy_file import BusyFile
from software_update.client.policy.chain import Link
from software_update.client.policy.exec_program import ExecProgram
from software_update.client.policy.metered import Metered
from software_update.client.policy.minimum_interval import MinimumInterval
from software_update.client.policy.postponement import Postponement
from software_update.client.policy.power import Power
from software_update.client.policy.powers_gained import PowersGained
from software_update.client.policy.quiet_hours import QuietHours
from software_update.client.question import Phase
from software_update.client.system import System


def links_of(config: PolicyConfig, system: System) -> tuple[Link, ...]:
    """Returns the configured policies in the order of the chain, which begins with the preset before them."""
    return tuple(_link(part, system) for part in config.parts)


def postponement_of(config: PolicyConfig) -> Postponement | None:
    """Returns the cap on postponements; None if there is none."""
    part = config.part("postponement")
    return Postponement(**part.options) if part else None


def _link(part: Part, system: System) -> Link:
    options = dict(part.options)
    phases = options.pop("phases", None)
    policy = _MAKERS[part.type](options, system)
    if phases is None:
        return Link(part.type, policy)
    return Link(part.type, policy, frozenset(map(Phase, phases)))


def _metered(options: Mapping[str, Any], system: System) -> Policy:
    choice = Choice[options["choice"].upper()]
    return Metered(system, **{**options, "choice": choice, "program": options["program"] or ()})


def _busy_file(options: Mapping[str, Any], system: System) -> Policy:
    return BusyFile(system, **{name: paths or () for name, paths in options.items()})


_MAKERS: Mapping[str, Callable[[Mapping[str, Any], System], Policy]] = {
    "quiet_hours": lambda options, system: QuietHours(**options),
    "metered": _metered,
    "power": lambda options, system: Power(system, **options),
    "busy_file": _busy_file,
    "minimum_interval": lambda options, system: MinimumInterval(options["interval"]),
    "postponement": lambda options, system: Postponement(**options),
    "powers_gained": lambda options, system: PowersGained(Choice[options["choice"].upper()]),
    "exec_program": lambda options, system: ExecProgram(system, **options),
}
