"""Reads the repositories among the sources of a client's domains.

    choice = repositories.choose(domain, source, by_person=False)
    event = repositories.stop(plan, domain, effect)      # before an effect; Withdrawn ends the plan
    bundle = repositories.open(plan, domain)

All methods raise SourceError if a repository cannot be read, and RepositoryRejected if it is not trusted.
"""

from collections.abc import Callable, Iterable
from typing import TypeVar

from software_update.base.errors import printable
from software_update.client import events, freshness
from software_update.client.choose import Choice, Device, choose
from software_update.client.domain import Domain
from software_update.client.effects import Effect
from software_update.client.repository import Listed, RepositorySource, View
from software_update.client.rollout_secret import read_secret
from software_update.client.source import OpenBundle, SourceError
from software_update.client.state import Detail, Plan, State
from software_update.client.system import System

_MAX_TEXT = 200
_WAITING = (Detail.AWAITING_CONSENT, Detail.AWAITING_RESTART)
_T = TypeVar("_T")


class Repositories:
    """The repositories of a client. It remembers what it has read of each until the client ends.

    `state` returns the state of the client, `handle` lets the core handle an event, and `at` returns the time
    that expiries are compared with.
    """

    def __init__(
        self,
        system: System,
        state: Callable[[], State],
        handle: Callable[[events.Event], object],
        at: Callable[[], int],
    ) -> None:
        self._system = system
        self._state = state
        self._handle = handle
        self._at = at
        self._secret = b""
        self._views: dict[str, View] = {}

    def start(self, folder: str, domains: Iterable[Domain]) -> None:
        """Reads the secret of the device, or makes it, if a domain has a repository."""
        sources = [source for domain in domains for source in domain.sources]
        if any(isinstance(each, RepositorySource) for each in sources):
            self._secret = read_secret(self._system.storage, folder, self._system.clock)

    def choose(self, domain: Domain, source: RepositorySource, *, by_person: bool) -> Choice:
        """Refreshes, and chooses the next release."""
        view = self._refresh(domain.name, source)
        state = self._state()
        known = state.domain(domain.name)
        device = Device(
            product=source.product,
            hardware_id=domain.hardware_id,
            running=known.slots.get(known.running),
            floor=known.floor,
            secret=self._secret,
            at=self._at(),
            by_person=by_person,
            failures={
                each.release: each.count for each in state.failures if each.domain == domain.name
            },
        )
        return choose(view, device)

    def stop(self, plan: Plan, domain: Domain, effect: Effect) -> events.Withdrawn | None:
        """Returns the event that ends a plan before an effect; None if the effect may run.

        Refreshes if the timestamp has expired since, or if it has not read the list of bundles yet.
        """
        if not freshness.needs_fresh(plan, effect):
            return None
        source = _repository_of(domain)
        unread = domain.name not in self._views and freshness.fetches(plan, effect)
        if not unread and not freshness.is_stale(self._state(), plan, self._at()):
            return None
        return self._withdrawal(plan, source)

    def watch(self, domain: Domain) -> events.Withdrawn | None:
        """Returns the event that ends the domain's plan if that only waits, for an answer or a restart.

        Raises SourceError only if the timestamp has expired: until then, nothing waits for a newer one.
        """
        plan = self._state().plan
        if plan is None or plan.domain != domain.name or not plan.entry:
            return None
        if self._state().detail not in _WAITING:
            return None
        try:
            return self._withdrawal(plan, _repository_of(domain))
        except SourceError:
            if freshness.is_stale(self._state(), plan, self._at()):
                raise
            return None

    def _withdrawal(self, plan: Plan, source: RepositorySource) -> events.Withdrawn | None:
        """Refreshes. Returns the event that ends the plan, if its release was halted or withdrawn."""
        view = self._refresh(plan.domain, source)
        listed = self._find(view, plan, source)
        return freshness.withdrawal(plan, view, listed, self._system.clock.now())

    def open(self, plan: Plan, domain: Domain) -> OpenBundle:
        """Opens the bundle of a plan for which `stop` has returned None."""
        source = _repository_of(domain)
        view = self._views.get(plan.domain) or self._refresh(plan.domain, source)
        listed = self._find(view, plan, source)
        if listed is None:
            raise SourceError(f"{source.describe()}: does not list the bundle any more")
        return self.open_listed(listed, source)

    def open_listed(self, listed: Listed, source: RepositorySource) -> OpenBundle:
        """Opens a bundle that `choose` has returned."""
        return _ask(source, lambda: source.repository.open(listed))

    def _find(self, view: View, plan: Plan, source: RepositorySource) -> Listed | None:
        for each in view.listed:
            if each.path == plan.entry:
                return each
        return _ask(source, lambda: source.repository.find(plan.entry))

    def _refresh(self, domain: str, source: RepositorySource) -> View:
        floors, at = self._state().domain(domain).floors(source.root), self._at()
        view = _ask(source, lambda: source.repository.refresh(floors, at))
        freshness.check_versions(source.describe(), view.versions, floors, at)
        self._views[domain] = view
        self._handle(events.RepositoryRead(at, domain, view.versions, source.root))
        return view


def _repository_of(domain: Domain) -> RepositorySource:
    """Returns the repository of a domain, which has at most one. Raises SourceError if it has none."""
    for source in domain.sources:
        if isinstance(source, RepositorySource):
            return source
    raise not_configured(domain)


def not_configured(domain: Domain) -> SourceError:
    """Returns the error about a plan from a source that a newer configuration lacks."""
    return SourceError(
        f"domain '{domain.name}': the source of the release is not configured any more"
    )


def _ask(source: RepositorySource, question: Callable[[], _T]) -> _T:
    """Returns the answer of a repository. A fault in it is a SourceError, and not the end of the service."""
    try:
        return question()
    except SourceError:
        raise
    except Exception as error:
        text = printable(f"{type(error).__name__}: {error}"[:_MAX_TEXT])
        raise SourceError(f"{source.describe()}: {text}") from error
