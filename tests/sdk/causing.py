"""A published SDK, a week in which something happens, and the causes that are told of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from django.contrib.auth.models import User
from packaging.version import Version

from integrations.catalogue.models import Integration, Sdk
from integrations.catalogue.models.sdk import change_reason
from integrations.index.facts import LONG_AGO, ReleaseFact, pack_releases
from integrations.index.models import Index, Project, Release
from matrix.environments.models import PinSet
from matrix.review.models import Channel, Publication, PublishedPart, Run
from matrix.review.snapshots import store
from matrix.review.values import Change
from matrix.rules.parts import IntegrationPart, LayoutPart, Part, Row, write
from matrix.sdk.causes import causes_of
from matrix.sdk.channel import channel_of
from tests.catalogue.makers import history_of
from tests.sdk import makers
from tests.support.parts import a_layout, a_part, pythons

BEFORE = datetime(2025, 11, 3, 3, 23, tzinfo=UTC)  # The run behind the publication.
PUBLISHED = BEFORE + timedelta(hours=6)
NOW = BEFORE + timedelta(days=21)  # 24 Nov 2025.


def on(day: int, month: int = 11) -> datetime:
    return datetime(2025, month, day, 9, 30, tzinfo=UTC)


def row(version: str, on: str = "3.9 3.12", **pins: str) -> Row:
    """``row("1.0", p3_12="<hash>")``."""
    named = {name[1:].replace("_", "."): pin_set for name, pin_set in pins.items()}
    return Row(
        version=Version(version),
        pythons=pythons(on),
        pins=tuple((python, named.get(str(python))) for python in pythons(on)) if pins else (),
    )


def pin_set(*pins: str) -> str:
    sha256 = f"{hash(pins) & (2**255 - 1):064x}"[:64]
    PinSet.objects.get_or_create(
        sha256=sha256, defaults={"pins": "\n".join(pins), "made_at": BEFORE}
    )
    return sha256


def fact(version: str, uploaded_at: datetime | None = LONG_AGO, **values: Any) -> ReleaseFact:
    fields = {
        "version": version,
        "appeared_at": uploaded_at or LONG_AGO,
        "is_appearance_known": True,
        "settled_at": values.pop("settled_at", uploaded_at),
        "uploaded_at": uploaded_at,
        "is_time_known": True,
        "is_yanked": False,
        "yank_reason": "",
        "abi_tags": (),
        "requires_python": "",
    }
    return ReleaseFact(**{**fields, **values})


def saved(thing: Any, at: datetime, *, by: str = "", reason: str = "") -> Any:
    """Save as somebody did at a moment; its history says so."""
    thing._history_date = at
    if by:
        thing._history_user, _ = User.objects.get_or_create(username=by)
    if reason:
        change_reason(thing, reason)
    thing.full_clean()
    thing.save()
    return thing


def deleted(thing: Any, at: datetime, *, by: str = "", reason: str = "") -> None:
    thing._history_date = at
    if by:
        thing._history_user, _ = User.objects.get_or_create(username=by)
    if reason:
        change_reason(thing, reason)
    thing.delete()


@dataclass
class Week:
    """httpx 1.0 is published on 3.9 and 3.12; what happens after that is up to the test."""

    sdk: Sdk = field(default_factory=lambda: made_before("kit"))
    old: Part = field(default_factory=lambda: a_part("httpx", rows=[row("1.0")]))
    options: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.index = Index.objects.create(url="https://index.example/simple/")
        self.channel: Channel = channel_of(self.sdk)
        self.httpx = an_integration(self.sdk, "httpx")
        self.publish({self.name(self.old): write(self.old)})

    def name(self, part: Part) -> str:
        return part.name if isinstance(part, IntegrationPart) else "layout"

    def publish(self, bodies: Mapping[str, str]) -> None:
        self.a_run(BEFORE, finished_at=BEFORE)
        user, _ = User.objects.get_or_create(username="ana")
        publication = Publication.objects.create(
            channel=self.channel, number=1, published_by=user, published_at=PUBLISHED
        )
        for part, body in bodies.items():
            PublishedPart.objects.create(publication=publication, part=part, snapshot=store(body))
        self.channel.current = publication
        self.channel.save()

    def a_run(self, at: datetime, *, finished_at: datetime | None = None, **values: Any) -> Run:
        fields = {"kind": "manual", "attempts": 1, "started_at": at, "status": "proposing"}
        if finished_at:
            fields |= {"status": "finished", "finished_at": finished_at, "outcome": "Done."}
        return Run.objects.create(
            channel=self.channel, intended_at=at, as_of=at, options=self.options,
            **{**fields, **values},
        )  # fmt: skip

    def know(self, name: str, *facts: ReleaseFact, **metadata: str) -> Project:
        """Store the releases of a project; ``v1_0=">=3.9"`` is the metadata of 1.0."""
        project = Project.objects.create(
            index=self.index, name=name, first_seen_at=BEFORE, summary=pack_releases(facts)
        )
        for text, requires in metadata.items():
            version = text[1:].replace("_", ".")
            Release.objects.create(
                project=project, version=version, requires_python=requires, source="a file",
                fetched_at=BEFORE,
            )  # fmt: skip
        return project

    def causes(self, new: Part | None = None, *, old: Part | None = None) -> list[tuple[str, str]]:
        """Return the causes of *new* (None: it goes) against *old*, else what is published."""
        before = old or self.old
        run = self.a_run(NOW)
        change = Change(self.name(new or before), write(before), write(new) if new else None)
        found = causes_of(run, self.sdk, [change], index=self.index)[change.part]
        return [(kind, text) for kind, text in found]

    def moved_to(self, *rows: Row, **values: Any) -> list[tuple[str, str]]:
        return self.causes(a_part("httpx", rows=rows, **values))


def made_before(slug: str, **values: Any) -> Sdk:
    fields = {"name": "Kit", "pythons": "3.9 3.10 3.11 3.12 3.13", **values}
    sdk = Sdk(slug=slug, **fields)
    saved(sdk, BEFORE - timedelta(days=9))
    return sdk


def an_integration(sdk: Sdk, name: str, **values: Any) -> Integration:
    integration = makers.an_integration(sdk, name, **values)
    for made in (integration, integration.group):
        history_of(made).update(history_date=BEFORE - timedelta(days=9))
    return integration


def layout(*groups: str, **values: Any) -> LayoutPart:
    return a_layout(*groups, sdk="kit", **values)
