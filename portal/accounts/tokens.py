"""
Making, revoking and recognising tokens.

A secret is 256 random bits, so its plain SHA-256 is what is kept. Slow hashes with a salt are for
what people think up, and can be guessed; this cannot, and it is looked up by each request. Whoever
measures how long the lookup takes learns of hashes, and cannot choose those.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Q

from matrix.review.models import Channel
from portal.accounts.models import Token
from portal.accounts.permissions import require

ADD = "accounts.add_token"
REVOKE = "accounts.change_token"
PREFIX = "mxp_"  # Tells people and scanners of leaked secrets what it is.
NOTED_EVERY = timedelta(hours=1)  # A download is a read: it writes no more often than that.
HOW = "in the admin, under Tokens, or with manage.py token make."
ANOTHER = f"A maintainer makes another {HOW}"


class TokenRefused(Exception):
    """A sentence for whoever sent the token: why it does not work, and what would."""

    def __init__(self, sentence: str, *, is_known: bool = False) -> None:
        super().__init__(sentence)
        self.is_known = is_known  # It works, and not for what was asked.


@dataclass(frozen=True, kw_only=True, slots=True)
class Made:
    token: Token
    secret: str  # Nobody can read it a second time.


def make(
    name: str, *, channel: Channel | None, by: User, at: datetime, expires_on: date | None = None
) -> Made:
    """Make a token for *channel*, None for all; raises ValidationError and PermissionDenied."""
    require(by, ADD, "make tokens")
    check_expiry(expires_on, today=at.date())
    token = Token(name=name.strip(), channel=channel, expires_on=expires_on)
    secret = give_secret(token, by=by, at=at)
    token.full_clean()
    try:
        with transaction.atomic():
            token.save()
    except IntegrityError:  # Somebody took the name in this moment: say so as the check does.
        token.validate_constraints()
        raise
    return Made(token=token, secret=secret)


def give_secret(token: Token, *, by: User, at: datetime) -> str:
    """Complete a *token* that is not saved yet; return the secret, of which it keeps the hash."""
    secret = f"{PREFIX}{secrets.token_hex(32)}"
    token.digest, token.ending = digest_of(secret), secret[-4:]
    token.created_by, token.created_at = by, at
    return secret


def check_expiry(expires_on: date | None, *, today: date) -> None:
    """Raise ValidationError for a token that would never work."""
    if expires_on is not None and expires_on <= today:
        raise ValidationError({"expires_on": "A token has to work for a day at least."})


def revoke(token: Token, *, by: User, at: datetime) -> bool:
    """Make *token* useless from now on; False: somebody had done so. Raises PermissionDenied."""
    require(by, REVOKE, f"revoke the token {token.name}")
    rows = Token.objects.not_revoked().filter(pk=token.pk)
    return rows.update(revoked_by=by, revoked_at=at) == 1


def recognise(secret: str, *, at: datetime) -> Token:
    """Return the token of *secret* and note that it was used; raises TokenRefused."""
    token = Token.objects.select_related("channel").filter(digest=digest_of(secret)).first()
    if token is None:
        raise TokenRefused(f"The portal does not know this token. {ANOTHER}")
    if token.revoked_at is not None:
        raise TokenRefused(f'The token "{token}" was revoked on {token.revoked_at:%Y-%m-%d}.')
    if token.has_expired(at.date()):
        raise TokenRefused(f'The token "{token}" expired on {token.expires_on}. {ANOTHER}')
    _note_use(token, at)
    return token


def digest_of(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _note_use(token: Token, at: datetime) -> None:
    before = at - NOTED_EVERY
    if token.last_used_at is not None and token.last_used_at > before:
        return
    stale = Q(last_used_at=None) | Q(last_used_at__lte=before)
    Token.objects.filter(stale, pk=token.pk).update(last_used_at=at)
