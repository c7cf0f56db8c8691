"""Tokens: how they are made, recognised and revoked."""

import re
from datetime import date, timedelta
from hashlib import sha256

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from matrix.review.models import Channel
from matrix.review.removing import remove_channel
from portal.accounts import tokens
from portal.accounts.models import Token
from portal.accounts.tokens import TokenRefused, recognise, revoke
from tests.accounts.makers import AT, a_token, ana
from tests.pages.makers import a_person

pytestmark = pytest.mark.django_db


def refusal(secret: str, *, days: int = 0) -> str:
    with pytest.raises(TokenRefused) as refused:
        recognise(secret, at=AT + timedelta(days=days))
    return str(refused.value)


def test_a_secret_is_long_and_random_and_nothing_but_its_hash_is_kept() -> None:
    one, other = a_token(name="one"), a_token(name="other")

    assert re.fullmatch(r"mxp_[0-9a-f]{64}", one.secret)
    assert one.secret != other.secret
    assert one.token.digest == sha256(one.secret.encode()).hexdigest()
    row = Token.objects.filter(pk=one.token.pk).values().get()
    assert one.secret not in str(row)
    assert row["ending"] == one.secret[-4:]


def test_a_token_is_recognised_by_its_secret_in_one_query_and_no_write_within_the_hour() -> None:
    made = a_token()
    a_token(name="another")

    used = []
    for minutes in (0, 59, 60, 61):
        with CaptureQueriesContext(connection) as queries:
            found = recognise(made.secret, at=AT + timedelta(minutes=minutes))
        found.refresh_from_db()
        assert (found, found.last_used_at) == (made.token, AT + timedelta(hours=minutes >= 60))
        used.append(len(queries))

    assert used == [2, 1, 2, 1]


def test_an_older_request_that_ends_later_does_not_turn_the_time_back() -> None:
    made = a_token()
    early = Token.objects.get()
    recognise(made.secret, at=AT + timedelta(hours=5))

    tokens._note_use(early, AT + timedelta(hours=1))

    assert Token.objects.get().last_used_at == AT + timedelta(hours=5)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda text: text[:-1], id="cut short"),
        pytest.param(lambda text: f"{text}0", id="longer"),
        pytest.param(lambda text: text.upper(), id="in capitals"),
        pytest.param(lambda _: "mxp_", id="nothing but the beginning"),
        pytest.param(lambda text: sha256(text.encode()).hexdigest(), id="the hash itself"),
        pytest.param(lambda _: "mxp_\u00e9\0", id="rubbish"),
    ],
)
def test_what_is_not_the_secret_is_not_known(change: object) -> None:
    assert callable(change)
    made = a_token()

    assert refusal(change(made.secret)) == (
        "The portal does not know this token. "
        "A maintainer makes another in the admin, under Tokens, or with manage.py token make."
    )


def test_a_token_works_until_the_day_on_which_it_expires() -> None:
    made = a_token(expires_on=date(2026, 11, 18))

    assert recognise(made.secret, at=AT + timedelta(days=1)) == made.token
    assert refusal(made.secret, days=2).startswith(
        'The token "CI" expired on 2026-11-18. A maintainer'
    )


def test_a_revoked_token_is_refused_and_its_name_is_free_again() -> None:
    made = a_token()

    assert revoke(made.token, by=ana(), at=AT)
    assert not revoke(made.token, by=ana(), at=AT + timedelta(days=1))

    assert refusal(made.secret) == 'The token "CI" was revoked on 2026-11-16.'
    assert recognise(a_token().secret, at=AT).revoked_at is None
    made.token.refresh_from_db()
    assert (made.token.revoked_at, made.token.revoked_by) == (AT, ana())


def test_two_tokens_of_one_name_are_refused_by_the_form_and_by_the_table() -> None:
    a_token()

    with pytest.raises(ValidationError, match="There is a token of this name"):
        a_token()
    with pytest.raises(IntegrityError), transaction.atomic():
        Token.objects.create(name="CI", digest="0" * 64, created_by=ana(), created_at=AT)


def test_a_name_that_was_taken_in_the_same_moment_is_told_in_the_same_words(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def late(token: Token) -> None:
        """Stands for the other person, who is between the check and the save."""
        monkeypatch.undo()
        token.full_clean()
        a_token()

    monkeypatch.setattr(Token, "full_clean", late)

    with pytest.raises(ValidationError, match="There is a token of this name"):
        a_token()
    assert Token.objects.count() == 1


def test_the_table_wants_both_who_revoked_and_when() -> None:
    made = a_token()

    with pytest.raises(IntegrityError), transaction.atomic():
        Token.objects.filter(pk=made.token.pk).update(revoked_at=AT)


@pytest.mark.parametrize(
    ("group", "may"), [("viewers", False), ("reviewers", False), ("maintainers", True)]
)
def test_maintainers_make_and_revoke_tokens(group: str, may: bool) -> None:
    made, person = a_token(), a_person("mo", group)

    if may:
        assert tokens.make("mine", channel=None, by=person, at=AT).token.created_by == person
        assert revoke(made.token, by=person, at=AT)
    else:
        with pytest.raises(PermissionDenied, match=r"mo may not make tokens: .* maintainers"):
            tokens.make("mine", channel=None, by=person, at=AT)
        with pytest.raises(PermissionDenied, match="mo may not revoke the token CI"):
            revoke(made.token, by=person, at=AT)


def test_with_an_sdk_go_its_tokens() -> None:
    kit, everything = a_token(), a_token(None, name="everything")
    channel = Channel.objects.get(slug="kit")

    remove_channel(channel)

    assert list(Token.objects.all()) == [everything.token]
    assert refusal(kit.secret).startswith("The portal does not know this token.")


@pytest.mark.parametrize(
    ("slug", "kind", "whose"),
    [
        ("kit", "sdk", "SDK kit"),
        ("kit", "application", "application kit"),
        (None, "sdk", "everything"),
    ],
)
def test_a_token_reads_one_channel_or_all(slug: str | None, kind: str, whose: str) -> None:
    token = a_token(slug, kind=kind).token

    read = [each for each in (("sdk", "kit"), ("application", "kit")) if token.reads(*each)]

    assert token.whose() == whose
    assert len(read) == (1 if slug else 2)
    assert token.reads(kind, "other") is (slug is None)


@given(days=st.integers(-3, 3), is_used=st.booleans(), is_revoked=st.booleans())
@pytest.mark.django_db(databases=[])
def test_a_state_in_words(days: int, is_used: bool, is_revoked: bool) -> None:
    today = date(2026, 11, 16)
    token = Token(
        expires_on=today + timedelta(days=days),
        last_used_at=AT if is_used else None,
        revoked_at=AT if is_revoked else None,
    )

    state = token.state(today)

    assert (state == "revoked") is is_revoked
    assert (state == "expired") is (days <= 0 and not is_revoked)
    assert (state == "in use") is (days > 0 and is_used and not is_revoked)
