"""
What may change about a release: by hand in the catalogue, on the index, or as time goes by.

Each change is a function from one case to another; :mod:`matrix.rules.hypotheses` tries them.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from packaging.specifiers import SpecifierSet
from packaging.version import Version

from matrix.rules.facts import Check, HoldRule, PickReason, PinnedPickRule, PrereleasePolicy
from matrix.rules.judging import Case, Verdict
from matrix.rules.passing import day_text
from matrix.rules.pythons import restriction_of
from matrix.rules.sampling import sample
from matrix.rules.verdicts import distinct, minor_of

FEW = 3  # Releases that are named one by one.
SAMPLED = {
    PickReason.LOWEST.value,
    PickReason.LATEST.value,
    PickReason.HIGHEST_OF_MAJOR.value,
    PickReason.EVENLY_SPACED.value,
}
IN_THE_RUNNING = {
    Check.OLDER_PATCH.value,
    Check.BELOW_LOW_END.value,
    Check.SAMPLED_OUT.value,
    Check.NO_PYTHON.value,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """Something that may change; *words* complete "Would be picked if"."""

    words: str
    apply: Callable[[Case], Case]
    is_needed_by_pins: bool = False  # A pinned pick does not skip what it takes away.
    unless: str = ""  # The words of a smaller change: when that does, this is not told.


def changes_for(
    case: Case, verdict: Verdict, verdicts: Mapping[Version, Verdict]
) -> Iterator[list[Change]]:
    """Yield the changes for each thing that is against the release, in the order of the checks."""
    kinds = {reason.kind for reason in verdict.reasons}
    known: set[str] = set()
    for check, makers in CHANGES.items():
        if check.value not in kinds:
            continue
        made = [change for make in makers for change in make(case, verdict, verdicts)]
        new = [change for change in made if change.words not in known]
        known |= {change.words for change in new}
        if new:
            yield new


def _policy(words: str, **values: object) -> Change:
    return Change(
        words=words,
        apply=lambda case: replace(case, policy=replace(case.policy, **values)),  # type: ignore[arg-type]  # Fields of Policy.
    )


# --- Checks 1 to 8 -------------------------------------------------------------------------------
def _available_again(
    case: Case, verdict: Verdict, _: Mapping[Version, Verdict]
) -> Iterator[Change]:
    def unyanked(given: Case) -> Case:
        releases = [
            replace(one, is_yanked=False) if one.version == verdict.version else one
            for one in given.releases
        ]
        return replace(given, releases=releases)

    if case.policy.quarantine:
        ended = _policy("the index ends the quarantine of the project", quarantine="")
        yield replace(ended, is_needed_by_pins=True)
    elif any(one.version == verdict.version and one.is_yanked for one in case.releases):
        yield Change(words="its yank is taken back", apply=unyanked, is_needed_by_pins=True)


def _holds_end(case: Case, verdict: Verdict, _: Mapping[Version, Verdict]) -> Iterator[Change]:
    holding = [
        hold
        for hold in case.policy.holds
        if hold.releases.contains(verdict.version, prereleases=True)
    ]
    if not holding:
        return
    names = " and ".join(f"“{hold.text}”" for hold in holding)
    words = f"the hold {names} ends" if len(holding) == 1 else f"the holds {names} end"
    yield Change(
        words=words,
        is_needed_by_pins=True,
        apply=lambda given: replace(
            given,
            policy=replace(
                given.policy,
                holds=tuple(hold for hold in given.policy.holds if hold not in holding),
            ),
        ),
    )


def _cooldown_over(case: Case, verdict: Verdict, _: Mapping[Version, Verdict]) -> Iterator[Change]:
    release = next(one for one in distinct(case.releases) if one.version == verdict.version)
    if release.uploaded_at is None:
        return
    over = release.uploaded_at + case.policy.cooldown
    days = f"{case.policy.cooldown.total_seconds() / 86400:g}"
    old = f", when it is {days} days old" if case.policy.cooldown else ""
    yield _policy(f"nothing else changes until {day_text(over)}{old}", as_of=over)
    if any(reason.kind == Check.COOLDOWN.value for reason in verdict.reasons):
        yield _policy(
            "a cooldown bypass lets it in at once",
            bypasses=case.policy.bypasses | {verdict.version},
        )


def _minimum_lowered(
    case: Case, verdict: Verdict, _: Mapping[Version, Verdict]
) -> Iterator[Change]:
    lowered = f"the minimum is lowered to {verdict.version}"
    yield _policy(lowered, minimum=verdict.version)
    if not case.policy.tests_exact_minimum:
        exactly = _policy(
            f"{lowered} and tested exactly", minimum=verdict.version, tests_exact_minimum=True
        )
        yield replace(exactly, unless=lowered)


def _include_widened(
    case: Case, verdict: Verdict, _: Mapping[Version, Verdict]
) -> Iterator[Change]:
    parts = sorted(case.policy.include, key=str)
    in_the_way = [one for one in parts if not one.contains(verdict.version, prereleases=True)]
    kept = SpecifierSet(",".join(str(one) for one in parts if one not in in_the_way))
    names = " and ".join(f"“{one}”" for one in in_the_way)
    yield _policy(f"{names} is taken out of “include”", include=kept)


# --- Checks 9 to 14 ------------------------------------------------------------------------------
def _newer_out_of_the_way(
    _: Case, verdict: Verdict, verdicts: Mapping[Version, Verdict]
) -> Iterator[Change]:
    """Hold what is newer in the minor version, then what is newer in the major version."""
    version = verdict.version
    newer = [
        one.version
        for one in verdicts.values()
        if one.version > version
        and not one.version.is_prerelease
        and (one.version.epoch, one.version.major) == (version.epoch, version.major)
        and (one.is_picked or one.kind in IN_THE_RUNNING)
    ]
    patches = [one for one in newer if minor_of(one) == minor_of(version)]
    smaller = _held(version, patches, "patches") if patches else None
    if smaller:
        yield smaller
    if len(patches) < len(newer) <= FEW:
        yield replace(_held(version, newer, "releases"), unless=smaller.words if smaller else "")


def _held(version: Version, newer: Sequence[Version], what: str) -> Change:
    releases = SpecifierSet(f">{version.public},<={newer[-1].public}")
    if len(newer) > FEW:
        words = f"all {len(newer)} newer {what} up to {newer[-1]} are put on hold ({releases})"
    else:
        *others, last = map(str, newer)
        names = f"{', '.join(others)} and {last}" if others else last
        words = f"{names} {'are' if others else 'is'} yanked or put on hold"
    rule = HoldRule(releases=releases, is_everywhere=False, text="tried")
    return Change(
        words=words,
        apply=lambda case: replace(
            case, policy=replace(case.policy, holds=(*case.policy.holds, rule))
        ),
    )


def _without_restriction(
    case: Case, verdict: Verdict, _: Mapping[Version, Verdict]
) -> Iterator[Change]:
    found = restriction_of(verdict.version, case.policy.restrictions)
    if found is None:
        return
    which = f"of {found.releases}" if str(found.releases) else "of every release"
    rest = tuple(one for one in case.policy.restrictions if one is not found)
    yield _policy(f"the Python restriction {found.pythons} {which} is removed", restrictions=rest)


def _more_versions(
    case: Case, verdict: Verdict, verdicts: Mapping[Version, Verdict]
) -> Iterator[Change]:
    """Raise the number of versions to the first that samples the release."""
    candidates = [
        one.version
        for one in verdicts.values()
        if one.kind in {Check.SAMPLED_OUT.value, Check.NO_PYTHON.value}
        or (one.is_picked and any(reason.kind in SAMPLED for reason in one.reasons))
    ]
    present = case.policy.number_of_versions or 0
    for number in range(max(2, present + 1), len(candidates) + 1):
        if verdict.version in sample(candidates, number).chosen:
            yield _policy(
                f"the number of versions is raised to {number}", number_of_versions=number
            )
            return


def _prereleases_allowed(
    case: Case, verdict: Verdict, verdicts: Mapping[Version, Verdict]
) -> Iterator[Change]:
    version = verdict.version
    if version.pre is None:
        return
    if case.policy.prereleases is not PrereleasePolicy.ANY:
        is_candidate = version.pre[0] == "rc"
        policy = PrereleasePolicy.CANDIDATES if is_candidate else PrereleasePolicy.ANY
        which = "release candidates are" if is_candidate else "any prerelease is"
        if policy is not case.policy.prereleases:
            yield _policy(f"{which} allowed", prereleases=policy)
    newer = [one.version for one in verdicts.values() if one.version > version]
    newer = [one for one in newer if verdicts[one].is_picked and one.is_prerelease]
    if newer:
        yield _yanked(newer)


def _yanked(versions: Sequence[Version]) -> Change:
    def apply(case: Case) -> Case:
        releases = [
            replace(one, is_yanked=True) if one.version in versions else one
            for one in case.releases
        ]
        return replace(case, releases=releases)

    return Change(words=f"{versions[-1]} is yanked", apply=apply)


def _exact_minimum(case: Case, verdict: Verdict, _: Mapping[Version, Verdict]) -> Iterator[Change]:
    if verdict.version == case.policy.minimum and not case.policy.tests_exact_minimum:
        yield _policy("the exact minimum is tested", tests_exact_minimum=True)


def pinned(case: Case, verdict: Verdict) -> Change | None:
    """Pin the release; None where the catalogue does so already."""
    known = case.policy.pinned_picks
    waits = any(reason.kind == Check.COOLDOWN.value for reason in verdict.reasons)
    before = [one for one in known if one.version == verdict.version]
    if before and (before[0].skips_cooldown or not waits):
        return None
    rule = PinnedPickRule(version=verdict.version, skips_cooldown=waits, text="tried")
    others = tuple(one for one in known if one.version != verdict.version)
    words = "it becomes a pinned pick"
    if waits:
        words = "it becomes a pinned pick that skips the cooldown"
    return _policy(words, pinned_picks=(*others, rule))


Changes = Callable[[Case, Verdict, Mapping[Version, Verdict]], Iterator[Change]]
CHANGES: Mapping[Check, Sequence[Changes]] = {
    Check.NOT_UPLOADED_YET: [_cooldown_over],
    Check.UNAVAILABLE: [_available_again],
    Check.HELD_EVERYWHERE: [_holds_end],
    Check.HELD: [_holds_end],
    Check.COOLDOWN: [_cooldown_over],
    Check.BELOW_MINIMUM: [_minimum_lowered],
    Check.NOT_INCLUDED: [_include_widened],
    Check.OLDER_PATCH: [_newer_out_of_the_way, _exact_minimum],
    Check.BELOW_LOW_END: [_without_restriction],
    Check.SAMPLED_OUT: [_more_versions, _newer_out_of_the_way, _exact_minimum],
    Check.PRERELEASE: [_prereleases_allowed],
    Check.NO_PYTHON: [_without_restriction],
}
