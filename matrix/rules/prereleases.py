"""Check 13: the one prerelease that is worth a test, if there is one."""

from collections.abc import Iterator

from packaging.version import Version

from matrix.rules.facts import Check, PickReason, Policy, PrereleasePolicy, Reason
from matrix.rules.verdicts import Found, Verdicts

HELD = frozenset({Check.HELD_EVERYWHERE.value, Check.HELD.value})
PASSING = frozenset({Check.HELD.value, Check.COOLDOWN.value})  # They end, and the release is there.


def choose_prerelease(policy: Policy, verdicts: Verdicts) -> tuple[int, Reason] | None:
    """Return the position of the prerelease to test and why; reject all others below it."""
    stable = highest_stable(verdicts)
    verdicts.reject(list(_uninteresting(policy, verdicts, stable)))
    chosen = next((at for at in _descending(verdicts) if not verdicts.reasons[at]), None)
    if chosen is None:
        return None
    version = verdicts.versions[chosen]
    verdicts.reject(_lower(verdicts, chosen))
    above = f"above {stable}" if stable else "without a stable release"
    return chosen, Reason(PickReason.PRERELEASE.value, f"prerelease {version} {above}")


def highest_stable(verdicts: Verdicts) -> Version | None:
    """
    Return the highest stable release that is or will be in the running.

    A hold here or a cooldown on 5.0 does not make 5.0rc1 interesting, so these two do not count.
    """
    for position in range(len(verdicts.versions) - 1, -1, -1):
        version = verdicts.versions[position]
        if not version.is_prerelease and PASSING.issuperset(
            reason.kind for reason in verdicts.reasons[position]
        ):
            return version
    return None


def _descending(verdicts: Verdicts) -> Iterator[int]:
    """Yield the positions of prereleases; development releases are another check's."""
    for position in range(len(verdicts.versions) - 1, -1, -1):
        if verdicts.versions[position].pre is not None:
            yield position


def _uninteresting(policy: Policy, verdicts: Verdicts, stable: Version | None) -> Found:
    kind = Check.PRERELEASE.value
    never = Reason(kind, "prereleases are not tested")
    no_candidate = Reason(kind, "not a release candidate")
    not_above = Reason(kind, f"not above {stable}")
    held = _highest_held(verdicts)
    for position in _descending(verdicts):
        version = verdicts.versions[position]
        if policy.prereleases is PrereleasePolicy.NEVER:
            yield position, never
        if policy.prereleases is PrereleasePolicy.CANDIDATES and not _is_candidate(version):
            yield position, no_candidate
        if stable is not None and version < stable:
            yield position, not_above
        above = held.get(_final(version), version) if held else version
        if version < above:
            yield position, Reason(kind, f"{above} is held, and what comes before it")


def _highest_held(verdicts: Verdicts) -> dict[Version, Version]:
    """Return the highest prerelease of each final version that is held and uploaded."""
    held: dict[Version, Version] = {}
    for position in _descending(verdicts):
        kinds = {reason.kind for reason in verdicts.reasons[position]}
        if kinds & HELD and Check.NOT_UPLOADED_YET.value not in kinds:
            version = verdicts.versions[position]
            held.setdefault(_final(version), version)
    return held


def _final(version: Version) -> Version:
    """``5.0rc1`` and ``5.0.0b2`` lead to 5.0."""
    return Version(version.base_version)


def _is_candidate(version: Version) -> bool:
    return version.pre is not None and version.pre[0] == "rc"


def _lower(verdicts: Verdicts, chosen: int) -> Found:
    reason = Reason(Check.PRERELEASE.value, f"{verdicts.versions[chosen]} is newer")
    for position in _descending(verdicts):
        if position < chosen:
            yield position, reason
