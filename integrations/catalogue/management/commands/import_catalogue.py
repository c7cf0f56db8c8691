"""Make the catalogue of an SDK equal to a file."""

from argparse import RawDescriptionHelpFormatter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from integrations.catalogue import portable
from integrations.catalogue.apply import apply
from integrations.catalogue.comparing import Difference
from integrations.catalogue.exporting import catalogue_of
from integrations.catalogue.importing import Imported, ImportRefused, Problem
from integrations.catalogue.importing.reading import read_catalogue
from integrations.catalogue.models.sdk import sdk_named
from matrix.rules.rendering import check_frame

EPILOG = """\
FILE is one of
  a .toml file that export_catalogue wrote (or you, by its example:
             integrations/catalogue/example.toml)
  a .json file with toxgen's facts: suites, groups, services, minimum versions
  toxgen's config.py; it is read, never executed. GROUPS, IGNORE and _MIN_VERSIONS
             are looked for in it, and in the files of --groups and --minimums.

The catalogue of the SDK becomes what the file says: integrations and groups that the
file does not name are removed, unless you add --keep-missing. toxgen's files say nothing
of owners, notes, pinned picks, holds and reasons, so these stay. Holds everywhere and
people are not part of any file. An SDK that does not exist is created.

Every mistake is listed with its place, and with one mistake nothing is saved. Importing
the same file twice changes nothing. Exit code: 0 when it worked, 1 when it did not.

Example:
  python manage.py import_catalogue catalogue.toml --sdk example-sdk --dry-run
  python manage.py import_catalogue scripts/populate_tox/config.py --sdk example-sdk \\
      --groups scripts/split_tox_gh_actions/split_tox_gh_actions.py \\
      --minimums sentry_sdk/integrations/__init__.py --pythons "3.9 3.10 3.11"
"""


class Command(BaseCommand):
    help = "Make the catalogue of an SDK equal to a file, or list all that is wrong with the file."

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        kwargs["epilog"] = EPILOG
        parser = super().create_parser(prog_name, subcommand, **kwargs)
        parser.formatter_class = RawDescriptionHelpFormatter
        return parser

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE", help="What to read.")
        parser.add_argument(
            "--sdk", required=True, metavar="SLUG", help="Whose catalogue it is: example-sdk."
        )
        parser.add_argument(
            "--dry-run", action="store_true", help="Show what would change, and save nothing."
        )
        parser.add_argument(
            "--keep-missing",
            action="store_true",
            help="Keep integrations and groups that the file does not name.",
        )
        parser.add_argument(
            "--groups", type=Path, metavar="FILE", help="Python file with GROUPS (and IGNORE)."
        )
        parser.add_argument(
            "--minimums", type=Path, metavar="FILE", help="Python file with _MIN_VERSIONS."
        )
        parser.add_argument("--ignored", type=Path, metavar="FILE", help="Python file with IGNORE.")
        parser.add_argument(
            "--pythons",
            default="",
            metavar='"3.9 3.10"',
            help="What the SDK supports, for toxgen's config.py, which does not say it.",
        )

    def handle(
        self,
        *,
        file: Path,
        sdk: str,
        dry_run: bool,
        keep_missing: bool,
        groups: Path | None,
        minimums: Path | None,
        ignored: Path | None,
        pythons: str,
        **options: Any,
    ) -> None:
        further = [path for path in (groups, minimums, ignored) if path]
        try:
            imported = _with_frame_checked(
                read_catalogue(file, base=_base(sdk), further=further, pythons=pythons)
            )
            differences = apply(
                imported,
                slug=sdk,
                reason=f"imported from {file.name}",
                dry_run=dry_run,
                keep_missing=keep_missing,
            )
        except ImportRefused as error:
            raise CommandError(_refusal(error, file)) from error
        self._report(differences, imported.notes, sdk=sdk, dry_run=dry_run)

    def _report(
        self, differences: Sequence[Difference], notes: Sequence[str], *, sdk: str, dry_run: bool
    ) -> None:
        for note in notes:
            self.stdout.write(note)
        for difference in differences:
            self.stdout.write(str(difference))
        if not differences:
            self.stdout.write("Nothing to change.")
            return
        counts = [sum(each.sign == sign for each in differences) for sign in "+~-"]
        numbers = (
            "{} to add, {} to change, {} to remove"
            if dry_run
            else ("{} added, {} changed, {} removed")
        )
        ending = " Nothing was saved: this was a dry run." if dry_run else ""
        self.stdout.write(f"{sdk}: {numbers.format(*counts)}.{ending}")


def _with_frame_checked(imported: Imported) -> Imported:
    """Add the mistakes of the frame, which the catalogue itself cannot read."""
    frame = imported.catalogue.sdk.frame
    found = check_frame(frame) if frame.strip() else []
    mistakes = [Problem(imported.place("sdk.frame"), sentence) for sentence in found]
    return replace(imported, problems=(*imported.problems, *mistakes))


def _base(slug: str) -> portable.Catalogue:
    """Return what the portal has of the SDK, or the start of a new one."""
    stored = sdk_named(slug)
    if stored:
        return catalogue_of(stored)
    name = slug.replace("-", " ").title()
    # Only toxgen's forms start from here, and who comes from toxgen is used to pins.
    return portable.Catalogue(sdk=portable.Sdk(name=name, pythons="", pins_style="constraints"))


def _refusal(error: ImportRefused, file: Path) -> str:
    count = len(error.problems)
    mistakes = "1 mistake" if count == 1 else f"{count} mistakes"
    return f"{mistakes} in {file.name}; nothing was imported.\n{error}"
