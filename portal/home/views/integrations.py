"""The integrations of all SDKs: the way to each of their pages."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from integrations.catalogue.models import Integration, Sdk
from matrix.review.models import Assessment
from matrix.sdk.channel import KIND
from portal.home.access import VIEW, needs


@require_safe
@needs(VIEW, "look at integrations")
def list_integrations(request: HttpRequest) -> HttpResponse:
    """List them by SDK and name; a package that is asked for narrows the list."""
    find = request.GET.get("find", "").strip()
    rows = Integration.objects.select_related("sdk", "group").defer("sdk__frame", "notes")
    problems = Assessment.objects.filter(channel__kind=KIND).exclude(problem="")
    failed = {
        (slug, part): problem
        for slug, part, problem in problems.values_list("channel__slug", "part", "problem")
    }
    found = [
        {"one": one, "problem": failed.get((one.sdk.slug, one.name), "")}
        for one in sorted(rows, key=lambda one: (one.sdk.name, one.sdk.slug, one.name))
        if find.casefold() in f"{one.name} {one.project}".casefold()
    ]
    context = {
        "found": found,
        "find": find,
        "sdks": sorted(Sdk.objects.only("slug", "name"), key=lambda sdk: (sdk.name, sdk.slug)),
        "may_add": request.user.has_perm("catalogue.add_integration"),
    }
    return render(request, "integrations/list.html", context)
