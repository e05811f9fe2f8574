"""Makes the question that a person or a policy is asked before a phase. Pure."""

from dataclasses import replace

from software_update.base.errors import short_id
from software_update.client.claimed import Grant, claimed_changes, claims_of
from software_update.client.question import Advisory, Phase, Question
from software_update.client.release import slot_targets
from software_update.client.state import DomainState, Plan, Staging
from software_update.format.metadata import Installed
from software_update.signing.holders import NO_HOLDERS, Holders, named


def make_question(
    plan: Plan,
    release: Installed,
    vendor: str,
    domain: DomainState,
    language: str = "",
    holders: Holders = NO_HOLDERS,
) -> Question:
    """Returns the question about the phase that the plan waits for.

    `release` is the verified release of the plan, `vendor` the name in the device's configuration, and
    `domain` what the device knows of the trust domain. `language` is the tag of the person's language; texts
    without a translation stay as they are. `holders` are the names of keys, as the device has them.
    """
    names = {short_id(each): named(each, holders) for each in holders}
    running = domain.slots.get(domain.running)
    said = release.release
    texts = said.texts_in(language) if said else None
    phase = plan.phase or Phase.DOWNLOAD
    return Question(
        domain=plan.domain,
        phase=phase,
        release=plan.release,
        root=plan.root,
        vendor=vendor,
        product=plan.product,
        from_version=running.version if running else None,
        to_version=plan.version,
        download_bytes=plan.size if phase == Phase.DOWNLOAD else 0,
        install_bytes=sum(each.length for each in slot_targets(release.targets)),
        kind=said.kind if said else None,
        severity=said.severity if said else None,
        duration=said.duration if said else None,
        unavailable_functions=texts.unavailable_functions if texts else (),
        reversible=said.reversible if said else None,
        signers=tuple(names.get(each, each) for each in plan.signers),
        download_installs=plan.staging == Staging.STREAM,
        notes=texts.notes if texts else None,
        advisories=tuple(Advisory(*each) for each in said.advisories) if said else (),
        later_versions=plan.steps,
        slot=plan.slot,
    )


def with_claims(
    question: Question, release: Installed, runs: Installed | None, grant: Grant
) -> Question:
    """Returns a question with the claims of its release, and the powers and areas of its domain.

    `runs` is the release that runs; None if the device does not know it.
    """
    changes = claimed_changes(runs, release)
    return replace(
        question,
        powers=grant.powers,
        areas=grant.areas,
        claims=claims_of(release).targets,
        components=changes.components,
        powers_gained=changes.powers_gained,
        not_reversible=changes.not_reversible,
        unclaimed=changes.unclaimed,
    )
