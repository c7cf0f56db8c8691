"""``manage.py token``."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.utils.timezone import now

from portal.accounts.models import Token
from portal.accounts.tokens import TokenRefused, recognise
from tests.accounts.makers import a_token, ana
from tests.catalogue.makers import an_sdk
from tests.pages.makers import a_person

pytestmark = pytest.mark.django_db
TOMORROW = f"{now().date() + timedelta(days=1)}"


def token(*arguments: str) -> tuple[str, str]:
    out, err = StringIO(), StringIO()
    call_command("token", *arguments, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def test_a_token_is_made_listed_and_revoked() -> None:
    ana()
    an_sdk(slug="kit")

    secret, said = token("make", "CI", "--for", "kit", "--expires", TOMORROW, "--as", "ana")

    assert said == f'Made the token "CI" for SDK kit: it works until {TOMORROW}.\n'
    assert recognise(secret.strip(), at=now()).name == "CI"
    today = f"{now():%Y-%m-%d}"
    ending = secret.strip()[-4:]
    assert token("list")[0] == (
        f"CI (…{ending}), for SDK kit: in use, last on {today}, expires on {TOMORROW}; "
        f"made by ana on {today}\n"
    )
    assert token("revoke", "CI", "--as", "ana") == ('Revoked the token "CI".\n', "")
    with pytest.raises(TokenRefused):
        recognise(secret.strip(), at=now())
    assert ": revoked, last on" in token("list")[0]


def test_a_token_for_everything() -> None:
    ana()

    _, said = token("make", "mirror", "--all", "--as", "ana")

    assert said == 'Made the token "mirror" for everything: it works until it is revoked.\n'
    assert Token.objects.get().channel is None


def test_without_tokens_the_list_says_so() -> None:
    assert token("list")[0] == "There is no token.\n"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("make", "CI", "--for", "kit"), "the following arguments are required: --as"),
        (("make", "CI", "--as", "ana"), "one of the arguments --for --all is required"),
        (("make", "CI", "--all", "--for", "kit", "--as", "ana"), "not allowed with argument"),
        (("make", "CI", "--for", "no", "--as", "ana"), 'neither an SDK nor an application "no"'),
        (("make", "CI", "--all", "--as", "vic"), "vic may not make tokens: "),
        (("make", "old", "--all", "--as", "ana"), "There is a token of this name. Revoke it"),
        (("make", "CI", "--all", "--expires", "soon", "--as", "ana"), '--expires: "soon" is not'),
        (("make", "CI", "--all", "--expires", "2020-01-01", "--as", "ana"), "for a day at least"),
        (("revoke", "CI", "--as", "ana"), 'There is no token "CI" to revoke'),
        (("revoke", "old", "--as", "vic"), "vic may not revoke the token old: "),
        (("revoke", "old", "--as", "nobody"), 'There is no active user "nobody".'),
    ],
)
def test_what_cannot_be_done_is_told(arguments: tuple[str, ...], sentence: str) -> None:
    a_token(None, name="old")
    a_person("vic", "viewers")

    with pytest.raises(CommandError) as refused:
        token(*arguments)

    assert sentence in str(refused.value)
    assert list(Token.objects.not_revoked().values_list("name", flat=True)) == ["old"]
