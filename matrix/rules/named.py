"""Check 12 and pinned picks: the releases that the catalogue names itself."""

from collections.abc import Sequence
from dataclasses import dataclass

from packaging.version import Version

from matrix.rules.facts import Check, PickReason, PinnedPickRule, Policy, Reason
from matrix.rules.verdicts import Verdicts

# What no pinned pick skips; a cooldown is skipped where the rule says so.
NEVER_SKIPPED = frozenset(
    check.value
    for check in (Check.NOT_UPLOADED_YET, Check.UNAVAILABLE, Check.HELD_EVERYWHERE, Check.HELD)
)


@dataclass(frozen=True, slots=True)
class Named:
    """A release that the catalogue names, and what keeps it out all the same."""

    what: str  # How a note begins: "The pinned pick 3.5.9".
    reason: Reason
    position: int | None  # None: the index does not have it.
    against: Sequence[Reason]

    @property
    def pick(self) -> tuple[int, Reason] | None:
        if self.position is None or self.against:
            return None
        return self.position, self.reason

    @property
    def note(self) -> Reason | None:
        """Say why it is named in vain, if it is."""
        if self.position is None:
            return Reason(self.reason.kind, f"{self.what} is not on the index.")
        if not self.against:
            return None
        main = self.against[0]
        return Reason(self.reason.kind, f"{self.what} is kept out: {main.kind} ({main.text}).")


def named_releases(policy: Policy, verdicts: Verdicts) -> list[Named]:
    """
    Return the exact minimum, when it is asked for, and the pinned picks.

    Ask before releases are compared with each other: that comparison is what they skip.
    """
    named = [_pinned(pinned, verdicts) for pinned in policy.pinned_picks]
    if policy.tests_exact_minimum and policy.minimum is not None:
        named.insert(0, _exact_minimum(policy.minimum, verdicts))
    return named


def _exact_minimum(minimum: Version, verdicts: Verdicts) -> Named:
    position = verdicts.find(minimum)
    reason = Reason(PickReason.EXACT_MINIMUM.value, f"exact minimum {minimum}")
    against = [] if position is None else list(verdicts.reasons[position])
    return Named(f"The exact minimum {minimum}", reason, position, against)


def _pinned(pinned: PinnedPickRule, verdicts: Verdicts) -> Named:
    position = verdicts.find(pinned.version)
    reason = Reason(PickReason.PINNED.value, f"pinned: {pinned.text}")
    never = NEVER_SKIPPED if pinned.skips_cooldown else NEVER_SKIPPED | {Check.COOLDOWN.value}
    found = [] if position is None else verdicts.reasons[position]
    against = [reason for reason in found if reason.kind in never]
    return Named(f"The pinned pick {pinned.version}", reason, position, against)
