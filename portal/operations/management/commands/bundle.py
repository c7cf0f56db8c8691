from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from matrix.review.errors import ReviewError
from matrix.sdk.bundling import Bundle, candidate_bundle, publication_bundle
from portal.operations.cli import Described, the_channel, the_proposal
from portal.operations.files import write_bytes


class Command(Described):
    """
    Write every generated file of an SDK or an application, and a manifest, into one ZIP file.

      manage.py bundle example-sdk --output bundle.zip
      manage.py bundle example-sdk --output candidate.zip --proposal 47

    The files are those of the current publication; with --proposal, those that would be published
    if nothing of the proposal were declined. Equal files make equal bytes.
    """

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("sdk", metavar="SLUG", help="The SDK's slug: example-sdk.")
        parser.add_argument(
            "--output", type=Path, required=True, metavar="FILE", help="The ZIP file to write."
        )
        parser.add_argument(
            "--proposal", type=int, metavar="N", help="The files that this proposal asks for."
        )

    def handle(self, *, sdk: str, output: Path, proposal: int | None, **options: Any) -> None:
        channel = the_channel(sdk)
        if proposal is None:
            if channel.current is None:
                raise CommandError(f"Nothing is published for {sdk} yet. Publish a proposal first.")
            source, found = str(channel.current), publication_bundle(channel.current)
        else:
            if the_proposal(proposal).channel_id != channel.pk:
                raise CommandError(f"Proposal {proposal} is not one of {sdk}.")
            source, found = f"proposal {proposal} of {sdk}", self._candidate(proposal)
        write_bytes(output, found.read())
        self.stdout.write(f"Wrote the files of {source} to {output}.")

    def _candidate(self, number: int) -> Bundle:
        try:
            return candidate_bundle(number)
        except ReviewError as error:
            raise CommandError(str(error)) from error
