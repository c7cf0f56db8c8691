"""SDKs as a kind of channels."""

from collections.abc import Iterable

from integrations.catalogue.models.sdk import sdk_named
from matrix.review.kinds import Kind
from matrix.rules.diffing import PartDiff, summary_line
from matrix.sdk.channel import compare, summary_of
from matrix.sdk.publishing import render


def tally(diffs: Iterable[PartDiff]) -> str:
    """``1 row to add, 0 to remove, 1 to change; 1 pin to move``."""
    line = summary_line(diffs, unchanged=0)
    return line.removesuffix(" 0 rows unchanged.").removesuffix(".")


SDK = Kind(
    noun="SDK", render=render, summary_of=summary_of, compare=compare, tally=tally, find=sdk_named
)
