"""
Requests with a token in the place of a login: ``Authorization: Bearer mxp_…``.

A view that takes tokens asks :func:`token_for` for the channel whose files it sends. All others do
not look at the header, and a token makes nobody a user: to them, who sends one is not logged in.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.timezone import now

from matrix.review.kinds import kind_named
from portal.accounts.models import Token
from portal.accounts.permissions import require
from portal.accounts.tokens import ANOTHER, HOW, PREFIX, TokenRefused, recognise
from portal.home.access import VIEW
from portal.home.files import TEXT

REALM = 'Bearer realm="Matrix Portal"'
EMPTY = (
    "The header Authorization holds no token. Is the variable with the token set in this job? "
    "CI services keep secrets from the jobs of forks."
)
NOT_OURS = f"The header Authorization holds no token of the portal: those begin with {PREFIX}"
NO_LOGIN = f"Log in, or send a token: Authorization: Bearer mxp_… A maintainer makes one {HOW}"

View = Callable[..., HttpResponseBase]


def takes_tokens(view: View) -> View:
    """Answer a token that is refused with its sentence."""

    @wraps(view)
    def answered(request: HttpRequest, **arguments: Any) -> HttpResponseBase:
        try:
            return view(request, **arguments)
        except TokenRefused as refused:
            return _refusal(refused)

    return answered


def token_for(request: HttpRequest, kind: str, slug: str, *, asked: str = "") -> Token | None:
    """
    Return the token with which *request* may read the channel; None where it brings none.

    What it brings is looked at where nothing asks for it, too: a mistake shows the first time.
    *asked* says in a refusal what was asked for, where that is not the channel. Raises
    TokenRefused.
    """
    secret = _secret_of(request)
    if secret is None:
        return None
    token = recognise(secret, at=now())
    if not token.reads(kind, slug):
        asked = asked or f"{kind_named(kind).noun} {slug}"
        text = f'The token "{token}" is for {token.whose()}, not for {asked}. {ANOTHER}'
        raise TokenRefused(text, is_known=True)
    return token


def refuse(request: HttpRequest, *, what: str) -> HttpResponse | None:
    """
    Return the answer to somebody without token and login, None to who may look.

    People are led to the login; a machine that saved that page as tox.ini would be worse. *what*
    completes "ana may not …". Raises PermissionDenied, and TokenRefused for another's token.
    """
    if request.user.is_authenticated:
        require(request.user, VIEW, what)
        return None
    if (value := _bearer(request)) is not None:
        raise TokenRefused(NOT_OURS if value else EMPTY)
    if "text/html" in request.headers.get("Accept", ""):
        return redirect_to_login(request.get_full_path())
    return _sentence(NO_LOGIN, 401, REALM)


def _bearer(request: HttpRequest) -> str | None:
    scheme, _, value = request.headers.get("Authorization", "").strip().partition(" ")
    return value.strip() if scheme.lower() == "bearer" else None


def _secret_of(request: HttpRequest) -> str | None:
    """Return the secret if it is one of ours: a proxy before the portal may send its own."""
    value = _bearer(request)
    return value if value is not None and value.startswith(PREFIX) else None


def _refusal(refused: TokenRefused) -> HttpResponse:
    if refused.is_known:
        return _sentence(str(refused), 403, f'{REALM}, error="insufficient_scope"')
    return _sentence(str(refused), 401, f'{REALM}, error="invalid_token"')


def _sentence(text: str, status: int, challenge: str) -> HttpResponse:
    return HttpResponse(
        f"{text}\n",
        status=status,
        content_type=TEXT,
        headers={"WWW-Authenticate": challenge, "Cache-Control": "no-store"},
    )
