from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import CommandError
from django.db import transaction

from matrix.rules.rendering import FrameError
from matrix.rules.toxini.comparing import difference
from matrix.sdk.taking_over import take_frame
from portal.operations.cli import Described, counted, the_sdk
from portal.operations.files import read_text, write_text


class Command(Described):
    """
    Make the frame of an SDK of the tox.ini that its repository has.

      manage.py take_frame example-sdk ../sdk/tox.ini --dry-run
      manage.py take_frame example-sdk ../sdk/tox.ini --output ../sdk/tox.ini

    Lines that the portal writes from now on (environments of the SDK's integrations, what they
    install, prereleases, test paths) make room for empty regions. All other lines stay as they
    are, and so do the environments of suites that are no integrations. Prints what changed. Ends
    with 1, and changes nothing, when a line stands against it; the message names each.
    """

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("sdk", metavar="SDK", help="The SDK's slug: example-sdk.")
        parser.add_argument("file", type=Path, metavar="FILE", help="Its tox.ini.")
        parser.add_argument(
            "--dry-run", action="store_true", help="Show what would change, and save nothing."
        )
        parser.add_argument(
            "--output",
            type=Path,
            metavar="FILE",
            help="Write the file with its empty regions there too.",
        )

    def handle(
        self, *, sdk: str, file: Path, dry_run: bool, output: Path | None, **options: Any
    ) -> None:
        found, before = the_sdk(sdk), read_text(file)
        try:
            with transaction.atomic():  # A file that cannot be written leaves no frame behind.
                result = take_frame(found, before, name=file.name, keep=not dry_run)
                if output and not dry_run:
                    write_text(output, result.taken.text)
        except FrameError as error:
            count = counted(len(error.mistakes), "line")
            raise CommandError(f"{file} cannot be taken over ({count}):\n{error}") from error
        except ValidationError as error:
            raise CommandError(f"{file}: {' '.join(error.messages)}") from error
        for line in difference(before, result.taken.text, result.taken.removed):
            self.stdout.write(line)
        for note in result.taken.notes:
            self.stdout.write(note)
        self.stdout.write(self._summary(sdk, result.is_new, len(result.taken.removed), dry_run))

    def _summary(self, slug: str, is_new: bool, removed: int, dry_run: bool) -> str:
        if not is_new:
            return f"{slug} has this frame already."
        lines = counted(removed, "line")
        if dry_run:
            return f"{slug}: the portal would write {lines} anew. Nothing was saved: a dry run."
        return f"{slug}: its frame is stored; the portal writes {lines} anew from now on."
