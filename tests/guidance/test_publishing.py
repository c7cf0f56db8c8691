"""No publication splits a pin, whatever was approved and declined of a proposal."""

from datetime import timedelta
from pathlib import Path

import pytest

from matrix.review.deciding import approve, approve_all, decline, waive, withdraw
from matrix.review.errors import Blocked
from matrix.review.models import Decision, Proposal
from matrix.review.state import published
from matrix.sdk.publishing import publish_approved
from portal.guidance.channel import channel_of, locks_in
from portal.guidance.models import Application
from portal.guidance.running import EVERYTHING
from portal.home.acting import approve_chosen
from portal.home.filtering import Filters
from portal.home.reviewing import review_of
from tests.guidance.makers import (
    NOW,
    Lock,
    a_lock,
    a_proposal,
    a_publication,
    a_reviewer,
    an_application,
)
from tests.support.wheels import WheelIndex

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(days=7)
SPLIT = "rsfoo is 1.5 in main and 3.0 in dev."


@pytest.fixture
def application(index: WheelIndex, lock: Lock) -> Application:
    application = an_application(sets={"main": "rsfoo", "dev": "tool\nrsfoo"}, locks_tool=False)
    a_publication(application, lock)
    index.release("rsfoo", "3.0")
    return application


@pytest.fixture
def moved(application: Application, tmp_path: Path) -> Proposal:
    return a_proposal(application, a_lock(tmp_path), LATER, refresh=EVERYTHING)


def versions(application: Application) -> dict[str, set[str]]:
    locks = locks_in(published(channel_of(application)))
    return {name: set(map(str, part.pinned)) for name, part in locks.items()}


def publish(proposal: Proposal) -> None:
    publish_approved(proposal.number, by=a_reviewer(), at=LATER)


def test_dev_without_the_main_that_bound_it_is_refused(
    application: Application, moved: Proposal
) -> None:
    before = versions(application)
    approve(moved.number, ["dev"], by=a_reviewer(), at=LATER)
    decline(moved.number, ["main"], by=a_reviewer(), at=LATER, reason="not now")

    with pytest.raises(Blocked) as refused:
        publish(moved)

    assert str(refused.value) == (
        f"If this were published: {SPLIT} Approve what goes together, or none of it."
    )
    assert versions(application) == before


def test_main_without_the_dev_that_it_bound_is_refused_too(moved: Proposal) -> None:
    approve(moved.number, ["main"], by=a_reviewer(), at=LATER)

    with pytest.raises(Blocked, match=r"rsfoo is 3\.0 in main and 1\.5 in dev\."):
        publish(moved)


def test_both_together_are_published(application: Application, moved: Proposal) -> None:
    approve_all(moved.number, by=a_reviewer(), at=LATER)
    publish(moved)

    assert versions(application) == {
        "main": {"rsfoo==3.0"},
        "dev": {"rsfoo==3.0", "tool==1.0"},
    }


def test_an_approval_of_dev_takes_main_along_and_the_page_says_why(moved: Proposal) -> None:
    shown = {item.part: item for item in review_of(moved, Filters()).items}
    dev = moved.items.get(part="dev")

    done = approve_chosen(moved.number, [dev.pk], by=a_reviewer(), at=LATER, base=None)

    (companion,) = shown["dev"].goes_with
    assert (companion.part, companion.is_required) == ("main", True)
    assert companion.why == f"Without the change of main, {SPLIT}"
    assert done.along == ("main",)
    publish(moved)


def test_a_set_that_cannot_follow_main_blocks_until_somebody_takes_it_upon_them(
    index: WheelIndex, lock: Lock, tmp_path: Path
) -> None:
    """dev cannot have rsfoo 3.0: production may still move, knowingly."""
    application = an_application(sets={"main": "rsfoo", "dev": "rsdev"}, locks_tool=False)
    a_publication(application, lock)
    index.release("rsfoo", "3.0")
    proposal = a_proposal(application, a_lock(tmp_path), LATER, refresh=EVERYTHING)
    approve_all(proposal.number, by=a_reviewer(), at=LATER)
    sentence = "rsfoo is 3.0 in main and 1.5 in dev because of rsdev 1.0 → rsfoo 1.5."

    with pytest.raises(Blocked, match="Waive it with a reason"):
        publish(proposal)
    finding = proposal.findings.get(is_blocking=True)
    assert (finding.part, finding.text) == ("main", sentence)
    waive(finding.pk, by=a_reviewer(), at=LATER, reason="a security release")
    publish(proposal)

    assert versions(application) == {"main": {"rsfoo==3.0"}, "dev": {"rsdev==1.0", "rsfoo==1.5"}}
    application.start_command = "gunicorn shop.wsgi --workers 2"
    application.save()
    again = a_proposal(application, a_lock(tmp_path), LATER + timedelta(days=7))
    approve_all(again.number, by=a_reviewer(), at=LATER)
    publish(again)  # What stands already is no reason to refuse another change.


def test_a_decision_that_is_withdrawn_opens_the_way(moved: Proposal) -> None:
    approve(moved.number, ["dev"], by=a_reviewer(), at=LATER)
    decline(moved.number, ["main"], by=a_reviewer(), at=LATER, reason="not now")
    declined = Decision.objects.get(verdict=Decision.Verdict.DECLINED)

    withdraw(declined.pk, by=a_reviewer(), at=LATER)
    approve(moved.number, ["main"], by=a_reviewer(), at=LATER)
    publish(moved)


def test_the_tool_is_free_of_what_the_sets_have(
    index: WheelIndex, lock: Lock, tmp_path: Path
) -> None:
    index.release("pip", "1.0")
    application = an_application(sets={"main": "pip"}, tool="pip", locks_tool=True)
    a_publication(application, lock)
    index.release("pip", "2.0")
    proposal = a_proposal(application, a_lock(tmp_path), LATER, refresh=EVERYTHING)

    approve(proposal.number, ["tool"], by=a_reviewer(), at=LATER)
    publish(proposal)

    assert versions(application) == {"main": {"pip==1.0"}, "tool": {"pip==2.0"}}
