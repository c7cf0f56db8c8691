from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError
from django.utils.timezone import now

from matrix.review.errors import ReviewError
from matrix.rules.rendering import FrameError
from matrix.sdk.reporting import report_on
from matrix.sdk.running import carry_out, request
from matrix.sdk.scope import UnknownParts
from portal.operations.cli import (
    Described,
    add_index_url,
    moment,
    resolving_bar,
    the_index,
    the_sdk,
)
from portal.operations.resolvers import a_resolver
from portal.operations.texts import proposal_text


class Command(Described):
    """
    Compute the matrix of an SDK from what is known of the index, and propose what changed.

      manage.py propose example-sdk
      manage.py propose example-sdk --only httpx requests

    Nothing changes before somebody approves. Ends with 0, also when nothing differs from what is
    published; with 1 when the run failed.
    """

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("sdk", metavar="SDK", help="The SDK's slug: example-sdk.")
        parser.add_argument(
            "--as-of",
            metavar="TIME",
            help="Compute as of a past moment: 2026-08-10T08:45Z. Upload times decide.",
        )
        scope = parser.add_mutually_exclusive_group()
        scope.add_argument(
            "--only",
            nargs="+",
            metavar="NAME",
            help="Leave all integrations but these as they are.",
        )
        scope.add_argument(
            "--hold-back", nargs="+", metavar="NAME", help="Leave these integrations as they are."
        )
        parser.add_argument(
            "--no-resolve",
            action="store_true",
            help="Do not resolve environments: quick, but what cannot be installed is not seen.",
        )
        add_index_url(parser)

    def handle(
        self,
        *,
        sdk: str,
        as_of: str | None,
        only: list[str] | None,
        hold_back: list[str] | None,
        index_url: str | None,
        no_resolve: bool,
        **options: Any,
    ) -> None:
        found, at = the_sdk(sdk), now()
        then = moment(as_of) if as_of else at
        if then > at:
            raise CommandError(f"--as-of: {as_of} lies in the future.")
        index = the_index(found, index_url)
        try:
            run = request(found, by=None, at=at, as_of=then, only=only, hold_back=hold_back or ())
            with resolving_bar(self.stderr) as step:  # type: ignore[arg-type]
                proposal = carry_out(
                    run,
                    clock=now,
                    polls=False,
                    index=index,
                    resolver=None if no_resolve else a_resolver(on_progress=step),
                )
        except (ReviewError, UnknownParts, FrameError) as error:
            raise CommandError(str(error)) from error
        if proposal is None:
            run.refresh_from_db()
            self.stdout.write(run.outcome)
            return
        self.stdout.write(proposal_text(report_on(proposal)))
