"""Tests of the question that the client asks."""

from dataclasses import replace

import pytest

from software_update.client.ask import make_question, with_claims
from software_update.client.claimed import UNLIMITED, Grant
from software_update.client.question import Component, Phase
from software_update.client.state import DomainState, Staging
from software_update.format import metadata
from software_update.format.claims import Claims, Power, TargetClaim
from software_update.format.messages import Target
from software_update.format.metadata import Installed
from software_update.format.names import USER_MANIFEST
from software_update.format.release_manifest import (
    Advisory,
    ReleaseManifest,
    ReleaseTexts,
    build_release,
)
from software_update.signing.holders import Holders
from software_update.testing.stories import NEW, OLD, PLAN

TARGETS = metadata.parse_targets(
    metadata.build_targets(
        2, [Target.of("app", 5, b"a" * 32), Target.of(USER_MANIFEST, 9, b"b" * 32)], None
    )
)
SAID = ReleaseManifest(
    "Blinky",
    "2.0",
    2,
    notes="Blinks faster.",
    severity="high",
    kind="security",
    duration=90,
    unavailable_functions=("blinking",),
    reversible=False,
    advisories=(Advisory("CVE-2031-0001", "high", "It blinked for anyone."),),
    texts=(ReleaseTexts("de", "Blinkt schneller.", ("Blinken",)),),
)
RELEASE = Installed(TARGETS, None, SAID)
DOMAIN = DomainState(slots={"A": OLD}, running="A")


def test_question_names_vendor_of_the_device_and_facts_of_the_release() -> None:
    question = make_question(replace(PLAN, phase=Phase.DOWNLOAD), RELEASE, "Example", DOMAIN)
    assert (question.vendor, question.product) == ("Example", "Blinky")
    assert (question.from_version, question.to_version) == (OLD.version, NEW.version)
    assert (question.severity, question.notes) == ("high", "Blinks faster.")
    assert (question.kind, question.duration, question.reversible) == ("security", 90, False)
    assert question.unavailable_functions == ("blinking",)
    assert [*map(tuple, question.advisories)] == [*map(tuple, SAID.advisories)]
    assert (question.download_bytes, question.install_bytes) == (PLAN.size, 5)


def test_texts_are_in_the_language_of_the_device() -> None:
    question = make_question(PLAN, RELEASE, "Example", DOMAIN, "de-AT")
    assert (question.notes, question.unavailable_functions) == ("Blinkt schneller.", ("Blinken",))
    question = make_question(PLAN, RELEASE, "Example", DOMAIN, "fr")
    assert (question.notes, question.unavailable_functions) == ("Blinks faster.", ("blinking",))


def test_later_phases_fetch_nothing() -> None:
    question = make_question(replace(PLAN, phase=Phase.RESTART), RELEASE, "Example", DOMAIN)
    assert (question.phase, question.download_bytes) == (Phase.RESTART, 0)


def test_first_release_of_a_device_has_no_version_before() -> None:
    question = make_question(PLAN, RELEASE._replace(release=None), "Example", DomainState())
    assert (question.from_version, question.severity) == (None, None)
    assert (question.notes, question.unavailable_functions) == (None, ())


def test_powers_of_the_device_and_claims_of_the_vendor() -> None:
    def release(*reach: str) -> Installed:
        claims = Claims((TargetClaim("app", "lamp", "application", reach, reversible=False),))
        return RELEASE._replace(user_manifest=build_release(SAID, claims))

    new = release("keys", "network")
    grant = Grant(("network", "keys"), ("application",))
    asked = make_question(PLAN, new, "Example", DOMAIN)
    question = with_claims(asked, new, None, grant)
    assert (question.slot, question.powers, question.areas) == ("B", grant.powers, grant.areas)
    assert question.claims == (
        TargetClaim("app", "lamp", "application", ("keys", "network"), reversible=False),
    )
    assert question.powers_gained == (Power("lamp", "keys"), Power("lamp", "network"))
    assert (question.components, question.not_reversible, question.unclaimed) == (
        (Component("lamp", "application"),),
        ("app",),
        (),
    )
    question = with_claims(asked, new, release("network"), UNLIMITED)
    assert (question.powers, question.areas) == (None, None)
    assert question.powers_gained == (Power("lamp", "keys"),)
    assert (question.components, question.not_reversible) == ((), ())


@pytest.mark.parametrize("staging", Staging)
def test_download_installs_unless_the_bundle_is_stored(staging: Staging) -> None:
    question = make_question(replace(PLAN, staging=staging), RELEASE, "Example", DomainState())
    assert question.download_installs == (staging == Staging.STREAM)


def test_signers_have_the_names_that_the_device_knows() -> None:
    holders: Holders = {b"\x11" * 32: "release manager", b"\x22" * 32: "somewhere else"}
    plan = replace(PLAN, signers=("11" * 8, "33" * 8))
    question = make_question(plan, RELEASE, "Example", DOMAIN, "en", holders)
    assert question.signers == (f"release manager ({'11' * 8})", "33" * 8)
    question = make_question(plan, RELEASE, "Example", DOMAIN)
    assert question.signers == ("11" * 8, "33" * 8)
