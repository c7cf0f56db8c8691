"""The fact with which a release passes a check: what was compared with what."""

from datetime import datetime, timedelta
from typing import Protocol

from matrix.rules.facts import Check, Policy, Release
from matrix.rules.verdicts import age_text

FIRST_YEAR = 1990  # An earlier time stands for "before the portal first looked".
NO_FILES = "it has no files"
NOT_YET = "not uploaded yet"
NOTHING_TO_LOOK_AT = frozenset({NO_FILES, NOT_YET})


def passing_fact(check: Check, policy: Policy, release: Release) -> str:
    """Say why *release* passes a check that looks at it by itself."""
    match check:
        case Check.NOT_UPLOADED_YET:
            return uploaded_text(release)
        case Check.UNAVAILABLE:
            return "has files, not yanked"
        case Check.HELD_EVERYWHERE:
            return "no hold everywhere names it"
        case Check.HELD:
            return "no hold names it"
        case Check.COOLDOWN:
            return cooldown_text(policy, release)
        case Check.BELOW_MINIMUM:
            return f"not below {policy.minimum}" if policy.minimum else "there is no minimum"
        case Check.POST_OR_DEV:
            return "neither of them"
        case Check.NOT_INCLUDED:
            return f"inside {policy.include}" if policy.include else "everything is included"
    raise ValueError(f"{check} compares a release with others.")


class Uploaded(Protocol):
    """A release, wherever it is known from."""

    @property
    def uploaded_at(self) -> datetime | None: ...

    @property
    def is_time_known(self) -> bool: ...


def uploaded_text(release: Uploaded) -> str:
    """``uploaded 6 Mar 2025``."""
    at = release.uploaded_at
    if at is None:
        return NO_FILES
    if at.year < FIRST_YEAR:
        return "there since the first poll; the index does not say since when"
    verb = "uploaded" if release.is_time_known else "first seen"
    return f"{verb} {day_text(at)}"


def cooldown_text(policy: Policy, release: Release) -> str:
    """``624 days old (needs 7)``."""
    at = release.uploaded_at
    if at is None:
        return NO_FILES
    if not policy.cooldown:
        return "there is no cooldown"
    if at > policy.as_of:
        return NOT_YET
    if at.year < FIRST_YEAR:
        return f"there since the first poll (needs {policy.cooldown / timedelta(days=1):g} days)"
    return age_text(policy.as_of - at, policy.cooldown, release)


def day_text(at: datetime) -> str:
    """``6 Mar 2025``."""
    return f"{at.day} {at:%b} {at.year}"
