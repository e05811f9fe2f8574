"""check-backend: a boot control and its installers, against the rules of their interfaces."""

from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase

from software_update.base.errors import SoftwareUpdateError, UsageError, printable, shown
from software_update.base.strict_json import to_text
from software_update.cli.client.arguments import add_domain, parser_of
from software_update.cli.client.session import open_local
from software_update.client.backend_check import Finding
from software_update.client.boot_check import check_boot
from software_update.client.domain import Domain
from software_update.client.installer_check import check_installer
from software_update.client.state import AT_REST

SCHEMA = "software_update.client_backends.v1"
_NAMES = ("check", "check2")


class NotNow(SoftwareUpdateError):
    """The slot cannot be overwritten now."""

    exit_code = 1


def run_check_backend(argv: Sequence[str]) -> int:
    """Checks the backends of a domain."""
    parser = parser_of(
        "check-backend",
        "Checks the boot control and the installers of a domain against the rules of their interfaces. It "
        "OVERWRITES a slot that does not run, and leaves it unbootable. Stop the service before. Exit code "
        "1: a backend breaks a rule.",
    )
    parser.add_argument(
        "--overwrite-slot", metavar="NAME", required=True, help="the slot, which must not run"
    )
    add_domain(parser, "the only one")
    args = parser.parse_args(argv)
    with open_local(args.config) as session:
        domain = session.domain(args.domain)
        if session.client.state.detail not in AT_REST:
            raise NotNow("an update is under way; finish it, or roll it back first")
        running = domain.boot.status().booted
        slot = args.overwrite_slot
        if slot == running or slot not in domain.slots:
            others = ", ".join(each for each in domain.slots if each != running)
            raise UsageError(f"--overwrite-slot {shown(slot)}: must be one of {others}")
        found = list(_findings(domain, slot, running))
    broken = [finding for _, finding in found if finding.problem is not None]
    if args.json:
        findings = [
            {"backend": name, "rule": each.rule, "problem": each.problem} for name, each in found
        ]
        document = {"schema": SCHEMA, "domain": domain.name, "slot": slot, "findings": findings}
        print(to_text(document), end="")
    else:
        for name, each in found:
            end = "kept" if each.problem is None else f"BROKEN: {each.problem}"
            print(printable(f"{name}: {each.rule}: {end}"))
    return 1 if broken else 0


def _findings(domain: Domain, slot: str, running: str) -> Iterator[tuple[str, Finding]]:
    # First, because it makes the slot unbootable, which is then overwritten.
    for finding in check_boot(domain.boot, slot):
        yield "boot", finding
    for index, place in enumerate(domain.places):
        names = list(dict.fromkeys(target_names(place.targets)))
        if not names:
            raise UsageError(
                f"installers[{index}]: its patterns contain no name to check with; add a target by its name"
            )
        for finding in check_installer(place.installer, slot, names, running=running):
            yield f"installers[{index}]", finding


def target_names(patterns: Sequence[str]) -> Iterator[str]:
    """Yields names that the patterns of an installer take."""
    for pattern in patterns:
        if not any(sign in pattern for sign in "*?["):
            yield pattern
            continue
        for name in _NAMES:
            candidate = pattern.replace("*", name).replace("?", "c")
            if fnmatchcase(candidate, pattern):
                yield candidate
