import pytest
from django.apps import apps

from matrix.review import deciding
from matrix.review.models import Channel, Decision, Snapshot
from matrix.review.removing import remove_channel
from matrix.review.state import published
from matrix.review.values import ComputedPart, Found
from tests.review.makers import (
    AT,
    a_channel,
    a_proposal,
    a_publication,
    a_user,
    propose,
    publish,
)

pytestmark = pytest.mark.django_db


def a_channel_with_a_history(slug: str) -> Channel:
    """Three publications; a replaced, a rejected and an open proposal; dropped items; findings."""
    channel = a_channel(slug)
    for body in ("one", "two"):
        a_publication(channel, {"a": body, "b": "one"})
    rejected = a_proposal(channel, {"a": "three"})
    deciding.reject(rejected.number, by=a_user(), at=AT, reason="Too early.")
    replaced = a_proposal(channel, {"a": "four", "b": "two"})
    deciding.approve_all(replaced.number, by=a_user(), at=AT)
    last = a_proposal(channel, {"a": "four", "b": "three", "c": "one"})
    assert Decision.objects.filter(kept_from__isnull=False).exists()
    publish(last.number)
    found = Found("install", "error", "It cannot be installed.")
    propose(channel, [ComputedPart("b", "four", findings=(found,))], only=["b"])
    return channel


def counts() -> dict[str, int]:
    models = apps.get_app_config("review").get_models()
    return {model.__name__: model._default_manager.count() for model in models}


def test_a_channel_goes_with_its_whole_history() -> None:
    remove_channel(a_channel_with_a_history("example"))

    assert {name for name, count in counts().items() if count} == {"FileContent", "Snapshot"}
    assert Snapshot.objects.count() == 4


def test_other_channels_stay_as_they_are() -> None:
    kept = a_channel_with_a_history("kept")
    state, rows = published(kept), counts()

    remove_channel(a_channel_with_a_history("example"))

    assert (published(kept), counts()) == (state, rows)
