"""Proposals: the list, one of them, its decisions, its files before they are published."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.timezone import now
from django.views.decorators.http import require_POST, require_safe

from matrix.review.deciding import reject
from matrix.review.errors import ReviewError
from matrix.review.models import Proposal
from matrix.review.publishing import candidate
from matrix.sdk.bundling import candidate_bundle
from matrix.sdk.publishing import CannotRender, publish_approved
from matrix.sdk.publishing import render as render_files
from matrix.sdk.reporting import report_on
from matrix.sdk.running import sdk_of
from portal.accounts.permissions import require
from portal.home.access import DECIDE, PUBLISH, START_RUN, VIEW, needs, person
from portal.home.acting import approve, approve_seen_and_publish, seen
from portal.home.files import stored_response, text_response
from portal.home.listing import all_proposals, page_of
from portal.home.presenting import review_of


@require_safe
@needs(VIEW, "look at proposals")
def list_proposals(request: HttpRequest) -> HttpResponse:
    page = page_of(all_proposals(), request.GET.get("page"))
    return render(request, "proposals/list.html", {"page": page})


@require_safe
@needs(VIEW, "look at proposals")
def show_proposal(request: HttpRequest, number: int) -> HttpResponse:
    proposal = _find(number)
    report = report_on(proposal)
    review = review_of(report)
    undecided = [
        one.item for one in report.items if not one.decision and not one.item.published_in_id
    ]
    user, sdk = person(request), sdk_of(proposal.run)
    context = {
        "proposal": proposal,
        "report": report,
        "review": review,
        "sdk": sdk,
        "decided": len(report.items) - review.undecided,
        "asks_for_two": sdk is not None and sdk.second_person_publishes,
        "is_open": proposal.status == Proposal.Status.OPEN,
        "is_unfolded": "open" in request.GET or not review.is_routine_folded,
        "seen": seen(undecided),
        "may_decide": user.has_perm(DECIDE),
        "may_publish": user.has_perm(PUBLISH),
        "may_start": user.has_perm(START_RUN) and sdk is not None,
    }
    return render(request, "proposals/detail.html", context)


@require_POST
@needs(VIEW, "look at proposals")
def decide(request: HttpRequest, number: int) -> HttpResponse:
    """Do what the pressed button says; a refusal is a sentence on the proposal's page."""
    _find(number)
    act = ACTIONS.get(request.POST.get("action", ""))
    if act is None:
        messages.error(request, "Nothing was decided: the page did not say what to do.")
        return redirect("proposal", number)
    try:
        return act(request, number)
    except ReviewError as error:
        messages.error(request, str(error))
        return redirect("proposal", number)


def _approve(request: HttpRequest, number: int) -> HttpResponse:
    require(request.user, DECIDE, f"approve proposal {number}")
    as_seen = request.POST.get("seen", "")
    count = approve(number, by=person(request), at=now(), as_seen=as_seen)
    messages.success(request, f"{count} item{'s' if count != 1 else ''} approved.")
    return redirect("proposal", number)


def _approve_and_publish(request: HttpRequest, number: int) -> HttpResponse:
    require(request.user, DECIDE, f"approve proposal {number}")
    require(request.user, PUBLISH, f"publish proposal {number}")
    publication = approve_seen_and_publish(
        number,
        by=person(request),
        at=now(),
        as_seen=request.POST.get("seen", ""),
        comment=_text(request, "comment"),
    )
    return _published(request, publication)


def _publish(request: HttpRequest, number: int) -> HttpResponse:
    require(request.user, PUBLISH, f"publish proposal {number}")
    comment = _text(request, "comment")
    publication = publish_approved(number, by=person(request), at=now(), comment=comment)
    return _published(request, publication)


def _reject(request: HttpRequest, number: int) -> HttpResponse:
    require(request.user, DECIDE, f"reject proposal {number}")
    reject(number, by=person(request), at=now(), reason=_text(request, "reason"))
    messages.success(request, f"Proposal {number} rejected. The next run proposes anew.")
    return redirect("proposal", number)


ACTIONS: dict[str, Callable[[HttpRequest, int], HttpResponse]] = {
    "approve": _approve,
    "approve and publish": _approve_and_publish,
    "publish": _publish,
    "reject": _reject,
}


def _published(request: HttpRequest, publication: Any) -> HttpResponse:
    slug, number = publication.channel.slug, publication.number
    messages.success(request, f"Publication {number} of {slug} is current.")
    return redirect("publication", slug, number)


@require_safe
@needs(VIEW, "look at proposals")
def download_patch(_: HttpRequest, number: int, path: str) -> HttpResponse:
    """Send the unified diff of one file; ``git apply`` takes it."""
    report = report_on(_find(number))
    for file in report.files:
        if file.path == path:
            return text_response(file.diff, name=f"proposal-{number}.patch")
    raise Http404(_no_file(number, path))


@require_safe
@needs(VIEW, "look at proposals")
def download_candidate(_: HttpRequest, number: int, path: str) -> HttpResponse:
    """Send a file as it would be published, so that CI can prove it before anyone approves."""
    _find(number)
    try:
        files = candidate(number, render_files)
    except CannotRender as error:
        raise Http404(str(error)) from error
    if path not in files:
        raise Http404(_no_file(number, path))
    return text_response(files[path], name=path.rpartition("/")[2])


@require_safe
@needs(VIEW, "look at proposals")
def download_bundle(request: HttpRequest, number: int) -> HttpResponseBase:
    """Send all files as they would be published, with their manifest."""
    _find(number)
    try:
        bundle = candidate_bundle(number)
    except CannotRender as error:
        raise Http404(str(error)) from error
    return stored_response(
        request,
        name=f"proposal-{number}.zip",
        sha256=bundle.sha256,
        read=bundle.read,
        is_public=False,
    )


def _find(number: int) -> Proposal:
    related = ("channel__current", "base", "closed_by", "replaced_by", "run__channel")
    proposal = Proposal.objects.select_related(*related).filter(number=number).first()
    if proposal is None:
        raise Http404(f"There is no proposal {number}.")
    return proposal


def _no_file(number: int, path: str) -> str:
    return f"Proposal {number} has no file {path}."


def _text(request: HttpRequest, name: str) -> str:
    return request.POST.get(name, "").replace("\r\n", "\n").strip()
