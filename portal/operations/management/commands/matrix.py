import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from matrix.review.state import proposed, published
from matrix.sdk.channel import channel_of
from matrix.sdk.machine import matrix_json
from matrix.sdk.publishing import CannotRender, render
from portal.operations.cli import Described, the_proposal, the_sdk
from portal.operations.texts import matrix_table


class Command(Described):
    """
    Print the matrix of an SDK: as the open proposal would make it, else as it is published.

      manage.py matrix example-sdk
      manage.py matrix example-sdk --format tox > tox.ini
      manage.py matrix example-sdk --format json | jq '.integrations.httpx.rejected'

    Ends with 1 when nothing is proposed or published yet.
    """

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("sdk", metavar="SDK", help="The SDK's slug: example-sdk.")
        parser.add_argument(
            "--proposal", type=int, metavar="N", help="The state that this proposal asks for."
        )
        parser.add_argument(
            "--format",
            choices=["table", "json", "tox"],
            default="table",
            help="table (the default) for people, json for programs, tox for the file itself.",
        )

    def handle(self, *, sdk: str, proposal: int | None, format: str, **options: Any) -> None:  # noqa: A002
        found = the_sdk(sdk)
        channel = channel_of(found)
        chosen = the_proposal(proposal) if proposal is not None else None
        if chosen and chosen.channel_id != channel.pk:
            raise CommandError(f"Proposal {proposal} belongs to {chosen.channel}, not to {sdk}.")
        chosen = chosen or channel.proposals.open().first()
        bodies = proposed(chosen) if chosen else published(channel)
        if not bodies and format != "json":
            raise CommandError(
                f"Nothing is proposed or published for {sdk} yet. Run manage.py propose {sdk}."
            )
        if format == "tox":
            try:
                self.stdout.write(render(bodies)["tox.ini"], ending="")
            except CannotRender as error:
                raise CommandError(str(error)) from error
            return
        content = matrix_json(found, chosen)
        text = json.dumps(content, indent=2) if format == "json" else matrix_table(content)
        self.stdout.write(text)
