"""The first page: whose turn it is, and whether the portal works."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.timezone import now
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from integrations.catalogue.models import Sdk
from matrix.sdk.removing import remove
from portal.home.access import DECIDE, REMOVE, START_RUN, VIEW, needs, person
from portal.home.acting import start_run
from portal.home.example import EXAMPLE
from portal.home.overview import overview
from portal.operations.health import worker_state


@require_safe
@needs(VIEW, "look at the portal")
def show_home(request: HttpRequest) -> HttpResponse:
    at, user = now(), person(request)
    sdks = overview(at)
    waiting = [one.proposal for one in sdks if one.proposal]
    context = {
        "sdks": sdks,
        "waiting": waiting,
        "is_anything_published": any(one.publication for one in sdks),
        "item_count": sum(one.undecided_count for one in waiting),  # type: ignore[attr-defined]
        "worker": worker_state(at),
        "may_decide": user.has_perm(DECIDE),
        "may_start": user.has_perm(START_RUN),
        "may_remove": user.has_perm(REMOVE),
        "may_add": user.is_staff and user.has_perm("catalogue.add_sdk"),
    }
    return render(request, "home/home.html", context)


@require_POST
@needs(START_RUN, "start a run")
def start(request: HttpRequest, slug: str) -> HttpResponse:
    sdk = get_object_or_404(Sdk, slug=slug)
    run, is_new = start_run(sdk, by=person(request), at=now())
    if not is_new:
        messages.warning(request, f"Run {run.pk} is under way already; no second one was started.")
    return redirect("run", run.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(REMOVE, "remove the example")
def remove_example(request: HttpRequest) -> HttpResponse:
    sdk = Sdk.objects.filter(slug=EXAMPLE).first()
    if sdk is None:
        messages.warning(request, "The example is gone already.")
        return redirect("home")
    if request.method == "POST":
        remove(sdk)
        messages.success(request, f"{sdk.name} is removed, with its proposals and publications.")
        return redirect("home")
    return render(request, "home/remove_example.html", {"sdk": sdk})
