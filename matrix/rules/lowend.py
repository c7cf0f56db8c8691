"""Check 10: the oldest release that has a Python in common with the SDK, found with few probes."""

from bisect import bisect_left
from collections.abc import Callable, Sequence

from packaging.version import Version

from matrix.rules.facts import Check, Reason
from matrix.rules.pythons import Support
from matrix.rules.verdicts import Found, Verdicts, minor_of


def first_supported(count: int, supports: Callable[[int], bool]) -> int:
    """
    Return the first of *count* positions that supports; 0 when none does, so nothing is cut.

    The first position is probed, then it is a binary search: that newer releases support what older
    ones do is assumed, because each probe costs a request.
    """
    if count == 0 or supports(0):
        return 0
    found = bisect_left(range(count), True, key=supports)
    return found if found < count else 0


def cut_low_end(verdicts: Verdicts, candidates: Sequence[int], support: Support) -> Sequence[int]:
    """Reject what is too old; return the rest of *candidates*. Raises MetadataMissing."""
    versions = [verdicts.versions[position] for position in candidates]
    first = first_supported(len(versions), lambda at: bool(support.pythons(versions[at])))
    if first:
        verdicts.reject(_below(verdicts, versions[first], support))
    return candidates[first:]


def _below(verdicts: Verdicts, lowest: Version, support: Support) -> Found:
    inferred = Reason(
        Check.BELOW_LOW_END.value, f"below {lowest}, the oldest with a Python in common (inferred)"
    )
    end = minor_of(lowest)
    for position, version in enumerate(verdicts.versions):
        if version.is_prerelease:
            continue  # They are judged by themselves.
        if minor_of(version) >= end:
            break
        if version in support.known:
            yield position, Reason(Check.BELOW_LOW_END.value, support.why_none(version))
        else:
            yield position, inferred
