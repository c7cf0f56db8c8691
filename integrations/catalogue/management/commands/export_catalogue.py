"""Write the catalogue of an SDK as TOML."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from integrations.catalogue.exporting import export
from integrations.catalogue.management.sdks import find_sdk


class Command(BaseCommand):
    help = (
        "Write the whole catalogue of an SDK as TOML: its settings, groups, integrations, rules "
        "and holds. import_catalogue reads the file again without loss. People, approvals and "
        "holds everywhere stay with this portal."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", metavar="SLUG", help="The SDK, such as example-sdk.")
        parser.add_argument(
            "--output", type=Path, metavar="FILE", help="Write there, not to the terminal."
        )

    def handle(self, *, slug: str, output: Path | None, **options: Any) -> None:
        text = export(find_sdk(slug))
        if output is None:
            self.stdout.write(text, ending="")
            return
        try:
            output.write_text(text, encoding="utf-8", newline="\n")
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            raise CommandError(f"{output} cannot be written: {reason}.") from error
        self.stdout.write(f"Wrote the catalogue of {slug} to {output}.")
