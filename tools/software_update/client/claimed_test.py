"""Tests of the claims of a release next to the powers of this device."""

import json
from collections.abc import Mapping

import pytest

from software_update.client.claimed import (
    UNLIMITED,
    ClaimedChanges,
    Grant,
    check_claims,
    claimed_changes,
    claims_of,
)
from software_update.client.question import Component
from software_update.format import metadata
from software_update.format.claims import NO_CLAIMS, RELEASE_SCHEMA, Claims, Power, TargetClaim
from software_update.format.messages import Target
from software_update.format.metadata import Installed
from software_update.format.refusals import NotDisclosed, Refusal

APP = {"component": "lamp", "area": "application", "reach": ["network", "radio"]}
BOOT = {"component": "boot loader", "area": "boot_loader", "reversible": False}


def manifest(**claims: object) -> bytes:
    return json.dumps({"schema": RELEASE_SCHEMA, "targets": claims}).encode()


def release(contents: Mapping[str, int], **claims: object) -> Installed:
    """Returns a release with these claims. `contents` has a number for the content of each target."""
    targets = [Target.of(name, 5, bytes([value]) * 32) for name, value in contents.items()]
    targets.append(Target.of("user_manifest", 5, bytes(32)))
    parsed = metadata.parse_targets(metadata.build_targets(2, targets, None))
    return Installed(parsed, manifest(**claims), None)


@pytest.mark.parametrize(
    "grant",
    [
        UNLIMITED,
        Grant(("radio", "network")),
        Grant(areas=("application",)),
        Grant(("network", "radio", "keys"), ("application", "system")),
    ],
)
def test_claims_within_the_powers_of_the_domain(grant: Grant) -> None:
    check_claims(manifest(app=APP), "main", grant)


@pytest.mark.parametrize(
    "grant, detail",
    [
        (
            Grant(("network", "keys")),
            "claims the power radio, which domain 'main' does not have (its powers: network, keys)",
        ),
        (
            Grant(()),
            "claims the power network, which domain 'main' does not have (its powers: none)",
        ),
        (
            Grant(areas=()),
            "claims the area application, which domain 'main' does not have (its areas: none)",
        ),
        (
            Grant(areas=("system",)),
            "claims the area application, which domain 'main' does not have (its areas: system)",
        ),
    ],
)
def test_claims_beyond_the_powers_of_the_domain(grant: Grant, detail: str) -> None:
    with pytest.raises(NotDisclosed) as caught:
        check_claims(manifest(app=APP), "main", grant)
    assert caught.value.refusal is Refusal.POWER_NOT_ALLOWED
    assert str(caught.value) == f"POWER_NOT_ALLOWED: target 'app': {detail}"


def test_unknown_words_are_allowed_only_without_limits() -> None:
    for claim, grant in (
        ({**APP, "reach": ["warp"]}, Grant(("network",))),
        ({**APP, "area": "cloud"}, Grant(areas=("application",))),
    ):
        check_claims(manifest(app=claim), "main", UNLIMITED)
        with pytest.raises(NotDisclosed, match="POWER_NOT_ALLOWED"):
            check_claims(manifest(app=claim), "main", grant)


@pytest.mark.parametrize("grant", [UNLIMITED, Grant(("network",))])
def test_malformed_claims_are_refused_with_and_without_limits(grant: Grant) -> None:
    with pytest.raises(
        NotDisclosed, match=r"^MALFORMED_CLAIMS: release manifest: targets\.app: needs"
    ):
        check_claims(manifest(app=7), "main", grant)


@pytest.mark.parametrize("content", [None, b"", b"\x7fELF", b"[" * 100_000, manifest()])
def test_release_without_claims_is_within_all_powers(content: bytes | None) -> None:
    check_claims(content, "main", Grant((), ("model",)))


def test_claims_about_other_targets_do_not_count() -> None:
    claims = claims_of(release({"app": 1}, app=APP, ghost=BOOT))
    assert claims == Claims((TargetClaim("app", "lamp", "application", ("network", "radio")),))


def test_malformed_claims_of_a_release_that_was_accepted_count_as_none() -> None:
    assert claims_of(release({"app": 1}, app=7)) == NO_CLAIMS


OLD = release({"app": 1, "boot": 1, "logo": 1}, app=APP, boot=BOOT)


def test_the_same_release_changes_nothing() -> None:
    assert claimed_changes(OLD, OLD) == ClaimedChanges()


def test_first_release_gains_all_that_it_claims() -> None:
    assert claimed_changes(None, OLD) == ClaimedChanges(
        components=(Component("boot loader", "boot_loader"), Component("lamp", "application")),
        powers_gained=(Power("lamp", "network"), Power("lamp", "radio")),
        not_reversible=("boot",),
        unclaimed=("logo",),
    )


def test_powers_gained_are_those_that_the_installed_release_does_not_claim() -> None:
    more = {**APP, "reach": ["radio", "keys", "warp", "network"]}
    new = release({"app": 2, "boot": 1, "logo": 1}, app=more, boot=BOOT)
    assert claimed_changes(OLD, new) == ClaimedChanges(
        components=(Component("lamp", "application"),),
        powers_gained=(Power("lamp", "keys"), Power("lamp", "warp")),
    )
    assert claimed_changes(new, OLD).powers_gained == ()


def test_removed_target_changes_its_component_and_needs_no_claim() -> None:
    new = release({"app": 1}, app=APP)
    expected = ClaimedChanges(components=(Component("boot loader", "boot_loader"),))
    assert claimed_changes(OLD, new) == expected


def test_claim_that_is_dropped_leaves_a_target_without_a_claim() -> None:
    new = release({"app": 2, "boot": 1, "logo": 1}, boot=BOOT)
    changes = claimed_changes(OLD, new)
    assert changes.components == (Component("lamp", "application"),)
    assert changes.unclaimed == ("app",)
