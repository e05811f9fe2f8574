"""The page of a release as headings, facts and tables in one language, for HTML and text to render. Pure."""

import shlex
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from software_update.base.text import readable
from software_update.disclosure.page import (
    PageFile,
    PageProof,
    PageProvenance,
    PageRoot,
    PageSbom,
    PageTarget,
    ReleasePage,
)
from software_update.disclosure.page_labels import Labels, labels_in
from software_update.format.claims import AREAS, CONFINED_BY, REACH, TargetClaim
from software_update.format.release_manifest import ReleaseManifest

_CHANGES = {"added": "added", "changed": "changed", "removed": "removed_word"}
_SIZES = ((10**9, "GB"), (10**6, "MB"), (10**3, "kB"))


class Span(NamedTuple):
    """A text in one style.

    `language` is the tag of words from the bundle, empty if it is not known; None for the page's own words.
    `is_code` is for identifiers and commands.
    """

    text: str
    language: str | None = None
    is_code: bool = False


class Fact(NamedTuple):
    """A label, and its values, each in a line. `is_alert` marks a fact that needs attention."""

    label: str
    values: tuple[Span, ...]
    is_alert: bool = False


class Facts(NamedTuple):
    """Facts below each other."""

    facts: tuple[Fact, ...]


class Table(NamedTuple):
    """A table. A cell is one or more lines; the first cell of a row names the row."""

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[tuple[Span, ...], ...], ...]


class Quote(NamedTuple):
    """A longer text of the vendor, in lines."""

    label: str
    source: str
    text: str
    language: str


class Paragraph(NamedTuple):
    """A sentence of the page."""

    text: str


class Notice(NamedTuple):
    """A short warning in capitals, and a sentence. `is_alert` is False for good news."""

    title: str
    text: str
    is_alert: bool


Block = Facts | Table | Quote | Paragraph


class Section(NamedTuple):
    """A part of the page. `name` is the same in all languages."""

    name: str
    heading: str
    blocks: tuple[Block, ...]


class Layout(NamedTuple):
    """The whole page. `language` is that of the labels."""

    language: str
    title: str
    notices: tuple[Notice, ...]
    sections: tuple[Section, ...]


def layout(page: ReleasePage, language: str = "en") -> Layout:
    """Returns the page for people who read `language`, a tag of BCP 47.

    The labels are in English if they are not translated, and texts of the release are as the vendor wrote
    them if the release has no translation.
    """
    tag, labels = labels_in(language)
    writer = _Writer(page, language, labels)
    return Layout(tag, writer.title(), tuple(writer.notices()), tuple(writer.sections()))


class _Writer:
    """A page, and the words to write it with."""

    def __init__(self, page: ReleasePage, language: str, labels: Labels) -> None:
        self._page = page
        self._language = language
        self._labels = labels

    def _say(self, key: str, **values: str | int) -> str:
        return self._labels[key].format(**values)

    def _own(self, key: str, **values: str | int) -> Span:
        return Span(self._say(key, **values))

    def title(self) -> str:
        release = self._page.manifest
        if release is None:
            return self._say("title_unknown")
        version, product = readable(release.version), readable(release.product)
        return self._say("title", version=version, product=product)

    # The first screen.

    def notices(self) -> Iterator[Notice]:
        page = self._page
        if not page.is_verified:
            yield self._notice("not_verified")
        if page.is_dev:
            yield self._notice("dev_keys")
        if page.radius.boot_loader_targets:
            yield self._notice("boot_loader", targets=_joined(page.radius.boot_loader_targets))
        if page.manifest is None:
            yield self._notice("no_manifest")
        if page.log_problem is not None:
            yield self._notice("not_in_log", problem=readable(page.log_problem))
        if page.is_on_device:
            yield self._notice("on_device", is_alert=False)
        elif page.is_verified:
            yield self._notice("verified", is_alert=False)

    def _notice(self, key: str, *, is_alert: bool = True, **values: str) -> Notice:
        return Notice(self._say(key), self._say(f"{key}_text", **values), is_alert)

    def sections(self) -> Iterator[Section]:
        for name, blocks in (
            ("summary", self._summary()),
            ("why", self._why()),
            ("powers", self._powers()),
            ("changes", self._changes()),
            ("targets", self._targets()),
            ("trust", self._trust()),
            ("files", self._files()),
            ("check", self._check()),
        ):
            found = tuple(blocks)
            if found:
                yield Section(name, self._say(name), found)

    def _summary(self) -> Iterator[Block]:
        page, release = self._page, self._page.manifest
        if release is None:
            yield Facts((self._fact("download", Span(self._size(page.size))),))
            return
        facts = []
        if page.vendor:
            facts.append(self._fact("vendor", _theirs(page.vendor)))
        if page.previous and page.previous.version:
            facts.append(self._fact("previous_version", _theirs(page.previous.version)))
        facts += [
            self._fact("kind", self._word(release.kind)),
            self._fact("severity", self._word(release.severity)),
        ]
        if release.advisories:
            ids = [
                f"{readable(each.id)} ({self._say(each.severity)})" for each in release.advisories
            ]
            facts.append(self._fact("closes", Span(", ".join(ids), "")))
        facts += [
            self._fact("duration", Span(self._duration(release.duration))),
            self._fact("unavailable", *self._unavailable(release)),
            self._fact("reversible", self._reversible(release.reversible)),
        ]
        stuck = [name for kind, name in page.radius.no_way_back if kind == "target"]
        if stuck:
            facts.append(self._fact("no_way_back", *map(_theirs, stuck), is_alert=True))
        facts += self._power_facts()
        for key, names in (
            ("in_log", (page.log,) if page.log else ()),
            ("cosigned_by", page.witnesses),
            ("audited_by", page.auditors),
        ):
            if names:
                facts.append(self._fact(key, *map(_theirs, names)))
        facts.append(self._fact("download", Span(self._size(page.size))))
        if release.hardware_ids:
            facts.append(self._fact("hardware", Span(_joined(release.hardware_ids), "")))
        until = release.support_until
        facts.append(
            self._fact("support_until", Span(until[:10]) if until else self._own("not_stated"))
        )
        yield Facts(tuple(facts))

    def _power_facts(self) -> Iterator[Fact]:
        """Yields the powers of the release as its vendor claims them, and those that are new."""
        page, radius = self._page, self._page.radius
        if page.claims.targets:
            reach = ", ".join(each.text for each in self._reach(page.claims.reach()))
            yield self._fact("all_powers", Span(reach))
        else:
            yield self._fact("all_powers", self._own("not_stated"))
        if page.device_areas is not None:
            words = [self._known("area", each, AREAS).text for each in page.device_areas]
            yield self._fact("device_areas", Span(", ".join(words) or self._say("nothing")))
        if page.device_powers is not None:
            powers = ", ".join(each.text for each in self._reach(page.device_powers))
            yield self._fact("device_powers", Span(powers))
        if page.previous and radius.powers_gained:
            if radius.claimed_before:
                gained = [
                    Span(
                        f"{readable(each.component)}: {self._known('reach', each.word, REACH).text}"
                    )
                    for each in radius.powers_gained
                ]
            else:
                gained = [self._own("claimed_nothing")]
            yield self._fact("gained", *gained, is_alert=True)
        if radius.unclaimed:
            yield self._fact("unclaimed", Span(_joined(radius.unclaimed), ""), is_alert=True)

    def _why(self) -> Iterator[Block]:
        release = self._page.manifest
        if release is None:
            return
        for each in release.advisories:
            values = [
                Span(f"{readable(each.id)} ({self._say(each.severity)})", ""),
                _theirs(each.text),
            ]
            facts = [self._fact("closes", *values)]
            if each.action:
                facts.append(self._fact("to_do", _theirs(each.action)))
            yield Facts(tuple(facts))
        notes, language = self._notes(release)
        if notes.strip():
            yield Quote(self._say("notes"), self._say("vendors_words"), _lines(notes), language)
        elif not release.advisories:
            yield Facts((self._fact("notes", self._own("not_stated")),))

    def _notes(self, release: ReleaseManifest) -> tuple[str, str]:
        """Returns the notes, and the language that they are known to be in."""
        texts = release.texts_in(self._language)
        is_translated = texts.notes is not None and texts.notes != release.notes
        return texts.notes or "", texts.language if is_translated else ""

    def _unavailable(self, release: ReleaseManifest) -> Iterable[Span]:
        texts = release.texts_in(self._language)
        is_translated = texts.unavailable_functions != release.unavailable_functions
        if not texts.unavailable_functions:
            return (self._own("not_stated"),)
        language = texts.language if is_translated else ""
        return (Span(readable(each), language) for each in texts.unavailable_functions)

    # Powers.

    def _powers(self) -> Iterator[Block]:
        claims = self._page.claims
        if not claims.targets:
            yield Paragraph(self._say("no_claims"))
            return
        yield Paragraph(self._say("claims_text"))
        yield Table(
            f"{self._say('powers')}: {self._say('claimed')}",
            tuple(map(self._say, ("component", "area", "reach", "confined_by", "reversible"))),
            tuple(self._claim(each) for each in claims.targets),
        )

    def _claim(self, claim: TargetClaim) -> tuple[tuple[Span, ...], ...]:
        confined = claim.confined_by
        return (
            (_theirs(claim.component), _code(claim.target)),
            (self._known("area", claim.area, AREAS),),
            tuple(self._reach(claim.reach)),
            (
                self._known("confined_by", confined, CONFINED_BY)
                if confined
                else self._own("not_stated"),
            ),
            (self._reversible(claim.reversible),),
        )

    def _reach(self, words: Sequence[str]) -> list[Span]:
        return [self._known("reach", each, REACH) for each in words] or [self._own("nothing")]

    def _known(self, member: str, word: str, known: Sequence[str]) -> Span:
        if word in known:
            return self._own(f"{member}_{word}")
        return self._own("unknown_word", word=readable(word))

    # For the engineer and the auditor.

    def _changes(self) -> Iterator[Block]:
        previous = self._page.previous
        if previous is None:
            return
        facts = [fact for fact in self._change_facts(previous.removed) if fact.values]
        if facts:
            yield Facts(tuple(facts))
        else:
            yield Paragraph(self._say("no_changes"))

    def _change_facts(self, removed: Sequence[str]) -> Iterator[Fact]:
        radius = self._page.radius
        components = [
            f"{readable(each.component)} ({self._known('area', each.area, AREAS).text}): "
            f"{self._say(_CHANGES[each.change])}"
            for each in radius.components
        ]
        yield self._fact("components", *map(Span, components))
        yield self._fact("removed", *map(_code, removed))
        for label, words, changes in (
            ("areas", AREAS, radius.areas),
            ("confinement", CONFINED_BY, radius.confinement),
        ):
            member = "area" if label == "areas" else "confined_by"
            lines = [
                f"{readable(each.target)}: {self._known(member, each.old, words).text} → "
                f"{self._known(member, each.new, words).text}"
                for each in changes
            ]
            yield self._fact(label, *map(Span, lines), is_alert=True)
        for key in radius.keys or ():
            yield self._fact(
                f"keys_{key.role}_{key.change}", _code(key.key_id.hex()), is_alert=True
            )
        for each in radius.thresholds or ():
            text = f"{each.old} → {each.new}"
            yield self._fact(f"threshold_{each.role}", Span(text), is_alert=each.new < each.old)

    def _targets(self) -> Iterator[Block]:
        if not self._page.targets:
            return
        columns = ["target", "size"]
        if self._page.previous:
            columns.append("change")
        yield Table(
            self._say("targets"),
            tuple(map(self._say, columns)),
            tuple(self._target(each) for each in self._page.targets),
        )

    def _target(self, target: PageTarget) -> tuple[tuple[Span, ...], ...]:
        name = [_theirs(target.name), _code(target.sha256)]
        if target.original_length is not None:
            size, sha256 = self._size(target.original_length), target.original_sha256 or ""
            name.append(self._own("original", size=size, sha256=sha256))
        sizes = [Span(self._exact_size(target.length))]
        if not target.in_bundle and not self._page.is_on_device:
            sizes.append(self._own("left_out"))
        change = [(self._own(target.change),)] if target.change else []
        return (tuple(name), tuple(sizes), *change)

    def _trust(self) -> Iterator[Block]:
        page = self._page
        facts = [self._fact("release_digest", _code(page.release_digest))]
        if page.targets_version is not None:
            stated = self._expiring(page.targets_version, page.targets_expires)
            facts.append(self._fact("targets_metadata", stated))
        signed = "signed_by" if page.is_verified else "claims_signed_by"
        facts.append(
            self._fact(signed, *(map(_code, page.signers) if page.signers else [self._own("none")]))
        )
        if page.manifest:
            facts.append(self._fact("release_counter", Span(str(page.manifest.counter))))
            if page.manifest.minimum_counter is not None:
                facts.append(
                    self._fact("minimum_counter", Span(str(page.manifest.minimum_counter)))
                )
        root = page.root
        if root is not None:
            facts += self._root(root)
        if page.not_checked and page.is_verified:
            spans = (Span(readable(each), "en") for each in page.not_checked)
            facts.append(self._fact("not_checked", *spans))
        yield Facts(tuple(facts))
        if root is not None and root.keys:
            yield Table(
                self._say("trust"),
                tuple(map(self._say, ("key", "scheme", "roles"))),
                tuple(
                    (
                        (_code(key.key_id), *([self._own("dev_key")] if key.is_dev else [])),
                        (_code(key.scheme),),
                        tuple(self._own(f"role_{role}") for role in key.roles)
                        or (self._own("nothing"),),
                    )
                    for key in root.keys
                ),
            )

    def _root(self, root: PageRoot) -> Iterator[Fact]:
        yield self._fact("root", self._expiring(root.version, root.expires))
        yield self._fact("root_sha256", _code(root.sha256))
        for role, threshold in root.thresholds:
            count = sum(role in key.roles for key in root.keys)
            yield self._fact(
                f"threshold_{role}", self._own("threshold", threshold=threshold, keys=count)
            )
        if root.allowed_targets:
            yield self._fact("allowed_targets", *map(_code, root.allowed_targets))

    def _files(self) -> Iterator[Block]:
        if self._page.is_on_device:
            return
        if not self._page.files:
            yield Paragraph(self._say("no_files"))
            return
        yield Table(
            self._say("files"),
            tuple(map(self._say, ("file", "size", "state"))),
            tuple(
                (
                    (_theirs(each.name), _code(each.sha256)),
                    (Span(self._exact_size(each.length)),),
                    (self._own(_state(each)),),
                )
                for each in self._page.files
            ),
        )
        for each in self._page.files:
            if isinstance(each.contents, PageSbom):
                yield self._sbom(each.name, each.contents)
            elif isinstance(each.contents, PageProvenance):
                yield from self._provenance(each.name, each.contents)
            elif each.contents is not None:
                yield from self._proof(each.name, each.contents)

    def _sbom(self, name: str, sbom: PageSbom) -> Table:
        shown, file, form = len(sbom.components), readable(name), readable(sbom.format)
        key = "sbom" if shown == sbom.total else "sbom_first"
        return Table(
            self._say(key, file=file, count=sbom.total, shown=shown, format=form),
            tuple(map(self._say, ("component", "version", "licence"))),
            tuple(
                (
                    (_theirs(each.name),),
                    (self._stated(each.version),),
                    (self._stated(each.licence),),
                )
                for each in sbom.components
            ),
        )

    def _provenance(self, name: str, built: PageProvenance) -> Iterator[Block]:
        file = readable(name)
        signed = "provenance_signed" if built.is_signed else "provenance_not_signed"
        yield Paragraph(f"{self._say('provenance', file=file)} {self._say(signed)}")
        facts = [
            self._fact("builder", _theirs(built.builder)),
            self._fact("command", _code(shlex.join(built.command))),
            self._fact("source", _code(built.source) if built.source else self._own("not_stated")),
        ]
        if built.release != self._page.release_digest:
            facts.insert(0, self._fact("of_release", _code(built.release), is_alert=True))
        yield Facts(tuple(facts))
        shown = len(built.materials)
        key = "materials" if shown == built.total else "materials_first"
        yield Table(
            self._say(key, file=file, count=built.total, shown=shown),
            (self._say("material"), "SHA-256"),
            tuple(((_theirs(each.name),), (_code(each.sha256),)) for each in built.materials),
        )

    def _proof(self, name: str, proof: PageProof) -> Iterator[Block]:
        yield Paragraph(self._say("proof", file=readable(name)))
        record = self._own("record_of", record=proof.record, size=proof.size)
        yield Facts(
            (
                self._fact("in_log", _theirs(proof.log)),
                self._fact("record", record),
                self._fact("claims_signed_by", *map(_theirs, proof.signers)),
            )
        )

    def _check(self) -> Iterator[Block]:
        commands = self._page.commands
        if commands:
            yield Paragraph(self._say("check_text"))
            yield Facts(tuple(self._fact(key, _code(command)) for key, command in commands))

    # Values.

    def _fact(self, key: str, *values: Span, is_alert: bool = False) -> Fact:
        return Fact(self._say(key), values, is_alert)

    def _word(self, word: str | None) -> Span:
        return self._own(word or "not_stated")

    def _stated(self, text: str) -> Span:
        return _theirs(text) if text else self._own("not_stated")

    def _reversible(self, value: bool | None) -> Span:
        return self._own({True: "yes", False: "no", None: "not_stated"}[value])

    def _expiring(self, version: int, expires: str | None) -> Span:
        return self._own("version_expires", version=version, expires=expires or self._say("never"))

    def _exact_size(self, length: int) -> str:
        return self._say("bytes", count=length)

    def _size(self, length: int) -> str:
        for unit, name in _SIZES:
            if length >= unit:
                return f"{length / unit:.1f} {name}".replace(".", self._labels["decimal"])
        return self._exact_size(length)

    def _duration(self, seconds: int | None) -> str:
        if seconds is None:
            return self._say("not_stated")
        if seconds < 120:
            return self._say("seconds", count=seconds)
        if seconds < 2 * 60 * 60:
            return self._say("minutes", count=-(-seconds // 60))
        return self._say("hours", count=-(-seconds // 3600))


def _theirs(text: str) -> Span:
    """Returns words of the bundle, in a language that is not known."""
    return Span(readable(text), "")


def _code(text: str) -> Span:
    return Span(readable(text), None, True)


def _lines(text: str) -> str:
    return "\n".join(map(readable, text.strip().splitlines()))


def _joined(names: Sequence[str]) -> str:
    return ", ".join(map(readable, names))


def _state(file: PageFile) -> str:
    if not file.is_listed:
        return "state_later"
    if not file.is_here:
        return "state_absent"
    return "state_matches" if file.matches else "state_differs"
