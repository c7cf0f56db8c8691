"""From selections and resolved environments to the computed parts that review is handed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from packaging.version import Version

from integrations.catalogue.choices import PinsStyle
from integrations.catalogue.models import Integration
from matrix.review.values import ComputedPart, Found
from matrix.rules.facts import Reason, Selection
from matrix.rules.judging import verdicts_in
from matrix.rules.notes import FREE_THREADING, UPLOAD_TIME
from matrix.rules.parts import IntegrationPart, Row, read, write
from matrix.rules.requirements import requirement_uses
from matrix.sdk import pinning
from matrix.sdk.cooling import NO_UPLOAD_TIMES
from matrix.sdk.free_threading import NOT_FREE_THREADED
from matrix.sdk.gathering import Facts
from matrix.sdk.keeping import Barred, kept_body
from matrix.sdk.losses import IDLE_RULE, losses
from matrix.sdk.pinning import PlaceAnswers
from matrix.sdk.translating import Catalogue, requirement_rules

NOTHING_TO_PICK = "nothing to pick"
# True of many integrations, and nobody's turn to act.
ROUTINE = {FREE_THREADING, IDLE_RULE, NO_UPLOAD_TIMES, NOT_FREE_THREADED, UPLOAD_TIME}


def part_of(integration: Integration, selection: Selection) -> IntegrationPart:
    rows = tuple(
        Row(version=pick.version, pythons=pick.pythons, is_advisory=pick.is_advisory)
        for pick in selection.picks
    )
    return IntegrationPart(
        name=integration.name,
        project=integration.project,
        extras=tuple(integration.extra_list),
        group=integration.group.name,
        test_path=integration.test_path,
        rows=rows,
        requirements=requirement_uses(rows, requirement_rules(integration)),
    )


def made_of(
    integrations: Iterable[Integration], selections: Mapping[str, Selection]
) -> dict[str, IntegrationPart]:
    """Return the part of each integration that has picks, by name."""
    return {
        integration.name: part_of(integration, selections[integration.name])
        for integration in integrations
        if integration.name in selections and selections[integration.name].picks
    }


@dataclass(frozen=True, kw_only=True, slots=True)
class Computation:
    """What all integrations of one computation share."""

    catalogue: Catalogue
    facts: Facts
    as_of: datetime
    made: Mapping[str, IntegrationPart]  # Of the integrations that have picks.
    answers: Mapping[str, PlaceAnswers] = field(default_factory=dict)  # Resolved environments.
    findings: Mapping[str, list[Found]] = field(default_factory=dict)  # Of the pins kept.

    def part(self, integration: Integration, published_body: str | None) -> ComputedPart:
        """Return the part of *integration*; a failed one keeps its published rows."""
        selection = self.facts.selections.get(integration.name)
        if selection is None:
            return self._kept(integration, published_body)
        part = self.made.get(integration.name)
        before = read_integration(published_body)
        answers = self.answers.get(integration.name, {})
        return ComputedPart(
            part=integration.name,
            body=self._body(part, answers),
            reasons=reasons_of(selection, versions_in(published_body)),
            environments=pinning.notes_of(answers),
            rejected={
                str(version): selection.rejected[version][0].text
                for version in sorted(selection.rejected)
            },
            verdicts=_verdicts(selection),
            findings=(
                *findings_of(selection),
                *self.facts.findings.get(integration.name, []),
                *self.findings.get(integration.name, []),
                *pinning.findings(answers, before),
                *losses(part, before, requirement_rules(integration)),
            ),
        )

    def _body(self, part: IntegrationPart | None, answers: PlaceAnswers) -> str | None:
        """Return the snapshot; pins belong to it only where the SDK has them written."""
        if part is None:
            return None
        is_pinned = answers and self.catalogue.sdk.pins_style != PinsStyle.NONE
        return write(pinning.with_pins(part, answers) if is_pinned else part)

    def _kept(self, integration: Integration, published_body: str | None) -> ComputedPart:
        """Keep the published rows of an integration that failed, less what is held everywhere."""
        barred = Barred.of(self.catalogue, as_of=self.as_of)
        body = None if published_body is None else kept_body(published_body, barred)
        kept = "Its published rows are kept." if body else "It has no rows."
        text = f"{self.facts.problems[integration.name]} {kept}"
        return ComputedPart(
            part=integration.name,
            body=body,
            problem=text,
            findings=(Found(kind="failed", severity="error", text=text),),
        )


def findings_of(selection: Selection) -> list[Found]:
    """Return what a selection says of itself beside its verdicts."""
    if not selection.picks:
        text = " ".join(note.text for note in selection.notes) or "There is nothing to pick."
        return [Found(kind=NOTHING_TO_PICK, severity="error", text=text)]
    return [
        Found(
            kind=note.kind,
            severity="info" if note.kind in ROUTINE else "warning",
            text=note.text,
        )
        for note in selection.notes
    ]


def read_integration(body: str | None) -> IntegrationPart | None:
    part = read(body) if body else None
    return part if isinstance(part, IntegrationPart) else None


def versions_in(body: str | None) -> list[Version]:
    """Return the versions of the rows of a snapshot; none: no snapshot, no rows."""
    part = read_integration(body)
    return [row.version for row in part.rows] if part else []


def reasons_of(selection: Selection, before: list[Version]) -> dict[str, list[dict[str, str]]]:
    """Return why each row is picked, and why each published one that is not picked is not."""
    reasons: dict[Version, tuple[Reason, ...]] = {
        version: selection.rejected[version] for version in before if version in selection.rejected
    }
    reasons |= {pick.version: pick.reasons for pick in selection.picks}
    return {
        str(version): [{"kind": reason.kind, "text": reason.text} for reason in reasons[version]]
        for version in sorted(reasons)
    }


def _verdicts(selection: Selection) -> dict[str, tuple[str, str]]:
    """Return the kind of each release's verdict and its deciding fact, for the history."""
    return {
        str(version): (verdict.kind, verdict.text)
        for version, verdict in verdicts_in(selection).items()
    }
