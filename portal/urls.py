from django.contrib import admin
from django.urls import path

from portal.operations.views import show_health

urlpatterns = [
    path("health/", show_health, name="health"),
    path("admin/", admin.site.urls),
]
