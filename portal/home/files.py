"""Answers that are files: their exact bytes, named, and told apart by their own SHA-256."""

import hashlib
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.cache import get_conditional_response

TEXT = "text/plain; charset=utf-8"
ZIP = "application/zip"


def text_response(text: str, *, name: str) -> HttpResponse:
    """Send *text* to be saved as *name*."""
    body = text.encode("utf-8")
    response = HttpResponse(body, content_type=TEXT)
    _describe(response, name, hashlib.sha256(body).hexdigest(), is_public=False)
    return response


def zip_response(body: bytes, *, name: str) -> HttpResponse:
    """Send a ZIP file to be saved as *name*."""
    response = HttpResponse(body, content_type=ZIP)
    _describe(response, name, hashlib.sha256(body).hexdigest(), is_public=False)
    return response


def stored_response(
    request: HttpRequest,
    *,
    name: str,
    sha256: str,
    read: Callable[[], str | bytes],
    is_public: bool,
) -> HttpResponseBase:
    """Send what *read* returns; it is not read when the client has it already."""
    response = get_conditional_response(request, etag=f'"{sha256}"')
    if response is None:
        body = read()
        if isinstance(body, str):
            response = HttpResponse(body.encode("utf-8"), content_type=TEXT)
        else:
            response = HttpResponse(body, content_type=ZIP)
    _describe(response, name, sha256, is_public=is_public)
    return response


def _describe(response: HttpResponseBase, name: str, sha256: str, *, is_public: bool) -> None:
    response["ETag"] = f'"{sha256}"'
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    # The address of what is current stays the same while the file changes: ask each time.
    response["Cache-Control"] = f"{'public' if is_public else 'private'}, no-cache"
    response["X-Content-Type-Options"] = "nosniff"
