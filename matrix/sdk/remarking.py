"""What each field of an integration's form matches, and rows of it that do nothing or clash."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from packaging.specifiers import SpecifierSet
from packaging.version import Version

from integrations.catalogue.models import DependencyRule, Hold, PinnedPick, PythonRestriction
from matrix.rules.facts import PickReason, Policy, Python, Selection
from matrix.rules.matching import KnownReleases, Matched
from matrix.rules.parts import Row
from matrix.rules.shadowing import Remark as Found
from matrix.rules.shadowing import Universe, restriction_remarks, rule_remarks
from matrix.sdk.drafting import Draft, Entry
from matrix.sdk.translating import place_of, requirement_rule, restriction_rule

MOST_FIELDS = 60  # Of one form that are looked at; more is no catalogue but an attack.

Ordered = TypeVar("Ordered", DependencyRule, PythonRestriction)
Anything = TypeVar("Anything", DependencyRule, PythonRestriction, PinnedPick, Hold)
WithoutHold = Callable[[Hold], Selection | None]  # None: facts lack.


@dataclass(frozen=True, kw_only=True, slots=True)
class FieldMatch:
    """What the specifier in one field matches."""

    label: str  # "Dependency rule 2"
    field: str  # The name of the field in the form: "rules-1-releases".
    specifier: str
    matched: Matched


@dataclass(frozen=True, kw_only=True, slots=True)
class Remark:
    """What somebody should know before saving; it belongs to a field, or to the whole."""

    text: str
    is_warning: bool
    field: str = ""


def matches_of(draft: Draft, known: KnownReleases) -> Iterator[FieldMatch]:
    """Yield what each specifier on releases matches; an empty one says "all" by itself."""
    integration = draft.integration
    if not known.versions:
        return
    if integration.minimum:
        yield FieldMatch(
            label="Minimum version",
            field="minimum",
            specifier=f">={integration.minimum}",
            matched=known.at_least(Version(integration.minimum)),
        )
    yield FieldMatch(
        label="Releases to consider",
        field="include",
        specifier=integration.include,
        matched=known.matched(SpecifierSet(integration.include)),
    )
    tables = (
        _labelled("Dependency rule", draft.rules),
        _labelled("Python restriction", draft.restrictions),
        _labelled("Hold", draft.holds),
    )
    for label, entry in (each for table in tables for each in table):
        if entry.row.releases:
            yield FieldMatch(
                label=label,
                field=f"{entry.field}-releases",
                specifier=entry.row.releases,
                matched=known.matched(SpecifierSet(entry.row.releases)),
            )


def _labelled(kind: str, entries: Sequence[Entry[Anything]]) -> list[tuple[str, Entry[Anything]]]:
    """Number the rows as the form shows them."""
    numbered = list(enumerate(entries[:MOST_FIELDS], start=1))
    return [(f"{kind} {number}", entry) for number, entry in numbered]


# --- Remarks -------------------------------------------------------------------------------------
@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """What follows from a draft, for its remarks."""

    policy: Policy
    known: KnownReleases
    selection: Selection
    rows: Sequence[Row]
    without: WithoutHold


def remarks_on(draft: Draft, outcome: Outcome) -> Iterator[Remark]:
    yield from _on_rules(draft, outcome)
    yield from _on_restrictions(draft, outcome)
    yield from _on_pinned_picks(draft, outcome)
    yield from _on_holds(draft, outcome)


def _on_rules(draft: Draft, outcome: Outcome) -> Iterator[Remark]:
    labels, entries = _in_order("Dependency rule", draft.rules)
    universe = Universe(outcome.known, _all_pythons(outcome.policy))
    rules = [requirement_rule(entry.row) for entry in entries]
    yield from _told(rule_remarks(rules, labels, universe, outcome.rows), labels, entries)


def _on_restrictions(draft: Draft, outcome: Outcome) -> Iterator[Remark]:
    labels, entries = _in_order("Python restriction", draft.restrictions)
    universe = Universe(outcome.known, outcome.policy.pythons)
    rules = [restriction_rule(entry.row) for entry in entries]
    yield from _told(restriction_remarks(rules, labels, universe), labels, entries)


def _in_order(
    kind: str, entries: Sequence[Entry[Ordered]]
) -> tuple[list[str], list[Entry[Ordered]]]:
    """Return the rows in the order in which rules ask them, with the labels of the form."""
    found = sorted(_labelled(kind, entries), key=lambda each: place_of(each[1].row))
    return [label for label, _ in found], [entry for _, entry in found]


def _told(
    remarks: Iterable[Found], labels: Sequence[str], entries: Sequence[Entry[Ordered]]
) -> Iterator[Remark]:
    for remark in remarks:
        yield Remark(
            text=f"{labels[remark.position]} {remark.text}",
            is_warning=remark.is_warning,
            field=f"{entries[remark.position].field}-releases",
        )


def _all_pythons(policy: Policy) -> list[Python]:
    """Return the Pythons of the SDK, with the free-threaded builds that may be tested."""
    since = policy.free_threading_from
    threaded = [
        Python(python.minor, free_threaded=True)
        for python in policy.pythons
        if since is not None and python.minor >= since.minor
    ]
    return sorted([*policy.pythons, *threaded])


def _on_pinned_picks(draft: Draft, outcome: Outcome) -> Iterator[Remark]:
    picks = {pick.version: pick.reasons for pick in outcome.selection.picks}
    for _, entry in _labelled("Pinned pick", draft.pinned_picks):
        version, field = Version(entry.row.version), f"{entry.field}-version"
        name = f"The pinned pick {version}"
        if version not in outcome.known.versions:
            text = f"{name} is not on the index{_nearest(version, outcome.known)}."
            yield Remark(text=text, is_warning=True, field=field)
        elif version in outcome.selection.rejected:
            why = outcome.selection.rejected[version][0]
            text = f"{name} is kept out: {why.kind} ({why.text})."
            yield Remark(text=text, is_warning=True, field=field)
        elif others := [
            each.text for each in picks[version] if each.kind != PickReason.PINNED.value
        ]:
            text = f"{name} would be picked without the pin, too: {', '.join(others)}."
            yield Remark(text=text, is_warning=False, field=field)


def _nearest(version: Version, known: KnownReleases) -> str:
    below = [other for other in known.versions if other < version][-1:]
    above = [other for other in known.versions if other > version][:1]
    names = " and ".join(map(str, [*below, *above]))
    return f"; it has {names}" if names else ""


def _on_holds(draft: Draft, outcome: Outcome) -> Iterator[Remark]:
    for label, entry in _labelled("Hold", draft.holds):
        if text := _idle_hold(entry.row, outcome):
            yield Remark(text=f"{label} {text}", is_warning=True, field=f"{entry.field}-releases")


def _idle_hold(hold: Hold, outcome: Outcome) -> str:
    at = outcome.policy.as_of
    if hold.lifted_at is not None and hold.lifted_at <= at:
        return f"was lifted: {hold.lifted_because}."
    if hold.has_ended(at.date()):
        return f"ended on {hold.ends_on}: it keeps nothing out any more."
    if not hold.is_in_force(at):
        return f"begins on {hold.starts_on}: it keeps nothing out yet."
    if not outcome.known.matching(SpecifierSet(hold.releases)):
        return "matches no known release."
    without = outcome.without(hold)
    if without is not None and without.picks == outcome.selection.picks:
        return "keeps out nothing that would be picked without it."
    return ""
