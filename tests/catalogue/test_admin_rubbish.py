"""Rubbish in every field of every form: refused in sentences, nothing half saved, no exception."""

from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from integrations.catalogue.exporting import export
from integrations.catalogue.models import (
    CooldownBypass,
    Group,
    Hold,
    Integration,
    PinnedPick,
    Sdk,
    SharedConstraint,
)
from integrations.catalogue.models.base import Cleaned
from tests.catalogue.forms import filled, row
from tests.catalogue.makers import (
    a_bypass,
    a_group,
    a_hold,
    a_pinned_pick,
    a_restriction,
    a_rule,
    a_shared_constraint,
    an_integration,
    an_sdk,
)
from tests.catalogue.rubbish import texts

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
# The browser and the rows are the same for each example, which is rolled back.
EACH = settings(
    max_examples=8,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
EVERYWHERE = (SharedConstraint, CooldownBypass)  # What an SDK says for all of its integrations.
NEW_ROWS = {
    "rules": ("order", "releases", "pythons", "free_threading", "requirements", "reason"),
    "restrictions": ("order", "releases", "pythons", "reason"),
    "pinned_picks": ("version", "skips_cooldown", "reason"),
    "holds": ("releases", "reason", "owner", "link", "starts_on", "ends_on"),
}


@pytest.fixture
def rows() -> dict[type[Cleaned], Cleaned]:
    sdk = an_sdk()
    group = a_group(sdk, services="redis")
    integration = an_integration(group)
    a_rule(integration)
    a_restriction(integration)
    pick = a_pinned_pick(integration)
    hold = a_hold(integration=integration, releases=">=3")
    return {
        Sdk: sdk,
        Group: group,
        Integration: integration,
        PinnedPick: pick,
        Hold: hold,
        SharedConstraint: a_shared_constraint(sdk, group=group),
        CooldownBypass: a_bypass(sdk),
    }


def state() -> str:
    """Everything that a form could have written."""
    return "\n".join(export(sdk) for sdk in Sdk.objects.order_by("pk"))


def post(browser: Client, url: str, sent: dict[str, str]) -> None:
    """Post, and hold the answer to its word: saved is saved, refused is untouched."""
    before = state()
    with transaction.atomic():
        answer: Any = browser.post(url, sent)
        if answer.status_code == 302:
            assert browser.get(answer.headers["Location"]).status_code in {200, 302}
            for sdk in Sdk.objects.all():
                sdk.full_clean()
            for integration in Integration.objects.all():
                integration.full_clean()
        else:
            assert answer.status_code == 200
            errors = answer.context["errors"]
            assert len(errors) > 0
            assert state() == before
        transaction.set_rollback(True)


@EACH
@given(given=st.data())
@pytest.mark.parametrize("model", [Sdk, Group, Integration, PinnedPick, Hold, *EVERYWHERE])
def test_rubbish_in_a_form_that_changes_a_row(
    browser: Client,
    rows: dict[type[Cleaned], Cleaned],
    model: type[Cleaned],
    given: st.DataObject,
) -> None:
    url = reverse(f"admin:catalogue_{model._meta.model_name}_change", args=[rows[model].pk])
    sent = filled(browser, url)
    names = given.draw(st.lists(st.sampled_from(sorted(sent)), min_size=1, max_size=4))

    post(browser, url, sent | {name: given.draw(texts(), label=name) for name in names})


@EACH
@given(given=st.data())
@pytest.mark.parametrize("prefix", sorted(NEW_ROWS))
def test_rubbish_in_a_new_row_of_an_integration(
    browser: Client,
    rows: dict[type[Cleaned], Cleaned],
    prefix: str,
    given: st.DataObject,
) -> None:
    url = reverse("admin:catalogue_integration_change", args=[rows[Integration].pk])
    values = {name: given.draw(texts(), label=name) for name in NEW_ROWS[prefix]}
    sent = filled(browser, url) | row(prefix, 1, values)

    post(browser, url, sent | {f"{prefix}-1-id": "", f"{prefix}-TOTAL_FORMS": "2"})


@EACH
@given(given=st.data())
@pytest.mark.parametrize("model", [Sdk, Group, Integration, Hold, *EVERYWHERE])
def test_rubbish_in_a_form_that_adds_a_row(
    browser: Client,
    rows: dict[type[Cleaned], Cleaned],
    model: type[Cleaned],
    given: st.DataObject,
) -> None:
    url = reverse(f"admin:catalogue_{model._meta.model_name}_add")
    sent = filled(browser, url)
    names = [name for name in sorted(sent) if not name.endswith("_FORMS")]

    post(browser, url, sent | {name: given.draw(texts(), label=name) for name in names})
