"""The one form for a broken or compromised release, and its preview as the page shows it."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms

from integrations.catalogue.models import Hold
from matrix.sdk.containing import PICK, PastPublication, Place
from matrix.sdk.emergency import Caught, Preview

NEWEST = 10  # Publications that stand in the page unfolded.
FIELDS = (
    "project",
    "releases",
    "reason",
    "owner",
    "link",
    "ends_on",
    "remind_on",
    "lift_when",
    "lift_project",
    "lift_releases",
)


class HoldEverywhereForm(forms.ModelForm):
    class Meta:
        model = Hold
        fields = FIELDS
        widgets = {
            "ends_on": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
            "remind_on": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["project"].required = True
        self.fields[
            "project"
        ].help_text = "As the index names it; environments that only pull it in count, too."
        self.fields["releases"].help_text = "What is kept out: ==4.9.1. Empty: every release."

    @property
    def digest(self) -> str:
        """Name what is filled in: whoever saves must have seen the preview of just this."""
        said = [str(self.cleaned_data.get(name) or "") for name in FIELDS]
        return hashlib.sha256("\0".join(said).encode()).hexdigest()[:16]


@dataclass(frozen=True, kw_only=True, slots=True)
class ShownPlace:
    """Environments of one row that get the release in the same way."""

    place: Place  # One of them.
    pythons: tuple[str, ...]

    @property
    def kind(self) -> str:
        if self.place.kind == PICK:
            return "pick"
        return "pin" if self.place.is_written else "pin, as last resolved"

    @property
    def states(self) -> str:
        return " and ".join(self.place.states)


@dataclass(frozen=True, kw_only=True, slots=True)
class ShownSdk:
    caught: Caught
    environment_count: int
    places: tuple[tuple[ShownPlace, str], ...]  # With what comes instead.


@dataclass(frozen=True, kw_only=True, slots=True)
class ShownPreview:
    preview: Preview
    sdks: tuple[ShownSdk, ...]
    environment_count: int
    integration_count: int  # In the scope of runs that start at once.
    newest: Sequence[PastPublication]
    older: Sequence[PastPublication]

    @property
    def publications(self) -> int:
        return len(self.newest) + len(self.older)


def shown(preview: Preview) -> ShownPreview:
    places = preview.contained.places
    sdks = tuple(
        _shown_sdk(one, [place for place in places if place.sdk == one.sdk.slug])
        for one in preview.caught
    )
    starting = [one for one in preview.caught if not one.waits_for_second_person]
    publications = preview.contained.publications
    return ShownPreview(
        preview=preview,
        sdks=sdks,
        environment_count=len(places),
        integration_count=sum(len(one.integrations) for one in starting),
        newest=publications[:NEWEST],
        older=publications[NEWEST:],
    )


def _shown_sdk(caught: Caught, places: Sequence[Place]) -> ShownSdk:
    return ShownSdk(
        caught=caught,
        environment_count=len(places),
        places=tuple(
            (one, caught.instead.get(one.place.integration, "")) for one in _together(places)
        ),
    )


def _together(places: Iterable[Place]) -> Iterable[ShownPlace]:
    found: dict[tuple[Any, ...], list[Place]] = defaultdict(list)
    for place in places:
        same = (place.integration, place.version, place.release, place.kind, place.states)
        found[same].append(place)
    for some in found.values():
        yield ShownPlace(place=some[0], pythons=tuple(str(place.python) for place in some))
