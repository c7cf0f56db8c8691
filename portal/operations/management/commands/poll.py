from argparse import ArgumentParser
from collections.abc import Iterable
from typing import Any

from django.core.management.base import CommandError
from django.utils.timezone import now

from integrations.catalogue.models import Hold
from integrations.index.models import Poll, PollOutcome
from matrix.sdk.gathering import poll_sdks
from matrix.sdk.lifting import look_at_holds
from matrix.sdk.running import poll_everything
from portal.guidance.toolversions import watched
from portal.operations.cli import (
    Described,
    add_index_url,
    counted,
    progress_bar,
    the_index,
    the_sdk,
)


class Command(Described):
    """
    Read the index for every project that an SDK tests: its releases, and what they declare.

      manage.py poll example-sdk
      manage.py poll

    Without an SDK all indexes are read, for every SDK and for the tools that install applications,
    as the schedule does each night. What did not change since the last poll is not read again. Ends
    with 0 when every project could be read, and with 1 when one could not; the others are stored
    all the same.
    """

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "sdk", metavar="SDK", nargs="?", help="The SDK's slug: example-sdk. None: everything."
        )
        add_index_url(parser)

    def handle(self, *, sdk: str | None, index_url: str | None, **options: Any) -> None:
        if sdk is not None:
            self.poll_one(sdk, index_url)
        elif index_url:
            raise CommandError("--index-url is for one SDK. Name it: manage.py poll SDK.")
        else:
            self.poll_all()

    def poll_all(self) -> None:
        at = now()
        polled = poll_everything(at=at, also=watched(at))
        self.say_ended(polled.ended)
        self.report(*polled.polls)

    def poll_one(self, sdk: str, index_url: str | None) -> None:
        found = the_sdk(sdk)
        index = the_index(found, index_url)
        active = found.integrations.filter(is_paused=False)
        total = active.values("project").distinct().count()
        if not total:
            raise CommandError(f"{found.name} has no integration yet; there is nothing to read.")
        with progress_bar(self.stderr, total) as step:  # type: ignore[arg-type]
            poll = poll_sdks([found], index, at=now(), on_progress=step)
        self.say_ended(look_at_holds(at=now()).ended)
        self.report(poll)

    def say_ended(self, holds: Iterable[Hold]) -> None:
        for hold in holds:
            self.stdout.write(f"Hold ended: {hold} ({hold.lifted_because}).")

    def report(self, *polls: Poll) -> None:
        outcomes = PollOutcome.objects.filter(poll__in=polls)
        failed = list(outcomes.filter(state=PollOutcome.State.FAILED).order_by("project", "pk"))
        unchanged = outcomes.filter(state=PollOutcome.State.UNCHANGED).count()
        total = outcomes.count()
        read = total - unchanged - len(failed)
        self.stdout.write(
            f"{counted(total, 'project')}: "
            f"{read} read, {unchanged} unchanged, {len(failed)} failed."
        )
        if failed:
            lines = "\n".join(f"  {outcome.project}: {outcome.reason}" for outcome in failed)
            raise CommandError(
                f"{len(failed)} of {counted(total, 'project')} could not be read:\n{lines}"
            )
