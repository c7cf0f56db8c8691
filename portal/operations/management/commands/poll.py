from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError
from django.utils.timezone import now

from integrations.index.models import Poll, PollOutcome
from matrix.sdk.gathering import poll_sdks
from matrix.sdk.lifting import look_at_holds
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

    What did not change since the last poll is not read again. Ends with 0 when every project could
    be read, and with 1 when one could not; the others are stored all the same.
    """

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("sdk", metavar="SDK", help="The SDK's slug: example-sdk.")
        add_index_url(parser)

    def handle(self, *, sdk: str, index_url: str | None, **options: Any) -> None:
        found = the_sdk(sdk)
        index = the_index(found, index_url)
        active = found.integrations.filter(is_paused=False)
        total = active.values("project").distinct().count()
        if not total:
            raise CommandError(f"{found.name} has no integration yet; there is nothing to read.")
        with progress_bar(self.stderr, total) as step:  # type: ignore[arg-type]
            poll = poll_sdks([found], index, at=now(), on_progress=step)
        for hold in look_at_holds(at=now()).ended:
            self.stdout.write(f"Hold ended: {hold} ({hold.lifted_because}).")
        self.report(poll)

    def report(self, poll: Poll) -> None:
        failed = list(poll.outcomes.filter(state=PollOutcome.State.FAILED).order_by("project"))
        unchanged = poll.outcomes.filter(state=PollOutcome.State.UNCHANGED).count()
        total = poll.outcomes.count()
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
