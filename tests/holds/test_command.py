"""``manage.py hold``: the same preview as text, then the hold."""

from datetime import date
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from integrations.catalogue.models import Hold, Sdk
from matrix.review.models import Run
from tests.catalogue.makers import history_of
from tests.holds.test_emergency import publish
from tests.sdk.makers import a_person, an_integration, an_sdk
from tests.support.pins import PinBook
from tests.support.small_index import SmallIndex

pytestmark = pytest.mark.django_db
BAD = ("anyio", "==4.9.1", "--reason", "steals tokens", "--as", "olga")
PREVIEW = """\
What it matches is not known: the index page of anyio was never read.
kit: 3 environments
  httpx 0.28.1 on 3.9: 4.9.1 as a pin (publication 1); instead other pins: the run resolves them
  waves 4.9.1 on 3.9, 3.12: 4.9.1 as a pick (publication 1); instead not known before the run: \
The index page of anyio was never read. Poll the index.
1 publication with it:
  kit 1, 2026-08-10, current: 3 environments
"""


@pytest.fixture
def kit(index: SmallIndex, book: PinBook) -> Sdk:
    a_person("olga", "hold_everywhere", "add_hold")
    a_person("vera")
    sdk = an_sdk()
    publish(sdk, book)
    return sdk


def hold(*arguments: str) -> str:
    out = StringIO()
    call_command("hold", *arguments, stdout=out)
    return out.getvalue()


def test_a_dry_run_says_what_the_hold_catches(kit: Sdk) -> None:
    said = hold(*BAD, "--everywhere", "--dry-run")

    assert said == f"{PREVIEW}Nothing is held: this was a dry run.\n"
    assert not Hold.objects.exists()


def test_a_hold_everywhere_starts_its_runs(kit: Sdk) -> None:
    said = hold(*BAD, "--everywhere", "--until", "2099-12-31", "--link", "https://example.org/7")

    run = Run.objects.get(kind="emergency")
    assert said == (
        f"{PREVIEW}Held everywhere: anyio ==4.9.1: steals tokens.\n"
        f"  kit: emergency run {run.pk} of httpx, waves\n"
    )
    found = Hold.objects.get()
    assert (found.ends_on, found.link) == (date(2099, 12, 31), "https://example.org/7")
    assert str(history_of(found).get().history_user) == "olga"


def test_an_sdk_that_asks_for_two_is_named(kit: Sdk) -> None:
    Sdk.objects.update(second_person_holds=True)

    said = hold(*BAD, "--everywhere")

    assert said.endswith("  kit: waits for the confirmation of somebody else\n")
    assert not Run.objects.filter(kind="emergency").exists()


@pytest.mark.parametrize(
    ("scope", "where"),
    [
        pytest.param(("--sdk", "kit"), ("kit", None, "anyio"), id="an SDK"),
        pytest.param(("--integration", "waves"), (None, "waves", ""), id="an integration"),
        pytest.param(("--integration", "kit/waves"), (None, "waves", ""), id="of an SDK by name"),
    ],
)
def test_a_narrower_hold_waits_for_the_next_run(
    kit: Sdk, scope: tuple[str, ...], where: tuple[str | None, str | None, str]
) -> None:
    said = hold(*BAD, *scope)

    found = Hold.objects.get()
    assert said.endswith(": steals tokens. The next run leaves it out.\n")
    assert where == (
        found.sdk.slug if found.sdk else None,
        found.integration.name if found.integration else None,
        found.project,
    )
    assert not Run.objects.filter(kind="emergency").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(("--sdk", "no"), 'There is no SDK "no". There is kit, other.', id="no SDK"),
        pytest.param(("--integration", "no"), 'There is no integration "no".', id="no integration"),
        pytest.param(
            ("--integration", "waves"),
            'Several SDKs have an integration "waves": say kit/waves or other/waves.',
            id="two of the name",
        ),
        pytest.param(
            ("--integration", "kit/httpx"), "httpx tests httpx, not anyio.", id="another project"
        ),
        pytest.param(
            ("--everywhere", "--until", "soon"),
            '--until: "soon" is not a day. Write it as 2026-12-31.',
            id="no day",
        ),
        pytest.param(
            ("--everywhere", "--until", "2020-01-01"),
            "A hold must end after it starts.",
            id="an end in the past",
        ),
        pytest.param(
            ("--everywhere", "--as", "vera"),
            "vera may not hold releases everywhere: that takes the permission "
            "catalogue.hold_everywhere, which the group owners has. Ask an owner.",
            id="not an owner",
        ),
        pytest.param(
            ("--sdk", "kit", "--as", "vera"),
            "vera may not add holds: that takes the permission catalogue.add_hold, "
            "which the group maintainers or owners has. Ask an owner.",
            id="not a maintainer",
        ),
    ],
)
def test_what_cannot_be_held_is_a_sentence(
    kit: Sdk, arguments: tuple[str, ...], message: str
) -> None:
    an_integration(an_sdk("other"), "waves", project="anyio")

    with pytest.raises(CommandError) as refused:
        hold(*BAD, *arguments)

    assert str(refused.value) == message
    assert not Hold.objects.exists()
