from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from portal.guidance.management.commands.lock import the_application
from portal.guidance.removing import remove, what_goes
from portal.operations.cli import Described, counted


class Command(Described):
    """
    Remove an application with its sets, its proposals and its publications.

      manage.py remove_application shop --yes

    There is no way back: download what is published before, with manage.py bundle. What the index
    said of the projects stays, and so does the history of the catalogue.
    """

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug", metavar="SLUG", help="The application's slug: shop.")
        parser.add_argument("--yes", action="store_true", help="Do it; without, say what would go.")

    def handle(self, *, slug: str, yes: bool, **options: Any) -> None:
        found = the_application(slug)
        sets = counted(found.sets.count(), "set")
        *others, last = (counted(n, noun[:-1]) for noun, n in what_goes([found]).items())
        what = f"{found.name} with {', '.join([sets, *others])} and {last}"
        if not yes:
            raise CommandError(f"This would remove {what}. Add --yes to do it.")
        remove(found)
        self.stdout.write(f"Removed {what}.")
