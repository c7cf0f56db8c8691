import json
import os
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from integrations.policy.linting import Finding, Report, examine, form_of
from portal.guidance.linting import verdict_of
from portal.guidance.uploads import MOST_TOTAL, Received, receive
from portal.operations.cli import Described

FINDINGS, USAGE = 1, 2
# Folders that hold other people's files.
SKIPPED = {".git", ".venv", "venv", ".tox", "node_modules", "__pycache__", "site-packages"}


class Command(Described):
    """
    Look for what makes an installation unrepeatable, in the files of an application.

      manage.py lint_files ../shop
      manage.py lint_files requirements/main.txt Dockerfile --format json

    Reads requirements, Pipfile, pyproject.toml, every form of lock, the configuration of Upsun,
    Dockerfiles, .environment, tox.ini and shell scripts; of a folder every such file. Archives are
    read as they are. Nothing is installed, and nobody is asked. Ends with 0 when there are no
    errors, warnings or not; with 1 when there is an error, and with 2 when nothing could be read.
    """

    # It needs no database, and none of what an operator has to set up.
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("paths", metavar="PATH", nargs="+", help="A file or a folder.")
        parser.add_argument(
            "--format",
            choices=["text", "json"],
            default="text",
            help="text (the default) for people, json for programs.",
        )

    def handle(self, *, paths: list[str], format: str, **options: Any) -> None:  # noqa: A002
        received = receive([pair for path in paths for pair in _read(Path(path))])
        report = examine(received.files)
        write = _json if format == "json" else _text
        self.stdout.write(write(report, received))
        if received.refused or not (report.read or report.findings):
            raise CommandError(
                " ".join(received.refused) or "Nothing was read: no rule is about these files.",
                returncode=USAGE,
            )
        if report.errors:
            sys.exit(FINDINGS)


def _read(path: Path) -> Iterator[tuple[str, bytes]]:
    """Yield (name, body); names are relative to the folder that was given."""
    try:
        if not path.is_dir():
            yield path.name if path.is_absolute() else _inside(path), _body(path)
            return
        for folder, folders, names in os.walk(path):
            folders[:] = sorted(set(folders) - SKIPPED)
            for name in sorted(names):
                found = Path(folder) / name
                relative = found.relative_to(path).as_posix()
                if form_of(relative) is not None and not found.is_symlink():
                    yield relative, _body(found)
    except OSError as error:
        raise CommandError(
            f"{error.filename or path} cannot be read: {error.strerror}.", returncode=USAGE
        ) from error


def _body(path: Path) -> bytes:
    with path.open("rb") as opened:
        return opened.read(MOST_TOTAL + 1)


def _inside(path: Path) -> str:
    """Return *path* without the folders above: ../shop/Pipfile is shop/Pipfile."""
    return "/".join(part for part in path.parts if part != "..")


def _text(report: Report, received: Received) -> str:
    lines = [verdict_of(report, received.refused)]
    lines += [f"{_place(one)}: {one.severity}: {one.text} {one.mend}" for one in report.findings]
    return "\n".join([*lines, *report.untold])


def _place(one: Finding) -> str:
    return f"{one.path}:{one.line}: {one.rule}" if one.line else f"{one.path}: {one.rule}"


def _json(report: Report, received: Received) -> str:
    content = {
        "verdict": verdict_of(report, received.refused),
        "read": dict(report.read),
        "unread": list(report.unread),
        "untold": list(report.untold),
        "refused": received.refused,
        "findings": [asdict(one) for one in report.findings],
    }
    return json.dumps(content, indent=2)
