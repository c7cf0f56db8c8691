"""
From an SDK's catalogue and the facts of its index to the parts of its channel.

One integration never stops the others: what goes wrong with it is told in its own part.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from integrations.catalogue.models import Integration, Sdk
from integrations.index.models import Index
from matrix.review.state import published
from matrix.review.values import ComputedPart, Found
from matrix.rules.parts import LAYOUT, LayoutPart, write
from matrix.rules.rendering import (
    DEFAULT_FRAME,
    missing_regions,
    picked_versions_named,
    strip_frame,
)
from matrix.sdk.assembling import Computation, made_of, versions_in
from matrix.sdk.channel import channel_of, read_parts
from matrix.sdk.environments import Environments, resolve_environments
from matrix.sdk.gathering import gather
from matrix.sdk.preferring import KEEP, Refresh
from matrix.sdk.resolving import Resolver
from matrix.sdk.scope import EVERYTHING, Scope
from matrix.sdk.shared import bounded
from matrix.sdk.translating import Catalogue, read_catalogue
from matrix.sdk.workflows import ci_of, workflow_findings


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """What a run wants to know, and how it may find out."""

    as_of: datetime
    now: datetime
    index: Index
    scope: Scope = EVERYTHING
    offline: bool = False  # Fetch nothing: what is stored must do.
    # Why a project could not be read a moment ago, by name: it is not asked for again.
    failed: Mapping[str, str] = field(default_factory=dict)
    resolver: Resolver | None = None  # None: environments are not resolved.
    refresh: Refresh = KEEP  # Which published pins are given up.
    cut_off: datetime | None = None  # Later files do not exist for the resolver; None: as_of.


def compute(sdk: Sdk, question: Question) -> list[ComputedPart]:
    """
    Return the parts of *sdk* in scope: the layout, and every integration.

    Facts that the selection needs and the portal lacks are fetched from the index and stored. With
    a resolver every environment is resolved, and keeps the pins of the publication where nothing
    speaks against them. Raises UnknownParts, and OutOfTime when the resolver does.
    """
    catalogue, scope = read_catalogue(sdk), question.scope
    scope.check(catalogue)
    chosen = [integration for integration in catalogue.active() if integration.name in scope]
    bodies = published(channel_of(sdk))
    work = _work(catalogue, chosen, bodies, question)
    parts = [work.part(integration, bodies.get(integration.name)) for integration in chosen]
    parts += [
        ComputedPart(part=integration.name, body=None)
        for integration in catalogue.integrations
        if integration.is_paused and integration.name in scope
    ]
    if LAYOUT in scope:
        layout = layout_of(catalogue)
        now_picked = bodies | {part.part: part.body for part in parts}
        findings = tuple(_layout_findings(layout, catalogue, now_picked))
        parts.append(ComputedPart(part=LAYOUT, body=write(layout), findings=findings))
    return parts


def _work(
    catalogue: Catalogue,
    chosen: Collection[Integration],
    bodies: Mapping[str, str],
    question: Question,
) -> Computation:
    facts = gather(
        catalogue,
        chosen,
        as_of=question.as_of,
        now=question.now,
        index=question.index,
        offline=question.offline,
        failed=question.failed,
    )
    resolved = Environments()
    if question.resolver is not None:
        resolved = resolve_environments(
            catalogue,
            chosen,
            facts,
            base={part.name: part for part in read_parts(bodies)[1]},
            index=question.index,
            as_of=question.as_of,
            at=question.now,
            resolver=question.resolver,
            refresh=question.refresh,
            cut_off=question.cut_off or question.as_of,
        )
    made, bounds = bounded(
        resolved.parts or made_of(chosen, facts.selections),
        catalogue,
        resolved.answers,
        as_of=question.as_of,
    )
    names = resolved.findings.keys() | bounds.keys()
    return Computation(
        catalogue=catalogue,
        facts=facts,
        as_of=question.as_of,
        made=made,
        answers=resolved.answers,
        findings={
            name: [*resolved.findings.get(name, []), *bounds.get(name, [])] for name in names
        },
    )


def _layout_findings(
    layout: LayoutPart, catalogue: Catalogue, bodies: Mapping[str, str | None]
) -> Iterator[Found]:
    for sentence in missing_regions(layout.frame).values():
        yield Found(kind="missing region", severity="warning", text=sentence)
    names = [integration.name for integration in catalogue.integrations]
    picked = {name: versions_in(bodies[name]) for name in names if name in bodies}
    for sentence in picked_versions_named(layout.frame, names, picked=picked):
        yield Found(kind="version in the frame", severity="warning", text=sentence)
    yield from workflow_findings(layout, catalogue, picked)


def layout_of(catalogue: Catalogue) -> LayoutPart:
    """Return the layout; it holds the default frame itself, which a later version may change."""
    frame = catalogue.sdk.frame
    return LayoutPart(
        sdk=catalogue.sdk.slug,
        groups=catalogue.groups,
        frame=strip_frame(frame if frame.strip() else DEFAULT_FRAME),
        pins_style=catalogue.sdk.pins_style,
        ci=ci_of(catalogue),
    )
