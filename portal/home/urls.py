from django.contrib.auth import views as accounts
from django.urls import path, reverse_lazy

from portal.home.views import (
    adding,
    checking,
    coverage,
    deciding,
    going_back,
    holds,
    home,
    integrations,
    proposals,
    publications,
    releases,
    runs,
)

urlpatterns = [
    path("", home.show_home, name="home"),
    path("example/import/", home.add_example, name="import-example"),
    path("example/remove/", home.remove_example, name="remove-example"),
    path("proposals/", proposals.list_proposals, name="proposals"),
    path("proposals/<int:number>/", proposals.show_proposal, name="proposal"),
    path("proposals/<int:number>/decide/", deciding.decide, name="decide"),
    path("proposals/<int:number>/items/<int:pk>/", proposals.show_item, name="proposal-item"),
    path("proposals/<int:number>/selection/", proposals.show_selection, name="selection"),
    path("proposals/<int:number>/files/", proposals.show_files, name="proposal-files"),
    path("proposals/<int:number>.patch", proposals.download_whole_patch, name="whole-patch"),
    path(
        "proposals/<int:number>/files/<path:path>", proposals.download_candidate, name="candidate"
    ),
    path("proposals/<int:number>/bundle.zip", proposals.download_bundle, name="candidate-bundle"),
    path("proposals/<int:number>/<path:path>.patch", proposals.download_patch, name="patch"),
    path("publications/", publications.list_publications, name="publications"),
    path(
        "publications/<slug:slug>/<int:number>/",
        publications.show_publication,
        name="publication",
    ),
    path(
        "publications/<slug:slug>/<int:number>/again/",
        going_back.publish_again,
        name="publish-again",
    ),
    path(
        "publications/<slug:slug>/<int:number>/files/<path:path>",
        publications.download_published,
        name="published-file",
    ),
    path(
        "publications/<slug:slug>/<int:number>/bundle.zip",
        publications.download_bundle,
        name="published-bundle",
    ),
    path("sdks/<slug:slug>/bundle.zip", publications.download_bundle, name="current-bundle"),
    path(
        "sdks/<slug:slug>/tox.ini",
        publications.download_current,
        {"path": "tox.ini"},
        name="current-tox",
    ),
    path("sdks/<slug:slug>/files/<path:path>", publications.download_current, name="current-file"),
    path("sdks/<slug:slug>/run/", home.start, name="start-run"),
    path("sdks/<slug:slug>/check/", checking.check_for_sdk, name="check-sdk"),
    path("integrations/", integrations.list_integrations, name="integrations"),
    path("coverage/", coverage.choose, name="coverages"),
    path("sdks/<slug:slug>/coverage/", coverage.show_coverage, name="coverage"),
    path("sdks/<slug:slug>/coverage.csv", coverage.download_csv, name="coverage-csv"),
    path("check/", checking.show_check, name="check"),
    path("check/check_regions.py", checking.download_script, name="check-script"),
    path("look-up/", releases.look_release_up, name="look-up"),
    path("guide/", releases.show_guide, name="guide"),
    path("sdks/<slug:slug>/integrations/add/", adding.add_integration, name="add-integration"),
    path(
        "sdks/<slug:slug>/integrations/add/progress/",
        adding.show_progress,
        name="add-integration-progress",
    ),
    path(
        "sdks/<slug:slug>/integrations/<str:name>/", releases.show_integration, name="integration"
    ),
    path("sdks/<slug:slug>/integrations/<str:name>/read/", releases.read_facts, name="read-facts"),
    path(
        "sdks/<slug:slug>/integrations/<str:name>/<str:version>/",
        releases.show_release,
        name="release",
    ),
    path("holds/", holds.list_holds, name="holds"),
    path("holds/everywhere/", holds.hold_everywhere, name="hold-everywhere"),
    path("holds/<int:pk>/act/", holds.act, name="hold-act"),
    path("runs/", runs.list_runs, name="runs"),
    path("runs/<int:pk>/", runs.show_run, name="run"),
    path("runs/<int:pk>/progress/", runs.show_progress, name="run-progress"),
    path("login/", accounts.LoginView.as_view(), name="login"),
    path("logout/", accounts.LogoutView.as_view(next_page=reverse_lazy("login")), name="logout"),
    path(
        "password/",
        accounts.PasswordChangeView.as_view(success_url=reverse_lazy("password-changed")),
        name="password",
    ),
    path("password/changed/", accounts.PasswordChangeDoneView.as_view(), name="password-changed"),
]
