"""A team comes over: what the steps of docs/taking-over.md print and leave behind."""

from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

from django.core.management import call_command

from integrations.catalogue.models import Sdk
from matrix.review.state import published
from matrix.sdk.channel import channel_of, files_of
from tests.sdk import makers
from tests.support.tox import a_folder_with, tox


def run(*words: str, **options: Any) -> str:
    out = StringIO()
    call_command(*words, stdout=out, stderr=StringIO(), **options)
    return out.getvalue()


@dataclass(frozen=True)
class Journey:
    first: str  # What the first import printed, before anything was known of the index.
    second: str
    frame: str  # What take_frame printed.
    check: str
    before: list[str]  # What tox lists for the file as it was.
    after: list[str]
    text: str  # The file as it is published.


def come_over(text: str, folder: Path, slug: str = "kit") -> Journey:
    """Import, poll, import again, take the frame, propose, publish."""
    before, after = folder / "before", folder / "after"
    before.mkdir()
    after.mkdir()
    a_folder_with(text, before)
    path = str(before / "tox.ini")
    listed = environments(before)
    first = run("import_tox", path, "--sdk", slug)
    run("poll", slug)
    second = run("import_tox", path, "--sdk", slug)
    frame = run("take_frame", slug, path)
    sdk = Sdk.objects.get(slug=slug)
    makers.publish(sdk)
    body = files_of(published(channel_of(sdk)))["tox.ini"]
    a_folder_with(body, after)
    return Journey(
        first=first,
        second=second,
        frame=frame,
        check=run("import_tox", path, "--sdk", slug, "--check"),
        before=listed,
        after=environments(after),
        text=body,
    )


def environments(folder: Path) -> list[str]:
    """Return what ``tox list`` calls the default environments."""
    printed = tox(folder, "list").partition("additional environments:")[0]
    return [line.partition(" -> ")[0].strip() for line in printed.splitlines() if " -> " in line]
