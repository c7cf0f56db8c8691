import json
from argparse import ArgumentParser
from typing import Any

from matrix.sdk.candidate_files import files_report
from matrix.sdk.machine import proposal_json
from matrix.sdk.reporting import report_on
from portal.operations.cli import Described, the_proposal
from portal.operations.texts import proposal_text


class Command(Described):
    """
    Print a proposal: what would change, and why.

      manage.py proposal
      manage.py proposal 47 --format patch | git apply --check

    Without a number: the newest open one, else the newest. Ends with 1 when there is none.
    """

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("number", nargs="?", type=int, metavar="N", help="Its number.")
        parser.add_argument(
            "--format",
            choices=["text", "json", "patch"],
            default="text",
            help="text (the default) for people, json for programs, patch for git.",
        )

    def handle(self, *, number: int | None, format: str, **options: Any) -> None:  # noqa: A002
        proposal = the_proposal(number)
        if format == "patch":
            self.stdout.write(files_report(proposal).patch, ending="")
        elif format == "json":
            self.stdout.write(json.dumps(proposal_json(report_on(proposal)), indent=2))
        else:
            self.stdout.write(proposal_text(report_on(proposal)))
