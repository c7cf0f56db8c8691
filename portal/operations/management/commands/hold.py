from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.core.management.base import CommandError
from django.utils.timezone import now

from integrations.catalogue.models import Hold, Integration
from integrations.catalogue.validators import canonical_project
from matrix.sdk.emergency import hold_everywhere, preview
from matrix.sdk.holding import add
from portal.operations.cli import Described, day, the_sdk, the_user
from portal.operations.holds_text import preview_text
from portal.operations.queueing import enqueue


class Command(Described):
    """
    Keep releases of a project out: of one integration, of an SDK, or everywhere.

      manage.py hold anyio ==4.9.1 --everywhere --reason "Steals tokens" --as olga --dry-run
      manage.py hold httpx ">=1.0" --sdk example-sdk --reason "Issue 7" --as ana --until 2026-12-31

    It says first which environments and publications contain such a release. A hold everywhere
    starts emergency runs of just these integrations; the others act at the next run. Ends with 0,
    and with 1 when nothing was held. Write "" for every release.
    """

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("project", metavar="PROJECT", help="As the index names it: anyio.")
        parser.add_argument("releases", metavar="RELEASES", help="A specifier set: ==4.9.1.")
        scope = parser.add_mutually_exclusive_group(required=True)
        scope.add_argument(
            "--everywhere", action="store_true", help="In every environment of every SDK."
        )
        scope.add_argument("--sdk", metavar="SLUG", help="In every environment of this SDK.")
        scope.add_argument(
            "--integration",
            metavar="NAME",
            help="What this integration picks; SLUG/NAME where several SDKs have the name.",
        )
        parser.add_argument("--reason", required=True, metavar="TEXT", help="A reviewer reads it.")
        parser.add_argument("--as", dest="user", required=True, metavar="USER", help="Who holds.")
        parser.add_argument("--until", metavar="DATE", help="The first day without it: 2026-12-31.")
        parser.add_argument("--link", default="", metavar="URL", help="An issue, an advisory.")
        parser.add_argument("--dry-run", action="store_true", help="Say what it catches, no more.")

    def handle(self, *, user: str, dry_run: bool, **options: Any) -> None:
        by, at = the_user(user), now()
        hold = the_hold(**options)
        try:
            hold.full_clean()
            self.stdout.write(preview_text(preview(hold, at=at)))
            if dry_run:
                self.stdout.write("Nothing is held: this was a dry run.")
                return
            if not hold.is_everywhere:
                add(hold, by=by, at=at)
                self.stdout.write(f"Held: {hold}. The next run leaves it out.")
                return
            held = hold_everywhere(hold, by=by, at=at)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        except PermissionDenied as error:
            raise CommandError(str(error)) from error
        what = "Held everywhere" if held.is_new else "Held everywhere already"
        self.stdout.write(f"{what}: {held.hold}.")
        for run in held.runs:
            enqueue(run)
            names = ", ".join(run.only or ())
            self.stdout.write(f"  {run.channel.slug}: emergency run {run.pk} of {names}")
        for sdk in held.waiting:
            self.stdout.write(f"  {sdk.slug}: waits for the confirmation of somebody else")


def the_hold(
    *,
    project: str,
    releases: str,
    sdk: str | None,
    integration: str | None,
    reason: str,
    until: str | None,
    link: str,
    **_: Any,
) -> Hold:
    hold = Hold(
        project=project, releases=releases, reason=reason, link=link, ends_on=day(until, "--until")
    )
    if sdk is not None:
        hold.sdk = the_sdk(sdk)
    if integration is not None:
        hold.integration = the_integration(integration, project)
    return hold


def the_integration(text: str, project: str) -> Integration:
    slug, _, name = text.rpartition("/")
    rows = Integration.objects.filter(name=name).select_related("sdk")
    found = sorted(rows.filter(sdk__slug=slug) if slug else rows, key=lambda one: one.sdk.slug)
    if not found:
        raise CommandError(f'There is no integration "{text}".')
    if len(found) > 1:
        names = " or ".join(f"{one.sdk.slug}/{one.name}" for one in found)
        raise CommandError(f'Several SDKs have an integration "{text}": say {names}.')
    (one,) = found
    if canonical_project(project) != one.project:
        raise CommandError(f"{one.name} tests {one.project}, not {project}.")
    return one
