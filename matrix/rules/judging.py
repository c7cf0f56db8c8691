"""The verdict of every release of a project in one form, also where facts lack."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from packaging.version import Version

from matrix.rules.facts import Metadata, Needs, PickReason, Policy, Reason, Release, Selection
from matrix.rules.guidance import PICKED, pick_kind, word_of
from matrix.rules.named import NEVER_SKIPPED
from matrix.rules.selection import select
from matrix.rules.verdicts import Verdicts

LACKING = "facts lacking"  # The kind of an unknown verdict.


@dataclass(frozen=True, kw_only=True, slots=True)
class Case:
    """What a selection is made of."""

    policy: Policy
    releases: Sequence[Release]
    metadata: Mapping[Version, Metadata]

    def select(self) -> Selection | Needs:
        return select(self.policy, self.releases, self.metadata)


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """What was decided about one release, the main reason first."""

    version: Version
    kind: str  # See guidance.py; LACKING when facts lack.
    reasons: tuple[Reason, ...]

    @property
    def word(self) -> str:
        return word_of(self.kind)

    @property
    def is_picked(self) -> bool:
        return self.word == PICKED

    @property
    def text(self) -> str:
        """The deciding fact; all of them where several speak for a pick."""
        reasons = self.reasons if self.is_picked else self.reasons[:1]
        return "; ".join(reason.text for reason in reasons)


def verdicts_of(case: Case, found: Selection | Needs) -> dict[Version, Verdict]:
    """
    Return the verdict of every release, ascending; *found* is what ``select`` says of *case*.

    Where facts lack, a release that fails a check by itself has its verdict all the same: nothing
    that is looked at later changes it. All others are unknown.
    """
    return _without_metadata(case, found) if isinstance(found, Needs) else verdicts_in(found)


def verdicts_in(found: Selection) -> dict[Version, Verdict]:
    """Return the verdict of every release, ascending."""
    verdicts = {
        version: Verdict(version=version, kind=reasons[0].kind, reasons=reasons)
        for version, reasons in found.rejected.items()
    }
    verdicts |= {
        pick.version: Verdict(
            version=pick.version, kind=pick_kind(pick.reasons[0].kind), reasons=pick.reasons
        )
        for pick in found.picks
    }
    return {version: verdicts[version] for version in sorted(verdicts)}


def _without_metadata(case: Case, needs: Needs) -> dict[Version, Verdict]:
    verdicts = Verdicts(case.policy, case.releases)
    names = ", ".join(map(str, sorted(needs.versions)[:3]))
    more = f" and {len(needs.versions) - 3} more" if len(needs.versions) > 3 else ""  # noqa: PLR2004 - as many are named.
    lacking = (Reason(LACKING, f"the metadata of {names}{more} was not read yet"),)
    named = names_of(case.policy)
    found = {}
    for version, reasons in zip(verdicts.versions, verdicts.reasons, strict=True):
        counting = [one for one in reasons if version not in named or one.kind in NEVER_SKIPPED]
        found[version] = (
            Verdict(version=version, kind=reasons[0].kind, reasons=tuple(reasons))
            if counting
            else Verdict(version=version, kind=LACKING, reasons=lacking)
        )
    return found


def names_of(policy: Policy) -> dict[Version, PickReason]:
    """Return the releases that the catalogue names itself, and as what."""
    named = {pinned.version: PickReason.PINNED for pinned in policy.pinned_picks}
    if policy.tests_exact_minimum and policy.minimum is not None:
        named.setdefault(policy.minimum, PickReason.EXACT_MINIMUM)
    return named
