"""What pages ask before they write; the rule itself stands in ``matrix.review.permissions``."""

from matrix.review.permissions import NotAllowed, require

__all__ = ["NotAllowed", "require"]
