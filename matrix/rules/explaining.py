"""
Why a release is picked or not, check by check: what :func:`matrix.rules.selection.select` decided,
told so that a person can follow it. Nothing here decides anything.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import Enum

from packaging.version import Version

from matrix.rules.facts import Check, Needs, Pick, PickReason, Policy, Release, Selection
from matrix.rules.guidance import GUIDE
from matrix.rules.judging import Case, Verdict, names_of, verdicts_of
from matrix.rules.named import NEVER_SKIPPED
from matrix.rules.passing import NOTHING_TO_LOOK_AT, passing_fact
from matrix.rules.verdicts import age_text, distinct, is_too_recent

BY_ITSELF = tuple(Check)[: list(Check).index(Check.OLDER_PATCH)]
AMONG_FINALS = (Check.OLDER_PATCH, Check.BELOW_LOW_END, Check.SAMPLED_OUT)
# What decides for a pick: the comparison that it won.
WON = {
    PickReason.LOWEST.value: Check.SAMPLED_OUT,
    PickReason.LATEST.value: Check.SAMPLED_OUT,
    PickReason.HIGHEST_OF_MAJOR.value: Check.SAMPLED_OUT,
    PickReason.EVENLY_SPACED.value: Check.SAMPLED_OUT,
    PickReason.PRERELEASE.value: Check.PRERELEASE,
}


class State(Enum):
    PASS = "Pass"  # noqa: S105  (the word for a check, no password)
    FAILS = "Fails"
    NOT_RUN = "Not run"
    SKIPPED = "Skipped"


@dataclass(frozen=True, kw_only=True, slots=True)
class CheckResult:
    check: Check
    state: State
    fact: str
    is_deciding: bool = False

    @property
    def name(self) -> str:
        return GUIDE[self.check.value].name

    @property
    def anchor(self) -> str:
        return GUIDE[self.check.value].anchor

    @property
    def kind(self) -> str:
        """``not-run``."""
        return self.state.value.lower().replace(" ", "-")


@dataclass(frozen=True, kw_only=True, slots=True)
class Explanation:
    release: Release
    verdict: Verdict
    checks: tuple[CheckResult, ...]  # All, in their order.
    pick: Pick | None


@dataclass(frozen=True, kw_only=True, slots=True)
class _Trial:
    """One release, what is against it, and what would be were it not named by the catalogue."""

    policy: Policy
    release: Release
    verdict: Verdict
    pick: Pick | None
    against: Mapping[str, str]  # Kind of a check, and its fact.
    skipped: Mapping[str, str]
    named: str  # "pinned pick", "exact minimum", or "".

    @property
    def bypasses(self) -> bool:
        """Whether a bypass lets it pass the cooldown, as if it were old enough."""
        return self.release.version in self.policy.bypasses

    @property
    def stopped_at(self) -> Check | None:
        """The first check that keeps it out of the comparison with other releases."""
        stops = {*self.against, *self.skipped} - (
            {Check.COOLDOWN.value} if self.bypasses else set()
        )
        return next((check for check in BY_ITSELF if check.value in stops), None)


def explain(
    case: Case,
    version: Version,
    *,
    found: Selection | Needs | None = None,
    verdicts: Mapping[Version, Verdict] | None = None,
) -> Explanation:
    """
    Explain the verdict of one of the releases of *case*.

    *found* and *verdicts* are what was worked out of the same case already. Raises KeyError when
    there is no such release.
    """
    if found is None:
        found = case.select()
    verdict = (verdicts or verdicts_of(case, found))[version]
    release = next(one for one in distinct(case.releases) if one.version == version)
    picks = () if isinstance(found, Needs) else found.picks
    pick = next((pick for pick in picks if pick.version == version), None)
    trial = _trial(case, release, verdict, pick)
    results = [_result(trial, check) for check in Check]
    decides = WON.get(verdict.reasons[0].kind) if pick else None
    return Explanation(
        release=release,
        verdict=verdict,
        pick=pick,
        checks=tuple(
            replace(
                one,
                is_deciding=one.check is decides
                if pick
                else one.check.value == verdict.kind and one.state is State.FAILS,
            )
            for one in results
        ),
    )


def _trial(case: Case, release: Release, verdict: Verdict, pick: Pick | None) -> _Trial:
    against = {} if pick else _by_kind(verdict)
    named = names_of(case.policy).get(release.version)
    skipped: dict[str, str] = {}
    if named is not None:
        never = _never_skipped(case.policy, release.version, named)
        skipped = {
            kind: fact
            for kind, fact in _without_the_name(case, release.version, against).items()
            if kind not in never
        }
        against = {kind: fact for kind, fact in against.items() if kind not in skipped}
    if release.version in case.policy.bypasses and is_too_recent(case.policy, release):
        skipped[Check.COOLDOWN.value] = _age(case.policy, release)
    return _Trial(
        policy=case.policy,
        release=release,
        verdict=verdict,
        pick=pick,
        against=against,
        skipped=skipped,
        named={
            PickReason.PINNED: "pinned pick",
            PickReason.EXACT_MINIMUM: "exact minimum",
        }.get(named, "")
        if named
        else "",
    )


def _by_kind(verdict: Verdict) -> dict[str, str]:
    facts: dict[str, list[str]] = {}
    for reason in verdict.reasons:
        facts.setdefault(reason.kind, []).append(reason.text)
    return {kind: "; ".join(texts) for kind, texts in facts.items()}


def _never_skipped(policy: Policy, version: Version, named: PickReason) -> frozenset[str]:
    """Return the kinds of the checks that count although the catalogue names the release."""
    kinds = NEVER_SKIPPED | {Check.NO_PYTHON.value}
    if named is PickReason.EXACT_MINIMUM:
        return kinds | {check.value for check in BY_ITSELF}
    skips = any(one.skips_cooldown for one in policy.pinned_picks if one.version == version)
    return kinds if skips else kinds | {Check.COOLDOWN.value}


def _without_the_name(
    case: Case, version: Version, against: Mapping[str, str]
) -> Mapping[str, str]:
    """Return what would be against the release if the catalogue did not name it."""
    policy = replace(
        case.policy,
        pinned_picks=tuple(one for one in case.policy.pinned_picks if one.version != version),
        tests_exact_minimum=case.policy.tests_exact_minimum and case.policy.minimum != version,
    )
    other = replace(case, policy=policy)
    found = other.select()
    if isinstance(found, Needs):
        return against
    verdict = verdicts_of(other, found)[version]
    return {} if verdict.is_picked else _by_kind(verdict)


def _age(policy: Policy, release: Release) -> str:
    assert release.uploaded_at is not None  # It was found too recent.
    return age_text(policy.as_of - release.uploaded_at, policy.cooldown, release)


def _result(trial: _Trial, check: Check) -> CheckResult:
    kind = check.value
    if kind in trial.against:
        return CheckResult(check=check, state=State.FAILS, fact=trial.against[kind])
    if kind in trial.skipped:
        why = "cooldown bypass" if check is Check.COOLDOWN and trial.bypasses else trial.named
        return CheckResult(check=check, state=State.SKIPPED, fact=f"{why}: {trial.skipped[kind]}")
    state, fact = _unfailed(trial, check)
    return CheckResult(check=check, state=state, fact=fact)


def _unfailed(trial: _Trial, check: Check) -> tuple[State, str]:
    if check in BY_ITSELF:
        fact = passing_fact(check, trial.policy, trial.release)
        return (State.NOT_RUN if fact in NOTHING_TO_LOOK_AT else State.PASS), fact
    return COMPARISONS[check](trial)


def _among_finals(check: Check, passes: str) -> Callable[[_Trial], tuple[State, str]]:
    def result(trial: _Trial) -> tuple[State, str]:
        if trial.release.version.is_prerelease:
            return State.NOT_RUN, "compares final releases"
        earlier = AMONG_FINALS[: AMONG_FINALS.index(check)]
        stopped = trial.stopped_at or next(
            (one for one in earlier if one.value in {*trial.against, *trial.skipped}), None
        )
        if stopped is not None:
            return _stopped(stopped)
        if trial.verdict.reasons[0].kind not in {one.value for one in Check} and not trial.pick:
            return State.NOT_RUN, trial.verdict.text
        return State.PASS, passes.format(release=trial.release.version)

    return result


def _sampled(trial: _Trial) -> tuple[State, str]:
    state, fact = _among_finals(Check.SAMPLED_OUT, "taken")(trial)
    if state is State.PASS and trial.pick:
        fact = "; ".join(one.text for one in trial.pick.reasons if one.kind in WON) or fact
    return state, fact


def _prerelease(trial: _Trial) -> tuple[State, str]:
    if trial.release.version.pre is None:
        is_dev = trial.release.version.is_devrelease
        return (
            (State.NOT_RUN, "not asked of development releases")
            if is_dev
            else (
                State.PASS,
                "a final release",
            )
        )
    if trial.stopped_at is not None:
        return _stopped(trial.stopped_at)
    return State.PASS, trial.verdict.text if trial.pick else "the newest that is worth a test"


def _no_python(trial: _Trial) -> tuple[State, str]:
    if trial.pick:
        return State.PASS, f"tested on {', '.join(map(str, trial.pick.pythons))}"
    return State.NOT_RUN, "asked of what all other checks let pass"


def _stopped(check: Check) -> tuple[State, str]:
    return State.NOT_RUN, f"stopped at {list(Check).index(check) + 1}"


COMPARISONS: Mapping[Check, Callable[[_Trial], tuple[State, str]]] = {
    Check.OLDER_PATCH: _among_finals(Check.OLDER_PATCH, "no newer patch is in the running"),
    Check.BELOW_LOW_END: _among_finals(Check.BELOW_LOW_END, "not before the low end"),
    Check.SAMPLED_OUT: _sampled,
    Check.PRERELEASE: _prerelease,
    Check.NO_PYTHON: _no_python,
}
