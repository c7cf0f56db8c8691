"""
Answering a request that is larger than its page takes: with the page itself and a sentence.

Django checks the token of a form before its view is called, and to find the token it reads what was
sent; what is too large then ends on a page that knows nothing of the form. Here the size is looked
at first, and the token is checked after it.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.http import HttpRequest, HttpResponseBase, UnreadablePostError
from django.views.decorators.csrf import csrf_exempt, csrf_protect

from portal.home.access import View

TOO_LARGE = 413  # RFC 9110: Content Too Large.
LONGEST_LENGTH = 15  # Digits of a Content-Length; Python refuses to read thousands of them.
PIECE = 64_000  # Bytes that are held while the rest of a request is thrown away.
MOST_DISCARDED = 100_000_000  # Bytes; who sends more has the connection cut.


# Shows the page of a form: called as its view is, with ``sentence`` and ``status`` besides.
Refuse = Callable[..., HttpResponseBase]


def bounded(most: int, *, told: str, refuse: Refuse) -> Callable[[View], View]:
    """
    Let *refuse* answer what is too large, and protect the view from forged requests.

    *most* is in bytes of the whole request, and *told* is the sentence about it. Django's own
    bounds on texts, fields and files have sentences too. Stands below ``needs``: who may not see
    the page sends nothing that is read.
    """

    def decorate(view: View) -> View:
        protected = csrf_protect(view)

        @csrf_exempt  # Until the size is known; what is read after that is protected.
        @wraps(view)
        def checked(request: HttpRequest, **arguments: Any) -> HttpResponseBase:
            if sentence := _too_large(request, most, told):
                _discard(request)
                return refuse(request, sentence=sentence, status=TOO_LARGE, **arguments)
            return protected(request, **arguments)

        return checked

    return decorate


def _too_large(request: HttpRequest, most: int, told: str) -> str:
    """Say what is too large about *request*; "" if nothing is."""
    length = request.META.get("CONTENT_LENGTH") or "0"
    if length.isdecimal() and (len(length) > LONGEST_LENGTH or int(length) > most):
        return told
    try:
        _ = request.POST  # Reads what was sent, as the check of the token would.
    except RequestDataTooBig:
        bytes_at_most = f"{settings.DATA_UPLOAD_MAX_MEMORY_SIZE:,}"
        return f"The text of a form has {bytes_at_most} bytes at most. Upload it as a file."
    except TooManyFieldsSent:
        return f"More than {settings.DATA_UPLOAD_MAX_NUMBER_FIELDS:,} fields were sent."
    except TooManyFilesSent:
        return f"More than {settings.DATA_UPLOAD_MAX_NUMBER_FILES:,} files were sent. Send fewer."
    except UnreadablePostError:
        pass  # Whoever sent it is gone; without a token nothing happens.
    return ""


def _discard(request: HttpRequest) -> None:
    """Take the rest: browsers look for an answer only when they have sent everything."""
    left = MOST_DISCARDED
    try:
        while left > 0 and (piece := request.read(PIECE)):
            left -= len(piece)
    except UnreadablePostError:
        return
