from argparse import ArgumentParser
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError
from django.utils.timezone import now

from integrations.catalogue.comparing import Difference
from integrations.catalogue.importing import ImportRefused, SourceFile, read_source
from matrix.sdk.importing import import_tox, missing, read_for
from portal.operations.cli import Described, counted, the_sdk


class Command(Described):
    """
    Make integrations of the matrices in a hand-written tox.ini.

      manage.py import_tox tox.ini --sdk example-sdk --dry-run
      manage.py import_tox tox.ini --sdk example-sdk
      manage.py import_tox tox.ini --sdk example-sdk --check

    Names such as {py3.8,py3.11}-spark-v{3.1,3.5} become integrations with minimums, pinned picks
    and Python restrictions, and lines of deps become dependency rules. An SDK that does not exist
    is created with the Pythons of the file. What cannot be expressed is listed with its line; it
    stays in the hand-written part of the file, which take_frame keeps.

    The index is not asked. A version such as v3.1 is pinned to the newest release of 3.1 that
    earlier polls saw: import, poll, and import again. Importing twice changes nothing else. Ends
    with 1, and saves nothing, when the file has mistakes; all of them are listed.
    """

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE", help="The tox.ini.")
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
            "--check",
            action="store_true",
            help="Change nothing; say which environments of the file the open proposal, or else "
            "the publication, does not have, and why.",
        )

    def handle(
        self,
        *,
        file: Path,
        sdk: str,
        dry_run: bool,
        keep_missing: bool,
        check: bool,
        **options: Any,
    ) -> None:
        if "\0" in sdk:
            raise CommandError("--sdk: a slug has no NUL character.")
        try:
            source = read_source(file)
            if check:
                self._check(source, sdk)
                return
            done = import_tox(
                source, slug=sdk, at=now(), dry_run=dry_run, keep_missing=keep_missing
            )
        except ImportRefused as error:
            count = counted(len(error.problems), "mistake")
            raise CommandError(f"{count} in {file.name}; nothing was imported.\n{error}") from error
        for note in done.matrix.imported.notes:
            self.stdout.write(note)
        self._report(done.differences, sdk, dry_run=dry_run)

    def _report(self, differences: Sequence[Difference], slug: str, *, dry_run: bool) -> None:
        for difference in differences:
            self.stdout.write(str(difference))
        if not differences:
            self.stdout.write("Nothing to change.")
            return
        added, changed, removed = (sum(d.sign == sign for d in differences) for sign in "+~-")
        if dry_run:
            numbers = f"{added} to add, {changed} to change, {removed} to remove"
            self.stdout.write(f"{slug}: {numbers}. Nothing was saved: this was a dry run.")
        else:
            self.stdout.write(f"{slug}: {added} added, {changed} changed, {removed} removed.")

    def _check(self, source: SourceFile, slug: str) -> None:
        found = the_sdk(slug)
        matrix = read_for(source, slug=slug, at=now())
        lost = missing(found, matrix.expected)
        for expected, reason in lost:
            self.stdout.write(f"{source.name}, line {expected.line}: {expected.name}: {reason}")
        self.stdout.write(
            f"{counted(len(matrix.expected), 'environment')} of integrations, "
            f"{len(lost)} without a row; {len(matrix.kept)} stay hand-written."
        )
