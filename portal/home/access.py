"""Who may see a page, and who may press its buttons."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponseBase

from portal.accounts.permissions import require

VIEW = "review.view_proposal"
COMMENT = "review.comment"
HOLD = "catalogue.add_hold"
START_RUN = "review.start_run"
DECIDE = "review.decide"
PUBLISH = "review.publish"
REMOVE = "catalogue.delete_sdk"

View = Callable[..., HttpResponseBase]


def needs(permission: str, what: str) -> Callable[[View], View]:
    """Ask for a login and for *permission*; *what* completes "ana may not …" on the 403 page."""

    def decorate(view: View) -> View:
        @login_required
        @wraps(view)
        def checked(request: HttpRequest, **arguments: Any) -> HttpResponseBase:
            require(request.user, permission, what)
            return view(request, **arguments)

        return checked

    return decorate


def person(request: HttpRequest) -> User:
    """Return who is logged in; a view that asks has checked that somebody is."""
    assert isinstance(request.user, User)
    return request.user
