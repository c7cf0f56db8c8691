from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError
from django.utils.timezone import now
from packaging.utils import canonicalize_name

from matrix.review.errors import ReviewError
from matrix.rules.rendering import FrameError
from matrix.sdk.preferring import KEEP, Refresh
from matrix.sdk.reporting import report_on
from matrix.sdk.running import carry_out, request
from portal.operations.cli import Described, add_index_url, resolving_bar, the_index, the_sdk
from portal.operations.resolvers import a_resolver
from portal.operations.texts import proposal_text

MOST_DAYS = 3650


class Command(Described):
    """
    Resolve the environments of an SDK, and propose what changed.

      manage.py resolve example-sdk
      manage.py resolve example-sdk --refresh anyio certifi
      manage.py resolve example-sdk --refresh-older-than 30

    Published pins are kept as far as they can be. Refreshing gives them up: all, those of some
    projects, or those that have not changed for some days. Ends with 0, also when nothing changed;
    with 1 when the run failed.
    """

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("sdk", metavar="SDK", help="The SDK's slug: example-sdk.")
        parser.add_argument(
            "--refresh",
            nargs="*",
            metavar="PROJECT",
            help="Give up the pins of these projects; without a name, all pins.",
        )
        parser.add_argument(
            "--refresh-older-than",
            type=int,
            metavar="DAYS",
            help="Give up pins that an environment has had for more days than this.",
        )
        add_index_url(parser)

    def handle(
        self,
        *,
        sdk: str,
        refresh: list[str] | None,
        refresh_older_than: int | None,
        index_url: str | None,
        **options: Any,
    ) -> None:
        found, at = the_sdk(sdk), now()
        index = the_index(found, index_url)
        asked = _refresh(refresh, refresh_older_than)
        try:
            run = request(found, by=None, at=at, refresh=asked)
            with resolving_bar(self.stderr) as step:  # type: ignore[arg-type]
                resolver = a_resolver(on_progress=step)
                proposal = carry_out(run, clock=now, polls=False, index=index, resolver=resolver)
        except (ReviewError, FrameError) as error:
            raise CommandError(str(error)) from error
        run.refresh_from_db()
        self.stdout.write(proposal_text(report_on(proposal)) if proposal else run.outcome)


def _refresh(projects: list[str] | None, days: int | None) -> Refresh:
    if projects is not None and days is not None:
        raise CommandError("Give --refresh or --refresh-older-than, not both.")
    if days is not None:
        if not 0 <= days <= MOST_DAYS:
            raise CommandError(
                f"--refresh-older-than: {days} is not between 0 and {MOST_DAYS} days."
            )
        return Refresh.older_than(days, now=now())
    if projects is None:
        return KEEP
    names = frozenset(str(canonicalize_name(name)) for name in projects)
    return Refresh(everything=not names, projects=names)
