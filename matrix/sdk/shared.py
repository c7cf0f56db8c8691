"""
Shared constraints of an SDK: what they change in parts, what they contradict, whom they reach.

A resolver is given them as constraints, so they install nothing. In the files an environment that
has pins written shows them by its pins. Elsewhere it carries the constraint as a requirement, if
it installs the project anyway, as its resolution says; where there is none, on the safe side.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from packaging.version import Version

from integrations.catalogue.choices import PinsStyle
from matrix.review.values import Found
from matrix.rules.bounds import carrying, contradictions
from matrix.rules.facts import Python, SharedConstraintRule
from matrix.rules.parts import IntegrationPart
from matrix.sdk.dependencies import split
from matrix.sdk.pinning import PlaceAnswers
from matrix.sdk.translating import Catalogue, shared_rules

SHARED = "shared constraint"


def bounded(
    parts: Mapping[str, IntegrationPart],
    catalogue: Catalogue,
    answers: Mapping[str, PlaceAnswers],
    *,
    as_of: datetime,
) -> tuple[dict[str, IntegrationPart], dict[str, list[Found]]]:
    """Return *parts* with what they must carry of the shared constraints, and what to tell."""
    rules = shared_rules(catalogue.shared_constraints, as_of=as_of)
    is_written = catalogue.sdk.pins_style != PinsStyle.NONE
    made = {
        name: _carrying(part, rules, answers.get(name, {}), is_written=is_written)
        for name, part in parts.items()
    }
    found = {name: list(findings(part, rules)) for name, part in parts.items()}
    return made, {name: some for name, some in found.items() if some}


def _carrying(
    part: IntegrationPart,
    rules: Iterable[SharedConstraintRule],
    answers: PlaceAnswers,
    *,
    is_written: bool,
) -> IntegrationPart:
    def installs(rule: SharedConstraintRule, version: Version, python: Python) -> bool:
        answer = answers.get((version, python))
        if answer is None or answer.pin_set is None:
            return True  # Nobody knows: a line too many does less harm than one too few.
        return not is_written and any(split(pin)[0] == rule.project for pin in answer.pins)

    return carrying(part, rules, installs)


def findings(part: IntegrationPart, rules: Sequence[SharedConstraintRule]) -> Iterator[Found]:
    """Tell which requirements and which rows of *part* contradict shared constraints."""
    for rule, text in contradictions(part, rules):
        yield Found(
            SHARED,
            "error",
            f"The shared constraint {described(rule)} and the dependency rule that installs {text} "
            "exclude each other: no release satisfies both.",
        )
    for rule in rules:
        if rule.project != part.project or rule.group not in {"", part.group}:
            continue
        outside = [
            str(row.version)
            for row in part.rows
            if not rule.bound.contains(row.version, prereleases=True)
        ]
        if outside:
            picked = "is picked" if len(outside) == 1 else "are picked"
            yield Found(
                SHARED,
                "warning",
                f"{' and '.join(outside)} {picked} although the shared constraint "
                f"{described(rule)} leaves it out: it bounds what is installed beside the project. "
                "A hold keeps a release from being picked.",
            )


def described(rule: SharedConstraintRule) -> str:
    """``setuptools<82 (pkg_resources is gone)``."""
    return f"{rule.requirement} ({rule.text})" if rule.text else rule.requirement
