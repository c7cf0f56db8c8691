"""SDKs as a kind of channels."""

from collections.abc import Collection, Iterable, Mapping

from integrations.catalogue.models import Sdk
from matrix.review.kinds import Kind, Subject
from matrix.rules.diffing import PartDiff, summary_line
from matrix.sdk.channel import compare, summary_of
from matrix.sdk.publishing import render


def tally(diffs: Iterable[PartDiff]) -> str:
    """``1 row to add, 0 to remove, 1 to change; 1 pin to move``."""
    line = summary_line(diffs, unchanged=0)
    return line.removesuffix(" 0 rows unchanged.").removesuffix(".")


def subjects(slugs: Collection[str]) -> Mapping[str, Subject]:
    found = Sdk.objects.filter(slug__in=slugs).defer("frame")
    return {sdk.slug: sdk for sdk in found}


SDK = Kind(
    noun="SDK",
    render=render,
    summary_of=summary_of,
    compare=compare,
    tally=tally,
    subjects=subjects,
)
