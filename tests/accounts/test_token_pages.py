"""The pages on which maintainers make and revoke tokens."""

import re
from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.timezone import now

from matrix.review.models import Channel
from portal.accounts.models import Token
from portal.accounts.tokens import TokenRefused, recognise
from tests.accounts.makers import a_token, ana
from tests.catalogue.forms import mistakes
from tests.catalogue.makers import an_sdk
from tests.pages.makers import a_person

pytestmark = pytest.mark.django_db
LIST, ADD = "/admin/accounts/token/", "/admin/accounts/token/add/"
FIELDS = {"name": "CI", "read": "sdk:kit", "expires_on": ""}


@pytest.fixture
def maintainer(client: Client) -> Client:
    an_sdk(slug="kit")
    person = ana()
    person.is_staff = True
    person.save()
    client.force_login(person)
    return client


def secret_on(page: str) -> str:
    (found,) = re.findall(r"mxp_[0-9a-f]{64}", page)
    return str(found)


def test_a_token_is_made_and_its_secret_is_shown_in_that_answer_alone(maintainer: Client) -> None:
    answer = maintainer.post(ADD, FIELDS)
    secret = secret_on(answer.content.decode())

    assert "no-store" in answer["Cache-Control"]
    token = recognise(secret, at=now())
    assert (token.name, token.whose(), token.created_by) == ("CI", "SDK kit", ana())
    assert secret not in str(answer.headers) + str(answer.cookies)
    assert secret not in "".join(Session.objects.values_list("session_data", flat=True))
    assert secret not in str(list(LogEntry.objects.values()))
    for page in (LIST, f"{LIST}{token.pk}/change/", f"{LIST}{token.pk}/history/"):
        shown = maintainer.get(page).content.decode()
        assert token.name in shown
        assert secret not in shown
        assert token.digest not in shown


def test_everything_has_to_be_chosen(maintainer: Client) -> None:
    refused = maintainer.post(ADD, {**FIELDS, "read": ""})
    assert mistakes(refused) == ["read: This field is required."]

    assert maintainer.post(ADD, {**FIELDS, "read": "everything"}).status_code == 200
    assert Token.objects.get().channel is None


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"read": "sdk:other"}, "read: Select a valid choice. sdk:other is not one of"),
        ({"expires_on": "2020-01-01"}, "expires_on: A token has to work for a day at least."),
        ({"name": ""}, "name: This field is required."),
        ({"name": "a\nb"}, "name: "),
    ],
)
def test_what_makes_no_token_is_told_at_its_field(
    fields: dict[str, str], sentence: str, maintainer: Client
) -> None:
    refused = maintainer.post(ADD, {**FIELDS, **fields})

    assert mistakes(refused)[0].startswith(sentence)
    assert not Token.objects.exists()


def test_a_name_that_is_in_use_is_told(maintainer: Client) -> None:
    a_token()

    refused = maintainer.post(ADD, FIELDS)

    assert mistakes(refused) == [
        "name: There is a token of this name. Revoke it, or take another name."
    ]
    assert Token.objects.count() == 1


def test_sdks_without_a_run_can_be_chosen_and_channels_without_subject_cannot(
    maintainer: Client,
) -> None:
    Channel.objects.create(kind="sdk", slug="gone")
    Channel.objects.create(kind="application", slug="gone")

    page = maintainer.get(ADD).content.decode()

    assert '<option value="sdk:kit">SDK kit</option>' in page
    assert "gone" not in page


def test_a_token_is_revoked_on_its_page(maintainer: Client) -> None:
    made = a_token()
    address = f"{LIST}{made.token.pk}/change/"
    assert "Revoke the token" in maintainer.get(address).content.decode()

    page = maintainer.post(address, {"_save": "Revoke the token"}, follow=True).content.decode()

    assert "The token “CI” is revoked." in page
    with pytest.raises(TokenRefused, match="was revoked on"):
        recognise(made.secret, at=now())
    assert "Revoke the token" not in maintainer.get(address).content.decode()
    assert "Revoked." in maintainer.get(f"{LIST}{made.token.pk}/history/").content.decode()


def test_several_are_revoked_from_the_list(maintainer: Client) -> None:
    made = [a_token(name=name) for name in ("one", "two")]
    fields = {"action": "revoke_tokens", "_selected_action": [one.token.pk for one in made]}

    page = maintainer.post(LIST, fields, follow=True).content.decode()
    again = maintainer.post(LIST, fields, follow=True).content.decode()

    assert "Revoked: two, one." in page
    assert "These were revoked before." in again
    assert not Token.objects.not_revoked().exists()


def test_nobody_deletes_a_token(maintainer: Client) -> None:
    made = a_token()
    maintainer.force_login(a_person("olga", "owners"))

    assert maintainer.post(f"{LIST}{made.token.pk}/delete/", {"post": "yes"}).status_code != 200
    assert Token.objects.exists()


@pytest.mark.parametrize("group", ["viewers", "reviewers"])
def test_others_see_no_tokens(group: str, maintainer: Client) -> None:
    made = a_token()
    person = a_person("vic", group)
    person.is_staff = True
    person.save()
    maintainer.force_login(person)

    for path in (LIST, ADD, f"{LIST}{made.token.pk}/change/"):
        assert maintainer.get(path).status_code == 403
        assert maintainer.post(path, FIELDS).status_code == 403


def test_the_list_takes_the_same_queries_for_two_tokens_and_twenty(maintainer: Client) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as found:
            maintainer.get(LIST)
        return len(found)

    for number in range(2):
        a_token(name=f"CI {number}")
    few = queries()
    for number in range(2, 20):
        a_token(f"kit-{number}", name=f"CI {number}")

    assert queries() == few


def test_the_list_tells_which_ones_are_used(maintainer: Client) -> None:
    used, expired = a_token(name="used"), a_token(name="old")
    recognise(used.secret, at=now())
    Token.objects.filter(pk=expired.token.pk).update(expires_on=now().date() - timedelta(days=1))

    page = maintainer.get(LIST).content.decode()

    assert ">in use<" in page
    assert ">expired<" in page
    assert used.secret[-4:] in page
    works, over = (maintainer.get(f"{LIST}?works={one}").context["cl"] for one in ("yes", "no"))
    assert list(works.result_list) == [used.token]
    assert list(over.result_list) == [expired.token]
