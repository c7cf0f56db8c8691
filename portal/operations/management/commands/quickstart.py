from argparse import ArgumentParser
from collections.abc import Collection, Sequence
from io import StringIO
from typing import Any

from django.core.management import call_command
from django.core.management.base import CommandError
from django.utils.timezone import now

from integrations.catalogue.models import Sdk
from integrations.index.models import Index, PollOutcome
from matrix.review.errors import ReviewError
from matrix.review.kinds import subject_of
from matrix.review.models import Proposal, Run
from matrix.sdk.channel import KIND
from matrix.sdk.gathering import index_of, poll_sdks
from matrix.sdk.reporting import report_on
from matrix.sdk.running import carry_out, request
from portal.guidance import example as example_site
from portal.guidance import running as applications
from portal.guidance.channel import in_order
from portal.guidance.computing import index_of as index_of_application
from portal.guidance.models import Application
from portal.guidance.toolversions import TOOLS
from portal.home.example import EXAMPLE, FILE, example_without_proposal, is_new_portal
from portal.operations.administrator import ensure_administrator
from portal.operations.cli import (
    Described,
    add_index_url,
    counted,
    given_index,
    progress_bar,
    resolving_bar,
)
from portal.operations.queueing import ask_for_a_sign_of_life
from portal.operations.resolvers import a_resolver
from portal.operations.serving import free_port, serve
from portal.operations.texts import proposal_text

MOST_NAMES = 3  # Of projects that failed for the same reason.
OUT_OF_REACH = (
    "The index is not in reach, so nothing is proposed yet. Set PORTAL_INDEX_URL to an index that "
    "is, and call this again; or press “Poll and propose” and “Lock now” in the portal later."
)


class Command(Described):
    """
    Set the portal up, show what it does on an example, and serve it until Ctrl-C.

      make run
      make run ARGS="--no-serve"
      make run ARGS="--port 8080"

    Safe to call again: what is there stays. The first call makes the tables, an administrator
    (the password is printed once, unless PORTAL_ADMIN_PASSWORD holds one), an example SDK and an
    example application, reads the index and makes the first proposal of each.
    """

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--no-serve", action="store_true", help="End after the summary of the proposals."
        )
        parser.add_argument(
            "--no-example", action="store_true", help="Make no example SDK and application."
        )
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
            self.say("Adding an example: an SDK that is tested, an application that is deployed …")
            call_command("import_catalogue", str(FILE), sdk=EXAMPLE, stdout=StringIO())
            example_site.add_example()
        self.propose(example_without_proposal(), example_site.example_without_proposal(), index_url)
        self.say_what_is_open()
        if no_serve:
            self.say("Serve the portal with: make run")
            return
        ask_for_a_sign_of_life()
        number = free_port(port)
        self.say(f"The portal is at http://127.0.0.1:{number}/ (Ctrl-C ends it).")
        serve(number, index_url=index_url)

    def say_what_is_open(self) -> None:
        for proposal in Proposal.objects.open().select_related("channel").order_by("number"):
            subject = subject_of(proposal.channel)
            what = "test matrix" if proposal.channel.kind == KIND else "locked requirements"
            name = subject.name if subject else proposal.channel.slug
            self.say(f"Proposal {proposal.number} waits for a review: the {what} of {name}.")
            self.say(f"  {proposal.summary}")

    def greet(self) -> None:
        made = ensure_administrator()
        if made is not None:
            self.say(f'Administrator "{made.name}", password: {made.password}')
            if made.is_generated:
                self.say("  Note it now: it is not shown again.")

    def propose(self, sdk: Sdk | None, site: Application | None, index_url: str | None) -> None:
        """Make the first proposals; an index out of reach is told in a sentence and stops none."""
        given = given_index(index_url)
        projects: set[str] = set()
        if site:
            index, projects = given or index_of_application(site), set(TOOLS)
        if sdk:
            index = given or index_of(sdk)
            projects.update(sdk.integrations.values_list("project", flat=True))
        if projects and not self.read(index, [sdk] if sdk else [], projects):
            self.say(OUT_OF_REACH)
            return
        if sdk:
            self.propose_matrix(sdk, index)
        if site:
            self.propose_locks(site, given)

    def read(self, index: Index, sdks: Sequence[Sdk], projects: Collection[str]) -> bool:
        """Read *projects*, which those of *sdks* are among; False when none could be read."""
        self.say(f"Reading {counted(len(projects), 'project')} from the index …")
        with progress_bar(self.stderr, len(projects)) as step:  # type: ignore[arg-type]
            poll = poll_sdks(sdks, index, at=now(), also=projects, on_progress=step)
        failed = list(poll.outcomes.filter(state=PollOutcome.State.FAILED).order_by("project"))
        by_reason: dict[str, list[str]] = {}
        for outcome in failed:
            reason = outcome.reason.replace(f"/{outcome.project}/", "/…/")
            by_reason.setdefault(reason, []).append(outcome.project)
        for reason, names in by_reason.items():  # Once each: an index out of reach has one.
            more = f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else ""
            self.say(f"  {', '.join(names[:MOST_NAMES])}{more}: {reason}")
        return len(failed) < poll.outcomes.count()

    def propose_matrix(self, sdk: Sdk, index: Index) -> None:
        run = request(sdk, by=None, at=now())
        try:
            with resolving_bar(self.stderr) as step:  # type: ignore[arg-type]
                resolver = a_resolver(on_progress=step)
                proposal = carry_out(run, clock=now, polls=False, index=index, resolver=resolver)
        except ReviewError as error:
            raise CommandError(str(error)) from error
        self.report(run, proposal)

    def propose_locks(self, site: Application, index: Index | None) -> None:
        names = ", ".join(each.name for each in in_order(site.sets.all()))
        self.say(f"Locking what {site.name} declares ({names}) …")
        run = applications.request(site, by=None, at=now())
        try:
            proposal = applications.carry_out(run, clock=now, index=index)
        except ReviewError as error:
            raise CommandError(str(error)) from error
        self.report(run, proposal)

    def report(self, run: Run, proposal: Proposal | None) -> None:
        self.say(f"\n{proposal_text(report_on(proposal)) if proposal else run.outcome}\n")

    def say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()
