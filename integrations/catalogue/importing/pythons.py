"""Turning toxgen's lists of factors into specifiers on Python."""

import re
from collections.abc import Collection, Sequence

FACTOR = re.compile(r"py3\.(0|[1-9][0-9]?)(t?)")


def read_factors(text: str) -> tuple[set[int], set[int]] | None:
    """Read ``py3.13,py3.14,py3.14t``: minors with the GIL, and those without; None: unreadable."""
    found = [FACTOR.fullmatch(word) for word in text.split(",")]
    if not all(found):
        return None
    matches = [match for match in found if match]
    return (
        {int(match[1]) for match in matches if not match[2]},
        {int(match[1]) for match in matches if match[2]},
    )


def as_rules(
    plain: Collection[int],
    threaded: Collection[int],
    *,
    supported: Collection[int],
    free_threading_from: int | None,
) -> list[tuple[str, str]]:
    """
    Return (specifier, free-threading switch) pairs that match exactly the listed Pythons.

    One pair, but for lists that name other Pythons without the GIL than with it: those need two.
    Exact means: for the Pythons of the SDK and those that are listed. Where a list reaches the
    newest of them the specifier is left open, so that the next Python needs no edit.
    """
    known = set(supported) | set(plain) | set(threaded)
    first = min(threaded, default=100) if free_threading_from is None else free_threading_from
    able = {minor for minor in known if minor >= first} | set(threaded)
    if set(plain) & able == set(threaded):
        return [(specifier(plain, known), "any")]
    pairs = []
    if plain:
        pairs.append((specifier(plain, known), "never"))
    if threaded:
        pairs.append((specifier(threaded, known), "only"))
    return pairs


def specifier(minors: Collection[int], known: Collection[int]) -> str:
    """Return the specifier that holds *minors* and nothing else of *known*: ``>=3.7,!=3.9``."""
    everything = sorted(known)
    low, high = min(minors), max(minors)
    inside = [minor for minor in everything if low <= minor <= high]
    parts = _bounds(low, high, everything)
    parts += [f"!=3.{minor}" for minor in inside if minor not in minors]
    return ",".join(parts)


def _bounds(low: int, high: int, everything: Sequence[int]) -> list[str]:
    if low == high and everything[0] < low and high < everything[-1]:
        return [f"==3.{low}"]
    parts = []
    if low > everything[0]:
        parts.append(f">=3.{low}")
    if high < everything[-1]:
        parts.append(f"<3.{high + 1}")
    return parts
