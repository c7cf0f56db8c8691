from django.contrib import admin
from django.urls import include, path

from portal.operations.views import show_health

urlpatterns = [
    path("", include("portal.home.urls")),
    path("", include("portal.guidance.urls")),
    path("health/", show_health, name="health"),
    path("admin/", admin.site.urls),
]
handler400 = "portal.home.views.errors.bad_request"
handler403 = "portal.home.views.errors.forbidden"
handler404 = "portal.home.views.errors.not_found"
