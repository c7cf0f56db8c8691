"""Rows of the list pages, with their counts, in a fixed number of queries."""

from django.core.paginator import Page, Paginator
from django.db.models import Count, F, Q, QuerySet

from matrix.review.models import Decision, Proposal, Publication, PublishedFile, Run

PER_PAGE = 50
EARLIER = 5  # Proposals that the home page lists.

STANDING = Q(items__dropped_at=None)
OPEN = STANDING & Q(items__published_in=None)
DECIDED = Q(items__decisions__withdrawn_at=None, items__decisions__isnull=False)
APPROVED = DECIDED & Q(items__decisions__verdict=Decision.Verdict.APPROVED.value)


def proposals(rows: QuerySet[Proposal]) -> QuerySet[Proposal]:
    """
    Add ``item_count``, ``decided_count``, ``undecided_count``, and ``waiting_count``: what is
    approved and not published.
    """
    counted = rows.select_related("channel", "base", "closed_by", "replaced_by").annotate(
        item_count=Count("items", filter=STANDING, distinct=True),
        decided_count=Count("items", filter=STANDING & DECIDED, distinct=True),
        waiting_count=Count("items", filter=OPEN & APPROVED, distinct=True),
    )
    return counted.annotate(undecided_count=F("item_count") - F("decided_count"))


def all_proposals() -> QuerySet[Proposal]:
    return proposals(Proposal.objects.all()).order_by("-number")


def earlier_proposals() -> list[Proposal]:
    """Return the newest that are no longer open, with what was published from each."""
    rows = all_proposals().exclude(status=Proposal.Status.OPEN)
    return list(rows.prefetch_related("publications__channel")[:EARLIER])


def all_publications() -> QuerySet[Publication]:
    rows = Publication.objects.select_related("channel", "published_by", "proposal")
    return rows.order_by("-published_at", "-pk")


def all_runs() -> QuerySet[Run]:
    return Run.objects.select_related("channel", "requested_by").order_by("-pk")


def page_of(rows: QuerySet, number: str | None) -> Page:
    """Return the page of this number; the last one when there are fewer."""
    return Paginator(rows, PER_PAGE).get_page(number)


def with_sizes(files: QuerySet[PublishedFile]) -> QuerySet[PublishedFile]:
    """Add ``size`` in bytes; the texts stay where they are."""
    return files.annotate(size=F("content__size"))
