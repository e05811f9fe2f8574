"""Checks a list of targets by itself: no device accepts one that fails here. Pure."""

from collections.abc import Sequence

from software_update.base.errors import shown, shown_list
from software_update.format import limits
from software_update.format.allowed_targets import is_allowed
from software_update.format.compression import check_compression
from software_update.format.messages import Target
from software_update.format.metadata import TARGETS, Targets
from software_update.format.names import USER_MANIFEST, clash, name_problem
from software_update.format.verdicts import Refused, Verdict


def check_targets(targets: Targets) -> None:
    """Raises Refused if no device accepts these targets, with any installed release and any signers."""
    check_list(targets)
    for target in user_manifests(targets):
        check_user_manifest_length(target)


def check_list(targets: Targets, allowed_targets: Sequence[str] = ()) -> None:
    """Checks the list: some targets, safe and allowed names, no name twice, usable hashes and compressions.

    `allowed_targets` are the entries of the root in force; empty allows all names.
    """
    if not targets.targets:
        raise Refused(Verdict.NO_TARGETS, "lists no targets")
    for target in targets.targets:
        problem = name_problem(target.name)
        if problem:
            raise about_target(Verdict.UNSAFE_NAME, target.name, f"the name {problem}")
        if not is_allowed(target.name, allowed_targets):
            allowed = shown_list(allowed_targets)
            detail = f"the root does not allow this name; it allows {allowed}"
            raise about_target(Verdict.TARGET_NOT_ALLOWED, target.name, detail)
    twice = clash(target.name for target in targets.targets)
    if twice:
        detail = (
            "listed twice"
            if twice[0] == twice[1]
            else f"differs from '{shown(twice[0])}' only in case"
        )
        raise about_target(Verdict.DUPLICATE_TARGET, twice[1], detail)
    for target in targets.targets:
        _ = target.sha256
        try:
            check_compression(target)
        except Refused as refused:
            raise about_target(refused.verdict, target.name, refused.detail) from None


def check_user_manifest_length(target: Target) -> None:
    """Raises Refused if no device reads a user_manifest of that length."""
    if target.length > limits.MAX_USER_MANIFEST_BYTES:
        raise about_target(
            Verdict.TOO_LARGE,
            USER_MANIFEST,
            f"{target.length} bytes; at most {limits.MAX_USER_MANIFEST_BYTES}",
        )


def user_manifests(targets: Targets) -> list[Target]:
    """Returns the targets whose content a device hands to the product before it installs."""
    return [each for each in targets.targets if each.name == USER_MANIFEST]


def about_target(verdict: Verdict, name: str, detail: str) -> Refused:
    """Returns an error about one target."""
    return Refused(verdict, detail, role=TARGETS, subject=f"target '{shown(name)}'")
