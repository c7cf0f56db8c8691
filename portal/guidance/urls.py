from django.urls import path

from portal.guidance.channel import KIND
from portal.guidance.views import applications, guiding, linting
from portal.home.views import going_back, publications

# Where pages that SDKs have too are asked for an application.
OURS = {"kind": KIND}

urlpatterns = [
    path("lint/", linting.show_lint, name="lint"),
    path("lint/rules/", linting.show_rules, name="lint-rules"),
    path("guidance/", guiding.show_guidance, name="guidance"),
    path("guidance/guidance.zip", guiding.download_guidance, name="guidance-zip"),
    path("guidance/files/<path:path>", guiding.download_file, name="guidance-file"),
    path("guidance/tools/", guiding.compare_tools, name="tools"),
    path("applications/<slug:slug>/guidance/", guiding.show_guidance, name="application-guidance"),
    path(
        "applications/<slug:slug>/guidance/guidance.zip",
        guiding.download_guidance,
        name="application-guidance-zip",
    ),
    path(
        "applications/<slug:slug>/guidance/files/<path:path>",
        guiding.download_file,
        name="application-guidance-file",
    ),
    path("applications/", applications.list_applications, name="applications"),
    path("applications/<slug:slug>/", applications.show_application, name="application"),
    path("applications/<slug:slug>/lock/", applications.start, name="application-start-run"),
    path("applications/<slug:slug>/declare/", applications.declare, name="application-declare"),
    path(
        "applications/<slug:slug>/files/<path:path>",
        publications.download_current,
        OURS,
        name="application-current-file",
    ),
    path(
        "applications/<slug:slug>/bundle.zip",
        publications.download_bundle,
        OURS,
        name="application-current-bundle",
    ),
    path(
        "applications/<slug:slug>/publications/<int:number>/",
        publications.show_publication,
        OURS,
        name="application-publication",
    ),
    path(
        "applications/<slug:slug>/publications/<int:number>/again/",
        going_back.publish_again,
        OURS,
        name="application-publish-again",
    ),
    path(
        "applications/<slug:slug>/publications/<int:number>/files/<path:path>",
        publications.download_published,
        OURS,
        name="application-published-file",
    ),
    path(
        "applications/<slug:slug>/publications/<int:number>/bundle.zip",
        publications.download_bundle,
        OURS,
        name="application-published-bundle",
    ),
]
