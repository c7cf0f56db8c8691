"""Runs: the list, and one of them while it works and after."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.timezone import now
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from matrix.review.models import Proposal, Run
from matrix.sdk.running import progress_of
from portal.home.access import VIEW, needs
from portal.home.listing import all_runs, page_of
from portal.operations.health import worker_state


@require_safe
@needs(VIEW, "look at runs")
def list_runs(request: HttpRequest) -> HttpResponse:
    page = page_of(all_runs(), request.GET.get("page"))
    return render(request, "runs/list.html", {"page": page})


@never_cache
@require_safe
@needs(VIEW, "look at runs")
def show_run(request: HttpRequest, pk: int) -> HttpResponse:
    return render(request, "runs/detail.html", _context(pk))


@never_cache
@require_safe
@needs(VIEW, "look at runs")
def show_progress(request: HttpRequest, pk: int) -> HttpResponse:
    """Answer with the part of the run's page that changes while it works."""
    return render(request, "runs/_progress.html", _context(pk))


def _context(pk: int) -> dict[str, Any]:
    run = Run.objects.select_related("channel", "requested_by").filter(pk=pk).first()
    if run is None:
        raise Http404(f"There is no run {pk}.")
    progress = progress_of(run)
    return {
        "run": run,
        "progress": progress,
        "proposal": Proposal.objects.filter(run=run).order_by("-number").first(),
        "worker": worker_state(now()),
    }
