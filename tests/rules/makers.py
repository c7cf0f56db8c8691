"""Makers of what the rules are given, with honest defaults, and short forms of what they return."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from packaging.specifiers import SpecifierSet
from packaging.version import Version

from matrix.rules.facts import (
    Check,
    HoldRule,
    Metadata,
    Needs,
    PinnedPickRule,
    Policy,
    Python,
    PythonRestrictionRule,
    Release,
    Selection,
)
from matrix.rules.selection import select

AS_OF = datetime(2026, 8, 10, 8, 45, tzinfo=UTC)
OLD = AS_OF - timedelta(days=365)
PYTHONS = tuple(Python(minor) for minor in range(6, 15))
POLICY = Policy(as_of=AS_OF, pythons=PYTHONS, free_threading_from=Python(14))
ANYWHERE = Metadata(classifiers=("Programming Language :: Python :: 3",))

WEEK = timedelta(days=7)
YESTERDAY = AS_OF - timedelta(days=1)


def a_release(version: str, **facts: object) -> Release:
    release = Release(version=Version(version), uploaded_at=OLD, abi_tags=frozenset({"none"}))
    return replace(release, **facts)  # type: ignore[arg-type]  # Fields of Release.


def releases(*versions: str) -> list[Release]:
    return [a_release(version) for version in versions]


def on(*pythons: str, requires_python: str = "") -> Metadata:
    """Metadata that names *pythons* in classifiers."""
    return Metadata(
        classifiers=tuple(f"Programming Language :: Python :: {python}" for python in pythons),
        requires_python=requires_python,
    )


def a_hold(specifier: str, text: str = "broken", *, everywhere: bool = False) -> HoldRule:
    return HoldRule(releases=SpecifierSet(specifier), is_everywhere=everywhere, text=text)


def a_pinned_pick(version: str, *, skips_cooldown: bool = False) -> PinnedPickRule:
    return PinnedPickRule(
        version=Version(version), skips_cooldown=skips_cooldown, text="customers run it"
    )


def a_restriction(pythons: str, *, of: str = "") -> PythonRestrictionRule:
    return PythonRestrictionRule(releases=SpecifierSet(of), pythons=SpecifierSet(pythons))


def selected(
    known: Sequence[Release],
    policy: Policy = POLICY,
    metadata: Mapping[str, Metadata] | None = None,
) -> Selection:
    """Select with the *metadata* given; every other release runs on any Python 3."""
    given = {Version(text): facts for text, facts in (metadata or {}).items()}
    facts = {release.version: given.get(release.version, ANYWHERE) for release in known}
    found = select(policy, known, facts)
    assert isinstance(found, Selection)
    return found


def asked_for(
    known: Sequence[Release], policy: Policy, facts: Mapping[Version, Metadata]
) -> tuple[list[list[str]], Selection]:
    """Answer what select asks for until it is content; return the questions and the selection."""
    questions: list[list[str]] = []
    given: dict[Version, Metadata] = {}
    while isinstance(found := select(policy, known, given), Needs):
        assert found.versions, "An empty question has no answer."
        assert not found.versions & given.keys(), "Asked twice."
        questions.append([str(version) for version in sorted(found.versions)])
        given |= {version: facts[version] for version in found.versions}
    return questions, found


def picks(selection: Selection) -> list[str]:
    return [str(pick.version) for pick in selection.picks]


def why(selection: Selection, version: str) -> list[str]:
    """Return the texts of the reasons to pick *version*."""
    (pick,) = (pick for pick in selection.picks if pick.version == Version(version))
    return [reason.text for reason in pick.reasons]


def factors(selection: Selection) -> dict[str, list[str]]:
    return {str(pick.version): [str(python) for python in pick.pythons] for pick in selection.picks}


def checks(selection: Selection, version: str) -> list[Check]:
    """Return the checks that keep *version* out, the main one first."""
    return [Check(reason.kind) for reason in selection.rejected[Version(version)]]


def texts(selection: Selection, version: str) -> list[str]:
    return [reason.text for reason in selection.rejected[Version(version)]]


def remarks(selection: Selection, kind: str) -> list[str]:
    return [note.text for note in selection.notes if note.kind == kind]
