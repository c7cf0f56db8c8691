from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from matrix.sdk.removing import remove
from portal.operations.cli import Described, counted, the_sdk


class Command(Described):
    """
    Remove an SDK with its catalogue, its proposals and its publications.

      manage.py remove_sdk example-sdk --yes

    There is no way back but an export made before: manage.py export_catalogue example-sdk. What the
    index said of the projects stays.
    """

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("sdk", metavar="SDK", help="The SDK's slug: example-sdk.")
        parser.add_argument("--yes", action="store_true", help="Do it; without, say what would go.")

    def handle(self, *, sdk: str, yes: bool, **options: Any) -> None:
        found = the_sdk(sdk)
        count = counted(found.integrations.count(), "integration")
        what = f"{found.name} with {count}, its proposals and its publications"
        if not yes:
            raise CommandError(f"This would remove {what}. Add --yes to do it.")
        remove(found)
        self.stdout.write(f"Removed {what}.")
