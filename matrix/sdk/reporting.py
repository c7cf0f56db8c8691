"""What people and machines are told of a proposal: its items, read once each. Read only."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from matrix.review.kinds import Compared, kind_of
from matrix.review.models import Decision, Finding, Item, Proposal
from matrix.review.values import Change
from matrix.rules.diffing import PartDiff
from matrix.rules.locks import parts as locks
from matrix.rules.notes import FREE_THREADING, UPLOAD_TIME
from matrix.rules.parts import IntegrationPart, LayoutPart, Part
from matrix.rules.rendering import FrameError, NamesClash, render_files
from matrix.rules.rendering.pins import PinsStyle
from matrix.sdk.assembling import ROUTINE
from matrix.sdk.cooling import NO_UPLOAD_TIMES
from matrix.sdk.free_threading import NOT_FREE_THREADED
from matrix.sdk.losses import IDLE_RULE

ROUTINE_REMARKS = {
    FREE_THREADING: "Free threading of {} is read from pure-Python wheels alone: they count as "
    "capable until environments are resolved.",
    NOT_FREE_THREADED: "What {} would install has no free-threaded wheels.",
    NO_UPLOAD_TIMES: "The index does not say when files were uploaded: the cooldown of pins does "
    "nothing for {}.",
    IDLE_RULE: "{} with rules that match no row.",
    UPLOAD_TIME: "The index does not say when releases of {} were uploaded: what was there at the "
    "first poll counts as old.",
}
AnyPart = Part | locks.Part  # Of a matrix, or of an application.
Reasons = Mapping[str, Sequence[Mapping[str, str]]]  # {version: [{"kind", "text"}]}


@dataclass(frozen=True, kw_only=True, slots=True)
class ItemReport:
    """One part of a proposal, ready to be shown."""

    item: Item
    part: str
    group: str  # "" for the layout.
    old: AnyPart | None  # None: it is new.
    new: AnyPart | None  # None: it goes.
    diff: PartDiff
    reasons: Reasons
    findings: list[Finding]  # Without the routine ones.
    routine: list[Finding]
    decision: Decision | None  # With the proposal that it was kept from.

    @property
    def is_undecided(self) -> bool:
        return self.decision is None and self.item.published_in_id is None

    @property
    def rank(self) -> int:
        """Where it is read: what holds for all comes first, and main before what agrees with it."""
        match self.new or self.old:
            case locks.LockPart(name=locks.MAIN):
                return 1
            case locks.LockPart(name=locks.TOOL):
                return 3
            case locks.LockPart() | IntegrationPart():
                return 2
        return 0


@dataclass(frozen=True, kw_only=True, slots=True)
class ProposalReport:
    proposal: Proposal
    summary: str
    items: list[ItemReport]  # By group and part; the layout first.
    findings: list[Finding]  # Those that belong to no item.
    remarks: list[str]  # What is routine, told once for all items that it is true of.
    is_base_current: bool


def report_on(proposal: Proposal) -> ProposalReport:
    """Return everything that a reviewer is shown, in a fixed number of queries."""
    items = list(proposal.items.select_related("old", "new", "published_in").order_by("part"))
    related = ("decided_by", "kept_from__item__proposal")
    standing = Decision.objects.filter(item__in=items, withdrawn_at=None).select_related(*related)
    decisions = {decision.item_id: decision for decision in standing}
    findings = list(proposal.findings.select_related("waived_by").order_by("part", "kind", "pk"))
    own = _by_item(findings)
    compared = kind_of(proposal.channel).compare([change_of(item) for item in items])
    reports = [
        _item_report(item, states, own.get(item.pk, ()), decisions.get(item.pk))
        for item, states in zip(items, compared, strict=True)
    ]
    return ProposalReport(
        proposal=proposal,
        summary=proposal.summary,
        items=sorted(reports, key=lambda one: (one.rank, one.group, one.part)),
        findings=[one for one in own.get(None, ()) if one.kind not in ROUTINE],
        remarks=remarks_on(findings),
        is_base_current=proposal.base_id == proposal.channel.current_id,
    )


def change_of(item: Item) -> Change:
    """Return what *item*, whose snapshots were selected with it, does to its part."""
    old = item.old.body if item.old else None
    return Change(item.part, old, item.new.body if item.new else None)


def _by_item(findings: Iterable[Finding]) -> dict[int | None, list[Finding]]:
    found: dict[int | None, list[Finding]] = {}
    for finding in findings:
        found.setdefault(finding.item_id, []).append(finding)
    return found


def _item_report(
    item: Item,
    compared: Compared,
    findings: Sequence[Finding],
    decision: Decision | None,
) -> ItemReport:
    old, new, diff = compared
    present = new or old
    return ItemReport(
        item=item,
        part=item.part,
        group=present.group if isinstance(present, IntegrationPart) else "",
        old=old,
        new=new,
        diff=diff,
        reasons=item.reasons,
        findings=[finding for finding in findings if finding.kind not in ROUTINE],
        routine=[finding for finding in findings if finding.kind in ROUTINE],
        decision=decision,
    )


def remarks_on(findings: Sequence[Finding]) -> list[str]:
    """Tell routine findings once, with the number of integrations."""
    told = {(finding.kind, finding.part) for finding in findings if finding.kind in ROUTINE}
    counts = Counter(kind for kind, _ in told)
    return [
        f"{ROUTINE_REMARKS[kind].format('1 integration' if n == 1 else f'{n} integrations')}"
        for kind, n in sorted(counts.items())
    ]


def layout_problem(report: ProposalReport) -> str:
    """
    Say why no files can be made with the layout that is proposed; "" when it is none, or sound.

    Only what the items bring is looked at, without pins: the whole is rendered on the page of the
    files, and when something is published.
    """
    parts = [item.new for item in report.items]
    layout = next((part for part in parts if isinstance(part, LayoutPart)), None)
    if layout is None:
        return ""
    unpinned = replace(layout, pins_style=PinsStyle.NONE.value)
    try:
        render_files(unpinned, [part for part in parts if isinstance(part, IntegrationPart)])
    except (FrameError, NamesClash) as error:
        return f"The files cannot be rendered. {error}"
    return ""
