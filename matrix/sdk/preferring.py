"""
The pins of the base publication, offered to the resolver so that a week's diff holds only what had
to change; and why some of them are not kept.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Self

from packaging.specifiers import SpecifierSet
from packaging.version import Version

from integrations.index.models import Index
from matrix.environments.models import PinSet
from matrix.environments.resolving import pins_of
from matrix.review.values import Found
from matrix.rules.bounds import reaches
from matrix.rules.facts import Python, SharedConstraintRule
from matrix.rules.parts import IntegrationPart, Row
from matrix.sdk.dependencies import split, unusable
from matrix.sdk.pinning import Place

DROPPED = "dropped pin"


@dataclass(frozen=True, kw_only=True, slots=True)
class Refresh:
    """Which kept pins are given up on purpose."""

    everything: bool = False
    projects: frozenset[str] = frozenset()
    before: datetime | None = None  # Pins that were resolved before this moment.

    @classmethod
    def older_than(cls, days: int, *, now: datetime) -> Self:
        return cls(before=now - timedelta(days=days))

    def written(self) -> dict[str, Any]:
        """Return what :meth:`read` understands, as JSON can hold it."""
        return {
            "everything": self.everything,
            "projects": sorted(self.projects),
            "before": self.before.isoformat() if self.before else None,
        }

    @classmethod
    def read(cls, content: Mapping[str, Any]) -> Self:
        before = content.get("before")
        return cls(
            everything=content.get("everything", False),
            projects=frozenset(content.get("projects", ())),
            before=datetime.fromisoformat(before) if before else None,
        )


KEEP = Refresh()


@dataclass(kw_only=True, slots=True)
class Preferences:
    """What each environment is offered, by integration and place, and what was dropped."""

    offered: dict[str, dict[Place, tuple[str, ...]]] = field(default_factory=dict)
    findings: dict[str, list[Found]] = field(default_factory=dict)

    def pins(self) -> set[str]:
        """Return every pin that is offered to some environment."""
        return {pin for places in self.offered.values() for pins in places.values() for pin in pins}

    def tell(self, more: Iterable[tuple[str, Found]]) -> None:
        for name, found in more:
            self.findings.setdefault(name, []).append(found)


def prefer(
    parts: Iterable[IntegrationPart],
    base: Mapping[str, IntegrationPart],
    *,
    refresh: Refresh,
    index: Index,
    as_of: datetime,
    held: Mapping[str, Collection[SpecifierSet]],
    shared: Collection[SharedConstraintRule] = (),
) -> Preferences:
    """Offer the pins of *base* to *parts*; the pins of a moved row go to its successor."""
    found = Preferences()
    if refresh.everything:
        return found
    hashes = {pin_set for part in base.values() for row in part.rows for _, pin_set in row.pins}
    known = pins_of(hashes - {None})  # type: ignore[arg-type]
    old = _old(known, refresh)
    reasons = unusable(index, {split(pin) for pins in known.values() for pin in pins}, as_of=as_of)

    def why_not(pin: str) -> str:
        name, version = split(pin)
        if any(spec.contains(Version(version), prereleases=True) for spec in held.get(name, ())):
            return "it is held"
        return reasons.get((name, version), "")

    keeper = _Keeper(
        known=known, old=old, refresh=refresh, why_not=why_not, shared=shared, found=found
    )
    for part in parts:
        if part.name in base:
            keeper.offer(part, base[part.name])
    return found


def _old(known: Mapping[str, tuple[str, ...]], refresh: Refresh) -> set[str]:
    if refresh.before is None:
        return set()
    rows = PinSet.objects.filter(sha256__in=known, made_at__lt=refresh.before)
    return set(rows.values_list("sha256", flat=True))


@dataclass(frozen=True, kw_only=True, slots=True)
class _Keeper:
    """What decides which pins of the base are offered again."""

    known: Mapping[str, tuple[str, ...]]
    old: Collection[str]
    refresh: Refresh
    why_not: Callable[[str], str]
    shared: Collection[SharedConstraintRule]
    found: Preferences

    def offer(self, part: IntegrationPart, before: IntegrationPart) -> None:
        dropped: dict[str, str] = {}
        offers: dict[Place, tuple[str, ...]] = {}
        for row in part.rows:
            for python in row.pythons:
                pins = self._pins(_ancestor(row, python, before))
                kept, lost = self._sorted_out(pins, part, python)
                dropped |= lost
                if kept:
                    offers[row.version, python] = kept
        self.found.offered[part.name] = offers
        if dropped:
            listed = ", ".join(f"{pin} ({why})" for pin, why in sorted(dropped.items()))
            text = f"These pins are not kept: {listed}."
            self.found.findings[part.name] = [Found(DROPPED, "warning", text)]

    def _pins(self, pin_set: str | None) -> tuple[str, ...]:
        if pin_set is None or pin_set in self.old:
            return ()
        return tuple(
            pin for pin in self.known[pin_set] if split(pin)[0] not in self.refresh.projects
        )

    def _sorted_out(
        self, pins: Iterable[str], part: IntegrationPart, python: Python
    ) -> tuple[tuple[str, ...], dict[str, str]]:
        bounds = [
            rule
            for rule in self.shared
            if reaches(rule, project=part.project, group=part.group, python=python)
        ]
        kept, lost = [], {}
        for pin in pins:
            if why := self.why_not(pin) or _bounded(pin, bounds):
                lost[pin] = why
            else:
                kept.append(pin)
        return tuple(kept), lost


def _bounded(pin: str, bounds: Iterable[SharedConstraintRule]) -> str:
    """Say which of *bounds* leaves *pin* out; "" when none does."""
    name, version = split(pin)
    for rule in bounds:
        is_out = not rule.bound.contains(Version(version), prereleases=True)
        if rule.project == name and is_out:
            return f"the shared constraint {rule.requirement} leaves it out"
    return ""


def _ancestor(row: Row, python: Python, before: IntegrationPart) -> str | None:
    """
    Return the pin set of the published environment that comes nearest: of the same release, else
    of the same minor version, else of the highest release below.
    """
    having = {
        old.version: pin_set
        for old in before.rows
        for one, pin_set in old.pins
        if one == python and pin_set is not None
    }
    minor = row.version.epoch, row.version.release[:2]
    for version in sorted(having, reverse=True):
        if version == row.version or (version.epoch, version.release[:2]) == minor:
            return having[version]
    below = [version for version in having if version <= row.version]
    return having[max(below)] if below else None
