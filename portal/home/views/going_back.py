"""The way back: an older publication is published again, as a decision with a reason."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.timezone import now
from django.views.decorators.http import require_http_methods

from matrix.review.errors import NothingToRollBack, ReviewError
from matrix.review.kinds import kind_of
from matrix.review.models import Publication
from matrix.review.publishing import going_back
from matrix.sdk import publishing
from matrix.sdk.channel import KIND
from matrix.sdk.held_again import held_in
from portal.accounts.permissions import require
from portal.home.access import PUBLISH, VIEW, needs, person
from portal.home.addresses import address_of
from portal.home.again import facts_of


@require_http_methods(["GET", "HEAD", "POST"])
@needs(VIEW, "look at publications")
def publish_again(request: HttpRequest, slug: str, number: int, kind: str = KIND) -> HttpResponse:
    """Show what the way back changes, and ask why; a POST goes it, or says what is against it."""
    require(request.user, PUBLISH, f"publish publication {number} of {slug} again")
    publication = _find(kind, slug, number)
    typed = request.POST.get("reason", "").replace("\r\n", "\n").strip()
    if request.method == "POST":
        try:
            return _publish(request, publication, typed)
        except ReviewError as error:
            messages.error(request, str(error))
    try:
        changes = going_back(publication.channel, publication)
    except NothingToRollBack as error:
        if request.method != "POST":  # A POST was told so already.
            messages.error(request, str(error))
        return redirect(address_of(publication.channel, "publication", number))
    current, its = publication.channel.current, kind_of(publication.channel)
    context = {
        "publication": publication,
        "current": current,
        "summary": its.summary_of(publication.channel)(changes),
        "changes": [(diff.part, list(facts_of(diff))) for _, _, diff in its.compare(changes)],
        "open": publication.channel.proposals.filter(status="open").first(),
        "held": held_in(publication, at=now()),
        "typed": typed,
        "confirmed": request.POST.getlist("held"),
    }
    return render(request, "publications/again.html", context)


def _publish(request: HttpRequest, old: Publication, reason: str) -> HttpResponse:
    seen = request.POST.get("seen", "")
    made = publishing.publish_again(
        old,
        by=person(request),
        at=now(),
        reason=reason,
        seen=int(seen) if seen.isdecimal() else None,
        confirmed=request.POST.getlist("held"),
    )
    slug = made.channel.slug
    messages.success(
        request, f"Publication {made.number} of {slug} is current: {old.number} once more."
    )
    return redirect(address_of(made.channel, "publication", made.number))


def _find(kind: str, slug: str, number: int) -> Publication:
    rows = Publication.objects.select_related("channel__current")
    found = rows.filter(channel__kind=kind, channel__slug=slug, number=number).first()
    if found is None:
        raise Http404(f"There is no publication {number} of {slug}.")
    return found
