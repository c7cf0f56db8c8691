"""
Which releases of a project are tested, and why the others are not.

Every known release gets one verdict. All checks that apply to it are kept, in the order of
:class:`matrix.rules.facts.Check`. Metadata is asked for when it is needed, and not before.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from packaging.version import Version

from matrix.rules import notes
from matrix.rules.facts import (
    Check,
    Metadata,
    Needs,
    Pick,
    PickReason,
    Policy,
    Reason,
    Release,
    Selection,
)
from matrix.rules.lowend import cut_low_end
from matrix.rules.named import Named, named_releases
from matrix.rules.prereleases import choose_prerelease
from matrix.rules.pythons import MetadataMissing, Support, free_threaded, pick_pythons
from matrix.rules.sampling import sample
from matrix.rules.verdicts import Verdicts, is_too_recent

Chosen = dict[int, list[Reason]]  # Positions of picks among the releases, and why.


def select(
    policy: Policy, releases: Sequence[Release], metadata: Mapping[Version, Metadata]
) -> Selection | Needs:
    """Return the verdicts of all *releases*, or the releases whose metadata is needed first."""
    verdicts = Verdicts(policy, releases)
    support = Support(policy, metadata)
    named = named_releases(policy, verdicts)
    outside = _outside_the_sample(policy, verdicts, named)
    try:
        chosen = _choose(policy, verdicts, outside, support)
    except MetadataMissing as missing:
        return Needs(missing.versions)
    picks = [
        _pick(policy, verdicts.releases[position], reasons, support)
        for position, reasons in sorted(chosen.items())
    ]
    remarks = notes.on_picks(verdicts, named, picks, support)
    return _selection(verdicts, picks, remarks, support)


def _outside_the_sample(policy: Policy, verdicts: Verdicts, named: Iterable[Named]) -> Chosen:
    chosen: Chosen = {}
    picks = [choose_prerelease(policy, verdicts), *(one.pick for one in named)]
    for position, reason in filter(None, picks):
        chosen.setdefault(position, []).append(reason)
    return chosen


def _choose(policy: Policy, verdicts: Verdicts, outside: Chosen, support: Support) -> Chosen:
    """Return all picks, whether or not they have a Python; raises MetadataMissing."""
    candidates = verdicts.newest_of_each_minor()
    # The ends and what is outside the sample are needed wherever the low end turns out to be: to
    # ask for them together saves a round trip.
    support.require(_versions(verdicts, [*candidates[:1], *candidates[-1:], *outside]))
    chosen = _sample(policy, verdicts, cut_low_end(verdicts, candidates, support))
    for position, reasons in outside.items():
        chosen.setdefault(position, []).extend(reasons)
    support.require(_versions(verdicts, chosen))
    return chosen


def _versions(verdicts: Verdicts, positions: Iterable[int]) -> set[Version]:
    return {verdicts.versions[position] for position in positions}


def _sample(policy: Policy, verdicts: Verdicts, candidates: Sequence[int]) -> Chosen:
    """Return a sample of *candidates* and reject the others."""
    if not candidates:
        return {}
    versions = [verdicts.versions[position] for position in candidates]
    found = sample(versions, policy.number_of_versions)
    taken = frozenset(found.chosen)
    chosen: Chosen = {}
    for position, version in zip(candidates, versions, strict=True):
        if version in taken:
            chosen[position] = found.why(version)
        else:
            verdicts.reject([(position, found.why_not(version))])
    return chosen


def _pick(policy: Policy, release: Release, reasons: Iterable[Reason], support: Support) -> Pick:
    pythons = pick_pythons(support.pythons(release.version))
    threaded = free_threaded(pythons, release.abi_tags, policy.free_threading_from)
    return Pick(
        version=release.version,
        pythons=(*pythons, threaded) if threaded else pythons,
        reasons=(*reasons, *_bypassed(policy, release)),
        is_advisory=policy.advisory_prereleases and release.version.is_prerelease,
    )


def _bypassed(policy: Policy, release: Release) -> Iterator[Reason]:
    """Say that a pick would have to wait, but for a bypass, and why it need not."""
    if release.version in policy.bypasses and is_too_recent(policy, release):
        why = dict(policy.bypass_reasons).get(release.version, "")
        text = f"bypasses the cooldown: {why}" if why else "bypasses the cooldown"
        yield Reason(PickReason.BYPASS.value, text)


def _selection(
    verdicts: Verdicts, picks: Sequence[Pick], remarks: Sequence[Reason], support: Support
) -> Selection:
    rejected = dict(zip(verdicts.versions, map(tuple, verdicts.reasons), strict=True))
    for pick in picks:
        if pick.pythons:
            del rejected[pick.version]
        else:
            # What a pick skips does not count: this alone keeps it out.
            reason = Reason(Check.NO_PYTHON.value, support.why_none(pick.version))
            rejected[pick.version] = (reason,)
    tested = tuple(pick for pick in picks if pick.pythons)
    if not tested:
        remarks = [*remarks, notes.on_nothing(rejected)]
    assumed = notes.assumed_free_threading(verdicts, tested)
    return Selection(
        picks=tested,
        rejected=rejected,
        notes=tuple(remarks),
        assumed=frozenset(pick.version for pick in assumed),
    )
