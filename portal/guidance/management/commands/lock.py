from argparse import ArgumentParser
from datetime import datetime
from typing import Any

from django.core.management.base import CommandError
from django.utils.timezone import now

from matrix.review.errors import ReviewError
from matrix.sdk.preferring import KEEP, Refresh
from matrix.sdk.reporting import report_on
from portal.guidance.models import Application
from portal.guidance.reporting import find
from portal.guidance.running import EVERYTHING, UnknownSets, carry_out, request
from portal.guidance.starting import refresh_of_age, refresh_of_projects
from portal.operations.cli import Described
from portal.operations.texts import proposal_text


class Command(Described):
    """
    Lock the sets of an application, and propose what changed.

      manage.py lock shop
      manage.py lock shop --update django sqlparse

    Published pins are kept where nothing speaks against them; refreshing gives them up. Nothing
    changes before somebody approves. Ends with 0, also when nothing differs from what is
    published; with 1 when the run failed.
    """

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug", metavar="SLUG", help="The application's slug: shop.")
        refresh = parser.add_mutually_exclusive_group()
        refresh.add_argument(
            "--update-all", action="store_true", help="Give up all published pins."
        )
        refresh.add_argument(
            "--update", nargs="+", metavar="NAME", help="Give up the pins of these packages."
        )
        refresh.add_argument(
            "--older-than", metavar="DAYS", help="Give up what is pinned for more days than this."
        )
        parser.add_argument(
            "--only", nargs="+", metavar="SET", help="Leave all sets but these as they are."
        )

    def handle(
        self,
        *,
        slug: str,
        update_all: bool,
        update: list[str] | None,
        older_than: str | None,
        only: list[str] | None,
        **options: Any,
    ) -> None:
        application, at = the_application(slug), now()
        try:
            refresh = EVERYTHING if update_all else _refresh(application, update, older_than, at)
            run = request(application, by=None, at=at, only=only, refresh=refresh)
            proposal = carry_out(run, clock=now)
        except (ReviewError, UnknownSets) as error:
            raise CommandError(str(error)) from error
        if proposal is None:
            run.refresh_from_db()
            self.stdout.write(run.outcome)
            return
        self.stdout.write(proposal_text(report_on(proposal)))


def _refresh(
    application: Application, update: list[str] | None, older_than: str | None, at: datetime
) -> Refresh:
    if update:
        return refresh_of_projects(application, update)
    return KEEP if older_than is None else refresh_of_age(older_than, now=at)


def the_application(slug: str) -> Application:
    found = find(slug)
    if found is None:
        known = ", ".join(Application.objects.order_by("slug").values_list("slug", flat=True))
        there = f"There is {known}." if known else "Add one in the catalogue."
        raise CommandError(f'There is no application "{slug}". {there}')
    return found
