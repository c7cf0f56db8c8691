"""Which parts of a channel a run computes."""

from dataclasses import dataclass

from matrix.rules.parts import LAYOUT
from matrix.sdk.translating import Catalogue


class UnknownParts(ValueError):
    """A scope names integrations that the SDK does not have."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Scope:
    """Which parts a run computes: all, only some, or all but some."""

    only: frozenset[str] | None = None
    hold_back: frozenset[str] = frozenset()

    def __contains__(self, part: object) -> bool:
        return (self.only is None or part in self.only) and part not in self.hold_back

    def check(self, catalogue: Catalogue) -> None:
        """Raise UnknownParts where a name is neither an integration nor the layout."""
        known = {integration.name for integration in catalogue.integrations} | {LAYOUT}
        unknown = sorted(((self.only or frozenset()) | self.hold_back) - known)
        if unknown:
            raise UnknownParts(
                f"{catalogue.sdk.slug} has no integration named {', '.join(unknown)}."
            )


EVERYTHING = Scope()
