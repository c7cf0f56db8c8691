from django.urls import path

from portal.guidance.views import guiding

urlpatterns = [
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
]
