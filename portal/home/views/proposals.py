"""Proposals: the list, one of them, one of its items, its files before they are published."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from integrations.catalogue.choices import LiftWhen
from matrix.review.kinds import kind_of, subject_of
from matrix.review.models import Channel, Decision, Proposal
from matrix.review.publishing import candidate
from matrix.sdk.bundling import candidate_bundle
from matrix.sdk.candidate_files import file_report, files_report
from matrix.sdk.channel import KIND
from matrix.sdk.publishing import CannotRender
from matrix.sdk.reporting import layout_problem
from portal.home.access import COMMENT, DECIDE, HOLD, PUBLISH, START_RUN, VIEW, needs, person
from portal.home.acting import seen
from portal.home.bearing import refuse, takes_tokens, token_for
from portal.home.files import stored_response, text_response
from portal.home.filtering import KINDS, SORTS, Filters
from portal.home.listing import all_proposals, page_of
from portal.home.reviewing import MOST_PINS, Review, review_of

MOST_DIFF_LINES = 500  # A longer diff of a file comes folded.
KEYS = (
    ("j, k", "next, previous item"),
    ("n", "next undecided item"),
    ("x", "select"),
    ("a", "approve"),
    ("d", "decline"),
    ("e", "details"),
    ("/", "find"),
    ("?", "this list"),
)


@require_safe
@needs(VIEW, "look at proposals")
def list_proposals(request: HttpRequest) -> HttpResponse:
    page = page_of(all_proposals(), request.GET.get("page"))
    return render(request, "proposals/list.html", {"page": page})


@require_safe
@needs(VIEW, "look at proposals")
def show_proposal(request: HttpRequest, number: int) -> HttpResponse:
    proposal = find(number)
    review = review_of(
        proposal,
        Filters.of(request.GET.dict()),
        selected=keys_in(request.GET.get("item", "")),
        selects_shown=request.GET.get("select") == "shown",
        page=request.GET.get("page"),
    )
    after = keys_in(request.GET.get("after", ""))
    context = {
        **_of_both(request, proposal, review),
        "kinds": KINDS.items(),
        "sorts": SORTS.items(),
        "problem": layout_problem(review.report),
        "replaced": proposal.replaces.order_by("-number").first(),
        "focus": review.after(after[0]) if after else None,
        "is_unfolded": "open" in request.GET or not review.is_routine_folded,
        "folded_pins": review.pins[:MOST_PINS],
        "keys": KEYS,
    }
    return render(request, "proposals/detail.html", context)


@require_safe
@needs(VIEW, "look at proposals")
def show_item(request: HttpRequest, number: int, pk: int) -> HttpResponse:
    """Show one item whole, with the undecided ones before and after it."""
    proposal = find(number)
    review = review_of(proposal, Filters())
    item = next((one for one in review.items if one.pk == pk), None)
    if item is None:
        raise Http404(
            f"Proposal {number} has no item {pk}: it was rebuilt since. Look at the whole proposal."
        )
    previous, following = review.beside(pk)
    context = {
        **_of_both(request, proposal, review),
        "is_item_page": True,
        "item": item,
        "previous": previous,
        "following": following,
    }
    return render(request, "proposals/item.html", context)


@require_safe
@needs(VIEW, "look at proposals")
def show_selection(request: HttpRequest, number: int) -> HttpResponse:
    """Say in one sentence what is selected, for a script that asks after each tick."""
    selected = keys_in(request.GET.get("item", ""))
    review = review_of(find(number), Filters(), selected=selected)
    context = {"review": review, "selection": review.selection}
    return render(request, "proposals/_selection.html", context)


def _of_both(request: HttpRequest, proposal: Proposal, review: Review) -> dict[str, Any]:
    user, subject = person(request), subject_of(proposal.channel)
    is_sdk = subject is not None and proposal.channel.kind == KIND
    is_open = proposal.status == Proposal.Status.OPEN
    can_be_decided = is_open and review.report.is_base_current
    return {
        "proposal": proposal,
        "report": review.report,
        "review": review,
        "subject": subject,
        "is_sdk": is_sdk,
        "slug": proposal.channel.slug,
        "is_open": is_open,
        "seen": seen(item.report.item for item in review.items if item.is_open),
        "base": proposal.base.number if proposal.base else 0,
        "asks_for_two": subject is not None and subject.second_person_publishes,
        "may_decide": can_be_decided and user.has_perm(DECIDE),
        "may_publish": can_be_decided and user.has_perm(PUBLISH),
        "may_undo": is_open and user.has_perm(DECIDE),
        "may_comment": user.has_perm(COMMENT),
        "may_hold": user.has_perm(HOLD) and is_sdk,
        "may_start": user.has_perm(START_RUN) and subject is not None,
        "is_reviewer": user.has_perm(DECIDE) or user.has_perm(PUBLISH),
        "me": user.get_username(),
        "propose_again": Decision.ProposeAgain.choices,
        "lift_when": LiftWhen.choices,
    }


def keys_in(text: str) -> list[int]:
    """Read ``12.13.14`` from an address; what is no number is left out."""
    return [int(word) for word in text.replace(" ", ".").split(".") if word.isdecimal()][:5000]


# --- Files ---------------------------------------------------------------------------------------
@require_safe
@needs(VIEW, "look at proposals")
def show_files(request: HttpRequest, number: int) -> HttpResponse:
    """Show the unified diff of every generated file; long ones come folded."""
    proposal = find(number)
    context = {
        "proposal": proposal,
        "report": files_report(proposal),
        "most_lines": MOST_DIFF_LINES,
    }
    return render(request, "proposals/files.html", context)


@require_safe
@needs(VIEW, "look at proposals")
def download_patch(_: HttpRequest, number: int, path: str) -> HttpResponse:
    """Send the unified diff of one file; ``git apply`` takes it."""
    try:
        report = file_report(find(number), path)
    except CannotRender as error:
        raise Http404(str(error)) from error
    if report is None:
        raise Http404(_no_file(number, path))
    return text_response(report.diff, name=f"proposal-{number}.patch")


@require_safe
@needs(VIEW, "look at proposals")
def download_whole_patch(_: HttpRequest, number: int) -> HttpResponse:
    """Send the changes of all files as one patch."""
    report = files_report(find(number))
    if report.problem:
        raise Http404(report.problem)
    return text_response(report.patch, name=f"proposal-{number}.patch")


@require_safe
@takes_tokens
def download_candidate(request: HttpRequest, number: int, path: str) -> HttpResponseBase:
    """Send a file as it would be published, so that CI can prove it before anyone approves."""
    if refused := _refuse(request, number):
        return refused
    proposal = find(number)
    try:
        files = candidate(number, kind_of(proposal.channel).render)
    except CannotRender as error:
        raise Http404(str(error)) from error
    if path not in files:
        raise Http404(_no_file(number, path))
    return text_response(files[path], name=path.rpartition("/")[2])


@require_safe
@takes_tokens
def download_bundle(request: HttpRequest, number: int) -> HttpResponseBase:
    """Send all files as they would be published, with their manifest."""
    if refused := _refuse(request, number):
        return refused
    find(number)
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


def _refuse(request: HttpRequest, number: int) -> HttpResponse | None:
    """Return what is sent to who may not see the files of a proposal; raises PermissionDenied."""
    # One that is not there belongs to nobody: a token for one channel learns no more of it.
    channel = Channel.objects.filter(proposals__number=number).first() or Channel()
    token = token_for(request, channel.kind, channel.slug, asked=f"proposal {number}")
    return None if token else refuse(request, what="look at proposals")


def find(number: int) -> Proposal:
    related = ("channel__current", "base", "closed_by", "replaced_by", "run__channel")
    proposal = Proposal.objects.select_related(*related).filter(number=number).first()
    if proposal is None:
        raise Http404(f"There is no proposal {number}.")
    return proposal


def _no_file(number: int, path: str) -> str:
    return f"Proposal {number} has no file {path}."
