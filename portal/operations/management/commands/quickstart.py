from argparse import ArgumentParser
from io import StringIO
from typing import Any

from django.core.management import call_command
from django.core.management.base import CommandError
from django.utils.timezone import now

from integrations.catalogue.models import Sdk
from integrations.index.models import PollOutcome
from matrix.review.errors import ReviewError
from matrix.review.models import Proposal
from matrix.sdk.gathering import poll_sdks
from matrix.sdk.reporting import report_on
from matrix.sdk.running import carry_out, request
from portal.home.example import EXAMPLE, FILE, example_without_proposal, is_new_portal
from portal.operations.administrator import ensure_administrator
from portal.operations.cli import Described, add_index_url, progress_bar, resolving_bar, the_index
from portal.operations.resolvers import a_resolver
from portal.operations.serving import free_port, serve
from portal.operations.texts import proposal_text


class Command(Described):
    """
    Set the portal up, show what it does on an example, and serve it until Ctrl-C.

      make run
      make run ARGS="--no-serve"
      make run ARGS="--port 8080"

    Safe to call again: what is there stays. The first call makes the tables, an administrator
    (the password is printed once, unless PORTAL_ADMIN_PASSWORD holds one) and an example SDK, polls
    the index and makes the first proposal.
    """

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--no-serve", action="store_true", help="End after the summary of the proposal."
        )
        parser.add_argument("--no-example", action="store_true", help="Make no example SDK.")
        parser.add_argument(
            "--port", type=int, default=8000, help="Serve here, or on the next free port."
        )
        add_index_url(parser)

    def handle(
        self,
        *,
        no_serve: bool,
        no_example: bool,
        port: int,
        index_url: str | None,
        **options: Any,
    ) -> None:
        self.say("Preparing the database …")
        call_command("migrate", verbosity=0, interactive=False)
        fresh = is_new_portal()
        self.greet()
        if fresh and not no_example:
            self.say("Importing the example SDK …")
            call_command("import_catalogue", str(FILE), sdk=EXAMPLE, stdout=StringIO())
        if example := example_without_proposal():
            self.first_proposal(example, index_url)
        self.say_what_is_open()
        if no_serve:
            self.say("Serve the portal with: make run")
            return
        number = free_port(port)
        self.say(f"The portal is at http://127.0.0.1:{number}/ (Ctrl-C ends it).")
        serve(number, index_url=index_url)

    def say_what_is_open(self) -> None:
        for proposal in Proposal.objects.open().select_related("channel").order_by("number"):
            self.say(f"Proposal {proposal.number} of {proposal.channel} waits for a review:")
            self.say(f"  {proposal.summary}")

    def greet(self) -> None:
        made = ensure_administrator()
        if made is not None:
            self.say(f'Administrator "{made.name}", password: {made.password}')
            if made.is_generated:
                self.say("  Note it now: it is not shown again.")

    def first_proposal(self, sdk: Sdk, index_url: str | None) -> None:
        """Poll and propose; an index out of reach is told in a sentence and stops nothing."""
        index = the_index(sdk, index_url)
        total = sdk.integrations.values("project").distinct().count()
        self.say(f"Reading {total} projects from the index …")
        with progress_bar(self.stderr, total) as step:  # type: ignore[arg-type]
            poll = poll_sdks([sdk], index, at=now(), on_progress=step)
        failed = list(poll.outcomes.filter(state=PollOutcome.State.FAILED).order_by("project"))
        for outcome in failed:
            self.say(f"  {outcome.project}: {outcome.reason}")
        if len(failed) == total:
            self.say(
                "The index is not in reach, so there is no proposal yet. Set PORTAL_INDEX_URL to "
                "an index that is, or press “Poll and propose” later."
            )
            return
        run = request(sdk, by=None, at=now())
        try:
            with resolving_bar(self.stderr) as step:  # type: ignore[arg-type]
                proposal = carry_out(
                    run,
                    clock=now,
                    polls=False,
                    index=index,
                    resolver=a_resolver(on_progress=step),
                )
        except ReviewError as error:
            raise CommandError(str(error)) from error
        self.say(f"\n{proposal_text(report_on(proposal)) if proposal else run.outcome}\n")

    def say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()
