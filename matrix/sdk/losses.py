"""What a part loses against the publication, and rules of it that do nothing."""

from collections.abc import Iterable, Iterator

from matrix.review.values import Found
from matrix.rules.facts import Python, RequirementRule
from matrix.rules.parts import IntegrationPart
from matrix.rules.requirements import requirement_uses

PYTHONS_LOST = "Pythons lost"
IDLE_RULE = "idle rule"
NO_LATEST = "no latest"


def losses(
    part: IntegrationPart | None,
    before: IntegrationPart | None,
    rules: Iterable[RequirementRule],
) -> Iterator[Found]:
    """Tell a reviewer what nobody would see in a diff of lines."""
    if part is None:
        return
    if before is not None and (lost := pythons(before) - pythons(part)):
        names = ", ".join(str(python) for python in sorted(lost))
        yield Found(PYTHONS_LOST, "warning", f"No row runs on {names} any more.")
    if part.latest is None:
        text = f"No row is a final release, so there is no {part.name}-latest."
        yield Found(NO_LATEST, "warning", text)
    for rule in rules:
        if not requirement_uses(part.rows, [rule]):
            yield Found(IDLE_RULE, "info", f"{_named(rule)} matches no row.")


def pythons(part: IntegrationPart) -> set[Python]:
    return {python for row in part.rows for python in row.pythons}


def _named(rule: RequirementRule) -> str:
    where = [f"releases {rule.releases}"] if str(rule.releases) else []
    where += [f"Pythons {rule.pythons}"] if str(rule.pythons) else []
    return f"The rule for {' and '.join(where) or 'every release'} ({', '.join(rule.requirements)})"
