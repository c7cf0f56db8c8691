"""Pages for what went wrong: a sentence, and a way on."""

from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import Resolver404

ANYWHERE = "This address leads nowhere."
FORBIDDEN = "Your account may not do this. Ask an owner of the portal."

TOO_LARGE = "What was sent is larger than the portal takes. Upload it as a file instead."
NOT_UNDERSTOOD = "The portal does not understand what was sent, and did nothing."


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    sentence = TOO_LARGE if isinstance(exception, RequestDataTooBig) else NOT_UNDERSTOOD
    return render(request, "400.html", {"sentence": sentence}, status=400)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    is_ours = isinstance(exception, Http404) and not isinstance(exception, Resolver404)
    sentence = str(exception) if is_ours and exception.args else ANYWHERE
    return render(request, "404.html", {"sentence": sentence}, status=404)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    says = isinstance(exception, PermissionDenied) and exception.args
    sentence = str(exception) if says else FORBIDDEN
    return render(request, "403.html", {"sentence": sentence}, status=403)
