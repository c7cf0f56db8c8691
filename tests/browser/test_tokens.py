"""A token in a browser: made, seen once, revoked."""

import re

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from integrations.catalogue.models import Sdk
from portal.accounts.models import Token
from tests.browser.conftest import log_in

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_a_token_is_made_from_the_page_that_needs_it_and_revoked(
    page: Page, ana: User, sdk: Sdk, complaints: list[str]
) -> None:
    log_in(page, ana)
    page.goto(f"/check/?sdk={sdk.slug}")
    page.get_by_role("link", name="Make a token").click()

    page.get_by_label("Name:").fill("CI of parcels")
    page.get_by_label("For:").select_option("SDK parcels")
    page.get_by_role("button", name="Make the token").click()

    secret = page.get_by_role("region", name="The token")
    expect(secret).to_have_text(re.compile("mxp_[0-9a-f]{64}"))
    said = secret.inner_text()
    answer = page.request.get(
        f"/sdks/{sdk.slug}/tox.ini", headers={"Authorization": f"Bearer {said}"}
    )
    assert answer.status == 200

    page.get_by_role("link", name="Tokens").first.click()
    expect(page.get_by_text("in use")).to_be_visible()
    expect(page.get_by_text(said)).to_have_count(0)
    page.get_by_role("link", name="CI of parcels").click()
    page.get_by_role("button", name="Revoke the token").click()

    expect(page.get_by_text("The token “CI of parcels” is revoked.")).to_be_visible()
    assert not Token.objects.not_revoked().exists()
    assert complaints == []
