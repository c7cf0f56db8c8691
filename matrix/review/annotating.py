"""What a run says about its parts beyond their snapshots: assessments, reasons and findings."""

from typing import Any

from matrix.review.comparing import Comparison
from matrix.review.models import Assessment, Finding, Item, Proposal
from matrix.review.values import ComputedPart, Found
from matrix.review.verdicts import NOTE, note_changes

# (part, old snapshot, new snapshot, kind, text): a waiver belongs to all of them.
Waived = tuple[str, str | None, str | None, str, str]


def assess(found: Comparison) -> None:
    """Replace what the last run said of each part in scope; parts that are gone lose theirs."""
    rows = Assessment.objects.filter(channel=found.channel)
    gone = [
        pk
        for pk, part in rows.values_list("pk", "part")
        if found.run.covers(part) and part not in found.computed
    ]
    rows.filter(pk__in=gone).delete()
    verdicts = note_changes(found)
    Assessment.objects.bulk_create(
        [
            Assessment(
                channel=found.channel,
                run=found.run,
                part=name,
                problem=part.problem,
                notes=_notes(part) | ({NOTE: verdicts[name]} if name in verdicts else {}),
            )
            for name, part in sorted(found.computed.items())
        ],
        update_conflicts=True,
        unique_fields=["channel", "part"],
        update_fields=["run", "problem", "notes"],
    )


def _notes(part: ComputedPart) -> dict[str, Any]:
    return {
        "reasons": _plain(part),
        "rejected": dict(part.rejected),
        "environments": dict(part.environments),
        "findings": [
            {
                "kind": finding.kind,
                "severity": finding.severity,
                "text": finding.text,
                "blocking": finding.is_blocking,
            }
            for finding in part.findings
        ],
    }


def _plain(part: ComputedPart) -> dict[str, list[dict[str, Any]]]:
    return {key: [dict(reason) for reason in reasons] for key, reasons in part.reasons.items()}


def waivers(found: Comparison) -> dict[Waived, Finding]:
    """Return the waived findings of the open proposal's items."""
    rows = Finding.objects.filter(item__in=list(found.items.values()), waived_at__isnull=False)
    parts = {item.pk: item for item in found.items.values()}
    return {_key(parts[row.item_id], row.kind, row.text): row for row in rows if row.item_id}


def _key(item: Item, kind: str, text: str) -> Waived:
    return item.part, item.old_id, item.new_id, kind, text


def annotate(proposal: Proposal, found: Comparison, waived: dict[Waived, Finding]) -> None:
    """Give the items in the run's scope its reasons and findings in place of earlier ones."""
    items = {item.part: item for item in proposal.items.unpublished()}
    told = {name: _told(found.computed[name]) for name in items if name in found.computed}
    changed = [items[name] for name, new in told.items() if _says(items[name]) != new]
    for item in changed:
        item.reasons, item.causes = told[item.part]
    Item.objects.bulk_update(changed, ["reasons", "causes"])
    _forget_findings(proposal, found)
    Finding.objects.bulk_create(
        _finding(proposal, name, items.get(name), said, waived)
        for name, part in sorted(found.computed.items())
        for said in part.findings
    )


def _told(part: ComputedPart) -> tuple[dict[str, Any], list[dict[str, str]]]:
    return _plain(part), [dict(cause) for cause in part.causes]


def _says(item: Item) -> tuple[dict[str, Any], list[dict[str, str]]]:
    return item.reasons, item.causes


def _forget_findings(proposal: Proposal, found: Comparison) -> None:
    rows = proposal.findings.filter(item__published_in=None).exclude(part="")
    stale = [pk for pk, part in rows.values_list("pk", "part") if found.run.covers(part)]
    proposal.findings.filter(pk__in=stale).delete()


def _finding(
    proposal: Proposal, part: str, item: Item | None, said: Found, waived: dict[Waived, Finding]
) -> Finding:
    finding = Finding(
        proposal=proposal,
        item=item,
        part=part,
        kind=said.kind,
        severity=said.severity,
        text=said.text,
        is_blocking=said.is_blocking,
    )
    waiver = waived.get(_key(item, said.kind, said.text)) if item else None
    if waiver:
        finding.waived_by_id, finding.waived_at = waiver.waived_by_id, waiver.waived_at
        finding.waiver = waiver.waiver
    return finding
