"""What a new integration of a project may begin with, from the catalogue and stored facts."""

from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import ValidationError

from integrations.catalogue.models import Group, Integration, Sdk
from integrations.catalogue.validators import validate_factor
from integrations.index.store import known_projects
from matrix.rules.suggesting import (
    Known,
    Suggestion,
    pythons_in_common,
    suggest_group,
    suggest_minimum,
    suggest_name,
    suggest_test_path,
)
from matrix.sdk.drafting import Draft, with_draft
from matrix.sdk.gathering import shared_facts, why_unusable
from matrix.sdk.learning import stored_index
from matrix.sdk.translating import Catalogue, policy_of, read_catalogue

NOTHING = Suggestion("", "")


@dataclass(frozen=True, kw_only=True, slots=True)
class Suggestions:
    """What to begin with; with a *problem* there are no facts to go by."""

    project: str
    taken: tuple[str, ...]  # Integrations that test the project already.
    problem: str = ""
    name: Suggestion = NOTHING
    minimum: Suggestion = NOTHING
    pythons: Suggestion = NOTHING  # No field: the form says it through the preview.
    group: Suggestion = NOTHING
    test_path: Suggestion = NOTHING
    draft: Draft | None = None  # What the form will hold; None: it cannot be filled in.


def suggest(sdk: Sdk, project: str, *, now: datetime) -> Suggestions:
    """Return what a new integration of *project* may begin with, in a fixed number of queries."""
    catalogue = read_catalogue(sdk)
    taken = tuple(one.name for one in catalogue.integrations if one.project == project)
    index = stored_index(sdk)
    known = known_projects(index, [project], as_of=now).get(project) if index else None
    problem = why_unusable(known, project, {}, now)
    if known is None or problem:
        return Suggestions(project=project, taken=taken, problem=problem)
    groups = sorted(sdk.groups.all(), key=lambda group: (group.order, group.name))
    found = _of_the_catalogue(project, catalogue, [group.name for group in groups])
    group = next((one for one in groups if one.name == found["group"].value), None)
    integration = Integration(
        sdk=sdk,
        group=group or Group(sdk=sdk, name="none"),
        name=found["name"].value,
        project=project,
        test_path=found["test_path"].value,
    )
    later, whole = with_draft(catalogue, Draft(integration=integration))
    policy = policy_of(whole, later, as_of=now)
    releases, metadata = shared_facts(known, now)
    minimum = suggest_minimum(policy, releases, metadata)
    integration.minimum = minimum.value
    is_whole = group is not None and bool(integration.name)
    return Suggestions(
        project=project,
        taken=taken,
        minimum=minimum,
        pythons=pythons_in_common(policy, releases, metadata),
        draft=Draft(integration=integration) if is_whole else None,
        name=found["name"],
        group=found["group"],
        test_path=found["test_path"],
    )


def _of_the_catalogue(
    project: str, catalogue: Catalogue, groups: list[str]
) -> dict[str, Suggestion]:
    others = [
        Known(one.name, one.project, one.group.name, one.test_path)
        for one in catalogue.integrations
    ]
    name = suggest_name(project, [other.name for other in others], _is_factor)
    return {
        "name": name,
        "group": suggest_group(project, others, groups),
        "test_path": suggest_test_path(name.value or project, project, others),
    }


def _is_factor(name: str) -> bool:
    try:
        validate_factor(name)
    except ValidationError:
        return False
    return True
