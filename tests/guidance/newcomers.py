"""A machine on which nobody used the portal yet, beside a small index of its own."""

from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from pytest_django import Settings

from tests.support.wheels import WheelIndex

PASSWORD = "a password of some length"
NOWHERE = "http://127.0.0.1:9/simple/"
# What the sets of the example install, and the one project of the SDK that is found here.
RELEASES = (
    ("django", "5.2.1", "asgiref"),
    ("asgiref", "3.8.1"),
    ("gunicorn", "23.0.0"),
    ("whitenoise", "6.9.0"),
    ("pytest", "8.4.1"),
    ("pytest-django", "4.11.1", "pytest"),
    ("pip", "25.1"),
)


def a_new_machine(settings: Settings, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    settings.PORTAL_DATA_DIR = folder
    settings.PORTAL_INDEX_URL = NOWHERE
    monkeypatch.setenv("PORTAL_ADMIN_PASSWORD", PASSWORD)


@contextmanager
def a_small_example(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, folder: Path
) -> Iterator[WheelIndex]:
    """An index with what the example needs, and an SDK of one integration to be quick."""
    catalogue = folder / "small.toml"
    catalogue.write_text(
        'format = 1\n[sdk]\nname = "Example SDK"\npythons = ["3.13"]\n[[groups]]\nname = "Web"\n'
        '[integrations.django]\ngroup = "Web"\nproject = "django"\ntest_path = "tests"\n'
    )
    monkeypatch.setattr("portal.operations.management.commands.quickstart.FILE", catalogue)
    with WheelIndex() as index:
        for project, version, *requirements in RELEASES:
            index.release(project, version, *requirements)
        settings.PORTAL_INDEX_URL = index.url
        yield index


def quickstart(*words: str) -> str:
    out = StringIO()
    call_command("quickstart", "--no-serve", *words, stdout=out, stderr=StringIO())
    return out.getvalue()
