from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from matrix.review.state import published
from matrix.rules.rendering import FrameError, NamesClash, RegionEdited, UnknownPins
from matrix.sdk.channel import channel_of
from matrix.sdk.framing import receive
from portal.operations.cli import Described, the_sdk
from portal.operations.files import read_text, replace_text


class Command(Described):
    """
    Write the published matrix into the generated regions of a tox.ini.

      manage.py render example-sdk --into ../sdk/tox.ini

    Only text between "# BEGIN GENERATED" and "# END GENERATED" changes. The rest of the file is the
    frame: the portal keeps the last one that it was given, and proposes a changed one as part of
    the layout. Ends with 1 when a region was edited by hand, or with --check when the file is not
    current.
    """

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("sdk", metavar="SDK", help="The SDK's slug: example-sdk.")
        parser.add_argument(
            "--into",
            type=Path,
            required=True,
            metavar="FILE",
            help="The tox.ini to bring up to date.",
        )
        parser.add_argument(
            "--check", action="store_true", help="Change nothing; say whether the file is current."
        )
        parser.add_argument(
            "--discard-edits",
            action="store_true",
            help="Overwrite what was edited by hand inside a generated region.",
        )

    def handle(
        self, *, sdk: str, into: Path, check: bool, discard_edits: bool, **options: Any
    ) -> None:
        found = the_sdk(sdk)
        bodies = published(channel_of(found))
        if not bodies:
            raise CommandError(f"Nothing is published for {sdk} yet. Publish a proposal first.")
        before = read_text(into)
        try:
            received = receive(found, before, bodies, discard_edits=discard_edits, keep=not check)
        except RegionEdited as error:
            raise CommandError(f"{into}: {str(error).rstrip('.')}: --discard-edits.") from error
        except (FrameError, NamesClash, UnknownPins) as error:
            raise CommandError(f"{into}: {error}") from error
        if received.text == before:
            self.stdout.write(f"{into} is current.")
        elif check:
            raise CommandError(f"{into} is not current. Run the command without --check.")
        else:
            replace_text(into, received.text)
            self.stdout.write(f"{into} is brought up to date.")
        if received.is_frame_new:
            self.stdout.write("Its frame is new to the portal; the next run proposes it.")
