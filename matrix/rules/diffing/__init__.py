"""What changes between two states of a part, of a channel or of a file: values in, values out."""

from matrix.rules.diffing.comparing import PartDiff, diff_parts
from matrix.rules.diffing.pins import PinMove, PinsDiff
from matrix.rules.diffing.rows import ChangedRow, MovedRow
from matrix.rules.diffing.summary import summary_line
from matrix.rules.diffing.text import unified_diff

__all__ = [
    "ChangedRow",
    "MovedRow",
    "PartDiff",
    "PinMove",
    "PinsDiff",
    "diff_parts",
    "summary_line",
    "unified_diff",
]
