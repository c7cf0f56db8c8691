from argparse import ArgumentParser
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from integrations.catalogue.models import Sdk
from matrix.review.kinds import kind_of
from matrix.review.state import published
from matrix.rules.rendering import (
    WORKFLOWS,
    FrameError,
    NamesClash,
    RegionEdited,
    UnknownPins,
    UnknownWorkflow,
)
from matrix.sdk.channel import KIND, constraints_of
from matrix.sdk.framing import Received, receive, receive_workflow
from portal.operations.cli import Described, counted, the_channel, the_sdk
from portal.operations.constraints import Beside
from portal.operations.files import read_text, replace_text, write_text


class Command(Described):
    """
    Write the published matrix into the generated regions of a tox.ini, or of a CI workflow.

      manage.py render example-sdk --into ../sdk/tox.ini
      manage.py render example-sdk --into ../sdk/.github/workflows/test-integrations-web.yml
      manage.py render shop --into ../shop

    Only text between "# BEGIN GENERATED" and "# END GENERATED" changes. The rest of the file is the
    frame: the portal keeps the last one that it was given, and proposes a changed one as part of
    the layout. Where pins are written as constraint files, those stand beside the tox.ini: they are
    written as well, and old ones that the portal wrote are removed. The locks of an application are
    whole files, written below the folder that --into names. Ends with 1 when a region was
    edited by hand, or with --check when something is not current.
    """

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("sdk", metavar="SLUG", help="An SDK or an application: example-sdk.")
        parser.add_argument(
            "--into",
            type=Path,
            required=True,
            metavar="FILE",
            help="The tox.ini, the workflow (.yml) or, of an application, the folder.",
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
        channel = the_channel(sdk)
        bodies = published(channel)
        if not bodies:
            raise CommandError(f"Nothing is published for {sdk} yet. Publish a proposal first.")
        if channel.kind != KIND:
            self._write_files(into, kind_of(channel).render(bodies), check=check)
            return
        found = the_sdk(channel.slug)
        before = read_text(into)
        try:
            received = _receive(found, into, before, bodies, discard=discard_edits, keep=not check)
            beside = _beside(into, bodies)
        except RegionEdited as error:
            raise CommandError(f"{into}: {str(error).rstrip('.')}: --discard-edits.") from error
        except (FrameError, NamesClash, UnknownPins, UnknownWorkflow) as error:
            raise CommandError(f"{into}: {error}") from error
        if received.text == before and not beside:
            self.stdout.write(f"{into} is current.")
        elif check:
            what = f"has {beside.to_do} beside it" if received.text == before else "is not current"
            raise CommandError(f"{into} {what}. Run the command without --check.")
        else:
            self._write(into, received.text, beside)
        if received.is_frame_new:
            self.stdout.write("Its frame is new to the portal; the next run proposes it.")

    def _write_files(self, into: Path, files: Mapping[str, str], *, check: bool) -> None:
        """Bring whole files below a folder up to date: locks have no frame."""
        if not into.is_dir():
            raise CommandError(f"{into} is no folder. Name the one that the locks stand in.")
        old = {path for path in files if not (into / path).is_file()}
        old |= {path for path in files.keys() - old if read_text(into / path) != files[path]}
        if check and old:
            raise CommandError(f"Not current in {into}: {', '.join(sorted(old))}.")
        for path in sorted(old):
            (into / path).parent.mkdir(exist_ok=True)
            write_text(into / path, files[path])
        done = f"{counted(len(old), 'file')} brought up to date" if old else "All files are current"
        self.stdout.write(f"{done} in {into}.")

    def _write(self, into: Path, text: str, beside: Beside) -> None:
        beside.bring_up_to_date()
        replace_text(into, text)
        self.stdout.write(f"{into} is brought up to date.")
        if beside:
            self.stdout.write(beside.done)


def _is_workflow(into: Path) -> bool:
    return into.suffix in {".yml", ".yaml"}


def _beside(into: Path, bodies: Mapping[str, str]) -> Beside:
    """Only a tox.ini names constraint files; a workflow has nothing beside it."""
    if _is_workflow(into):
        return Beside(changed={}, stale=())
    return Beside.of(into, constraints_of(bodies))


def _receive(
    sdk: Sdk, into: Path, text: str, bodies: Mapping[str, str], *, discard: bool, keep: bool
) -> Received:
    """A workflow has to stand in one folder, so that its name tells which one it is."""
    if not _is_workflow(into):
        return receive(sdk, text, bodies, discard_edits=discard, keep=keep)
    path = f"{WORKFLOWS}/{into.name}"
    return receive_workflow(sdk, text, path, bodies, discard_edits=discard, keep=keep)
