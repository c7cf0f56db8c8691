import json
import sys
from argparse import ArgumentParser
from pathlib import Path, PurePath
from typing import Any

from django.core.management.base import CommandError

from matrix.rules.checking.judging import Report, State, judge_offline
from matrix.rules.checking.reading import Unreadable, read_file
from matrix.rules.rendering import WORKFLOWS
from matrix.sdk.checking import check
from portal.operations.checked import report_json, report_text
from portal.operations.cli import Described, the_sdk
from portal.operations.files import read_text

USAGE = 2


class Command(Described):
    """
    Say whether a generated file is what was published.

      manage.py check_file ../sdk/tox.ini --sdk example-sdk
      git show HEAD:tox.ini | manage.py check_file - --strict
      manage.py check_file ../sdk/tox.ini --offline

    Takes a tox.ini, a CI workflow, a constraint file or the manifest of a bundle. The first line is
    the verdict. Ends with 0 when the file is current or older, or differs in its hand-written part
    alone; with 1 when a generated region was edited, and with --strict when it is not current; with
    2 when it was called wrongly, and with 3 when nothing can be said of the file.
    """

    # Offline it works without a database, and without whatever else an operator has to set up.
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", metavar="FILE", help="The file; - is the standard input.")
        parser.add_argument("--sdk", metavar="SLUG", default="", help="Whose it is; else found.")
        parser.add_argument(
            "--path", default="", help="Where it stands in the repository, if that is not its name."
        )
        parser.add_argument("--strict", action="store_true", help="End with 1 if it is older.")
        parser.add_argument(
            "--offline",
            action="store_true",
            help="Compare the hashes that regions bear, and ask no database.",
        )
        parser.add_argument(
            "--format",
            choices=["text", "json"],
            default="text",
            help="text (the default) for people, json for programs.",
        )

    def handle(
        self,
        *,
        file: str,
        sdk: str,
        path: str,
        strict: bool,
        offline: bool,
        format: str,  # noqa: A002
        **options: Any,
    ) -> None:
        if offline and strict:
            raise CommandError(
                "Only a database knows what is current: leave out --strict or --offline.",
                returncode=USAGE,
            )
        where = path or _path_of(file)
        text = _text_of(file)
        report = _offline(text, where) if offline else _online(text, where, sdk)
        write = json.dumps(report_json(report), indent=2) if format == "json" else None
        self.stdout.write(report_text(report) if write is None else write)
        if code := report.exit_code(strict=strict):
            sys.exit(code)


def _text_of(file: str) -> str:
    if file != "-":
        try:
            return read_text(Path(file))
        except CommandError as error:
            raise CommandError(str(error), returncode=USAGE) from error
    try:
        return sys.stdin.buffer.read().decode()
    except UnicodeDecodeError as error:
        raise CommandError(
            f"The standard input is not UTF-8 text (byte {error.start}).", returncode=USAGE
        ) from error


def _path_of(file: str) -> str:
    """A workflow has to stand in one folder; of the others the name says nothing."""
    path = PurePath(file)
    return f"{WORKFLOWS}/{path.name}" if path.suffix in {".yml", ".yaml"} else ""


def _online(text: str, path: str, slug: str) -> Report:
    if slug:
        try:
            the_sdk(slug)
        except CommandError as error:
            raise CommandError(str(error), returncode=USAGE) from error
    return check(text, path=path, sdk=slug, sees_proposals=True)


def _offline(text: str, path: str) -> Report:
    try:
        return judge_offline(read_file(text, path))
    except Unreadable as error:
        return Report(state=State.UNKNOWN, verdict=str(error), notes=error.others, path=path)
