"""The first page: whose turn it is, and whether the portal works."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.timezone import now
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from integrations.catalogue.models import Sdk
from matrix.sdk.removing import remove
from portal.guidance import example as site
from portal.guidance.showing import listed
from portal.home.access import REMOVE, START_RUN, VIEW, needs, person
from portal.home.acting import start_run
from portal.home.example import EXAMPLE
from portal.home.first_steps import ADD_SDK, first_steps, import_example
from portal.home.listing import earlier_proposals
from portal.home.overview import others, overview
from portal.home.turns import headline, turns
from portal.home.watching import watch
from portal.operations.health import worker_state


@require_safe
@needs(VIEW, "look at the portal")
def show_home(request: HttpRequest) -> HttpResponse:
    at, user = now(), person(request)
    sdks, applications, earlier = overview(at), listed(at), earlier_proposals()
    updates = {one.application.slug: one.next_update_at for one in applications}
    found = turns([*sdks, *others(updates)], user)
    context = {
        "sdks": sdks,
        "turns": found,
        "idle": [one for one in sdks if not one.proposal],
        "applications": applications,
        # What no open proposal announces already.
        "coming": [one for one in applications if not one.proposal and one.next_update_at],
        "headline": headline(found, [*sdks, *applications]),
        "steps": first_steps(sdks, user, applications),
        "item_count": sum(turn.undecided for turn in found if turn.is_yours),
        "watch": watch(sdks, at) if sdks else None,
        "earlier": earlier,
        "is_mixed": len(sdks) > 1 or len({one.channel_id for one in earlier}) > 1,
        "worker": worker_state(at),
        "may_start": user.has_perm(START_RUN),
        "may_remove": user.has_perm(REMOVE),
    }
    return render(request, "home/home.html", context)


@require_POST
@needs(ADD_SDK, "import the example")
def add_example(request: HttpRequest) -> HttpResponse:
    """Add both halves of the example: the SDK, and the application of who may add one."""
    sdk = import_example()
    if sdk is None:
        messages.warning(request, "The example is there already.")
        return redirect("home")
    messages.success(request, f"{sdk.name} is imported. Next: have a matrix proposed.")
    if person(request).has_perm("guidance.add_application") and (found := site.add_example()):
        messages.success(request, f"{found.name} is added to the applications.")
    return redirect("home")


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
    may_remove_site = person(request).has_perm("guidance.delete_application")
    application = site.the_example() if may_remove_site else None
    names = [found.name for found in (sdk, application) if found]
    if not names:
        messages.warning(request, "The example is gone already.")
        return redirect("home")
    if request.method != "POST":
        return render(request, "home/remove_example.html", {"names": names})
    if sdk:
        remove(sdk)
    if application:
        site.remove_example()
    what = " and ".join(names)
    messages.success(request, f"Removed: {what}, with all proposals and publications.")
    return redirect("home")
