"""Publications: the list, one of them, and the files to download."""

from django.db.models import F
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from matrix.review.kinds import kind_named
from matrix.review.models import Publication, PublishedFile
from matrix.sdk.bundling import publication_bundle
from matrix.sdk.channel import KIND
from portal.home.access import PUBLISH, VIEW, needs
from portal.home.bearing import refuse, takes_tokens, token_for
from portal.home.files import stored_response
from portal.home.listing import all_publications, page_of, with_sizes

BUNDLE = "bundle.zip"


@require_safe
@needs(VIEW, "look at publications")
def list_publications(request: HttpRequest) -> HttpResponse:
    page = page_of(all_publications(), request.GET.get("page"))
    return render(request, "publications/list.html", {"page": page})


@require_safe
@needs(VIEW, "look at publications")
def show_publication(
    request: HttpRequest, slug: str, number: int, kind: str = KIND
) -> HttpResponse:
    related = ("channel", "published_by", "proposal", "base")
    publication = (
        Publication.objects.select_related(*related)
        .filter(channel__kind=kind, channel__slug=slug, number=number)
        .first()
    )
    if publication is None:
        raise Http404(f"There is no publication {number} of {slug}.")
    context = {
        "publication": publication,
        "is_current": publication.channel.current_id == publication.pk,
        "may_go_back": publication.channel.current_id != publication.pk
        and request.user.has_perm(PUBLISH),
        "files": with_sizes(publication.files.order_by("path")),
        "parts": publication.parts.order_by("part"),
    }
    return render(request, "publications/detail.html", context)


@require_safe
@takes_tokens
def download_current(
    request: HttpRequest, slug: str, path: str, kind: str = KIND
) -> HttpResponseBase:
    return _download(request, kind, slug, path, number=None)


@require_safe
@takes_tokens
def download_published(
    request: HttpRequest, slug: str, number: int, path: str, kind: str = KIND
) -> HttpResponseBase:
    return _download(request, kind, slug, path, number=number)


@require_safe
@takes_tokens
def download_bundle(
    request: HttpRequest, slug: str, number: int | None = None, kind: str = KIND
) -> HttpResponseBase:
    """Send all files of a publication with their manifest; without a number, of the current one."""
    is_public = _is_public(kind, slug)
    if refused := _refuse(request, kind, slug, is_public=is_public):
        return refused
    publication = _find_publication(kind, slug, number)
    if publication is None:
        raise Http404(_why_no_file(kind, slug, BUNDLE, number))
    bundle = publication_bundle(publication)
    return stored_response(
        request,
        name=f"{slug}-{publication.number}.zip",
        sha256=bundle.sha256,
        read=bundle.read,
        is_public=is_public,
    )


def _download(
    request: HttpRequest, kind: str, slug: str, path: str, *, number: int | None
) -> HttpResponseBase:
    is_public = _is_public(kind, slug)
    if refused := _refuse(request, kind, slug, is_public=is_public):
        return refused
    file = _find_file(kind, slug, path, number)
    if file is None:
        raise Http404(_why_no_file(kind, slug, path, number))
    return stored_response(
        request,
        name=path.rpartition("/")[2],
        sha256=file.sha256,
        read=file.read,  # This takes a query.
        is_public=is_public,
    )


def _is_public(kind: str, slug: str) -> bool:
    subject = kind_named(kind).find(slug)
    return subject is not None and subject.public_publications


def _refuse(request: HttpRequest, kind: str, slug: str, *, is_public: bool) -> HttpResponse | None:
    """Return what is sent to somebody without token and login; raises PermissionDenied."""
    if token_for(request, kind, slug) or is_public:
        return None
    return refuse(request, what="download publications")


def _find_file(kind: str, slug: str, path: str, number: int | None) -> PublishedFile | None:
    files = PublishedFile.objects.filter(
        publication__channel__kind=kind, publication__channel__slug=slug, path=path
    )
    if number is None:
        return files.filter(publication__channel__current=F("publication")).first()
    return files.filter(publication__number=number).first()


def _find_publication(kind: str, slug: str, number: int | None) -> Publication | None:
    rows = Publication.objects.select_related("channel").filter(
        channel__kind=kind, channel__slug=slug
    )
    if number is None:
        return rows.filter(channel__current=F("pk")).first()
    return rows.filter(number=number).first()


def _why_no_file(kind: str, slug: str, path: str, number: int | None) -> str:
    if kind_named(kind).find(slug) is None:
        return f"There is no {kind_named(kind).noun} {slug}."
    published = Publication.objects.filter(channel__kind=kind, channel__slug=slug)
    if number is not None:
        return f"Publication {number} of {slug} has no file {path}."
    if published.exists():
        return f"The current publication of {slug} has no file {path}."
    return f"Nothing of {slug} is published yet: review its proposal and publish it."
