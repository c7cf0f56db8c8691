"""The three steps from an empty portal to a first publication, each a thing to press."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from django.contrib.auth.models import User
from django.urls import reverse

from integrations.catalogue import portable
from integrations.catalogue.apply import apply
from integrations.catalogue.importing.reading import read_catalogue
from integrations.catalogue.models import Sdk
from matrix.review.kinds import Subject
from matrix.review.models import Proposal, Publication
from portal.home.example import EXAMPLE, FILE
from portal.home.overview import SdkOverview

ADD_SDK = "catalogue.add_sdk"
ADD_INTEGRATION = "catalogue.add_integration"
ADD_APPLICATION = "guidance.add_application"
START_RUN = "review.start_run"


@dataclass(frozen=True, kw_only=True, slots=True)
class Press:
    """A link, or a form of one button."""

    label: str
    url: str
    is_form: bool = False
    is_main: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    title: str
    text: str
    command: str
    is_done: bool
    presses: tuple[Press, ...] = ()


class Declared(Protocol):
    """What is said of an application, for the steps from its declaration to its publication."""

    @property
    def application(self) -> Subject: ...
    @property
    def sets(self) -> Sequence[object]: ...
    @property
    def publication(self) -> Publication | None: ...
    @property
    def proposal(self) -> Proposal | None: ...


def first_steps(
    overviews: Sequence[SdkOverview], user: User, applications: Sequence[Declared] = ()
) -> list[Step]:
    """Return the steps until something is published; nothing after that."""
    if any(one.publication for one in overviews) or any(one.publication for one in applications):
        return []
    if applications and not overviews:
        return _steps_of_an_application(applications, user)
    one = next((one for one in overviews if one.proposal), None) or next(iter(overviews), None)
    proposal = one.proposal if one else None
    return [
        Step(
            title="Bring an SDK with its integrations",
            text="An SDK is your library; an integration is a test suite of it against a package.",
            command="python manage.py import_catalogue FILE --sdk SLUG",
            is_done=one is not None and bool(one.integrations),
            presses=tuple(_bring(user, one)),
        ),
        Step(
            title="Have the index read and a matrix proposed",
            text="A worker reads the package index, and picks what is worth a test. "
            "This takes a few minutes; the page of the run shows how far it is.",
            command="python manage.py poll SLUG && python manage.py propose SLUG",
            is_done=proposal is not None,
            presses=tuple(_propose(user, one)),
        ),
        _review(proposal, "Then the tox.ini can be downloaded, and rendered into your repository."),
    ]


def _steps_of_an_application(applications: Sequence[Declared], user: User) -> list[Step]:
    one = next((one for one in applications if one.proposal), applications[0])
    slug, name, proposal = one.application.slug, one.application.name, one.proposal
    declare = Press(label=f"Open {name}", url=reverse("application", args=[slug]), is_main=True)
    lock = Press(
        label=f"Lock {name} now",
        url=reverse("application-start-run", args=[slug]),
        is_form=True,
        is_main=True,
    )
    return [
        Step(
            title="Declare what the application needs",
            text="The set main is what runs in production; the others agree with it.",
            command=f"python manage.py lock {slug} --help",
            is_done=bool(one.sets),
            presses=(declare,),
        ),
        Step(
            title="Have its sets locked, and the locks proposed",
            text="A worker resolves each set with hashes. The page of the run shows how far it is.",
            command=f"python manage.py lock {slug}",
            is_done=proposal is not None,
            presses=(lock,) if one.sets and user.has_perm(START_RUN) else (),
        ),
        _review(proposal, "Then its locks can be downloaded, and stand in its deployment files."),
    ]


def _review(proposal: Proposal | None, then: str) -> Step:
    presses = []
    if proposal:
        url = reverse("proposal", args=[proposal.number])
        presses.append(Press(label=f"Review proposal {proposal.number}", url=url))
    return Step(
        title="Review the proposal, and publish what you approve",
        text=then,
        command="python manage.py publish NUMBER --as USER",
        is_done=False,
        presses=tuple(presses),
    )


def _bring(user: User, one: SdkOverview | None) -> list[Press]:
    if one is not None:
        if not user.has_perm(ADD_INTEGRATION):
            return []
        label = f"Add an integration to {one.sdk.name}"
        url = reverse("add-integration", args=[one.sdk.slug])
        return [Press(label=label, url=url, is_main=True)]
    if not user.has_perm(ADD_SDK):
        return []
    example = Press(
        label="Import the example", url=reverse("import-example"), is_form=True, is_main=True
    )
    if not user.is_staff:
        return [example]
    further = [Press(label="Add an SDK", url=reverse("admin:catalogue_sdk_add"))]
    if user.has_perm(ADD_APPLICATION):
        url = reverse("admin:guidance_application_add")
        further.append(Press(label="Add an application", url=url))
    return [example, *further]


def _propose(user: User, one: SdkOverview | None) -> list[Press]:
    if one is None or not one.integrations or not user.has_perm(START_RUN):
        return []
    url = reverse("start-run", args=[one.sdk.slug])
    return [Press(label="Poll and propose", url=url, is_form=True, is_main=True)]


def import_example() -> Sdk | None:
    """Write the catalogue of the example; None: it is there already, and stays as it is."""
    if Sdk.objects.filter(slug=EXAMPLE).exists():
        return None
    base = portable.Catalogue(sdk=portable.Sdk(name="", pythons=""))
    imported = read_catalogue(Path(str(FILE)), base=base, further=[], pythons="")
    apply(imported, slug=EXAMPLE, reason=f"imported from {FILE.name}")
    return Sdk.objects.get(slug=EXAMPLE)
